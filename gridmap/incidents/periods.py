"""Periods a supervisor thinks in, and those they are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.statistics import Span

Kind = Literal["week", "month", "quarter", "half", "custom"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: A longer span is a report and no look at the state of things.
MOST_DAYS = 1100
_MONTHS = {"month": 1, "quarter": 3, "half": 6}


@dataclass(frozen=True)
class Period:
    """A period, so far, with the one before and the same one of the year before.

    Attributes
    ----------
    kind : Kind
    span, before, year_before : Span
        Of a period that is not over yet the others have as many days.
    whole : bool
        Whether the period is over.
    """

    kind: Kind
    span: Span
    before: Span
    year_before: Span
    whole: bool


def calendar_period(kind: Kind, on: date) -> Period:
    """Return the week, month, quarter or half-year up to a day.

    Parameters
    ----------
    kind : {"week", "month", "quarter", "half"}
    on : date
        The last day that counts.

    Raises
    ------
    GridmapError
        If the period is unknown, or no calendar has the day.
    """
    if kind not in KINDS or kind == "custom" or not 1601 < on.year < 2279:
        raise _unreadable()
    first = _start(kind, on)
    before = _start(kind, first - timedelta(days=1))
    year = first - timedelta(weeks=52) if kind == "week" else first.replace(year=first.year - 1)
    whole = _end(kind, first) == on
    return Period(
        kind,
        Span(first, on),
        _so_far(kind, before, first, on, whole),
        _so_far(kind, year, first, on, whole),
        whole,
    )


def custom_period(first: date, last: date) -> Period:
    """Return a span of days, against as many days before and the same days a year before.

    Raises
    ------
    GridmapError
        If the days are in the wrong order, or too many.
    """
    if not 1601 < first.year <= last.year < 2279:
        raise _unreadable()
    if last < first:
        raise GridmapError(
            Message("The last day {last} lies before the first {first}.", first=first, last=last)
        )
    span = Span(first, last)
    if span.days > MOST_DAYS:
        raise GridmapError(Message("A period has at most {days} days.", days=MOST_DAYS))
    before = Span(first - timedelta(days=span.days), first - timedelta(days=1))
    return Period("custom", span, before, Span(_year_before(first), _year_before(last)), True)


def _unreadable() -> GridmapError:
    return GridmapError(Message("This period cannot be read: choose it again."))


def _start(kind: Kind, day: date) -> date:
    if kind == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[kind]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _end(kind: Kind, first: date) -> date:
    if kind == "week":
        return first + timedelta(days=6)
    # Two days more than the longest months have, and back to the first of that month.
    after = (first + timedelta(days=31 * _MONTHS[kind])).replace(day=1)
    return after - timedelta(days=1)


def _so_far(kind: Kind, other: date, first: date, on: date, whole: bool) -> Span:
    end = _end(kind, other)
    return Span(other, end if whole else min(other + (on - first), end))


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
