"""Polish tours: put in what fits, and exchange one visit for a better one."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gridmap.patrols.planning.insertion import bases, cheapest
from gridmap.patrols.planning.layout import Integers, Layout
from gridmap.patrols.planning.problem import Floats, Kind
from gridmap.patrols.planning.schedule import timed

# A gain below it is a matter of rounding.
_GAIN = 1e-6
# What a must is worth beside any sum of risks.
_MUST = 1e12


class Move(NamedTuple):
    """A team's tour with one more task, or another one, its gain, and the detour in metres."""

    team: int
    tour: list[int]
    task: int
    gain: float
    detour: float


def improved(layout: Layout, tours: list[list[int]], *, exchange: bool = True) -> list[list[int]]:
    """Put visits in, alone or for one that is worth less, as long as that gains.

    The search ends anywhere; after this, no visit that is left out fits into a tour at a gain,
    nor in the place of any one visit.

    Parameters
    ----------
    layout : Layout
    tours : list of list of int
    exchange : bool
        Whether a visit may leave for another one.

    Returns
    -------
    list of list of int
    """
    tours = [_worthwhile(layout, team, tour) for team, tour in enumerate(tours)]
    moves: dict[int, Move | None] = {}
    anew = True
    while True:
        for team, tour in enumerate(tours):
            if team not in moves:
                moves[team] = _best(layout, tours, team, tour, exchange)
        found = [move for move in moves.values() if move is not None]
        if not found:
            # What was found before other tours changed is looked at again before the end.
            if anew:
                return tours
            moves, anew = {}, True
            continue
        best = max(found, key=lambda move: (move.gain, -move.detour))
        tours[best.team] = best.tour
        anew = False
        moves = {
            team: move
            for team, move in moves.items()
            if team != best.team and (move is None or move.task != best.task)
        }


def _worthwhile(layout: Layout, team: int, tour: list[int]) -> list[int]:
    """Return a tour less the visits that are worth nothing, which the search may pick up."""
    tasks = [layout.tasks[int(layout.task[option])] for option in tour]
    less = [o for o, task in zip(tour, tasks, strict=True) if task.must or task.risk > 0]
    if all(task.kind is Kind.BREAK for task in tasks if task.must or task.risk > 0):
        less = less if layout.departures[team].sets_off is not None else []
    # Where the direct way is the longer one, the visit stays.
    return less if timed(layout, team, less) is not None else list(tour)


def left_out(layout: Layout, tours: list[list[int]]) -> Integers:
    """Return the rows of the tasks, breaks apart, that no tour holds."""
    planned = {int(layout.task[option]) for tour in tours for option in tour}
    return np.array(
        [
            row
            for row, task in enumerate(layout.tasks)
            if task.kind is not Kind.BREAK and row not in planned
        ],
        dtype=np.int64,
    )


def _best(
    layout: Layout, tours: list[list[int]], team: int, tour: list[int], exchange: bool
) -> Move | None:
    """Find the move of one team that gains most, None where none gains."""
    missing = left_out(layout, tours)
    candidates = np.flatnonzero(np.isin(layout.task, missing))
    tasks = [layout.tasks[task] for task in layout.task[candidates]]
    risk = np.array([task.risk + _MUST * task.must for task in tasks])
    most = float(risk.max(initial=0.0)) if exchange else 0.0
    length = _metres(layout, team, tour)
    best = None
    for base, loses in places(layout, team, tour, most):
        better = risk > loses
        if not better.any():
            continue
        fits = cheapest(layout, team, base, candidates[better])
        detour = fits.detour + (_metres(layout, team, base) - length)
        gain = _gain(risk[better] - loses, detour, layout.problem.worth)
        at = int(np.lexsort((-detour, gain))[-1])
        score = (float(gain[at]), -float(detour[at]))
        if score > ((best.gain, -best.detour) if best else (_GAIN, -math.inf)):
            option, row = int(candidates[better][at]), int(fits.position[at])
            with_it = [*base[:row], option, *base[row:]]
            best = Move(team, with_it, int(layout.task[option]), score[0], -score[1])
    return best


def _gain(risk: Floats, detour: Floats, worth: float | None) -> Floats:
    gain = risk if worth is None else risk * worth - detour
    return np.where(np.isfinite(detour), gain, -math.inf)


def places(
    layout: Layout, team: int, tour: list[int], most: float
) -> list[tuple[list[int], float]]:
    """Return a tour as it is, and less each visit of a risk below ``most``, with that risk."""
    result = [(base, 0.0) for base in bases(layout, team, tour)]
    for i, option in enumerate(tour):
        task = layout.tasks[int(layout.task[option])]
        if not task.must and task.risk < most:
            result.append(([*tour[:i], *tour[i + 1 :]], task.risk))
    return result


def _metres(layout: Layout, team: int, tour: list[int]) -> float:
    """Return the metres of a tour; a team without any visit is at home."""
    departure, man = layout.departures[team], layout.problem.teams[team]
    if not tour and departure.sets_off is None:
        return 0.0
    before = [departure.node, *layout.leave[tour].tolist()]
    after = [*layout.enter[tour].tolist(), man.end]
    ways = layout.problem.matrices[man.mode].metres
    return float(ways[before, after].sum() + layout.through[tour].sum())
