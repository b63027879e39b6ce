"""Getis-Ord and local Moran: published results, esda, and every arrangement there is."""

import itertools
import os
import warnings
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.local_statistics import (
    getis_ord,
    local_moran,
    permuted_p,
    row_standardised,
    two_sided,
)
from gridmap.hotspots.weights import Weights, nearest, with_self, within_distance

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import libpysal
    from esda import G_Local, Moran_Local

SAMPLES = Path(
    os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[3] / ".." / "shared" / "data")
)
GETIS_ORD = SAMPLES / "hotspot_oracles" / "getisord" / "getisord_go_xyz.csv"
RNG = np.random.default_rng(11)
N = 150
X, Y = RNG.uniform(0, 1000, (2, N))
BAND = within_distance(X, Y, 160.0)
COUNTS = RNG.poisson(RNG.gamma(2, 2, N)).astype(float)


def in_libpysal(weights: Weights) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return libpysal.weights.WSP(weights.tocsr()).to_W(silence_warnings=True)


@pytest.mark.skipif(not GETIS_ORD.exists(), reason="GRIDMAP_SAMPLE_DATA has no Getis and Ord")
def test_getis_and_ord_1996_to_the_digits_printed() -> None:
    data = pd.read_csv(GETIS_ORD)
    x, y, values = (data[c].to_numpy(float) for c in ("x", "y", "val"))
    bands = {d: within_distance(x, y, d) for d in (30, 60, 90, 120, 150)}
    found = [round(float(getis_ord(values, w).z[119]), 6) for w in bands.values()]
    assert found == [1.221979, 1.748098, 1.986135, 1.893374, 1.237454]
    star = float(getis_ord(values, with_self(bands[30])).z[119])
    assert round(star, 5) == 1.45078
    # Page 267 divides the squares by n - 1.
    n = len(values)
    assert round(star * np.sqrt((n - 1) / n), 6) == 1.447943


