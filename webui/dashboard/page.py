"""The dashboard at /dashboard: the state of an area in a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup
from sqlalchemy.orm import Session

from gridmap.exchange.area import Area, find_area
from gridmap.exchange.dashboard import (
    Events,
    Patrols,
    events,
    households,
    outlines,
    patrols,
    state,
    with_coverage,
    with_households,
)
from gridmap.incidents.periods import Period
from gridmap.incidents.statistics import Span, clock
from gridmap.reports.activities.due import DueCounts, DueWanted, count_due
from gridmap.reports.activities.queries import open_notices, units_below
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.activities.due import BACK
from webui.dashboard import words
from webui.dashboard.keeping import kept
from webui.dashboard.parts import coloured_parts, legend, part_url
from webui.dashboard.patrols import neglected, patrol_months
from webui.dashboard.state import (
    blueprint,
    due_span,
    english,
    helpers,
    link,
    period_or_fault,
    query_of,
)
from webui.database import reading
from webui.language import say
from webui.numbers import percent

#: So many seconds the counts of an area and a period are kept.
KEPT_S = 60
#: So many seconds the state of an area of more communities than `WIDE` is kept.
STATE_KEPT_S, WIDE = 15, 100
#: Households and outlines change by the month.
LONG_KEPT_S = 600


@blueprint.get("")
@needs(Action.VIEW_DASHBOARD)
def show() -> ResponseReturnValue:
    """Show the state of an area in a period; both are in the address."""
    actor = current_actor()
    figure = request.args.get("figure", "total")
    figure = figure if figure in words.FIGURES else "total"
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        area = find_area(session, actor, request.args.get("unit"), now.today)
        if not area.parts and not area.path:
            return render_template("empty.html")
        period, fault = period_or_fault(now)
        happened = kept(
            ("events", area.scope, area.path, period.span, period.before),
            KEPT_S,
            lambda: events(session, area, period, now),
        )
        watched = kept(
            ("patrols", area.scope, area.path, period.span),
            KEPT_S,
            lambda: patrols(session, area, period.span),
        )
        if figure == "rate":
            happened = _with_rates(session, area, happened)
        elif figure == "patrols":
            happened = _with_coverage(happened, watched)
        due = due_span(period, now)
        standing = kept(
            ("state", area.scope, area.path, due, now.today),
            # Who looks at a town sees at once what he has just done.
            STATE_KEPT_S if len(area.part_of) > WIDE else 0,
            lambda: state(session, actor, area, due, now),
        )
        work = kept(
            ("work", actor.units, area.path, now.today),
            STATE_KEPT_S if len(area.part_of) > WIDE else 0,
            lambda: standing_work(session, actor, area, now.today),
        )
    query = query_of(period)
    shown = _Shown(
        area, period, happened, watched, figure, query, helpers(area, period, query, now)
    )
    # Another's count of the same things is another object and makes another page. It is kept
    # along, so that its number stays its own.
    key = (
        "page", id(happened), id(watched), area.path, period.kind, request.args.get("figure"),
        english(),
    )  # fmt: skip
    _, figures_shown, page = kept(key, KEPT_S, lambda: ((happened, watched), *_render(shown)))
    told = render_template(
        "dashboard/dashboard.html",
        fault=fault,
        area=area,
        period=period,
        happened=happened,
        standing=standing,
        work=work,
        watched=watched,
        neglected=neglected(area, watched, query, english()),
        due=due,
        due_cases=lambda outcome=None: _due_cases(area, due, outcome),
        percent=percent,
        query=query,
        newest=now.newest,
        wall=request.args.get("wall") == "1",
        figures_shown=figures_shown,
        page=page,
        **shown.helpers,
    )
    return told, 400 if fault else 200


@dataclass(frozen=True)
class Work:
    """How planned activities stand, and how many notices to rectify are overdue."""

    due: DueCounts
    late_notices: int


def standing_work(session: Session, actor: Actor, area: Area, today: date) -> Work:
    """Tell what of the activities planned in an area is overdue or to be done now."""
    unit = area.unit.id if area.unit else None
    units = None if unit is None else units_below(session, unit)
    return Work(
        count_due(session, actor, today, DueWanted(today - BACK, unit_id=unit)),
        open_notices(session, actor, today, units=units, limit=1)[2],
    )


def _due_cases(area: Area, due: Span, outcome: str | None) -> str | None:
    """Return the way to the cases due in some days, all or with an outcome; None if not for one."""
    return link(
        "cases.index",
        state="any",
        unit=area.unit.id if area.unit else None,
        due_since=due.first,
        due_until=due.last,
        outcome=outcome,
    )


@dataclass(frozen=True)
class _Shown:
    """What the figures are made from."""

    area: Area
    period: Period
    happened: Events
    watched: Patrols
    figure: str
    query: dict[str, Any]
    helpers: dict[str, Any]


def _render(shown: _Shown) -> tuple[Markup, dict[str, Any]]:
    """Return the figures as a part of the page, and what its script must know."""
    area, happened, figure = shown.area, shown.happened, shown.figure
    parts, breaks = coloured_parts(area, happened.parts, figure, shown.query, english())
    page = _page(shown, parts)
    rendered = render_template(
        "dashboard/figures.html",
        area=area,
        period=shown.period,
        happened=happened,
        figure=figure,
        parts=sorted(parts, key=lambda part: (-part["n"], part["code"])),
        legend=legend(figure, breaks),
        query=shown.query,
        heat=_heat(happened),
        **shown.helpers,
    )
    return Markup(rendered), page  # noqa: S704 - Rendered by Jinja, which has escaped it.


def _with_rates(session: Session, area: Area, happened: Events) -> Events:
    known = kept(
        ("households", area.scope, area.path), LONG_KEPT_S, lambda: households(session, area)
    )
    key = ("rates", id(happened), id(known))
    return kept(key, KEPT_S, lambda: (happened, known, with_households(happened, known)))[2]


def _with_coverage(happened: Events, known: Patrols) -> Events:
    key = ("covered", id(happened), id(known))
    return kept(key, KEPT_S, lambda: (happened, known, with_coverage(happened, known)))[2]


@blueprint.get("/outlines.json")
@needs(Action.VIEW_DASHBOARD)
def shapes() -> Response:
    """Answer with the outlines of the parts of an area, which change rarely."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        today = clock(session.connection()).today
        area = find_area(session, actor, request.args.get("unit"), today)
        made = kept(
            ("outlines", area.scope, area.path, today),
            LONG_KEPT_S,
            lambda: outlines(session, area, today),
        )
    response = Response(made, mimetype="application/json")
    response.cache_control.private = True
    response.cache_control.max_age = LONG_KEPT_S
    response.add_etag()
    response.make_conditional(request)
    return response


