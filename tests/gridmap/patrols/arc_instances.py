"""Published instances of capacitated arc routing, and whether a solution of one is right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csgraph

from gridmap.patrols.network import Floats, Integers
from gridmap.patrols.sweeping.problem import Problem, make_problem
from gridmap.patrols.sweeping.search import Solution


@dataclass(frozen=True, eq=False)
class Instance:
    """An instance as published: its edges, and what follows from them."""

    name: str
    edges: Integers
    capacity: int
    lower: float
    upper: float
    problem: Problem

    def faults(self, found: Solution) -> list[str]:
        """Return what is wrong with a solution, from the edges and not from the distances."""
        ways = _floyd(self.edges)
        required = self.edges[self.edges[:, 3] > 0]
        wrong, total = [], 0.0
        done = np.concatenate(found.routes) // 2
        if sorted(done.tolist()) != list(range(len(required))):
            wrong.append("not each edge once")
        for route in found.routes:
            place, load = 0, 0
            for arc in route.tolist():
                one, other, cost, demand = required[arc // 2].tolist()
                begin, end = (one, other) if arc % 2 == 0 else (other, one)
                total += ways[place, begin] + cost
                place, load = end, load + demand
            total += ways[place, 0]
            if load > self.capacity:
                wrong.append("over capacity")
        if total != found.length:
            wrong.append("another length")
        return wrong


def _floyd(edges: Integers) -> Floats:
    """Return all distances by Floyd and Warshall's rule, written out."""
    nodes = int(edges[:, :2].max()) + 1
    ways = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(ways, 0)
    for one, other, cost, _ in edges:
        ways[one, other] = ways[other, one] = min(ways[one, other], cost)
    for by in range(nodes):
        ways = np.minimum(ways, ways[:, by : by + 1] + ways[by])
    return ways


def read_instance(path: Path, spare: int = 2) -> Instance:
    """Read a .dat file: nodes, edges, "from to cost demand" each, vehicles, capacity, bounds.

    The depot is node 0. The number of vehicles is the least that could do; `spare` more are
    allowed, as the bounds do not limit them.
    """
    rows = [
        [int(v) for v in line.split()] for line in path.read_text().splitlines() if line.strip()
    ]
    nodes, count = rows[0][0], rows[1][0]
    edges = np.array(rows[2 : 2 + count])
    vehicles, capacity, lower, upper = (row[0] for row in rows[2 + count :])
    cost = np.full((nodes, nodes), np.inf)
    for one, other, length, _ in edges:
        cost[one, other] = cost[other, one] = min(cost[one, other], length)
    ways = csgraph.shortest_path(np.where(np.isinf(cost), 0, cost), directed=False)
    required = edges[edges[:, 3] > 0]
    begin = np.append(required[:, :2].ravel(), 0)
    end = np.append(required[:, 1::-1].ravel(), 0)
    teams = vehicles + spare
    depot = np.full(teams, 2 * len(required))
    problem = make_problem(
        required[:, 2], required[:, 3], ways[np.ix_(end, begin)], depot, depot,
        np.full(teams, capacity), np.full(teams, np.inf),
    )  # fmt: skip
    return Instance(path.stem, edges, capacity, lower, upper, problem)
