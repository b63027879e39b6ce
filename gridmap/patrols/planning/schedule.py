"""When a team is where, given the order of its visits."""

from __future__ import annotations

from typing import NamedTuple

from gridmap.patrols.planning.layout import Layout
from gridmap.patrols.planning.problem import Floats

# Floats are compared with a millisecond to spare, well below anything that matters on a street.
SPARE_S = 1e-3


class Timing(NamedTuple):
    """A feasible timing of one team's visits.

    Attributes
    ----------
    sets_off, back : float
        Seconds of the day; after fixed visits, ``sets_off`` is when the last of them ends.
    arrives, begins, ends : list of float
        By visit.
    metres : float
        From where the team is free to its end.
    """

    sets_off: float
    back: float
    arrives: list[float]
    begins: list[float]
    ends: list[float]
    metres: float


def timed(layout: Layout, team: int, options: list[int]) -> Timing | None:
    """Time a team's visits in the given order, back as early and off as late as can be.

    A tour is back at the earliest if it sets off at the earliest; it sets off as late as leaves
    that unchanged, which makes it as short as it can be.

    Parameters
    ----------
    layout : Layout
    team : int
        Row of the team.
    options : list of int
        Rows of the options, in order.

    Returns
    -------
    Timing or None
        None where the order breaks a window, the shift or the longest tour.
    """
    man = layout.problem.teams[team]
    departure = layout.departures[team]
    ways = layout.problem.matrices[man.mode]
    late, spent = layout.late[man.mode], layout.spent[man.mode]
    nodes_in = [*(int(layout.enter[o]) for o in options), man.end]
    nodes_out = [departure.node, *(int(layout.leave[o]) for o in options)]
    legs = [float(ways.seconds[a, b]) for a, b in zip(nodes_out, nodes_in, strict=True)]
    slack = departure.latest - departure.earliest
    at, waited = departure.earliest, 0.0
    for option, leg in zip(options, legs, strict=False):
        at += leg
        # The start may be put off by what is waited in all, but not past any latest beginning.
        begin = max(at, float(layout.early[option]))
        if begin > float(late[option]) + SPARE_S:
            return None
        latest = begin if layout.held[option] else float(late[option])
        slack = min(slack, max(0.0, latest - begin) + waited + begin - at)
        waited += begin - at
        at = begin + float(spent[option])
    back = at + legs[-1]
    # An infinite way ends here too.
    if not back <= man.shift.end + SPARE_S:
        return None
    off = departure.earliest + min(waited, slack)
    first = off if departure.sets_off is None else departure.sets_off
    if man.longest is not None and back - first > man.longest + SPARE_S:
        return None
    metres = sum(
        float(ways.metres[a, b]) for a, b in zip(nodes_out, nodes_in, strict=True)
    ) + float(layout.through[options].sum() if options else 0.0)
    return _forward(layout, options, legs, off, spent, metres)


def _forward(
    layout: Layout, options: list[int], legs: list[float], off: float, spent: Floats, metres: float
) -> Timing:
    arrives, begins, ends = [], [], []
    at = off
    for option, leg in zip(options, legs, strict=False):
        arrives.append(at + leg)
        begins.append(max(arrives[-1], float(layout.early[option])))
        at = begins[-1] + float(spent[option])
        ends.append(at)
    return Timing(off, at + legs[-1], arrives, begins, ends, metres)
