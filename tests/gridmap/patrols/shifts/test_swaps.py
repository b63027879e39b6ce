"""Swaps of shifts in the database."""

from __future__ import annotations

import pytest

from gridmap.errors import ConflictError, ForbiddenError, NotFoundError
from gridmap.patrols.shifts import swaps
from gridmap.patrols.shifts.conflicts import Fault
from gridmap.patrols.shifts.models import Shift, ShiftSwap
from gridmap.patrols.shifts.service import (
    ConflictsError,
    change_shift,
    members_of,
)
from tests.gridmap.patrols.conftest import MONDAY, Guard
from tests.gridmap.patrols.shifts.told import faults, log


def agreed(guard: Guard, shift: Shift, other: str, back: Shift | None = None) -> ShiftSwap:
    asker = "li"
    swap = swaps.ask(
        guard.session, guard.people[asker], shift.id, guard.id(other),
        other_shift_id=None if back is None else back.id, reason="家里有事",
    )  # fmt: skip
    return swaps.answer(guard.session, guard.people[other], swap.id, agree=True)


def test_two_exchange_overlapping_shifts(guard: Guard) -> None:
    one, two = guard.add(0, 8, ["li"]), guard.add(4, 8, ["zhao"])
    swap = agreed(guard, one, "zhao", two)
    swaps.approve(guard.session, guard.planner, swap.id)
    assert members_of(guard.session, one.id) == (guard.id("zhao"),)
    assert members_of(guard.session, two.id) == (guard.id("li"),)
    guard.session.expire_all()
    assert guard.session.get_one(Shift, one.id).touched
    assert log(guard.session)[-3:] == ["swap.ask", "swap.agree", "swap.approve"]
    with pytest.raises(ConflictError, match="gone on"):
        swaps.refuse(guard.session, guard.planner, swap.id)


def test_a_shift_is_given_away_and_the_captain_approves(guard: Guard) -> None:
    shift = guard.add(0, 8, ["li"])
    swap = agreed(guard, shift, "zhao")
    for actor in (guard.people["li"], guard.people["zhao"]):
        with pytest.raises(ForbiddenError):
            swaps.approve(guard.session, actor, swap.id)
    with pytest.raises(NotFoundError):
        swaps.approve(guard.session, guard.people["chen"], swap.id)
    swaps.approve(guard.session, guard.people["wang"], swap.id)
    assert members_of(guard.session, shift.id) == (guard.id("zhao"),)


def test_nobody_approves_his_own_swap(guard: Guard) -> None:
    shift = guard.add(0, 8, ["li"])
    swap = agreed(guard, shift, "wang")
    with pytest.raises(ForbiddenError):
        swaps.approve(guard.session, guard.people["wang"], swap.id)


def test_a_swap_with_a_conflict_is_told_before(guard: Guard) -> None:
    one = guard.add(0, 8, ["li"])
    guard.add(10, 8, ["zhao"])
    swap = agreed(guard, one, "zhao")
    with pytest.raises(ConflictsError) as short:
        swaps.approve(guard.session, guard.planner, swap.id)
    assert faults(short) == {Fault.REST}
    guard.add(2, 4, ["zhao"])
    with pytest.raises(ConflictsError) as twice:
        swaps.approve(guard.session, guard.planner, swap.id, accept=True)
    assert Fault.TWICE in faults(twice)
    swaps.refuse(guard.session, guard.planner, swap.id, "人手不够")
    assert guard.session.get_one(ShiftSwap, swap.id).decision_note == "人手不够"


def test_what_cannot_be_swapped(guard: Guard) -> None:
    session = guard.session
    shift = guard.add(0, 8, ["li"])
    li, zhao = guard.people["li"], guard.people["zhao"]
    with pytest.raises(NotFoundError):
        swaps.ask(session, zhao, shift.id, guard.id("wang"))
    with pytest.raises(NotFoundError):
        swaps.ask(session, li, shift.id, guard.id("chen"))
    with pytest.raises(ConflictError, match="not on this shift"):
        swaps.ask(session, li, shift.id, guard.id("li"))
    with pytest.raises(ConflictError, match="has begun"):
        swaps.ask(session, li, shift.id, guard.id("zhao"), now=MONDAY)
    other = guard.add(24, 8, ["wang"])
    with pytest.raises(NotFoundError):
        swaps.ask(session, li, shift.id, guard.id("zhao"), other_shift_id=other.id)
    swap = swaps.ask(session, li, shift.id, guard.id("zhao"))
    with pytest.raises(ConflictError, match="already"), session.begin_nested():
        swaps.ask(session, li, shift.id, guard.id("wang"))
    with pytest.raises(ForbiddenError):
        swaps.answer(session, li, swap.id, agree=True)
    with pytest.raises(ConflictError, match="gone on"):
        swaps.approve(session, guard.planner, swap.id)
    swaps.answer(session, zhao, swap.id, agree=False)
    swap = swaps.ask(session, li, shift.id, guard.id("wang"))
    swaps.withdraw(session, li, swap.id)
    swap = agreed(guard, shift, "zhao")
    change_shift(session, guard.planner, shift.id, 1, guard.data(0, 8, ["wang"]), accept=True)
    with pytest.raises((ConflictError), match="members"):
        swaps.approve(session, guard.planner, swap.id)
