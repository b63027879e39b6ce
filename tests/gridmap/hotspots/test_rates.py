"""Incidents per household, raw and smoothed."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.rates import raw_rates, smoothed_rates
from gridmap.hotspots.weights import nearest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import libpysal
    from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes

RNG = np.random.default_rng(8)
HOUSEHOLDS = RNG.integers(5, 400, 200)
COUNTS = RNG.poisson(HOUSEHOLDS * RNG.gamma(2, 0.05, 200))


def test_raw_rates_divide_and_say_where_nobody_lives() -> None:
    rates = raw_rates(np.array([3, 0, 2]), np.array([6, 5, 0]))
    np.testing.assert_array_equal(rates, [0.5, 0, np.nan])


def test_by_hand() -> None:
    # Rates .1 and .5 around a mean of .3: the variance is .04, chance explains .3 / 10 of it,
    # so between the cells it is .01, and a cell is trusted with .01 / (.01 + .03).
    smooth = smoothed_rates(np.array([1, 5]), np.array([10, 10]))
    np.testing.assert_allclose(smooth, [0.3 - 0.25 * 0.2, 0.3 + 0.25 * 0.2])


def test_global_estimates_equal_esda() -> None:
    expected = Empirical_Bayes(COUNTS, HOUSEHOLDS).r.ravel()
    np.testing.assert_allclose(smoothed_rates(COUNTS, HOUSEHOLDS), expected, rtol=1e-10)


def test_local_estimates_equal_esda() -> None:
    x, y = RNG.uniform(0, 100, (2, 200))
    around = nearest(x, y, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w = libpysal.weights.WSP(around.tocsr()).to_W()
        expected = Spatial_Empirical_Bayes(COUNTS, HOUSEHOLDS, w).r.ravel()
    np.testing.assert_allclose(
        smoothed_rates(COUNTS, HOUSEHOLDS, around), expected, rtol=1e-10, atol=1e-12
    )


def test_rates_that_differ_as_chance_would_are_all_the_mean() -> None:
    smooth = smoothed_rates(np.array([1, 2, 1, 2]), np.array([10, 10, 10, 10]))
    np.testing.assert_allclose(smooth, 0.15)


def test_what_happened_where_nobody_lives_changes_no_other_rate() -> None:
    more = smoothed_rates(np.append(COUNTS, 900), np.append(HOUSEHOLDS, 0))
    np.testing.assert_allclose(more[:-1], smoothed_rates(COUNTS, HOUSEHOLDS))
    assert np.isnan(more[-1])


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 500)), min_size=2, max_size=40))
def test_smoothing_moves_towards_the_mean_and_never_past_it(cells: list[tuple[int, int]]) -> None:
    counts, households = np.array(cells).T
    mean = counts.sum() / households.sum()
    raw, smooth = raw_rates(counts, households), smoothed_rates(counts, households)
    slack = 1e-12
    assert (np.minimum(raw, mean) - slack <= smooth).all()
    assert (smooth <= np.maximum(raw, mean) + slack).all()


@pytest.mark.parametrize("rates", [raw_rates, smoothed_rates])
def test_an_area_without_households_has_no_rates(rates: object) -> None:
    with pytest.raises(Unsuitable) as fault:
        rates(np.array([1, 2]), np.zeros(2))  # type: ignore[operator]
    assert fault.value.reason is Reason.NO_POPULATION


def test_counts_below_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="not below 0"):
        raw_rates(np.array([-1, 2]), np.array([1, 1]))
