from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, text

from gridmap.errors import ParameterError
from gridmap.exchange.periods import ALWAYS, Period, read_period

MOMENT = datetime(2026, 1, 31, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-01-31", date(2026, 1, 31), date(2026, 1, 31)),
        ("2026-01-31T16:30:00Z", MOMENT, MOMENT),
        ("2026-02-01T00:30:00+08:00", MOMENT, MOMENT),
        ("2026-01-01/2026-01-31", date(2026, 1, 1), date(2026, 1, 31)),
        ("../2026-01-31", None, date(2026, 1, 31)),
        ("/2026-01-31", None, date(2026, 1, 31)),
        ("2026-01-31T16:30:00z/..", MOMENT, None),
        ("2026-01-31T16:30:00.000Z/", MOMENT, None),
    ],
)
def test_a_period_is_read(text: str, first: object, last: object) -> None:
    assert read_period(text) == Period(first, last)


def test_nothing_asked_for_means_always() -> None:
    assert read_period(None) is ALWAYS


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-02-30", "2026-1-1", "20260131", "2026-01-31T16:30:00",
        "2026-01-31 16:30:00Z", "2026-01-31T25:00:00Z", "0001-01-01", "0001-01-01T00:00:00Z",
        "9999-12-31", "../..", "/", "2026-01-01/2026-01-02/2026-01-03", "infinity",
        "2026-01-31/2026-01-01", "2026-01-31T00:00:01Z/2026-01-31T00:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused_by_name(text: str) -> None:
    with pytest.raises(ParameterError) as refused:
        read_period(text)
    assert refused.value.parameter == "datetime"


def test_a_day_of_another_age_is_told_from_none_at_all() -> None:
    for asked in ("2026-01-01/9999-12-31", "1600-12-31", "0001-01-01T00:00:00Z"):
        with pytest.raises(ParameterError) as refused:
            read_period(asked)
        assert "outside the years 1601 to 2279" in str(refused.value), asked
    assert read_period("1601-01-01/2279-12-31") == Period(date(1601, 1, 1), date(2279, 12, 31))


def test_days_are_local_and_whole_and_moments_are_included(connection: Connection) -> None:
    """16:30 UTC of 31 January is half past midnight of 1 February in Shanghai."""
    for period, inside in (
        (Period(date(2026, 2, 1), date(2026, 2, 1)), True),
        (Period(date(2026, 1, 1), date(2026, 1, 31)), False),
        (Period(MOMENT, MOMENT), True),
        (Period(None, MOMENT), True),
        (ALWAYS, True),
    ):
        at = "CAST(:at AS timestamptz)"
        condition, values = period.condition(at, "p")
        statement = text(f"SELECT {condition}")
        assert connection.execute(statement, {**values, "at": MOMENT}).scalar() is inside
        span, values = period.days("p")
        statement = text(f"SELECT local_date({at}) <@ {span}")
        assert connection.execute(statement, {**values, "at": MOMENT}).scalar() is inside
