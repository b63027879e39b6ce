"""What the forms offer to choose from, and how runs are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import request
from flask_babel import get_locale
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.models import HotspotRun
from gridmap.incidents.statistics import clock
from gridmap.workforce.rights import Actor, Role
from webui.access import current_actor
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
_EVERYTHING = N_("all categories")
_LONGEST_SEARCH = 100


def period_of(session: Session, key: str) -> tuple[date, date]:
    """Return the first and last day of a period of the one button, within the reader's area."""
    today, scope = clock(session.connection()).today, current_actor().scope
    # Of the incidents in order of time the first that lies in the area.
    own = scope.condition("community_id")
    oldest, newest = session.execute(
        text(f"""
            SELECT local_date((SELECT occurred_at FROM incident WHERE {own}
                               ORDER BY occurred_at LIMIT 1)),
                   local_date((SELECT occurred_at FROM incident
                               WHERE occurred_at < now() AND {own}
                               ORDER BY occurred_at DESC LIMIT 1))
        """),  # noqa: S608
        scope.params,
    ).one()
    last = min(newest or today, today)
    if key == "all":
        return min(oldest or last, last), last
    days, _ = _BACK.get(key, _BACK[DEFAULT_PERIOD])
    return last - timedelta(days=days - 1), last


def may_change(actor: Actor, run: HotspotRun) -> bool:
    """Tell whether a run is the actor's to rename, share, schedule and delete."""
    return run.owner_id == actor.user_id or actor.role is Role.ADMINISTRATOR


def category_names(categories: Sequence[Row[Any]]) -> Mapping[str, str]:
    """Return the name of each code."""
    return {row.code: words.named(row) for row in categories}


def about(run: HotspotRun, names: Mapping[str, str], most: int = _MOST_NAMED) -> str:
    """Say which incidents a run is about, of many categories the first."""
    if not run.categories:
        return say(_EVERYTHING)
    shown = [names.get(code, code) for code in run.categories[:most]]
    if len(run.categories) > most:
        shown.append("…")
    return (", " if str(get_locale()) == "en" else "、").join(shown)


def called() -> dict[str, Any]:
    """Return for a filter the words that are searched for, and what runs are called."""
    return {
        "words": request.args.get("q", "").strip()[:_LONGEST_SEARCH],
        "titles": {key: words.title(key) for key in ANALYSES},
        "everything": say(_EVERYTHING),
    }


def named(run: HotspotRun, names: Mapping[str, str]) -> str:
    """Return the name of a run, or what it is about where it was given none."""
    return run.name or f"{words.title(run.analysis)} · {about(run, names)}"
