"""Stops kept and missed by a walk along the x axis, one metre each second."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridmap.patrols.matching.cleaning import Cleaned, clean
from gridmap.patrols.matching.stops import Verdict
from gridmap.patrols.tracks.judging import RADIUS_M, Stop, judge

ZONE = ZoneInfo("Asia/Shanghai")
# 19:58:20 in the town, so that the middle of the walk is at eight in the evening.
START = datetime(2026, 5, 1, 11, 58, 20, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def walk() -> Cleaned:
    """200 m in 200 s."""
    metres = np.arange(0.0, 201.0)
    return clean(metres, np.zeros(201), START + metres)


def test_who_passes_stays_as_long_as_the_circle_takes(walk: Cleaned) -> None:
    kept = judge(walk, Stop(100, 0, 60), ZONE)
    assert kept.verdict is Verdict.VISITED
    assert kept.stayed_s == pytest.approx(2 * RADIUS_M, abs=0.5)
    assert kept.arrived_at is not None
    assert kept.arrived_at.timestamp() == pytest.approx(START + 100 - RADIUS_M, abs=0.5)


def test_too_short_and_missed(walk: Cleaned) -> None:
    assert judge(walk, Stop(100, 0, 600), ZONE).verdict is Verdict.TOO_SHORT
    beside = judge(walk, Stop(100, RADIUS_M + 1, 60), ZONE)
    assert (beside.verdict, beside.arrived_at, beside.stayed_s) == (Verdict.MISSED, None, 0.0)


@pytest.mark.parametrize(
    ("opens", "closes", "seconds"),
    [
        (time(19), time(20), RADIUS_M),  # Eight o'clock is when the middle of the circle is passed.
        (time(20), time(22), RADIUS_M),
        (time(18), time(2), 2 * RADIUS_M),  # Over midnight.
        (time(21), time(22), 0),
    ],
)
def test_only_hours_in_which_it_is_wanted_count(
    walk: Cleaned, opens: time, closes: time, seconds: float
) -> None:
    kept = judge(walk, Stop(100, 0, 10, opens, closes), ZONE)
    assert kept.stayed_s == pytest.approx(seconds, abs=0.5)
    assert (kept.verdict is Verdict.MISSED) == (seconds == 0)
