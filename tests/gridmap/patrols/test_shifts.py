"""Shifts, swaps and attendance in the database."""

from __future__ import annotations

from datetime import date, time, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.patrols.shifts import attendance, swaps
from gridmap.patrols.shifts.checking import stored_conflicts
from gridmap.patrols.shifts.conflicts import Fault
from gridmap.patrols.shifts.making import (
    PatternData,
    data_of,
    end_pattern,
    preview,
    save_pattern,
)
from gridmap.patrols.shifts.models import Shift, ShiftMember, ShiftPattern, ShiftSwap
from gridmap.patrols.shifts.patterns import Days, Rule, Slot, Turn
from gridmap.patrols.shifts.queries import Wanted, calendar, own_shifts, search
from gridmap.patrols.shifts.rules import change_settings, shift_settings
from gridmap.patrols.shifts.service import (
    ConflictsError,
    ShiftData,
    add_shift,
    cancel_shifts,
    change_shift,
    members_of,
    restore_shifts,
)
from gridmap.patrols.shifts.sheet import make_sheet
from gridmap.workforce.cadres import add_absence, disband_team
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.patrols.conftest import MONDAY, Guard, open_guard

DAY = date(2040, 3, 5)
LAST = date(2040, 3, 31)


def log(session: Session) -> list[str]:
    acts = text("SELECT act FROM audit_log WHERE act ~ '^(shift|swap|pattern)' ORDER BY id")
    return list(session.scalars(acts))


def rule(guard: Guard, *groups: str, slots: tuple[Slot, ...] = (Slot(time(8), 1440),)) -> Rule:
    return Rule(DAY, slots, tuple(tuple(guard.id(n) for n in each.split()) for each in groups))


def pattern(guard: Guard, *groups: str) -> PatternData:
    return PatternData("24 小时值班", guard.here, rule(guard, *groups))


def faults(error: pytest.ExceptionInfo[ConflictsError]) -> set[Fault]:
    return {each.fault for each in error.value.conflicts}


def test_a_shift_lies_on_the_towns_day_on_which_it_begins(guard: Guard) -> None:
    # 20:00 in Shanghai is noon of UTC, 04:00 the evening before.
    shift = guard.add(20, 8, ["wang", "li"])
    assert shift.day == date(2040, 3, 6)
    assert guard.add(100, 12).day == date(2040, 3, 9)
    rows = guard.session.scalars(select(ShiftMember).where(ShiftMember.shift_id == shift.id)).all()
    assert {row.cadre_id for row in rows} == {guard.id("wang"), guard.id("li")}
    assert all((row.starts, row.ends, row.active) == (shift.starts, shift.ends, True)
               for row in rows)  # fmt: skip
    assert log(guard.session) == ["shift.create", "shift.create"]


def test_one_person_twice_is_refused_and_too_little_rest_put_up_with(guard: Guard) -> None:
    guard.add(0, 8)
    with pytest.raises(ConflictsError) as twice:
        add_shift(guard.session, guard.planner, guard.data(6, 8, ["wang", "li"]), accept=True)
    assert faults(twice) == {Fault.TWICE}
    assert twice.value.forbidden
    with pytest.raises(ConflictsError) as short:
        add_shift(guard.session, guard.planner, guard.data(18.5, 8, ["wang"]))
    assert faults(short) == {Fault.REST}
    assert not short.value.forbidden
    assert short.value.conflicts[0].hours == 10.5
    add_shift(guard.session, guard.planner, guard.data(19, 8, ["wang"]))
    found = stored_conflicts(guard.session, guard.planner, DAY, LAST)
    assert found == []
    guard.add(30, 8)
    found = stored_conflicts(guard.session, guard.planner, DAY, LAST)
    assert [(each.fault, each.hours) for each in found] == [(Fault.REST, 3.0)]


def test_the_rest_is_a_setting_that_an_administrator_changes(guard: Guard) -> None:
    guard.add(0, 8)
    values = {"late_minutes": 5, "window_minutes": 60, "night_begins": time(23),
              "night_ends": time(5)}  # fmt: skip
    change_settings(guard.session, SYSTEM, rest_hours=10, **values)  # type: ignore[arg-type]
    add_shift(guard.session, guard.planner, guard.data(18.5, 8, ["wang"]))
    logged = guard.session.execute(
        text("SELECT before, after FROM audit_log WHERE act = 'settings.shifts'")
    ).one()
    assert logged.before["rest_hours"] == 11
    assert logged.after["rest_hours"] == 10
    with pytest.raises(GridmapError, match="between 0 and 72"):
        change_settings(guard.session, SYSTEM, rest_hours=99, **values)  # type: ignore[arg-type]
    with pytest.raises(ForbiddenError):
        change_settings(guard.session, guard.planner, rest_hours=9, **values)  # type: ignore[arg-type]


