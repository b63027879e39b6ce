"""What is done with a route beside drawing: copy, archive, restore, bring a version back."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.patrols.routes import service
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import id_of
from webui.database import writing
from webui.language import say
from webui.patrols.blueprint import blueprint


@blueprint.post("/<int:route_id>/copy")
@needs(Action.PLAN_PATROLS)
def copy(route_id: int) -> ResponseReturnValue:
    """Make another route with the same line and stops, and show it."""
    with writing() as session:
        made = service.copy_route(session, current_actor(), route_id, request.form.get("name", ""))
    flash(_("This is the copy."), "done")
    return redirect(url_for("patrols.edit", route_id=made.id))


@blueprint.post("/<int:route_id>/archive")
@needs(Action.PLAN_PATROLS)
def archive(route_id: int) -> ResponseReturnValue:
    """Take a route out of use, or back into it."""
    away = request.form.get("archived") != "0"
    with writing() as session:
        act = service.archive_route if away else service.restore_route
        act(session, current_actor(), route_id)
    flash(
        _("The route is in the archive: it is planned no longer, and nothing of it is lost.")
        if away
        else _("The route is in use again."),
        "done",
    )
    return redirect(url_for("patrols.show", route_id=route_id))


@blueprint.post("/<int:route_id>/versions/<int:number>/restore")
@needs(Action.PLAN_PATROLS)
def bring_back(route_id: int, number: int) -> ResponseReturnValue:
    """Save a former version as the next one."""
    try:
        with writing() as session:
            seen = id_of(request.form.get("version"), _("Version"))
            service.bring_back(session, current_actor(), route_id, number, seen)
    except GridmapError as refused:
        if refused.status not in (400, 409):
            raise
        flash(say(refused.message), "fault")
        return redirect(url_for("patrols.version", route_id=route_id, number=number))
    flash(_("Version %(number)s is saved as the newest one.", number=number), "done")
    return redirect(url_for("patrols.show", route_id=route_id))