@pytest.mark.parametrize("star", [True, False])
@pytest.mark.parametrize("values", [COUNTS, RNG.normal(5, 2, N)], ids=["counts", "rates"])
def test_g_equals_esda(star: bool, values: np.ndarray) -> None:
    weights = with_self(BAND) if star else BAND
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = G_Local(values, in_libpysal(BAND), transform="B", permutations=0, star=star)
    ours = getis_ord(values, weights)
    close = {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(ours.g, theirs.Gs, **close)
    np.testing.assert_allclose(ours.expected, theirs.EGs, **close)
    np.testing.assert_allclose(ours.variance, theirs.VGs, **close)
    np.testing.assert_allclose(ours.z, theirs.Zs, **close)
    np.testing.assert_allclose(ours.p, 2 * theirs.p_norm, **close)


def test_moran_equals_esda() -> None:
    theirs = Moran_Local(COUNTS, in_libpysal(BAND), permutations=0)
    ours = local_moran(COUNTS, BAND)
    close = {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(ours.i, theirs.Is, **close)
    np.testing.assert_allclose(ours.expected, theirs.EIc, **close)
    np.testing.assert_allclose(ours.variance, theirs.VIc, **close)
    assert (ours.quarter == theirs.q).all()
    z = (theirs.Is - theirs.EIc) / np.sqrt(theirs.VIc)
    np.testing.assert_allclose(ours.p, two_sided(z), **close)


def exact_p(values: np.ndarray, weights: Weights, place: int) -> float:
    """Return the two-sided p over all arrangements of the other values."""
    row = weights[[place], :]
    others = np.delete(values, place)
    sums = np.array([np.dot(row.data, drawn) for drawn in itertools.permutations(others, row.nnz)])
    seen = float(row.data @ values[row.indices])
    tails = (sums >= seen - 1e-9).mean(), (sums <= seen + 1e-9).mean()
    return min(1.0, 2 * min(tails))


@pytest.mark.parametrize("scaled", [False, True], ids=["ones", "uneven weights"])
def test_permutation_agrees_with_every_arrangement(scaled: bool) -> None:
    values = np.array([3.0, 0, 1, 7, 2, 2, 9, 4])
    rows = nearest(X[:8], Y[:8], 3)
    if scaled:
        rows.data = np.tile([0.5, 1.0, 2.0], 8)
    replications = 19_999
    ours = permuted_p(values, rows, replications=replications, seed=2)
    for place in range(8):
        exact = exact_p(values, rows, place)
        error = np.sqrt(2 * exact * (2 - exact) / replications)
        assert abs(ours[place] - exact) <= 3 * error + 2 / replications


def test_a_neighbour_of_all_others_has_one_arrangement_alone() -> None:
    values = np.arange(6.0)
    everyone = within_distance(np.zeros(6), np.zeros(6), 1)
    assert permuted_p(values, everyone, replications=99).tolist() == [1.0] * 6
    assert np.isnan(getis_ord(values, with_self(everyone)).z).all()


def test_the_self_changes_no_permutation() -> None:
    same = permuted_p(COUNTS, BAND, seed=3), permuted_p(COUNTS, with_self(BAND), seed=3)
    np.testing.assert_array_equal(*same)


def test_a_seed_gives_one_result_whatever_the_threads() -> None:
    x, y = np.random.default_rng(1).uniform(0, 1000, (2, 3000))
    values, weights = np.floor(x / 100) + np.floor(y / 300), nearest(x, y, 8)
    before = numba.get_num_threads()
    try:
        found = []
        for threads in range(1, before + 1):
            numba.set_num_threads(threads)
            found.append(permuted_p(values, weights, replications=49, seed=6))
    finally:
        numba.set_num_threads(before)
    assert all((other == found[0]).all() for other in found)
    assert (permuted_p(values, weights, replications=49, seed=7) != found[0]).any()


def test_p_without_any_pattern_is_spread_evenly() -> None:
    rng = np.random.default_rng(12)
    x, y = rng.uniform(0, 1000, (2, 4000))
    p = permuted_p(rng.normal(size=4000), nearest(x, y, 6), seed=1)
    shares = [(p <= level).mean() for level in (0.05, 0.1, 0.5)]
    np.testing.assert_allclose(shares, [0.05, 0.1, 0.5], atol=0.025)


def test_an_island_has_no_p_and_alarms_nobody() -> None:
    x = np.append(np.arange(10) * 30.0, 9000)
    weights = within_distance(x, np.zeros(11), 30)
    values = np.arange(11.0)
    assert np.isnan(getis_ord(values, weights).p[10])
    assert np.isnan(local_moran(values, weights).p[10])
    assert np.isnan(permuted_p(values, weights)[10])
    assert np.isfinite(getis_ord(values, with_self(weights)).p).all()


@given(
    hnp.arrays(np.float64, N, elements=st.integers(0, 20).map(float)).filter(
        lambda a: np.ptp(a) > 0
    ),
    st.floats(0.1, 50),
    st.floats(-100, 100),
)
def test_scores_know_no_unit_and_no_zero(values: np.ndarray, unit: float, shift: float) -> None:
    for weights in (BAND, with_self(BAND)):
        z = getis_ord(values, weights).z
        moved = getis_ord(values * unit + shift, weights).z
        np.testing.assert_allclose(moved, z, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(getis_ord(-values, weights).z, -z, rtol=1e-7, atol=1e-7)
        scaled = getis_ord(values, row_standardised(weights)).z
        np.testing.assert_allclose(scaled, z, rtol=1e-7, atol=1e-7)


def test_ticks_rise_to_the_end_and_can_stop() -> None:
    told: list[float] = []
    permuted_p(COUNTS, BAND, replications=99, tick=told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    class StoppedError(Exception):
        pass

    def stop(_: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        permuted_p(COUNTS, BAND, replications=99, tick=stop)


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(Unsuitable) as fault:
        getis_ord(np.full(N, 2.0), with_self(BAND))
    assert fault.value.reason is Reason.ONE_VALUE
    with pytest.raises(Unsuitable) as fault:
        local_moran(np.arange(3.0), within_distance(np.arange(3.0), np.zeros(3), 1))
    assert fault.value.reason is Reason.TOO_FEW
    with pytest.raises(ValueError, match="finite"):
        getis_ord(np.append(COUNTS[1:], np.nan), BAND)
    with pytest.raises(ValueError, match="own"):
        local_moran(COUNTS, with_self(BAND))
