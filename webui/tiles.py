"""Vector tiles at /tiles/<layers>/<z>/<x>/<y>.mvt, several layers in one request."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.http import generate_etag

from gridmap.exchange.filters import read_day, read_filter
from gridmap.exchange.layers import find_layers
from gridmap.exchange.tiles import Tile, make_tile
from gridmap.workforce.rights import Action
from webui.access import needs
from webui.database import current_scope, reading

blueprint = Blueprint("tiles", __name__)

#: Seconds for which a browser need not ask again; afterwards the tag spares it the bytes.
FRESH_S = 60


@blueprint.get("/tiles/<layers>/<int:z>/<int:x>/<int:y>.mvt")
@needs(Action.VIEW_MAP)
def tile(layers: str, z: int, x: int, y: int) -> Response:
    """Answer with a tile: incidents by ``from``, ``to`` and ``category``, cells by ``as_of``."""
    wanted, place, choice = find_layers(layers), Tile(z, x, y), read_filter(request.args)
    as_of = read_day(request.args.get("as_of"))
    with reading() as connection:
        content = make_tile(connection, wanted, place, choice, current_scope(), as_of)
    response = Response(content, mimetype="application/vnd.mapbox-vector-tile")
    response.cache_control.private = True
    response.cache_control.max_age = FRESH_S
    response.set_etag(generate_etag(content), weak=True)
    response.make_conditional(request)
    return response
