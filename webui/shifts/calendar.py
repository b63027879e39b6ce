"""The calendar of shifts, by month or week."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from gridmap.patrols.shifts.access import captained, own_cadre
from gridmap.patrols.shifts.checking import stored_conflicts
from gridmap.patrols.shifts.queries import Wanted, calendar, swaps
from gridmap.patrols.shifts.rules import town_calendar
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import one_of, optional_day
from webui.database import writing
from webui.shifts.blueprint import blueprint
from webui.shifts.choices import month_after, month_before, month_end, read_filters

#: A day shows so many shifts, and links to the rest.
MOST = {"month": 4, "week": 12}
#: With more shifts than these in a month their conflicts are counted on their own page only.
_MOST_CHECKED = 2000
_DAY = timedelta(days=1)


@blueprint.get("")
@needs(Action.VIEW_WORKFORCE)
def index() -> ResponseReturnValue:
    """Show a month or a week; it and the filters are in the address."""
    actor = current_actor()
    view = one_of("view", tuple(MOST), "month")
    with writing() as session:
        now = today(session)
        chosen = optional_day(request.args.get("on")) or now
        filters = read_filters(session, actor)
        first, last = _span(view, chosen)
        cadre = None if filters.cadre is None else filters.cadre.id
        wanted = Wanted(
            first, last, filters.team_id, cadre, filters.route_id, "planned"
        )  # fmt: skip
        rows = calendar(session, actor, wanted, MOST[view])
        is_workday = town_calendar(session).is_workday
        by_day: dict[date, list[Row[Any]]] = defaultdict(list)
        for row in rows:
            by_day[row.day].append(row)
        total = sum(row.in_day for row in rows if row.nth == 1)
        conflicts = (
            stored_conflicts(session, actor, first, last, filters.team_id)
            if 0 < total <= _MOST_CHECKED
            else []
        )
        me = own_cadre(session, actor)
        _, waiting = swaps(
            session, actor, cadre_id=me, captained=captained(session, me), open_only=True, limit=0
        )
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    return render_template(
        "shifts/calendar.html",
        view=view,
        chosen=chosen,
        today=now,
        filters=filters,
        first=first,
        last=last,
        weeks=_weeks(first, last),
        days=days,
        by_day=by_day,
        off={day for day in days if not is_workday(day)},
        total=total,
        conflicts=len(conflicts),
        at_odds={each.duty.key for each in conflicts},
        waiting=waiting,
        before=month_before(chosen) if view == "month" else chosen - 7 * _DAY,
        after=month_after(chosen) if view == "month" else chosen + 7 * _DAY,
    )


def _span(view: str, chosen: date) -> tuple[date, date]:
    if view == "month":
        return chosen.replace(day=1), month_end(chosen)
    monday = chosen - chosen.weekday() * _DAY
    return monday, monday + 6 * _DAY


def _weeks(first: date, last: date) -> list[list[date | None]]:
    """Return the weeks of a span from Monday on; days outside it are None."""
    monday = first - first.weekday() * _DAY
    weeks = []
    while monday <= last:
        week = [monday + n * _DAY for n in range(7)]
        weeks.append([day if first <= day <= last else None for day in week])
        monday += 7 * _DAY
    return weeks
