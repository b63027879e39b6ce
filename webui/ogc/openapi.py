"""The description of the interface in OpenAPI 3.0 (OGC API Features Part 1, 9.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.exchange.collections import Collection
from gridmap.exchange.features import MOST, USUAL, queryables
from gridmap.exchange.grant import Grant
from gridmap.exchange.privacy import published
from gridmap.exchange.systems import System
from webui.language import say
from webui.ogc.answers import GEOJSON, HTML, JSON, address
from webui.ogc.documents import property_schema
from webui.ogc.forms import FORMS

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
        "servers": [{"url": address("").rstrip("/")}],
        "security": [{"header": []}, {"bearer": []}, {"query": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "key"},
            },
            "schemas": _SCHEMAS,
            "responses": _faults(),
        },
    }


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
        "406": _("The answer has no such form"),
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
        base: {"get": _read(title, f"describe-{key}") | _also("404")},
        f"{base}/queryables": {"get": _read(
            _("What can be filtered by"), f"queryables-{key}", "application/schema+json")},
        f"{base}/schema": {"get": _read(
            _("The fields"), f"schema-{key}", "application/schema+json")},
        f"{base}/items": {"get": {
            "summary": title,
            "operationId": f"list-{key}",
            "parameters": [*_list(collection, grant, offered), crs, wanted, moment,
                           _form(*FORMS), _language()],
            "responses": answers(_geojson("features"), "400", "404"),
        }},
        f"{base}/items/{{featureId}}": {"get": {
            "summary": title,
            "operationId": f"get-{key}",
            "parameters": [feature_id, crs, wanted, moment, _form(), _language()],
            "responses": answers(one, "400", "404"),
        }},
    }  # fmt: skip
    return found


def _also(*faults: str) -> Part:
    content = {"content": {JSON: {"schema": {"type": "object"}}}}
    return {"responses": answers(content, "400", *faults)}


def _geojson(name: str) -> Part:
    return {
        "content": {
            GEOJSON: {"schema": {"$ref": f"#/components/schemas/{name}"}},
            HTML: {"schema": {"type": "string"}},
        }
    }


def _list(collection: Collection, grant: Grant, offered: Iterable[str]) -> list[Part]:
    testable = queryables(collection, grant)
    system = {"type": "string", "format": "uri", "enum": list(offered)}
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    whole = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    return [
        parameter("limit", whole),
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
