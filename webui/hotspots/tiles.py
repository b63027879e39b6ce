"""Tiles of what a run found: its shapes as vectors, its surface as pictures."""

from __future__ import annotations

from io import BytesIO

from flask import Response, request
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.http import generate_etag

from gridmap.exchange.tiles import Tile
from gridmap.hotspots.queries import drawn_tile, find_run, find_surface
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading
from webui.hotspots.blueprint import blueprint
from webui.hotspots.words import PALETTES

#: At closer looks the map enlarges surfaces: no bandwidth is so narrow that more would show.
SURFACE_ZOOM = 17
#: Seconds for which a browser need not ask again; the address changes when the run is made anew.
_FRESH_S = 3600


@blueprint.get("/<int:run_id>/<int:z>/<int:x>/<int:y>.mvt")
@needs(Action.ANALYSE)
def shapes(run_id: int, z: int, x: int, y: int) -> Response:
    """Answer with the shapes that are drawn and not listed, for those who may see the run."""
    tile = Tile(z, x, y)
    with reading() as connection, Session(connection) as session:
        find_run(session, current_actor(), run_id)
        content = drawn_tile(connection, run_id, tile.z, tile.x, tile.y)
    return _kept(content, "application/vnd.mapbox-vector-tile")


@blueprint.get("/<int:run_id>/<int:z>/<int:x>/<int:y>.png")
@needs(Action.ANALYSE)
def surface(run_id: int, z: int, x: int, y: int) -> Response:
    """Answer with a picture of the surface, for those who may see the run."""
    # The libraries of analyses are loaded where they are needed alone.
    from gridmap.hotspots.surfaces import tile_steps

    tile = Tile(z, x, y)
    with reading() as connection, Session(connection) as session:
        find_run(session, current_actor(), run_id)
        found = find_surface(session, run_id)
        session.expunge(found)
    picture = Image.fromarray(tile_steps(found, tile.z, tile.x, tile.y), "P")
    colours = ["#000000", *PALETTES[found.palette]]
    picture.putpalette(bytes.fromhex("".join(colour[1:] for colour in colours)))
    out = BytesIO()
    picture.save(out, "PNG", transparency=0)
    return _kept(out.getvalue(), "image/png")


def _kept(content: bytes, mimetype: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.cache_control.private = True
    response.cache_control.max_age = _FRESH_S
    response.set_etag(generate_etag(content), weak=True)
    response.make_conditional(request)
    return response
