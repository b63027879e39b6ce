"""What the addresses of tiles tell of themselves: lists, metadata and TileJSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from gridmap.exchange.collection_tiles import counted
from gridmap.exchange.collections import Collection
from gridmap.exchange.grant import Grant
from gridmap.exchange.layer import Layer
from gridmap.exchange.privacy import published
from gridmap.exchange.tiles import MAX_ZOOM
from webui.agencies.keys import handed_on
from webui.language import say
from webui.ogc_tiles import matrices

MVT = "application/vnd.mapbox-vector-tile"
JSON = "application/json"
TILE_JSON_VERSION = "3.0.0"
_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
#: TileJSON 3.0.0, 3.3.2: what a field holds, in the words customary there.
_WORDS = {"integer": "Number", "number": "Number", "boolean": "Boolean"}
#: As JSON Schema writes the types that are texts of a format.
_FORMATS = {"date", "date-time"}


@dataclass(frozen=True)
class Tileset:
    """The tiles of a collection, as one reader is given them.

    Parameters
    ----------
    collection : Collection
    grant : Grant
    layer : Layer
        Tells the first zoom.
    bounds : list of float or None
        Where there is anything.
    attribution : str or None
    asked : mapping
        What the address asked and the addresses of tiles ask likewise.
    """

    collection: Collection
    grant: Grant
    layer: Layer
    bounds: list[float] | None
    attribution: str | None
    asked: dict[str, str]

    @property
    def template(self) -> str:
        """Return the address of tiles; the words in braces are the standard's own."""
        return self._tile("{tileMatrix}/{tileRow}/{tileCol}")

    def tile_json(self) -> dict[str, Any]:
        """Return the document of TileJSON 3.0.0."""
        document = {
            "tilejson": TILE_JSON_VERSION,
            "name": say(self.collection.title),
            "description": say(self.collection.description),
            "version": "1.0.0",
            "scheme": "xyz",
            # The standard's order is row, then column: y before x.
            "tiles": [self._tile("{z}/{y}/{x}")],
            "minzoom": self.layer.min_zoom,
            "maxzoom": MAX_ZOOM,
            "vector_layers": [
                {
                    "id": self.collection.key,
                    "description": say(self.collection.title),
                    "minzoom": self.layer.min_zoom,
                    "maxzoom": MAX_ZOOM,
                    "fields": {
                        name: _WORDS.get(str(told["type"]), "String")
                        for name, told in self._properties().items()
                    },
                }
            ],
        }
        if self.bounds is not None:
            document["bounds"] = self.bounds
        if self.attribution:
            document["attribution"] = self.attribution
        return document

    def summary(self) -> dict[str, Any]:
        """Return the entry of a list of tilesets (OGC 20-057, "Tilesets list")."""
        one = _address("ogc_tiles.tileset", key=self.collection.key)
        return {
            "title": say(self.collection.title),
            "dataType": "vector",
            "crs": matrices.CRS,
            "tileMatrixSetURI": matrices.URI,
            "links": [_link("self", one, JSON), self._scheme(), *self._items()],
        }

    def metadata(self) -> dict[str, Any]:
        """Return the description of the tileset (OGC 17-083r4, "Tileset metadata")."""
        document = {
            **self.summary(),
            "description": say(self.collection.description),
            "layers": [self._layer()],
        }
        if self.attribution:
            document["attribution"] = self.attribution
        if self.bounds is not None:
            document["tileMatrixSetLimits"] = matrices.limits(
                self.bounds, self.layer.min_zoom, MAX_ZOOM
            )
            document["boundingBox"] = self._box(self.bounds)
        return document

    def _layer(self) -> dict[str, Any]:
        return {
            "id": self.collection.key,
            "title": say(self.collection.title),
            "dataType": "vector",
            "minTileMatrix": str(self.layer.min_zoom),
            "maxTileMatrix": str(MAX_ZOOM),
            "propertiesSchema": {"type": "object", "properties": self._properties()},
        }

    def _box(self, bounds: list[float]) -> dict[str, Any]:
        return {"lowerLeft": bounds[:2], "upperRight": bounds[2:], "crs": matrices.CRS84}

    def _properties(self) -> dict[str, dict[str, str]]:
        told = {}
        for column in published(self.collection, self.grant).columns:
            kind = {"type": "string", "format": column.type}
            told[column.name] = {
                "title": say(column.title),
                **(kind if column.type in _FORMATS else {"type": column.type}),
            }
        if counted(self.collection, self.grant):
            told["n"] = {"title": say("Incidents"), "type": "integer"}
        return told

    def _items(self) -> list[dict[str, Any]]:
        tile_json = _address("ogc_tiles.tile_json", key=self.collection.key, **self.asked)
        return [
            {**_link("item", self.template, MVT), "templated": True},
            _link("describedby", tile_json, JSON),
        ]

    def _scheme(self) -> dict[str, str]:
        return _link(_SCHEME, _address("ogc_tiles.matrix_set"), JSON)

    def _tile(self, place: str) -> str:
        # The braces must reach the reader as they are.
        address = _address(
            "ogc_tiles.tile", key=self.collection.key, z=0, row=0, col=0, **self.asked
        )
        return address.replace("/0/0/0", f"/{place}", 1)


def matrix_sets() -> dict[str, Any]:
    """Return the list of tile matrix sets, of which there is one."""
    address = _address("ogc_tiles.matrix_set")
    one = {"id": matrices.ID, "title": matrices.TITLE, "uri": matrices.URI, "crs": matrices.CRS}
    return {"tileMatrixSets": [{**one, "links": [_link("self", address, JSON)]}]}


def tilesets(one: Tileset) -> dict[str, Any]:
    """Return the list of a collection's tilesets, of which there is one."""
    here = _address("ogc_tiles.tilesets", key=one.collection.key)
    return {"links": [_link("self", here, JSON)], "tilesets": [one.summary()]}


def _address(endpoint: str, **values: Any) -> str:
    """Return an absolute address, with the reader's key if that came in the address."""
    found = url_for(endpoint, _external=True, **values)
    key = urlencode(handed_on())
    return f"{found}{'&' if '?' in found else '?'}{key}" if key else found


def _link(rel: str, href: str, kind: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": kind}
