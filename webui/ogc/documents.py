"""The documents of OGC API Features: what there is, and how it can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Connection

from geodata.messages import N_, Message
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.grant import Grant
from gridmap.exchange.privacy import published
from gridmap.exchange.systems import CRS84, System
from gridmap.exchange.visible import extent, queryables
from webui.language import say
from webui.ogc.answers import GEOJSON, HTML, JSON, Link, address, link, root, self_links
from webui.ogc.examples import EXAMPLES
from webui.ogc_tiles import CONFORMS_TO as TILES_CONFORM_TO

_F1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_F3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_F4 = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf"
_CQL = "http://www.opengis.net/spec/cql2/1.0/conf"
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    f"{_F1}/core", f"{_F1}/geojson", f"{_F1}/html", f"{_F1}/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    f"{_F3}/queryables", f"{_F3}/queryables-query-parameters", f"{_F3}/filter",
    f"{_F3}/features-filter",
    f"{_F4}/create-replace-delete", f"{_F4}/update", f"{_F4}/features",
    f"{_F4}/optimistic-locking-etags",
    f"{_CQL}/cql2-text", f"{_CQL}/cql2-json", f"{_CQL}/basic-cql2",
    f"{_CQL}/advanced-comparison-operators", f"{_CQL}/case-insensitive-comparison",
    f"{_CQL}/basic-spatial-functions", f"{_CQL}/basic-spatial-functions-plus",
    f"{_CQL}/spatial-functions", f"{_CQL}/temporal-functions", f"{_CQL}/property-property",
    f"{_CQL}/arithmetic",
    *TILES_CONFORM_TO,
)  # fmt: skip
_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def landing() -> dict[str, Any]:
    """Return the first document (Part 1, 7.2)."""
    return {
        "title": _("Grid platform"),
        "description": _(
            "Units, cells, buildings, places, roads and incidents of the town, as far as your key "
            "reaches."
        ),
        "links": [
            *self_links("/"),
            link("service-desc", address("/api"), "application/vnd.oai.openapi+json;version=3.0",
                 _("Description of the interface")),
            link("service-doc", address("/api", f="html"), HTML, _("Description of the interface")),
            link("help", address("/guide"), HTML, _("Guide for partners")),
            link("conformance", address("/conformance"), JSON, _("Standards that are kept")),
            link("data", address("/collections"), JSON, _("Collections")),
            link("http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
                 address("/tileMatrixSets"), JSON, _("Tile matrix sets")),
        ],
    }  # fmt: skip


def conformance() -> dict[str, Any]:
    """Return which parts of the standards are kept (Part 1, 7.4)."""
    return {"conformsTo": list(CONFORMANCE), "links": self_links("/conformance")}


def collections(connection: Connection, grant: Grant, offered: dict[str, System]) -> dict[str, Any]:
    """Return the collections of a reader (Part 1, 7.13)."""
    places = extent(connection, grant)
    return {
        "links": self_links("/collections"),
        "collections": [describe(one, grant, offered, places) for one in grant.collections()],
        "crs": list(offered),
    }


def describe(
    collection: Collection, grant: Grant, offered: dict[str, System], places: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the description of a collection (Part 1, 7.14; Part 2, 6.2).

    Parameters
    ----------
    collection : Collection
    grant : Grant
    offered : dict of str to System
    places : mapping
        From `gridmap.exchange.visible.extent`.
    """
    grant.of(collection)
    path = f"/collections/{collection.key}"
    title = say(Message(collection.title))
    return {
        "id": collection.key,
        "title": title,
        "description": say(Message(collection.description)),
        "itemType": "feature",
        "extent": {"spatial": {**places, "crs": CRS84.uri}} if places else {},
        "crs": list(offered),
        "storageCrs": CRS84.uri,
        "links": [*self_links(path), *_ways(path, title)],
    }


def _ways(path: str, title: str) -> list[Link]:
    rel = "http://www.opengis.net/def/rel/ogc/1.0"
    return [
        link("items", address(f"{path}/items"), GEOJSON, title),
        link("items", address(f"{path}/items", f="html"), HTML, title),
        link(f"{rel}/queryables", address(f"{path}/queryables"), "application/schema+json",
             _("What can be filtered by")),
        link(f"{rel}/schema", address(f"{path}/schema"), "application/schema+json",
             _("The fields")),
        link(f"{rel}/tilesets-vector", address(f"{path}/tiles"), JSON, _("Vector tiles")),
        link(f"{rel}/changes", address(f"{path}/changes"), GEOJSON, _("Changes")),
    ]  # fmt: skip


