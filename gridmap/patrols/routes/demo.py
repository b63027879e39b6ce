"""Routes for the demo town: one of each kind, along its streets, with stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.metric import metres_per_degree
from gridmap.errors import GridmapError
from gridmap.patrols.models import PatrolRoute
from gridmap.patrols.network import Mode
from gridmap.patrols.routes.drafts import read_draft, read_line
from gridmap.patrols.routes.near import places_beside
from gridmap.patrols.routes.service import create_route
from gridmap.patrols.streets.tracing import Waypoint, trace
from gridmap.workforce.rights import SYSTEM

_STOP_KINDS = {"police_room": "police_room", "school": "school_gate", "kindergarten": "school_gate"}
_PLACES_OF_STOPS = (
    "police_room", "school", "kindergarten", "market", "park", "station", "hospital",
    "community_office",
)  # fmt: skip
_BESIDE_M, _MOST_STOPS = 80, 5


@dataclass(frozen=True)
class _Plan:
    """A route of the demo.

    Attributes
    ----------
    place : int
        In which of the home town's communities, the one with the demo's cadre being the first.
    ring : tuple of (east, north)
        What it passes, from the middle of the community (0, 0) to its edges (1 or -1).
    past : tuple of str, optional
        Kinds of places that it passes too, from west to east.
    window : tuple of str, optional
        The hours of its stops.
    """

    name: str
    kind: str
    mode: str
    colour: str
    place: int
    ring: Sequence[tuple[float, float]]
    window: tuple[str, str] | None = None
    notes: str = ""
    past: tuple[str, ...] = ()


_SQUARE = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))


def _round(size: float) -> list[tuple[float, float]]:
    return [(size * east, size * north) for east, north in _SQUARE]


PLANS = (
    _Plan("日常巡逻线", "regular", "foot", "#1f5fa8", 0, _round(0.5), notes="每日早晚各一次。"),
    _Plan("夜间重点时段巡逻线", "key_hours", "bicycle", "#6a4c9c", 0,
          ((-0.7, 0.1), (0.6, 0)), ("20:00", "23:30"),
          "夜间商铺关门前后巡查，注意电动车和夜市周边。",
          ("police_room", "market", "bank", "park")),
    _Plan("重点路段巡逻线", "key_streets", "foot", "#d55e00", 0, ((-0.9, 0), (0, 0), (0.9, 0))),
    _Plan("内圈巡逻线", "inner", "foot", "#00796b", 1, _round(0.3)),
    _Plan("外圈巡逻线", "outer", "bicycle", "#26323c", 1, _round(0.8)),
    _Plan("上学时段护校巡逻线", "key_hours", "foot", "#a8326e", 1,
          ((-0.4, 0.2),), ("07:00", "08:30"), past=("police_room", "school", "kindergarten")),
)  # fmt: skip

_COMMUNITIES = """
    SELECT u.id, u.name, ST_XMin(g) AS west, ST_YMin(g) AS south, ST_XMax(g) AS east,
           ST_YMax(g) AS north,
           (SELECT min(t.id) FROM team t WHERE t.unit_id = u.id AND t.kind = 'patrol') AS team
    FROM unit u JOIN unit home ON home.parent_id = u.parent_id CROSS JOIN LATERAL (
        SELECT u.geom AS g) s
    WHERE home.code = :code AND u.level = 'community' AND u.geom IS NOT NULL
    ORDER BY u.id <> home.id, u.code
"""
# Walkable streets of the largest part alone, so that one place is reached from the other.
_ON_STREET = """
    SELECT ST_X(c) AS lon, ST_Y(c) AS lat FROM street_segment s
    CROSS JOIN LATERAL ST_ClosestPoint(s.geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) AS c
    WHERE s.component = 0 AND s.forward & :mode > 0 AND s.backward & :mode > 0
    ORDER BY s.geom <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), s.id LIMIT 1
