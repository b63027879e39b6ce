"""Which incidents are meant: a span of local days and a category with all below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from geodata.messages import Message
from gridmap.errors import GridmapError


@dataclass(frozen=True)
class IncidentFilter:
    """A choice of incidents.

    Parameters
    ----------
    first, last : datetime.date, optional
        The first and the last local day, both included; None leaves that side open.
    category : str, optional
        The code of a category; those below it are meant too.
    """

    first: date | None = None
    last: date | None = None
    category: str | None = None


def read_filter(values: Mapping[str, str]) -> IncidentFilter:
    """Read a filter from the parameters ``from``, ``to`` and ``category`` of an address.

    Raises
    ------
    GridmapError
        If a day cannot be read or the days are in the wrong order.
    """
    first, last = _day(values.get("from")), _day(values.get("to"))
    if first and last and last < first:
        raise GridmapError(
            Message("The last day {last} lies before the first {first}.", first=first, last=last)
        )
    return IncidentFilter(first, last, values.get("category") or None)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    # Outside these years neither the calendar of the database nor ours is of use.
    if not 1600 < day.year < 2280:
        raise GridmapError(
            Message("{day} is no date. Write it as 2026-01-31, year, month and day.", day=text)
        )
    return day


@dataclass(frozen=True)
class Months:
    """The months of one year from after month `before` to the end of month `upto`."""

    year: int
    before: int
    upto: int


def whole_months(first: date, last: date) -> tuple[list[Months], list[tuple[date, date]]]:
    """Split a span of days into whole months and what remains at its edges.

    Parameters
    ----------
    first, last : datetime.date
        Both included.

    Returns
    -------
    tuple
        The whole months, one entry per year, and the remaining spans as (first day, day after
        the last).
    """
    after = last + timedelta(days=1)
    start = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = after.replace(day=1)
    if start >= end:
        return [], [(first, after)]
    months = [
        Months(
            year,
            start.month - 1 if year == start.year else 0,
            end.month - 1 if year == end.year else 12,
        )
        for year in range(start.year, end.year + 1)
    ]
    edges = [(first, start), (end, after)]
    return [span for span in months if span.before < span.upto], [e for e in edges if e[0] < e[1]]
