"""Indicators for documents: figures of a unit with all below it, and the ranking of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class IndicatorFigure:
    """What an indicator says of a unit in a period.

    Attributes
    ----------
    code, name, name_en : str
    unit : str
        The sign behind the value: ``%``, ``m²``, or nothing.
    numerator, denominator : Decimal or None
        The counts, summed over the units they were entered for; None where there are no data.
    value : Decimal or None
        Of these two counts, rounded half up to the places of the indicator.
    target : Decimal or None
    better : {"up", "down"} or None
    reached : bool or None
        Whether the target is; None without a target or without data.
    counted, units : int
        Of how many of how many units it is made.
    rank, of : int or None, int
        Among the units beside it in the tree; those without a value have no rank.
    first, last : date or None
        The days that the values are of, which may be fewer than asked for.
    """

    code: str
    name: str
    name_en: str
    unit: str
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    target: Decimal | None
    better: str | None
    reached: bool | None
    counted: int
    units: int
    rank: int | None
    of: int
    first: date | None
    last: date | None


@dataclass(frozen=True)
class RankedUnit:
    """A unit in the ranking of an indicator.

    Attributes
    ----------
    rank, rank_before : int or None
        Of this period and of the one before; None where there is no value. Equal rates share a
        rank, and the next one follows after as many as share it.
    """

    rank: int | None
    rank_before: int | None
    unit_id: int
    code: str
    name: str
    name_en: str | None
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    value_before: Decimal | None


def indicator_values(
    session: Session, codes: Sequence[str] | None, unit_id: int, first: date, last: date
) -> list[IndicatorFigure]:
    """Return what indicators say of a unit, by code.

    Parameters
    ----------
    session : Session
    codes : sequence of str or None
        Which; None for all that are in use and are entered for the unit's level or one below it.
    unit_id : int
    first, last : date
        Values count whose whole period lies within these days.
    """
    raise NotImplementedError


def ranking(session: Session, code: str, unit_id: int, first: date, last: date) -> list[RankedUnit]:
    """Rank the units below a unit for which an indicator is entered, the best first.

    Parameters
    ----------
    session : Session
    code : str
    unit_id : int
    first, last : date
        As `indicator_values`; the former period is as long, or the calendar's one before.

    Raises
    ------
    NotFoundError
        If there is no such indicator.
    """
    raise NotImplementedError
