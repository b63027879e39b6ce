"""Calendar, list and the monthly sheet of shifts."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import text

from gridmap.errors import NotFoundError
from gridmap.patrols.shifts import attendance
from gridmap.patrols.shifts.making import (
    PatternData,
    save_pattern,
)
from gridmap.patrols.shifts.patterns import Days, Rule, Slot, Turn
from gridmap.patrols.shifts.queries import Wanted, calendar, search
from gridmap.patrols.shifts.rules import shift_settings
from gridmap.patrols.shifts.service import (
    add_shift,
)
from gridmap.patrols.shifts.sheet import make_sheet
from gridmap.workforce.cadres import add_absence
from gridmap.workforce.rights import SYSTEM, Actor
from tests.gridmap.patrols.conftest import MONDAY, Guard
from tests.gridmap.patrols.shifts.told import DAY


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
