"""Areas for teams: connected, covering all, balanced, compact, and the same for a seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.patrols.sweeping.areas import TOLERANCE, divide, join_parts, street_neighbours
from gridmap.patrols.sweeping.checking import check_areas
from tests.gridmap.patrols.towns import crossed, network_of


def squares(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the neighbours and middles of side x side squares of 100 m."""
    number = np.arange(side * side).reshape(side, side)
    across = np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    along = np.column_stack([number[:-1].ravel(), number[1:].ravel()])
    y, x = 100.0 * np.stack(np.divmod(number.ravel(), side))
    return np.vstack([across, along]), x, y


def test_a_row_is_cut_in_the_middle_of_its_work() -> None:
    pairs = np.column_stack([np.arange(7), np.arange(1, 8)])
    x = 100.0 * np.arange(8)
    work = np.array([4, 1, 1, 1, 1, 1, 1, 4], dtype=float)
    label = divide(pairs, work, x, np.zeros(8), 2)
    assert label.tolist() in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)
    uneven = divide(pairs, work, x, np.zeros(8), 2, shares=np.array([9.0, 5.0]))
    assert check_areas(pairs, work, uneven, 2).work.tolist() == [9, 5]


def test_a_square_of_cells_is_quartered() -> None:
    pairs, x, y = squares(20)
    work = np.ones(400)
    label = divide(pairs, work, x, y, 4, seed=1)
    found = check_areas(pairs, work, label, 4)
    assert found.parts.tolist() == [1, 1, 1, 1]
    assert found.imbalance <= TOLERANCE
    # Quarters of 40 borders are the best; areas as compact as that have few more.
    assert (label[pairs[:, 0]] != label[pairs[:, 1]]).sum() <= 52


def test_busy_cells_make_small_areas() -> None:
    pairs, x, y = squares(20)
    work = np.where(x < 500, 10.0, 1.0)
    found = check_areas(pairs, work, divide(pairs, work, x, y, 5), 5)
    assert found.parts.tolist() == [1] * 5
    assert found.imbalance <= 2 * TOLERANCE
    assert found.pieces.max() > 3 * found.pieces.min()


def test_the_seed_decides() -> None:
    pairs, x, y = squares(12)
    work = np.random.default_rng(2).uniform(1, 3, 144)
    one, again = (divide(pairs, work, x, y, 5, seed=3) for _ in range(2))
    assert (one == again).all()


def test_as_many_areas_as_pieces_and_one_area() -> None:
    pairs, x, y = squares(3)
    assert sorted(divide(pairs, np.ones(9), x, y, 9)) == list(range(9))
    assert (divide(pairs, np.ones(9), x, y, 1) == 0).all()
    # Without any work the pieces themselves are shared out.
    idle = divide(pairs, np.zeros(9), x, y, 3)
    assert check_areas(pairs, np.ones(9), idle, 3).work.tolist() == [3, 3, 3]


def test_what_cannot_be_divided_is_refused() -> None:
    pairs, x, y = squares(2)
    with pytest.raises(ValueError, match="4 pieces cannot be 5 areas"):
        divide(pairs, np.ones(4), x, y, 5)
    with pytest.raises(ValueError, match="connected"):
        divide(pairs[:1], np.ones(4), x, y, 2)
    with pytest.raises(ValueError, match="no area"):
        check_areas(pairs, np.ones(4), np.array([0, 1, 2, 0]), 2)


def test_the_checker_sees_an_area_in_two_parts() -> None:
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    found = check_areas(pairs, np.array([1.0, 2, 3, 4]), np.array([0, 1, 1, 0]), 3)
    assert found.parts.tolist() == [2, 1, 0]
    assert found.work.tolist() == [5, 5, 0]
    assert found.pieces.tolist() == [2, 2, 0]


def test_streets_that_meet_are_neighbours() -> None:
    # Four meet at 0, 0; the fifth goes on from the first; the sixth is elsewhere.
    network = network_of(
        [[(0, 0), (9, 0)], [(0, 0), (0, 9)], [(-9, 0), (0, 0)], [(0, -9), (0, 0)],
         [(9, 0), (20, 0)], [(50, 0), (60, 0)]]
    )  # fmt: skip
    pairs = {(min(a, b), max(a, b)) for a, b in street_neighbours(network).tolist()}
    assert pairs == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (0, 4)}
    middles = np.array([line.centroid.coords[0] for line in network.lines])
    assert join_parts(street_neighbours(network), *middles.T).tolist() == [[5, 4]]


def test_parts_that_do_not_touch_are_joined_where_they_are_nearest() -> None:
    x = np.array([0.0, 10, 100, 110, 40, 300])
    pairs = np.array([[0, 1], [2, 3]])
    links = join_parts(pairs, x, np.zeros(6))
    assert links.tolist() == [[4, 1], [2, 4], [5, 3]]
    joined = divide(np.vstack([pairs, links]), np.ones(6), x, np.zeros(6), 2)
    assert check_areas(np.vstack([pairs, links]), np.ones(6), joined, 2).parts.tolist() == [1, 1]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_streets_of_random_towns_are_divided(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    network = crossed(data.draw(st.integers(3, 9)), jitter_m=30.0, seed=seed)
    pairs, middles = (
        street_neighbours(network),
        np.array([n.centroid.coords[0] for n in network.lines]),
    )
    work = network.length_m * rng.uniform(0.5, 2.0, len(network))
    areas = data.draw(st.integers(1, 6))
    label = divide(pairs, work, *middles.T, areas, seed=seed)
    found = check_areas(pairs, work, label, areas)
    assert (found.parts == 1).all()
    assert (found.pieces > 0).all()
    # Not more from the mean than the tolerance and one piece.
    assert (
        np.abs(found.work - work.sum() / areas) <= TOLERANCE * found.work + 2 * work.max()
    ).all()
