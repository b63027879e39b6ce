"""What is to be swept, by whom, and how far apart it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers

#: So many neighbours of each task are known.
_NEIGHBOURS = 200


class Problem(NamedTuple):
    """A capacitated arc routing problem with teams that may differ.

    Task t can be done as arc 2 t, along its line, or as arc 2 t + 1, against it. The places where
    teams start and end follow after all arcs.

    Attributes
    ----------
    service : ndarray of float64, shape (tasks,)
        What doing a task costs, in the unit of `between`.
    demand : ndarray of float64, shape (tasks,)
        What a task takes of a team's capacity.
    between : ndarray of float64, shape (2 tasks + places, 2 tasks + places)
        From the end of one arc to the beginning of another; inf where there is no way, and
        towards an arc that may not be used.
    near : ndarray of int64, shape (tasks, n)
        The other tasks, nearest first.
    start, end : ndarray of int64, shape (teams,)
        Where each team starts and ends, a row of `between`.
    capacity, longest : ndarray of float64, shape (teams,)
        The most demand and the most cost, service and ways, of each team; may be inf.
    like : ndarray of int64, shape (teams,)
        The first team that is like each in all these.
    """

    service: Floats
    demand: Floats
    between: Floats
    near: Integers
    start: Integers
    end: Integers
    capacity: Floats
    longest: Floats
    like: Integers


def make_problem(
    service: Floats, demand: Floats, between: Floats, start: Integers, end: Integers,
    capacity: Floats, longest: Floats,
) -> Problem:  # fmt: skip
    """Return a problem with each task's neighbours; for the arguments see `Problem`.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    tasks, teams = len(service), len(start)
    places = int(max(start.max(initial=0), end.max(initial=0), 2 * tasks - 1)) + 1
    if len(demand) != tasks or between.shape != (places, places):
        raise ValueError("tasks and distances do not fit")
    if not len(end) == len(capacity) == len(longest) == teams:
        raise ValueError("teams do not fit")
    ways = between[: 2 * tasks, : 2 * tasks].reshape(tasks, 2, tasks, 2)
    apart = np.minimum.reduce([ways[:, i, :, j] for i in (0, 1) for j in (0, 1)])
    apart = np.minimum(apart, apart.T)
    np.fill_diagonal(apart, -1.0)
    near = np.argsort(apart, axis=1, kind="stable")[:, 1 : _NEIGHBOURS + 1]
    kinds = np.column_stack([start, end, capacity, longest])
    like = np.array([np.flatnonzero((kinds == kind).all(axis=1))[0] for kind in kinds])
    return Problem(
        service.astype(np.float64), demand.astype(np.float64), between.astype(np.float64),
        near.astype(np.int64), start.astype(np.int64), end.astype(np.int64),
        capacity.astype(np.float64), longest.astype(np.float64), like.astype(np.int64),
    )  # fmt: skip


def route_length(problem: Problem, team: int, arcs: NDArray[np.int64]) -> float:
    """Return what a team's arcs cost with all ways; 0 for none."""
    if len(arcs) == 0:
        return 0.0
    places = np.concatenate([[problem.start[team]], arcs, [problem.end[team]]])
    ways = problem.between[places[:-1], places[1:]]
    return float(ways.sum() + problem.service[arcs // 2].sum())
