"""Plan patrols: search, balance, vary, explain, and have it checked."""

from __future__ import annotations

from dataclasses import replace

from gridmap.patrols.planning.balance import balanced, working
from gridmap.patrols.planning.checker import Fault, FaultKind, check
from gridmap.patrols.planning.layout import Layout, lay_out
from gridmap.patrols.planning.model import Emphasis
from gridmap.patrols.planning.problem import Problem, Visit
from gridmap.patrols.planning.reasons import missed
from gridmap.patrols.planning.resting import resting_places, settled
from gridmap.patrols.planning.result import Change, Plan, Reason, Tour
from gridmap.patrols.planning.schedule import timed
from gridmap.patrols.planning.search import Clock, Effort, Tours, covered, out, search
from gridmap.patrols.planning.variety import Variety, legs, varied

_HOPELESS = {
    Reason.WINDOW_TOO_SHORT,
    Reason.NO_TEAM_IN_HOURS,
    Reason.UNREACHABLE,
    Reason.TOO_FAR,
}


class MustsMissedError(ValueError):
    """Not all visits that must be made can be made.

    Attributes
    ----------
    plan : Plan
        The best that was found without them; its `missed` names them and says why.
    """

    def __init__(self, plan: Plan) -> None:
        names = [miss.of for miss in plan.missed if miss.must]
        super().__init__(f"no plan visits all that must be visited: {', '.join(names)}")
        self.plan = plan


class FixedVisitsError(ValueError):
    """What was fixed by hand cannot be walked so.

    Attributes
    ----------
    faults : list of Fault
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.kind} {fault.team} {fault.of}" for fault in faults))
        self.faults = faults


class UnprovedPlanError(RuntimeError):
    """The checker refuses a plan that the planner made; a fault of the program.

    Attributes
    ----------
    faults : list of Fault
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


def plan(
    problem: Problem,
    effort: Effort | None = None,
    *,
    balance: float | None = None,
    variety: Variety | None = None,
) -> Plan:
    """Plan the tours of all teams.

    Parameters
    ----------
    problem : Problem
    effort : Effort, optional
        Shared by the search for the most risk, for balance and for variety.
    balance : float, optional
        Share of the covered risk that a shorter longest tour may cost, 0 for none; where it is
        not given, teams are not balanced.
    variety : Variety, optional
        How the plan is to differ from the best one and from yesterday's.

    Returns
    -------
    Plan
        Proved by the checker.

    Raises
    ------
    MustsMissedError
        Where the search kept no plan with all musts.
    FixedVisitsError
        Where the fixed visits of a team break a rule.
    UnprovedPlanError
        Where the checker finds a fault.
    """
    effort = effort or Effort()
    layout = lay_out(problem, resting_places(problem))
    _check_fixed(problem, layout)
    clock = Clock(effort.seconds)
    share = replace(effort, iterations=max(1, effort.iterations // _shares(balance, variety)))
    tours = _tours(layout, share, clock)
    capped = None
    if balance is not None:
        capped, tours = balanced(layout, tours, share, clock, balance)
    best = covered(layout, tours)
    if variety is not None:
        tours = varied(capped or layout, tours, share, clock, variety)
    last, tours = settled(capped or layout, tours, exchange=variety is None)
    layout, capped = replace(last, problem=problem), last if capped else None
    result = _described(layout, tours, capped, repeatable=not clock.struck)
    if variety is not None:
        result = replace(result, change=_change(result, layout, tours, best, variety))
    faults = check(problem, result)
    if any(fault.kind is not FaultKind.MUST for fault in faults):
        raise UnprovedPlanError(faults)
    if faults:
        raise MustsMissedError(result)
    return result


def _shares(balance: float | None, variety: Variety | None) -> int:
    return 1 + (balance is not None) + (variety is not None)


def _tours(layout: Layout, effort: Effort, clock: Clock) -> Tours:
    """Search with musts as musts; if they cannot all be kept, for the most of them."""
    nobody: Tours = [[] for _ in layout.problem.teams]
    if not any(miss.must and miss.reason in _HOPELESS for miss in missed(layout, nobody)):
        tours = search(layout, effort, clock)
        if tours is not None:
            return tours
        # The clock may have struck in vain; the second search needs some of it.
        clock = Clock(None if effort.seconds is None else effort.seconds / 2)
    return search(layout, effort, clock, Emphasis(1.0, musts=False)) or nobody


def _check_fixed(problem: Problem, layout: Layout) -> None:
    """Have the checker look at a plan of nothing but the fixed visits."""
    if not any(team.fixed for team in problem.teams):
        return
    nobody: Tours = [[] for _ in problem.teams]
    for row, team in enumerate(problem.teams):
        if team.fixed and timed(layout, row, []) is None:
            raise FixedVisitsError([Fault(FaultKind.SHIFT, team.name)])
    alone = replace(problem, pins=())
    faults = [
        fault
        for fault in check(alone, _described(layout, nobody, None, repeatable=True))
        # What is still to be planned may be missing.
        if fault.kind not in (FaultKind.MUST, FaultKind.BREAK, FaultKind.UNACCOUNTED)
    ]
    if faults:
        raise FixedVisitsError(faults)


def _described(layout: Layout, tours: Tours, capped: Layout | None, *, repeatable: bool) -> Plan:
    rounds = [_tour(layout, row, tour) for row, tour in enumerate(tours) if out(layout, row, tour)]
    times = [working(layout, row, tour) for row, tour in enumerate(tours)]
    places = {place.key: place for place in layout.problem.places}
    lost = missed(layout, tours, capped)
    gained = sum(
        places[visit.of].worth(visit.number)
        for tour in rounds
        for visit in tour.visits
        if visit.of in places
    )
    return Plan(
        tuple(rounds),
        tuple(lost),
        covered_risk=gained,
        wanted_risk=gained + sum(miss.risk for miss in lost),
        metres=sum(tour.metres for tour in rounds),
        longest=max(times),
        shortest=min(times),
        repeatable=repeatable,
    )


def _tour(layout: Layout, row: int, options: list[int]) -> Tour:
    team, departure = layout.problem.teams[row], layout.departures[row]
    timing = timed(layout, row, options)
    assert timing is not None  # noqa: S101 - The search keeps feasible tours only.
    visits = list(team.fixed)
    for i, option in enumerate(options):
        task = layout.tasks[int(layout.task[option])]
        visits.append(
            Visit(
                task.of,
                task.number,
                task.kind,
                int(layout.enter[option]),
                int(layout.leave[option]),
                timing.arrives[i],
                timing.begins[i],
                timing.ends[i],
            )
        )
    return Tour(
        team.name,
        timing.sets_off if departure.sets_off is None else departure.sets_off,
        timing.back,
        tuple(visits),
        departure.metres + timing.metres,
        working(layout, row, options),
    )


def _change(result: Plan, layout: Layout, tours: Tours, best: float, variety: Variety) -> Change:
    loss = 1 - covered(layout, tours) / best if best > 0 else 0.0
    before = legs(variety.yesterday) if variety.yesterday else set()
    mine = legs(result)
    return Change(variety.seed, loss, len(mine & before) / len(mine) if mine else 0.0)
