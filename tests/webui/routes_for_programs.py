"""The routes of the standard interfaces for other programs.

A person who may not export is given no layer by them: 404, as if there were none.
"""

from __future__ import annotations

from typing import Any

from tests.webui.route import OPEN, PUBLIC, Route, many

_KEYS = ("units", "cells", "buildings", "places", "roads", "ground", "incidents", "hotspots",
         "patrol_routes")  # fmt: skip
_OF = "/ogc/collections/{}"
_TILES = "/ogc/collections/{}/tiles/WebMercatorQuad"
_NOTHING = (404,)
#: What a person asks to write is refused, since writing needs a key.
_READ_ONLY = (403,)
_FEATURE: dict[str, Any] = {"type": "Feature", "properties": {}, "geometry": None}
_SINGLE = {"units": "unit", "cells": "cell", "buildings": "building", "places": "place",
           "incidents": "incident"}  # fmt: skip


def _of_each(rest: str) -> list[Route]:
    return many(OPEN, *(_OF.format(key) + rest for key in _KEYS), others=_NOTHING)


def _one(method: str) -> list[Route]:
    sent = None if method == "DELETE" else _FEATURE
    return [
        Route(OPEN, "/ogc/collections/incidents/items/{incident}", json=sent, own=_READ_ONLY,
              others=_NOTHING, foreign=_READ_ONLY)
    ]  # fmt: skip


FEATURES: dict[tuple[str, str], list[Route]] = {
    ("ogc.landing", "GET"): many(OPEN, "/ogc/"),
    ("ogc.conformance", "GET"): many(OPEN, "/ogc/conformance"),
    ("ogc.api", "GET"): many(OPEN, "/ogc/api"),
    ("ogc.guide", "GET"): many(OPEN, "/ogc/guide"),
    ("ogc.collections", "GET"): many(OPEN, "/ogc/collections"),
    ("ogc.collection", "GET"): _of_each(""),
    ("ogc.queryables", "GET"): _of_each("/queryables"),
    ("ogc.schema", "GET"): _of_each("/schema"),
    ("ogc.features", "GET"): [
        *_of_each("/items?limit=10000"), *_of_each("/items?limit=10000&f=csv"),
        *many(OPEN, "/ogc/collections/cells/items?code={cell_code}", others=_NOTHING),
    ],
    ("ogc.feature", "GET"): [
        Route(OPEN, f"/ogc/collections/{key}/items/{{{name}}}", others=_NOTHING, foreign=(404,))
        for key, name in _SINGLE.items()
    ],
    ("ogc_writing.create", "POST"): [
        Route(OPEN, "/ogc/collections/incidents/items", json=_FEATURE, own=_READ_ONLY,
              others=_NOTHING)
    ],
    ("ogc_writing.replace", "PUT"): _one("PUT"),
    ("ogc_writing.update", "PATCH"): _one("PATCH"),
    ("ogc_writing.delete", "DELETE"): _one("DELETE"),
    ("changes.show", "GET"): [
        *_of_each("/changes?limit=10000"),
        Route(OPEN, "/ogc/collections/nothing/changes", own=(404,)),
    ],
}  # fmt: skip

TILES: dict[tuple[str, str], list[Route]] = {
    ("ogc_tiles.matrix_sets", "GET"): [Route(PUBLIC, "/ogc/tileMatrixSets")],
    ("ogc_tiles.matrix_set", "GET"): [Route(PUBLIC, "/ogc/tileMatrixSets/WebMercatorQuad")],
    ("ogc_tiles.tilesets", "GET"): _of_each("/tiles"),
    ("ogc_tiles.tileset", "GET"): many(
        OPEN, *(_TILES.format(key) for key in _KEYS), others=_NOTHING
    ),
    ("ogc_tiles.tile_json", "GET"): many(
        OPEN, *(f"{_TILES.format(key)}/tilejson.json" for key in _KEYS), others=_NOTHING
    ),
    ("ogc_tiles.tile", "GET"): many(
        OPEN, *(f"{_TILES.format(key)}/{{matrix_16}}" for key in _KEYS), others=_NOTHING
    ),
}

#: A person may neither hand in nor follow requests here; keys do, in ``open311``.
OPEN311: dict[tuple[str, str], list[Route]] = {
    ("open311.discovery", "GET"): many(PUBLIC, "/open311/v2/discovery.json"),
    ("open311.services", "GET"): many(PUBLIC, "/open311/v2/services.xml"),
    ("open311.definition", "GET"): many(PUBLIC, "/open311/v2/services/x.json", own=(404,)),
    ("open311.listed", "GET"): many(
        OPEN, "/open311/v2/requests.json", own=_READ_ONLY, others=_NOTHING
    ),
    ("open311.single", "GET"): [
        Route(
            OPEN,
            "/open311/v2/requests/{case}.xml",
            own=_READ_ONLY,
            others=_NOTHING,
            foreign=_READ_ONLY,
        )
    ],
    ("open311.token", "GET"): [
        Route(
            OPEN,
            "/open311/v2/tokens/{case}.json",
            own=_READ_ONLY,
            others=_NOTHING,
            foreign=_READ_ONLY,
        )
    ],
    ("open311.hand_in", "POST"): [
        Route(
            OPEN,
            "/open311/v2/requests.json",
            form={"service_code": "x"},
            own=_READ_ONLY,
            others=_NOTHING,
        )
    ],
}

FOR_PROGRAMS = FEATURES | TILES | OPEN311
