"""Ways along the streets of Yuma and of a city's grid, beside networkx and SciPy."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.gi_star import timed
from geodata.files.osm import read_osm
from gridmap.patrols.network import Mode, Network
from gridmap.patrols.streets.building import build
from gridmap.patrols.streets.placed import place
from gridmap.patrols.streets.routing import Router, Spots

PATH_GOAL_MS, MATRIX_GOAL_S = 20.0, 1.0
PAIRS, STOPS = 500, 300
#: networkx is tried on so many pairs and rows, which tell its pace.
FEW = 10
SAMPLES = Path(
    os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")
)


def yuma() -> tuple[Network, dict[str, float]]:
    """Return the streets of Yuma, and how long their building takes."""
    roads = read_osm(SAMPLES / "yuma" / "yuma.osm.pbf")["roads"]
    build(roads[:50])
    streets, seconds = timed(lambda: build(roads))
    placed = place(
        streets.lines, streets.start, streets.end, streets.length_m, streets.forward,
        streets.backward, np.arange(len(streets)), streets.name,
    )  # fmt: skip
    return placed.network, {"roads": len(roads), "building_s": round(seconds, 2)}


def grid(side: int) -> Network:
    """Return a city of side x side crossings, with streets that bend and some that are missing."""
    rng = np.random.default_rng(1)
    number = np.arange(side * side).reshape(side, side)
    at = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1) * 100.0
    x, y = (at + rng.uniform(-30, 30, at.shape)).reshape(-1, 2).T.copy()
    start = np.concatenate([number[:-1].ravel(), number[:, :-1].ravel()])
    end = np.concatenate([number[1:].ravel(), number[:, 1:].ravel()])
    there = rng.random(len(start)) < 0.9
    start, end = start[there], end[there]
    bend = rng.uniform(-25, 25, (len(start), 2))
    middle = np.column_stack([x[start] + x[end], y[start] + y[end]]) / 2 + bend
    corners = np.stack(
        [np.column_stack([x[start], y[start]]), middle, np.column_stack([x[end], y[end]])], 1
    )
    lines = np.asarray(shapely.linestrings(corners), dtype=object)
    everybody = np.full(len(start), 7, dtype=np.uint8)
    one_way = np.where(rng.random(len(start)) < 0.1, 1, 7).astype(np.uint8)
    return Network(
        x=x, y=y, start=start, end=end, length_m=shapely.length(lines), forward=everybody,
        backward=one_way, lines=lines, segment_id=np.arange(len(start)),
        name=np.full(len(start), "", dtype=object),
    )  # fmt: skip


def spots_on(network: Network, router: Router, count: int) -> Spots:
    """Return random places a few metres beside the streets, put onto them."""
    rng = np.random.default_rng(2)
    chosen = rng.choice(np.flatnonzero(router.forward | router.backward), count)
    at = shapely.line_interpolate_point(network.lines[chosen], rng.random(count), normalized=True)
    return router.snap(shapely.get_x(at) + 3, shapely.get_y(at) + 3, 50)


def first_of(spots: Spots, count: int) -> Spots:
    """Return the first of some spots."""
    return Spots(spots.segment[:count], spots.along_m[:count], spots.distance_m[:count])


def measure(network: Network, mode: Mode) -> dict[str, Any]:
    """Measure paths and a matrix, and the same by networkx and SciPy between crossings."""
    router, making = timed(lambda: Router(network, mode))
    spots = spots_on(network, router, 2 * PAIRS)
    router.path(spots[0], spots[1])
    took = []
    for k in range(PAIRS):
        begin = time.perf_counter()
        router.path(spots[2 * k], spots[2 * k + 1])
        took.append(1000 * (time.perf_counter() - begin))
    stops = first_of(spots, STOPS)
    router.matrix(first_of(spots, 2))
    (_, metres), matrix_s = timed(lambda: router.matrix(stops))
    return {
        "crossings": len(network.x),
        "streets": len(network),
        "router_s": round(making, 2),
        "path_ms": {p: round(float(np.percentile(took, float(p))), 1) for p in ("50", "95", "100")},
        "matrix_s": round(matrix_s, 2),
        "unreachable": round(float(np.isinf(metres).mean()), 3),
        "beside": _others(network, mode, stops),
    }


def _others(network: Network, mode: Mode, stops: Spots) -> dict[str, float]:
    """Measure networkx and SciPy between the crossings where the stops' streets begin."""
    along = np.flatnonzero(network.forward & mode)
    against = np.flatnonzero(network.backward & mode)
    tail = np.concatenate([network.start[along], network.end[against]])
    head = np.concatenate([network.end[along], network.start[against]])
    length = network.length_m[np.concatenate([along, against])]
    graph: Any = nx.DiGraph()
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), length.tolist(), strict=True))
    nodes = network.start[stops.segment].tolist()

    def paths() -> None:
        for a, b in zip(nodes[:FEW], nodes[FEW : 2 * FEW], strict=True):
            if nx.has_path(graph, a, b):
                nx.bidirectional_dijkstra(graph, a, b)

    _, paths_s = timed(paths)
    _, rows_s = timed(lambda: [nx.single_source_dijkstra_path_length(graph, a) for a in nodes[:2]])
    sparse = coo_array((length, (tail, head)), shape=(len(network.x),) * 2).tocsr()
    _, scipy_s = timed(lambda: dijkstra(sparse, indices=nodes[:FEW]))
    return {
        "networkx path_ms": round(1000 * paths_s / FEW, 1),
        "networkx matrix at this pace_s": round(rows_s / 2 * STOPS, 1),
        "SciPy path_ms": round(1000 * scipy_s / FEW, 1),
        "SciPy matrix at this pace_s": round(scipy_s / FEW * STOPS, 2),
    }


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=236, help="Crossings along the city's side.")
    options = parser.parse_args()
    network, built = yuma()
    town = {mode.name: measure(network, mode) for mode in (Mode.FOOT, Mode.CAR)}
    city = measure(grid(options.side), Mode.CAR)
    print(
        json.dumps(
            {
                "benchmark": "route",
                "goal": f"path {PATH_GOAL_MS} ms, {STOPS} x {STOPS} matrix {MATRIX_GOAL_S} s",
                "measured": {"Yuma": {**built, **town}, "city": city},
                "ok": all(
                    each["path_ms"]["95"] <= PATH_GOAL_MS and each["matrix_s"] <= MATRIX_GOAL_S
                    for each in town.values()
                ),
            }
        )
    )


if __name__ == "__main__":
    main()
