"""Saved views: keep the present filters under a name, and forget them again."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.incidents.cases.views import remove_view, save_view
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.cases.blueprint import blueprint
from webui.cases.choices import query_of, read_choice
from webui.database import writing


@blueprint.post("/cases/views")
@needs(Action.VIEW_MAP)
def keep_view() -> ResponseReturnValue:
    """Save the filters of the address under ``name``."""
    choice = read_choice(request.args)
    with writing() as session:
        save_view(session, current_actor(), request.form.get("name", ""), choice.wanted)
    flash(_("The view is saved."), "done")
    return redirect(url_for("cases.index", **query_of(choice.wanted, choice.sort)))


@blueprint.post("/cases/views/<int:view>/remove")
@needs(Action.VIEW_MAP)
def drop_view(view: int) -> ResponseReturnValue:
    """Forget one of one's own views."""
    with writing() as session:
        remove_view(session, current_actor(), view)
    flash(_("The view is removed."), "done")
    return redirect(url_for("cases.index"))
