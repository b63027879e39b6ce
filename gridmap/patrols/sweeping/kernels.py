"""The compiled search for sweeps: strings of tasks are taken out and put back elsewhere.

Christiaens and Vanden Berghe (2020), Slack induction by string removals for vehicle routing
problems, Transportation Science 54 (2), 417-433, carried over to arcs: a task is put back in
either direction, and the directions of a changed route are then the best for its order (dynamic
programming).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers
from gridmap.patrols.sweeping.problem import Problem

# The parameters of the paper, section 6: tasks taken out on average, the longest string, how often
# a string is split, how often the split is widened, and how often a position is overlooked.
_REMOVED, _STRING, _SPLIT, _WIDEN, _BLINK = 10.0, 10.0, 0.5, 0.01, 0.01


@njit(cache=True, nogil=True)
def anneal(
    problem: Problem, routes: Integers, size: Integers, load: Floats, length: Floats,
    where: Integers, best: Integers, best_size: Integers, worth: Floats, iterations: int,
    hot: float, cold: float, absence: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Search on from some routes.

    Parameters
    ----------
    problem : Problem
        The tasks and teams.
    routes : ndarray of int64, shape (teams, tasks), changed
        The arcs of each team in order, the first `size` of each row.
    size, load, length : ndarray, shape (teams,), changed
        How many arcs, what demand and what cost each route has.
    where : ndarray of int64, shape (tasks,), changed
        The team of each task; -1 where none has it.
    best, best_size : ndarray of int64, changed
        The best routes so far.
    worth : ndarray of float64, shape (2,), changed
        The cost of the routes and of the best, with `absence` for each task that none has.
    iterations : int
        How often to try.
    hot, cold : float
        The temperatures of simulated annealing at the begin and at the end.
    absence : float
        What a task costs that is not done.
    rng : Generator
        Decides what is by chance.
    """
    teams, tasks = size.size, where.size
    removed, held = np.empty(tasks, np.int64), np.empty((teams, tasks), np.int64)
    held_size, held_load, held_length = size.copy(), load.copy(), length.copy()
    touched = np.zeros(teams, dtype=np.bool_)
    cooling = (cold / hot) ** (1.0 / max(iterations, 1))
    temperature = hot
    for _ in range(iterations):
        absent = 0
        for task in range(tasks):
            if where[task] < 0:
                removed[absent] = task
                absent += 1
        touched[:] = False
        count = _ruin(
            problem, routes, size, where, removed, absent, touched, held, held_size, held_load,
            load, held_length, length, rng,
        )  # fmt: skip
        _sort(problem, removed[:count], rng)
        for k in range(count):
            _put_back(
                problem, removed[k], routes, size, load, length, where, touched, held, held_size,
                held_load, held_length, rng,
            )  # fmt: skip
        cost = 0.0
        for team in range(teams):
            if touched[team]:
                length[team] = direct(problem, team, routes[team], size[team])
            cost += length[team]
        for k in range(count):
            cost += absence if where[removed[k]] < 0 else 0.0
        if cost < worth[0] - temperature * np.log(rng.random()):
            worth[0] = cost
            if cost < worth[1] - 1e-9:
                worth[1] = cost
                best[:] = routes
                best_size[:] = size
        else:
            _undo(
                routes, size, load, length, where, touched, held, held_size, held_load,
                held_length, removed[:count],
            )  # fmt: skip
        temperature *= cooling


@njit(cache=True, nogil=True)
def _hold(
    team: int, routes: Integers, size: Integers, load: Floats, length: Floats,
    touched: NDArray[np.bool_], held: Integers, held_size: Integers, held_load: Floats,
    held_length: Floats,
) -> None:  # fmt: skip
    """Remember a route before it is changed for the first time."""
    if touched[team]:
        return
    touched[team] = True
    held[team, : size[team]] = routes[team, : size[team]]
    held_size[team], held_load[team], held_length[team] = size[team], load[team], length[team]