def test_absent_members_inactive_teams_and_empty_shifts_are_told(guard: Guard) -> None:
    # The duty that ends on the 7th at 8 touches the first day away.
    supervisor = guard.office.supervisor
    add_absence(guard.session, supervisor, guard.id("li"), date(2040, 3, 7), date(2040, 3, 9))
    with pytest.raises(ConflictsError) as away:
        add_shift(guard.session, guard.planner, guard.data(24, 24, ["li"]))
    assert faults(away) == {Fault.ABSENT}
    assert away.value.conflicts[0].day == date(2040, 3, 7)
    add_shift(guard.session, guard.planner, guard.data(0, 24, ["li"]))
    with pytest.raises(ConflictsError) as nobody:
        add_shift(guard.session, guard.planner, guard.data(0, 8))
    assert faults(nobody) == {Fault.NOBODY}
    disband_team(guard.session, supervisor, guard.here)
    with pytest.raises(ConflictsError) as inactive:
        add_shift(guard.session, guard.planner, guard.data(24, 8, ["zhao"]), accept=True)
    assert faults(inactive) == {Fault.INACTIVE}


def test_who_plans_and_with_whom(guard: Guard) -> None:
    data = guard.data(0, 8, ["li"])
    for actor in (guard.people["wang"], guard.office.user("ana", Role.ANALYST, guard.office.here)):
        with pytest.raises(ForbiddenError):
            add_shift(guard.session, actor, data)
    with pytest.raises(NotFoundError):
        add_shift(guard.session, guard.planner, guard.data(0, 8, ["chen"], guard.there))
    with pytest.raises(NotFoundError):
        add_shift(guard.session, guard.planner, guard.data(0, 8, ["chen"]))
    shift = add_shift(guard.session, SYSTEM, guard.data(0, 8, ["chen"], guard.there))
    for act in (
        lambda: change_shift(guard.session, guard.planner, shift.id, 1, data),
        lambda: cancel_shifts(guard.session, guard.planner, [shift.id]),
        lambda: restore_shifts(guard.session, guard.planner, [shift.id]),
    ):
        with pytest.raises(NotFoundError):
            act()
    # Whoever is lent to the other team sees that shift alone.
    assert own_shifts(guard.session, guard.id("chen"), MONDAY, MONDAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ends": MONDAY}, "ends before it begins"),
        ({"ends": MONDAY + timedelta(hours=73)}, "72 hours"),
        ({"note": "x" * 501}, "500"),
        ({"note": "110101199003077758"}, "identity"),
    ],
)
def test_a_shift_without_sense_is_refused(
    guard: Guard, change: dict[str, object], words: str
) -> None:
    values = guard.data(0, 8, ["li"]).__dict__ | change
    with pytest.raises(GridmapError, match=words):
        add_shift(guard.session, guard.planner, ShiftData(**values))


def test_a_change_moves_the_members_and_keeps_who_came(guard: Guard) -> None:
    shift = guard.add(0, 8, ["wang", "li"])
    session = guard.session
    session.execute(
        update(ShiftMember).where(ShiftMember.cadre_id == guard.id("li")).values(state="present")
    )
    change_shift(session, guard.planner, shift.id, 1, guard.data(2, 8, ["li", "zhao"]))
    rows = session.execute(
        select(ShiftMember.cadre_id, ShiftMember.state, ShiftMember.starts).order_by("cadre_id")
    ).all()
    starts = MONDAY + timedelta(hours=2)
    assert rows == [(guard.id("li"), "present", starts), (guard.id("zhao"), None, starts)]
    with pytest.raises(ConflictError, match="changed meanwhile"):
        change_shift(session, guard.planner, shift.id, 1, guard.data(2, 8, ["li"]))


def test_the_database_itself_keeps_a_person_from_two_shifts(guard: Guard) -> None:
    one, two = guard.add(0, 8, ["wang"]), guard.add(4, 8, ["li"])
    insert = "INSERT INTO shift_member (shift_id, cadre_id) VALUES (:shift, :cadre)"
    with pytest.raises(IntegrityError, match="ex_shift_member_once"), guard.session.begin_nested():
        guard.session.execute(text(insert), {"shift": two.id, "cadre": guard.id("wang")})
    cancel_shifts(guard.session, guard.planner, [one.id], "雨")
    guard.session.execute(text(insert), {"shift": two.id, "cadre": guard.id("wang")})
    with pytest.raises(ConflictError, match="another shift"):
        restore_shifts(guard.session, guard.planner, [one.id])


