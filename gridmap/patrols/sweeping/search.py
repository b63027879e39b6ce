"""The search for the shortest sweeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridmap.hotspots.parallel import in_order
from gridmap.patrols.network import Integers
from gridmap.patrols.sweeping.kernels import anneal
from gridmap.patrols.sweeping.problem import Problem, route_length

# Temperatures as shares of what a task costs on average with its ways.
_HOT, _COLD = 0.3, 0.003
_CHUNKS = 100


@dataclass(frozen=True, eq=False)
class Solution:
    """Who does what in which order.

    Attributes
    ----------
    routes : tuple of ndarray of int64
        The arcs of each team, see `Problem`; empty for a team that stays in.
    absent : ndarray of int64
        The tasks that no team can do.
    length : float
        What all routes cost, service and ways.
    """

    routes: tuple[Integers, ...]
    absent: Integers
    length: float


def search(
    problem: Problem,
    iterations: int,
    seed: int = 0,
    going_on: Callable[[float, float], bool] | None = None,
) -> Solution:
    """Search for routes that do all tasks, or else as many as can be, at the least cost.

    Parameters
    ----------
    problem : Problem
        The tasks and teams.
    iterations : int
        How often to try; some thousands for each task are plenty.
    seed : int
        The same seed and iterations give the same routes.
    going_on : callable, optional
        Told now and then the share done and the best cost so far; the search ends when it says
        false.

    Returns
    -------
    Solution
    """
    teams, tasks = len(problem.start), len(problem.service)
    routes, size = np.zeros((teams, tasks), dtype=np.int64), np.zeros(teams, dtype=np.int64)
    load, length = np.zeros(teams), np.zeros(teams)
    where = np.full(tasks, -1, dtype=np.int64)
    best, best_size = routes.copy(), size.copy()
    rng = np.random.default_rng(seed)
    # A task left out costs more than any detour could.
    finite = problem.between[np.isfinite(problem.between)]
    absence = float(2 * finite.max(initial=0.0) + problem.service.sum() + 1)
    worth = np.array([absence * tasks, absence * tasks])
    anneal(problem, routes, size, load, length, where, best, best_size, worth, 1, 1.0, 1.0,
           absence, rng)  # fmt: skip
    typical = float(length.sum()) / max(tasks, 1) or 1.0
    edges = np.linspace(0, 1, _CHUNKS + 1)
    heat = typical * _HOT * (_COLD / _HOT) ** edges
    for chunk in range(_CHUNKS):
        anneal(
            problem, routes, size, load, length, where, best, best_size, worth,
            -(-iterations // _CHUNKS), heat[chunk], heat[chunk + 1], absence, rng,
        )  # fmt: skip
        if going_on is not None and not going_on(float(edges[chunk + 1]), float(worth[1])):
            break
    return _solution(problem, best, best_size)


def search_in_chains(problem: Problem, iterations: int, seed: int = 0, chains: int = 2) -> Solution:
    """Search several times at once, and return the best.

    Parameters
    ----------
    problem : Problem
        The tasks and teams.
    iterations : int
        For each chain.
    seed : int
        The same seed, iterations and chains give the same routes, on however many cores.
    chains : int
        How many searches.

    Returns
    -------
    Solution
        With the fewest absent tasks, and of these the shortest.
    """
    seeds = np.random.SeedSequence(seed).generate_state(chains)
    found = in_order(lambda chain: search(problem, iterations, int(seeds[chain])), chains)
    return min(found, key=lambda solution: (len(solution.absent), solution.length))


def _solution(problem: Problem, best: Integers, size: Integers) -> Solution:
    routes = tuple(best[team, : size[team]].copy() for team in range(len(size)))
    done = np.concatenate([*routes, np.zeros(0, dtype=np.int64)]) // 2
    lengths = [route_length(problem, team, arcs) for team, arcs in enumerate(routes)]
    return Solution(routes, np.setdiff1d(np.arange(len(problem.service)), done), sum(lengths))
