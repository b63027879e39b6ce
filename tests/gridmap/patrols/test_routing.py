"""Shortest ways on networks that can be checked by hand, and their laws on random ones."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.patrols.network import SPEED, Mode, Network
from gridmap.patrols.streets.routing import Router, Spot, Spots
from tests.gridmap.patrols.networks import ALL, network_of, networks

FOOT = int(Mode.FOOT)
#: A square of 100 m with a street out of its north-eastern corner, and an island.
#:
#:   (0,100) ---2--- (100,100) ---4--- (200,100)
#:      |                |
#:      3                1                         (500,0) --5-- (600,0)
#:      |                |
#:   (0,0) ---0---- (100,0)
SQUARE = network_of(
    [(0, 0), (100, 0)],
    [(100, 0), (100, 100)],
    [(100, 100), (0, 100)],
    [(0, 100), (0, 0)],
    [(100, 100), (200, 100)],
    [(500, 0), (600, 0)],
)


def test_the_shorter_way_round_a_block() -> None:
    found = Router(SQUARE, Mode.FOOT).path(Spot(0, 30.0), Spot(4, 50.0))
    assert found.segments.tolist() == [0, 1, 4]
    assert found.forward.tolist() == [True, True, True]
    assert found.line.wkt == "LINESTRING (30 0, 100 0, 100 100, 150 100)"
    assert found.length_m == pytest.approx(220)
    assert found.seconds == pytest.approx(220 / SPEED[Mode.FOOT])


def test_a_way_back_along_the_same_streets() -> None:
    found = Router(SQUARE, Mode.FOOT).path(Spot(4, 50.0), Spot(0, 30.0))
    assert found.line.wkt == "LINESTRING (150 100, 100 100, 100 0, 30 0)"
    assert found.forward.tolist() == [False, False, False]


def test_spots_on_one_segment() -> None:
    router = Router(SQUARE, Mode.FOOT)
    ahead, back = router.path(Spot(0, 20.0), Spot(0, 90.0)), router.path(Spot(0, 90.0), Spot(0, 20))
    assert (ahead.length_m, back.length_m) == (70, 70)
    assert back.line.wkt == "LINESTRING (90 0, 20 0)"
    still = router.path(Spot(0, 20.0), Spot(0, 20.0))
    assert (still.length_m, still.line.wkt) == (0, "LINESTRING (20 0, 20 0)")


def test_a_long_way_round_on_one_segment_is_left_for_a_short_one_beside() -> None:
    bow = network_of([(0, 0), (0, 100), (100, 100), (100, 0)], [(0, 0), (100, 0)])
    found = Router(bow, Mode.FOOT).path(Spot(0, 10.0), Spot(0, 290.0))
    assert found.segments.tolist() == [0, 1, 0]
    assert found.length_m == pytest.approx(120)


def test_a_one_way_street_binds_who_drives_and_not_who_walks() -> None:
    square = network_of(
        [(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 0)],
        backward=[FOOT, ALL, ALL],
    )  # fmt: skip
    walked = Router(square, Mode.FOOT).path(Spot(0, 60.0), Spot(0, 40.0))
    assert walked.length_m == pytest.approx(20)
    driven = Router(square, Mode.CAR).path(Spot(0, 60.0), Spot(0, 40.0))
    assert driven.segments.tolist() == [0, 1, 2, 0]
    assert driven.length_m == pytest.approx(40 + 100 + 100 * np.sqrt(2) + 40)


def test_a_ring_is_gone_the_shorter_way() -> None:
    ring = network_of([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    found = Router(ring, Mode.FOOT).path(Spot(0, 30.0), Spot(0, 390.0))
    assert found.line.wkt == "LINESTRING (30 0, 0 0, 0 10)"


def test_an_island_is_not_reached() -> None:
    router = Router(SQUARE, Mode.FOOT)
    found = router.path(Spot(0, 30.0), Spot(5, 50.0))
    assert np.isinf([found.length_m, found.seconds]).all()
    assert found.line.is_empty
    assert len(found.segments) == 0
    seconds, metres = router.matrix(router.snap(np.array([30.0, 550.0]), np.zeros(2), 10))
    assert metres.tolist() == [[0, np.inf], [np.inf, 0]]
    assert seconds.tolist() == metres.tolist()


def test_points_go_to_the_nearest_place_on_a_street_and_not_to_its_ends() -> None:
    spots = Router(SQUARE, Mode.FOOT).snap(
        np.array([40.0, 130, 300, 100]), np.array([-7.0, 104, 0, 0]), 20
    )
    assert spots.segment.tolist() == [0, 4, -1, 0]
    np.testing.assert_allclose(spots.along_m, [40, 30, np.nan, 100])
    np.testing.assert_allclose(spots.distance_m, [7, 4, np.inf, 0])


def test_a_mode_is_not_snapped_to_streets_that_are_closed_to_it() -> None:
    lanes = network_of([(0, 0), (100, 0)], [(0, 10), (100, 10)], forward=[FOOT, ALL])
    lanes.backward[0] = FOOT
    at = np.array([50.0]), np.array([1.0])
    assert Router(lanes, Mode.FOOT).snap(*at, 50).segment.tolist() == [0]
    assert Router(lanes, Mode.CAR).snap(*at, 50).segment.tolist() == [1]


def test_a_spot_on_no_street_reaches_nothing() -> None:
    router = Router(SQUARE, Mode.FOOT)
    spots = Spots(np.array([0, -1]), np.array([10.0, np.nan]), np.array([0.0, np.inf]))
    assert router.matrix(spots)[1].tolist() == [[0, np.inf], [np.inf, 0]]
    with pytest.raises(ValueError, match="no street"):
        router.path(spots[0], spots[1])


def test_no_spots_and_no_streets_for_a_mode() -> None:
    none = Spots(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    assert Router(SQUARE, Mode.CAR).matrix(none)[0].shape == (0, 0)
    lane = network_of([(0, 0), (100, 0)], forward=[FOOT], backward=[FOOT])
    assert Router(lane, Mode.CAR).snap(np.zeros(1), np.zeros(1), 5).segment.tolist() == [-1]


def spots_on(network: Network, mode: Mode) -> st.SearchStrategy[Spot]:
    usable = np.flatnonzero((network.forward | network.backward) & mode).tolist()
    return st.builds(
        lambda segment, share: Spot(segment, share * float(network.length_m[segment])),
        st.sampled_from(usable),
        st.sampled_from([0.0, 0.1, 0.5, 0.75, 1.0]),
    )


def by_networkx(network: Network, mode: Mode, start: Spot, goal: Spot) -> float:
    """The length of the shortest way, with both spots put into the graph as nodes."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(["start", "goal"])
    for k in range(len(network)):
        inner = [(s.along_m, name) for s, name in ((start, "start"), (goal, "goal"))
                 if s.segment == k]  # fmt: skip
        stops = [(0.0, int(network.start[k])), *sorted(inner),
                 (float(network.length_m[k]), int(network.end[k]))]  # fmt: skip
        for (low, a), (high, b) in pairwise(stops):
            if network.forward[k] & mode:
                graph.add_edge(a, b, weight=high - low)
            if network.backward[k] & mode:
                graph.add_edge(b, a, weight=high - low)
        same = [name for _, name in inner]
        if len(same) == 2 and inner[0][0] == inner[1][0]:
            graph.add_edge(*same, weight=0.0)
            graph.add_edge(*same[::-1], weight=0.0)
    try:
        return float(nx.shortest_path_length(graph, "start", "goal", weight="weight"))
    except nx.NetworkXNoPath:
        return np.inf


