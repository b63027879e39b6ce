"""What a layer and its fields are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "integer", "number", "boolean", "date", "month", "time"]


@dataclass(frozen=True)
class Field:
    """A field of a canonical frame.

    Attributes
    ----------
    kind : str
        How its values are read.
    words : tuple of str
        What Chinese and English files call it, in lower case without spaces and underscores.
    required : bool
        Whether a row without it is kept out.
    codes : dict of str to str
        The values a file may give and what they become; empty when any value is right.
    """

    kind: Kind
    words: tuple[str, ...] = ()
    required: bool = False
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def allowed(self) -> set[str]:
        """The values that are right, or an empty set when any is."""
        return set(self.codes.values())


@dataclass(frozen=True)
class Layer:
    """A canonical layer.

    Attributes
    ----------
    fields : dict of str to Field
        Everything but the geometry.
    shapes : frozenset of str
        The geometry types it takes; a multi type takes its single type too.
    needs_shape : bool
        Whether a row without geometry is kept out.
    key : tuple of str
        The fields that together tell its rows apart; the first is never missing in a key.
    """

    fields: dict[str, Field]
    shapes: frozenset[str]
    needs_shape: bool
    key: tuple[str, ...]
