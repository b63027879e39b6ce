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
    first, last = read_day(values.get("from")), read_day(values.get("to"))
    if first and last and last < first:
        raise GridmapError(
            Message("The last day {last} lies before the first {first}.", first=first, last=last)
        )
    return IncidentFilter(first, last, values.get("category") or None)


def read_day(text: str | None) -> date | None:
    """Read a day written as 2026-01-31; None if there is none.

    Raises
    ------
    GridmapError
        If it cannot be read.
    """
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


@dataclass(frozen=True)
class Edge:
    """Days from `start` until before `end`, which whole months miss (1) or have too many (-1)."""

    start: date
    end: date
    sign: int


def whole_months(first: date, last: date) -> tuple[list[Months], list[Edge]]:
    """Express a span of days by whole months and the few days at its edges that differ.

    Parameters
    ----------
    first, last : datetime.date
        Both included.

    Returns
    -------
    tuple
        The whole months, one entry per year, and up to two edges, none longer than 16 days
        unless the span lies within one month.
    """
    after = last + timedelta(days=1)
    if first.replace(day=1) == last.replace(day=1) and (first.day > 1 or after.day > 1):
        return [], [Edge(first, after, 1)]
    start, edge = _nearest_month(first)
    edges = [Edge(*edge, 1 if start > first else -1)]
    end, edge = _nearest_month(after)
    edges.append(Edge(*edge, 1 if end < after else -1))
    months = [
        Months(
            year,
            start.month - 1 if year == start.year else 0,
            end.month - 1 if year == end.year else 12,
        )
        for year in range(start.year, end.year + 1)
    ]
    return (
        [span for span in months if span.before < span.upto],
        [edge for edge in edges if edge.start < edge.end],
    )


def _nearest_month(day: date) -> tuple[date, tuple[date, date]]:
    """Return the nearest first of a month and the days between, in order."""
    before = day.replace(day=1)
    after = (before + timedelta(days=32)).replace(day=1)
    if day - before < after - day:
        return before, (before, day)
    return after, (day, after)