@njit(cache=True, nogil=True)
def _undo(
    routes: Integers, size: Integers, load: Floats, length: Floats, where: Integers,
    touched: NDArray[np.bool_], held: Integers, held_size: Integers, held_load: Floats,
    held_length: Floats, removed: Integers,
) -> None:  # fmt: skip
    for task in removed:
        where[task] = -1
    for team in range(size.size):
        if touched[team]:
            size[team], load[team], length[team] = (
                held_size[team], held_load[team], held_length[team],
            )  # fmt: skip
            routes[team, : size[team]] = held[team, : size[team]]
            for k in range(size[team]):
                where[routes[team, k] // 2] = team


@njit(cache=True, nogil=True)
def _ruin(
    problem: Problem, routes: Integers, size: Integers, where: Integers, removed: Integers,
    count: int, touched: NDArray[np.bool_], held: Integers, held_size: Integers,
    held_load: Floats, load: Floats, held_length: Floats, length: Floats,
    rng: np.random.Generator,
) -> int:  # fmt: skip
    """Take strings of tasks near to each other out of some routes; return how many are out."""
    used = 0
    for team in range(size.size):
        used += size[team] > 0
    if used == 0:
        return count
    most = min(_STRING, (where.size - count) / used)
    strings = int(1 + rng.random() * (4 * _REMOVED / (1 + most) - 1))
    first = int(rng.integers(0, where.size))
    for rank in range(-1, problem.near.shape[1]):
        task = first if rank < 0 else problem.near[first, rank]
        team = int(where[task])
        if team < 0 or touched[team]:
            continue
        _hold(team, routes, size, load, length, touched, held, held_size, held_load, held_length)
        string = int(1 + rng.random() * min(float(size[team]), most))
        count = _take_out(
            problem, routes, size, load, where, team, task, string, removed, count, rng
        )
        strings -= 1
        if strings == 0:
            break
    return count


@njit(cache=True, nogil=True)
def _take_out(
    problem: Problem, routes: Integers, size: Integers, load: Floats, where: Integers, team: int,
    task: int, string: int, removed: Integers, count: int, rng: np.random.Generator,
) -> int:  # fmt: skip
    """Take a string about a task out of a route, perhaps with some in its middle left in."""
    whole, at = size[team], 0
    string = min(string, whole)
    while routes[team, at] // 2 != task:
        at += 1
    left_in = 0
    if string > 1 and string < whole and rng.random() < _SPLIT:
        left_in = 1
        while string + left_in < whole and rng.random() < _WIDEN:
            left_in += 1
    span = string + left_in
    begin = at - int(rng.integers(0, span))
    begin = min(max(begin, 0), whole - span)
    skip = begin + 1 + rng.integers(0, string - 1) if left_in > 0 else -1
    kept = 0
    for k in range(whole):
        arc = routes[team, k]
        out = begin <= k < begin + span and not (skip <= k < skip + left_in)
        if out:
            removed[count] = arc // 2
            count += 1
            where[arc // 2] = -1
            load[team] -= problem.demand[arc // 2]
        else:
            routes[team, kept] = arc
            kept += 1
    size[team] = kept
    return count


@njit(cache=True, nogil=True)
def _sort(problem: Problem, removed: Integers, rng: np.random.Generator) -> None:
    """Put the tasks in the order they come back: by chance, the greatest, farthest or nearest."""
    kind = rng.random() * 11
    key = rng.random(removed.size)
    depot = problem.start[0]
    if kind >= 4:
        for k in range(removed.size):
            task = removed[k]
            far = problem.between[depot, 2 * task]
            other = problem.between[depot, 2 * task + 1]
            if kind < 8:
                key[k] = -problem.demand[task] + 1e-9 * key[k]
            else:
                key[k] = min(far, other) * (-1 if kind < 10 else 1)
    removed[:] = removed[np.argsort(key)]


@njit(cache=True, nogil=True)
def _put_back(
    problem: Problem, task: int, routes: Integers, size: Integers, load: Floats, length: Floats,
    where: Integers, touched: NDArray[np.bool_], held: Integers, held_size: Integers,
    held_load: Floats, held_length: Floats, rng: np.random.Generator,
) -> None:  # fmt: skip
    """Put a task where it costs least, if any team can take it."""
    between, demand = problem.between, problem.demand[task]
    best, best_team, best_at, best_arc = np.inf, -1, -1, -1
    for team in range(size.size):
        if load[team] + demand > problem.capacity[team] or _tried(problem, size, team):
            continue
        room = problem.longest[team] - problem.service[task]
        if touched[team] and room < np.inf:
            length[team] = _length(problem, team, routes[team], size[team])
        room -= length[team]
        for at in range(size[team] + 1):
            if rng.random() < _BLINK:
                continue
            before = routes[team, at - 1] if at > 0 else problem.start[team]
            after = routes[team, at] if at < size[team] else problem.end[team]
            gap = between[before, after] if size[team] > 0 else 0.0
            for arc in range(2 * task, 2 * task + 2):
                more = between[before, arc] + between[arc, after] - gap
                if more < best and more <= room:
                    best, best_team, best_at, best_arc = more, team, at, arc
    if best_team >= 0:
        _hold(
            best_team, routes, size, load, length, touched, held, held_size, held_load, held_length
        )
        for k in range(size[best_team], best_at, -1):
            routes[best_team, k] = routes[best_team, k - 1]
        routes[best_team, best_at] = best_arc
        size[best_team] += 1
        load[best_team] += demand
        where[task] = best_team


@njit(cache=True, nogil=True)
def _tried(problem: Problem, size: Integers, team: int) -> bool:
    """Return whether a team has no tasks and one before is like it and has none either."""
    if size[team] > 0:
        return False
    for earlier in range(team):
        if size[earlier] == 0 and problem.like[earlier] == problem.like[team]:
            return True
    return False


@njit(cache=True, nogil=True)
def _length(problem: Problem, team: int, route: Integers, size: int) -> float:
    if size == 0:
        return 0.0
    place, length = problem.start[team], 0.0
    for k in range(size):
        length += problem.between[place, route[k]] + problem.service[route[k] // 2]
        place = route[k]
    return float(length + problem.between[place, problem.end[team]])


@njit(cache=True, nogil=True)
def direct(problem: Problem, team: int, route: Integers, size: int) -> float:
    """Turn the arcs of a route to the best directions for their order, and return its cost.

    Parameters
    ----------
    problem : Problem
        The tasks and teams.
    team : int
        Whose route it is.
    route : ndarray of int64, changed
        The arcs; those after `size` are left alone.
    size : int
        How many arcs it has.

    Returns
    -------
    float
        0 for a route without arcs.
    """
    if size == 0:
        return 0.0
    between = problem.between
    came = np.empty((size, 2), dtype=np.int64)
    one, other = 0.0, 0.0
    for k in range(size):
        task = route[k] // 2
        if k == 0:
            new_one = between[problem.start[team], 2 * task]
            new_other = between[problem.start[team], 2 * task + 1]
        else:
            last = route[k - 1] // 2
            new_one, came[k, 0] = _shorter(
                one + between[2 * last, 2 * task], other + between[2 * last + 1, 2 * task]
            )
            new_other, came[k, 1] = _shorter(
                one + between[2 * last, 2 * task + 1], other + between[2 * last + 1, 2 * task + 1]
            )
        one, other = new_one + problem.service[task], new_other + problem.service[task]
    last = route[size - 1] // 2
    cost, way = _shorter(
        one + between[2 * last, problem.end[team]], other + between[2 * last + 1, problem.end[team]]
    )
    for k in range(size - 1, -1, -1):
        route[k] = 2 * (route[k] // 2) + way
        way = came[k, way]
    return float(cost)


@njit(cache=True, nogil=True)
def _shorter(one: float, other: float) -> tuple[float, int]:
    return (one, 0) if one <= other else (other, 1)
