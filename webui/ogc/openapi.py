"""The description of the interface in OpenAPI 3.0 (OGC API Features Part 1, 9.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.exchange.collections import Collection
from gridmap.exchange.features import MOST, USUAL
from gridmap.exchange.grant import Grant
from gridmap.exchange.privacy import published
from gridmap.exchange.systems import System
from gridmap.exchange.visible import queryables
from webui.language import say
from webui.ogc.answers import GEOJSON, HTML, JSON, root
from webui.ogc.documents import property_schema
from webui.ogc.forms import FORMS, Form
from webui.ogc_tiles.documents import MVT

_SCHEMA = "application/schema+json"
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.0"
Part = dict[str, Any]


def describe(grant: Grant, offered: dict[str, System]) -> Part:
    """Return the description of what a reader may ask.

    Parameters
    ----------
    grant : Grant
    offered : dict of str to System
        The coordinate systems.
    """
    paths: Part = {
        "/": {"get": _read(_("What there is"), "landing")},
        "/conformance": {"get": _read(_("Standards that are kept"), "conformance")},
        "/api": {"get": _read(_("This description"), "api", MEDIA_TYPE)},
        "/collections": {"get": _read(_("Collections"), "collections")},
    }
    for one in grant.collections():
        paths |= _paths(one, grant, offered)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": _("Grid platform"),
            "version": "1.0.0",
            "description": _("OGC API Features and Tiles. A key goes into the header X-API-Key."),
        },
        "servers": [{"url": root()}],
        "security": [{"header": []}, {"bearer": []}, {"query": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "key"},
            },
            # QGIS looks for the greatest page here, and asks for a hundred features where it finds
            # none: a large layer would use up the requests of a minute.
            "parameters": {"limit": parameter("limit", {"type": "integer", "minimum": 1,
                                                        "maximum": MOST, "default": USUAL})},
            "schemas": _SCHEMAS,
            "responses": _faults(),
        },
    }  # fmt: skip


_SCHEMAS: Part = {
    "problem": {
        "type": "object",
        "required": ["status", "title", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "parameter": {"type": "string"},
        },
    },
    "feature": {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer"},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "nullable": True},
        },
    },
    "features": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
            "links": {"type": "array", "items": {"type": "object"}},
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberReturned": {"type": "integer", "minimum": 0},
            "numberMatched": {"type": "integer", "minimum": 0},
        },
    },
}


def _faults() -> Part:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
    told = {
        "400": _("A parameter is wrong"),
        "401": _("The key is missing or no longer valid"),
        "403": _("The key does not allow this"),
        "404": _("There is no such thing, or not for this key"),
        "409": _("The agency has sent this number before, or a case refers to it"),
        "410": _("The cursor holds no longer"),
        "412": _("The feature was changed meanwhile"),
        "415": _("What was sent has a form that is not read"),
        "428": _("If-Match is missing"),
        "429": _("Too many requests"),
        "503": _("The question took too long"),
    }
    return {status: {"description": text, "content": content} for status, text in told.items()}


def answers(content: Part, *faults: str, status: str = "200", says: str = "") -> Part:
    """Return the answers of an operation."""
    refs = {
        one: {"$ref": f"#/components/responses/{one}"} for one in ("401", "429", "503", *faults)
    }
    return {status: {"description": says or _("The answer"), **content}, **refs}


def parameter(name: str, schema: Part, place: str = "query", says: str = "") -> Part:
    """Return the description of a parameter."""
    told = {"name": name, "in": place, "required": place == "path", "schema": schema}
    # A list in one parameter is written with commas (Part 1, Req 22).
    listed = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return told | listed | ({"description": says} if says else {})


def _form(*names: str) -> Part:
    return parameter("f", {"type": "string", "enum": ["json", "html", *names]})


def _read(title: str, name: str, kind: str = JSON) -> Part:
    content = {"content": {kind: {"schema": {"type": "object"}},
                           HTML: {"schema": {"type": "string"}}}}  # fmt: skip
    return {
        "summary": title,
        "operationId": name,
        "parameters": [_form(), _language()],
        "responses": answers(content, "400"),
    }


def _language() -> Part:
    return parameter("lang", {"type": "string", "enum": ["zh", "en"]})


def _paths(collection: Collection, grant: Grant, offered: Iterable[str]) -> Part:
    key, title = collection.key, say(Message(collection.title))
    base = f"/collections/{key}"
    crs = parameter("crs", {"type": "string", "format": "uri", "enum": list(offered)})
    wanted = parameter("properties", {"type": "array", "items": {"type": "string", "enum": [
        column.name for column in published(collection, grant).columns]}})  # fmt: skip
    moment = parameter("datetime", {"type": "string"}, says=_(
        "A time or an interval of RFC 3339; .. is open."))  # fmt: skip
    feature_id = parameter("featureId", {"type": "integer", "minimum": 1}, "path")
    one = _geojson("feature")
    found: Part = {
        base: {"get": _read(title, f"describe-{key}")},
        f"{base}/queryables": {"get": _read(
            _("What can be filtered by"), f"queryables-{key}", _SCHEMA)},
        f"{base}/schema": {"get": _read(_("The fields"), f"schema-{key}", _SCHEMA)},
        f"{base}/items": {"get": {
            "summary": title,
            "operationId": f"list-{key}",
            "parameters": [*_list(collection, grant, offered), crs, wanted, moment,
                           _form(*FORMS), _language()],
            "responses": answers(_geojson("features", *FORMS.values()), "400", "404"),
        }},
        f"{base}/items/{{featureId}}": {"get": {
            "summary": title,
            "operationId": f"get-{key}",
            "parameters": [feature_id, crs, wanted, moment, _form(), _language()],
            "responses": answers(one, "400", "404"),
        }},
    }  # fmt: skip
    found |= _ways(collection)
    if grant.of(collection).write:
        _add_writes(found, collection, feature_id)
    return found


def _ways(collection: Collection) -> Part:
    """Describe the feed of changes and the tiles of a collection."""
    key, base = collection.key, f"/collections/{collection.key}"
    whole = {"type": "integer", "minimum": 1, "maximum": MOST}
    place = [parameter(name, {"type": "integer", "minimum": 0}, "path")
             for name in ("tileMatrix", "tileRow", "tileCol")]  # fmt: skip
    moment = parameter("datetime", {"type": "string"})
    changes = {
        "summary": _("Changes"),
        "operationId": f"changes-{key}",
        "parameters": [parameter("cursor", {"type": "string"}), parameter("limit", whole)],
        "responses": answers(_geojson("features"), "400", "403", "404", "410"),
    }
    tile = {
        "summary": _("Vector tiles"),
        "operationId": f"tile-{key}",
        "parameters": [*place, moment],
        "responses": answers({"content": {MVT: _BINARY}}, "400", "404"),
    }
    described = {
        "summary": _("Vector tiles"),
        "operationId": f"tilejson-{key}",
        "parameters": [moment],
        "responses": answers({"content": {JSON: {"schema": {"type": "object"}}}}, "400", "404"),
    }
    tiles = f"{base}/tiles/WebMercatorQuad"
    return {
        f"{base}/changes": {"get": changes},
        f"{tiles}/tilejson.json": {"get": described},
        f"{tiles}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": {"get": tile},
    }


def _add_writes(found: Part, collection: Collection, feature_id: Part) -> None:
    """Describe how features are added, changed and deleted (Part 4)."""
    key, base = collection.key, f"/collections/{collection.key}/items"
    state = parameter("If-Match", {"type": "string"}, "header")
    sent = {GEOJSON: {"schema": {"$ref": "#/components/schemas/feature"}}}
    patch = {"application/merge-patch+json": {"schema": {"type": "object"}}}
    faults = ("400", "403", "404", "409", "412", "415", "428")
    changed = answers(_geojson("feature"), *faults)
    found[base]["post"] = {
        "summary": _("Add a feature"),
        "operationId": f"add-{key}",
        "requestBody": {"required": True, "content": sent},
        "responses": answers({}, *faults, status="201"),
    }
    for method, title, content in (
        ("put", _("Replace a feature"), sent),
        ("patch", _("Change a feature"), patch),
        ("delete", _("Delete a feature"), None),
    ):
        body = {"requestBody": {"required": True, "content": content}} if content else {}
        found[f"{base}/{{featureId}}"][method] = {
            "summary": title,
            "operationId": f"{method}-{key}",
            "parameters": [feature_id, state],
            "responses": changed if content else answers({}, *faults, status="204"),
            **body,
        }


def _geojson(name: str, *forms: Form) -> Part:
    files = {form.kind.partition(";")[0]: _BINARY for form in forms}
    described = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return {"content": files | {GEOJSON: described, HTML: {"schema": {"type": "string"}}}}


def _list(collection: Collection, grant: Grant, offered: Iterable[str]) -> list[Part]:
    testable = queryables(collection, grant)
    system = {"type": "string", "format": "uri", "enum": list(offered)}
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    return [
        {"$ref": "#/components/parameters/limit"},
        parameter("cursor", {"type": "string"}, says=_("From the link to the next page.")),
        parameter("bbox", numbers),
        parameter("bbox-crs", system),
        parameter("filter", {"type": "string"}, says=_("A condition in CQL2.")),
        parameter("filter-lang", {"type": "string", "enum": ["cql2-text", "cql2-json"]}),
        parameter("filter-crs", system),
        parameter("sortby", {"type": "array", "items": {"type": "string", "enum": [
            f"{sign}{name}" for name in testable for sign in ("", "-")]}}),
        *(parameter(name, {key: value for key, value in property_schema(column).items()
                           if key != "title"}, says=say(Message(column.title)))
          for name, column in testable.items()),
    ]  # fmt: skip
