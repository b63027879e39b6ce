"""The network made of roads that are drawn by hand, fault by fault."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.patrols.network import Mode
from gridmap.patrols.streets.building import NOT_ON_FOOT, build
from gridmap.patrols.streets.gaps import find_gaps
from gridmap.patrols.streets.noding import SNAP_M
from gridmap.patrols.streets.placed import Placed, place
from tests.gridmap.patrols.networks import ALL, in_metres, roads_of

FOOT, BICYCLE, CAR = int(Mode.FOOT), int(Mode.BICYCLE), int(Mode.CAR)
EAST, NORTH = [(0, 0), (100, 0)], [(50, -50), (50, 50)]


def joined(*rows: object) -> list[list[tuple[int, int]]]:
    return in_metres(build(roads_of(*rows)))  # type: ignore[arg-type]


def test_roads_that_cross_on_the_ground_are_cut_there() -> None:
    assert joined((EAST, {}), (NORTH, {})) == [
        [(0, 0), (50, 0)], [(50, -50), (50, 0)], [(50, 0), (50, 50)], [(50, 0), (100, 0)],
    ]  # fmt: skip


@pytest.mark.parametrize("mark", ["bridge", "tunnel"])
def test_a_bridge_and_a_tunnel_do_not_meet_the_street_that_they_cross(mark: str) -> None:
    streets = build(roads_of((EAST, {}), (NORTH, {mark: True})))
    assert in_metres(streets) == [EAST, NORTH]
    assert sorted(streets.component) == [0, 1]


def test_a_bridge_is_joined_where_it_shares_a_point() -> None:
    streets = build(
        roads_of(
            ([(0, 0), (50, 0), (100, 0)], {}),
            ([(50, 0), (50, 50)], {"bridge": True}),
            ([(50, 50), (50, 90)], {}),
        )
    )
    assert set(streets.component) == {0}
    # The bridge and what goes on behind it are one street.
    assert [(50, 0), (50, 50), (50, 90)] in in_metres(streets)


def test_a_street_that_ends_a_hands_breadth_before_another_is_joined() -> None:
    streets = build(roads_of((EAST, {}), ([(30, 1), (30, 60)], {})))
    assert in_metres(streets) == [[(0, 0), (30, 0)], [(30, 0), (30, 60)], [(30, 0), (100, 0)]]
    assert len(np.unique([streets.start, streets.end])) == 4


def test_a_street_that_ends_further_off_is_not_joined() -> None:
    far = SNAP_M + 0.5
    streets = build(roads_of((EAST, {}), ([(30, far), (30, 60)], {})))
    assert len(streets) == 2
    assert streets.component.tolist() == [0, 1]


def test_a_street_is_not_joined_to_the_bridge_above_its_end() -> None:
    streets = build(roads_of((EAST, {"bridge": True}), ([(30, 1), (30, 60)], {})))
    assert len(streets) == 2


def test_a_street_drawn_a_hands_breadth_too_far_leaves_no_stub() -> None:
    assert joined((EAST, {}), ([(30, -1), (30, 60)], {})) == [
        [(0, 0), (30, 0)], [(30, 0), (30, 60)], [(30, 0), (100, 0)],
    ]  # fmt: skip


def test_ends_that_nearly_meet_become_one_crossing() -> None:
    streets = build(
        roads_of(
            ([(0, 0), (50, 0)], {}),
            ([(50.9, 0.4), (100, 0)], {}),
            ([(50.2, 0.9), (50, 60)], {}),
        )
    )
    assert len(streets) == 3
    assert len(np.unique([streets.start, streets.end])) == 4
    assert set(streets.component) == {0}


def test_a_ring_that_is_almost_closed_is_closed() -> None:
    streets = build(roads_of(([(0, 0), (80, 0), (80, 80), (0, 80), (0, 1)], {})))
    assert len(streets) == 1
    assert streets.start.tolist() == streets.end.tolist()


def test_pieces_of_one_street_are_joined_and_those_of_another_name_are_not() -> None:
    rows = [
        ([(0, 0), (30, 0)], {"name": "长街"}), ([(30, 0), (60, 0)], {"name": "长街"}),
        ([(90, 0), (60, 0)], {"name": "长街"}), ([(90, 0), (120, 0)], {"name": "短街"}),
    ]  # fmt: skip
    streets = build(roads_of(*rows))
    assert in_metres(streets) == [[(0, 0), (30, 0), (60, 0), (90, 0)], [(90, 0), (120, 0)]]
    assert sorted(streets.name) == ["短街", "长街"]


def test_a_street_that_comes_back_to_its_crossing_begins_and_ends_there() -> None:
    streets = build(
        roads_of(
            ([(0, 0), (50, 0)], {}),
            ([(50, 0), (90, 30)], {}),
            ([(90, 30), (90, -30)], {}),
            ([(90, -30), (50, 0)], {}),
        )
    )
    loop = in_metres(streets)[1]
    assert loop[0] == loop[-1] == (50, 0)
    assert len(loop) == 4


def test_one_way_streets_are_joined_head_to_tail_alone_and_keep_their_direction() -> None:
    streets = build(
        roads_of(
            ([(60, 0), (30, 0)], {"oneway": True}),
            ([(30, 0), (0, 0)], {"oneway": True}),
            ([(60, 0), (90, 0)], {"oneway": True}),
        )
    )
    assert len(streets) == 2
    long = streets.lines[np.argmax(streets.length_m)]
    assert long.coords[0][0] > long.coords[-1][0]
    assert set(streets.forward) == {ALL}
    assert set(streets.backward) == {FOOT}


@pytest.mark.parametrize(
    ("kind", "marks", "open_to"),
    [
        ("residential", {}, FOOT | BICYCLE | CAR),
        ("service", {}, FOOT | BICYCLE | CAR),
        ("a word of a survey", {}, FOOT | BICYCLE | CAR),
        ("footway", {}, FOOT),
        ("pedestrian", {}, FOOT),
        ("steps", {}, FOOT),
        ("path", {}, FOOT | BICYCLE),
        ("cycleway", {}, FOOT | BICYCLE),
        ("motorway", {}, CAR),
        ("trunk", {}, CAR),
        ("trunk", {"foot": True, "bicycle": True}, FOOT | BICYCLE | CAR),
        ("footway", {"bicycle": True}, FOOT | BICYCLE),
        ("residential", {"car": False}, FOOT | BICYCLE),
    ],
)
def test_who_may_use_a_kind_of_road(kind: str, marks: dict[str, bool], open_to: int) -> None:
    streets = build(roads_of((EAST, {"kind": kind, **marks})))
    assert streets.forward.tolist() == streets.backward.tolist() == [open_to]


def test_what_is_open_to_nobody_is_left_out_and_what_nobody_walks_is_in_no_part() -> None:
    rows = [
        (EAST, {"kind": "busway"}), ([(0, 50), (90, 50)], {"kind": "motorway"}),
        ([(0, 80), (90, 80)], {}),
    ]  # fmt: skip
    streets = build(roads_of(*rows))
    assert sorted(streets.component) == [NOT_ON_FOOT, 0]


def test_parts_are_numbered_from_the_longest() -> None:
    streets = build(roads_of(([(0, 0), (30, 0)], {}), ([(0, 50), (90, 50)], {})))
    assert streets.length_m[streets.component == 0].round().tolist() == [90]


def test_the_same_street_from_two_sources_is_one() -> None:
    both = [(EAST, {"kind": "footway"}), (EAST[::-1], {"kind": "service"})]
    streets = build(roads_of(*both))
    assert in_metres(streets) == [EAST]
    assert streets.forward.tolist() == [ALL]


def test_a_line_has_the_same_key_whichever_way_it_is_drawn_and_with_other_roads_beside() -> None:
    one = build(roads_of((EAST, {"name": "长街"})))
    other = build(roads_of(([(0, 50), (90, 50)], {}), (EAST[::-1], {"name": "新名"})))
    assert one.key[0] in other.key.tolist()
    assert len(set(other.key)) == 2


def test_no_roads_and_roads_without_length_make_no_streets() -> None:
    assert len(build(roads_of())) == 0
    assert len(build(roads_of(([(5, 5), (5, 5)], {})))) == 0


def test_a_bend_of_a_hundred_metres_is_a_hundred_metres_long() -> None:
    streets = build(roads_of(([(0, 0), (60, 0), (60, 40)], {})))
    assert streets.length_m[0] == pytest.approx(100, abs=0.05)


def placed(*rows: object) -> Placed:
    streets = build(roads_of(*rows))  # type: ignore[arg-type]
    return place(
        streets.lines, streets.start, streets.end, streets.length_m, streets.forward,
        streets.backward, np.arange(len(streets)), streets.name,
    )  # fmt: skip


def test_a_dead_end_near_a_street_that_is_far_to_walk_to_is_a_gap() -> None:
    # Round by the west it is 200 m, through the gap 8.
    gaps = find_gaps(
        placed(
            ([(0, 0), (100, 0)], {}), ([(0, 0), (0, 50)], {}),
            ([(0, 50), (100, 50)], {"name": "北街"}), ([(100, 0), (100, 42)], {"name": "断街"}),
        ).network
    )  # fmt: skip
    assert gaps.metres.round(1).tolist() == [8.0]


def test_a_dead_end_from_which_one_soon_walks_round_is_none() -> None:
    gaps = find_gaps(placed((EAST, {}), ([(50, 0), (50, 10)], {})).network)
    assert len(gaps) == 0


def test_a_dead_end_before_an_island_is_a_gap() -> None:
    gaps = find_gaps(placed((EAST, {}), ([(110, -50), (110, 50)], {})).network)
    assert gaps.metres.round(1).tolist() == [10.0]


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
        .map(lambda ends: [(10 * ends[0], 10 * ends[1]), (10 * ends[2], 10 * ends[3])])
        .filter(lambda line: line[0] != line[1]),
        min_size=1, max_size=15,
    )
)  # fmt: skip
def test_whatever_is_drawn_its_streets_lie_on_it_and_are_numbered_by_their_ends(
    lines: list[list[tuple[int, int]]],
) -> None:
    roads = roads_of(*((line, {}) for line in lines))
    streets = build(roads)
    drawn, built = (shapely.union_all(np.asarray(each)) for each in (roads.geometry, streets.lines))
    # Some 2 m: an end may have been moved, or a stub left out.
    assert drawn.hausdorff_distance(built) < 2.1e-5
    assert len(set(streets.key)) == len(streets)
    places = {
        (int(number), line.coords[end])
        for line, *numbers in zip(streets.lines, streets.start, streets.end, strict=True)
        for number, end in zip(numbers, (0, -1), strict=True)
    }
    nodes = int(max(streets.start.max(), streets.end.max())) + 1
    assert len(places) == nodes == len({place for _, place in places})
