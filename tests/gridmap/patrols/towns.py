"""Networks drawn by hand or at random, and the streets of a real town."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np
import shapely

from geodata.metric import metres_per_degree
from gridmap.patrols.network import Floats, Integers, Mode, Network

ALL = int(Mode.FOOT | Mode.BICYCLE | Mode.CAR)


def network_of(
    lines: Iterable[Sequence[tuple[float, float]]],
    forward: Sequence[int] | None = None,
    backward: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
) -> Network:
    """Return the network of lines that meet where their ends are the same to a millimetre."""
    shapes = np.array([shapely.LineString(line) for line in lines], dtype=object)
    ends = np.array([[*line.coords[0], *line.coords[-1]] for line in shapes]).reshape(-1, 2)
    nodes, number = np.unique(ends.round(3), axis=0, return_inverse=True)
    number = number.reshape(-1, 2)
    count = len(shapes)
    return Network(
        x=nodes[:, 0].copy(),
        y=nodes[:, 1].copy(),
        start=number[:, 0].astype(np.int64),
        end=number[:, 1].astype(np.int64),
        length_m=shapely.length(shapes),
        forward=np.array(forward or [ALL] * count, dtype=np.uint8),
        backward=np.array(backward or [ALL] * count, dtype=np.uint8),
        lines=shapes,
        segment_id=np.arange(count, dtype=np.int64),
        name=np.array(names or [""] * count, dtype=object),
    )


def crossed(side: int, block_m: float = 100.0, jitter_m: float = 0.0, seed: int = 0) -> Network:
    """Return a town of `side` x `side` crossings, `block_m` apart, moved by up to the jitter."""
    rng = np.random.default_rng(seed)
    shift = rng.uniform(-jitter_m, jitter_m, (side, side, 2))
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1) * block_m + shift
    across = [(place[r, c], place[r, c + 1]) for r in range(side) for c in range(side - 1)]
    along = [(place[r, c], place[r + 1, c]) for r in range(side - 1) for c in range(side)]
    return network_of([[tuple(a), tuple(b)] for a, b in across + along])


def streets_of(roads: gpd.GeoDataFrame) -> Network:
    """Return the streets of roads in longitude and latitude, cut at the corners they share."""
    scale = metres_per_degree(float(roads.total_bounds[[1, 3]].mean()))
    lines: list[list[tuple[float, float]]] = []
    forward, backward = [], []
    corners, road = shapely.get_coordinates(roads.geometry.to_numpy(), return_index=True)
    _, place, often = np.unique(corners, axis=0, return_inverse=True, return_counts=True)
    shared = often[place.ravel()] > 1
    for number, (kind, oneway) in enumerate(zip(roads["kind"], roads["oneway"], strict=True)):
        rows = np.flatnonzero(road == number)
        cuts = np.unique([0, *np.flatnonzero(shared[rows]), len(rows) - 1])
        walked = 0 if kind.startswith("motorway") else int(Mode.FOOT)
        driven = 0 if kind in ("footway", "path", "steps") else int(Mode.CAR | Mode.BICYCLE)
        for begin, end in itertools.pairwise(cuts):
            line = corners[rows[begin : end + 1]] * scale
            lines.append([(float(x), float(y)) for x, y in line])
            forward.append(walked | driven)
            backward.append(walked | (0 if oneway else driven))
    return network_of(lines, forward, backward)


def metres_walked(segment: Integers, from_m: Floats, to_m: Floats) -> set[tuple[int, int]]:
    """Return the metres that a walk covers, counted one by one: (segment, metre)."""
    low, high = np.minimum(from_m, to_m), np.maximum(from_m, to_m)
    return {
        (int(s), metre)
        for s, a, b in zip(segment, low, high, strict=True)
        for metre in range(int(np.ceil(a - 0.5)), int(np.floor(b + 0.5)))
    }
