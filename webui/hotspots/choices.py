"""What the forms offer to choose from, and how runs are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import get_locale
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.hotspots.models import HotspotRun
from gridmap.incidents.statistics import clock
from webui.hotspots import words
from webui.language import say

#: How far the one button looks back from the newest incident.
_BACK = {
    "month": (30, N_("the last 30 days")),
    "quarter": (91, N_("the last 3 months")),
    "year": (365, N_("the last 12 months")),
}
PERIODS = {**{key: title for key, (_, title) in _BACK.items()}, "all": N_("all that is known")}
DEFAULT_PERIOD = "year"
_MOST_NAMED = 3


def period_of(session: Session, key: str) -> tuple[date, date]:
    """Return the first and last day of a period of the one button."""
    now = clock(session.connection())
    last = min(now.newest or now.today, now.today)
    if key == "all":
        found = session.execute(text("SELECT local_date(min(occurred_at)) FROM incident")).scalar()
        return found or last, last
    days, _ = _BACK.get(key, _BACK[DEFAULT_PERIOD])
    return last - timedelta(days=days - 1), last


def category_names(categories: Sequence[Row[Any]]) -> Mapping[str, str]:
    """Return the name of each code."""
    return {row.code: words.named(row) for row in categories}


def about(run: HotspotRun, names: Mapping[str, str]) -> str:
    """Say which incidents a run is about."""
    if not run.categories:
        return say(N_("all categories"))
    shown = [names.get(code, code) for code in run.categories[:_MOST_NAMED]]
    if len(run.categories) > _MOST_NAMED:
        shown.append("…")
    return (", " if str(get_locale()) == "en" else "、").join(shown)


def named(run: HotspotRun, names: Mapping[str, str]) -> str:
    """Return the name of a run, or what it is about where it was given none."""
    return run.name or f"{words.title(run.analysis)} · {about(run, names)}"
