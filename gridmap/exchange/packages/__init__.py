"""Signed packages of all that a key may be given: asked for, scheduled, made and kept."""
