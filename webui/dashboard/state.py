"""What the pages of the dashboard share: the period in the address, and ways from page to page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import get_locale

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.area import Area
from gridmap.exchange.filters import read_day
from gridmap.incidents.periods import KINDS, Period, calendar_period, custom_period
from gridmap.incidents.statistics import Clock, Span
from webui.access import may_open
from webui.dashboard import words
from webui.dashboard.parts import address, name_of
from webui.language import say
from webui.numbers import number
from webui.words import WEEKDAYS

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")


def helpers(area: Area, period: Period, query: dict[str, Any], now: Clock) -> dict[str, Any]:
    """Return what templates call."""
    unit = area.unit.code if area.unit else None

    # A page has some hundreds of these links; making each by its route would take longer than
    # all the rest of the page.
    lists, pages = url_for("dashboard.records"), url_for("dashboard.show")
    days = address(lists, query)
    days_before = address(lists, days_of(period.before))

    def behind_before(**wanted: Any) -> str:
        return address(days_before, {"unit": unit, **wanted})

    def behind(**wanted: Any) -> str:
        return address(days, {"unit": unit, **wanted})

    def here(**changed: Any) -> str:
        figure = request.args.get("figure")
        return address(pages, {"unit": unit, "figure": figure, **query, **changed})

    return {
        "behind": behind,
        "behind_before": behind_before,
        "here": here,
        "kinds": words.KINDS,
        "figures": words.FIGURES,
        "figure_help": words.FIGURE_HELP,
        "weekdays": WEEKDAYS,
        "say": say,
        "num": number,
        "arrow": words.arrow,
        "name_of": lambda part: name_of(part, english()),
        "change": lambda n, before: say(words.change(n, before, words.reference(period))),
        "change_of_year": lambda n, before: say(words.change(n, before, Message(words.LAST_YEAR))),
        "crumbs": [(name_of(part, english()), here(unit=part.code)) for part in area.path],
        "earlier": _step(period, -1, here, now),
        "later": _step(period, 1, here, now),
        "english": english(),
        "link": link,
    }


def link(endpoint: str, **values: Any) -> str | None:
    """Return the address of a page, or None where it is not for the present person."""
    return url_for(endpoint, **values) if may_open(endpoint) else None


def english() -> bool:
    """Tell whether the page is in English."""
    return str(get_locale()) == "en"


def read_period(now: Clock) -> Period:
    """Read the period of the address; without one the month of the newest incident."""
    kind = request.args.get("period", "month")
    if kind not in KINDS:
        raise GridmapError(Message("This period cannot be read: choose it again."))
    newest = min(now.newest or now.today, now.today)
    if kind == "custom":
        last = read_day(request.args.get("to")) or newest
        return custom_period(read_day(request.args.get("from")) or last.replace(day=1), last)
    return calendar_period(kind, read_day(request.args.get("on")) or newest)


def period_or_fault(now: Clock) -> tuple[Period, str | None]:
    """Return the period of the address, or the usual one and what is wrong with the address."""
    try:
        return read_period(now), None
    except GridmapError as refused:
        newest = min(now.newest or now.today, now.today)
        return calendar_period("month", newest), say(refused.message)


def due_span(period: Period, now: Clock) -> Span:
    """Return the days in which the cases were due that the rates tell of.

    Where incidents arrive by imports the newest period may end before today; cases go on.
    """
    if period.kind == "custom" or period.span.last != now.newest:
        return period.span
    return calendar_period(period.kind, now.today).span


def query_of(period: Period) -> dict[str, Any]:
    """Return the period as the address holds it."""
    if period.kind == "custom":
        return days_of(period.span)
    return {"period": period.kind, "on": period.span.last.isoformat()}


def days_of(span: Span) -> dict[str, Any]:
    """Return days as the address holds them."""
    return {"period": "custom", "from": span.first.isoformat(), "to": span.last.isoformat()}


def _step(period: Period, direction: int, here: Callable[..., str], now: Clock) -> str | None:
    """Return the way to the period before or after, None beyond the present."""
    if period.kind == "custom":
        move = timedelta(days=direction * period.span.days)
        first, last = period.span.first + move, period.span.last + move
        if direction > 0 and first > now.today:
            return None
        return here(**{"from": first.isoformat(), "to": last.isoformat()})
    if direction < 0:
        return here(on=(period.span.first - timedelta(days=1)).isoformat())
    return _later(period, here, now)


def _later(period: Period, here: Callable[..., str], now: Clock) -> str | None:
    day = period.span.last + timedelta(days=1)
    if not period.whole or day > now.today:
        return None
    end = day
    while end < now.today and not calendar_period(period.kind, end).whole:
        end += timedelta(days=1)
    return here(on=end.isoformat())