def test_two_planners_at_once_cannot_both_have_a_person(own_engine: Engine) -> None:
    with Session(own_engine) as session, session.begin():
        guard = open_guard(session)
        data = guard.data(0, 8, ["li"])
    refused: list[ConflictError] = []

    def plan() -> None:
        with Session(own_engine) as other:
            try:
                with other.begin():
                    add_shift(other, guard.planner, data)
            except ConflictError as error:
                refused.append(error)

    with Session(own_engine) as session, session.begin():
        add_shift(session, guard.planner, data)
        thread = Thread(target=plan)
        thread.start()
        thread.join(0.5)
    thread.join()
    assert len(refused) == 1
    with Session(own_engine) as session:
        assert session.scalar(text("SELECT count(*) FROM shift")) == 1


def test_what_was_cancelled_comes_back(guard: Guard) -> None:
    ids = [guard.add(24 * n, 8, ["wang", "li"]).id for n in range(3)]
    assert cancel_shifts(guard.session, guard.planner, ids[:2], "大雨") == ids[:2]
    assert cancel_shifts(guard.session, guard.planner, ids) == ids[2:]
    rows, total = search(guard.session, guard.planner, Wanted(DAY, LAST, state="cancelled"))
    assert (total, [row.id for row in rows]) == (3, ids)
    assert not any(guard.session.scalars(select(ShiftMember.active)))
    assert restore_shifts(guard.session, guard.planner, ids) == ids
    assert all(guard.session.scalars(select(ShiftMember.active)))
    assert search(guard.session, guard.planner, Wanted(DAY, LAST, state="planned"))[1] == 3
    assert log(guard.session)[-6:] == ["shift.cancel"] * 3 + ["shift.restore"] * 3


# Patterns.


def test_a_pattern_is_made_once_however_often(guard: Guard) -> None:
    data = pattern(guard, "wang li", "zhao")
    plan = preview(guard.session, guard.planner, data, DAY, LAST)
    assert len(plan.wanted) == len(plan.added) == 27
    assert plan.conflicts == ()
    assert guard.session.scalar(text("SELECT count(*) FROM shift")) == 0
    made, _ = save_pattern(guard.session, guard.planner, data, DAY, LAST)
    for first, last in ((DAY, LAST), (date(2040, 3, 10), date(2040, 3, 12))):
        _, again = save_pattern(guard.session, guard.planner, data, first, last, pattern_id=made.id)
        assert (again.added, again.removed) == ((), ())
    assert guard.session.scalar(text("SELECT count(*) FROM shift")) == 27
    _, more = save_pattern(
        guard.session, guard.planner, data, date(2040, 4, 1), date(2040, 4, 30),
        pattern_id=made.id,
    )  # fmt: skip
    assert len(more.added) == 30
    assert made.made_until == date(2040, 4, 30)
    assert data_of(made) == data
    assert log(guard.session) == ["pattern.create", "pattern.make", "pattern.make"]


def test_a_changed_pattern_changes_only_what_is_untouched_and_to_come(guard: Guard) -> None:
    session = guard.session
    made, _ = save_pattern(session, guard.planner, pattern(guard, "wang", "li"), DAY, LAST)
    shifts = session.scalars(select(Shift).order_by(Shift.starts)).all()
    by_hand, cancelled, swapped, attended = shifts[1], shifts[2], shifts[3], shifts[4]
    data = guard.data(25, 10, ["zhao"])
    change_shift(session, guard.planner, by_hand.id, by_hand.version, data, accept=True)
    cancel_shifts(session, guard.planner, [cancelled.id])
    swaps.ask(session, guard.people["li"], swapped.id, guard.id("zhao"))
    attendance.record(session, guard.planner, attended.id, {guard.id("wang"): ("leave", "")})
    # It is the 12th: what has begun stays, too.
    now = MONDAY + timedelta(days=7, hours=1)
    change = pattern(guard, "zhao")
    with pytest.raises(ConflictError, match="changed meanwhile"):
        save_pattern(session, guard.planner, change, DAY, LAST, pattern_id=made.id, version=9)
    _, plan = save_pattern(
        session, guard.planner, change, DAY, date(2040, 3, 20), pattern_id=made.id, accept=True,
        now=now,
    )  # fmt: skip
    # From the 13th on the new rule holds, and after the 20th nothing is left of the old one.
    assert (len(plan.added), len(plan.removed)) == (8, 19)
    rows = session.execute(
        select(Shift.day, ShiftMember.cadre_id)
        .join(ShiftMember)
        .where(Shift.cancelled_at.is_(None))
    ).all()
    later = {day: cadre for day, cadre in rows if day >= date(2040, 3, 13)}
    assert later == {date(2040, 3, n): guard.id("zhao") for n in range(13, 21)}
    assert {by_hand.id, cancelled.id, swapped.id, attended.id} <= set(
        session.scalars(select(Shift.id))
    )
    # What was moved or cancelled by hand is not made a second time.
    now = MONDAY - timedelta(days=1)
    _, plan = save_pattern(
        session, guard.planner, change, DAY, date(2040, 3, 20), pattern_id=made.id, accept=True,
        now=now,
    )  # fmt: skip
    assert plan.by_hand == 4
    assert not {one.day for one in plan.wanted} & {date(2040, 3, n) for n in range(6, 10)}


