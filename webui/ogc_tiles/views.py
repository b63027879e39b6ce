"""The addresses: tile matrix sets, tilesets, tiles and TileJSON."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection, text
from werkzeug.http import generate_etag

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange.collection_tiles import bounds_of, layer_of, make_collection_tile
from gridmap.exchange.periods import read_period
from gridmap.exchange.tiles import Tile
from webui.access import public
from webui.agencies.keys import current_grant, open_interface
from webui.caching import keep_private
from webui.database import reading
from webui.ogc.reading import refuse_unknown
from webui.ogc_tiles import documents, matrices
from webui.ogc_tiles.documents import JSON, MVT, Tileset

blueprint = Blueprint("ogc_tiles", __name__, url_prefix="/ogc")

# The licence of OpenStreetMap asks every map made of it to name its contributors.
_OSM = text("SELECT EXISTS (SELECT FROM import_run WHERE jsonb_exists(mapping, 'osm'))")
_ATTRIBUTION = "© OpenStreetMap contributors"
_OF_COLLECTION = f"/collections/<key>/tiles/{matrices.ID}"


@blueprint.get("/tileMatrixSets")
@public
def matrix_sets() -> Response:
    """List the tile matrix sets."""
    _check_parameters("json")
    return _answer(documents.matrix_sets())


@blueprint.get(f"/tileMatrixSets/{matrices.ID}")
@public
def matrix_set() -> Response:
    """Define the one tile matrix set."""
    _check_parameters("json")
    return _answer(matrices.definition())


@blueprint.get("/collections/<key>/tiles")
@open_interface
def tilesets(key: str) -> Response:
    """List the tilesets of a collection."""
    return _answer(documents.tilesets(_tileset(key)))


@blueprint.get(_OF_COLLECTION)
@open_interface
def tileset(key: str) -> Response:
    """Describe the tileset of a collection."""
    return _answer(_tileset(key).metadata())


@blueprint.get(f"{_OF_COLLECTION}/tilejson.json")
@open_interface
def tile_json(key: str) -> Response:
    """Describe the tileset as TileJSON 3.0.0; a ``datetime`` is handed on to its tiles."""
    return _answer(_tileset(key).tile_json())


@blueprint.get(f"{_OF_COLLECTION}/<int:z>/<int:row>/<int:col>")
@open_interface
def tile(key: str, z: int, row: int, col: int) -> Response:
    """Answer with a tile; ``datetime`` is the time of incidents or the day of cells.

    The order of OGC 20-057 is matrix, row, column.
    """
    _check_parameters("mvt", "datetime")
    period = read_period(request.args.get("datetime"))
    place = Tile(z, col, row)
    grant = current_grant()
    with reading() as connection:
        content = make_collection_tile(connection, grant.find(key), place, grant, period)
    return _response(content, MVT)


def _tileset(key: str) -> Tileset:
    _check_parameters("json", "datetime")
    asked = {"datetime": when} if (when := request.args.get("datetime")) is not None else {}
    read_period(when)
    grant = current_grant()
    collection = grant.find(key)
    layer = layer_of(collection, grant)
    with reading() as connection:
        bounds = bounds_of(connection, collection, grant)
        return Tileset(collection, grant, layer, bounds, _attribution(connection), asked)


def _attribution(connection: Connection) -> str | None:
    return _ATTRIBUTION if connection.execute(_OSM).scalar_one() else None


def _check_parameters(form: str, *names: str) -> None:
    """Refuse parameters that are not known, or given twice (as OGC 17-069r4, 7.6).

    Parameters
    ----------
    form : str
        The one value that ``f`` may have.
    *names : str
        Those known beside ``f`` and ``lang``.
    """
    refuse_unknown(request.args, *names)
    if request.args.get("f", form) != form:
        raise ParameterError("f", Message("The format here is {form}.", form=form))


def _answer(document: dict[str, Any]) -> Response:
    return _response(json.dumps(document, ensure_ascii=False).encode(), JSON)


def _response(content: bytes, kind: str) -> Response:
    """Answer with a tag of the content, which is asked about each time it is used again.

    So an edit is seen at once, and who has the newest content is spared the bytes.
    """
    response = Response(content, mimetype=kind)
    # The same address tells each key something else.
    keep_private(response, "Authorization, X-API-Key")
    response.set_etag(generate_etag(content))
    response.make_conditional(request)
    return response