def schema(collection: Collection, grant: Grant) -> dict[str, Any]:
    """Return the JSON Schema of the fields that a reader is told."""
    shown = published(collection, grant)
    return _schema(shown, "schema", shown.columns)


def filterable(collection: Collection, grant: Grant) -> dict[str, Any]:
    """Return the JSON Schema of what can be filtered by (Part 3, 6.2)."""
    columns = tuple(queryables(collection, grant).values())
    return _schema(published(collection, grant), "queryables", columns) | {
        "additionalProperties": False
    }


def _schema(collection: Collection, name: str, columns: tuple[Column, ...]) -> dict[str, Any]:
    shape = "any" if collection.shape == "Unknown" else collection.shape.lower()
    return {
        "$schema": _SCHEMA,
        "$id": f"{root()}/collections/{collection.key}/{name}",
        "type": "object",
        "title": say(Message(collection.title)),
        "description": say(Message(collection.description)),
        "properties": {
            "geometry": {"format": f"geometry-{shape}", "x-ogc-role": "primary-geometry"},
            **{column.name: property_schema(column) for column in columns},
        },
    }


def property_schema(column: Column) -> dict[str, Any]:
    """Return the JSON Schema of a field."""
    told: dict[str, Any] = {"title": say(Message(column.title))}
    if column.type in {"date", "date-time"}:
        return told | {"type": "string", "format": column.type}
    return told | {"type": column.type}


def guide(grant: Grant) -> dict[str, Any]:
    """Return what the guide for partners shows: collections, examples and parameters."""
    base = root()
    return {
        "address": base,
        "collections": [
            {
                "key": one.key,
                "title": say(Message(one.title)),
                "description": say(Message(one.description)),
                "schema": schema(one, grant),
            }
            for one in grant.collections()
        ],
        "ways": [(say(Message(what)), f"{base}{path}") for what, path in _WAYS]
        + [
            (say(Message(what)), url_for(endpoint, _external=True, **values))
            for what, endpoint, values in _ELSEWHERE
        ],
        "examples": [
            {"title": say(Message(one.title)), "text": one.filled(base, "gm_...")}
            for one in EXAMPLES
        ],
        "parameters": [(name, say(Message(meaning)), shown) for name, meaning, shown in _ASKED],
    }


#: Beside lists of features: below /ogc, and elsewhere.
_WAYS = (
    (N_("A layer as vector tiles (TileJSON 3)"),
     "/collections/{collection}/tiles/WebMercatorQuad/tilejson.json"),
    (N_("What has changed since a cursor, to keep a copy equal"),
     "/collections/{collection}/changes"),
)  # fmt: skip
_ELSEWHERE: tuple[tuple[str, str, dict[str, str]], ...] = (
    (N_("The newest signed package of all that the key may be given"),
     "packages.fetch_latest", {}),
    (N_("Requests of citizens, handed in and followed (Open311 GeoReport v2)"),
     "open311.discovery", {"kind": "json"}),
)  # fmt: skip
_ASKED = (
    ("limit", N_("How many features a page holds, up to 10,000."), "limit=1000"),
    ("bbox", N_("A box: west, south, east, north."), "bbox=117.0,28.2,117.1,28.3"),
    ("datetime", N_("A time or a span; for cells, the day whose outlines are wanted."),
     "datetime=2026-01-01/2026-03-31"),
    ("filter", N_("A condition in CQL2, as text or, with filter-lang=cql2-json, as JSON."),
     "filter=kind = 'school' AND name LIKE '%小学'"),
    ("sortby", N_("Fields to sort by; a minus turns the order."), "sortby=-occurred_at"),
    ("properties", N_("Only these fields."), "properties=code,name"),
    ("crs", N_("The coordinate system of the answer."),
     "crs=http://www.opengis.net/def/crs/EPSG/0/4490"),
    ("f", N_("The form: json, html, csv, gpkg, fgb, or GeoJSON in gcj02 or bd09."), "f=gpkg"),
)  # fmt: skip
