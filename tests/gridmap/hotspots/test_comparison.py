"""Two periods compared: SciPy's exact tests, hand-made cases, relations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gridmap.hotspots.comparison import compare_counts

COUNTS = st.integers(0, 60)


def one(before: int, after: int, **options: object) -> tuple[float, ...]:
    change = compare_counts(np.array([before]), np.array([after]), **options)
    return tuple(float(part[0]) for part in change)


@given(COUNTS, COUNTS, st.sampled_from([0.25, 1.0, 3.0]))
def test_the_interval_is_that_of_clopper_and_pearson(
    before: int, after: int, exposure: float
) -> None:
    ratio, low, high, p, _, _ = one(before, after, exposure_after=exposure, mid_p=False)
    if before + after == 0:
        assert np.isnan(ratio)
        assert p == 1
        return
    bounds = stats.binomtest(after, before + after).proportion_ci(0.95, "exact")
    assert low == pytest.approx(bounds.low / (1 - bounds.low) / exposure, abs=1e-9)
    if before:
        assert high == pytest.approx(bounds.high / (1 - bounds.high) / exposure, rel=1e-9)
        assert ratio == pytest.approx(after / before / exposure)
    else:
        assert np.isinf(high)
        assert np.isinf(ratio)


@given(COUNTS, COUNTS, st.sampled_from([0.5, 1.0, 2.0]))
def test_mid_p_is_the_doubled_tail_with_half_of_what_was_seen(
    before: int, after: int, exposure: float
) -> None:
    p = one(before, after, exposure_after=exposure)[3]
    binomial = stats.binom(before + after, exposure / (1 + exposure))
    tails = [binomial.sf(after), binomial.cdf(after - 1)]
    expected = 2 * (min(tails) + binomial.pmf(after) / 2)
    assert p == pytest.approx(min(1, expected) if before + after else 1, abs=1e-12)


@given(COUNTS, COUNTS, st.booleans())
def test_p_and_the_interval_agree_and_swapping_inverts(
    before: int, after: int, mid_p: bool
) -> None:
    ratio, low, high, p, _, few = one(before, after, mid_p=mid_p)
    if abs(p - 0.05) > 1e-6:
        assert (p < 0.05) == (low > 1 or high < 1)
    swapped = one(after, before, mid_p=mid_p)
    assert swapped[3] == pytest.approx(p)
    assert swapped[5] == few
    if before and after:
        assert low < ratio < high
        assert swapped[1] == pytest.approx(1 / high)


def test_five_incidents_are_too_few_and_six_are_not() -> None:
    # Two sided, all five after have 2 / 32 = 0.06, all six 2 / 64 = 0.03.
    change = compare_counts(np.array([0, 0, 3]), np.array([5, 6, 2]), mid_p=False)
    assert change.too_few.tolist() == [True, False, True]
    assert change.p[:2] == pytest.approx([2 / 32, 2 / 64])


def test_a_shorter_period_is_allowed_for() -> None:
    # Twelve in a year and three in a quarter are one rate.
    ratio, *_, found, _ = one(12, 3, exposure_before=365, exposure_after=91.25)
    assert ratio == pytest.approx(1)
    assert not found


def test_many_cells_without_a_change_seldom_count() -> None:
    rng = np.random.default_rng(7)
    rates = rng.gamma(2, 8, 3000)
    change = compare_counts(rng.poisson(rates), rng.poisson(rates))
    assert 0.03 < (change.p[~change.too_few] < 0.05).mean() < 0.06
    assert change.found.sum() <= 2
    raised = compare_counts(rng.poisson(rates), rng.poisson(np.r_[rates[:50] * 6, rates[50:]]))
    assert raised.found[:50].mean() > 0.7


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        compare_counts(np.array([-1]), np.array([2]))
    with pytest.raises(ValueError, match="above 0"):
        compare_counts(np.array([1]), np.array([2]), exposure_after=0)
