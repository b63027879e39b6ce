"""The problem as arrays: every way in which a wanted visit can be made is one option."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.patrols.planning.problem import (
    Floats,
    Kind,
    Pin,
    Problem,
    Stop,
    Street,
    Team,
    Window,
)

Integers = NDArray[np.int64]
ALWAYS = Window(-1e9, 1e9)


@dataclass(frozen=True)
class Task:
    """One visit that is wanted, or a team's break, of which ``of`` is empty.

    ``team`` is the row of the only team that can do it: of a break, or of a pin to a team.
    """

    of: str
    number: int
    kind: Kind
    must: bool
    risk: float
    team: int | None = None


@dataclass(frozen=True)
class Departure:
    """Where and when a team is free: at its start, or after its fixed visits.

    Attributes
    ----------
    node : int
    earliest, latest : float
        Between which times the planned part sets off, seconds of the day.
    sets_off : float or None
        When the fixed visits' tour set off; None where there are none.
    metres : float
        Of the way up to here.
    """

    node: int
    earliest: float
    latest: float
    sets_off: float | None
    metres: float


@dataclass(frozen=True)
class Layout:
    """Options as arrays of shape (options,), in one order everywhere.

    An option is a task in one of its windows and, for a street, in one direction; of the options
    of a task one at most is planned.

    Attributes
    ----------
    problem : Problem
    tasks : list of Task
    task : ndarray of int64
        Row of the task of each option; options of a task are neighbours.
    place : ndarray of int64
        Options of one stop, direction or resting place of a team share a number.
    enter, leave : ndarray of int64
        Nodes.
    early : ndarray of float64
        Earliest beginning.
    late, spent : dict of str to ndarray
        By mode: latest beginning, and seconds from beginning to end.
    through : ndarray of float64
        Metres from entering to leaving.
    held : ndarray of bool
        Pinned to a time: later than as early as can be only where the way there takes so long.
    allowed : ndarray of bool, shape (teams, options)
    departures : list of Departure
        By team.
    """

    problem: Problem
    tasks: list[Task]
    task: Integers
    place: Integers
    enter: Integers
    leave: Integers
    early: Floats
    late: dict[str, Floats]
    spent: dict[str, Floats]
    through: Floats
    held: NDArray[np.bool_]
    allowed: NDArray[np.bool_]
    departures: list[Departure]

    def options_of(self, task: int) -> Integers:
        """Return the rows of a task's options."""
        return np.flatnonzero(self.task == task)


@dataclass(frozen=True)
class _Option:
    task: int
    place: tuple[object, ...]
    enter: int
    leave: int
    early: float
    late: dict[str, float]
    spent: dict[str, float]
    through: float
    teams: frozenset[str] | None
    held: bool = False


def lay_out(problem: Problem, resting: Sequence[Sequence[int]] | None = None) -> Layout:
    """Lay a problem out as arrays; options of breaks come last.

    Parameters
    ----------
    problem : Problem
    resting : sequence of sequence of int, optional
        By team the nodes at which a break that may be taken anywhere is thought of; the team's
        start and end where they are not given.

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        For a pin of a visit that is not wanted, or at a time outside its windows.
    """
    tasks: list[Task] = []
    options: list[_Option] = []
    pins = {(pin.of, pin.number): pin for pin in problem.pins}
    fixed = {(v.of, v.number) for team in problem.teams for v in team.fixed if v.of}
    modes = list(problem.matrices)
    names = [team.name for team in problem.teams]
    for place in problem.places:
        for number, windows in enumerate(_wanted(place)):
            pin = pins.pop((place.key, number), None)
            if (place.key, number) in fixed:
                continue
            kind = Kind.STOP if isinstance(place, Stop) else Kind.STREET
            must = place.must or pin is not None
            only = names.index(pin.team) if pin and pin.team is not None else None
            tasks.append(Task(place.key, number, kind, must, place.worth(number), only))
            ways = list(_ways(place, len(tasks) - 1, windows, modes))
            options += _pinned(ways, pin) if pin else ways
    if pins:
        raise ValueError(f"a pin is on a visit that is not wanted: {', '.join(k for k, _ in pins)}")
    for row, team in enumerate(problem.teams):
        if team.rest and not any(visit.kind is Kind.BREAK for visit in team.fixed):
            tasks.append(Task("", 0, Kind.BREAK, must=True, risk=0.0, team=row))
            nodes = team.rest.nodes or (resting[row] if resting else (team.start, team.end))
            options += _rests(team, len(tasks) - 1, modes, nodes)
    return _arrays(problem, tasks, options, modes)


