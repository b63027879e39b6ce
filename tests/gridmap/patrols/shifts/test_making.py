"""Patterns that make shifts in the database."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, text

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.patrols.shifts import attendance, swaps
from gridmap.patrols.shifts.conflicts import Fault
from gridmap.patrols.shifts.making import (
    PatternData,
    data_of,
    end_pattern,
    preview,
    save_pattern,
)
from gridmap.patrols.shifts.models import Shift, ShiftMember, ShiftPattern
from gridmap.patrols.shifts.patterns import Rule, Slot
from gridmap.patrols.shifts.service import (
    ConflictsError,
    cancel_shifts,
    change_shift,
)
from gridmap.workforce.cadres import add_absence
from gridmap.workforce.rights import Role
from tests.gridmap.patrols.conftest import MONDAY, Guard
from tests.gridmap.patrols.shifts.told import DAY, LAST, faults, log


def rule(guard: Guard, *groups: str, slots: tuple[Slot, ...] = (Slot(time(8), 1440),)) -> Rule:
    return Rule(DAY, slots, tuple(tuple(guard.id(n) for n in each.split()) for each in groups))


def pattern(guard: Guard, *groups: str) -> PatternData:
    return PatternData("24 小时值班", guard.here, rule(guard, *groups))


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
