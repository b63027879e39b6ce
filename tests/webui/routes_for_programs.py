"""The routes of the standard interfaces for other programs."""

from __future__ import annotations

from gridmap.workforce.rights import Action
from tests.webui.route import PUBLIC, Route, many

_TILES = "/ogc/collections/{}/tiles/WebMercatorQuad"
_KEYS = ("units", "cells", "buildings", "places", "roads", "ground", "incidents")

FOR_PROGRAMS: dict[tuple[str, str], list[Route]] = {
    ("ogc_tiles.matrix_sets", "GET"): [Route(PUBLIC, "/ogc/tileMatrixSets")],
    ("ogc_tiles.matrix_set", "GET"): [Route(PUBLIC, "/ogc/tileMatrixSets/WebMercatorQuad")],
    ("ogc_tiles.tilesets", "GET"): many(
        Action.EXPORT, *(f"/ogc/collections/{key}/tiles" for key in _KEYS)
    ),
    ("ogc_tiles.tileset", "GET"): many(Action.EXPORT, *(_TILES.format(key) for key in _KEYS)),
    ("ogc_tiles.tile_json", "GET"): many(
        Action.EXPORT, *(f"{_TILES.format(key)}/tilejson.json" for key in _KEYS)
    ),
    ("ogc_tiles.tile", "GET"): many(
        Action.EXPORT, *(f"{_TILES.format(key)}/{{matrix_16}}" for key in _KEYS)
    ),
}
