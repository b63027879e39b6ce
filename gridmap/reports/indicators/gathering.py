"""Counts of indicators, whether entered or counted over the system's own records."""
