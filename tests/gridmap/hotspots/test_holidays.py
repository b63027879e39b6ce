"""Holidays against days like them."""

import numpy as np
import pytest
from scipy import stats

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.holidays import holiday_effect

FIRST, LAST = np.datetime64("2022-01-01"), np.datetime64("2023-12-31")
DAYS = np.arange(FIRST, LAST + 1)
NATIONAL = np.concatenate([np.arange(f"{y}-10-01", f"{y}-10-08", dtype="M8[D]")
                           for y in (2022, 2023)])  # fmt: skip
RNG = np.random.default_rng(9)


def incidents(rate: float, factor: float) -> np.ndarray:
    chance = np.where(np.isin(DAYS, NATIONAL), factor, 1.0) * rate
    return np.repeat(DAYS, RNG.poisson(chance)).astype("datetime64[s]")


def test_one_stratum_is_the_binomial_test() -> None:
    # One Saturday against the four others of July 2023: 9 incidents against 4 in all.
    saturdays = np.arange("2023-07-01", "2023-07-30", 7, dtype="M8[D]")
    time = np.repeat(saturdays, [9, 1, 1, 2, 0]).astype("datetime64[s]")
    found = holiday_effect(time, FIRST, LAST, saturdays[:1])
    test = stats.binomtest(9, 13, 1 / 5)
    assert (found.days, found.observed, found.expected, found.ratio) == (1, 9, 1, 9)
    assert found.p == pytest.approx(2 * stats.binom.sf(8, 13, 1 / 5))
    bounds = test.proportion_ci(0.95, "exact")
    assert found.low == pytest.approx(bounds.low / (1 - bounds.low) * 4)
    assert found.high == pytest.approx(bounds.high / (1 - bounds.high) * 4)


@pytest.mark.parametrize("rate", [3.0, 200.0])
def test_a_planted_effect_is_recovered_with_few_and_with_many(rate: float) -> None:
    found = holiday_effect(incidents(rate, 1.8), FIRST, LAST, NATIONAL)
    assert found.days == 14
    assert found.low < 1.8 < found.high
    assert found.p < 0.01


def test_p_and_interval_agree_and_the_level_is_kept() -> None:
    found = [holiday_effect(incidents(4.0, 1.0), FIRST, LAST, NATIONAL) for _ in range(20)]
    for one in found:
        assert (one.p < 0.05) == (one.low > 1 or one.high < 1)
    assert sum(one.p < 0.05 for one in found) <= 4


def test_excluded_days_are_not_compared_with() -> None:
    workday = np.datetime64("2023-10-14")  # A Saturday on which people worked.
    time = np.repeat([workday], 50).astype("datetime64[s]")
    quiet = holiday_effect(np.append(time, np.datetime64("2023-10-07T01", "s")), FIRST, LAST,
                           NATIONAL, excluded=np.array([workday]))  # fmt: skip
    assert (quiet.observed, quiet.expected) == (1, 0)
    assert quiet.high == np.inf


def test_nothing_to_compare_is_told() -> None:
    with pytest.raises(Unsuitable) as few:
        holiday_effect(np.array([], dtype="datetime64[s]"), FIRST, LAST, NATIONAL)
    assert few.value.reason is Reason.TOO_FEW
