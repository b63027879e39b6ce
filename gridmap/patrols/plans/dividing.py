"""Areas of their own for the teams of a plan: connected, and of about equal work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment

from gridmap.patrols.network import Floats, Integers, Mode
from gridmap.patrols.planning.problem import Problem
from gridmap.patrols.plans.making import HOT, Made
from gridmap.patrols.streets.placed import Placed
from gridmap.patrols.sweeping.areas import divide, join_parts, street_neighbours

#: Streets so far beyond what is to be visited belong to the areas too, in metres.
_MARGIN_M = 200.0
#: Of the streets of its area a team walks about so much.
_WALKED = 0.25


def divided(made: Made, placed: Placed, seed: int = 0) -> Problem:
    """Let each team visit hot places and sweep streets in its own area alone.

    Places that must be visited stay open to all teams, so that none is missed for a border.

    Parameters
    ----------
    made : Made
        Of several teams; with one there is nothing to divide.
    placed : Placed
    seed : int
        The same seed gives the same areas.
    """
    problem = made.problem
    where = {stop.key: _segment(made, stop.node) for stop in problem.stops} | made.segments
    chosen = _around(made, placed, list(where.values()))
    if len(problem.teams) < 2 or len(chosen) < len(problem.teams):
        return problem
    area = _areas(problem, placed, where, chosen, seed)
    team_of = _teams(made, placed, chosen, area)
    names = [team.name for team in problem.teams]
    only = {
        key: frozenset({names[team_of[area[np.searchsorted(chosen, segment)]]]})
        for key, segment in where.items()
    }
    stops = tuple(
        replace(stop, teams=only[stop.key]) if stop.key.startswith(HOT) else stop
        for stop in problem.stops
    )
    streets = tuple(replace(street, teams=only[street.key]) for street in problem.streets)
    return replace(problem, stops=stops, streets=streets)


def _segment(made: Made, node: int) -> int:
    """Return a segment that a node lies on, for whichever mode there is."""
    return max(int(spots.segment[node]) for spots in made.spots.values())


def _around(made: Made, placed: Placed, wanted: Sequence[int]) -> Integers:
    """Return the segments near to what is to be visited, rising."""
    if not wanted:
        return np.empty(0, dtype=np.int64)
    lines = placed.network.lines
    hull = shapely.union_all(lines[wanted]).convex_hull.buffer(_MARGIN_M)
    inside = np.flatnonzero(shapely.intersects(lines, hull))
    return np.union1d(inside, np.array(wanted, dtype=np.int64))


def _areas(
    problem: Problem, placed: Placed, where: dict[str, int], chosen: Integers, seed: int
) -> Integers:
    """Return the area of each chosen segment."""
    network = placed.network
    speed = placed.router(Mode[problem.teams[0].mode.upper()]).speed
    work = _WALKED * network.length_m[chosen] / speed
    for stop in problem.stops:
        visits = len(stop.windows) if stop.each else 1
        work[np.searchsorted(chosen, where[stop.key])] += visits * stop.dwell
    pairs = street_neighbours(network)
    inside = np.isin(pairs, chosen).all(axis=1)
    neighbours = np.searchsorted(chosen, pairs[inside])
    x, y = _middles(placed, chosen)
    joined = np.concatenate([neighbours, join_parts(neighbours, x, y)])
    hours = np.array([team.shift.end - team.shift.begin for team in problem.teams])
    return divide(joined, work, x, y, len(problem.teams), shares=hours, seed=seed)


def _middles(placed: Placed, chosen: Integers) -> tuple[Floats, Floats]:
    points = shapely.line_interpolate_point(placed.network.lines[chosen], 0.5, normalized=True)
    return shapely.get_x(points), shapely.get_y(points)


def _teams(made: Made, placed: Placed, chosen: Integers, area: Integers) -> Integers:
    """Return the team of each area, so that all set off as near to theirs as they can."""
    x, y = _middles(placed, chosen)
    count = len(made.problem.teams)
    middle = np.array([[x[area == n].mean(), y[area == n].mean()] for n in range(count)])
    starts = np.array([
        shapely.get_coordinates(
            shapely.line_interpolate_point(
                placed.network.lines[_segment(made, team.start)], 0.5, normalized=True
            )
        )[0]
        for team in made.problem.teams
    ])  # fmt: skip
    away = np.hypot(*(middle[:, np.newaxis, :] - starts[np.newaxis, :, :]).T).T
    rows, teams = linear_sum_assignment(away)
    found: Integers = teams[np.argsort(rows)].astype(np.int64)
    return found
