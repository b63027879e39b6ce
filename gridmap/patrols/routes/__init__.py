"""Patrol routes: drawn, saved in versions, read, and carried in and out of files."""
