"""What patrols came near to, on streets drawn by hand in metres."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.patrols.tracks.coverage import find_near, hours_of_span, lengths_within

# Two streets of 100 m: one along the x axis walked at 20 and 21 o'clock, one 200 m north at 8.
STREETS = np.array(
    [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 200), (100, 200)])]
)
WALKED = np.zeros((2, 24), bool)
WALKED[0, [20, 21]] = WALKED[1, 8] = True


def test_near_in_place_and_in_hour() -> None:
    # On the first street, 49 m and 51 m beside it, 49 m beside the second.
    x, y = np.array([50.0, 50, 50, 50]), np.array([0.0, -49, -51, 249])
    near = find_near(x, y, np.array([20, 8, 20, 8]), STREETS, WALKED, 50)
    assert near.place.tolist() == [True, True, False, True]
    assert near.in_hour.tolist() == [True, False, False, True]


def test_nothing_is_near_where_nobody_walked() -> None:
    near = find_near(np.zeros(2), np.zeros(2), np.zeros(2, int), STREETS[:0], WALKED[:0], 50)
    assert not near.place.any()
    assert not near.in_hour.any()


def test_hours_of_spans() -> None:
    first = np.array(["2026-05-01T20:59:59", "2026-05-01T23:30:00", "2026-05-01T03:00:00"], "M8[s]")
    last = np.array(["2026-05-01T21:00:00", "2026-05-02T01:10:00", "2026-05-02T03:00:00"], "M8[s]")
    hours = hours_of_span(first, last)
    assert np.flatnonzero(hours[0]).tolist() == [20, 21]
    assert np.flatnonzero(hours[1]).tolist() == [0, 1, 23]
    assert hours[2].all()


@given(st.integers(0, 2**31), st.integers(1, 200_000))
def test_a_span_touches_the_hours_of_its_ends(start: int, seconds: int) -> None:
    first = np.array([start], "M8[s]")
    hours = hours_of_span(first, first + np.timedelta64(seconds, "s"))[0]
    assert hours[start // 3600 % 24]
    assert hours[(start + seconds) // 3600 % 24]
    assert hours.sum() == min(24, (start + seconds) // 3600 - start // 3600 + 1)


def test_length_in_each_area() -> None:
    # The border at x = 30 cuts the first street; the second lies outside both.
    areas = np.array([shapely.box(0, -10, 30, 10), shapely.box(30, -10, 100, 10)])
    area, line, length = lengths_within(areas, STREETS)
    assert dict(zip(area.tolist(), length.tolist(), strict=True)) == {0: 30.0, 1: 70.0}
    assert set(line.tolist()) == {0}
