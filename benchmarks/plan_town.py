"""A day's patrols on Yuma's streets: 300 optional and 20 must stops, 10 teams."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geodata.files.osm import read_osm
from gridmap.patrols.planning.problem import (
    Break,
    Matrices,
    Problem,
    Stop,
    Team,
    Window,
    visits_between,
)

HOUR = 3600.0
SPEED = {"foot": 1.25, "car": 7.0}
SEED = 11
ROOMS = 5


@dataclass(frozen=True)
class Streets:
    """Crossings and vertices of streets, joined where they share a point; metres."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    graph: coo_array


def streets(path: Path) -> Streets:
    """Read the largest component of a town's streets, walked both ways."""
    roads = read_osm(path)["roads"].to_crs(26911)
    coordinates, line = shapely.get_coordinates(roads.geometry.array, return_index=True)
    points, vertex = np.unique(np.round(coordinates, 2), axis=0, return_inverse=True)
    vertex = vertex.reshape(-1)
    joined = line[1:] == line[:-1]
    a, b = vertex[:-1][joined], vertex[1:][joined]
    metres = np.hypot(*(points[a] - points[b]).T)
    # Equal points of two lines make the sum of two lengths of one pair, which is none: keep one.
    pairs, first = np.unique(np.sort(np.column_stack((a, b)), axis=1), axis=0, return_index=True)
    shape = (len(points), len(points))
    graph = coo_array((metres[first], (pairs[:, 0], pairs[:, 1])), shape=shape)
    _, part = connected_components(graph, directed=False)
    kept = np.flatnonzero(part == np.bincount(part).argmax())
    return Streets(points[kept, 0], points[kept, 1], coo_array(graph.tocsr()[kept][:, kept]))


def town(path: Path, optional: int = 300, musts: int = 20, teams: int = 10) -> Problem:
    """Return the day: a third of the teams on foot in the middle, the others by car.

    One optional stop in eight is hot from 18 to 24 o'clock and wanted in each two hours; the
    others once in the shift, some in key hours only. Each team rests for half an hour.
    """
    ways = streets(path)
    rng = np.random.default_rng(SEED)
    middle = np.hypot(ways.x - np.median(ways.x), ways.y - np.median(ways.y))
    near = np.argsort(middle)[: len(middle) // 4]
    # Incidents are where people are: hot places lie in the middle, others all over the town.
    number = np.arange(optional)
    hot = number % 8 == 0
    central = rng.choice(near, ROOMS + optional)
    places = np.concatenate(
        [
            central[:ROOMS],
            np.where(hot | (number % 2 == 1), central[ROOMS:], rng.choice(len(middle), optional)),
            rng.choice(len(middle), musts),
        ]
    )
    metres = dijkstra(ways.graph, directed=False, indices=places)[:, places]
    shift = Window(16 * HOUR, 24 * HOUR)
    rest = Break(1800.0, Window(19 * HOUR, 22 * HOUR), tuple(range(ROOMS)))
    crew = tuple(
        Team(f"team {i}", "foot" if i % 3 == 0 else "car", i % ROOMS, i % ROOMS, shift, rest=rest)
        for i in range(teams)
    )
    nodes = np.arange(ROOMS, ROOMS + optional + musts)
    stops = []
    for i, node in enumerate(nodes.tolist()):
        dwell = float(rng.integers(10, 16)) * 60
        if i >= optional:
            stops.append(Stop(f"must {i}", node, dwell, must=True))
        elif hot[i]:
            hours = visits_between(18 * HOUR, 24 * HOUR, 2 * HOUR)
            stops.append(Stop(f"hot {i}", node, dwell, float(rng.uniform(20, 40)), windows=hours,
                              each=True))  # fmt: skip
        else:
            key_hours = (Window(17 * HOUR, 19 * HOUR),) if i % 5 == 0 else ()
            stops.append(Stop(f"stop {i}", node, dwell, float(rng.uniform(1, 4)),
                              windows=key_hours))  # fmt: skip
    return Problem(
        crew,
        tuple(stops),
        {mode: Matrices(metres / speed, metres) for mode, speed in SPEED.items()},
    )
