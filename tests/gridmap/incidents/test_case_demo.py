from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from gridmap.db import make_sessions
from gridmap.incidents.cases.calendar import public_workday
from gridmap.incidents.cases.deadlines import Allowance, WorkTime, due, parse_shifts
from gridmap.incidents.cases.demo import Clock, load_cases
from gridmap.incidents.cases.inbox import board, counts
from gridmap.workforce.rights import SYSTEM

WORK = WorkTime(
    parse_shifts([["09:00", "12:00"], ["14:00", "18:00"]]),
    ZoneInfo("Asia/Shanghai"),
    public_workday,
)
CLOCK = Clock(WORK, date(2025, 1, 1), date(2025, 12, 31))


@given(
    st.lists(st.integers(0, 270 * 86400), min_size=1),
    st.integers(1, 100),
    st.sampled_from(["hours", "days"]),
)
def test_many_deadlines_at_once_are_those_of_one(
    seconds: list[int], amount: int, unit: str
) -> None:
    start = datetime(2025, 1, 2, tzinfo=UTC)
    allowance = Allowance(amount if unit == "hours" else 1 + amount % 20, unit)  # type: ignore[arg-type]
    moments = [start + timedelta(seconds=second) for second in seconds]
    found = CLOCK.due(np.array([int(moment.timestamp()) for moment in moments]), allowance)
    assert found.tolist() == [int(due(WORK, m, allowance).timestamp()) for m in moments]


def test_the_demo_has_cases_of_every_kind(demo_town: Engine) -> None:
    now = datetime.now(UTC)
    with make_sessions(demo_town).begin() as session:
        row = session.execute(
            text("""
                SELECT count(*) AS n, count(*) FILTER (WHERE ended_at IS NULL) AS open,
                       sum(returned) AS returned, sum(extended) AS extended,
                       count(*) FILTER (WHERE level <> 'cell') AS escalated,
                       count(*) FILTER (WHERE step = 'withdrawn') AS withdrawn,
                       max(opened_at) AS newest, min(opened_at) AS oldest
                FROM incident_case
            """)
        ).one()
        assert row.n > 200
        assert min(row.open, row.returned, row.extended, row.escalated, row.withdrawn) > 0
        assert row.open < row.n / 4
        assert now - timedelta(days=16) < row.newest <= now
        # Which steps the open cases stand at depends on the hour of the day.
        assert sum(step[1] for step in board(session, SYSTEM)) == row.open > 0
        found = counts(session, SYSTEM)
        assert 0 < found.overdue < found.open
        wrong = session.execute(
            text("""
                SELECT c.id FROM incident_case c JOIN LATERAL (
                    SELECT count(*) AS n, max(s.at) AS at,
                           (array_agg(s.to_step ORDER BY s.id DESC))[1] AS step,
                           (array_agg(s.assignee_id ORDER BY s.id DESC))[1] AS assignee,
                           (array_agg(s.due_at ORDER BY s.id DESC))[1] AS due_at
                    FROM case_step s WHERE s.case_id = c.id
                ) s ON true
                WHERE c.step <> s.step OR c.version <> s.n OR s.at > now()
                   OR c.assignee_id IS DISTINCT FROM s.assignee
                   OR c.step_due_at IS DISTINCT FROM s.due_at
            """)
        ).all()
        assert wrong == []
        assert load_cases(session, 1, now) == 0


def test_a_town_without_incidents_gets_no_cases(desk: object) -> None:
    assert load_cases(desk.session, 1, datetime.now(UTC)) == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("day", [date(2025, 10, 1), date(2025, 1, 26)])
def test_the_clock_knows_the_calendar(day: date) -> None:
    noon = int(datetime(day.year, day.month, day.day, 3, tzinfo=UTC).timestamp())
    [at] = CLOCK.after(np.array([noon]), np.array([1])).tolist()
    assert (at == noon + 1) is public_workday(day)
