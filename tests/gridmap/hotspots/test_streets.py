"""Density along streets, on a cross whose answer can be written down."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.snapping import snap
from gridmap.hotspots.streets import lixel_of, make_lixels, street_density

# East, north, west and south, each a kilometre from a crossing at the origin.
CROSS = np.array([
    shapely.LineString([(0, 0), end]) for end in [(1000, 0), (0, 1000), (-1000, 0), (0, -1000)]
])  # fmt: skip
ENDS = np.array([[0, 1], [0, 2], [0, 3], [0, 4]])
PIECES = make_lixels(CROSS, 5.0)
MIDDLE = PIECES.start_m + PIECES.length_m / 2
H = 60.0


def normal_per_km(away_m: np.ndarray) -> np.ndarray:
    return np.exp(-((away_m / H) ** 2) / 2) / (H / 1000 * np.sqrt(2 * np.pi))


def ten_at(street: int, along_m: float) -> np.ndarray:
    """The density of ten incidents at one place, per incident."""
    there = np.full(10, street), np.full(10, along_m)
    return street_density(PIECES, ENDS, *there, H) / 10


def test_far_from_the_crossing_it_is_a_normal_curve() -> None:
    found = ten_at(1, 502.5)
    on_street = PIECES.street == 1
    np.testing.assert_allclose(
        found[on_street], normal_per_km(MIDDLE[on_street] - 502.5), atol=0.02
    )
    assert found[~on_street].max() < 1e-9


def test_at_the_crossing_a_quarter_goes_into_each_street() -> None:
    found = ten_at(0, 0.0)
    shares = np.bincount(PIECES.street, found * PIECES.length_m / 1000)
    # The first piece holds the incidents, 2.5 m off, so its own street has a little more.
    other = stats.norm.cdf(-2.5 / H) / 2
    np.testing.assert_allclose(shares, [1 - 3 * other, other, other, other], atol=1e-4)


def test_near_the_crossing_it_is_the_equal_split_continuous_kernel() -> None:
    # Okabe and Sugihara: of what arrives, 2 / 4 goes on into each other street and 2 / 4 - 1
    # comes back.
    found = ten_at(0, 102.5)
    arriving = normal_per_km(MIDDLE + 102.5)
    own = normal_per_km(MIDDLE - 102.5) + (2 / 4 - 1) * arriving
    expected = np.where(PIECES.street == 0, own, 2 / 4 * arriving)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_a_dead_end_gives_all_back() -> None:
    found = ten_at(3, 947.5)
    mirrored = normal_per_km(MIDDLE - 947.5) + normal_per_km(2000 - MIDDLE - 947.5)
    on_street = PIECES.street == 3
    np.testing.assert_allclose(found[on_street], mirrored[on_street], atol=0.03)


def test_a_street_in_two_parts_is_as_good_as_one() -> None:
    whole = np.array([shapely.LineString([(0, 0), (1000, 0)])])
    parts = np.array(
        [shapely.LineString([(400, 0), (0, 0)]), shapely.LineString([(400, 0), (1000, 0)])]
    )
    place = np.full(10, 0), np.full(10, 502.5)
    one = street_density(make_lixels(whole, 5.0), np.array([[0, 1]]), *place, H)
    place = np.full(10, 1), np.full(10, 102.5)
    two = street_density(make_lixels(parts, 5.0), np.array([[7, 3], [7, 9]]), *place, H)
    np.testing.assert_allclose(
        np.concatenate([two[:80][::-1], two[80:]]), one, rtol=1e-9, atol=1e-9
    )


def town(side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Streets between the nodes of a shaken lattice, some of them missing."""
    rng = np.random.default_rng(seed)
    node = np.stack(np.mgrid[:side, :side], -1).reshape(-1, 2) * 100 + rng.uniform(
        -45, 45, (side**2, 2)
    )
    number = np.arange(side**2).reshape(side, side)
    ends = np.concatenate([
        np.stack([number[:-1].ravel(), number[1:].ravel()], 1),
        np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], 1),
    ])  # fmt: skip
    ends = ends[rng.random(len(ends)) < 0.8]
    return shapely.linestrings(node[ends]), ends


@given(st.integers(0, 10**6), st.floats(20, 200), st.floats(3, 60))
@settings(max_examples=25)
def test_nothing_is_lost_and_an_even_spread_stays_even(seed: int, h: float, length: float) -> None:
    streets, ends = town(5, seed)
    pieces = make_lixels(streets, length)
    rng = np.random.default_rng(seed)
    street = rng.integers(0, len(streets), 50)
    along = rng.random(50) * shapely.length(streets[street])
    found = street_density(pieces, ends, street, along, h)
    assert found.min() >= 0
    assert (found * pieces.length_m).sum() / 1000 == pytest.approx(50)
    one_each = pieces.street, pieces.start_m + pieces.length_m / 2
    even = street_density(pieces, ends, *one_each, h, amounts=pieces.length_m)
    np.testing.assert_allclose(even, 1000, rtol=1e-9)


