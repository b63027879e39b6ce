"""Prove a plan by the problem alone; written apart from the planner, and shares no code with it.

Everything is derived again from the dataclasses, visit by visit, in plain Python.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gridmap.patrols.planning.problem import Kind, Problem, Stop, Street, Team, Visit, Window
from gridmap.patrols.planning.result import Plan, Tour


class FaultKind(StrEnum):
    """What is wrong with a plan."""

    UNKNOWN = "unknown"
    TWICE = "twice"
    MUST = "must"
    UNACCOUNTED = "unaccounted"
    TEAM = "team"
    PLACE = "place"
    TRAVEL = "travel"
    ORDER = "order"
    DWELL = "dwell"
    SWEEP = "sweep"
    WINDOW = "window"
    SHIFT = "shift"
    LONGEST = "longest"
    BREAK = "break"
    APART = "apart"
    PIN = "pin"
    FIXED = "fixed"
    FIGURES = "figures"


@dataclass(frozen=True)
class Fault:
    """A rule that a plan breaks.

    Attributes
    ----------
    kind : FaultKind
    team : str
        Empty where it concerns none.
    of : str
        Key of the stop or street, empty where it concerns none.
    number : int
        Which of its visits.
    by : float
        By how much, seconds, metres or risk; NaN where that has no meaning.
    """

    kind: FaultKind
    team: str = ""
    of: str = ""
    number: int = 0
    by: float = math.nan


def check(problem: Problem, plan: Plan, tolerance: float = 0.01) -> list[Fault]:
    """Prove that a plan keeps every rule of its problem.

    Windows, dwell, hours, the longest tour, breaks, travel by the matrices, musts, each visit
    once, sweeps whole and in an allowed direction, spacing, the division of places between
    teams, pins and fixed visits, that all that is not planned is named as missed, and the
    figures.

    Parameters
    ----------
    problem : Problem
    plan : Plan
    tolerance : float
        Seconds, metres and units of risk by which sums of floats may differ.

    Returns
    -------
    list of Fault
        Empty for a plan that is proved.
    """
    return list(_faults(problem, plan, tolerance))


def _faults(problem: Problem, plan: Plan, tolerance: float) -> Iterator[Fault]:
    teams = {team.name: team for team in problem.teams}
    known = []
    for tour in plan.tours:
        if tour.team in teams:
            known.append(tour)
            yield from _tour(problem, teams[tour.team], tour, tolerance)
        else:
            yield Fault(FaultKind.UNKNOWN, tour.team)
    for name, count in Counter(tour.team for tour in plan.tours).items():
        if count > 1:
            yield Fault(FaultKind.TWICE, name)
    for team in problem.teams:
        if team.fixed and team.name not in {tour.team for tour in known}:
            yield Fault(FaultKind.FIXED, team.name)
    yield from _wanted(problem, plan)
    yield from _spacing(problem, plan, tolerance)
    yield from _pins(problem, plan, tolerance)
    yield from _figures(problem, plan, tolerance)


def _tour(problem: Problem, team: Team, tour: Tour, tolerance: float) -> Iterator[Fault]:
    """Prove one team's round, step by step as it is walked."""
    ways = problem.matrices[team.mode]
    places = {place.key: place for place in problem.places}
    size = len(ways.seconds)
    if tour.sets_off < team.shift.begin - tolerance:
        yield Fault(FaultKind.SHIFT, team.name, by=team.shift.begin - tour.sets_off)
    if not tour.back <= team.shift.end + tolerance:
        yield Fault(FaultKind.SHIFT, team.name, by=tour.back - team.shift.end)
    if team.longest is not None and tour.back - tour.sets_off > team.longest + tolerance:
        yield Fault(FaultKind.LONGEST, team.name, by=tour.back - tour.sets_off - team.longest)
    if tour.visits[: len(team.fixed)] != team.fixed or (
        team.fixed and tour.sets_off != team.sets_off
    ):
        yield Fault(FaultKind.FIXED, team.name)
    here, free, metres = team.start, tour.sets_off, 0.0
    for visit in tour.visits:
        if not (0 <= visit.enter < size and 0 <= visit.leave < size):
            yield Fault(FaultKind.PLACE, team.name, visit.of, visit.number)
            return
        yield from _times(team, visit, free, float(ways.seconds[here, visit.enter]), tolerance)
        metres += float(ways.metres[here, visit.enter])
        place = places.get(visit.of)
        if visit.kind is Kind.BREAK:
            yield from _break(team, visit, tolerance)
        elif isinstance(place, Stop):
            yield from _stop(team, place, visit, tolerance)
        elif isinstance(place, Street):
            metres += place.metres
            yield from _street(team, place, visit, tolerance)
        else:
            yield Fault(FaultKind.UNKNOWN, team.name, visit.of)
        here, free = visit.leave, visit.ends
    home = float(ways.seconds[here, team.end])
    if not tour.back >= free + home - tolerance:
        yield Fault(FaultKind.TRAVEL, team.name, by=free + home - tour.back)
    metres += float(ways.metres[here, team.end])
    rested = sum(visit.ends - visit.begins for visit in tour.visits if visit.kind is Kind.BREAK)
    if team.rest and Counter(visit.kind for visit in tour.visits)[Kind.BREAK] != 1:
        yield Fault(FaultKind.BREAK, team.name)
    for told, true in ((tour.metres, metres), (tour.working, tour.back - tour.sets_off - rested)):
        if not abs(told - true) <= tolerance:
            yield Fault(FaultKind.FIGURES, team.name, by=told - true)


