from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gridmap.incidents.cases.models import LEVELS, STEPS
from gridmap.incidents.cases.workflow import (
    ACT_NAMES,
    LEVEL_NAMES,
    MOVES,
    NEEDS_NOTE,
    OPEN_STEPS,
    STEP_NAMES,
    WAITS_FOR,
    Act,
    Level,
    Step,
    Who,
    allowed,
    move,
)

STRAIGHT = [
    Act.SUBMIT, Act.FILE, Act.DISPATCH, Act.FINISH, Act.FEED_BACK, Act.VERIFY, Act.CLOSE
]  # fmt: skip


def test_the_table_and_the_database_know_the_same_steps() -> None:
    assert tuple(Step) == STEPS
    assert tuple(Level) == LEVELS
    assert set(STEP_NAMES) == set(Step)
    assert set(ACT_NAMES) == set(Act)
    assert set(LEVEL_NAMES) == set(Level)
    assert set(WAITS_FOR) == set(OPEN_STEPS)
    assert {act for _, act in MOVES} | {Act.REPORT} == set(Act)


def test_the_straight_way_leads_through_all_steps() -> None:
    step, seen = Step.INTAKE, [Step.INTAKE]
    for act in STRAIGHT:
        found = move(step, act)
        assert found is not None
        step = found.to
        seen.append(step)
    assert seen == [*OPEN_STEPS, Step.CLOSED]


def test_whom_a_step_waits_for_can_always_go_on() -> None:
    for step, who in WAITS_FOR.items():
        forward = [act for act in allowed(step, {who}) if act in STRAIGHT]
        assert len(forward) == 1


def test_returns_go_back_and_every_end_can_be_reached() -> None:
    order = list(Step)
    for (step, act), found in MOVES.items():
        if act is Act.RETURN:
            assert order.index(found.to) < order.index(step)
    assert {found.to for found in MOVES.values()} == set(Step)


@given(st.sampled_from(Step), st.sampled_from(Act), st.sampled_from(Level), st.booleans())
def test_nobody_may_do_what_is_not_in_the_table(
    step: Step, act: Act, level: Level, asked: bool
) -> None:
    found = move(step, act, level=level, extension_asked=asked)
    assert allowed(step, set(), level=level, extension_asked=asked) == []
    everybody = allowed(step, set(Who), level=level, extension_asked=asked)
    assert (act in everybody) == (found is not None)
    if step is Step.WITHDRAWN:
        assert everybody == []


def test_requests_and_levels_have_their_limits() -> None:
    assert move(Step.HANDLING, Act.ESCALATE, level=Level.COMMUNITY) is not None
    assert move(Step.HANDLING, Act.ESCALATE, level=Level.TOWN) is None
    assert move(Step.HANDLING, Act.GRANT_EXTENSION) is None
    assert move(Step.HANDLING, Act.GRANT_EXTENSION, extension_asked=True) is not None
    assert move(Step.HANDLING, Act.REQUEST_EXTENSION, extension_asked=True) is None
    assert Act.CLOSE not in NEEDS_NOTE
    assert Act.RETURN in NEEDS_NOTE
