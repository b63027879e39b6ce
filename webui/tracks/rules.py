"""The settings of tracks."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.patrols.tracks.rules import BOUNDS, change_settings, patrol_settings
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.language import say
from webui.shifts.rules import whole
from webui.tracks.blueprint import blueprint


@blueprint.get("/settings")
@needs(Action.MANAGE_SETTINGS)
def settings() -> ResponseReturnValue:
    """Show the settings."""
    with writing() as session:
        row = patrol_settings(session)
    return _page({name: str(getattr(row, name)) for name in BOUNDS})


@blueprint.post("/settings")
@needs(Action.MANAGE_SETTINGS)
def save_settings() -> ResponseReturnValue:
    """Change the settings; what was typed is kept when something is wrong."""
    try:
        values = {name: whole(request.form.get(name)) for name in BOUNDS}
        with writing() as session:
            change_settings(session, current_actor(), values)
    except GridmapError as refused:
        return _page(request.form, say(refused.message)), refused.status
    flash(_("Saved."), "done")
    return redirect(url_for("tracks.settings"))


def _page(known: Mapping[str, str], fault: str | None = None) -> str:
    return render_template("tracks/settings.html", known=known, bounds=BOUNDS, fault=fault)
