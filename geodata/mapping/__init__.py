"""Which column of a file is which field of a layer: guessed, saved, and applied."""

from geodata.mapping.applying import apply
from geodata.mapping.fields import Field, Layer
from geodata.mapping.guessing import describe, guess
from geodata.mapping.layers import LAYERS
from geodata.mapping.model import (
    Location,
    Mapping,
    Reversal,
    TimeRule,
    load_mapping,
    parse_mapping,
)

__all__ = [
    "LAYERS",
    "Field",
    "Layer",
    "Location",
    "Mapping",
    "Reversal",
    "TimeRule",
    "apply",
    "describe",
    "guess",
    "load_mapping",
    "parse_mapping",
]
