"""Whether a sweep is right, worked out from the streets alone and not from how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from gridmap.patrols.network import SPEED, Floats, Integers, Mode, Network
from gridmap.patrols.sweeping.streets import Route, Sweep, Team

_SAME_S = 1e-3


class Fault(StrEnum):
    """What is wrong with a sweep."""

    BROKEN = "broken"  # A street does not begin where the one before ends.
    AWAY = "away"  # The route does not start or end where the team does.
    WRONG_WAY = "wrong_way"  # The mode may not go there in this direction.
    TOO_LONG = "too_long"  # The team has less time.
    WRONG_TIME = "wrong_time"  # The times are not those of the streets.
    NOT_SWEPT = "not_swept"  # A required street is swept by none, and not said to be left.
    SWEPT_AGAIN = "swept_again"  # It is swept twice, or said to be left.
    NOT_REQUIRED = "not_required"  # It is swept without need.


@dataclass(frozen=True)
class Finding:
    """A fault, the team's number or -1, and the street's position in the network or -1."""

    fault: Fault
    team: int
    street: int


def check_sweep(
    network: Network, required: Integers, teams: tuple[Team, ...], sweep: Sweep,
    mode: Mode = Mode.FOOT, sweep_speed: float | None = None,
) -> list[Finding]:  # fmt: skip
    """Return all that is wrong with a sweep; nothing for a good one.

    Parameters
    ----------
    network, required, teams, mode, sweep_speed
        What was asked, see `plan_sweep`.
    sweep : Sweep
        What was found.

    Returns
    -------
    list of Finding
    """
    found = []
    times = {int(street): 0 for street in required}
    for number, (team, route) in enumerate(zip(teams, sweep.routes, strict=True)):
        found += _check_route(network, number, team, route, mode, sweep_speed or SPEED[mode])
        for street in route.segment[route.sweeps].tolist():
            if street not in times:
                found.append(Finding(Fault.NOT_REQUIRED, number, street))
            else:
                times[street] += 1
    for street, often in times.items():
        told = often + (street in sweep.unswept)
        if told != 1:
            fault = Fault.NOT_SWEPT if told == 0 else Fault.SWEPT_AGAIN
            found.append(Finding(fault, -1, street))
    return found


def _check_route(
    network: Network, number: int, team: Team, route: Route, mode: Mode, sweep_speed: float
) -> list[Finding]:
    found, place, clock = [], team.start, 0.0
    if len(route.segment) == 0:
        return []
    for step, street in enumerate(route.segment.tolist()):
        one, other = int(network.start[street]), int(network.end[street])
        may = int(network.forward[street] if route.forward[step] else network.backward[street])
        if mode == Mode.FOOT:
            may |= int(network.forward[street] | network.backward[street])
        if not may & mode:
            found.append(Finding(Fault.WRONG_WAY, number, street))
        begin, end = (one, other) if route.forward[step] else (other, one)
        if begin != place:
            found.append(Finding(Fault.AWAY if step == 0 else Fault.BROKEN, number, street))
        place = end
        speed = sweep_speed if route.sweeps[step] else SPEED[mode]
        clock += float(network.length_m[street]) / speed
        if not np.isclose(route.left_s[step], clock, rtol=0, atol=_SAME_S):
            found.append(Finding(Fault.WRONG_TIME, number, street))
    if place != team.end:
        found.append(Finding(Fault.AWAY, number, int(route.segment[-1])))
    if clock > team.longest_s + _SAME_S:
        found.append(Finding(Fault.TOO_LONG, number, -1))
    return found


@dataclass(frozen=True, eq=False)
class Division:
    """What areas are like, arrays of shape (areas,).

    Attributes
    ----------
    pieces : ndarray of int64
        How many pieces each area has.
    work : ndarray of float64
        What they take together.
    parts : ndarray of int64
        In how many parts that do not touch each area falls; 1 where it is connected.
    """

    pieces: Integers
    work: Floats
    parts: Integers

    @property
    def imbalance(self) -> float:
        """How much more than the mean the area with most work has, as a share of the mean."""
        return float(self.work.max() / self.work.mean() - 1)


def check_areas(neighbours: Integers, work: Floats, area: Integers, areas: int) -> Division:
    """Describe areas, worked out apart from how they were made.

    Parameters
    ----------
    neighbours : ndarray of int64, shape (m, 2)
        Which pieces touch.
    work : ndarray of float64, shape (n,)
        What each takes.
    area : ndarray of int64, shape (n,)
        The area of each piece.
    areas : int
        How many there should be.

    Returns
    -------
    Division

    Raises
    ------
    ValueError
        If a piece has no area, or one that is none.
    """
    if len(area) != len(work) or not ((area >= 0) & (area < areas)).all():
        raise ValueError("a piece has no area")
    inside = neighbours[area[neighbours[:, 0]] == area[neighbours[:, 1]]]
    matrix = sparse.coo_array((np.ones(len(inside)), inside.T), shape=(len(work), len(work)))
    part = csgraph.connected_components(matrix, directed=False)[1]
    owner = area[np.unique(part, return_index=True)[1]]
    return Division(
        np.bincount(area, minlength=areas),
        np.bincount(area, work, minlength=areas).astype(np.float64),
        np.bincount(owner, minlength=areas),
    )
