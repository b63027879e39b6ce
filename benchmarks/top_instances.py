"""Chao's instances of the team orienteering problem, as problems of the planner.

Chao, Golden and Wasil (1996), The team orienteering problem, European Journal of Operational
Research 88, 464-474.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from gridmap.patrols.planning.problem import Matrices, Problem, Stop, Team, Window

# Ways are square roots: at a millionth, what is rounded up in the search decides nothing.
RESOLUTION = 1e-6


def read_instance(path: Path) -> Problem:
    """Read one instance: the first point is the start, the last the end, scores are risk."""
    lines = path.read_text(encoding="utf-8").splitlines()
    points, teams, limit = (float(line.split()[1]) for line in lines[:3])
    table = np.array([[float(x) for x in line.split()] for line in lines[3 : 3 + int(points)]])
    between = table[:, None, :2] - table[None, :, :2]
    ways = np.hypot(between[..., 0], between[..., 1])
    end = len(table) - 1
    return Problem(
        tuple(Team(f"team {i}", "any", 0, end, Window(0, limit)) for i in range(int(teams))),
        tuple(Stop(str(i), i, 0.0, risk=float(table[i, 2])) for i in range(1, end)),
        {"any": Matrices(ways, ways)},
        resolution=RESOLUTION,
    )


def with_ortools(problem: Problem, seconds: float, enough: float) -> float:
    """Solve by OR-Tools' routing: a dropped stop costs its score, then guided local search.

    Parameters
    ----------
    problem : Problem
        Of one mode, teams alike.
    seconds : float
        Of the processor; it ends earlier when ``enough`` is reached.
    enough : float

    Returns
    -------
    float
        The score collected.
    """
    here, there = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=_ortools, args=(problem, math.ceil(seconds), enough, there)
    )
    child.start()
    there.close()
    value = 0.0
    try:
        while True:
            value = max(value, here.recv())
    except EOFError:
        child.join()
    return value


def _ortools(problem: Problem, seconds: int, enough: float, told: Connection) -> None:
    """Search until the kernel ends the process, and tell each better score at once."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    ways = problem.matrices[problem.teams[0].mode].seconds
    first = problem.teams[0]
    crew = len(problem.teams)
    manager = pywrapcp.RoutingIndexManager(
        len(ways), crew, [first.start] * crew, [first.end] * crew
    )
    routing = pywrapcp.RoutingModel(manager)
    # Their numbers are whole too; a score weighs more than any way.
    lengths = np.ceil(ways / RESOLUTION - 1e-3).astype(np.int64)
    transit = routing.RegisterTransitMatrix(lengths.tolist())
    routing.AddDimension(transit, 0, int(first.shift.end / RESOLUTION + 1e-3), True, "length")
    weight = int(lengths.max()) * len(ways)
    routing.SetArcCostEvaluatorOfAllVehicles(
        routing.RegisterTransitMatrix((lengths // 1000).tolist())
    )
    weight //= 1000
    for stop in problem.stops:
        routing.AddDisjunction([manager.NodeToIndex(stop.node)], int(stop.risk * weight))
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    total = sum(stop.risk for stop in problem.stops)

    def tell() -> None:
        score = total - routing.CostVar().Max() // weight
        told.send(score)
        if score >= enough:
            routing.solver().FinishCurrentSearch()

    routing.AddAtSolutionCallback(tell)
    # By the clock only as a guard, where the processor is shared with many.
    parameters.time_limit.FromSeconds(60 * seconds)
    routing.SolveWithParameters(parameters)