def _heat(happened: Events) -> list[list[tuple[int, int]]]:
    """Return count and class, 0 to 5, of each hour of each weekday."""
    most = max(max(hours) for hours in happened.times.hours) or 1
    return [
        [(n, 0 if n == 0 else min(5, 1 + 5 * (n - 1) // most)) for n in hours]
        for hours in happened.times.hours
    ]


def _page(shown: _Shown, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the page's script must know, as values for JSON."""
    area, period, happened, query = shown.area, shown.period, shown.happened, shown.query
    unit = area.unit.code if area.unit else None
    days = [period.span.first + timedelta(days=i) for i in range(period.span.days)]
    labels, counts = _steps_of(days, happened)
    # A wall is left alone for days; only a period that somebody chose stays where it is.
    lasting = query if "on" in request.args else {**query, "on": None}
    views = [
        url_for("dashboard.show", unit=unit, wall=1, figure=name, **lasting)
        for name in ("total", "change")
    ]
    if not area.parts_are_cells:
        busiest = sorted(area.parts, key=lambda part: -happened.parts[part.id].n)[:6]
        views += [part_url(area, part, {**lasting, "wall": "1"}) for part in busiest]
    return {
        "language": str(get_locale()),
        "figure": shown.figure,
        "parts": parts,
        "outlines": url_for("dashboard.shapes", unit=unit),
        "trend": {"labels": labels, "counts": counts},
        "patrols": patrol_months(shown.watched.months),
        "views": views,
        "words": {key: say(word) for key, word in words.SCRIPT.items()},
    }


def _steps_of(days: list[date], happened: Events) -> tuple[list[str], list[int]]:
    """Count by day, or by week or month where there are too many days for a chart."""
    counted: dict[str, int] = {}
    for day in days:
        if len(days) <= 62:
            label = f"{day.month}-{day.day}"
        elif len(days) <= 200:
            start = max(day - timedelta(days=day.weekday()), days[0])
            label = f"{start.month}-{start.day}"
        else:
            label = f"{day.year}-{day.month}"
        counted[label] = counted.get(label, 0) + happened.times.days.get(day, 0)
    return list(counted), list(counted.values())
