from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import GridmapError
from gridmap.incidents.cases.calendar import public_workday
from gridmap.incidents.cases.deadlines import (
    Allowance,
    WorkTime,
    after_days,
    after_hours,
    due,
    parse_allowances,
    parse_shifts,
    worked,
)

SHIFTS = ((time(9), time(12)), (time(14), time(18)))
SHANGHAI = WorkTime(SHIFTS, ZoneInfo("Asia/Shanghai"), public_workday)
# Clocks there jump twice a year, also within a night shift.
NEW_YORK = WorkTime(
    ((time(0, 30), time(5)), (time(14), time(18))), ZoneInfo("America/New_York"), lambda day: True
)

works = st.sampled_from([SHANGHAI, NEW_YORK])
moments = st.timedeltas(timedelta(), timedelta(days=880)).map(
    lambda passed: datetime(2024, 1, 1, tzinfo=UTC) + passed
)
amounts = st.timedeltas(timedelta(seconds=1), timedelta(hours=200))


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2025-04-01 10:00", 1, "2025-04-01 11:00"),
        ("2025-04-01 11:30", 1, "2025-04-01 14:30"),
        ("2025-04-01 12:30", 1, "2025-04-01 15:00"),
        ("2025-04-01 17:00", 2, "2025-04-02 10:00"),
        ("2025-04-01 23:00", 3, "2025-04-02 12:00"),
        # Qingming: Friday 4 April to Sunday.
        ("2025-04-03 17:00", 2, "2025-04-07 10:00"),
        # Sunday 27 April is worked in place of Labour Day, 1 to 5 May.
        ("2025-04-26 10:00", 1, "2025-04-27 10:00"),
        ("2025-04-30 17:30", 1, "2025-05-06 09:30"),
    ],
)
def test_work_hours(start: str, hours: int, end: str) -> None:
    assert after_hours(SHANGHAI, local(start), timedelta(hours=hours)) == local(end)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2025-04-01 10:00", 1, "2025-04-02 18:00"),
        ("2025-04-01 23:00", 1, "2025-04-02 18:00"),
        ("2025-04-03 09:00", 1, "2025-04-07 18:00"),
        ("2025-04-25 09:00", 2, "2025-04-28 18:00"),
        ("2025-04-30 09:00", 3, "2025-05-08 18:00"),
        # The local day decides: it is already 1 April in Shanghai.
        ("2025-04-01 00:30", 1, "2025-04-02 18:00"),
    ],
)
def test_workdays(start: str, days: int, end: str) -> None:
    assert after_days(SHANGHAI, local(start), days) == local(end)
    assert due(SHANGHAI, local(start), Allowance(days, "days")) == local(end)


@given(works, moments, amounts)
def test_exactly_the_amount_is_worked_until_the_deadline(
    work: WorkTime, start: datetime, amount: timedelta
) -> None:
    end = after_hours(work, start, amount)
    assert worked(work, start, end) == amount
    assert worked(work, start, end - timedelta(microseconds=1)) < amount
    assert any(begins < end <= ends for begins, ends in work.spans(work.local_day(end)))


@given(works, moments, amounts, amounts)
def test_amounts_add_up(work: WorkTime, start: datetime, one: timedelta, two: timedelta) -> None:
    assert after_hours(work, after_hours(work, start, one), two) == after_hours(
        work, start, one + two
    )


@given(works, moments, moments, amounts)
def test_who_starts_later_is_not_due_earlier(
    work: WorkTime, one: datetime, two: datetime, amount: timedelta
) -> None:
    one, two = sorted([one, two])
    assert after_hours(work, one, amount) <= after_hours(work, two, amount)


@given(works, moments, st.integers(1, 40))
def test_so_many_workdays_lie_between(work: WorkTime, start: datetime, days: int) -> None:
    end = after_days(work, start, days)
    first, last = work.local_day(start), work.local_day(end)
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(map(work.is_workday, between)) == days
    assert end == work.spans(last)[-1][1]


@given(works, moments, moments, moments)
def test_work_time_is_additive(work: WorkTime, a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted([a, b, c])
    assert worked(work, a, b) + worked(work, b, c) == worked(work, a, c)
    assert worked(work, c, a) <= timedelta()


def test_a_calendar_without_workdays_is_told() -> None:
    idle = WorkTime(SHIFTS, ZoneInfo("Asia/Shanghai"), lambda day: day <= date(2025, 4, 1))
    with pytest.raises(GridmapError, match="no workday in the year after 2025-04-01"):
        after_hours(idle, local("2025-04-01 17:00"), timedelta(hours=2))
    with pytest.raises(GridmapError, match="no workday"):
        after_days(idle, local("2025-04-01 17:00"), 1)


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [["09:00", "09:00"]],
        [["09:00", "12:00"], ["11:00", "18:00"]],
        [["09:00"]],
        [["nine", "ten"]],
        [["09:00+08:00", "12:00+08:00"]],
    ],
)
def test_wrong_shifts_are_refused(pairs: list[list[str]]) -> None:
    with pytest.raises(GridmapError, match="09:00-12:00"):
        parse_shifts(pairs)


@pytest.mark.parametrize(
    "value",
    [
        {"amount": 0, "unit": "days"},
        {"amount": True, "unit": "days"},
        {"amount": 1001, "unit": "hours"},
        {"amount": 3, "unit": "weeks"},
        {},
    ],
)
def test_wrong_allowances_are_refused(value: dict[str, object]) -> None:
    with pytest.raises(GridmapError, match="deadline"):
        parse_allowances({"filing": value})
