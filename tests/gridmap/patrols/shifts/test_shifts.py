"""Shifts in the database: conflicts, rights, changes, and what was cancelled."""

from __future__ import annotations

from datetime import date, time, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.patrols.shifts.checking import stored_conflicts
from gridmap.patrols.shifts.conflicts import Fault
from gridmap.patrols.shifts.models import ShiftMember
from gridmap.patrols.shifts.queries import Wanted, own_shifts, search
from gridmap.patrols.shifts.rules import change_settings
from gridmap.patrols.shifts.service import (
    ConflictsError,
    ShiftData,
    add_shift,
    cancel_shifts,
    change_shift,
    restore_shifts,
)
from gridmap.workforce.cadres import add_absence, disband_team
from gridmap.workforce.rights import SYSTEM, Role
from tests.gridmap.patrols.conftest import MONDAY, Guard, open_guard
from tests.gridmap.patrols.shifts.told import DAY, LAST, faults, log


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
