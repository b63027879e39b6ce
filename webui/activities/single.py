"""One activity: what was done, its notices and photos; and deleting it."""

from __future__ import annotations

from contextlib import suppress

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.cases.photos import photo_path
from gridmap.reports.activities.queries import get_activity, parts
from gridmap.reports.activities.service import (
    delete,
    find_changeable,
    find_photo,
    may_change,
    remove_photo,
)
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, may_open, needs
from webui.activities.blueprint import blueprint
from webui.activities.choices import known_id
from webui.asking import id_of
from webui.cases.photos import folder
from webui.database import writing

_KEPT_S = 24 * 3600


@blueprint.get("/<int:activity_id>")
@needs(Action.RECORD_ACTIVITY)
def show(activity_id: int) -> ResponseReturnValue:
    """Show an activity of the reader's area."""
    return page_of(activity_id)


def page_of(activity_id: int, fault: str | None = None) -> str:
    """Render an activity, with what is wrong with the last thing that was sent."""
    actor = current_actor()
    with writing() as session:
        row = get_activity(session, actor, known_id(activity_id))
        notices, photos = parts(session, activity_id)
        now = today(session)
    return render_template(
        "activities/activity.html",
        row=row,
        notices=notices,
        photos=photos,
        today=now,
        may_change=may_change(actor, row),
        cell_url=url_for("cell_page.show", cell_id=row.cell_id)
        if row.cell_id and may_open("cell_page.show")
        else None,
        fault=fault,
        form=request.form,
    )


@blueprint.post("/<int:activity_id>/delete")
@needs(Action.RECORD_ACTIVITY)
def delete_it(activity_id: int) -> ResponseReturnValue:
    """Delete an activity, once that is confirmed."""
    actor, version = current_actor(), id_of(request.form.get("version"), _("Version"))
    if request.form.get("sure") != "1":
        with writing() as session:
            find_changeable(session, actor, known_id(activity_id), version)
            row = get_activity(session, actor, activity_id)
        return render_template("activities/delete.html", row=row)
    with writing() as session:
        photos = delete(session, actor, known_id(activity_id), version)
    for name in photos:
        _remove_files(name)
    flash(_("The activity is deleted."), "done")
    return redirect(url_for("activities.index"))


@blueprint.get("/<int:activity_id>/photos/<int:photo>")
@needs(Action.RECORD_ACTIVITY)
def photo(activity_id: int, photo: int) -> ResponseReturnValue:
    """Send a photo, or with ``small`` its thumbnail."""
    with writing() as session:
        found = find_photo(session, current_actor(), known_id(activity_id), known_id(photo))
    path = photo_path(folder(), found.name, thumbnail="small" in request.args)
    if not path.is_file():
        raise NotFoundError(Message("There is no such photo."))
    # A photo never changes, but who is signed in at this browser may.
    answer = send_file(path, mimetype="image/jpeg", max_age=_KEPT_S)
    answer.cache_control.private = True
    answer.cache_control.public = False
    return answer


@blueprint.post("/<int:activity_id>/photos/<int:photo>/remove")
@needs(Action.RECORD_ACTIVITY)
def drop_photo(activity_id: int, photo: int) -> ResponseReturnValue:
    """Remove a photo, with its files."""
    with writing() as session:
        name = remove_photo(session, current_actor(), known_id(activity_id), known_id(photo))
    _remove_files(name)
    flash(_("The photo is removed."), "done")
    return redirect(url_for("activities.show", activity_id=activity_id))


def _remove_files(name: str) -> None:
    """Remove a photo's files; nobody can reach one that stays behind, for nothing names it."""
    for thumbnail in (False, True):
        with suppress(OSError):
            photo_path(folder(), name, thumbnail=thumbnail).unlink()
