from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gridmap.incidents.cases.categories import find_category, rules_for
from gridmap.incidents.cases.filters import Wanted
from gridmap.incidents.cases.inbox import list_cases
from gridmap.incidents.cases.rates import Rates, percent, rates, rates_by
from tests.gridmap.conftest import SOUTH, STEP, WEST
from tests.gridmap.incidents.conftest import Desk, at

JANUARY = (date(2025, 1, 1), date(2025, 1, 31))
NOW = at("2025-02-10 09:00")


def add(desk: Desk, count: int, x: float, due: str, ended: str | None, step: str) -> None:
    """Store cases with a deadline and an end."""
    rules = rules_for(desk.session, find_category(desk.session, "B1").id)
    desk.session.execute(
        text("""
            WITH added AS (
                INSERT INTO incident (occurred_at, category_id, geom)
                SELECT :opened, k.id, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)
                FROM category k, generate_series(1, :count) WHERE k.code = 'B1'
                RETURNING id, occurred_at
            )
            INSERT INTO incident_case (incident_id, occurred_at, category_version_id, rules_id,
                description, reporter, step, opened_at, step_entered_at, due_at, ended_at)
            SELECT id, occurred_at, :version, :rules, 'x', 'patrol', :step, :opened, :opened, :due,
                :ended
            FROM added
        """),
        {
            "count": count, "lon": WEST + x * STEP, "lat": SOUTH + STEP, "step": step,
            "opened": at("2024-12-20 10:00"), "due": at(due), "version": rules.version_id,
            "rules": rules.rules_id, "ended": None if ended is None else at(ended),
        },
    )  # fmt: skip


def test_the_rates_divide_by_the_cases_due(desk: Desk) -> None:
    on_time, late, still_open = 737, 911 - 737, 972 - 911
    add(desk, on_time - 1, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "closed")
    # In time to the second, on the last day of the period in the town's zone.
    add(desk, 1, 0.5, "2025-01-31 23:59", "2025-01-31 23:59", "closed")
    add(desk, late, 0.5, "2025-01-15 18:00", "2025-02-01 10:00", "closed")
    add(desk, still_open, 5, "2025-01-20 18:00", None, "handling")
    # Not due in January, withdrawn, or closed only after the question is asked.
    add(desk, 5, 0.5, "2025-02-01 00:00", "2025-01-31 10:00", "closed")
    add(desk, 5, 0.5, "2024-12-31 23:59", "2025-01-02 10:00", "closed")
    add(desk, 5, 0.5, "2025-01-15 18:00", "2025-01-10 10:00", "withdrawn")
    found = rates(desk.session, desk.town, *JANUARY, now=NOW)
    assert found == Rates(972, 911, 737)
    assert (found.closed_rate, found.on_time_rate) == (Decimal("93.72"), Decimal("75.82"))
    # Each of them is a list of as many cases.
    for outcome, number in ((None, 972), ("closed", 911), ("on_time", 737), ("not_on_time", 235)):
        wanted = Wanted(due_since=JANUARY[0], due_until=JANUARY[1], outcome=outcome)
        rows = list_cases(desk.session, desk.town, wanted, limit=2000, now=NOW).rows
        assert len(rows) == number

    here = rates(desk.session, desk.supervisor, *JANUARY, now=NOW)
    assert here == Rates(911, 911, 737)
    assert rates(desk.session, desk.town, *JANUARY, Wanted(unit=desk.office.here), now=NOW) == here
    assert rates(desk.session, desk.town, *JANUARY, now=at("2025-01-12 09:00")).closed == 736

    rows = rates_by(desk.session, desk.town, "unit", *JANUARY, now=NOW)
    assert [(row.key, row.due, row.closed, row.on_time) for row in rows] == [
        (desk.office.here, 911, 911, 737), (desk.office.there, 61, 0, 0),
    ]  # fmt: skip
    [row] = rates_by(desk.session, desk.town, "month", *JANUARY, now=NOW)
    assert (row.key, row.closed_rate, row.on_time_rate) == (
        "2025-01", Decimal("93.72"), Decimal("75.82"),
    )  # fmt: skip


def test_nothing_due_has_no_rate(desk: Desk) -> None:
    found = rates(desk.session, desk.town, *JANUARY)
    assert found == Rates(0, 0, 0)
    assert found.closed_rate is None
    assert rates_by(desk.session, desk.town, "category", *JANUARY) == []


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(911, 972, "93.72"), (737, 972, "75.82"), (1, 800, "0.13"), (1, 3, "33.33"), (2, 3, "66.67")],
)
def test_rates_are_rounded_half_up(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == Decimal(shown)


@given(st.integers(1, 5000), st.data())
def test_more_closed_cases_never_lower_the_rate(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole - 1))
    less, more = percent(part, whole), percent(part + 1, whole)
    assert less is not None
    assert more is not None
    assert 0 <= less <= more <= 100