def test_two_places_see_each_other_alike() -> None:
    streets, ends = town(6, 1)
    pieces = make_lixels(streets, 20.0)
    middle = pieces.start_m + pieces.length_m / 2

    def seen(source: int, target: int) -> float:
        there = np.full(10, pieces.street[source]), np.full(10, middle[source])
        return float(street_density(pieces, ends, *there, 80.0)[target])

    assert seen(5, 30) == pytest.approx(seen(30, 5), rel=1e-9)


def test_incidents_move_to_the_nearest_street_within_reach() -> None:
    x, y = np.array([300.0, -3, 5, 400, 30]), np.array([8.0, 700, -2000, 400, 30])
    street, along = snap(x, y, CROSS, 50.0)
    assert street.tolist() == [0, 1, -1, -1, 0]
    np.testing.assert_allclose(along, [300, 700, np.nan, np.nan, 30])


@pytest.mark.parametrize("within", [5.0, 40.0, 900.0])
def test_moving_equals_the_distances_of_shapely(within: float) -> None:
    rng = np.random.default_rng(8)
    straight, _ = town(6, 2)
    winding = [shapely.LineString(rng.uniform(0, 500, (k, 2))) for k in (3, 7)]
    streets = np.concatenate([straight, winding])
    x, y = rng.uniform(-200, 800, (2, 3000))
    street, along = snap(x, y, streets, within)
    away = shapely.distance(shapely.points(x, y)[:, None], streets)
    near = away.min(axis=1) <= within
    assert (street[near] == away.argmin(axis=1)[near]).all()
    assert (street[~near] == -1).all()
    where = shapely.line_interpolate_point(streets[street[near]], along[near])
    reached = shapely.distance(where, shapely.points(x[near], y[near]))
    np.testing.assert_allclose(reached, away.min(axis=1)[near], atol=1e-9)


def test_no_streets_take_no_point() -> None:
    street, along = snap(np.zeros(3), np.zeros(3), CROSS[:0], 50.0)
    assert street.tolist() == [-1] * 3
    assert np.isnan(along).all()


def test_those_on_no_street_do_not_count() -> None:
    street = np.array([0] * 12 + [-1] * 3)
    along = np.where(street < 0, np.nan, 500.0)
    found = street_density(PIECES, ENDS, street, along, H)
    assert (found * PIECES.length_m).sum() / 1000 == pytest.approx(12)
    with pytest.raises(Unsuitable) as fault:
        street_density(PIECES, ENDS, street[3:], along[3:], H)
    assert fault.value.reason is Reason.TOO_FEW
    assert fault.value.figures == {"incidents": 9, "least": 10}


def test_pieces_are_equal_and_no_longer_than_wanted() -> None:
    streets = np.array([
        shapely.LineString([(0, 0), (95, 0)]),
        shapely.LineString([(0, 0), (3, 4)]),
        shapely.LineString([(0, 0), (30, 0), (30, 30)]),
    ])  # fmt: skip
    pieces = make_lixels(streets, 20.0)
    assert pieces.first.tolist() == [0, 5, 6, 9]
    np.testing.assert_allclose(pieces.length_m, [19] * 5 + [5] + [20] * 3)
    at = lixel_of(pieces, np.array([0, 0, 1, 2]), np.array([0.0, 95, 5, 59.9]))
    assert at.tolist() == [0, 4, 5, 8]
    lines = pieces.lines(streets)
    np.testing.assert_allclose(shapely.length(lines), pieces.length_m)
    # The second piece of the last street goes round its corner.
    assert lines[7].wkt == "LINESTRING (20 0, 30 0, 30 10)"
    assert lines[5].wkt == "LINESTRING (0 0, 3 4)"


def test_pieces_of_winding_streets_make_up_the_streets() -> None:
    rng = np.random.default_rng(6)
    streets = np.array([shapely.LineString(rng.uniform(0, 1e3, (k, 2)) + 4e6) for k in (2, 9, 40)])
    pieces = make_lixels(streets, 33.0)
    lines = pieces.lines(streets)
    np.testing.assert_allclose(shapely.length(lines), pieces.length_m, rtol=1e-6)
    for number, street in enumerate(streets):
        own = lines[pieces.street == number]
        joined = shapely.line_merge(shapely.set_precision(shapely.union_all(own), 1e-4))
        assert shapely.hausdorff_distance(joined, street) < 1e-3


def test_no_streets_and_streets_without_length_are_refused() -> None:
    with pytest.raises(Unsuitable) as fault:
        make_lixels(CROSS[:0], 10.0)
    assert fault.value.reason is Reason.NO_STREETS
    with pytest.raises(ValueError, match="no length"):
        make_lixels(np.array([shapely.LineString([(1, 1), (1, 1)])]), 10.0)
