"""Counts for everybody's eyes: none so small that it could tell of one person."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

#: Counts from 1 to below it are not shown; agencies are given the same to begin with.
SMALLEST = 5


@dataclass(frozen=True)
class Shielded(Generic[Key]):
    """What of some counts may be shown.

    Attributes
    ----------
    shown : tuple of (key, int)
        The greatest first.
    rest : int
        The sum of all others, which is 0 or no small count either.
    hidden : bool
        Whether there are so few in all that nothing is shown.
    """

    shown: tuple[tuple[Key, int], ...]
    rest: int = 0
    hidden: bool = False


def shielded(counts: Mapping[Key, int], smallest: int = SMALLEST) -> Shielded[Key]:
    """Choose what of some counts may be shown, whose sum is shown too.

    Small counts are told as one sum. Where it would consist of a single count, or be small itself,
    the next greater count is added to it: otherwise all that is shown, taken from the whole, would
    tell it.

    Parameters
    ----------
    counts : mapping of key to int
        Not negative; zeros are left out.
    smallest : int
    """
    ordered = sorted(
        ((key, n) for key, n in counts.items() if n), key=lambda one: (-one[1], str(one[0]))
    )
    if sum(n for _, n in ordered) < smallest:
        return Shielded((), hidden=bool(ordered))
    shown = [one for one in ordered if one[1] >= smallest]
    small = ordered[len(shown) :]
    while shown and small and (len(small) < 2 or sum(n for _, n in small) < smallest):
        small.insert(0, shown.pop())
    return Shielded(tuple(shown), sum(n for _, n in small))
