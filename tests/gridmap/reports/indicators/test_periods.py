"""Half-months to years: where they begin and end, and which consist of which."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.periods import (
    KINDS,
    Kind,
    after,
    before,
    leading_up,
    made_of,
    newest_over,
    parts,
    period_of,
    preceding,
    wholes,
)

CALENDAR = KINDS[:-1]
days = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("half_month", "2026-02-15", "2026-02-01", "2026-02-15"),
        ("half_month", "2026-02-16", "2026-02-16", "2026-02-28"),
        ("half_month", "2024-02-20", "2024-02-16", "2024-02-29"),
        ("month", "2026-02-16", "2026-02-01", "2026-02-28"),
        ("two_months", "2026-04-01", "2026-03-01", "2026-04-30"),
        ("quarter", "2026-12-31", "2026-10-01", "2026-12-31"),
        ("half_year", "2026-07-01", "2026-07-01", "2026-12-31"),
        ("year", "2026-07-01", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_day_lies_in_one_period_of_each_kind(kind: Kind, day: str, first: str, last: str) -> None:
    expected = Span(date.fromisoformat(first), date.fromisoformat(last))
    assert period_of(kind, date.fromisoformat(day)) == expected


@given(st.sampled_from(CALENDAR), days)
def test_periods_follow_each_other_without_gaps(kind: Kind, day: date) -> None:
    span = period_of(kind, day)
    assert span.first <= day <= span.last
    assert before(kind, span).last == span.first - timedelta(days=1)
    assert after(kind, before(kind, span)) == span
    assert newest_over(kind, day).last <= day < after(kind, newest_over(kind, day)).last


@given(st.sampled_from(CALENDAR), days)
def test_longer_kinds_consist_of_whole_periods(kind: Kind, day: date) -> None:
    for longer in wholes(kind):
        whole, own = period_of(longer, day), period_of(kind, day)
        assert whole.first <= own.first
        assert own.last <= whole.last


def test_two_months_are_no_part_of_a_quarter() -> None:
    assert wholes("two_months") == ("two_months", "half_year", "year")
    assert wholes("half_month") == CALENDAR
    assert wholes("any") == ("any",)


def test_a_span_has_so_many_parts() -> None:
    year = period_of("year", date(2026, 5, 5))
    assert [parts(kind, year) for kind in CALENDAR] == [24, 12, 6, 4, 2, 1]
    # Only whole periods count.
    assert parts("month", Span(date(2026, 1, 2), date(2026, 3, 30))) == 1
    assert parts("any", year) == 1


def test_a_trend_ends_with_the_period_asked_for() -> None:
    june = period_of("half_month", date(2026, 6, 3))
    found = leading_up("half_month", june, 3)
    assert [span.first for span in found] == [date(2026, 5, 1), date(2026, 5, 16), june.first]


def test_days_that_are_no_period_are_preceded_by_as_many() -> None:
    year = Span(date(2026, 1, 1), date(2026, 12, 31))
    assert made_of("month", year) == "year"
    assert preceding("month", year) == Span(date(2025, 1, 1), date(2025, 12, 31))
    # Ten days of January: no period that months make up.
    begun = Span(date(2026, 1, 1), date(2026, 1, 10))
    assert made_of("month", begun) is None
    assert preceding("month", begun) == Span(date(2025, 12, 22), date(2025, 12, 31))
    # Half a year is made of half-months and quarters, not of years.
    half = period_of("half_year", date(2026, 3, 1))
    assert (made_of("half_month", half), made_of("year", half)) == ("half_year", None)
