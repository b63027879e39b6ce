"""Periods and what they are compared with."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import GridmapError
from gridmap.incidents.periods import Kind, calendar_period, custom_period
from gridmap.incidents.statistics import Span

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("kind", "on", "span", "before", "year"),
    [
        ("month", "2026-06-30", "2026-06-01", "2026-05-01 2026-05-31", "2025-06-01 2025-06-30"),
        ("month", "2026-03-30", "2026-03-01", "2026-02-01 2026-02-28", "2025-03-01 2025-03-30"),
        ("month", "2026-02-10", "2026-02-01", "2026-01-01 2026-01-10", "2025-02-01 2025-02-10"),
        ("week", "2026-07-01", "2026-06-29", "2026-06-22 2026-06-24", "2025-06-30 2025-07-02"),
        ("quarter", "2026-06-30", "2026-04-01", "2026-01-01 2026-03-31", "2025-04-01 2025-06-30"),
        ("half", "2026-12-31", "2026-07-01", "2026-01-01 2026-06-30", "2025-07-01 2025-12-31"),
        ("half", "2026-02-01", "2026-01-01", "2025-07-01 2025-08-01", "2025-01-01 2025-02-01"),
    ],
)  # fmt: skip
def test_a_period_so_far_meets_as_many_days_before(
    kind: Kind, on: str, span: str, before: str, year: str
) -> None:
    period = calendar_period(kind, date.fromisoformat(on))
    assert period.span == Span(date.fromisoformat(span), date.fromisoformat(on))
    assert period.before == Span(*map(date.fromisoformat, before.split()))
    assert period.year_before == Span(*map(date.fromisoformat, year.split()))


def test_a_custom_period_lies_against_as_many_days_before() -> None:
    period = custom_period(date(2024, 2, 29), date(2024, 3, 4))
    assert period.before == Span(date(2024, 2, 24), date(2024, 2, 28))
    assert period.year_before == Span(date(2023, 2, 28), date(2023, 3, 4))


@given(st.sampled_from(["week", "month", "quarter", "half"]), DAYS)
def test_periods_follow_each_other(kind: Kind, on: date) -> None:
    period = calendar_period(kind, on)
    assert period.before.last < period.span.first <= on
    assert calendar_period(kind, period.before.last).span.first == period.before.first
    if not period.whole:
        assert period.before.days <= period.span.days


@pytest.mark.parametrize(
    ("first", "last"), [("2026-02-02", "2026-02-01"), ("2020-01-01", "2026-01-01")]
)
def test_odd_spans_are_refused(first: str, last: str) -> None:
    with pytest.raises(GridmapError):
        custom_period(date.fromisoformat(first), date.fromisoformat(last))
