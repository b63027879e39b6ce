"""The weights with their versions."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.reports.evaluation.models import EvaluationWeights
from gridmap.reports.evaluation.scoring import Part
from gridmap.reports.evaluation.weights import (
    MOST_FEW,
    MOST_HOURS,
    MOST_WEIGHT,
    current,
    find_weights,
    parts_of,
    save_weights,
    scorable,
    versions,
)
from gridmap.reports.measures import MEASURES
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.evaluation.blueprint import blueprint
from webui.language import say
from webui.shifts.rules import whole


@blueprint.get("/weights")
@needs(Action.VIEW_DASHBOARD)
def weights() -> ResponseReturnValue:
    """Show the newest version to change it, or an older one to read it."""
    given = request.args.get("version", "")
    with writing() as session:
        newest = current(session)
        number = int(given) if given.isdecimal() and len(given) < 10 else newest.id
        shown = find_weights(session, number)
    return _page(_known(shown), number)


@blueprint.post("/weights")
@needs(Action.MANAGE_SETTINGS)
def save() -> ResponseReturnValue:
    """Make a new version; what was typed is kept when something is wrong."""
    form = request.form
    try:
        parts = {}
        for key in scorable():
            weight = whole(form.get(f"weight-{key}") or "0")
            if weight:
                timed = MEASURES[key].unit == "h"
                parts[key] = Part(weight, whole(form.get(f"bound-{key}")) if timed else None)
        with writing() as session:
            before = current(session).id
            made = save_weights(
                session, current_actor(), parts, whole(form.get("few")), form.get("note", ""),
                seen=whole(form.get("version")),
            )  # fmt: skip
    except GridmapError as refused:
        if refused.status not in (400, 409):
            raise
        return _page(form, None, say(refused.message)), refused.status
    if made.id == before:
        flash(_("Nothing was changed."), "done")
    else:
        flash(_("Version {number} holds from now on.").format(number=made.id), "done")
    return redirect(url_for("evaluation.weights"))


def _known(version: EvaluationWeights) -> dict[str, str]:
    known = {"few": str(version.few)}
    for key, part in parts_of(version).items():
        known[f"weight-{key}"] = str(part.weight)
        known[f"bound-{key}"] = "" if part.bound is None else str(part.bound)
    return known


def _page(known: Mapping[str, str], number: int | None, fault: str | None = None) -> str:
    with writing() as session:
        listed = versions(session)
    return render_template(
        "evaluation/weights.html",
        known=known,
        keys=scorable(),
        listed=listed,
        number=number,
        newest=listed[0].id,
        fault=fault,
        bounds={"weight": MOST_WEIGHT, "hours": MOST_HOURS, "few": MOST_FEW},
        may_manage=current_actor().may(Action.MANAGE_SETTINGS),
    )
