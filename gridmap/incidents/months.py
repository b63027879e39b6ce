"""A span of days as whole months, whose counts are stored, and the few days that differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


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
