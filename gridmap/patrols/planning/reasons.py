"""Why a visit is not in a plan, found by trying it."""

from __future__ import annotations

import math

import numpy as np

from gridmap.patrols.planning.improving import left_out, places
from gridmap.patrols.planning.insertion import bases, cheapest
from gridmap.patrols.planning.layout import Integers, Layout
from gridmap.patrols.planning.problem import Floats, Team
from gridmap.patrols.planning.result import Missed, Reason


def missed(layout: Layout, tours: list[list[int]], capped: Layout | None = None) -> list[Missed]:
    """Explain every visit that is wanted and in no tour.

    Parameters
    ----------
    layout : Layout
    tours : list of list of int
    capped : Layout, optional
        The problem with the longest tours that balance left, where that was asked.

    Returns
    -------
    list of Missed
        In the order of the problem's places.
    """
    out = left_out(layout, tours)
    candidates = np.flatnonzero(np.isin(layout.task, out))
    if not len(candidates):
        return []
    task = layout.task[candidates]
    alone = np.isfinite(_detours(layout, [[] for _ in tours], candidates))
    fits = _detours(layout, tours, candidates)
    balanced = fits if capped is None else _detours(capped, tours, candidates)
    displaces = _displaces(layout, tours, candidates)
    result = []
    for row in out.tolist():
        mine = task == row
        wanted = layout.tasks[row]
        detour, displaced = float(fits[mine].min()), float(displaces[mine].min())
        reason = _before_search(layout, candidates[mine])
        if reason is None and not alone[mine].any():
            reason = Reason.TOO_FAR
        if reason is None and math.isfinite(detour):
            held = not np.isfinite(balanced[mine]).any()
            reason = Reason.BALANCE if held else Reason.WORTH_LESS
        reason = reason or Reason.NO_ROOM
        fitting = reason in (Reason.WORTH_LESS, Reason.BALANCE)
        crowded = reason is Reason.NO_ROOM and math.isfinite(displaced)
        result.append(
            Missed(
                wanted.of,
                wanted.number,
                wanted.must,
                wanted.risk,
                reason,
                detour=detour if fitting else None,
                displaces=displaced if crowded else None,
            )
        )
    return result


def _before_search(layout: Layout, options: Integers) -> Reason | None:
    """Return the reason that no team's way matters for, None where there is none."""
    teams = layout.problem.teams
    modes = list(dict.fromkeys(team.mode for team in teams))
    able = [(mode, options[np.isfinite(layout.spent[mode][options])]) for mode in modes]
    if any(len(mine) for _, mine in able) and all(
        (layout.late[mode][mine] < layout.early[mine]).all() for mode, mine in able
    ):
        return Reason.WINDOW_TOO_SHORT
    on_duty = [row for row, team in enumerate(teams) if _in_hours(layout, row, team, options)]
    if not on_duty:
        return Reason.NO_TEAM_IN_HOURS
    for row in on_duty:
        team = teams[row]
        there = layout.problem.matrices[team.mode].seconds
        way = there[layout.departures[row].node, layout.enter[options]]
        if np.isfinite(way + there[layout.leave[options], team.end]).any():
            return None
    return Reason.UNREACHABLE


def _in_hours(layout: Layout, row: int, team: Team, options: Integers) -> bool:
    """Tell whether a team that may go there is on duty while a visit can be made."""
    departure = layout.departures[row]
    begins = np.maximum(layout.early[options], departure.earliest)
    spent = layout.spent[team.mode][options]
    ok = begins <= layout.late[team.mode][options]
    ok &= begins + spent <= team.shift.end
    return bool((ok & layout.allowed[row, options]).any())


def _detours(layout: Layout, tours: list[list[int]], candidates: Integers) -> Floats:
    """Return the cheapest detour by which any team makes room, infinite where none does."""
    best = np.full(len(candidates), math.inf)
    for team, tour in enumerate(tours):
        for base in bases(layout, team, tour):
            best = np.minimum(best, cheapest(layout, team, base, candidates).detour)
    return best


def _displaces(layout: Layout, tours: list[list[int]], candidates: Integers) -> Floats:
    """Return the least risk of one visit that would have to leave, infinite for none."""
    best = np.full(len(candidates), math.inf)
    for team, tour in enumerate(tours):
        for base, loses in places(layout, team, tour, math.inf):
            fits = np.isfinite(cheapest(layout, team, base, candidates).detour)
            best[fits] = np.minimum(best[fits], loses)
    return best
