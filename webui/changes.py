"""The feed of changes at /ogc/collections/<key>/changes, by which a partner keeps a copy equal."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, request

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange.change_cursor import Seal
from gridmap.exchange.changes import MOST, USUAL, read_changes
from webui.agencies.keys import current_grant, open_interface, told
from webui.database import reading
from webui.ogc.answers import GEOJSON, address, link, require_form
from webui.ogc.reading import refuse_unknown

blueprint = Blueprint("changes", __name__)


@blueprint.get("/ogc/collections/<key>/changes")
@open_interface
def show(key: str) -> Response:
    """Answer with the page after ``cursor``, or the first of a copy, of up to ``limit`` rows."""
    grant = current_grant()
    # Whoever was not granted a layer is not even told that its parameters are wrong.
    collection = grant.find(key)
    refuse_unknown(request.args, "cursor", "limit")
    require_form(request.args.get("f"), "json", "geojson")
    cursor, limit = request.args.get("cursor"), _limit(request.args.get("limit"))
    with reading() as connection:
        page = read_changes(connection, collection, grant, _seal(), cursor, limit)
    told(page.count)
    tail = {
        "deleted": page.deleted,
        "next": page.next,
        "more": page.more,
        "links": [
            link("self", _address(key, cursor, limit), GEOJSON),
            link("next", _address(key, page.next, limit), GEOJSON),
        ],
    }
    parts = (
        b'{"type":"FeatureCollection","features":[', page.features, b"],",
        json.dumps(tail).encode()[1:],
    )  # fmt: skip
    response = Response(b"".join(parts), content_type=GEOJSON)
    response.cache_control.no_store = True
    return response


def _seal() -> Seal:
    """Return what closes cursors, the same in all processes and after a restart."""
    return Seal(current_app.config["SECRET_KEY"])


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ParameterError(
            "limit", Message("The limit must lie between 1 and {most}.", most=MOST)
        )
    return int(text)


def _address(key: str, cursor: str | None, limit: int) -> str:
    return address(f"/collections/{key}/changes", cursor=cursor, limit=str(limit))
