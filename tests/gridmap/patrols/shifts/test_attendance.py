"""Who came to a shift, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.patrols.shifts import attendance
from gridmap.patrols.shifts.models import ShiftMember
from gridmap.patrols.shifts.queries import Wanted, search
from tests.gridmap.patrols.conftest import MONDAY, Guard
from tests.gridmap.patrols.shifts.told import DAY, LAST


@pytest.mark.parametrize(
    ("minutes", "state"), [(-30, "present"), (0, "present"), (10, "present"), (10.1, "late"),
                           (479, "late")],
)  # fmt: skip
def test_who_comes_is_present_or_late(guard: Guard, minutes: float, state: str) -> None:
    shift = guard.add(0, 8)
    now = MONDAY + timedelta(minutes=minutes)
    member = attendance.check_in(guard.session, guard.people["wang"], shift.id, now)
    assert (member.state, member.checked_in_at) == (state, now)
    with pytest.raises(ConflictError, match="already"):
        attendance.check_in(guard.session, guard.people["wang"], shift.id, now)


@pytest.mark.parametrize(("minutes", "words"), [(-31, "30 minutes before"), (480, "is over")])
def test_checking_in_has_a_window(guard: Guard, minutes: int, words: str) -> None:
    shift = guard.add(0, 8)
    now = MONDAY + timedelta(minutes=minutes)
    with pytest.raises(ConflictError, match=words):
        attendance.check_in(guard.session, guard.people["wang"], shift.id, now)


def test_checking_out_closes_after_the_shift(guard: Guard) -> None:
    shift = guard.add(0, 8)
    wang = guard.people["wang"]
    with pytest.raises(ConflictError, match="not checked in"):
        attendance.check_out(guard.session, wang, shift.id, MONDAY)
    attendance.check_in(guard.session, wang, shift.id, MONDAY)
    end = MONDAY + timedelta(hours=8)
    with pytest.raises(ConflictError, match="30 minutes after"):
        attendance.check_out(guard.session, wang, shift.id, end + timedelta(minutes=31))
    member = attendance.check_out(guard.session, wang, shift.id, end)
    assert member.checked_out_at == end
    with pytest.raises(ConflictError, match="checked out already"):
        attendance.check_out(guard.session, wang, shift.id, end)


def test_the_captain_and_the_planner_note_who_came(guard: Guard) -> None:
    session = guard.session
    shift = guard.add(0, 8, ["wang", "li", "zhao"])
    marks: dict[int, tuple[str | None, str]] = {
        guard.id("li"): ("absent", "未请假"), guard.id("zhao"): ("present", "")
    }  # fmt: skip
    begun = MONDAY + timedelta(hours=1)
    for name in ("li", "chen"):
        with pytest.raises((ForbiddenError, NotFoundError)):
            attendance.record(session, guard.people[name], shift.id, marks, begun)
    with pytest.raises(ConflictError, match="not begun"), session.begin_nested():
        attendance.record(session, guard.people["wang"], shift.id, marks, MONDAY - timedelta(1))
    assert attendance.record(session, guard.people["wang"], shift.id, marks, begun) == 2
    assert attendance.record(session, guard.planner, shift.id, marks, begun) == 0
    leave: dict[int, tuple[str | None, str]] = {guard.id("wang"): ("leave", "")}
    assert attendance.record(session, guard.planner, shift.id, leave, MONDAY - timedelta(1)) == 1
    row = session.get_one(ShiftMember, (shift.id, guard.id("li")))
    assert (row.state, row.note, row.noted_by) == ("absent", "未请假", "Wang")
    rows, _ = search(session, guard.planner, Wanted(DAY, LAST))
    assert (rows[0].members, rows[0].came, rows[0].known) == (3, 1, 3)
    with pytest.raises(GridmapError, match="no state"):
        attendance.record(session, guard.planner, shift.id, {guard.id("li"): ("asleep", "")}, begun)
    with pytest.raises(NotFoundError):
        attendance.record(session, guard.planner, shift.id, {guard.id("chen"): ("late", "")}, begun)
