"""Incidents written by keys: POST, PUT, PATCH and DELETE (OGC API Features Part 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import shapely
from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.http import generate_etag, parse_etags

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.exchange.collections import INCIDENTS
from gridmap.exchange.edits import (
    Entry,
    add_incident,
    change_incident,
    delete_incident,
    own_incident,
    read_entry,
)
from gridmap.exchange.features import Query, find_feature
from gridmap.exchange.grant import Grant
from gridmap.exchange.systems import CRS84
from gridmap.workforce.rights import Actor, Role
from webui.agencies.keys import current_grant, open_interface
from webui.database import writing
from webui.ogc.answers import GEOJSON, READING, address
from webui.ogc.reading import refuse_unknown

blueprint = Blueprint("ogc_writing", __name__, url_prefix="/ogc/collections")
_FEATURE_KINDS = {GEOJSON, "application/json"}
#: By these a feature says that its coordinates are others (GeoJSON of 2008, and our own files in
#: GCJ-02 and BD-09); they must not be stored as if they were WGS 84.
_SYSTEMS = {"crs", "coordinate_system"}
_PATCH_KINDS = {"application/merge-patch+json", *_FEATURE_KINDS}


@blueprint.post("/<key>/items")
@open_interface
def create(key: str) -> Response:
    """Add a feature (Part 4, 6.3)."""
    grant = _may_write(key)
    entry = _entry(_body(_FEATURE_KINDS))
    with writing() as session:
        number = add_incident(session, _actor(grant), grant, entry)
    response = Response(status=201)
    response.headers["Location"] = address(f"/collections/{key}/items/{number}")
    return response


@blueprint.put("/<key>/items/<int:feature_id>")
@open_interface
def replace(key: str, feature_id: int) -> Response:
    """Replace a feature (Part 4, 6.4)."""
    grant = _may_write(key)
    entry = _entry(_body(_FEATURE_KINDS))
    with writing() as session:
        _require_state(session, grant, feature_id)
        change_incident(session, _actor(grant), grant, feature_id, entry)
        return _tagged(session, grant, feature_id)


@blueprint.patch("/<key>/items/<int:feature_id>")
@open_interface
def update(key: str, feature_id: int) -> Response:
    """Change a part of a feature (Part 4, 7; RFC 7396)."""
    grant = _may_write(key)
    patch = _body(_PATCH_KINDS)
    with writing() as session:
        _require_state(session, grant, feature_id)
        # Of what is stored, for a key may write what it is not told.
        row = own_incident(session, grant, feature_id)
        stored = {
            "category": row.category,
            "occurred_at": row.occurred_at.isoformat(),
            "ended_at": None if row.ended_at is None else row.ended_at.isoformat(),
            "external_id": row.external_id,
        }
        point = {"type": "Point", "coordinates": [row.lon, row.lat]}
        changed = {
            "type": patch.get("type", "Feature"),
            "geometry": patch.get("geometry", point),
            "properties": stored | _dictionary(patch.get("properties", {})),
            **{name: patch[name] for name in _SYSTEMS & patch.keys()},
        }
        change_incident(session, _actor(grant), grant, feature_id, _entry(changed))
        return _tagged(session, grant, feature_id)


@blueprint.delete("/<key>/items/<int:feature_id>")
@open_interface
def delete(key: str, feature_id: int) -> Response:
    """Delete a feature (Part 4, 6.5)."""
    grant = _may_write(key)
    with writing() as session:
        _require_state(session, grant, feature_id)
        delete_incident(session, _actor(grant), grant, feature_id)
    return Response(status=204)


def tag_of(feature: bytes) -> str:
    """Return the entity tag of a feature as it is told without parameters."""
    return generate_etag(feature)


def _may_write(key: str) -> Grant:
    """Return the present reader's grant, if it allows writes to the collection."""
    refuse_unknown(request.args)
    grant = current_grant()
    collection = grant.find(key)
    if collection is not INCIDENTS:
        raise MethodNotAllowed(valid_methods=READING)
    grant.require_write(collection)
    if request.headers.get("Content-Crs", f"<{CRS84.uri}>").strip("<> ") != CRS84.uri:
        raise ParameterError("Content-Crs", Message("Send coordinates in CRS84: longitude first."))
    return grant


def _actor(grant: Grant) -> Actor:
    """Return whom the audit log names: the key, which has no role among the users."""
    return Actor(None, grant.name, Role.CADRE, grant.scope, grant.units,
                 address=request.remote_addr)  # fmt: skip


def _require_state(session: Session, grant: Grant, feature_id: int) -> bytes:
    """Refuse a write by somebody who has not seen the present state (Part 4, 8.5).

    The row is locked first, so that the state stays as it is seen here.
    """
    own_incident(session, grant, feature_id)
    feature = find_feature(session.connection(), INCIDENTS, grant, feature_id, Query())
    given = request.headers.get("If-Match")
    if given is None:
        abort(428)
    if not parse_etags(given).contains(tag_of(feature)):
        abort(412)
    return feature


def _tagged(session: Session, grant: Grant, feature_id: int) -> Response:
    session.flush()
    feature = find_feature(session.connection(), INCIDENTS, grant, feature_id, Query())
    response = Response(feature, content_type=GEOJSON)
    response.set_etag(tag_of(feature))
    # As wherever features are told (Part 2, Req 16).
    response.headers["Content-Crs"] = f"<{CRS84.uri}>"
    return response


def _body(kinds: set[str]) -> dict[str, Any]:
    if request.mimetype not in kinds:
        abort(415)
    try:
        content = json.loads(request.get_data())
        # Half a character of two, which no text of the database may hold.
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise GridmapError(Message("What was sent is no JSON.")) from None
    return _dictionary(content)


def _dictionary(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise GridmapError(Message("What was sent is no GeoJSON feature."))
    return content


def _entry(feature: Mapping[str, Any]) -> Entry:
    """Read a feature with a point (RFC 7946)."""
    properties = feature.get("properties")
    if feature.get("type") != "Feature" or not isinstance(properties, dict):
        raise GridmapError(Message("What was sent is no GeoJSON feature."))
    for name in _SYSTEMS & feature.keys():
        raise ParameterError(name, Message("Send coordinates in CRS84: longitude first."))
    shape = feature.get("geometry")
    try:
        point = shapely.from_geojson(json.dumps(shape))
        if not isinstance(point, shapely.Point) or point.is_empty:
            raise ValueError
        lon, lat = point.x, point.y
    except (ValueError, shapely.errors.GEOSException):
        raise GridmapError(
            Message("geometry: an incident needs a point, longitude before latitude.")
        ) from None
    return read_entry(properties, lon, lat)
