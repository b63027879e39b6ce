"""Neighbours by distance, by number and by border."""

import warnings

import numpy as np
import pytest
import shapely

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Kind, make_grid
from gridmap.hotspots.weights import (
    Rule,
    adjacent,
    contiguous,
    islands,
    nearest,
    with_self,
    within_distance,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import libpysal

RNG = np.random.default_rng(3)
X, Y = RNG.uniform(0, 1000, 300), RNG.uniform(0, 1000, 300)
AREA = shapely.Polygon([(13, 7), (1009, 7), (1009, 411), (505, 433), (480, 990), (13, 870)])


def neighbours(weights: object, place: int) -> list[int]:
    return weights[[place], :].indices.tolist()  # type: ignore[index]


def test_a_band_holds_its_own_length() -> None:
    weights = within_distance(np.array([0.0, 30, 60, 200]), np.zeros(4), 30)
    assert [neighbours(weights, i) for i in range(4)] == [[1], [0, 2], [1], []]
    assert islands(weights).tolist() == [3]
    assert islands(with_self(weights)).tolist() == [3]
    assert with_self(weights).toarray().tolist() == [
        [1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1],
    ]  # fmt: skip


def test_distance_and_nearest_equal_libpysal() -> None:
    points = np.column_stack([X, Y])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        band = libpysal.weights.DistanceBand(points, 90.0, silence_warnings=True).sparse
        near = libpysal.weights.KNN(points, 7).sparse
    assert abs(within_distance(X, Y, 90.0) - band).max() == 0
    assert abs(nearest(X, Y, 7) - near).max() == 0


def test_nearest_never_has_the_place_itself_though_many_coincide() -> None:
    weights = nearest(np.zeros(10), np.zeros(10), 3)
    assert not weights.diagonal().any()
    assert (np.diff(weights.indptr) == 3).all()
    assert all(len(set(neighbours(weights, i))) == 3 for i in range(10))


def test_as_many_nearest_as_places_are_refused() -> None:
    with pytest.raises(Unsuitable) as fault:
        nearest(X[:5], Y[:5], 5)
    assert fault.value.reason is Reason.TOO_FEW
    assert fault.value.figures == {"places": 5, "least": 6}


@pytest.mark.parametrize("rule", ["queen", "rook"])
def test_contiguity_equals_libpysal_on_any_polygons(rule: Rule) -> None:
    points = shapely.multipoints(np.column_stack([X, Y]))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=AREA))
    kind = libpysal.weights.Queen if rule == "queen" else libpysal.weights.Rook
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = kind.from_iterable(cells).sparse
    assert abs(contiguous(cells, rule) - expected).max() == 0


def test_a_corner_in_the_middle_of_a_side_makes_neighbours() -> None:
    halves = np.array([shapely.box(0, 0, 1, 2), shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)])
    assert contiguous(halves, "rook").toarray().tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    corner = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)])
    assert contiguous(corner, "queen").nnz == 2
    assert contiguous(corner, "rook").nnz == 0


@pytest.mark.parametrize(
    ("kind", "rule"), [("hexagon", "queen"), ("square", "queen"), ("square", "rook")]
)
def test_places_in_the_lattice_tell_the_neighbours_of_whole_shapes(kind: Kind, rule: Rule) -> None:
    grid = make_grid(AREA, kind, 70, clip=False)
    by_place = adjacent(grid, rule)
    assert by_place.has_sorted_indices
    assert abs(by_place - contiguous(grid.shapes, rule)).max() == 0
    reach = {"hexagon": 70, "square": 70 if rule == "rook" else 99}[kind]
    assert abs(by_place - within_distance(*grid.centres(), reach + 0.01)).max() == 0
