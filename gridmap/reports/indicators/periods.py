"""The periods for which values are entered, and the longer ones in which they are looked at."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal, get_args

from gridmap.incidents.statistics import Span

Kind = Literal["half_month", "month", "two_months", "quarter", "half_year", "year", "any"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_MONTHS: dict[Kind, int] = {"month": 1, "two_months": 2, "quarter": 3, "half_year": 6, "year": 12}
#: A half-month ends with this day, or with the month.
_MIDDLE = 15


def period_of(kind: Kind, day: date) -> Span:
    """Return the period of a kind in which a day lies.

    Half-months end with the 15th and with the month; two months begin with the odd ones.

    Raises
    ------
    KeyError
        For ``any``, whose periods only their values tell.
    """
    if kind == "half_month":
        if day.day <= _MIDDLE:
            return Span(day.replace(day=1), day.replace(day=_MIDDLE))
        return Span(day.replace(day=_MIDDLE + 1), _month_end(day))
    months = _MONTHS[kind]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return Span(first, _month_end(first.replace(month=first.month + months - 1)))


def before(kind: Kind, span: Span) -> Span:
    """Return the period before one."""
    return period_of(kind, span.first - timedelta(days=1))


def after(kind: Kind, span: Span) -> Span:
    """Return the period after one."""
    return period_of(kind, span.last + timedelta(days=1))


def leading_up(kind: Kind, span: Span, count: int) -> list[Span]:
    """Return so many periods of a kind, the last of which is the one given."""
    found = [span]
    while len(found) < count:
        found.append(before(kind, found[-1]))
    return found[::-1]


def wholes(kind: Kind) -> tuple[Kind, ...]:
    """Return the kinds that consist of whole periods of a kind, itself first."""
    if kind == "half_month":
        return KINDS[:-1]
    if kind == "any":
        return ("any",)
    months = _MONTHS[kind]
    return tuple(each for each, length in _MONTHS.items() if length % months == 0)


def made_of(kind: Kind, span: Span) -> Kind | None:
    """Return the period of the calendar that a span is and periods of a kind make up."""
    longer = (each for each in wholes(kind) if each != "any")
    return next((each for each in longer if period_of(each, span.first) == span), None)


def preceding(kind: Kind, span: Span) -> Span:
    """Return the span before one: the calendar's, see `made_of`, or else one of as many days."""
    made = made_of(kind, span)
    if made is not None:
        return before(made, span)
    return Span(span.first - timedelta(days=span.days), span.first - timedelta(days=1))


def parts(kind: Kind, span: Span) -> int:
    """Return how many periods of a kind lie within a span."""
    if kind == "any":
        return 1
    first = period_of(kind, span.first)
    count = 0
    while first.last <= span.last:
        count += first.first >= span.first
        first = after(kind, first)
    return count


def newest_over(kind: Kind, day: date) -> Span:
    """Return the last period that is over on a day, or ends with it; of any kind the day alone."""
    if kind == "any":
        return Span(day, day)
    present = period_of(kind, day)
    return present if present.last == day else before(kind, present)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
