"""The records behind the numbers: incidents, and cells without a cadre."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.area import find_area
from gridmap.exchange.building_page import find_building
from gridmap.incidents.near import NEAR_M
from gridmap.incidents.records import PAGE, Narrowing, count_records, find_records
from gridmap.incidents.statistics import Question, clock
from gridmap.territory.queries import ancestors
from gridmap.workforce.cell_list import find_cell
from gridmap.workforce.responsibility import uncovered
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.dashboard.state import blueprint, helpers, query_of, read_period
from webui.database import reading


@blueprint.get("/uncovered")
@needs(Action.VIEW_DASHBOARD)
def cells_without_cadre() -> ResponseReturnValue:
    """List the cells of an area for which nobody is responsible today."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        area = find_area(session, actor, request.args.get("unit"), now.today)
        period = read_period(now)
        cells = uncovered(session, replace(actor, scope=area.scope), now.today)
    return render_template(
        "dashboard/uncovered.html",
        cells=cells,
        narrowing=None,
        **helpers(area, period, query_of(period), now),
    )


@blueprint.get("/records")
@needs(Action.VIEW_DASHBOARD)
def records() -> ResponseReturnValue:
    """List the incidents behind a number of the dashboard."""
    actor = current_actor()
    narrowing = Narrowing(
        category=request.args.get("category") or None,
        weekday=_whole("weekday", 1, 7),
        hour=_whole("hour", 0, 23),
        outside=request.args.get("outside") == "1",
        building=_whole("building", 0, (1 << 63) - 1),
    )
    cell = _whole("cell", 0, (1 << 63) - 1)
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        area = find_area(session, actor, request.args.get("unit"), now.today)
        period = read_period(now)
        building = None
        if narrowing.building is not None:
            building = find_building(session, actor, narrowing.building)
        cells: tuple[int, ...] | None = None
        within = None
        if cell is not None:
            within = find_cell(session, actor, cell)
            former = ancestors(session, cell) if request.args.get("former") == "1" else ()
            cells = (cell, *former)
        question = Question(area.scope, period.span, now.zone, cells)
        rows = find_records(session.connection(), question, narrowing, _place())
        number = count_records(session.connection(), question, narrowing)
    page = rows[:PAGE]
    following = None
    if len(rows) > PAGE:
        place = f"{page[-1].occurred_at.isoformat()},{page[-1].id}"
        address: dict[str, Any] = {**request.args.to_dict(), "after": place}
        following = url_for("dashboard.records", **address)
    return render_template(
        "dashboard/records.html",
        area=area,
        period=period,
        rows=page,
        number=number,
        following=following,
        started="after" in request.args,
        narrowing=narrowing,
        within=within,
        near=building,
        near_m=NEAR_M,
        **helpers(area, period, query_of(period), now),
    )


def _place() -> tuple[datetime, int] | None:
    text = request.args.get("after")
    if not text:
        return None
    try:
        moment, number = text.split(",")
        place = datetime.fromisoformat(moment), int(number)
        if place[0].tzinfo is None or not 0 <= place[1] < 1 << 63:
            raise ValueError
    except ValueError:
        raise GridmapError(Message("This page of the list cannot be read.")) from None
    return place


def _whole(name: str, least: int, most: int) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
        raise GridmapError(
            Message(
                "{name} must be a number from {low} to {high}.", name=name, low=least, high=most
            )
        )
    return int(text)
