"""Kulldorff's scan statistics: where, and when, more cases lie than chance explains."""
