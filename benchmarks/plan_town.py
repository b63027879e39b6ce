"""A day's patrols on Yuma's streets: 300 optional and 20 must stops, 10 teams."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geodata.files.osm import read_osm
from gridmap.patrols.network import Mode
from gridmap.patrols.planning.problem import (
    Break,
    Matrices,
    Problem,
    Stop,
    Team,
    Window,
    visits_between,
)
from gridmap.patrols.streets.building import build
from gridmap.patrols.streets.placed import Placed, place
from gridmap.patrols.streets.routing import Spots

HOUR = 3600.0
MODES = ("foot", "car")
SEED = 11
ROOMS = 5


def streets(path: Path) -> Placed:
    """Build the network of a town's streets."""
    built = build(read_osm(path)["roads"])
    return place(
        built.lines, built.start, built.end, built.length_m, built.forward, built.backward,
        np.arange(len(built)), built.name,
    )  # fmt: skip


def _usable(placed: Placed) -> NDArray[np.int64]:
    """Return the streets of the largest part that are open both ways to walkers and cars."""
    network = placed.network
    both = int(Mode.FOOT | Mode.CAR)
    wide = (network.forward & network.backward & both) == both
    graph = coo_array(
        (np.ones(wide.sum()), (network.start[wide], network.end[wide])),
        shape=(len(network.x), len(network.x)),
    )
    _, part = connected_components(graph, directed=False)
    largest = np.bincount(part[network.start[wide]]).argmax()
    return np.flatnonzero(wide & (part[network.start] == largest))


def town(path: Path, optional: int = 300, musts: int = 20, teams: int = 10) -> Problem:
    """Return the day: a third of the teams on foot in the middle, the others by car.

    One optional stop in eight is hot from 18 to 24 o'clock and wanted in each two hours; the
    others once in the shift, some in key hours only. Each team rests for half an hour.
    """
    placed = streets(path)
    usable = _usable(placed)
    rng = np.random.default_rng(SEED)
    x, y = (values[placed.network.start[usable]] for values in (placed.network.x, placed.network.y))
    middle = np.hypot(x - np.median(x), y - np.median(y))
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
    chosen = usable[places]
    spots = Spots(chosen, placed.network.length_m[chosen] / 2, np.zeros(len(chosen)))
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
        {mode: Matrices(*placed.router(Mode[mode.upper()]).matrix(spots)) for mode in MODES},
    )
