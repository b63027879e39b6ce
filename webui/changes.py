"""The feed of changes at /ogc/collections/<key>/changes, by which a partner keeps a copy equal."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request, url_for

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.changes import MOST, USUAL, read_changes
from gridmap.exchange.collections import find_collection
from gridmap.workforce.rights import Action
from webui.access import needs
from webui.database import reading
from webui.reader import current_grant

blueprint = Blueprint("changes", __name__)


@blueprint.get("/ogc/collections/<key>/changes")
@needs(Action.EXPORT)
def show(key: str) -> Response:
    """Answer with the page after ``cursor``, or the first of a copy, of up to ``limit`` rows."""
    for name in request.args:
        if name not in ("cursor", "limit"):
            raise GridmapError(Message("There is no parameter {name} here.", name=name))
    collection, grant = find_collection(key), current_grant()
    # Whoever was not granted a layer is not even told that its parameters are wrong.
    grant.of(collection)
    cursor, limit = request.args.get("cursor"), _limit(request.args.get("limit"))
    with reading() as connection:
        page = read_changes(connection, collection, grant, cursor, limit)
    tail = {
        "deleted": page.deleted,
        "next": page.next,
        "more": page.more,
        "links": [
            _link("self", _address(key, cursor, limit)),
            _link("next", _address(key, page.next, limit)),
        ],
    }
    parts = (
        b'{"type":"FeatureCollection","features":[', page.features, b"],",
        json.dumps(tail).encode()[1:],
    )  # fmt: skip
    response = Response(b"".join(parts), mimetype="application/geo+json")
    response.cache_control.no_store = True
    return response


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise GridmapError(Message("The limit must lie between 1 and {most}.", most=MOST))
    return int(text)


def _address(key: str, cursor: str | None, limit: int) -> str:
    return url_for(".show", key=key, cursor=cursor, limit=limit, _external=True)


def _link(relation: str, address: str) -> dict[str, str]:
    return {"rel": relation, "type": "application/geo+json", "href": address}
