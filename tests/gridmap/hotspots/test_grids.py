"""Hexagons and squares over an area, and what is counted in them."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Grid, Kind, make_grid

KINDS: list[Kind] = ["hexagon", "square"]
# An L with a bay, whose border follows no lattice.
AREA = shapely.Polygon([(13, 7), (1009, 7), (1009, 411), (505, 433), (480, 990), (13, 870)])


def scattered(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-200, 1300, n), rng.uniform(-200, 1300, n)


def test_four_squares_lie_on_a_square_of_two_by_two() -> None:
    grid = make_grid(shapely.box(0, 0, 200, 200), "square", 100)
    assert [s.bounds for s in grid.shapes] == [
        (0, 0, 100, 100), (100, 0, 200, 100), (0, 100, 100, 200), (100, 100, 200, 200),
    ]  # fmt: skip
    assert not grid.cut.any()
    x, y = np.array([10.0, 20, 150, 199]), np.array([10.0, 30, 10, 199])
    assert grid.counts(x, y).tolist() == [2, 1, 0, 1]
    assert grid.totals(x, y, np.array([5.0, 7, 1, 2])).tolist() == [12, 1, 0, 2]


def test_a_hexagon_has_the_area_of_its_formula_and_its_sides_are_the_size_apart() -> None:
    grid = make_grid(shapely.Point(0, 0).buffer(2000), "hexagon", 100)
    whole = grid.areas_m2[~grid.cut]
    np.testing.assert_allclose(whole, np.sqrt(3) / 2 * 100**2)
    middle = grid.shapes[grid.locate(np.zeros(1), np.zeros(1))[0]]
    west, south, east, north = middle.bounds
    np.testing.assert_allclose((east - west, north - south), (100, 200 / np.sqrt(3)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [37.0, 150.0, 5000.0])
def test_clipped_shapes_make_up_the_area(kind: Kind, size: float) -> None:
    grid = make_grid(AREA, kind, size)
    assert shapely.is_valid(grid.shapes).all()
    np.testing.assert_allclose(grid.areas_m2.sum(), AREA.area)
    assert shapely.symmetric_difference(shapely.union_all(grid.shapes), AREA).area < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_touching_shapes_stay_whole_and_cover_the_area(kind: Kind) -> None:
    grid = make_grid(AREA, kind, 100, clip=False)
    np.testing.assert_allclose(grid.areas_m2, grid.areas_m2[0])
    assert shapely.coverage_is_valid(grid.shapes)
    assert shapely.coverage_union_all(grid.shapes).buffer(1e-6).covers(AREA)
    assert (shapely.area(shapely.intersection(grid.shapes, AREA)) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clip", [True, False])
def test_arithmetic_finds_what_a_spatial_join_finds(kind: Kind, clip: bool) -> None:
    grid = make_grid(AREA, kind, 61.7, clip=clip)
    x, y = scattered(5000, 1)
    point, shape = shapely.STRtree(grid.shapes).query(shapely.points(x, y), predicate="intersects")
    joined = np.full(5000, -1)
    joined[point] = shape
    assert (joined == grid.locate(x, y)).all()
    assert grid.counts(x, y).sum() == (joined >= 0).sum()


@given(
    st.sampled_from(KINDS),
    st.floats(1, 1e4),
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
)
def test_every_point_of_the_area_lies_in_the_nearest_shape(
    kind: Kind, size: float, centre: tuple[float, float]
) -> None:
    x, y = np.array([centre[0]]), np.array([centre[1]])
    grid = make_grid(shapely.Point(centre).buffer(2 * size), kind, size)
    found = grid.locate(x, y)[0]
    assert found >= 0
    across, up = grid.centres()
    if kind == "hexagon":
        away = np.hypot(across - x, up - y)
        assert away[found] <= away.min() + 1e-6 * size
    assert grid.shapes[found].distance(shapely.Point(centre)) < 1e-6 * size


def test_grids_of_one_size_lie_on_each_other_whatever_the_area() -> None:
    def places(grid: Grid) -> set[tuple[int, int]]:
        return set(zip(grid.row.tolist(), grid.column.tolist(), strict=True))

    small = make_grid(shapely.box(300, 300, 500, 600), "hexagon", 50)
    large = make_grid(AREA, "hexagon", 50)
    inside = make_grid(shapely.box(300, 300, 500, 600).intersection(AREA), "hexagon", 50)
    assert places(inside) <= places(small) & places(large)


def test_a_hole_and_two_parts_are_left_free() -> None:
    ring = shapely.box(0, 0, 300, 300).difference(shapely.box(100, 100, 200, 200))
    grid = make_grid(shapely.union(ring, shapely.box(900, 0, 1000, 100)), "square", 100)
    assert len(grid) == 9
    found = grid.locate(np.array([150.0, 600, 950, 250]), np.array([150.0, 50, 50, 250]))
    # Row by row: three and the part apart in the first, then two, then three.
    assert found.tolist() == [-1, -1, 3, 8]


def test_too_small_shapes_are_refused_with_the_numbers() -> None:
    with pytest.raises(Unsuitable) as fault:
        make_grid(AREA, "square", 0.5)
    assert fault.value.reason is Reason.TOO_MANY_CELLS
    assert fault.value.figures["cells"] > fault.value.figures["most"]


@pytest.mark.parametrize("size", [0.0, -5.0, float("nan")])
def test_a_size_must_be_above_nothing(size: float) -> None:
    with pytest.raises(ValueError, match="size above 0"):
        make_grid(AREA, "square", size)
