"""Mann-Kendall: a brute-force reference, SciPy's tau, and relations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from gridmap.hotspots.mann_kendall import mann_kendall

SERIES = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(2, 15)), elements=st.integers(-4, 4)
)


def reference(row: list[float]) -> tuple[int, float, float]:
    """Return S, its variance with ties and Sen's slope, by their definitions."""
    n, s, slopes = len(row), 0, []
    for i in range(n):
        for j in range(i + 1, n):
            s += (row[j] > row[i]) - (row[j] < row[i])
            slopes.append((row[j] - row[i]) / (j - i))
    ties = sum(t * (t - 1) * (2 * t + 5) for t in (row.count(v) for v in set(row)))
    return s, (n * (n - 1) * (2 * n + 5) - ties) / 18, float(np.median(slopes))


@given(SERIES)
def test_it_equals_the_definitions(values: np.ndarray) -> None:
    found = mann_kendall(values)
    for i, row in enumerate(values.tolist()):
        s, variance, slope = reference(row)
        assert found.s[i] == s
        assert found.variance[i] == pytest.approx(variance)
        assert found.slope[i] == pytest.approx(slope)
        z = (s - np.sign(s)) / np.sqrt(variance) if variance else 0
        assert found.z[i] == pytest.approx(z)
        assert found.p[i] == pytest.approx(2 * stats.norm.sf(abs(z)))


def test_tau_is_that_of_scipy_on_random_data_with_and_without_ties() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=(50, 24)), rng.poisson(2, (50, 24))])
    tau = mann_kendall(values).tau
    for row, mine in zip(values, tau, strict=True):
        assert mine == pytest.approx(stats.kendalltau(np.arange(24), row).statistic, abs=1e-12)


@given(SERIES)
def test_a_series_turned_round_has_the_opposite_trend(values: np.ndarray) -> None:
    forward, backward = mann_kendall(values), mann_kendall(values[:, ::-1])
    np.testing.assert_array_equal(forward.s, -backward.s)
    np.testing.assert_allclose(forward.slope, -backward.slope)
    np.testing.assert_allclose(forward.p, backward.p)


def test_a_constant_series_has_no_trend_and_no_tau() -> None:
    found = mann_kendall(np.full((1, 8), 3))
    assert (found.s[0], found.variance[0], found.z[0], found.p[0]) == (0, 0, 0, 1)
    assert np.isnan(found.tau[0])


def test_a_steady_rise_of_two_a_period() -> None:
    found = mann_kendall(np.array([[1, 3, 5, 7, 9]]))
    assert (found.s[0], found.tau[0], found.slope[0]) == (10, 1, 2)


def test_the_level_is_kept_without_a_trend() -> None:
    noise = np.random.default_rng(5).poisson(3, (4000, 24))
    assert 0.035 < (mann_kendall(noise).p < 0.05).mean() < 0.065


@pytest.mark.parametrize("values", [np.ones((2, 1)), np.ones(5), np.array([[1, np.nan]])])
def test_what_is_no_table_of_series_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="at least 2 finite"):
        mann_kendall(values)


def test_a_long_trend_says_how_far_it_is_and_can_be_stopped() -> None:
    told: list[float] = []
    mann_kendall(np.random.default_rng(1).normal(size=(200, 5)), told.append)
    assert told == [0, 0.25, 0.5, 0.75]

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mann_kendall(np.zeros((2, 5)), stop)
