"""Ranks of units by the exact values of an indicator."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction
from typing import TypeVar

_Key = TypeVar("_Key", bound=Hashable)


def ranks(values: Mapping[_Key, Fraction | None], better: str | None) -> dict[_Key, int]:
    """Rank units, the best first; where nothing is better, the greatest.

    Equal values share a rank, and the next rank counts all before it: 1, 2, 2, 4. Values are
    compared as exact fractions, so that 1 of 2 equals 2 of 4 and rounding makes no ties.

    Returns
    -------
    dict
        The rank of each unit with a value; those without data have none.
    """
    known = {unit: value for unit, value in values.items() if value is not None}
    found: dict[_Key, int] = {}
    place: dict[Fraction, int] = {}
    for position, unit in enumerate(
        sorted(known, key=lambda each: known[each], reverse=better != "down"), start=1
    ):
        found[unit] = place.setdefault(known[unit], position)
    return found


def climbed(now: int | None, former: int | None) -> int | None:
    """Return by how many ranks a unit rose, negative where it fell; None without both ranks."""
    return None if now is None or former is None else former - now
