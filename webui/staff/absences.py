"""Days on which cadres are away, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Row
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.workforce.cadre_list import Rows, cadres_below, list_absence_rows, list_units
from gridmap.workforce.cadres import add_absence, get_cadre, list_cadres, remove_absence
from gridmap.workforce.cell_list import today
from gridmap.workforce.models import Cadre
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.asking import day_of, id_of, optional_id
from webui.database import writing
from webui.language import say
from webui.staff.blueprint import blueprint

#: More cadres than a list to choose from can hold; their unit is chosen first.
MOST = 500


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
        people, units, unit = _people(session, actor, known)
    return render_template(
        "staff/absences.html",
        rows=rows,
        people=people,
        units=units,
        unit=unit,
        known=known,
        today=day,
        fault=fault,
    )


def _people(
    session: Session, actor: Actor, known: Mapping[str, str]
) -> tuple[Sequence[Cadre | Row[Any]], Rows, int | None]:
    """Return the cadres to choose from; where they are too many, the units to choose from first."""
    if not actor.may(Action.ASSIGN):
        return [], [], None
    everybody = list_cadres(session, actor, limit=MOST + 1)
    if len(everybody) <= MOST:
        return everybody, [], None
    units = list_units(session, actor)
    given = known.get("unit", "")
    unit = next((row.id for row in units if str(row.id) == given), None)
    person = known.get("cadre", "")
    if unit is None and person:
        unit = get_cadre(session, actor, id_of(person, gettext("Cadre"))).unit_id
    return [] if unit is None else cadres_below(session, actor, unit), units, unit
