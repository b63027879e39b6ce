"""Frames in, frames out: coordinates, files, coverage checks and the demo town."""