def test_a_pattern_tells_its_conflicts_or_leaves_people_out(guard: Guard) -> None:
    session = guard.session
    guard.add(48, 8, ["li"])
    add_absence(session, guard.office.supervisor, guard.id("wang"), date(2040, 3, 9),
                date(2040, 3, 10))  # fmt: skip
    data = pattern(guard, "wang", "li zhao")
    with pytest.raises(ConflictsError) as refused:
        save_pattern(session, guard.planner, pattern(guard, "wang zhao", "zhao li"), DAY, LAST)
    assert Fault.REST in faults(refused)
    data = pattern(guard, "li zhao", "wang")
    with pytest.raises(ConflictsError) as refused:
        save_pattern(session, guard.planner, data, DAY, LAST, accept=True)
    assert {(each.fault, each.duty.starts.day) for each in refused.value.conflicts} == {
        (Fault.TWICE, 7), (Fault.ABSENT, 8)
    }  # fmt: skip
    made, plan = save_pattern(session, guard.planner, data, DAY, LAST, leave_out=True, accept=True)
    rows: dict[int, list[str | None]] = dict(
        session.execute(  # type: ignore[arg-type]
            text("""
                SELECT extract(day FROM s.day)::int, array_agg(d.name ORDER BY d.name)
                FROM shift s LEFT JOIN shift_member m ON m.shift_id = s.id
                LEFT JOIN cadre d ON d.id = m.cadre_id WHERE s.pattern_id = :id GROUP BY s.day
            """),
            {"id": made.id},
        ).all()
    )
    assert rows[7] == ["Zhao"]
    assert rows[8] == [None]
    assert rows[9] == ["Li", "Zhao"]
    assert {each.fault for each in plan.conflicts} == {Fault.NOBODY}


def test_the_end_of_a_pattern_takes_what_is_untouched(guard: Guard) -> None:
    made, _ = save_pattern(guard.session, guard.planner, pattern(guard, "wang", "li"), DAY, LAST)
    now = MONDAY + timedelta(days=3, hours=1)
    assert end_pattern(guard.session, guard.planner, made.id, now) == 23
    assert guard.session.scalar(text("SELECT count(*) FROM shift")) == 4
    with pytest.raises(ConflictError, match="has ended"):
        save_pattern(guard.session, guard.planner, data_of(made), DAY, LAST, pattern_id=made.id)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [(LAST, DAY, "before the first"), (DAY, date(2042, 3, 1), "at most a year")],
)
def test_a_span_without_sense_is_refused(guard: Guard, first: date, last: date, words: str) -> None:
    with pytest.raises(GridmapError, match=words):
        preview(guard.session, guard.planner, pattern(guard, "wang"), first, last)


def test_patterns_are_the_areas(guard: Guard) -> None:
    made, _ = save_pattern(guard.session, guard.planner, pattern(guard, "wang"), DAY, DAY)
    stranger = guard.office.user("far", Role.PLANNER, guard.office.there)
    for actor in (stranger, guard.office.user("an", Role.ANALYST, guard.office.here)):
        with pytest.raises((NotFoundError, ForbiddenError)):
            end_pattern(guard.session, actor, made.id)
    assert guard.session.get_one(ShiftPattern, made.id).ended_at is None


# Swaps.


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


# Attendance.


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


# Lists and the sheet.


