"""Values from counts: rolled up by adding counts, and never rates."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class Counts:
    """What was counted for a unit or several.

    Attributes
    ----------
    numerator, denominator : Decimal or None
        Their sums; None where there are no data, or the indicator has no denominator.
    units : int
        For how many units there are data.
    entries : int
        How many entries these are, since a long period has several of each unit.
    """

    numerator: Decimal | None = None
    denominator: Decimal | None = None
    units: int = 0
    entries: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add the counts of other units; no data add nothing."""
        return Counts(
            _sum(self.numerator, other.numerator),
            _sum(self.denominator, other.denominator),
            self.units + other.units,
            self.entries + other.entries,
        )


#: Of a unit without an entry, which is no zero.
NO_DATA = Counts()


@dataclass(frozen=True)
class Scale:
    """How a value is made of its counts.

    Attributes
    ----------
    form : {"count", "rate"}
    per : int
        Of how many of the denominator a rate speaks: 100 for per cent, 1 for a mean.
    places : int
        The digits after the point that are shown.
    """

    form: str
    per: int = 1
    places: int = 2

    def exact(self, counts: Counts) -> Fraction | None:
        """Return the value itself; None without data."""
        if counts.numerator is None:
            return None
        if self.form == "count":
            return Fraction(counts.numerator)
        if not counts.denominator:
            return None
        return Fraction(counts.numerator) * self.per / Fraction(counts.denominator)

    def value(self, counts: Counts) -> Decimal | None:
        """Return the value as it is shown, rounded half up; None without data."""
        return half_up(self.exact(counts), self.places)


def half_up(value: Fraction | None, places: int) -> Decimal | None:
    """Round a number that is not negative half up to some digits after the point.

    An exact fraction is rounded, lest a quotient that was rounded before be rounded once more.
    """
    if value is None:
        return None
    steps = value * 10**places
    whole, rest = divmod(steps.numerator, steps.denominator)
    return Decimal(whole + (2 * rest >= steps.denominator)).scaleb(-places)


def rolled(counts: Mapping[_Key, Counts], parents: Mapping[_Key, _Key]) -> dict[_Key, Counts]:
    """Add up the counts of units for the units they belong to.

    Parameters
    ----------
    counts : mapping
        By unit.
    parents : mapping
        The unit in whose sum each counts; those without one are left out.
    """
    found: dict[_Key, Counts] = {}
    for unit, each in counts.items():
        if unit in parents:
            above = parents[unit]
            found[above] = found.get(above, NO_DATA) + each
    return found


def total(counts: Iterable[Counts]) -> Counts:
    """Return the counts of several units together."""
    return sum(counts, NO_DATA)


def reached(value: Fraction | None, target: Decimal | None, better: str | None) -> bool | None:
    """Tell whether a target is reached; None without target or data.

    The exact value decides: 79.996 % misses 80 % though 80.00 % is shown.
    """
    if value is None or target is None:
        return None
    return value <= Fraction(target) if better == "down" else value >= Fraction(target)


def _sum(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right