"""


def load_routes(session: Session, community: str) -> int:
    """Give the demo town its routes, unless it has some; the network of streets is there.

    Parameters
    ----------
    community : str
        The code of the community in which the demo's cadre works.

    Returns
    -------
    int
        How many were made.
    """
    if session.scalar(select(PatrolRoute.id).limit(1)) is not None:
        return 0
    places = session.execute(text(_COMMUNITIES), {"code": community}).mappings().all()
    made = 0
    for plan in PLANS:
        place = places[plan.place % len(places)]
        found = [_on_street(session, spot, plan.mode) for spot in _spots(session, plan, place)]
        points = [each for each in found if each is not None]
        given = _given(session, plan, place, points)
        if given is not None:
            create_route(session, SYSTEM, read_draft(given))
            made += 1
    return made


def _spots(session: Session, plan: _Plan, place: Mapping[Any, Any]) -> list[tuple[float, float]]:
    """Return what a route passes, in degrees."""
    middle = (place["west"] + place["east"]) / 2, (place["south"] + place["north"]) / 2
    half = (place["east"] - place["west"]) / 2, (place["north"] - place["south"]) / 2
    ring = [(middle[0] + east * half[0], middle[1] + north * half[1]) for east, north in plan.ring]
    if not plan.past:
        return ring
    rows = session.execute(
        text("""
            SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM place
            WHERE community_id = :unit AND kind = ANY(:kinds) ORDER BY 1 LIMIT 5
        """),
        {"unit": place["id"], "kinds": list(plan.past)},
    )
    return sorted([*ring, *((row.lon, row.lat) for row in rows)])


def _on_street(
    session: Session, spot: tuple[float, float], mode: str
) -> tuple[float, float] | None:
    row = session.execute(
        text(_ON_STREET), {"lon": spot[0], "lat": spot[1], "mode": int(Mode[mode.upper()])}
    ).one_or_none()
    return None if row is None else (row.lon, row.lat)


def _given(
    session: Session,
    plan: _Plan,
    place: Mapping[Any, Any],
    points: Sequence[tuple[float, float]],
) -> dict[str, Any] | None:
    """Return a route as the editor would send it; None where the streets lead nowhere."""
    try:
        found = trace(session, [Waypoint(*each) for each in points], Mode[plan.mode.upper()])
    except GridmapError:
        return None
    legs = [leg for leg in found.legs if leg.length_m > 1]
    if not legs:
        return None
    line = [spot for leg in legs for spot in leg.coordinates]
    ends = [legs[0].coordinates[0], *(leg.coordinates[-1] for leg in legs)]
    streets = [(), *(leg.streets for leg in legs)]
    return {
        "name": f"{place['name']}{plan.name}",
        "kind": plan.kind,
        "mode": plan.mode,
        "colour": plan.colour,
        "notes": plan.notes,
        "team": place["team"],
        "unit": place["id"],
        "waypoints": [
            {"lon": lon, "lat": lat, "streets": list(names)}
            for (lon, lat), names in zip(ends, streets, strict=True)
        ],
        "legs": [leg.coordinates for leg in legs],
        "stops": _stops(session, plan, line),
    }


def _stops(session: Session, plan: _Plan, line: list[list[float]]) -> list[dict[str, Any]]:
    beside = places_beside(session.connection(), SYSTEM, read_line(line), _BESIDE_M)
    chosen = [each for each in beside if each["kind"] in _PLACES_OF_STOPS][:_MOST_STOPS]
    opens, closes = plan.window or (None, None)
    # A patrol stops on the street before a place, not in it.
    shape = shapely.LineString(line)
    before = [_nearest(shape, each["lon"], each["lat"]) for each in chosen]
    return [
        {
            "lon": lon,
            "lat": lat,
            "name": each["name"],
            "kind": _STOP_KINDS.get(each["kind"], "other"),
            "place_id": each["id"],
            "dwell_min": 15 if each["kind"] == "market" else 10,
            "opens": opens,
            "closes": closes,
            "must": each["kind"] in ("police_room", "school"),
        }
        for each, (lon, lat) in zip(chosen, before, strict=True)
    ]


def _nearest(line: shapely.LineString, lon: float, lat: float) -> tuple[float, float]:
    """Return the point of a line that is nearest to a place, in degrees."""
    scale = metres_per_degree(lat)
    plane = shapely.LineString(shapely.get_coordinates(line) * scale)
    place = shapely.Point(*((lon, lat) * scale))
    at = shapely.line_interpolate_point(plane, shapely.line_locate_point(plane, place))
    east, north = shapely.get_coordinates(at)[0] / scale
    return float(east), float(north)