def test_calendar_and_list_filter_and_keep_to_the_area(guard: Guard) -> None:
    for n in range(3):
        guard.add(n, 0.5, ["wang"] if n == 1 else ["li"])
    add_shift(guard.session, SYSTEM, guard.data(0, 8, ["chen"], guard.there))
    wanted = Wanted(DAY, DAY)
    rows = calendar(guard.session, guard.planner, wanted, 2)
    assert [(row.team, list(row.names), row.in_day) for row in rows] == [
        ("巡防队", ["Li"], 3), ("巡防队", ["Wang"], 3)
    ]  # fmt: skip
    assert len(calendar(guard.session, SYSTEM, wanted, 9)) == 4
    assert search(guard.session, guard.planner, Wanted(DAY, DAY, cadre_id=guard.id("wang")))[1] == 1
    assert search(guard.session, SYSTEM, Wanted(DAY, DAY, team_id=guard.there))[1] == 1
    assert search(guard.session, SYSTEM, Wanted(DAY, DAY, state="unrecorded"))[1] == 0
    first, _ = search(guard.session, SYSTEM, Wanted(DAY, DAY, descending=True), limit=1)
    assert first[0].starts == MONDAY + timedelta(hours=2)


def sheet_of(guard: Guard, actor: Actor, month: date) -> dict[str, object]:
    sheet = make_sheet(guard.session, actor, guard.here, month)
    return {row.name: row for row in sheet.rows}


def test_hours_of_a_sheet_are_those_of_the_month(guard: Guard) -> None:
    # From Saturday, 31 March 2040, 8:00, until Sunday, 1 April, 8:00: no year whose holidays
    # are known, so that weekends alone are days off.
    shift = guard.add(26 * 24, 24, ["wang", "li"])
    guard.add(0, 12, ["li"])
    attendance.record(
        guard.session, guard.planner, shift.id,
        {guard.id("wang"): ("late", ""), guard.id("li"): ("absent", "")}, shift.starts,
    )  # fmt: skip
    add_absence(guard.session, guard.office.supervisor, guard.id("zhao"), date(2040, 3, 30),
                date(2040, 4, 3))  # fmt: skip
    march = make_sheet(guard.session, guard.planner, guard.here, DAY)
    assert len(march.days) == 31
    assert date(2040, 3, 31) in march.off
    wang, li, zhao = march.rows
    assert (wang.name, wang.captain) == ("Wang", True)
    assert (wang.shifts, wang.hours, wang.night_hours, wang.off_hours) == (1, 16.0, 2.0, 16.0)
    assert (wang.came, wang.late, wang.absent) == (1, 1, 0)
    assert (li.shifts, li.hours, li.absent, li.cells[DAY].hours) == (2, 12.0, 1, 12.0)
    assert (zhao.hours, zhao.leave_days) == (0.0, 2)
    assert (march.total.hours, march.total.cells[date(2040, 3, 31)].hours) == (28.0, 16.0)
    april = make_sheet(guard.session, guard.people["wang"], guard.here, date(2040, 4, 9))
    first = april.rows[0]
    assert (first.shifts, first.hours, first.night_hours) == (0, 8.0, 6.0)
    assert april.rows[2].leave_days == 2


def test_the_sheet_is_for_the_office_and_the_captain(guard: Guard) -> None:
    guard.add(0, 8)
    for name in ("li", "chen"):
        with pytest.raises(NotFoundError):
            make_sheet(guard.session, guard.people[name], guard.here, DAY)
    with pytest.raises(NotFoundError):
        make_sheet(guard.session, guard.planner, guard.there, DAY)


def test_hours_are_those_of_the_towns_clock(guard: Guard) -> None:
    """In the night of 11 March 2040 clocks in New York skip an hour: 23 hours are the duty."""
    session = guard.session
    session.execute(text("UPDATE territory_settings SET time_zone = 'America/New_York'"))
    data = PatternData(
        "24", guard.here, Rule(date(2040, 3, 10), (Slot(time(8), 1440),), ((guard.id("wang"),),
        (guard.id("li"),)), Days.EVERY, frozenset(), Turn.SHIFT),
    )  # fmt: skip
    save_pattern(session, guard.planner, data, date(2040, 3, 10), date(2040, 3, 11))
    sheet = make_sheet(session, guard.planner, guard.here, DAY)
    wang = sheet.rows[0]
    assert wang.hours == 23.0
    assert wang.cells[date(2040, 3, 10)].hours == 16.0
    assert wang.cells[date(2040, 3, 11)].hours == 7.0
    assert session.scalar(text("SELECT min(day) FROM shift")) == date(2040, 3, 10)
    assert shift_settings(session).rest_hours == 11
