"""Breaks that may be taken anywhere: some places in the search, then where the team is anyway."""

from __future__ import annotations

import numpy as np

from gridmap.patrols.planning.improving import improved
from gridmap.patrols.planning.layout import Layout, lay_out
from gridmap.patrols.planning.problem import Kind, Problem, Team
from gridmap.patrols.planning.schedule import timed

Tours = list[list[int]]

# At so many places beside its start and end a team's break is thought of in the search.
_SPREAD = 4


def resting_places(problem: Problem) -> list[list[int]]:
    """Return by team where the search thinks of a break: its start, its end and places between.

    Each option makes the search slower, so there are few of them, far from each other: wherever a
    tour leads, one is not far. `settled` then moves the break to where the team is anyway.
    """
    return [_spread(problem, team) for team in problem.teams]


def _spread(problem: Problem, team: Team) -> list[int]:
    found = list(dict.fromkeys([team.start, team.end]))
    ways = problem.matrices[team.mode].seconds
    nodes = np.unique([stop.node for stop in problem.stops]).astype(np.int64)
    nodes = nodes[np.isfinite(ways[team.start, nodes] + ways[nodes, team.end])]
    away = np.min(ways[np.ix_(found, nodes)], axis=0) if nodes.size else np.zeros(0)
    for _ in range(_SPREAD):
        if not nodes.size or away.max() <= 0:
            break
        farthest = int(nodes[int(np.argmax(away))])
        found.append(farthest)
        away = np.minimum(away, ways[farthest, nodes])
    return found


def settled(layout: Layout, tours: Tours, *, exchange: bool) -> tuple[Layout, Tours]:
    """Move each break to where its team is anyway, and use the time that this saves.

    Parameters
    ----------
    layout : Layout
    tours : list of list of int
        Feasible.
    exchange : bool
        Whether a visit may leave for another one, see `improved`.

    Returns
    -------
    Layout
        With the options at which breaks are now taken.
    list of list of int
        Of its options; no longer than before, and they cover no less.
    """
    teams = layout.problem.teams
    if all(team.rest is None or team.rest.nodes for team in teams):
        return layout, tours
    nodes = [
        [*dict.fromkeys([team.start, team.end, *_passed(layout, row, tour)])]
        for row, (team, tour) in enumerate(zip(teams, tours, strict=True))
    ]
    anew = lay_out(layout.problem, nodes)
    moved = [_moved(layout, anew, row, tour) for row, tour in enumerate(tours)]
    return anew, improved(anew, moved, exchange=exchange)


def _passed(layout: Layout, team: int, tour: list[int]) -> list[int]:
    """Return the nodes that a team comes to, those of its break among them."""
    return [
        layout.departures[team].node,
        *layout.enter[tour].tolist(),
        *layout.leave[tour].tolist(),
    ]


def _moved(old: Layout, new: Layout, team: int, tour: list[int]) -> list[int]:
    """Return a tour in the rows of a new layout, its break where it makes the way shortest."""
    at = next((i for i, option in enumerate(tour) if _is_break(old, option)), None)
    if at is None:
        return tour
    # All other options come first, in the same order.
    others = [option for option in tour if not _is_break(old, option)]
    rests = [o for o in range(len(new.task)) if _is_break(new, o) and new.allowed[team, o]]
    tried = [[*others[:i], rest, *others[i:]] for i in range(len(others) + 1) for rest in rests]
    timings = [(timed(new, team, each), each) for each in tried]
    best = min(
        ((timing.metres, timing.back, each) for timing, each in timings if timing is not None),
        default=None,
    )
    assert best is not None  # noqa: S101 - The tour as it was is among those tried.
    return best[2]


def _is_break(layout: Layout, option: int) -> bool:
    return layout.tasks[int(layout.task[option])].kind is Kind.BREAK
