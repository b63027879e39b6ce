"""Days on which cadres are away, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from gridmap.errors import GridmapError
from gridmap.workforce.cadre_list import list_absence_rows
from gridmap.workforce.cadres import add_absence, list_cadres, remove_absence
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, id_of, optional_id
from webui.database import writing
from webui.language import say
from webui.staff.blueprint import blueprint


@blueprint.get("/absences")
@needs(Action.VIEW_WORKFORCE)
def absences() -> ResponseReturnValue:
    """List who is away or will be, and offer the form."""
    return _page(request.args)


@blueprint.post("/absences")
@needs(Action.ASSIGN)
def add_days() -> ResponseReturnValue:
    """Note an absence; the form's last day is the last one away."""
    form = request.form
    try:
        with writing() as session:
            add_absence(
                session,
                current_actor(),
                id_of(form.get("cadre"), gettext("Cadre")),
                day_of(form.get("first")),
                day_of(form.get("last")) + timedelta(days=1),
                substitute_id=optional_id(form.get("substitute"), gettext("Substitute")),
                note=form.get("note", "").strip()[:200],
            )
    except GridmapError as error:
        return _page(form, say(error.message)), error.status
    flash(gettext("Saved."), "done")
    return redirect(url_for("staff.absences"))


@blueprint.post("/absences/<int:absence_id>/remove")
@needs(Action.ASSIGN)
def remove_days(absence_id: int) -> ResponseReturnValue:
    """Remove an absence."""
    with writing() as session:
        remove_absence(session, current_actor(), absence_id)
    flash(gettext("The absence was removed."), "done")
    return redirect(url_for("staff.absences"))


def _page(known: Mapping[str, str], fault: str | None = None) -> str:
    actor = current_actor()
    with writing() as session:
        day = today(session)
        rows = list_absence_rows(session, actor, day)
        people = list_cadres(session, actor) if actor.may(Action.ASSIGN) else []
    return render_template(
        "staff/absences.html", rows=rows, people=people, known=known, today=day, fault=fault
    )
