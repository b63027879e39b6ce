"""Giving everything that a cadre holds to others from a day on."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from gridmap.errors import GridmapError
from gridmap.workforce import assignments
from gridmap.workforce.assignment_undo import undo
from gridmap.workforce.cadres import get_cadre
from gridmap.workforce.cell_list import cadres_near, today
from gridmap.workforce.responsibility import held_cells, versions
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, id_of, optional_id
from webui.assignments.blueprint import blueprint
from webui.assignments.shared import BANDS, ROLES, loads
from webui.database import writing
from webui.language import say


@blueprint.get("/handover/<int:cadre_id>")
@needs(Action.ASSIGN)
def handover_form(cadre_id: int) -> ResponseReturnValue:
    """Show what the cadre holds, and ask for successors."""
    return _form(cadre_id)


@blueprint.post("/handover/<int:cadre_id>")
@needs(Action.ASSIGN)
def hand_over(cadre_id: int) -> ResponseReturnValue:
    """Hand over; what was typed is kept when it cannot be done."""
    try:
        day = day_of(request.form.get("from"))
        default = optional_id(request.form.get("to"), gettext("Successor"))
        chosen: dict[int, int] = {}
        expected: dict[int, int] = {}
        for cell in request.form.getlist("cell"):
            cell_id = id_of(cell, gettext("Cell"))
            own = optional_id(request.form.get(f"to-{cell_id}"), gettext("Successor")) or default
            if own is not None:
                chosen[cell_id] = own
            expected[cell_id] = int(request.form.get(f"version-{cell_id}", "0") or 0)
        with writing() as session:
            act = assignments.hand_over(
                session, current_actor(), cadre_id, chosen, day, expected=expected
            )
    except GridmapError as error:
        return _form(cadre_id, say(error.message)), error.status
    if act is None:
        flash(gettext("The cadre holds no cells; nothing was changed."), "done")
    else:
        flash(gettext("The cells were handed over."), "done")
    return redirect(url_for("staff.show", cadre_id=cadre_id, handed=act))


@blueprint.post("/handover/<int:cadre_id>/undo")
@needs(Action.ASSIGN)
def undo_handover(cadre_id: int) -> ResponseReturnValue:
    """Take back the person's last act of this day, and go back to the cadre."""
    with writing() as session:
        undo(session, current_actor())
    flash(gettext("The last act was taken back."), "done")
    return redirect(url_for("staff.show", cadre_id=cadre_id))


def _form(cadre_id: int, fault: str | None = None) -> str:
    actor = current_actor()
    with writing() as session:
        cadre = get_cadre(session, actor, cadre_id)
        day = today(session)
        held = held_cells(session, actor, cadre_id, day)
        seen = versions(session, actor, [row.cell_id for row in held])
        # The whole county's would be more than anybody looks through.
        choice = set(cadres_near(session, actor, cadre_id, day)) - {cadre_id}
        others = list(loads(session, actor, day, choice))
    others.sort(key=lambda load: load.unit_id != cadre.unit_id)
    cells: dict[int, dict[str, Any]] = {}
    for row in held:
        cell = cells.setdefault(
            row.cell_id,
            {"id": row.cell_id, "code": row.code, "name": row.cell_name,
             "version": seen.get(row.cell_id, 0), "roles": []},
        )  # fmt: skip
        cell["roles"].append(ROLES[row.role])
    return render_template(
        "assignments/handover.html",
        cadre=cadre,
        cells=list(cells.values()),
        others=others,
        near=[load for load in others if load.unit_id == cadre.unit_id],
        bands=BANDS,
        day=request.form.get("from") or day.isoformat(),
        fault=fault,
    )
