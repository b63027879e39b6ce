"""From a plan back to lines, times and figures that can be stored and shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gridmap.patrols.network import Floats, Mode
from gridmap.patrols.planning.problem import Kind, Team, Visit
from gridmap.patrols.planning.result import Plan, Tour
from gridmap.patrols.plans.making import HOT, MUST, STREET, Made
from gridmap.patrols.streets.placed import Placed
from gridmap.patrols.streets.routing import Router, Spots


def line_of(made: Made, placed: Placed, tour: Tour) -> shapely.LineString:
    """Return the way of a tour in degrees, from where it sets off to where it ends."""
    team = next(team for team in made.problem.teams if team.name == tour.team)
    mode = Mode[team.mode.upper()]
    router, spots, network = placed.router(mode), made.spots[mode], placed.network
    parts: list[Floats] = []
    at = team.start
    for visit in tour.visits:
        parts.append(_way(router, spots, at, visit.enter))
        if visit.kind is Kind.STREET:
            line = shapely.get_coordinates(network.lines[made.segments[visit.of]])
            entering = _point(placed, spots, visit.enter)
            forth, back = (np.hypot(*(end - entering)) for end in (line[0], line[-1]))
            parts.append(line if forth <= back else line[::-1])
        at = visit.leave
    parts.append(_way(router, spots, at, team.end))
    xy = np.concatenate(parts)
    if len(xy) < 2:
        xy = np.repeat(_point(placed, spots, team.start)[np.newaxis], 2, axis=0)
    lon, lat = placed.degrees(xy[:, 0], xy[:, 1])
    return shapely.LineString(np.column_stack([lon, lat]).round(7))


def _way(router: Router, spots: Spots, start: int, goal: int) -> Floats:
    if start == goal:
        return np.empty((0, 2))
    way: Floats = shapely.get_coordinates(router.path(spots[start], spots[goal]).line)
    return way


def _point(placed: Placed, spots: Spots, node: int) -> Floats:
    segment = int(spots.segment[node])
    share = spots.along_m[node] / placed.network.length_m[segment]
    line = placed.network.lines[segment]
    at: Floats = shapely.get_coordinates(
        shapely.line_interpolate_point(line, share, normalized=True)
    )[0]
    return at


def visit_row(made: Made, placed: Placed, team: Team, visit: Visit) -> dict[str, Any]:
    """Return a visit as it is stored: what, when (seconds of the day) and where."""
    spots = made.spots[Mode[team.mode.upper()]]
    lon, lat = placed.degrees(*_point(placed, spots, visit.enter))
    rests = visit.kind is Kind.BREAK
    return {
        "of": visit.of,
        "number": visit.number,
        "kind": "hot" if visit.of.startswith(HOT) else str(visit.kind),
        "name": made.rooms.get(visit.enter, "") if rests else made.names.get(visit.of, ""),
        "must": visit.of.startswith((MUST, STREET)),
        "arrives": round(visit.arrives),
        "begins": round(visit.begins),
        "ends": round(visit.ends),
        "lon": round(float(lon), 7),
        "lat": round(float(lat), 7),
    }


def summary(made: Made, plan: Plan) -> dict[str, Any]:
    """Return the figures of a plan, and what it does not cover with the reason."""
    hot = [stop for stop in made.problem.stops if stop.key.startswith(HOT)]
    wanted = sum(risk > 0 for stop in hot for risk in stop.risks)
    # What a person left out is worth nothing, and nobody misses it.
    lost = [miss for miss in plan.missed if miss.must or miss.risk > 0]
    return {
        "covered_risk": plan.covered_risk,
        "wanted_risk": plan.wanted_risk,
        "hot_visits": wanted,
        "hot_visits_kept": wanted - sum(miss.of.startswith(HOT) for miss in lost),
        "hot_places": len(hot),
        "metres": plan.metres,
        "longest_s": plan.longest,
        "shortest_s": plan.shortest,
        "repeatable": plan.repeatable,
        "unreached": made.unreached,
        "loss": None if plan.change is None else plan.change.loss,
        "repeated": None if plan.change is None else plan.change.repeated,
        "missed": [
            {
                "of": miss.of,
                "name": made.names.get(miss.of, ""),
                "must": miss.must,
                "risk": round(miss.risk, 3),
                "reason": str(miss.reason),
                "window": _window(made, miss.of, miss.number),
            }
            for miss in lost
        ],
    }


def _window(made: Made, key: str, number: int) -> list[float] | None:
    stop = next((each for each in made.problem.stops if each.key == key), None)
    if stop is None or not stop.windows:
        return None
    if stop.each:
        return [stop.windows[number].begin, stop.windows[number].end]
    return [stop.windows[0].begin, stop.windows[-1].end]
