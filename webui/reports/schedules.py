"""Reports that are made by themselves after each period."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.documents import scheduling
from gridmap.reports.documents.order import KINDS
from gridmap.reports.documents.periods import EVERY
from gridmap.reports.documents.queries import cell_by_code
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.language import say
from webui.reports.blueprint import blueprint
from webui.reports.new import unit_of


@blueprint.get("/schedules")
@needs(Action.WRITE_REPORT)
def schedules() -> ResponseReturnValue:
    """Show what is made by itself, and offer to add to it."""
    return _page(None)


@blueprint.post("/schedules")
@needs(Action.WRITE_REPORT)
def add_schedule() -> ResponseReturnValue:
    """Have a report made by itself from now on."""
    kind, code = request.form.get("kind", ""), request.form.get("cell", "")
    try:
        with writing() as session:
            actor = current_actor()
            if kind not in KINDS:
                raise ParameterError("kind", Message("Choose a kind of report."))
            cell = cell_by_code(session, actor, code) if kind == "cell_sheet" else None
            scheduling.schedule_report(session, actor, kind, unit_of(session, cell), cell)
    except GridmapError as refused:
        if refused.status not in (400, 404, 409):
            raise
        return _page(say(refused.message)), refused.status
    flash(_("The report is scheduled: it is made about each period when it is over."), "done")
    return redirect(url_for("reports.schedules"))


@blueprint.post("/schedules/<int:schedule_id>/delete")
@needs(Action.WRITE_REPORT)
def delete_schedule(schedule_id: int) -> ResponseReturnValue:
    """No longer make a report by itself."""
    with writing() as session:
        scheduling.unschedule_report(session, current_actor(), schedule_id)
    flash(_("It is scheduled no longer. The reports that were made stay."), "done")
    return redirect(url_for("reports.schedules"))


def _page(fault: str | None) -> str:
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        rows = scheduling.schedules(session, actor)
        units = unit_choices(session, actor)
    return render_template(
        "reports/schedules.html",
        rows=rows,
        units=units,
        kinds=KINDS,
        every=EVERY,
        given=request.form,
        fault=fault,
        may_remove=lambda row: row.owner_id == actor.user_id or actor.may(Action.MANAGE_REPORTS),
    )
