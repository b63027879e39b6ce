"""The checker finds every kind of fault in a plan that was right before; no planner is asked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest

from gridmap.patrols.planning.checker import FaultKind, check
from gridmap.patrols.planning.problem import (
    Break,
    Kind,
    Pin,
    Problem,
    Stop,
    Street,
    Team,
    Visit,
    Window,
)
from gridmap.patrols.planning.result import Missed, Plan, Reason, Tour
from tests.gridmap.patrols.planning.towns import on_grid

# Eleven corners of a straight street, 100 m and 100 s apart.
WAYS = {"foot": on_grid([(i, 0) for i in range(11)])}
FIRST = Visit("fixed", 0, Kind.STOP, 1, 1, 100, 100, 200)
PROBLEM = Problem(
    (
        Team("A", "foot", 0, 0, Window(0, 6000), 4500, Break(600, Window(500, 2000), (3,)),
             0, (FIRST,)),
        Team("B", "foot", 10, 10, Window(0, 3000)),
    ),
    (
        Stop("fixed", 1, 100, 1),
        Stop("must", 2, 300, 2, must=True, windows=(Window(300, 700), Window(5000, 6000))),
        Stop("hot", 5, 200, 3, windows=(Window(1000, 2000), Window(2000, 4000)), each=True,
             least_apart=800, most_apart=1500, teams=frozenset("A")),
        Stop("pinned", 8, 100, 1),
        Stop("left out", 7, 100, 1),
    ),
    WAYS,
    (Street("lane", (9, 7), {"foot": 200}, 200, 4, one_way=True),),
    pins=(Pin("pinned", team="B", begins=800),),
)  # fmt: skip
# A: 0 -> 1 -> 2 -> rest at 3 -> 5 -> waits -> 5 -> 0; B: 10 -> 9 to 7 -> 8 -> 10.
PLAN = Plan(
    (
        Tour("A", 0, 3700, (
            FIRST,
            Visit("must", 0, Kind.STOP, 2, 2, 300, 300, 600),
            Visit("", 0, Kind.BREAK, 3, 3, 700, 700, 1300),
            Visit("hot", 0, Kind.STOP, 5, 5, 1500, 1500, 1700),
            Visit("hot", 1, Kind.STOP, 5, 5, 1700, 2500, 2700),
        ), 1000, 3100),
        Tour("B", 100, 1100, (
            Visit("lane", 0, Kind.STREET, 9, 7, 200, 200, 400),
            Visit("pinned", 0, Kind.STOP, 8, 8, 500, 800, 900),
        ), 600, 1000),
    ),
    (Missed("left out", 0, False, 1, Reason.NO_ROOM),),
    covered_risk=14, wanted_risk=15, metres=1600, longest=3100, shortest=1000, repeatable=True,
)  # fmt: skip

Change = Callable[[Plan], Plan]


def visit(row: int, at: int, **changes: Any) -> Change:
    """A plan with another visit."""

    def change(plan: Plan) -> Plan:
        visits = list(plan.tours[row].visits)
        visits[at] = dataclasses.replace(visits[at], **changes)
        return tour(row, visits=tuple(visits))(plan)

    return change


def tour(row: int, **changes: Any) -> Change:
    """A plan with another tour."""

    def change(plan: Plan) -> Plan:
        tours = list(plan.tours)
        tours[row] = dataclasses.replace(tours[row], **changes)
        return dataclasses.replace(plan, tours=tuple(tours))

    return change


def without(row: int, at: int) -> Change:
    """A plan with one visit less."""

    def change(plan: Plan) -> Plan:
        visits = plan.tours[row].visits
        return tour(row, visits=visits[:at] + visits[at + 1 :])(plan)

    return change


def told(**changes: Any) -> Change:
    """A plan that tells other figures."""
    return lambda plan: dataclasses.replace(plan, **changes)


def twice(plan: Plan) -> Plan:
    """The pinned visit is made a second time at once."""
    visits = PLAN.tours[1].visits
    again = dataclasses.replace(visits[1], arrives=900, begins=900, ends=1000)
    return tour(1, visits=(*visits, again), back=1200, working=1100)(plan)


def test_the_plan_is_right_before_it_is_broken() -> None:
    assert check(PROBLEM, PLAN) == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (FaultKind.UNKNOWN, tour(1, team="C")),
        (FaultKind.UNKNOWN, visit(1, 0, of="no such street")),
        (FaultKind.UNKNOWN, visit(0, 3, number=2)),
        (FaultKind.UNKNOWN, visit(1, 0, number=1)),
        (FaultKind.UNKNOWN, told(missed=(*PLAN.missed, Missed("x", 0, False, 1, Reason.NO_ROOM)))),
        (FaultKind.TWICE, twice),
        (FaultKind.TWICE, told(tours=(*PLAN.tours, PLAN.tours[1]))),
        (FaultKind.MUST, without(0, 1)),
        (FaultKind.MUST, without(1, 1)),
        (FaultKind.UNACCOUNTED, without(1, 0)),
        (FaultKind.UNACCOUNTED, told(missed=())),
        (FaultKind.UNACCOUNTED, told(missed=(PLAN.missed[0], PLAN.missed[0]))),
        (FaultKind.TEAM, visit(1, 1, of="hot", enter=5, leave=5)),
        (FaultKind.PLACE, visit(0, 1, enter=3, leave=3)),
        (FaultKind.PLACE, visit(0, 1, leave=1)),
        (FaultKind.PLACE, visit(0, 1, enter=11)),
        (FaultKind.PLACE, visit(0, 1, kind=Kind.STREET)),
        (FaultKind.TRAVEL, visit(0, 1, arrives=250)),
        (FaultKind.TRAVEL, tour(0, back=3100)),
        (FaultKind.TRAVEL, tour(1, sets_off=150)),
        (FaultKind.TRAVEL, tour(0, back=math.nan)),
        (FaultKind.ORDER, visit(0, 1, arrives=350)),
        (FaultKind.ORDER, visit(0, 1, ends=250)),
        (FaultKind.DWELL, visit(0, 1, ends=550)),
        (FaultKind.SWEEP, visit(1, 0, ends=350)),
        (FaultKind.SWEEP, visit(1, 0, enter=7, leave=9)),
        (FaultKind.SWEEP, visit(1, 0, leave=9)),
        (FaultKind.SWEEP, visit(1, 0, kind=Kind.STOP)),
        (FaultKind.WINDOW, visit(0, 1, begins=450, ends=750)),
        (FaultKind.WINDOW, visit(0, 3, number=1)),
        (FaultKind.SHIFT, tour(0, sets_off=-1)),
        (FaultKind.SHIFT, tour(1, back=3001)),
        (FaultKind.LONGEST, tour(0, back=4501)),
        (FaultKind.BREAK, without(0, 2)),
        (FaultKind.BREAK, visit(0, 2, ends=1250)),
        (FaultKind.BREAK, visit(0, 2, begins=1500, ends=2100)),
        (FaultKind.BREAK, visit(0, 2, enter=4, leave=4)),
        (FaultKind.BREAK, visit(0, 2, enter=3, leave=5)),
        (FaultKind.BREAK, visit(1, 1, of="", kind=Kind.BREAK)),
        (FaultKind.APART, visit(0, 4, begins=2200, ends=2400)),
        (FaultKind.APART, visit(0, 4, begins=3100, ends=3300)),
        (FaultKind.PIN, visit(1, 1, begins=790)),
        (FaultKind.FIXED, visit(0, 0, ends=201)),
        (FaultKind.FIXED, without(0, 0)),
        (FaultKind.FIXED, told(tours=PLAN.tours[1:])),
        (FaultKind.FIGURES, tour(0, metres=999)),
        (FaultKind.FIGURES, tour(0, working=3700)),
        (FaultKind.FIGURES, told(covered_risk=15)),
        (FaultKind.FIGURES, told(wanted_risk=14)),
        (FaultKind.FIGURES, told(metres=math.nan)),
        (FaultKind.FIGURES, told(longest=3000)),
        (FaultKind.FIGURES, told(shortest=0)),
    ],
)  # fmt: skip
def test_a_broken_plan_is_found_out(kind: FaultKind, change: Change) -> None:
    assert kind in {fault.kind for fault in check(PROBLEM, change(PLAN))}


def test_a_visit_pinned_to_one_team_is_not_another_ones() -> None:
    problem = dataclasses.replace(PROBLEM, pins=(Pin("pinned", team="A"),))
    assert [fault.kind for fault in check(problem, PLAN)] == [FaultKind.PIN]


def test_a_street_is_swept_only_in_a_mode_that_can() -> None:
    lane = dataclasses.replace(PROBLEM.streets[0], seconds={"bike": 60})
    faults = check(dataclasses.replace(PROBLEM, streets=(lane,)), PLAN)
    assert [(fault.kind, fault.by) for fault in faults] == [(FaultKind.SWEEP, math.inf)]


def test_a_way_that_is_none_is_not_walked() -> None:
    seconds = WAYS["foot"].seconds.copy()
    seconds[3, 5] = math.inf
    ways = {"foot": dataclasses.replace(WAYS["foot"], seconds=seconds)}
    faults = check(dataclasses.replace(PROBLEM, matrices=ways), PLAN)
    assert [(fault.kind, fault.of) for fault in faults] == [(FaultKind.TRAVEL, "hot")]


def test_every_kind_of_fault_is_tried() -> None:
    mark = next(m for m in test_a_broken_plan_is_found_out.pytestmark)  # type: ignore[attr-defined]
    assert {kind for kind, _ in mark.args[1]} == set(FaultKind)
