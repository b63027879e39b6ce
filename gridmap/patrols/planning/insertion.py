"""Where a visit fits into a tour, many at once."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.patrols.planning.layout import Integers, Layout
from gridmap.patrols.planning.problem import Floats, Kind
from gridmap.patrols.planning.schedule import SPARE_S, timed


class Insertions(NamedTuple):
    """Where options fit into a tour as it is, arrays of shape (positions, candidates).

    Attributes
    ----------
    fits : ndarray of bool
        All windows and the shift hold; the longest tour is not looked at.
    detour : ndarray of float64
        Metres more than without.
    """

    fits: NDArray[np.bool_]
    detour: Floats


def insertions(
    layout: Layout, team: int, options: list[int], candidates: NDArray[np.int64]
) -> Insertions | None:
    """Test candidates at every position of a tour at once, in the time of one test each.

    Parameters
    ----------
    layout : Layout
    team : int
    options : list of int
        The tour.
    candidates : ndarray of int64
        Rows of options.

    Returns
    -------
    Insertions or None
        None where the tour itself is not feasible.
    """
    man = layout.problem.teams[team]
    ways = layout.problem.matrices[man.mode]
    late, spent = layout.late[man.mode], layout.spent[man.mode]
    departure = layout.departures[team]
    before = np.array([departure.node, *(layout.leave[o] for o in options)], dtype=np.int64)
    after = np.array([*(layout.enter[o] for o in options), man.end], dtype=np.int64)
    legs = ways.seconds[before, after]
    free = np.empty(len(before))
    free[0] = departure.earliest
    for i, option in enumerate(options):
        begin = max(free[i] + legs[i], layout.early[option])
        if begin > late[option] + SPARE_S:
            return None
        free[i + 1] = begin + spent[option]
    due = np.empty(len(before))
    due[-1] = man.shift.end
    for i in range(len(options) - 1, -1, -1):
        option = options[i]
        due[i] = min(late[option], due[i + 1] - legs[i + 1] - spent[option])
    if not free[-1] + legs[-1] <= man.shift.end + SPARE_S:
        return None
    enter, leave = layout.enter[candidates], layout.leave[candidates]
    there = ways.seconds[before[:, None], enter[None, :]]
    onward = ways.seconds[leave[:, None], after[None, :]].T
    begins = np.maximum(free[:, None] + there, layout.early[candidates])
    fits = begins <= late[candidates] + SPARE_S
    fits &= begins + spent[candidates] + onward <= due[:, None] + SPARE_S
    fits &= layout.allowed[team, candidates]
    with np.errstate(invalid="ignore"):
        detour = (
            ways.metres[before[:, None], enter[None, :]]
            + layout.through[candidates]
            + ways.metres[leave[:, None], after[None, :]].T
            - ways.metres[before, after][:, None]
        )
    detour[~fits] = math.inf
    return Insertions(fits, detour)


class Cheapest(NamedTuple):
    """The cheapest feasible position of each candidate, arrays of shape (candidates,).

    Attributes
    ----------
    detour : ndarray of float64
        Metres; infinite where the candidate fits nowhere.
    position : ndarray of int64
        How many visits come before it.
    """

    detour: Floats
    position: Integers


def cheapest(layout: Layout, team: int, options: list[int], candidates: Integers) -> Cheapest:
    """Find where candidates fit into a tour with the least detour.

    Parameters
    ----------
    layout : Layout
    team : int
    options : list of int
        The tour.
    candidates : ndarray of int64
        Rows of options.

    Returns
    -------
    Cheapest
    """
    found = insertions(layout, team, options, candidates)
    if found is None:
        none = np.full(len(candidates), math.inf)
        return Cheapest(none, np.zeros(len(candidates), dtype=np.int64))
    position = found.detour.argmin(axis=0).astype(np.int64)
    detour = found.detour[position, np.arange(len(candidates))]
    if layout.problem.teams[team].longest is not None:
        for column, candidate in enumerate(candidates.tolist()):
            # The longest tour is a matter of the whole tour, so it is tried position by position.
            detour[column] = math.inf
            for row in np.argsort(found.detour[:, column], kind="stable").tolist():
                if not found.fits[row, column]:
                    break
                if timed(layout, team, [*options[:row], candidate, *options[row:]]):
                    detour[column], position[column] = found.detour[row, column], row
                    break
    return Cheapest(detour, position)


def bases(layout: Layout, team: int, tour: list[int]) -> list[list[int]]:
    """Return what a visit of a team is put beside: its tour, or its break alone."""
    if tour:
        return [tour]
    rests = [
        option
        for row, task in enumerate(layout.tasks)
        if task.kind is Kind.BREAK and task.team == team
        for option in layout.options_of(row).tolist()
    ]
    return [[rest] for rest in rests] or [[]]
