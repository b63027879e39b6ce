"""The records behind the numbers: incidents, and cells without a cadre."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.area import find_area
from gridmap.exchange.building_page import find_building
from gridmap.exchange.narrowed import name_narrowing
from gridmap.incidents.near import NEAR_M
from gridmap.incidents.records import PAGE, count_records, find_records
from gridmap.incidents.statistics import Question, Span, clock
from gridmap.territory.queries import ancestors
from gridmap.workforce.cell_list import find_cell
from gridmap.workforce.responsibility import uncovered
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.dashboard import words
from webui.dashboard.narrowing import read_against, read_narrowing, said, whole, without_units
from webui.dashboard.state import blueprint, days_of, helpers, query_of, read_period
from webui.database import reading
from webui.language import say


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
    """List the incidents behind a number of the dashboard or of a report."""
    actor = current_actor()
    wanted, against = read_narrowing(), read_against()
    cell = whole("cell", 0, (1 << 63) - 1)
    with reading() as connection, Session(connection) as session:
        now = clock(session.connection())
        area = find_area(session, actor, request.args.get("unit"), now.today)
        period = read_period(now)
        building = None
        if wanted.building is not None:
            building = find_building(session, actor, wanted.building)
        within = None if cell is None else find_cell(session, actor, cell)
        question = Question(area.scope, period.span, now.zone, _cells(session, cell))
        of = name_narrowing(session, actor, wanted, without_units())
        rows = find_records(connection, question, of.narrowing, _place())
        number = count_records(connection, question, of.narrowing)
        other = None
        if against is not None:
            other = count_records(connection, replace(question, span=against), of.narrowing)
    page = rows[:PAGE]
    following = None
    if len(rows) > PAGE:
        following = _again(after=f"{page[-1].occurred_at.isoformat()},{page[-1].id}")
    return render_template(
        "dashboard/records.html",
        area=area,
        period=period,
        rows=page,
        number=number,
        against=against,
        other=other,
        others=None if against is None else _again(**days_of(against), **_NO_COMPARISON),
        difference=None if against is None else say(_difference(number, other or 0, against)),
        following=following,
        started="after" in request.args,
        newest=_again(after=None),
        narrowing=of.narrowing,
        said=said(of),
        within=within,
        near=building,
        near_m=NEAR_M,
        **helpers(area, period, query_of(period), now),
    )


def _difference(number: int, other: int, against: Span) -> Message:
    """Say how many more or fewer there are than in the days compared with."""
    days = Message("{first} to {last}", first=against.first, last=against.last)
    return words.change(number, other, days)


_NO_COMPARISON = {"against_from": None, "against_to": None, "on": None, "after": None}


def _again(**changed: object) -> str:
    """Return this page's address with other values; None leaves a name out."""
    given: dict[str, object] = {**request.args.to_dict(flat=False), **changed}
    given.pop("lang", None)
    return url_for("dashboard.records", **given)  # type: ignore[arg-type]


def _cells(session: Session, cell: int | None) -> tuple[int, ...] | None:
    """Return a cell, with those it was made from if they are asked for."""
    if cell is None:
        return None
    return cell, *(ancestors(session, cell) if request.args.get("former") == "1" else ())


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