def begin_windows(stop: Stop) -> list[tuple[float, float]]:
    """Return between which times the visit in each window begins, so that spacing holds.

    A rule on pairs becomes one on each visit, whoever makes it: no visit may begin so late that
    the next window has no time left ``least_apart`` after it, nor so late that the earliest
    beginning in the window before lies more than ``most_apart`` back. Every choice keeps the
    rule then, at the price of those pairs that keep it only together.

    Parameters
    ----------
    stop : Stop
        With a visit in each window.

    Returns
    -------
    list of tuple
        Earliest and latest beginning; the latest is below the earliest where nothing holds.
    """
    spans = [(w.begin, w.end - stop.dwell) for w in stop.windows]
    least, most = stop.least_apart or 0.0, stop.most_apart or math.inf
    result = [list(span) for span in spans]
    for before, after in itertools.pairwise(result):
        before[1] = min(before[1], after[0] - least)
    for before, after in itertools.pairwise(result):
        after[1] = min(after[1], before[0] + most)
    return [(begin, end) for begin, end in result]


def _wanted(place: Stop | Street) -> Iterator[list[tuple[float, float]]]:
    """Yield, per visit wanted, the spans of time from beginning to end that would do."""
    if isinstance(place, Stop) and place.each:
        for early, late in begin_windows(place):
            yield [(early, late + place.dwell)]
    else:
        yield [(w.begin, w.end) for w in place.windows or (ALWAYS,)]


def _ways(
    place: Stop | Street, task: int, spans: list[tuple[float, float]], modes: list[str]
) -> Iterator[_Option]:
    if isinstance(place, Stop):
        spent = dict.fromkeys(modes, place.dwell)
        ends = [(place.node, place.node)]
        through = 0.0
    else:
        spent = {mode: place.seconds.get(mode, math.inf) for mode in modes}
        ends = [place.ends] if place.one_way else [place.ends, place.ends[::-1]]
        through = place.metres
    for way, (enter, leave) in enumerate(ends):
        for begin, end in spans:
            late = {mode: end - spent[mode] for mode in modes}
            yield _Option(
                task, (place.key, way), enter, leave, begin, late, spent, through, place.teams
            )


def _pinned(ways: list[_Option], pin: Pin) -> list[_Option]:
    """Return the options that are left by a pin, at its time and for its team."""
    teams = ways[0].teams if pin.team is None else frozenset({pin.team})
    result = []
    for way in ways:
        early, late = way.early, way.late
        if pin.begins is not None:
            early, latest = max(early, pin.begins), pin.begins + pin.within_s
            if early > min(latest, max(late.values())):
                continue
            late = {mode: min(at, latest) if early <= at else -1e9 for mode, at in late.items()}
        result.append(
            _Option(way.task, (*way.place, "pin"), way.enter, way.leave, early, late, way.spent,
                    way.through, teams, held=pin.begins is not None)
        )  # fmt: skip
    if not result:
        raise ValueError(f"the pin of {pin.of} is outside its windows")
    return result


def _rests(team: Team, task: int, modes: list[str], nodes: Sequence[int]) -> Iterator[_Option]:
    rest = team.rest
    assert rest is not None  # noqa: S101 - The caller has looked.
    spent = dict.fromkeys(modes, rest.seconds)
    late = dict.fromkeys(modes, rest.window.end - rest.seconds)
    for node in dict.fromkeys(nodes):
        place = ("rest", team.name, node)
        yield _Option(
            task, place, node, node, rest.window.begin, late, spent, 0.0, frozenset({team.name})
        )


def _arrays(
    problem: Problem, tasks: list[Task], options: list[_Option], modes: list[str]
) -> Layout:
    places: dict[tuple[object, ...], int] = {}
    for option in options:
        places.setdefault(option.place, len(places))
    allowed = np.array(
        [[o.teams is None or team.name in o.teams for o in options] for team in problem.teams],
        dtype=bool,
    ).reshape(len(problem.teams), len(options))
    for row, team in enumerate(problem.teams):
        able = [math.isfinite(o.spent[team.mode]) for o in options]
        allowed[row] &= np.array(able, dtype=bool)

    def integers(values: list[int]) -> Integers:
        return np.array(values, dtype=np.int64)

    return Layout(
        problem,
        tasks,
        integers([o.task for o in options]),
        integers([places[o.place] for o in options]),
        integers([o.enter for o in options]),
        integers([o.leave for o in options]),
        np.array([o.early for o in options]),
        {mode: np.array([o.late[mode] for o in options]) for mode in modes},
        {mode: np.array([o.spent[mode] for o in options]) for mode in modes},
        np.array([o.through for o in options]),
        np.array([o.held for o in options], dtype=bool),
        allowed,
        [_departure(problem, team) for team in problem.teams],
    )


def _departure(problem: Problem, team: Team) -> Departure:
    if not team.fixed:
        return Departure(team.start, team.shift.begin, team.shift.end, None, 0.0)
    last = team.fixed[-1]
    way = problem.matrices[team.mode].metres
    metres, here = 0.0, team.start
    streets = {street.key: street.metres for street in problem.streets}
    for visit in team.fixed:
        metres += float(way[here, visit.enter]) + streets.get(visit.of, 0.0)
        here = visit.leave
    return Departure(last.leave, last.ends, last.ends, team.sets_off, metres)
