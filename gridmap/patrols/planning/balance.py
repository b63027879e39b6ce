"""Balance teams: the longest working time as short as the covered risk allows."""

from __future__ import annotations

from dataclasses import replace

from gridmap.patrols.planning.layout import Layout
from gridmap.patrols.planning.problem import Kind
from gridmap.patrols.planning.schedule import timed
from gridmap.patrols.planning.search import Clock, Effort, Tours, covered, out, rank, search

# Below that, teams do not feel a difference, and every step costs a search.
_CLOSE_S = 60.0
_CLOSE_SHARE = 0.02
_STEPS = 5


def working(layout: Layout, team: int, tour: list[int]) -> float:
    """Return a team's seconds from setting off to coming back, less its break.

    Parameters
    ----------
    layout : Layout
    team : int
    tour : list of int
        Feasible.

    Returns
    -------
    float
    """
    if not out(layout, team, tour):
        return 0.0
    timing = timed(layout, team, tour)
    if timing is None:
        raise ValueError(f"the tour of team {team} is not feasible")
    departure, man = layout.departures[team], layout.problem.teams[team]
    sets_off = timing.sets_off if departure.sets_off is None else departure.sets_off
    rests = any(layout.tasks[int(layout.task[o])].kind is Kind.BREAK for o in tour)
    rests = rests or any(visit.kind is Kind.BREAK for visit in man.fixed)
    return timing.back - sets_off - (man.rest.seconds if man.rest and rests else 0.0)


def balanced(
    layout: Layout, tours: Tours, effort: Effort, clock: Clock, most_loss: float
) -> tuple[Layout, Tours]:
    """Shorten the longest working time by bisection, each step a search from the last tours.

    Parameters
    ----------
    layout : Layout
    tours : list of list of int
        The best known.
    effort : Effort
        Shared by the steps.
    clock : Clock
    most_loss : float
        Share of the covered risk that may be given up, 0 for none.

    Returns
    -------
    Layout
        With the longest tours found as limits.
    list of list of int
    """
    times = [working(layout, team, tour) for team, tour in enumerate(tours)]
    high, low = max(times), 0.9 * sum(times) / len(times)
    least = (1 - most_loss) * covered(layout, tours) - 1e-9
    musts = rank(layout, tours)[0]
    step = replace(effort, iterations=max(1, effort.iterations // _STEPS), rounds=1)
    best, limit = tours, high
    for number in range(_STEPS):
        if high - low <= max(_CLOSE_S, _CLOSE_SHARE * high) or clock.over():
            break
        middle = (low + high) / 2
        held = capped(layout, middle)
        found = search(held, replace(step, seed=effort.seed + 10 * number), clock, start=best)
        if found is None or covered(layout, found) < least or rank(layout, found)[0] < musts:
            low = middle
            continue
        best = found
        high = limit = max(working(layout, team, tour) for team, tour in enumerate(found))
    return capped(layout, limit), best


def capped(layout: Layout, limit: float) -> Layout:
    """Return the problem in which no team works longer than ``limit`` seconds."""
    teams = []
    for team in layout.problem.teams:
        span = limit + (team.rest.seconds if team.rest else 0.0)
        longest = span if team.longest is None else min(team.longest, span)
        teams.append(replace(team, longest=longest))
    return replace(layout, problem=replace(layout.problem, teams=tuple(teams)))
