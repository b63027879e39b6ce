"""What patrols cover: incidents, hot places in their hours, and streets."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.http import generate_etag

from gridmap.exchange.area import find_area
from gridmap.exchange.tiles import Tile
from gridmap.incidents.statistics import Clock, Span, clock
from gridmap.patrols.tracks import overview as reads
from gridmap.patrols.tracks.overview import Months
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import one_of, page_number
from webui.database import current_scope, reading
from webui.hotspots.single import prepare
from webui.maps import script_answer
from webui.paging import Pages
from webui.tracks import words
from webui.tracks.blueprint import blueprint
from webui.tracks.map_page import map_page, map_values

#: How many months are looked at, and after how many days a street is told.
MONTHS, DAYS = ("1", "3", "6", "12"), ("7", "14", "30", "90")
_BASE = "ground,building,unit,cell"
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
#: Seconds for which a browser need not ask for a tile again.
_FRESH_S = 60


@blueprint.get("")
@needs(Action.PLAN_PATROLS)
def index() -> ResponseReturnValue:
    """Show what patrols cover of an area's incidents, hot places and streets."""
    actor = current_actor()
    days = int(one_of("days", DAYS, "30"))
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        area = find_area(session, actor, request.args.get("unit"), now.today)
        if not area.parts and not area.path:
            return render_template("empty.html")
        months = _months(now)
        run = reads.newest_run(session, actor)
        first, _ = Span(months.first, now.today).moments(now.zone)
        places = [] if run is None else reads.hot_places(connection, run.id, first, str(now.zone))
        found, total = reads.cells(
            connection,
            area.scope,
            months,
            page_number(),
            request.args.get("sort", "hour"),
            descending=request.args.get("order") == "desc",
        )
        trend = reads.trend(connection, area.scope, months)
        streets = reads.unwalked(connection, area.scope, days, 1)
        sums = reads.figures(connection, area.scope, months)
        near_m = reads.near_metres(connection)
        bounds = reads.bounds(connection, area.scope)
    return render_template(
        "tracks/overview.html",
        area=area,
        months=months,
        count=one_of("months", MONTHS, "3"),
        month_choices=MONTHS,
        day_choices=DAYS,
        days=days,
        run=run,
        places=places,
        neglected=[row for row in places if not _in_time(row)],
        cells=found,
        pages=Pages(total, reads.PAGE),
        trend=trend,
        streets=streets,
        sums=sums,
        near_m=near_m,
        page=_page(trend, bounds),
        **map_values(),
    )


@blueprint.get("/streets")
@needs(Action.PLAN_PATROLS)
def streets() -> ResponseReturnValue:
    """List the streets that nobody walked for some days, page by page."""
    actor = current_actor()
    days = int(one_of("days", DAYS, "30"))
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        area = find_area(session, actor, request.args.get("unit"), now.today)
        rows = reads.unwalked(connection, area.scope, days, page_number())
    total = rows[0].total if rows else 0
    return render_template(
        "tracks/streets.html",
        area=area,
        rows=rows,
        days=days,
        day_choices=DAYS,
        pages=Pages(total, reads.PAGE),
    )


@blueprint.get("/folium.js")
@needs(Action.REPORT_INCIDENT)
def script() -> Response:
    """Answer with the script that makes the map."""
    return script_answer(prepare("map"))


@blueprint.get("/tiles/<int:z>/<int:x>/<int:y>.mvt")
@needs(Action.PLAN_PATROLS)
def tile(z: int, x: int, y: int) -> Response:
    """Answer with a tile of streets and the days since each was walked."""
    place = Tile(z, x, y)
    with reading() as connection:
        content = reads.tile(connection, current_scope(), place.z, place.x, place.y)
    response = Response(content, mimetype="application/vnd.mapbox-vector-tile")
    response.cache_control.private = True
    response.cache_control.max_age = _FRESH_S
    response.set_etag(generate_etag(content), weak=True)
    response.make_conditional(request)
    return response


def _in_time(row: Any) -> bool:
    """Tell whether a hot place was passed in its hot hours, or at all where none are known."""
    return bool(row.in_hours if row.hot_from is not None else row.passes)


def _months(now: Clock) -> Months:
    """Return the months looked at: those that the address names, or up to that of the newest."""
    named = [_MONTH.fullmatch(request.args.get(name, "")) for name in ("first", "last")]
    if all(named):
        first, last = (date(int(each[1]), int(each[2]), 1) for each in named if each)
        if first <= last:
            return Months(first, last)
    last = min(now.newest or now.today, now.today).replace(day=1)
    first = last
    for _ in range(int(one_of("months", MONTHS, "3")) - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return Months(first, last)


def _page(trend: Any, bounds: Any) -> dict[str, Any]:
    """Return what the page's script must know."""
    return map_page(
        words.SCRIPT,
        base=_BASE,
        bounds=bounds,
        streets="/patrols/walked/tiles/{z}/{x}/{y}.mvt",
        ages=[[days, colour] for days, colour, _ in words.AGES],
        never=words.NEVER,
        trend={
            "labels": [_label(row.month) for row in trend],
            "shares": [
                round(100 * row.walked_in_hour / row.incidents, 1) if row.incidents else 0
                for row in trend
            ],
        },
    )


def _label(month: date) -> str:
    return month.strftime("%Y-%m")
