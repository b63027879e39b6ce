"""Values are made of counts that were added up; the rate of a whole lies between its parts'."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.reports.indicators.ranking import climbed, ranks
from gridmap.reports.indicators.rollup import (
    NO_DATA,
    Counts,
    Scale,
    half_up,
    reached,
    rolled,
    total,
)

PER_CENT = Scale("rate", 100, 2)

denominators = st.decimals(Decimal("0.01"), Decimal(10**6), places=2)
numerators = st.decimals(Decimal(0), Decimal(10**6), places=2)
entered = st.builds(lambda part, whole: Counts(part, whole, 1, 1), numerators, denominators)


@pytest.mark.parametrize(
    ("part", "whole", "places", "shown"),
    [
        (1849, 2945, 1, "62.8"),
        (1849, 2945, 2, "62.78"),
        (521, 2945, 2, "17.69"),
        (235893, 311804, 2, "75.65"),
        (33, 45, 0, "73"),
        (1700, 2000, 0, "85"),
        (1, 1, 0, "100"),
        (1, 8, 1, "12.5"),
        (1, 16, 1, "6.3"),
        (1, 800, 2, "0.13"),
        (2, 3, 4, "66.6667"),
    ],
)
def test_rates_are_rounded_half_up_from_their_counts(
    part: int, whole: int, places: int, shown: str
) -> None:
    assert str(Scale("rate", 100, places).value(Counts(Decimal(part), Decimal(whole)))) == shown


def test_a_mean_and_a_count_have_values_too() -> None:
    assert Scale("rate", 1, 0).value(Counts(Decimal(10800), Decimal(45))) == 240
    assert Scale("count", 1, 0).value(Counts(Decimal(7))) == 7
    assert PER_CENT.value(NO_DATA) is None
    assert Scale("count").value(NO_DATA) is None


@given(st.fractions(min_value=0, max_value=10**9), st.integers(0, 4))
def test_half_up_is_the_nearest_and_the_upper_of_two(value: Fraction, places: int) -> None:
    shown = half_up(value, places)
    assert shown is not None
    step = Fraction(1, 10**places)
    assert -step / 2 < Fraction(shown) - value <= step / 2
    assert -shown.as_tuple().exponent == places  # type: ignore[operator]


@given(st.lists(entered, min_size=1, max_size=30))
def test_the_counts_of_the_whole_are_the_sums_of_the_parts(parts: list[Counts]) -> None:
    whole = total(parts)
    assert whole.numerator == sum(each.numerator for each in parts if each.numerator is not None)
    assert whole.denominator == sum(each.denominator or 0 for each in parts)
    assert whole.units == len(parts)


@given(st.lists(entered, min_size=1, max_size=30))
def test_the_rate_of_the_whole_lies_between_the_extremes(parts: list[Counts]) -> None:
    rates = [rate for each in parts if (rate := PER_CENT.exact(each)) is not None]
    whole = PER_CENT.exact(total(parts))
    assert whole is not None
    assert min(rates) <= whole <= max(rates)


@given(st.dictionaries(st.integers(0, 20), entered, min_size=1), st.integers(1, 4))
def test_rolling_up_in_steps_is_rolling_up_at_once(
    communities: dict[int, Counts], towns: int
) -> None:
    town_of = {unit: unit % towns for unit in communities}
    by_town = rolled(communities, town_of)
    at_once = rolled(communities, dict.fromkeys(communities, 0))
    assert rolled(by_town, dict.fromkeys(by_town, 0)) == at_once
    assert at_once[0] == total(communities.values())


@given(st.lists(st.one_of(entered, st.just(NO_DATA)), max_size=20))
def test_units_without_data_add_nothing_and_count_for_nothing(parts: list[Counts]) -> None:
    known = [each for each in parts if each != NO_DATA]
    assert total(parts) == total(known)
    assert total(parts).units == len(known)


def test_a_mean_of_rates_would_be_wrong() -> None:
    """1 of 1 and 0 of 99 are 1 of 100, and not 50 %."""
    parts = [Counts(Decimal(1), Decimal(1)), Counts(Decimal(0), Decimal(99))]
    assert PER_CENT.value(total(parts)) == 1


@pytest.mark.parametrize(
    ("value", "target", "better", "expected"),
    [
        ("79.996", "80", "up", False),
        ("80", "80", "up", True),
        ("80", "80", "down", True),
        ("80.001", "80", "down", False),
        ("80", None, "up", None),
        (None, "80", "up", None),
    ],
)
def test_the_exact_value_decides_whether_a_target_is_reached(
    value: str | None, target: str | None, better: str, expected: bool | None
) -> None:
    exact = None if value is None else Fraction(value)
    assert reached(exact, None if target is None else Decimal(target), better) is expected


def test_equal_rates_share_a_rank_and_no_data_has_none() -> None:
    values = {"a": Fraction(1, 2), "b": Fraction(2, 4), "c": Fraction(1, 3), "d": None,
              "e": Fraction(3, 4)}  # fmt: skip
    assert ranks(values, "up") == {"e": 1, "a": 2, "b": 2, "c": 4}
    assert ranks(values, "down") == {"c": 1, "a": 2, "b": 2, "e": 4}
    assert ranks(values, None) == ranks(values, "up")
    assert ranks({"a": None}, "up") == {}


@given(st.dictionaries(st.integers(), st.fractions(min_value=0, max_value=5), min_size=1))
def test_a_rank_counts_those_that_are_better(values: dict[int, Fraction]) -> None:
    for unit, rank in ranks(values, "up").items():
        assert rank == 1 + sum(other > values[unit] for other in values.values())


def test_who_climbs_gains_ranks() -> None:
    assert climbed(2, 5) == 3
    assert climbed(5, 2) == -3
    assert climbed(None, 2) is None
    assert climbed(2, None) is None
