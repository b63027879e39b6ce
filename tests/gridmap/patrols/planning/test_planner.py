"""Plans of random towns are the best there are, explained, balanced, repeatable and editable."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.patrols.planning.checker import FaultKind, check
from gridmap.patrols.planning.planner import FixedVisitsError, MustsMissedError, plan
from gridmap.patrols.planning.problem import (
    Break,
    Kind,
    Matrices,
    Pin,
    Problem,
    Stop,
    Street,
    Team,
    Window,
    visits_between,
)
from gridmap.patrols.planning.result import Plan, Reason
from gridmap.patrols.planning.search import Effort
from gridmap.patrols.planning.variety import Variety, legs
from tests.gridmap.patrols.planning.towns import HOUR, best_risk, busy_towns, on_grid, tiny_towns

SHORT = Effort(iterations=400, rounds=2)
SHIFT = Window(0, 2 * HOUR)
# A straight street of 30 blocks of 100 m, walked at 1 m/s.
LINE = on_grid([(i, 0) for i in range(31)])
FOOT = {"foot": LINE}


def team(name: str = "A", start: int = 0, end: int = 0, shift: Window = SHIFT) -> Team:
    return Team(name, "foot", start, end, shift)


def order(made: Plan, row: int = 0) -> list[str]:
    return [visit.of for visit in made.tours[row].visits]


@settings(max_examples=40, deadline=None)
@given(tiny_towns())
def test_a_tiny_town_gets_the_best_plan_there_is(problem: Problem) -> None:
    best = best_risk(problem)
    if best is None:
        with pytest.raises(MustsMissedError) as missed:
            plan(problem, SHORT)
        assert any(miss.must for miss in missed.value.plan.missed)
    else:
        assert plan(problem, SHORT).covered_risk == pytest.approx(best)


@settings(max_examples=25, deadline=None)
@given(busy_towns(), st.integers(0, 3))
def test_every_plan_of_a_busy_town_is_proved_and_whole(problem: Problem, seed: int) -> None:
    effort = Effort(iterations=200, rounds=2, seed=seed)
    try:
        made = plan(problem, effort, balance=0.1, variety=Variety(seed))
    except MustsMissedError as error:
        made = error.plan
    # The planner had it checked, musts apart; once more with a tighter tolerance.
    faults = check(problem, made, tolerance=1e-6)
    assert {fault.kind for fault in faults} <= {FaultKind.MUST}
    wanted = sum(len(stop.windows) if stop.each else 1 for stop in problem.stops)
    visits = [v for tour in made.tours for v in tour.visits if v.kind is not Kind.BREAK]
    assert len(visits) + len(made.missed) == wanted + len(problem.streets)
    assert 0 <= made.shortest <= made.longest
    assert made.repeatable


@settings(max_examples=15, deadline=None)
@given(tiny_towns(), st.integers(1, 3))
def test_a_longer_shift_never_covers_less(problem: Problem, more: int) -> None:
    longer = dataclasses.replace(
        problem,
        teams=tuple(
            dataclasses.replace(t, shift=Window(t.shift.begin, t.shift.end + more * 900.0))
            for t in problem.teams
        ),
    )
    try:
        before = plan(problem, SHORT).covered_risk
    except MustsMissedError:
        return
    assert plan(longer, SHORT).covered_risk >= before - 1e-9


def test_each_reason_is_told_where_it_holds() -> None:
    ways = LINE.seconds.copy()
    ways[:, 30] = ways[30, :] = math.inf
    stops = (
        Stop("short", 1, 900.0, 1.0, windows=(Window(0, 600),)),
        Stop("at night", 1, 900.0, 1.0, windows=(Window(20 * HOUR, 22 * HOUR),)),
        Stop("an island", 30, 900.0, 1.0),
        Stop("far", 29, 2400.0, 1.0),
        Stop("worthless", 5, 600.0, 0.0),
        Stop("best", 10, 3000.0, 9.0),
        Stop("second", 10, 3000.0, 5.0),
    )
    made = plan(Problem((team(),), stops, {"foot": Matrices(ways, LINE.metres)}), SHORT)
    assert order(made) == ["best"]
    reasons = {miss.of: miss.reason for miss in made.missed}
    assert reasons == {
        "short": Reason.WINDOW_TOO_SHORT,
        "at night": Reason.NO_TEAM_IN_HOURS,
        "an island": Reason.UNREACHABLE,
        "far": Reason.TOO_FAR,
        "worthless": Reason.WORTH_LESS,
        "second": Reason.NO_ROOM,
    }
    by_key = {miss.of: miss for miss in made.missed}
    assert by_key["worthless"].detour == 0
    assert by_key["second"].displaces == 9


def test_with_a_worth_a_visit_is_made_only_for_a_smaller_detour() -> None:
    stops = (Stop("near", 2, 600.0, 1.0), Stop("farther", 8, 600.0, 1.0))
    made = plan(Problem((team(),), stops, FOOT, worth=1000.0), SHORT)
    assert order(made) == ["near"]
    # From the corner 2 it is 600 m more and as many back.
    assert (made.missed[0].reason, made.missed[0].detour) == (Reason.WORTH_LESS, 1200.0)


def test_a_must_that_cannot_be_is_named_with_its_reason() -> None:
    stops = (Stop("must", 29, 2400.0, must=True), Stop("other", 3, 600.0, 1.0))
    with pytest.raises(MustsMissedError, match="must") as error:
        plan(Problem((team(),), stops, FOOT), SHORT)
    made = error.value.plan
    assert [(miss.of, miss.reason) for miss in made.missed] == [("must", Reason.TOO_FAR)]
    assert order(made) == ["other"]


def test_two_musts_that_exclude_each_other_leave_one_without_room() -> None:
    noon = (Window(HOUR, HOUR + 900.0),)
    stops = tuple(Stop(key, 1, 900.0, must=True, windows=noon) for key in ("one", "two"))
    with pytest.raises(MustsMissedError) as error:
        plan(Problem((team(),), stops, FOOT), SHORT)
    assert [miss.reason for miss in error.value.plan.missed] == [Reason.NO_ROOM]
    assert len(error.value.plan.tours[0].visits) == 1


def test_a_hot_place_is_seen_in_each_two_hour_window() -> None:
    hot = Stop("hot", 3, 600.0, 1.0, windows=visits_between(0, 8 * HOUR, 2 * HOUR), each=True,
               least_apart=HOUR, most_apart=3 * HOUR)  # fmt: skip
    made = plan(Problem((team(shift=Window(0, 8 * HOUR)),), (hot,), FOOT), SHORT)
    begins = np.array([visit.begins for visit in made.tours[0].visits])
    assert (begins // (2 * HOUR)).tolist() == [0, 1, 2, 3]
    assert np.diff(begins).min() >= HOUR
    assert np.diff(begins).max() <= 3 * HOUR


def test_a_street_is_swept_in_the_direction_that_is_nearer_and_never_against_one_way() -> None:
    street = Street("s", (10, 4), {"foot": 600.0}, 600.0, 1.0)
    problem = Problem((team(end=12),), (), FOOT, (street,))
    made = plan(problem, SHORT)
    visit = made.tours[0].visits[0]
    assert (visit.enter, visit.leave) == (4, 10)
    # 400 m there, 600 m swept, 200 m on.
    assert (made.metres, visit.begins, visit.ends) == (1200.0, 400.0, 1000.0)
    one_way = dataclasses.replace(problem, streets=(dataclasses.replace(street, one_way=True),))
    made = plan(one_way, SHORT)
    assert (made.tours[0].visits[0].enter, made.metres) == (10, 1000.0 + 600.0 + 800.0)


def test_a_break_is_taken_at_a_place_for_it_and_not_counted_as_work() -> None:
    rest = Break(1800.0, Window(1800.0, 5400.0), nodes=(5,))
    stops = (Stop("early", 2, 900.0, 1.0), Stop("late", 8, 900.0, 1.0))
    made = plan(Problem((dataclasses.replace(team(), rest=rest),), stops, FOOT), SHORT)
    visits = made.tours[0].visits
    pause = next(visit for visit in visits if visit.kind is Kind.BREAK)
    assert pause.enter == 5
    assert 1800.0 <= pause.begins <= pause.ends - 1800.0 <= 3600.0
    assert made.tours[0].working == made.tours[0].back - made.tours[0].sets_off - 1800.0
    assert made.covered_risk == 2


def test_a_break_without_a_place_is_taken_on_the_way() -> None:
    """It costs no step: the team rests at a place that it comes to, in the middle of its round."""
    rest = Break(1800.0, Window(1800.0, 5400.0))
    stops = tuple(Stop(f"s{i}", i, 600.0, 1.0) for i in (2, 5, 8, 11))
    alone = plan(Problem((team(),), stops, FOOT), SHORT)
    made = plan(Problem((dataclasses.replace(team(), rest=rest),), stops, FOOT), SHORT)
    visits = made.tours[0].visits
    at = next(i for i, visit in enumerate(visits) if visit.kind is Kind.BREAK)
    beside = {visit.enter for visit in (*visits[:at][-1:], *visits[at + 1 :][:1])}
    assert visits[at].enter in beside
    assert made.covered_risk == alone.covered_risk == 4
    assert made.metres == alone.metres


def test_balance_shares_the_work_at_no_loss() -> None:
    # All fits into one tour, which is also the shortest way; two can share it.
    stops = tuple(Stop(f"s{i}", i, 600.0, 1.0) for i in range(1, 9))
    problem = Problem((team("A"), team("B")), stops, FOOT)
    shared = plan(problem, Effort(iterations=1200, rounds=2), balance=0.0)
    assert shared.covered_risk == 8
    # Whoever goes to the eighth corner walks 1,600 m: with four stops that makes 4,000 s, and
    # with three of them the other one has five, 1,000 m and 4,000 s.
    assert shared.longest == 4000


def test_another_day_is_another_plan_at_a_stated_loss_and_the_same_seed_the_same_plan() -> None:
    rng = np.random.default_rng(0)
    corners = [(int(x), int(y)) for x, y in rng.integers(0, 12, (25, 2))]
    stops = tuple(Stop(f"s{i}", i, 600.0, float(rng.integers(5, 10))) for i in range(1, 25))
    problem = Problem((team("A"), team("B")), stops, {"foot": on_grid(corners)})
    effort = Effort(iterations=800, rounds=2)
    best = plan(problem, effort)
    today = plan(problem, effort, variety=Variety(1, yesterday=best, most_loss=0.1))
    again = plan(problem, effort, variety=Variety(1, yesterday=best, most_loss=0.1))
    other = plan(problem, effort, variety=Variety(2, yesterday=best, most_loss=0.1))
    assert today == again
    assert today.tours != other.tours
    assert today.change is not None
    assert today.change.loss <= 0.1
    assert today.change.loss == pytest.approx(1 - today.covered_risk / best.covered_risk)
    shared = len(legs(today) & legs(best)) / len(legs(today))
    assert today.change.repeated == shared < 0.5


def test_what_is_fixed_by_hand_stays_and_the_rest_is_planned_anew() -> None:
    stops = tuple(Stop(f"s{i}", i, 900.0, 1.0) for i in (2, 4, 6, 8))
    problem = Problem((team("A"), team("B")), stops, FOOT)
    made = plan(problem, SHORT)
    tour = made.tours[0]
    fixed = dataclasses.replace(
        problem,
        teams=tuple(
            dataclasses.replace(t, sets_off=tour.sets_off, fixed=tour.visits[:1])
            if t.name == tour.team
            else t
            for t in problem.teams
        ),
        stops=(*stops, Stop("new", 7, 900.0, 1.0)),
        pins=(Pin("new", team=tour.team, begins=5000.0),),
    )
    anew = plan(fixed, SHORT)
    kept = next(t for t in anew.tours if t.team == tour.team)
    assert kept.visits[0] == tour.visits[0]
    assert kept.sets_off == tour.sets_off
    assert next(v for v in kept.visits if v.of == "new").begins == 5000.0
    assert anew.covered_risk == 5


def test_fixed_visits_that_cannot_be_walked_so_are_refused() -> None:
    problem = Problem((team(),), (Stop("a", 5, 600.0, 1.0), Stop("b", 9, 600.0, 1.0)), FOOT)
    visit = plan(problem, SHORT).tours[0].visits[0]
    early = dataclasses.replace(visit, arrives=0.0, begins=0.0, ends=600.0)
    man = dataclasses.replace(team(), sets_off=0.0, fixed=(early,))
    with pytest.raises(FixedVisitsError, match="travel"):
        plan(dataclasses.replace(problem, teams=(man,)), SHORT)


def test_a_pin_outside_its_window_is_refused() -> None:
    stop = Stop("a", 5, 600.0, windows=(Window(0, HOUR),))
    with pytest.raises(ValueError, match="outside its windows"):
        plan(Problem((team(),), (stop,), FOOT, pins=(Pin("a", begins=HOUR),)), SHORT)
    with pytest.raises(ValueError, match="not wanted"):
        plan(Problem((team(),), (stop,), FOOT, pins=(Pin("a", number=1),)), SHORT)


def test_a_clock_that_strikes_is_told() -> None:
    stops = tuple(Stop(f"s{i}", i, 600.0, 1.0) for i in range(1, 20))
    made = plan(Problem((team(),), stops, FOOT), Effort(iterations=10**6, seconds=0.2))
    assert not made.repeatable
    assert made.covered_risk > 0


def test_nothing_to_visit_is_an_empty_plan() -> None:
    made = plan(Problem((team(),), (), FOOT), SHORT)
    assert made == Plan((), (), 0.0, 0.0, 0.0, 0.0, 0.0, repeatable=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Window(2, 1), "ends after"),
        (lambda: Break(900.0, Window(0, 600)), "does not fit"),
        (lambda: Stop("a", 0, -1.0), "not below 0"),
        (lambda: Stop("a", 0, 1.0, each=True), "needs windows"),
        (lambda: Stop("a", 0, 1.0, least_apart=1.0), "each window"),
        (lambda: Stop("a", 0, 1.0, windows=(Window(5, 9), Window(0, 4)), each=True), "follow"),
        (lambda: Street("a", (0, 1), {}, 1.0), "seconds for a mode"),
        (lambda: Matrices(np.zeros((2, 3)), np.zeros((2, 3))), "square"),
        (lambda: Matrices(np.full((1, 1), -1.0), np.zeros((1, 1))), "below 0"),
        (lambda: Problem((), (), FOOT), "needs a team"),
        (lambda: Problem((team(), team()), (), FOOT), "once"),
        (lambda: Problem((team(start=31),), (), FOOT), "0 to 30"),
        (lambda: Problem((team(),), (), FOOT, pins=(Pin("x"),)), "names a place"),
        (lambda: visits_between(1, 1, 60), "no windows"),
        (lambda: Variety(-1), "seed"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: object, message: str) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError, match=message):
        wrong()
