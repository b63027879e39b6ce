"""Streets of a network to be swept whole by teams."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gridmap.patrols.matching.graph import Graph, make_graph
from gridmap.patrols.network import SPEED, Floats, Integers, Mode, Network
from gridmap.patrols.sweeping.problem import Problem, make_problem
from gridmap.patrols.sweeping.search import search_in_chains
from gridmap.patrols.sweeping.ways import between_nodes, legs


@dataclass(frozen=True)
class Team:
    """Who sweeps: the nodes it starts and ends at, and the seconds it has."""

    start: int
    end: int
    longest_s: float


class Reason(StrEnum):
    """Why a street is not swept."""

    CLOSED = "closed"  # The mode may not use it.
    UNREACHABLE = "unreachable"  # No team can get there and on to its end.
    TOO_FAR = "too_far"  # It alone takes longer than any team has.
    NO_TIME = "no_time"  # The teams have enough to do with the others.


@dataclass(frozen=True, eq=False)
class Route:
    """The way of a team, street by street, arrays of shape (steps,).

    Attributes
    ----------
    segment : ndarray of int64
        The position of the street in the network.
    forward : ndarray of bool
        Whether it is walked along its line.
    sweeps : ndarray of bool
        Whether it is swept or only passed.
    left_s : ndarray of float64
        When the team is at its end, in seconds from the start.
    """

    segment: Integers
    forward: NDArray[np.bool_]
    sweeps: NDArray[np.bool_]
    left_s: Floats


@dataclass(frozen=True, eq=False)
class Sweep:
    """Who sweeps what.

    Attributes
    ----------
    routes : tuple of Route
        One of each team, without steps for a team that stays in.
    unswept : dict of int to Reason
        The streets that are left, positions in the network.
    """

    routes: tuple[Route, ...]
    unswept: dict[int, Reason]


def plan_sweep(
    network: Network, required: Integers, teams: tuple[Team, ...], mode: Mode = Mode.FOOT, *,
    sweep_speed: float | None = None, iterations: int = 200_000, seed: int = 0, chains: int = 2,
) -> Sweep:  # fmt: skip
    """Plan who sweeps which streets in which order, in the least time of all teams together.

    Parameters
    ----------
    network : Network
        The streets.
    required : ndarray of int64, shape (tasks,)
        The streets to be swept whole, in either direction that the mode may go; positions in the
        network, each once.
    teams : tuple of Team
        At least one.
    mode : Mode
        How all teams move, at its `SPEED` where they only pass.
    sweep_speed : float, optional
        Metres per second while sweeping; the mode's if not given.
    iterations, seed, chains : int
        See `search_in_chains`. 200,000 take about 3 s for 100 streets.

    Returns
    -------
    Sweep
    """
    graph = make_graph(network, mode)
    speed = SPEED[mode]
    problem = _problem(graph, required, teams, speed, sweep_speed or speed)
    unswept = _impossible(graph, problem, required)
    possible = np.flatnonzero(~np.isin(required, list(unswept)))
    smaller = _only(problem, possible)
    found = search_in_chains(smaller, iterations, seed, chains)
    unswept |= {int(required[possible[task]]): Reason.NO_TIME for task in found.absent}
    routes = []
    for team, arcs in zip(teams, found.routes, strict=True):
        arcs = 2 * possible[arcs // 2] + arcs % 2
        routes.append(_route(graph, required, team, arcs, speed, sweep_speed or speed))
    return Sweep(tuple(routes), unswept)


def _ends(graph: Graph, required: Integers) -> tuple[Integers, Integers]:
    """Return the nodes where arcs begin and end: each street along its line and against it."""
    begin = np.column_stack([graph.start[required], graph.end[required]]).ravel()
    end = np.column_stack([graph.end[required], graph.start[required]]).ravel()
    return begin, end


def _problem(
    graph: Graph, required: Integers, teams: tuple[Team, ...], speed: float, sweep_speed: float
) -> Problem:
    begin, end = _ends(graph, required)
    starts = np.array([team.start for team in teams], dtype=np.int64)
    ends = np.array([team.end for team in teams], dtype=np.int64)
    # Each team has two places, one to come from and one to go to.
    begin, end = np.concatenate([begin, starts, ends]), np.concatenate([end, starts, ends])
    between = between_nodes(graph, end, begin) / speed
    barred = np.column_stack([~graph.forward[required], ~graph.backward[required]]).ravel()
    between[:, np.flatnonzero(barred)] = np.inf
    place = 2 * len(required) + np.arange(len(teams))
    return make_problem(
        graph.length_m[required] / sweep_speed, np.zeros(len(required)), between, place,
        place + len(teams), np.full(len(teams), np.inf),
        np.array([team.longest_s for team in teams], dtype=np.float64),
    )  # fmt: skip


def _impossible(graph: Graph, problem: Problem, required: Integers) -> dict[int, Reason]:
    """Return the streets that no team could sweep even if it had nothing else to do."""
    arcs = np.arange(2 * len(required))
    there = problem.between[problem.start][:, arcs]
    back = problem.between[arcs][:, problem.end].T
    alone = (there + back).reshape(len(problem.start), len(required), 2).min(axis=2)
    late = alone + problem.service > problem.longest[:, None]
    closed = ~(graph.forward | graph.backward)[required]
    cut_off, far = np.isinf(alone).all(axis=0), late.all(axis=0)
    reasons = np.select(
        [closed, cut_off, far],
        [Reason.CLOSED.value, Reason.UNREACHABLE.value, Reason.TOO_FAR.value],
        "",
    )
    return {
        int(street): Reason(reason)
        for street, reason in zip(required, reasons, strict=True)
        if reason
    }


def _only(problem: Problem, tasks: Integers) -> Problem:
    """Return the problem of some of the tasks."""
    arcs = np.column_stack([2 * tasks, 2 * tasks + 1]).ravel()
    before = 2 * len(problem.service)
    rows = np.concatenate([arcs, np.arange(before, len(problem.between))])
    moved = 2 * len(tasks) - before
    return make_problem(
        problem.service[tasks], problem.demand[tasks], problem.between[np.ix_(rows, rows)],
        problem.start + moved, problem.end + moved, problem.capacity, problem.longest,
    )  # fmt: skip


def _route(
    graph: Graph, required: Integers, team: Team, arcs: Integers, speed: float, sweep_speed: float
) -> Route:
    """Return the way through all arcs with what lies between them."""
    if arcs.size == 0:
        none = np.zeros(0, dtype=np.bool_)
        return Route(np.zeros(0, dtype=np.int64), none, none, np.zeros(0))
    begin, end = (nodes[arcs] for nodes in _ends(graph, required))
    ways = legs(graph, np.append(team.start, end), np.append(begin, team.end))
    segment, forward, sweeps = [], [], []
    for number, (passed, along) in enumerate(ways):
        segment.append(passed)
        forward.append(along)
        sweeps.append(np.zeros(len(passed), dtype=np.bool_))
        if number < len(arcs):
            segment.append(required[arcs[number : number + 1] // 2])
            forward.append(arcs[number : number + 1] % 2 == 0)
            sweeps.append(np.ones(1, dtype=np.bool_))
    street, swept = np.concatenate(segment), np.concatenate(sweeps)
    took = graph.length_m[street] / np.where(swept, sweep_speed, speed)
    return Route(street, np.concatenate(forward), swept, np.cumsum(took))
