"""Capacitated arc routing, gdb and egl-e, beside path scanning, PyVRP and the bounds known.

The search ends early where the lower bound is reached, which it cannot better.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from gridmap.patrols.sweeping.problem import Problem
from gridmap.patrols.sweeping.search import Solution, search
from tests.gridmap.patrols.arc_instances import Instance, read_instance

GOAL_PERCENT = 1.0
SECONDS = {"gdb": 10.0, "egl-e": 60.0}
# About four tenths of the seconds on one idle core, so that a second chain ends in time.
ITERATIONS = {"gdb": 200_000, "egl-e": 1_500_000}
THREADS = 2


def path_scanning(problem: Problem) -> float:
    """Go to the nearest task that still fits, of equally near ones the farthest from home.

    Golden, DeArmon and Baker (1983), Computational experiments with algorithms for a class of
    routing problems, with one of their rules.
    """
    left, total = set(range(len(problem.service))), 0.0
    depot = int(problem.start[0])
    while left:
        place, room = depot, problem.capacity[0]
        while True:
            arcs = [2 * t + d for t in left if problem.demand[t] <= room for d in (0, 1)]
            if not arcs:
                break
            arc = min(arcs, key=lambda a: (problem.between[place, a], -problem.between[a, depot]))
            total += problem.between[place, arc] + problem.service[arc // 2]
            room -= problem.demand[arc // 2]
            left.discard(arc // 2)
            place = arc
        total += problem.between[place, depot]
    return float(total)


def by_pyvrp(instance: Instance, seconds: float) -> float:
    """Let PyVRP choose one of each edge's two directions, as mutually exclusive clients."""
    import pyvrp
    from pyvrp.stop import MaxRuntime, MultipleCriteria, NoImprovement

    problem, tasks = instance.problem, len(instance.problem.service)
    # Twice the cost, half of the service before and half after, so that all stays whole.
    service = np.append(np.repeat(problem.service, 2), 0)
    matrix = (2 * problem.between + service[:, None] + service).astype(np.int64)
    np.fill_diagonal(matrix, 0)
    demand = [int(d) for d in problem.demand]
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0)] * len(matrix),
        clients=[
            pyvrp.Client(location=arc, delivery=[demand[arc // 2]], required=False, group=arc // 2)
            for arc in range(2 * tasks)
        ],
        depots=[pyvrp.Depot(2 * tasks)],
        vehicle_types=[pyvrp.VehicleType(len(problem.start), capacity=[instance.capacity])],
        distance_matrices=[matrix],
        duration_matrices=[np.zeros_like(matrix)],
        groups=[pyvrp.ClientGroup([2 * t, 2 * t + 1]) for t in range(tasks)],
    )
    stop = MultipleCriteria([MaxRuntime(seconds), NoImprovement(10**9)])
    return float(pyvrp.solve(data, stop, display=False).cost()) / 2


def solve(
    instance: Instance, seconds: float, iterations: int, clock: Callable[[], float]
) -> tuple[Solution, float]:
    """Search in chains on two threads till the time is up; return the best and the seconds."""
    reached = [np.inf]

    def chains(thread: int) -> tuple[list[Solution], float]:
        found: list[Solution] = []
        began = clock()

        def going_on(_: float, cost: float) -> bool:
            reached[0] = min(reached[0], cost)
            return clock() - began < seconds and reached[0] > instance.lower

        while going_on(0.0, np.inf):
            seed = THREADS * len(found) + thread
            found.append(search(instance.problem, iterations, seed, going_on))
        return found, clock() - began

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(chains, range(THREADS)))
    every = [solution for found, _ in results for solution in found]
    best = min(every, key=lambda solution: (len(solution.absent), solution.length))
    return best, max(took for _, took in results)


def measure(
    path: Path, family: str, seconds: float, clock: Callable[[], float], beside: bool
) -> dict[str, Any]:
    """Return what was found for one instance."""
    instance = read_instance(path)
    found, took = solve(instance, seconds, ITERATIONS[family], clock)
    result: dict[str, Any] = {
        "instance": instance.name,
        "length": found.length,
        "lower": instance.lower,
        "upper": instance.upper,
        "gap_percent": round(100 * (found.length / instance.upper - 1), 3),
        "seconds": round(took, 1),
        "allowed_s": seconds,
        "path_scanning": path_scanning(instance.problem),
        "faults": instance.faults(found),
    }
    if beside:
        result["pyvrp"] = by_pyvrp(instance, seconds)
    return result


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean gaps of one family."""
    upper = np.array([row["upper"] for row in rows], dtype=float)
    gaps = {
        name: 100 * (np.array([row[name] for row in rows], dtype=float) / upper - 1)
        for name in ("length", "path_scanning", "pyvrp")
        if all(name in row for row in rows)
    }
    return {
        "instances": len(rows),
        "at the upper bound": int((gaps["length"] <= 0).sum()),
        "worst gap_percent": round(float(gaps["length"].max()), 3),
        "mean gap_percent": {name: round(float(gap.mean()), 3) for name, gap in gaps.items()},
        "faults": sum(len(row["faults"]) for row in rows),
        "slowest_s": max(float(row["seconds"]) for row in rows),
    }


def good(family: str, figures: dict[str, Any]) -> bool:
    """Return whether a family meets its goal."""
    if family == "gdb":
        return bool(figures["faults"] == 0 and figures["worst gap_percent"] <= 0)
    return bool(figures["faults"] == 0 and figures["mean gap_percent"]["length"] <= GOAL_PERCENT)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("GRIDMAP_SAMPLE_DATA", "../shared/data"))
    )
    parser.add_argument("--only", nargs="*", help="names of instances; all if not given")
    parser.add_argument("--results", type=Path, help="lines of JSON; what is there is not redone")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall",
                        help="cpu: seconds of each thread, where others work too")  # fmt: skip
    parser.add_argument("--egl-seconds", type=float, default=SECONDS["egl-e"])
    parser.add_argument("--pyvrp", action="store_true", help="let PyVRP try for as long")
    options = parser.parse_args()
    clock = time.perf_counter if options.clock == "wall" else time.thread_time
    rows: dict[str, dict[str, Any]] = {}
    if options.results and options.results.exists():
        lines = options.results.read_text().splitlines()
        rows = {row["instance"]: row for row in map(json.loads, lines)}
    folder = options.data / "patrol_oracles" / "carp"
    with (folder / "bounds.csv").open() as stream:
        names = [row["instance"] for row in csv.DictReader(stream)]
    families: dict[str, list[dict[str, Any]]] = {}
    search(read_instance(folder / "gdb1.dat").problem, 10)
    for name in options.only or names:
        family = "gdb" if name.startswith("gdb") else "egl-e"
        if name not in rows:
            seconds = options.egl_seconds if family == "egl-e" else SECONDS[family]
            rows[name] = measure(folder / f"{name}.dat", family, seconds, clock, options.pyvrp)
            if options.results:
                with options.results.open("a") as stream:
                    stream.write(json.dumps(rows[name]) + "\n")
        families.setdefault(family, []).append(rows[name])
    measured = {family: summary(found) for family, found in families.items()}
    print(
        json.dumps(
            {
                "benchmark": "carp",
                "goal": "gdb 10 s each, all at the bound; egl-e 60 s each, mean gap 1 %",
                "clock": options.clock,
                "measured": measured,
                "ok": all(good(family, figures) for family, figures in measured.items()),
            }
        )
    )


if __name__ == "__main__":
    main()
