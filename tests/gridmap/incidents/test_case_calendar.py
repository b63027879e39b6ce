from __future__ import annotations

from datetime import date

import pytest

from gridmap.errors import ForbiddenError, NotFoundError
from gridmap.incidents.cases.calendar import (
    known_years,
    list_days,
    notices,
    public_workday,
    remove_day,
    save_day,
    work_time,
)
from tests.gridmap.incidents.conftest import Desk

UNKNOWN = known_years().stop


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2025, 10, 1), False),
        (date(2025, 10, 11), True),  # A Saturday worked in place of the holiday.
        (date(2025, 10, 12), False),
        (date(2025, 10, 13), True),
        (date(2024, 2, 18), True),
        (date(2026, 2, 28), True),
        # Nobody knows these years; weekends remain.
        (date(2050, 10, 3), True),
        (date(2050, 10, 1), False),
        (date(1990, 10, 1), True),
    ],
)
def test_public_workdays(day: date, working: bool) -> None:
    assert public_workday(day) is working


def test_an_administrators_day_comes_first(desk: Desk) -> None:
    session = desk.session
    flood, fair = date(2025, 7, 1), date(2025, 7, 5)
    with pytest.raises(ForbiddenError):
        save_day(session, desk.supervisor, flood, False)
    save_day(session, desk.admin, flood, False, "防汛停工")
    save_day(session, desk.admin, fair, True)
    work = work_time(session)
    assert not work.is_workday(flood)
    assert work.is_workday(fair)
    assert [day.day for day in list_days(session)] == [flood, fair]
    remove_day(session, desk.admin, flood)
    assert work_time(session).is_workday(flood)
    with pytest.raises(NotFoundError):
        remove_day(session, desk.admin, flood)


def test_unknown_years_are_told_until_days_are_entered(desk: Desk) -> None:
    session = desk.session
    assert notices(session, date(UNKNOWN - 1, 9, 30)) == []
    [notice] = notices(session, date(UNKNOWN - 1, 10, 1))
    assert str(UNKNOWN) in str(notice)
    assert len(notices(session, date(UNKNOWN, 11, 1))) == 2
    save_day(session, desk.admin, date(UNKNOWN, 10, 1), False)
    assert notices(session, date(UNKNOWN, 9, 1)) == []
