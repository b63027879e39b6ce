"""The settings of shifts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.shifts.rules import BOUNDS, change_settings, shift_settings
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import writing
from webui.language import say
from webui.shifts.blueprint import blueprint


@blueprint.get("/settings")
@needs(Action.MANAGE_SETTINGS)
def settings() -> ResponseReturnValue:
    """Show the settings."""
    with writing() as session:
        row = shift_settings(session)
    known = {name: str(getattr(row, name)) for name in BOUNDS}
    known |= {name: f"{getattr(row, name):%H:%M}" for name in ("night_begins", "night_ends")}
    return _page(known)


@blueprint.post("/settings")
@needs(Action.MANAGE_SETTINGS)
def save_settings() -> ResponseReturnValue:
    """Change the settings; what was typed is kept when something is wrong."""
    form = request.form
    try:
        with writing() as session:
            change_settings(
                session,
                current_actor(),
                rest_hours=whole(form.get("rest_hours")),
                late_minutes=whole(form.get("late_minutes")),
                window_minutes=whole(form.get("window_minutes")),
                night_begins=hour(form.get("night_begins")),
                night_ends=hour(form.get("night_ends")),
            )
    except GridmapError as refused:
        return _page(form, say(refused.message)), refused.status
    flash(_("Saved."), "done")
    return redirect(url_for("shifts.settings"))


def whole(value: str | None) -> int:
    """Read a whole number; raises `GridmapError`."""
    if not value or not value.isdecimal() or len(value) > 6:
        raise GridmapError(
            Message("{value} is not a whole number from 0 to 999999.", value=value or "")
        )
    return int(value)


def hour(value: str | None) -> time:
    """Read an hour as a time field sends it; raises `GridmapError`."""
    try:
        return time.fromisoformat(value or "").replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise GridmapError(
            Message("{value} is no hour. Write it as 08:00.", value=value or "")
        ) from None


def _page(known: Mapping[str, str], fault: str | None = None) -> str:
    return render_template("shifts/settings.html", known=known, bounds=BOUNDS, fault=fault)
