"""The form for a report: its kind and area; the period is the last whole one unless it is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.incidents.statistics import clock
from gridmap.reports.documents.order import KINDS, Order
from gridmap.reports.documents.periods import last_whole
from gridmap.reports.documents.queries import cell_by_code
from gridmap.reports.documents.service import ask_report
from gridmap.territory.models import Cell
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.asking import day_of, id_of, optional_id
from webui.database import reading, writing
from webui.language import say
from webui.reports.blueprint import blueprint


@blueprint.get("/new")
@needs(Action.WRITE_REPORT)
def ask_new() -> ResponseReturnValue:
    """Ask for the kind and the area."""
    return _form(request.args, None)


@blueprint.post("/new")
@needs(Action.WRITE_REPORT)
def add() -> ResponseReturnValue:
    """Put a report into the queue, and lead to its page."""
    try:
        with writing() as session:
            actor = current_actor()
            report = ask_report(
                session, actor, read_order(session, actor), request.form.get("name", "")
            )
    except GridmapError as refused:
        if refused.status not in (400, 404, 409):
            raise
        field = refused.parameter if isinstance(refused, ParameterError) else ""
        return _form(request.form, say(refused.message), field), refused.status
    return redirect(url_for("reports.show", report_id=report.id))


def read_order(session: Session, actor: Actor) -> Order:
    """Read an order as the form sends it.

    Raises
    ------
    GridmapError
        If something is missing or cannot be read.
    """
    form = request.form
    kind = form.get("kind", "")
    if kind not in KINDS:
        raise ParameterError("kind", Message("Choose a kind of report."))
    first, last = last_whole(kind, clock(session.connection()).today)
    if form.get("first") or form.get("last"):
        first, last = day_of(form.get("first")), day_of(form.get("last"))
    cell = cell_by_code(session, actor, form.get("cell", "")) if kind == "cell_sheet" else None
    return Order(kind, unit_of(session, cell), first, last, cell)


def unit_of(session: Session, cell_id: int | None) -> int:
    """Return the community of a cell, or without one the unit that the form sends."""
    if cell_id is not None:
        return session.get_one(Cell, cell_id).community_id
    return id_of(request.form.get("unit"), _("Area covered"))


def _form(given: Mapping[str, Any], fault: str | None, field: str = "") -> str:
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        units = unit_choices(session, actor)
        today = clock(connection).today
        code = given.get("cell", "")
        cell_id = optional_id(given.get("cell_id"), _("Cell"))
        if cell_id is not None:
            cell = session.get(Cell, cell_id)
            code = cell.code if cell and actor.sees_unit(cell.community_id) else ""
    periods: dict[str, list[str]] = {
        kind: [day.isoformat() for day in last_whole(kind, today)] for kind in KINDS
    }
    chosen = given.get("kind", "")
    chosen = chosen if chosen in KINDS else "half_year"
    return render_template(
        "reports/new.html",
        units=units,
        kinds=KINDS,
        chosen=chosen,
        cell_code=code,
        periods=periods,
        first=given.get("first") or periods[chosen][0],
        last=given.get("last") or periods[chosen][1],
        today=today,
        given=given,
        fault=fault,
        field=field,
    )
