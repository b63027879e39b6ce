"""Refute published values of Chao's instances that cannot be reached with true lengths.

`python -m benchmarks.top_bounds p1.3.o p6.4.k` proves that the published values cannot be reached,
`python -m benchmarks.top_bounds p6.4.k --value 534` that no tours collect 534, which makes 528 the
optimum where all scores are multiples of 6.

A stop may be collected by one team. Let that be a matter of price: whoever passes a stop is paid
a price of at most its score, whichever teams do, and what the price is less than the score is
given away. Then the teams are alone, each with the best tour at these prices, and

    most <= sum(score - price) + teams * (best tour of one team at these prices)

whatever the prices are (Lagrangian relaxation; its best prices give the bound of the linear
program over all tours, Boussier, Feillet and Gendreau 2007, 4OR 5, 211-230). Prices come from
that program over the tours known so far, and CP-SAT proves the best tour at them, which is then
known too. Lengths are cut down to a ten-thousandth and prices are rounded up, so that what is
impossible here is impossible in truth.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model
from scipy.optimize import linprog

from benchmarks.top import FOLDER, PUBLISHED
from benchmarks.top_instances import read_instance
from gridmap.patrols.planning.problem import Floats, Problem, Stop

UNITS = 10_000
# Prices are whole numbers of this part of a point.
PRICE = 100


@dataclass(frozen=True)
class Bound:
    """What teams can collect at most.

    Attributes
    ----------
    most : float
        Proved.
    likely : float
        The bound of the linear program over the tours known, which `most` comes down to.
    rounds : int
    """

    most: float
    likely: float
    rounds: int


def upper_bound(problem: Problem, enough: float, seconds: float) -> Bound:
    """Prove an upper bound of what teams can collect.

    Parameters
    ----------
    problem : Problem
        Teams alike, from one start to one end.
    enough : float
        A bound below that ends the search.
    seconds : float

    Returns
    -------
    Bound
    """
    until = time.perf_counter() + seconds
    team, crew = problem.teams[0], len(problem.teams)
    ways = problem.matrices[team.mode].seconds
    near = [
        stop
        for stop in problem.stops
        if stop.risk > 0
        and ways[team.start, stop.node] + ways[stop.node, team.end] <= team.shift.end
    ]
    scores = np.array([stop.risk for stop in near])
    model = _OneTeam(problem, near)
    tours = [np.eye(1, len(near), row, dtype=bool)[0] for row in range(len(near))]
    # A tour is worth no more than all there is.
    most, likely, rounds = math.inf, math.inf, 0
    centre = scores / 2
    while most >= enough and (left := until - time.perf_counter()) > 0:
        rounds += 1
        likely, prices = _prices(scores, tours, crew)
        # Between the best prices so far and those of the program, which swing at first.
        tried = (centre + prices) / 2
        proved, tour = model.best(tried, left)
        bound = float(np.sum(scores - tried)) + crew * proved
        tours.append(tour)
        if bound < most - 1e-9:
            most, centre = bound, tried
        elif np.abs(centre - prices).max() < 1 / PRICE:
            break
        else:
            centre = (centre + prices) / 2
        if most <= likely + 1e-3:
            break
    return Bound(most, likely, rounds)


def _prices(scores: Floats, tours: list[np.ndarray], crew: int) -> tuple[float, Floats]:
    """Return the bound and the prices of the program over the tours known."""
    passes = np.array(tours, dtype=np.float64)
    count, size = passes.shape
    # Collected shares of stops, then how often each tour is walked.
    answer = linprog(
        np.concatenate([-scores, np.zeros(count)]),
        A_ub=np.block([[np.eye(size), -passes.T], [np.zeros((1, size)), np.ones((1, count))]]),
        b_ub=np.concatenate([np.zeros(size), [crew]]),
        bounds=[(0, 1)] * size + [(0, None)] * count,
        method="highs",
    )
    return -float(answer.fun or 0.0), np.clip(-answer.ineqlin.marginals[:size], 0, scores)


class _OneTeam:
    """The best tour of one team alone, at prices that change."""

    def __init__(self, problem: Problem, near: list[Stop]) -> None:
        team = problem.teams[0]
        ways = np.floor(problem.matrices[team.mode].seconds * UNITS).astype(int)
        self._model = model = cp_model.CpModel()
        # A circuit over the start, which is the end too, and the stops; a stop left out loops.
        self._visited = [model.new_bool_var("") for _ in near]
        arcs, length = [], []
        for i, stop in enumerate(near):
            arcs.append((i + 1, i + 1, ~self._visited[i]))
            legs = [(0, i + 1, ways[team.start, stop.node]), (i + 1, 0, ways[stop.node, team.end])]
            legs += [
                (i + 1, j + 1, ways[stop.node, other.node])
                for j, other in enumerate(near)
                if i != j
            ]
            for a, b, metres in legs:
                arcs.append((a, b, model.new_bool_var("")))
                length.append(int(metres) * arcs[-1][2])
        model.add_circuit(arcs)
        model.add(sum(length) <= int(team.shift.end * UNITS))

    def best(self, prices: Floats, seconds: float) -> tuple[float, np.ndarray]:
        """Return a proved bound of the best tour's worth at some prices, and the tour found."""
        whole = np.ceil(prices * PRICE - 1e-9).astype(int)
        self._model.maximize(
            sum(int(price) * passed for price, passed in zip(whole, self._visited, strict=True))
        )
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = 1
        status = solver.solve(self._model)
        tour = np.zeros(len(prices), dtype=bool)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            tour = np.array([solver.boolean_value(passed) for passed in self._visited])
        return solver.best_objective_bound / PRICE, tour


def main() -> None:
    """Run the proofs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instances", nargs="+")
    parser.add_argument("--value", type=float, help="to be refuted instead of the published one")
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    lines = PUBLISHED.read_text(encoding="utf-8").splitlines()
    published = {row["instance"]: float(row["published"]) for row in csv.DictReader(lines)}
    for name in options.instances:
        began = time.perf_counter()
        problem = read_instance(FOLDER / f"Set{name[1]}" / f"{name}.txt")
        value = published[name] if options.value is None else options.value
        bound = upper_bound(problem, value, options.seconds)
        row = {
            "instance": name,
            "value": value,
            "most": round(bound.most, 3),
            "likely": round(bound.likely, 3),
            "reachable": None if bound.most >= value else False,
            "rounds": bound.rounds,
            "seconds": round(time.perf_counter() - began, 1),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
