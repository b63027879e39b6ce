"""When a patrol is at its stops, and the streets it takes."""

from __future__ import annotations

from datetime import time

import numpy as np
import pytest

from gridmap.patrols.routes.drafts import Waypoint
from gridmap.patrols.routes.timetable import (
    Passage,
    clock_time,
    in_window,
    passages,
    street_names,
)
from tests.gridmap.patrols.routes.conftest import at

LINE = np.array([at(0, 1), at(4, 1)])


def test_the_time_at_a_stop_delays_the_next() -> None:
    stops = [tuple(at(1, 1.1)), tuple(at(3, 0.9))]
    first, second = passages(LINE, stops, [10, 5], 400, 320)  # type: ignore[arg-type]
    assert (first.metres, first.arrives_s, first.leaves_s) == pytest.approx((100, 80, 680))
    assert (second.metres, second.arrives_s, second.leaves_s) == pytest.approx((300, 840, 1140))
    assert passages(LINE, [], [], 400, 320) == []


def test_a_stop_on_the_way_back_is_not_before_its_predecessor() -> None:
    back = passages(LINE, [tuple(at(3, 1)), tuple(at(1, 1))], [0, 0], 400, 320)  # type: ignore[list-item]
    assert back[1].arrives_s >= back[0].leaves_s


@pytest.mark.parametrize(
    ("start", "minutes", "opens", "closes", "fits"),
    [
        ((20, 0), 30, None, None, True),
        ((20, 0), 30, (20, 30), (21, 0), True),
        ((20, 0), 60, (20, 30), (21, 0), False),
        ((20, 0), 10, (20, 30), None, False),
        ((23, 50), 20, (22, 0), (6, 0), True),
        ((23, 50), 400, (22, 0), (6, 0), False),
        ((23, 50), 20, None, (0, 30), True),
    ],
)
def test_windows_may_span_midnight(
    start: tuple[int, int], minutes: int, opens: tuple[int, int] | None,
    closes: tuple[int, int] | None, fits: bool,
) -> None:  # fmt: skip
    hours = [None if each is None else time(*each) for each in (opens, closes)]
    assert in_window(time(*start), Passage(0, minutes * 60, 0), *hours) is fits


def test_clock_times_go_over_midnight() -> None:
    assert clock_time(time(23, 50), 20 * 60) == "00:10"
    assert clock_time(time(8), 0) == "08:00"


def test_a_street_that_goes_on_is_named_once() -> None:
    points = [
        Waypoint(0, 0), Waypoint(0, 0, streets=("清华路", "学院路")),
        Waypoint(0, 0, streets=("学院路", "", "清华路")),
    ]  # fmt: skip
    assert street_names(points) == ["清华路", "学院路", "清华路"]
