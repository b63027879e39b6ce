"""One test for the whole map: its error without hotspots, and that it finds them."""

import numba
import numpy as np
import pytest
import shapely
from scipy import stats

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.mapwise import hot_places
from gridmap.hotspots.weights import adjacent, with_self, within_distance

GRID = make_grid(shapely.box(0, 0, 2000, 2000), "hexagon", 150)
AROUND = with_self(adjacent(GRID))
N = len(GRID)


def uneven(rng: np.random.Generator) -> np.ndarray:
    """Households from none to thousands, as in a town with fields and towers."""
    return np.where(rng.random(N) < 0.1, 0, np.round(rng.lognormal(4, 1.2, N)))


def maps_with_an_alarm(maps: int, per_cell: float, replications: int, seed: int) -> int:
    rng = np.random.default_rng(seed)
    alarms = 0
    for number in range(maps):
        exposure = uneven(rng)
        counts = rng.poisson(per_cell * N * exposure / exposure.sum())
        found = hot_places(counts, exposure, AROUND, replications=replications, seed=number)
        alarms += bool(np.nanmin(found.p) <= 0.05)
    return alarms


def test_of_200_maps_without_a_hotspot_3_to_7_percent_raise_an_alarm() -> None:
    assert 6 <= maps_with_an_alarm(200, 1.5, replications=999, seed=200) <= 14


@pytest.mark.parametrize("per_cell", [0.2, 20.0])
def test_the_share_of_alarms_is_alpha_with_few_incidents_and_with_many(per_cell: float) -> None:
    # A binomial count of 400 maps leaves these bounds once in 10,000 times.
    low, high = stats.binom.ppf([5e-5, 1 - 5e-5], 400, 0.05)
    assert low <= maps_with_an_alarm(400, per_cell, replications=99, seed=7) <= high


def test_a_planted_hotspot_is_found_and_no_other() -> None:
    rng = np.random.default_rng(5)
    exposure = np.round(rng.lognormal(4, 1, N))
    x, y = GRID.centres()
    planted = np.hypot(x - 1200, y - 700) < 250
    counts = rng.poisson(np.where(planted, 3.0, 1.0) * 3 * N * exposure / exposure.sum())
    found = hot_places(counts, exposure, AROUND)
    hot = found.p <= 0.05
    assert hot[planted].mean() > 0.8
    # A neighbour of the planted places counts them too.
    assert np.hypot(x[hot] - 1200, y[hot] - 700).max() < 250 + 2 * 150


def test_a_place_by_hand() -> None:
    # Three places in a row, exposed 1 : 1 : 2, and 20 incidents; the first two are neighbours.
    around = with_self(within_distance(np.array([0.0, 1, 9]), np.zeros(3), 2))
    found = hot_places(np.array([9, 6, 5]), np.array([10, 10, 20]), around)
    assert found.observed.tolist() == [15, 15, 5]
    np.testing.assert_allclose(found.expected, [10, 10, 10])
    deviance = 2 * (15 * np.log(1.5) + 5 * np.log(0.5))
    np.testing.assert_allclose(found.score, np.array([1, 1, -1]) * np.sqrt(deviance))
    assert found.left_out == 0
    # The highest score is reached by 15 or more in the pair, or in the single place.
    exact = 2 * stats.binom.sf(14, 20, 0.5)
    error = np.sqrt(exact * (1 - exact) / 999)
    assert abs(found.p[0] - exact) < 3 * error + 1 / 1000
    assert found.p[2] == 1


def test_what_happened_where_nobody_lives_is_told_and_not_counted() -> None:
    around = with_self(within_distance(np.array([0.0, 100, 200]), np.zeros(3), 10))
    found = hot_places(np.array([10, 10, 7]), np.array([5, 5, 0]), around)
    assert found.left_out == 7
    assert found.observed.tolist() == [10, 10, 0]
    assert np.isnan(found.p[2])


def test_a_seed_gives_one_result_whatever_the_threads_and_ticks() -> None:
    counts = np.random.default_rng(2).poisson(2, N)
    told: list[float] = []
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = hot_places(counts, GRID.areas_m2, AROUND, replications=99, seed=3)
    finally:
        numba.set_num_threads(before)
    together = hot_places(counts, GRID.areas_m2, AROUND, replications=99, seed=3, tick=told.append)
    np.testing.assert_array_equal(alone.p, together.p)
    assert told[-1] == 1


def test_no_exposure_and_few_incidents_are_refused() -> None:
    with pytest.raises(Unsuitable) as fault:
        hot_places(np.ones(N, int), np.zeros(N), AROUND)
    assert fault.value.reason is Reason.NO_POPULATION
    few = np.zeros(N, int)
    few[0] = 9
    with pytest.raises(Unsuitable) as fault:
        hot_places(few, np.ones(N), AROUND)
    assert fault.value.reason is Reason.TOO_FEW
    assert fault.value.figures == {"incidents": 9, "least": 10}
    with pytest.raises(ValueError, match="not below 0"):
        hot_places(-few, np.ones(N), AROUND)
