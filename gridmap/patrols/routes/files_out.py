"""Routes as files: GPX 1.1 and GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from geoalchemy2.shape import to_shape

from gridmap.patrols.models import PatrolRoute, PatrolStop
from gridmap.patrols.routes.drafts import PLACES
from gridmap.patrols.routes.versions import stop_state

_GPX = "http://www.topografix.com/GPX/1/1"
_SCHEMA = f"{_GPX} {_GPX}/gpx.xsd"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"


def gpx_of(route: PatrolRoute, stops: Sequence[PatrolStop], made: datetime) -> bytes:
    """Return a route as GPX 1.1: its line as a track, its stops as waypoints.

    A track and not a GPX route, since devices work out the way between the points of a route anew.

    Parameters
    ----------
    made : datetime
        When the file is made, in UTC.
    """
    root = Element("gpx", {"xmlns": _GPX, "version": "1.1", "creator": "gridmap", _XSI: _SCHEMA})
    metadata = SubElement(root, "metadata")
    _texts(metadata, name=route.name, desc=route.notes)
    SubElement(metadata, "time").text = f"{made:%Y-%m-%dT%H:%M:%SZ}"
    for stop in stops:
        ((lon, lat),) = to_shape(stop.geom).coords
        mark = SubElement(root, "wpt", {"lat": _degrees(lat), "lon": _degrees(lon)})
        _texts(mark, name=stop.name or str(stop.position), desc=_told(stop), type=stop.kind)
    track = SubElement(root, "trk")
    _texts(track, name=route.name, desc=route.notes, type=route.mode)
    segment = SubElement(track, "trkseg")
    for lon, lat in to_shape(route.geom).coords:
        SubElement(segment, "trkpt", {"lat": _degrees(lat), "lon": _degrees(lon)})
    content: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


def geojson_of(route: PatrolRoute, stops: Sequence[PatrolStop]) -> bytes:
    """Return a route as GeoJSON (RFC 7946): its line, then its stops as points."""
    line = {
        "type": "Feature",
        "id": route.id,
        "geometry": {"type": "LineString", "coordinates": _rounded(to_shape(route.geom).coords)},
        "properties": {
            "name": route.name, "kind": route.kind, "mode": route.mode, "notes": route.notes,
            "length_m": round(route.length_m), "moving_s": round(route.moving_s),
            "dwell_s": round(route.dwell_s), "version": route.version,
        },
    }  # fmt: skip
    features: list[dict[str, Any]] = [line]
    for stop in stops:
        told = stop_state(stop)
        at = _rounded([(told.pop("lon"), told.pop("lat"))])[0]
        told.pop("id")
        features.append({
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": at},
            "properties": {"position": stop.position, **told},
        })  # fmt: skip
    content = {"type": "FeatureCollection", "features": features}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _told(stop: PatrolStop) -> str:
    told = [f"{stop.dwell_min} min"]
    if stop.opens or stop.closes:
        told.append("–".join(f"{hour:%H:%M}" if hour else "" for hour in (stop.opens, stop.closes)))
    if stop.must:
        told.append("!")
    return " ".join(told)


def _texts(parent: Element, **texts: str) -> None:
    """Add elements with text in the order that the schema asks for; empty ones are left out."""
    for name, words in texts.items():
        if words:
            # XML 1.0, 2.2: control characters are no characters of a document.
            SubElement(parent, name).text = "".join(
                each for each in words if each >= " " or each in "\t\n\r"
            )


def _degrees(value: float) -> str:
    return f"{value:.{PLACES}f}"


def _rounded(coordinates: Any) -> list[list[float]]:
    return [[round(lon, PLACES), round(lat, PLACES)] for lon, lat, *_ in coordinates]