def _times(team: Team, visit: Visit, free: float, way: float, tolerance: float) -> Iterator[Fault]:
    if not visit.arrives >= free + way - tolerance:
        yield Fault(FaultKind.TRAVEL, team.name, visit.of, visit.number, free + way - visit.arrives)
    if not visit.arrives <= visit.begins + tolerance <= visit.ends + 2 * tolerance:
        yield Fault(FaultKind.ORDER, team.name, visit.of, visit.number)


def _break(team: Team, visit: Visit, tolerance: float) -> Iterator[Fault]:
    rest = team.rest
    if rest is None:
        yield Fault(FaultKind.BREAK, team.name)
        return
    short = rest.seconds - (visit.ends - visit.begins)
    if (
        short > tolerance
        or not _inside(visit, rest.window, tolerance)
        or visit.enter != visit.leave
        or (rest.nodes and visit.enter not in rest.nodes)
    ):
        yield Fault(FaultKind.BREAK, team.name, by=short)


def _stop(team: Team, stop: Stop, visit: Visit, tolerance: float) -> Iterator[Fault]:
    def fault(kind: FaultKind, by: float = math.nan) -> Fault:
        return Fault(kind, team.name, visit.of, visit.number, by)

    if visit.kind is not Kind.STOP or not visit.enter == visit.leave == stop.node:
        yield fault(FaultKind.PLACE)
    short = stop.dwell - (visit.ends - visit.begins)
    if short > tolerance:
        yield fault(FaultKind.DWELL, short)
    if stop.teams is not None and team.name not in stop.teams:
        yield fault(FaultKind.TEAM)
    wanted = len(stop.windows) if stop.each else 1
    if not 0 <= visit.number < wanted:
        yield fault(FaultKind.UNKNOWN)
        return
    windows = (stop.windows[visit.number],) if stop.each else stop.windows
    if windows and not any(_inside(visit, window, tolerance) for window in windows):
        yield fault(FaultKind.WINDOW)


def _street(team: Team, street: Street, visit: Visit, tolerance: float) -> Iterator[Fault]:
    def fault(kind: FaultKind, by: float = math.nan) -> Fault:
        return Fault(kind, team.name, visit.of, visit.number, by)

    ways = {street.ends} if street.one_way else {street.ends, (street.ends[1], street.ends[0])}
    if visit.kind is not Kind.STREET or (visit.enter, visit.leave) not in ways:
        yield fault(FaultKind.SWEEP)
    needed = street.seconds.get(team.mode, math.inf)
    if not visit.ends - visit.begins >= needed - tolerance:
        yield fault(FaultKind.SWEEP, needed - (visit.ends - visit.begins))
    if street.teams is not None and team.name not in street.teams:
        yield fault(FaultKind.TEAM)
    if visit.number != 0:
        yield fault(FaultKind.UNKNOWN)
    if street.windows and not any(_inside(visit, w, tolerance) for w in street.windows):
        yield fault(FaultKind.WINDOW)


