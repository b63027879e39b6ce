"""Periods of an evaluation: months, quarters, half-years and years."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, get_args

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.statistics import Span, months_before

Kind = Literal["month", "quarter", "half", "year"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_MONTHS: dict[Kind, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def span_of(kind: Kind, day: date) -> Span:
    """Return the whole period in which a day lies.

    Raises
    ------
    GridmapError
        If the calendar has no such period.
    """
    if kind not in KINDS or not 1900 < day.year < 2200:
        raise GridmapError(Message("This period cannot be read: choose it again."))
    months = _MONTHS[kind]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return Span(first, months_before(first, -months) - timedelta(days=1))


def before(kind: Kind, span: Span) -> Span:
    """Return the period before one."""
    return span_of(kind, span.first - timedelta(days=1))


def recent(kind: Kind, today: date, count: int) -> list[Span]:
    """Return the last periods, the one that has today first."""
    spans = [span_of(kind, today)]
    while len(spans) < count:
        spans.append(before(kind, spans[-1]))
    return spans
