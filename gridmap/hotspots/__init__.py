"""Hotspots: where and when incidents gather, how sure that is, and what changes."""
