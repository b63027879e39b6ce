"""Refute published values of Chao's instances that cannot be reached with true lengths.

`python -m benchmarks.top_bounds p1.3.o` asks CP-SAT whether any tours collect the published value.
Lengths are cut down to a ten-thousandth, so that what is impossible here is impossible in truth.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import time

import numpy as np
from ortools.sat.python import cp_model

from benchmarks.top import FOLDER, PUBLISHED
from benchmarks.top_instances import read_instance
from gridmap.patrols.planning.problem import Problem

UNITS = 10_000


def reachable(problem: Problem, value: float, seconds: float) -> bool | None:
    """Tell whether tours exist that collect ``value``; None where time did not suffice.

    Parameters
    ----------
    problem : Problem
        Teams alike, from one start to one end.
    value : float
    seconds : float

    Returns
    -------
    bool or None
    """
    team = problem.teams[0]
    ways = np.floor(problem.matrices[team.mode].seconds * UNITS).astype(int)
    limit = int(team.shift.end * UNITS)
    near = [
        stop
        for stop in problem.stops
        if stop.risk > 0 and ways[team.start, stop.node] + ways[stop.node, team.end] <= limit
    ]
    model = cp_model.CpModel()
    visited = []
    for _ in problem.teams:
        # A circuit over the start, which is the end too, and the stops; a stop left out loops.
        arcs, length = [], []
        loops = [model.new_bool_var("") for _ in near]
        for i, stop in enumerate(near):
            arcs.append((i + 1, i + 1, ~loops[i]))
            for a, b, metres in (
                (0, i + 1, ways[team.start, stop.node]),
                (i + 1, 0, ways[stop.node, team.end]),
            ):
                arcs.append((a, b, model.new_bool_var("")))
                length.append(int(metres) * arcs[-1][2])
            for j, other in enumerate(near):
                if i != j:
                    arcs.append((i + 1, j + 1, model.new_bool_var("")))
                    length.append(int(ways[stop.node, other.node]) * arcs[-1][2])
        idle = model.new_bool_var("")
        arcs.append((0, 0, idle))
        # Without the start, stops could close a circuit of their own.
        for loop in loops:
            model.add_implication(idle, ~loop)
        model.add_circuit(arcs)
        model.add(sum(length) <= limit)
        visited.append(loops)
    scores = [int(stop.risk) for stop in near]
    for i in range(len(near)):
        model.add_at_most_one(loops[i] for loops in visited)
    collected = [
        sum(score * loop for score, loop in zip(scores, loops, strict=True)) for loops in visited
    ]
    # The teams are alike: the first collects the most.
    for more, less in itertools.pairwise(collected):
        model.add(more >= less)
    model.add(sum(collected) >= int(value))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 4
    status = solver.solve(model)
    return {cp_model.OPTIMAL: True, cp_model.FEASIBLE: True, cp_model.INFEASIBLE: False}.get(status)


def main() -> None:
    """Run the proofs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instances", nargs="+")
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    lines = PUBLISHED.read_text(encoding="utf-8").splitlines()
    published = {row["instance"]: float(row["published"]) for row in csv.DictReader(lines)}
    for name in options.instances:
        began = time.perf_counter()
        problem = read_instance(FOLDER / f"Set{name[1]}" / f"{name}.txt")
        answer = reachable(problem, published[name], options.seconds)
        seconds = round(time.perf_counter() - began, 1)
        row = {"instance": name, "published": published[name], "reachable": answer}
        print(json.dumps({**row, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
