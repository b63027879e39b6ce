"""The problem in PyVRP's terms: whole numbers, clients, groups and vehicle types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyvrp import Client, ClientGroup, Depot, Location, ProblemData, VehicleType

from gridmap.patrols.planning.layout import Departure, Integers, Layout
from gridmap.patrols.planning.problem import Floats, Kind

# What is this far from a whole number is one: distances come from square roots.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Emphasis:
    """How one search looks at the problem; what is planned is judged by the problem itself.

    Attributes
    ----------
    multiplier : float
        The median risk of a visit in typical legs; large values leave metres no say, small ones
        give the search a slope to follow.
    risk : ndarray of float64 or None
        Shape (tasks,), in place of the tasks' risk.
    detours : ndarray of float64 or None
        Shape (options + 1, options + 1), metres added from row to column; the last row and
        column are the teams' start and end.
    musts : bool
        False: musts count as very great risk, so that the search says which cannot be kept.
    """

    multiplier: float
    risk: Floats | None = None
    detours: Floats | None = None
    musts: bool = True


def modelled(layout: Layout, emphasis: Emphasis) -> ProblemData:
    """Build PyVRP's problem; client ``i`` is option ``i``, vehicle type ``t`` is team ``t``.

    All times and lengths are rounded so that what is feasible here is feasible in truth: ways
    up, latest times down. The distance of a leg stands in its matrix with the street that was
    swept before it, since a client has one location, which is entered here and left there.

    Parameters
    ----------
    layout : Layout
    emphasis : Emphasis

    Returns
    -------
    ProblemData
    """
    problem = layout.problem
    step, teams = problem.resolution, problem.teams
    zero = min(departure.earliest for departure in layout.departures)
    horizon = _down(max(team.shift.end for team in teams) - zero, step)
    profiles: dict[tuple[object, ...], int] = {}
    # PyVRP's own annotations of arrays are not those of NumPy.
    distances: list[Any] = []
    durations: list[Any] = []
    types = []
    for row, team in enumerate(teams):
        closed = _closed(layout, row)
        # Teams of one mode that may go to the same places share their matrices.
        signature = (team.mode, closed.tobytes())
        if signature not in profiles:
            profiles[signature] = len(profiles)
            metres, seconds = _ways(layout, team.mode, closed, emphasis, horizon)
            distances.append(metres)
            durations.append(seconds)
        departure = layout.departures[row]
        types.append(
            VehicleType(
                start_depot=2 * row,
                end_depot=2 * row + 1,
                tw_early=_up(departure.earliest - zero, step),
                tw_late=_down(team.shift.end - zero, step),
                start_late=max(
                    _up(departure.earliest - zero, step), _down(departure.latest - zero, step)
                ),
                shift_duration=max(0, _down(_span(layout, row, departure), step)),
                profile=profiles[signature],
            )
        )
    clients, groups = _clients(layout, emphasis, zero, horizon)
    count = len(distances[0])
    return ProblemData(
        [Location(0, 0)] * count,
        clients,
        [Depot(i) for i in range(2 * len(teams))],
        types,
        distances,
        durations,
        groups,
    )


def _span(layout: Layout, row: int, departure: Departure) -> float:
    """Return the longest time from where the team is free to its end, seconds."""
    team = layout.problem.teams[row]
    done = 0.0 if departure.sets_off is None else departure.earliest - departure.sets_off
    span = team.shift.end - departure.earliest
    if team.longest is not None:
        span = min(span, team.longest - done)
    return span


def _closed(layout: Layout, row: int) -> NDArray[np.bool_]:
    """Return the places that a team may not go to, shape (places,)."""
    count = int(layout.place.max()) + 1 if len(layout.place) else 0
    closed = np.zeros(count, dtype=bool)
    closed[layout.place[~layout.allowed[row]]] = True
    return closed


def _ways(
    layout: Layout, mode: str, closed: NDArray[np.bool_], emphasis: Emphasis, horizon: int
) -> tuple[Integers, Integers]:
    """Return metres and seconds between locations: two depots per team, then the places."""
    problem = layout.problem
    step = problem.resolution
    depots = [
        node
        for departure, team in zip(layout.departures, problem.teams, strict=True)
        for node in (departure.node, team.end)
    ]
    # The first option of each place stands for it; all have the same nodes.
    _, first = np.unique(layout.place, return_index=True)
    enter = np.concatenate([depots, layout.enter[first]]).astype(np.int64)
    leave = np.concatenate([depots, layout.leave[first]]).astype(np.int64)
    none = np.zeros(len(depots))
    swept = np.concatenate(
        [none, np.where(_is_street(layout)[first], layout.spent[mode][first], 0)]
    )
    through = np.concatenate([none, layout.through[first]])
    ways = problem.matrices[mode]
    seconds = ways.seconds[leave[:, None], enter[None, :]] + swept[:, None]
    metres = ways.metres[leave[:, None], enter[None, :]] + through[:, None]
    if emphasis.detours is not None:
        of = np.concatenate([np.full(len(depots), len(layout.place)), first])
        metres = metres + emphasis.detours[np.ix_(of, of)]
    shut = ~np.isfinite(seconds)
    shut[len(depots) :] |= closed[:, None]
    shut[:, len(depots) :] |= closed[None, :]
    far = horizon + 1
    seconds[shut] = metres[shut] = 0
    whole = np.ceil(seconds / step - _ROUNDING).astype(np.int64)
    length = np.ceil(metres / step - _ROUNDING).astype(np.int64)
    # A way longer than every shift is none; its metres are as discouraging.
    whole[shut] = far
    length[shut] = max(far, int(length.max(initial=0)))
    np.fill_diagonal(whole, 0)
    np.fill_diagonal(length, 0)
    return length, whole


def _is_street(layout: Layout) -> NDArray[np.bool_]:
    kinds = np.array([task.kind is Kind.STREET for task in layout.tasks], dtype=bool)
    return kinds[layout.task] if len(kinds) else np.zeros(0, dtype=bool)


def prizes(layout: Layout, emphasis: Emphasis) -> Integers:
    """Return what each task is worth to one search, shape (tasks,), in steps of metres."""
    problem = layout.problem
    risk = np.array([task.risk for task in layout.tasks])
    wanted = risk if emphasis.risk is None else emphasis.risk
    if problem.worth is not None:
        value = wanted * problem.worth / problem.resolution
    else:
        value = (
            wanted
            * emphasis.multiplier
            * typical_leg(layout)
            / (np.median(risk[risk > 0]) if (risk > 0).any() else 1.0)
            / problem.resolution
        )
    prize = np.rint(value).astype(np.int64)
    if not emphasis.musts:
        must = [task.must and task.kind is not Kind.BREAK for task in layout.tasks]
        leg = typical_leg(layout) / problem.resolution
        prize[must] = int(prize.sum() + 10 * leg * (len(layout.tasks) + 1))
    return prize


def typical_leg(layout: Layout) -> float:
    """Return the median metres between places where teams go, 1 where there are none."""
    nodes = np.unique(layout.enter)
    metres = layout.problem.matrices[layout.problem.teams[0].mode].metres[np.ix_(nodes, nodes)]
    apart = metres[np.isfinite(metres) & (metres > 0)]
    return float(np.median(apart)) if len(apart) else 1.0


def _clients(
    layout: Layout, emphasis: Emphasis, zero: float, horizon: int
) -> tuple[list[Client], list[ClientGroup]]:
    step = layout.problem.resolution
    modes = {team.mode for team in layout.problem.teams}
    street = _is_street(layout)
    # One latest beginning stands for all modes that can do it: the slowest one's.
    late = np.min(
        [np.where(np.isfinite(layout.spent[m]), layout.late[m], np.inf) for m in modes], axis=0
    )
    late[np.isinf(late)] = zero - step
    prize = prizes(layout, emphasis)
    per_task = np.bincount(layout.task, minlength=len(layout.tasks))
    depots = 2 * len(layout.problem.teams)
    clients: list[Client] = []
    groups: list[ClientGroup] = []
    group_of: dict[int, int] = {}
    for option, row in enumerate(layout.task.tolist()):
        task = layout.tasks[row]
        required = task.must and (emphasis.musts or task.kind is Kind.BREAK)
        if per_task[row] > 1 and row not in group_of:
            group_of[row] = len(groups)
            groups.append(ClientGroup([int(o) for o in layout.options_of(row)], required=required))
        early = max(0, _up(layout.early[option] - zero, step))
        latest = min(horizon, _down(late[option] - zero, step))
        if latest < early:
            # A place that is open at no time within reach: the window is past every shift.
            early = latest = horizon + 1
        clients.append(
            Client(
                depots + int(layout.place[option]),
                service_duration=0
                if street[option]
                else _up(layout.spent[next(iter(modes))][option], step),
                tw_early=early,
                tw_late=latest,
                prize=int(prize[row]),
                required=required and per_task[row] == 1,
                group=group_of.get(row),
            )
        )
    return clients, groups


def _up(value: float, step: float) -> int:
    return int(np.ceil(value / step - _ROUNDING))


def _down(value: float, step: float) -> int:
    return int(np.floor(value / step + _ROUNDING))
