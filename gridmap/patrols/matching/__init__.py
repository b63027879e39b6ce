"""Tracks of positions: cleaned, matched to streets, and held against what was planned."""