@given(st.data(), networks(), st.sampled_from([Mode.FOOT, Mode.CAR]))
def test_a_path_is_as_long_as_that_of_networkx_and_lies_on_its_streets(
    data: st.DataObject, network: Network, mode: Mode
) -> None:
    start, goal = data.draw(spots_on(network, mode)), data.draw(spots_on(network, mode))
    router = Router(network, mode)
    found = router.path(start, goal)
    assert found.length_m == pytest.approx(by_networkx(network, mode, start, goal))
    spots = Spots(*(np.array(each) for each in zip(*map(_values, (start, goal)), strict=True)))
    assert router.matrix(spots)[1][0, 1] == pytest.approx(found.length_m)
    if np.isfinite(found.length_m):
        assert found.line.length == pytest.approx(found.length_m, abs=1e-6)
        streets = network.lines[[start.segment, goal.segment, *found.segments]]
        points = shapely.line_interpolate_point(found.line, np.linspace(0, 1, 40), normalized=True)
        assert shapely.distance(points[:, None], streets).min(axis=1).max() < 1e-6
        at = [
            shapely.line_interpolate_point(
                network.lines[spot.segment],
                spot.along_m / network.length_m[spot.segment],
                normalized=True,
            )
            for spot in (start, goal)
        ]
        ends = shapely.get_coordinates(found.line)[[0, -1]]
        np.testing.assert_allclose(ends, shapely.get_coordinates(at), atol=1e-6)


def _values(spot: Spot) -> tuple[int, float, float]:
    return spot.segment, spot.along_m, spot.distance_m


@given(st.data(), networks())
def test_ways_on_foot_are_as_long_in_both_directions_and_none_is_longer_than_by_a_third(
    data: st.DataObject, network: Network
) -> None:
    chosen = data.draw(st.lists(spots_on(network, Mode.FOOT), min_size=3, max_size=6))
    spots = Spots(*(np.array(each) for each in zip(*map(_values, chosen), strict=True)))
    _, metres = Router(network, Mode.FOOT).matrix(spots)
    np.testing.assert_allclose(metres, metres.T, atol=1e-9)
    over = metres[:, :, None] + metres[None, :, :]
    assert (metres[:, None, :] <= over + 1e-6).all()
