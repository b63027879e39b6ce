"""Densities on a raster: against SciPy, what they conserve, and the border."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gridmap.hotspots.density import classed, density, relative_risk, sampled
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.rasters import Frame, binned, coverage, frame_around, smoothed

SQUARE = shapely.box(0, 0, 4000, 4000)
ROUND = shapely.Point(2000, 2000).buffer(2000, quad_segs=64)
RNG = np.random.default_rng(21)


def heap(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(1800, 300, n), rng.normal(2200, 200, n)


def test_covered_shares_are_those_of_the_intersections() -> None:
    shape = shapely.Polygon(
        [(0.3, 0.2), (7.1, 0.9), (9.7, 8.3), (1.1, 9.2)], [[(3, 3), (5, 3.3), (4.2, 5)]]
    )
    shape = shapely.union(shape, shapely.box(9.9, 0.25, 10.5, 0.5))
    frame = Frame(-1, -1, 1.0, 12, 12)
    exact = [
        [shapely.box(j - 1, i - 1, j, i).intersection(shape).area for j in range(12)]
        for i in range(12)
    ]
    np.testing.assert_allclose(coverage(shape, frame), exact, atol=1e-12)


def test_what_lies_beyond_the_frame_is_cut_off() -> None:
    covered = coverage(shapely.box(-5, -5, 1.5, 20), Frame(0, 0, 1.0, 3, 4))
    assert covered.tolist() == [[1, 0.5, 0, 0]] * 3


@given(st.integers(3, 40), st.floats(0, 2 * np.pi), st.floats(0.05, 1))
def test_covered_shares_add_up_to_the_area(corners: int, turn: float, waist: float) -> None:
    angle = turn + 2 * np.pi * np.arange(2 * corners) / (2 * corners)
    radius = np.where(np.arange(2 * corners) % 2, waist, 1.0)
    star = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    frame = frame_around(star.bounds, 50)
    total = coverage(star, frame).sum() * frame.step_m**2
    assert total == pytest.approx(star.area, rel=1e-9)


def test_a_point_is_shared_by_the_four_pixels_around_it() -> None:
    frame = Frame(0, 0, 10.0, 3, 3)
    all_of_it = shapely.box(0, 0, 30, 30)
    bins, counted = binned(frame, np.ones((3, 3)), all_of_it, np.array([7.5]), np.array([15.0]))
    assert counted == 1
    np.testing.assert_allclose(bins, [[0, 0, 0], [0.75, 0.25, 0], [0, 0, 0]])
    nowhere, counted = binned(
        frame, np.ones((3, 3)), all_of_it, np.array([-1, 31, np.nan]), np.array([5.0, 5, 5])
    )
    assert (counted, nowhere.sum()) == (0, 0)


@given(st.integers(1, 2**32 - 1), st.floats(1, 8))
@settings(max_examples=20)
def test_smoothing_conserves_mirrors_and_moves(seed: int, bandwidth: float) -> None:
    grid = np.zeros((120, 140))
    grid[50:70, 55:85] = np.random.default_rng(seed).poisson(1, (20, 30))
    smooth = smoothed(grid, bandwidth)
    assert smooth.sum() == pytest.approx(grid.sum(), rel=1e-6)
    np.testing.assert_allclose(
        smoothed(grid[::-1, ::-1], bandwidth), smooth[::-1, ::-1], atol=1e-12
    )
    moved = smoothed(np.roll(grid, (3, -2), (0, 1)), bandwidth)
    np.testing.assert_allclose(
        moved[10:-10, 10:-10], np.roll(smooth, (3, -2), (0, 1))[10:-10, 10:-10], atol=1e-9
    )


def test_density_equals_the_sum_of_kernels() -> None:
    x, y = heap(400)
    found = density(x, y, SQUARE, 100.0, pixels=514, edge_corrected=False)
    across, up = found.frame.axes()
    rows, columns = np.array([250, 280, 300]), np.array([200, 230, 260])
    at = np.stack([across[columns], up[rows]])[:, :, None]
    kernels = np.exp(-(((at - np.stack([x, y])[:, None]) ** 2).sum(0)) / (2 * 100.0**2))
    exact = kernels.sum(1) / (2 * np.pi * 0.1**2)
    np.testing.assert_allclose(found.values[rows, columns], exact, rtol=3e-3)


def test_density_equals_gaussian_kde_of_scipy() -> None:
    # SciPy shapes its kernel like the heap, so this heap is made round, with a deviation of 250.
    points = np.stack(heap(2000))
    points -= points.mean(axis=1, keepdims=True)
    x, y = 2000 + 250 * np.linalg.cholesky(np.linalg.inv(np.cov(points))).T @ points
    kernel = stats.gaussian_kde(np.stack([x, y]), bw_method=80 / 250)
    found = density(x, y, SQUARE, 80.0, pixels=514, edge_corrected=False)
    across, up = found.frame.axes()
    at = np.stack(np.meshgrid(across[150:350:20], up[150:350:20])).reshape(2, -1)
    expected = kernel(at) * 2000 * 1e6
    ours = found.values[150:350:20, 150:350:20].ravel()
    np.testing.assert_allclose(ours, expected, atol=3e-3 * expected.max())


def test_an_even_spread_is_even_up_to_the_border_when_corrected() -> None:
    lattice = np.arange(5.0, 4000, 10)
    x, y = (a.ravel() for a in np.meshgrid(lattice, lattice))
    corrected = density(x, y, ROUND, 300.0, pixels=402)
    raw = density(x, y, ROUND, 300.0, pixels=402, edge_corrected=False)
    inside = corrected.covered == 1
    # One point in 10 m x 10 m is 10,000 in a square kilometre.
    np.testing.assert_allclose(corrected.values[inside], 10_000, rtol=0.005)
    assert raw.values[inside].min() < 6000
    assert raw.values[200, 200] == pytest.approx(10_000, rel=0.005)


def test_density_counts_all_incidents_and_leaves_out_those_outside() -> None:
    x, y = heap(5000)
    far = np.full(50, 3990.0)
    found = density(np.append(x, far), np.append(y, far), ROUND, 100.0, pixels=402)
    assert found.counted == 5000
    share = found.values * found.covered * (found.frame.step_m / 1000) ** 2
    assert share.sum() == pytest.approx(5000, rel=1e-3)
    doubled = density(x, y, ROUND, 100.0, amounts=np.full(5000, 2.0), pixels=402)
    np.testing.assert_allclose(doubled.values, 2 * found.values, rtol=1e-9, atol=1e-6)


def test_density_turns_with_the_points() -> None:
    x, y = heap(500)
    found = density(x, y, SQUARE, 150.0, pixels=202)
    mirrored = density(4000 - x, y, SQUARE, 150.0, pixels=202)
    turned = density(y, x, SQUARE, 150.0, pixels=202)
    np.testing.assert_allclose(mirrored.values, found.values[:, ::-1], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(turned.values, found.values.T, rtol=1e-6, atol=1e-6)


def test_risk_is_one_where_incidents_follow_the_households() -> None:
    homes = heap(400, 3)
    households = RNG.integers(1, 60, 400).astype(float)
    chosen = np.repeat(np.arange(400), households.astype(int))
    even = relative_risk((homes[0][chosen], homes[1][chosen]), homes, households, SQUARE, 120.0)
    known = even.values[~np.isnan(even.values)]
    np.testing.assert_allclose(known, 1, rtol=1e-9)
    assert np.isnan(even.values).any()
    # All incidents at the homes in the west make twice the risk there, and none in the east.
    west = chosen[homes[0][chosen] < np.median(homes[0])]
    tilted = relative_risk((homes[0][west], homes[1][west]), homes, households, SQUARE, 60.0)
    at = sampled(tilted, np.array([1400.0, 2200]), np.array([2200.0, 2200]))
    assert at[0] == pytest.approx(
        households.sum() / households[homes[0] < np.median(homes[0])].sum(), rel=0.01
    )
    assert at[1] < 0.01


def test_sampling_reads_pixels_and_knows_the_border() -> None:
    x, y = heap(500)
    found = density(x, y, ROUND, 150.0, pixels=202)
    across, up = found.frame.axes()
    assert sampled(found, across[[90]], up[[110]])[0] == pytest.approx(found.values[110, 90])
    between = sampled(found, np.array([(across[90] + across[91]) / 2]), up[[110]])[0]
    assert between == pytest.approx((found.values[110, 90] + found.values[110, 91]) / 2)
    outside = sampled(found, np.array([[5.0, 1e9], [-50, 2000]]), np.array([[5.0, 0], [0, 1e5]]))
    assert np.isnan(outside).all()


def test_classes_count_the_levels_reached() -> None:
    values = np.array([np.nan, 0, 1, 1.5, 2, 99])
    classes = classed(values, np.array([1.0, 2, 3]))
    assert classes.dtype == np.uint8
    assert classes.tolist() == [0, 0, 1, 1, 2, 3]


def test_what_carries_no_surface_is_refused_with_numbers() -> None:
    x, y = heap(500)
    with pytest.raises(Unsuitable) as fault:
        density(x[:9], y[:9], SQUARE, 100.0)
    assert fault.value.reason is Reason.TOO_FEW
    assert fault.value.figures == {"incidents": 9, "least": 10}
    with pytest.raises(Unsuitable) as fault:
        density(np.full(50, 7.0), np.full(50, 7.0), SQUARE, 100.0)
    assert fault.value.reason is Reason.ONE_PLACE
    with pytest.raises(Unsuitable) as fault:
        density(x, y, SQUARE, 2001.0)
    assert fault.value.reason is Reason.BANDWIDTH_BEYOND_AREA
    assert fault.value.figures == {"bandwidth_m": 2001.0, "most_m": 2000.0}
    with pytest.raises(Unsuitable) as fault:
        density(x, y, SQUARE, 9.0, pixels=402)
    assert fault.value.reason is Reason.BANDWIDTH_BELOW_PIXEL
    assert fault.value.figures == {"bandwidth_m": 9.0, "least_m": 10.0}
    with pytest.raises(Unsuitable) as fault:
        relative_risk((x, y), (x[:3], y[:3]), np.zeros(3), SQUARE, 100.0)
    assert fault.value.reason is Reason.NO_POPULATION


def test_a_density_says_how_far_it_is() -> None:
    told: list[float] = []
    x, y = np.random.default_rng(1).uniform(0, 1000, (2, 500))
    density(x, y, shapely.box(0, 0, 1000, 1000), 100, pixels=64, tick=told.append)
    assert told == sorted(told)
    assert len(told) == 3
