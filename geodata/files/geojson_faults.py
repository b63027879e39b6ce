"""What exactly is wrong with a GeoJSON geometry that GEOS refuses, and the safe repairs."""

from __future__ import annotations

import json
from typing import Any

import shapely

from geodata.messages import N_
from geodata.problems import Problems, Severity

# How many lists lie around the positions of each type.
_DEPTH = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}


class Faults:
    """Faults of single features, gathered by kind."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str, Severity], list[tuple[int, str]]] = {}

    def add(
        self, row: int, code: str, template: str, value: str = "", severity: Severity = "error"
    ) -> None:
        """Note a fault of a row."""
        self._kinds.setdefault((code, template, severity), []).append((row, value))

    def tell(self, problems: Problems) -> None:
        """Hand everything over to the problems of the file."""
        for (code, template, severity), found in self._kinds.items():
            problems.add_many(
                code,
                template,
                [row for row, _ in found],
                field="geometry" if code.startswith(("geometry", "ring", "position")) else None,
                values=[value for _, value in found],
                severity=severity,
            )


class _FaultError(Exception):
    """Carries the sentence for the first fault found in a geometry."""

    def __init__(self, template: str, value: str) -> None:
        super().__init__(template)
        self.template = template
        self.value = value


def mended(member: Any, row: int, faults: Faults) -> shapely.Geometry | None:
    """Return the geometry where a safe repair makes it readable, else None and a fault.

    Safe are: closing a ring whose last position differs from its first, and dropping what a
    position has beyond longitude, latitude and height.

    Parameters
    ----------
    member : object
        The value of the member ``geometry``, not None.
    row : int
        The feature's number.
    faults : Faults
        Where the fault or the repair is noted.
    """
    repairs: set[str] = set()
    try:
        sound = _geometry(member, repairs)
        shape: shapely.Geometry = shapely.force_2d(shapely.from_geojson(json.dumps(sound)))
    except _FaultError as fault:
        faults.add(row, "geometry-broken", fault.template, fault.value)
        return None
    except shapely.GEOSException as error:
        faults.add(
            row,
            "geometry-broken",
            N_("row {row}: the geometry cannot be built: {value}"),
            str(error),
        )
        return None
    if "ring" in repairs:
        faults.add(
            row,
            "ring-closed",
            N_("row {row}: the ring of the polygon was not closed and has been closed"),
            severity="repaired",
        )
    if "position" in repairs:
        faults.add(
            row,
            "position-cut",
            N_("row {row}: only longitude and latitude are used of positions with more numbers"),
            severity="repaired",
        )
    return shape


def _geometry(member: Any, repairs: set[str]) -> dict[str, Any]:
    """Check one geometry from the outside in."""
    if not isinstance(member, dict):
        raise _FaultError(N_("row {row}: the geometry is not an object"), "")
    if "type" not in member:
        raise _FaultError(N_("row {row}: the geometry has no type"), "")
    kind = member["type"]
    if kind == "GeometryCollection":
        parts = member.get("geometries")
        if not isinstance(parts, list):
            raise _FaultError(N_("row {row}: the collection has no list of geometries"), kind)
        return {"type": kind, "geometries": [_geometry(part, repairs) for part in parts]}
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise _FaultError(N_("row {row}: there is no geometry type {value}"), str(kind)[:60])
    if "coordinates" not in member:
        raise _FaultError(N_("row {row}: the {value} has no coordinates"), kind)
    return {
        "type": kind,
        "coordinates": _coordinates(member["coordinates"], _DEPTH[kind], kind, repairs),
    }


def _coordinates(value: Any, depth: int, kind: str, repairs: set[str]) -> list[Any]:
    """Check the lists around the positions and how many positions there are."""
    if not isinstance(value, list):
        raise _FaultError(
            N_("row {row}: the coordinates of the {value} are nested too shallowly"), kind
        )
    if depth == 0:
        return _position(value, kind, repairs)
    inner = [_coordinates(part, depth - 1, kind, repairs) for part in value]
    if depth == 1 and kind.endswith("Polygon"):
        if len(inner) > 2 and inner[0] != inner[-1]:
            repairs.add("ring")
            inner.append(inner[0])
        if len(inner) < 4:
            raise _FaultError(N_("row {row}: a ring of the {value} has too few points"), kind)
    if depth == 1 and kind.endswith("LineString") and len(inner) < 2:
        raise _FaultError(N_("row {row}: a line of the {value} has too few points"), kind)
    return inner


def _position(value: list[Any], kind: str, repairs: set[str]) -> list[Any]:
    if value and isinstance(value[0], list):
        raise _FaultError(
            N_("row {row}: the coordinates of the {value} are nested too deeply"), kind
        )
    if len(value) < 2:
        raise _FaultError(
            N_("row {row}: a position of the {value} has fewer than two numbers"), kind
        )
    for number in value[:2]:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _FaultError(N_("row {row}: a coordinate of the {value} is not a number"), kind)
        if not abs(number) < 1e15:
            raise _FaultError(
                N_("row {row}: a coordinate of the {value} is not a finite number"), kind
            )
    if len(value) > 3:
        repairs.add("position")
    return value[:2]