def _inside(visit: Visit, window: Window, tolerance: float) -> bool:
    return window.begin - tolerance <= visit.begins and visit.ends <= window.end + tolerance


def _planned(plan: Plan) -> Iterator[tuple[Tour, Visit]]:
    for tour in plan.tours:
        for visit in tour.visits:
            if visit.kind is not Kind.BREAK:
                yield tour, visit


def _wanted(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Prove that each visit wanted is made once, or named once as missed, and no must is."""
    wanted: dict[tuple[str, int], bool] = {}
    for place in problem.places:
        count = len(place.windows) if isinstance(place, Stop) and place.each else 1
        for number in range(count):
            wanted[place.key, number] = place.must
    for pin in problem.pins:
        wanted[pin.of, pin.number] = True
    made = Counter((visit.of, visit.number) for _, visit in _planned(plan))
    missed = Counter((miss.of, miss.number) for miss in plan.missed)
    for key, must in wanted.items():
        if made[key] > 1:
            yield Fault(FaultKind.TWICE, of=key[0], number=key[1])
        if must and not made[key]:
            yield Fault(FaultKind.MUST, of=key[0], number=key[1])
        if min(made[key], 1) + missed[key] != 1:
            yield Fault(FaultKind.UNACCOUNTED, of=key[0], number=key[1])
    for key in missed.keys() - wanted.keys():
        yield Fault(FaultKind.UNKNOWN, of=key[0], number=key[1])


def _spacing(problem: Problem, plan: Plan, tolerance: float) -> Iterator[Fault]:
    begins = {(visit.of, visit.number): visit.begins for _, visit in _planned(plan)}
    for stop in problem.stops:
        for number in range(1, len(stop.windows) if stop.each else 0):
            before, after = begins.get((stop.key, number - 1)), begins.get((stop.key, number))
            if before is None or after is None:
                continue
            least, most = stop.least_apart, stop.most_apart
            if least is not None and after - before < least - tolerance:
                yield Fault(FaultKind.APART, "", stop.key, number, least - (after - before))
            if most is not None and after - before > most + tolerance:
                yield Fault(FaultKind.APART, "", stop.key, number, after - before - most)


def _pins(problem: Problem, plan: Plan, tolerance: float) -> Iterator[Fault]:
    made = {(visit.of, visit.number): (tour, visit) for tour, visit in _planned(plan)}
    for pin in problem.pins:
        if (pin.of, pin.number) not in made:
            continue
        tour, visit = made[pin.of, pin.number]
        other_team = pin.team is not None and tour.team != pin.team
        late = 0.0 if pin.begins is None else visit.begins - pin.begins
        if other_team or not -tolerance <= late <= pin.within_s + tolerance:
            yield Fault(FaultKind.PIN, tour.team, pin.of, pin.number, late)


def _figures(problem: Problem, plan: Plan, tolerance: float) -> Iterator[Fault]:
    places = {place.key: place for place in problem.places}
    done = [visit for _, visit in _planned(plan) if visit.of in places]
    covered = sum(places[visit.of].worth(visit.number) for visit in done)
    lost = sum(places[m.of].worth(m.number) for m in plan.missed if m.of in places)
    working = {team.name: 0.0 for team in problem.teams}
    working.update({tour.team: tour.working for tour in plan.tours})
    told = (plan.covered_risk, plan.wanted_risk, plan.metres, plan.longest, plan.shortest)
    true = (
        covered,
        covered + lost,
        sum(tour.metres for tour in plan.tours),
        max(working.values()),
        min(working.values()),
    )
    for a, b in zip(told, true, strict=True):
        # Written so that a NaN is a fault too.
        if not abs(a - b) <= tolerance:
            yield Fault(FaultKind.FIGURES, by=a - b)
