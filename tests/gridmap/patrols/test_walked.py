"""Coverage, plans against walks and visits to stops, on drawings whose answer is plain."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.patrols.matching.cleaning import clean
from gridmap.patrols.matching.coverage import (
    compare_line,
    compare_streets,
    track_lines,
    union,
    walk_lines,
    walked_m,
)
from gridmap.patrols.matching.stops import Verdict, Wanted, visit
from gridmap.patrols.matching.walks import Walk
from tests.gridmap.patrols.towns import metres_walked


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def metres(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_what_was_walked_twice_or_backwards_counts_once() -> None:
    found = union(ints(3, 1, 1, 1, 3), metres(80, 0, 50, 70, 10), metres(40, 30, 20, 90, 20))
    assert found.segment.tolist() == [1, 1, 3, 3]
    assert found.from_m.tolist() == [0, 70, 10, 40]
    assert found.to_m.tolist() == [50, 90, 20, 80]
    assert walked_m(found, 5).tolist() == [0, 70, 0, 50, 0]


def test_nothing_walked_covers_nothing() -> None:
    found = union(ints(2), metres(10), metres(10))
    assert len(found.segment) == 0
    assert walked_m(found, 3).tolist() == [0, 0, 0]
    plan = compare_streets(ints(2, 0), metres(0, 50), metres(100, 0), found)
    assert (plan.walked_m, plan.share) == (0, 0)
    assert plan.missed.tolist() == [[0, 150]]


places = st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 60))


@given(st.lists(places, max_size=20))
def test_the_union_counts_each_metre_once(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    segment, from_m, to_m = table[:, 0], table[:, 1].astype(float), table[:, 2].astype(float)
    found = union(segment, from_m, to_m)
    counted = metres_walked(segment, from_m, to_m)
    for number, length in enumerate(walked_m(found, 4)):
        assert length == sum(s == number for s, _ in counted)


def test_a_plan_on_streets() -> None:
    # Out along segment 0, all of segment 1 against its line, then the half of segment 2.
    segment, from_m, to_m = ints(0, 1, 2), metres(0, 80, 0), metres(100, 0, 60)
    walked = union(ints(0, 1, 1), metres(0, 20, 60), metres(100, 60, 30))
    found = compare_streets(segment, from_m, to_m, walked)
    assert found.length_m == 240
    # On segment 1 the metres 80 to 60 come first, at 100 of the plan, and 20 to 0 at 160.
    assert found.missed.tolist() == [[100, 120], [160, 240]]
    assert found.walked_m == 140
    assert found.share == pytest.approx(140 / 240)
    assert compare_streets(segment, from_m, to_m, walked, slack_m=21).missed.tolist() == [
        [160, 240]
    ]


def test_a_plan_that_goes_over_a_street_twice_counts_it_twice() -> None:
    walked = union(ints(0), metres(0), metres(50))
    found = compare_streets(ints(0, 0), metres(0, 100), metres(100, 0), walked)
    assert found.length_m == 200
    assert found.missed.tolist() == [[50, 150]]


def test_a_drawn_plan_within_its_corridor() -> None:
    plan = shapely.LineString([(0, 0), (100, 0), (100, 100)])
    walked = shapely.linestrings([[[0, 9], [60, 9]], [[60, 9], [60, 80]]])
    found = compare_line(plan, walked, within_m=10)
    # Pieces of 5 m are judged by their middles: up to 65 m the first line is within 10 m.
    assert found.missed.tolist() == [[65, 200]]
    assert found.share == pytest.approx(0.325)
    assert compare_line(plan, walked, within_m=40.05).missed.tolist() == [[180, 200]]
    nothing = compare_line(plan, np.array([], dtype=object), within_m=40)
    assert nothing.missed.tolist() == [[0, 200]]


def test_walks_and_tracks_are_drawn() -> None:
    lines = np.array([shapely.LineString([(0, 0), (0, 50), (50, 50)])], dtype=object)
    none = np.zeros(2)
    walk = Walk(ints(0, 0), metres(20, 80), metres(80, 40), none, none, ints(0, 0))
    drawn = walk_lines(lines, metres(100), walk)
    assert [line.wkt for line in drawn] == [
        "LINESTRING (0 20, 0 50, 30 50)", "LINESTRING (30 50, 0 50, 0 40)",
    ]  # fmt: skip
    track = clean(metres(0, 10, 20), metres(0, 0, 0), metres(0, 10, 500))
    assert [line.wkt for line in track_lines(track)] == ["LINESTRING (0 0, 10 0)", "POINT (20 0)"]


#: Positions every 60 s along x at y = 0: in by 1,000 m, 12 minutes at 0, then 1,000 m out.
APPROACH = clean(
    np.concatenate([np.arange(-600, 0, 60), np.zeros(13), np.arange(60, 660, 60)]).astype(float),
    np.zeros(33),
    60.0 * np.arange(33),
)


@pytest.mark.parametrize(
    ("dwell_s", "verdict"), [(600, Verdict.VISITED), (780, Verdict.VISITED), (781, "too_short")]
)
def test_a_stop(dwell_s: float, verdict: str) -> None:
    # At 1 m/s it comes within 30 m at 570 s, half a minute before it stands at 600 s.
    found = visit(APPROACH, Wanted(0, 0, 30, dwell_s))
    assert found.verdict == verdict
    assert (found.arrived_s, found.left_s, found.stayed_s) == (570, 1350, 780)
    assert found.stays.tolist() == [[570, 1350]]


def test_a_stop_passed_between_two_positions_is_seen() -> None:
    found = visit(APPROACH, Wanted(-330, 40, 50, 600))
    # The chord is 60 m long, from -360 to -300.
    assert found.verdict == Verdict.TOO_SHORT
    assert (found.arrived_s, found.left_s) == (240, 300)
    assert visit(APPROACH, Wanted(-330, 40, 39, 600)).verdict == Verdict.MISSED


def test_a_stop_missed() -> None:
    found = visit(APPROACH, Wanted(0, 500, 30, 600))
    assert found.verdict == Verdict.MISSED
    assert np.isnan(found.arrived_s)
    assert found.stayed_s == 0
    assert len(found.stays) == 0


def test_who_is_soon_back_has_not_left_and_the_longest_stay_counts() -> None:
    x = metres(0, 0, 0, 100, 0, 0, 0, 0, 200, 200, 200, 0, 0)
    t = metres(0, 30, 60, 90, 120, 150, 180, 240, 300, 360, 420, 480, 540)
    track = clean(x, np.zeros(13), t)
    found = visit(track, Wanted(0, 0, 20, 240))
    # Out from 66 to 114 s it was not away; from 246 to 474 s it was.
    assert found.stays.tolist() == [[0, 246], [474, 540]]
    assert (found.verdict, found.stayed_s) == (Verdict.VISITED, 246)
    strict = visit(track, Wanted(0, 0, 20, 240), aside_s=10)
    assert strict.stays.tolist() == [[0, 66], [114, 246], [474, 540]]
    assert strict.verdict == Verdict.TOO_SHORT


def test_a_gap_is_no_stay() -> None:
    track = clean(metres(0, 0, 0, 0), np.zeros(4), metres(0, 100, 400, 500))
    found = visit(track, Wanted(0, 0, 20, 300))
    assert found.stays.tolist() == [[0, 100], [400, 500]]
    assert found.verdict == Verdict.TOO_SHORT
