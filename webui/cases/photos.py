"""Photos: read from a form, and sent to those who may see their case."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, request, send_file
from flask.typing import ResponseReturnValue

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.cases.photos import find_photo, photo_path
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.cases.blueprint import blueprint
from webui.database import writing

_KEPT_S = 24 * 3600


def folder() -> Path:
    """Return where photos lie, outside the web root."""
    found: Path = current_app.extensions["gridmap.photos"]
    return found


def sent_photos() -> list[bytes]:
    """Return the photos of the present form; a field left empty is none."""
    return [file.read() for file in request.files.getlist("photos") if file.filename]


@blueprint.get("/cases/<int:case>/photos/<int:photo>")
@needs(Action.VIEW_MAP)
def photo(case: int, photo: int) -> ResponseReturnValue:
    """Send a photo, or with ``small`` its thumbnail."""
    with writing() as session:
        found = find_photo(session, current_actor(), *_ids(case, photo))
    path = photo_path(folder(), found.name, thumbnail="small" in request.args)
    if not path.is_file():
        raise NotFoundError(Message("There is no such photo."))
    # A photo never changes, but who is signed in at this browser may.
    answer = send_file(path, mimetype="image/jpeg", max_age=_KEPT_S)
    answer.cache_control.private = True
    answer.cache_control.public = False
    return answer


def _ids(case: int, photo: int) -> tuple[int, int]:
    if max(case, photo) >= 1 << 63:
        raise NotFoundError(Message("There is no such photo."))
    return case, photo
