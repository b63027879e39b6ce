"""Positions that cannot be right are dropped, with a reason, and all others are kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.patrols.matching.cleaning import Cleaning, Fate, clean
from gridmap.patrols.network import Mode


def eastward(seconds: int, speed: float = 1.25) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a walk east with a position each second."""
    t = np.arange(seconds, dtype=float)
    return speed * t, np.zeros(seconds), t


def test_a_plain_walk_is_kept_whole() -> None:
    x, y, t = eastward(600)
    found = clean(x, y, t)
    assert found.counts() == {fate: 600 if fate == Fate.KEPT else 0 for fate in Fate}
    assert (found.x == x).all()
    assert (found.time_s == t).all()
    assert (found.part == 0).all()
    assert found.stays == ()
    assert found.disordered == 0


def test_a_jump_out_and_back_is_dropped_and_the_walk_stays_whole() -> None:
    x, y, t = eastward(600)
    y[300:302] = 400.0
    found = clean(x, y, t)
    assert np.flatnonzero(found.fate == Fate.JUMP).tolist() == [300, 301]
    assert (found.part == 0).all()


def test_a_wrong_first_position_is_dropped_and_not_all_the_others() -> None:
    x, y, t = eastward(600)
    x[0] = 5000.0
    found = clean(x, y, t)
    assert np.flatnonzero(found.fate == Fate.JUMP).tolist() == [0]


def test_two_walks_too_far_apart_are_both_kept_as_parts() -> None:
    x, y, t = eastward(600)
    y[300:] = 1000.0
    found = clean(x, y, t)
    # Which of the positions about the jump is the wrong one cannot be told: fast for 15 s.
    assert found.counts()[Fate.KEPT] >= 570
    assert found.part.max() == 1
    assert (np.diff(found.part)[found.y[1:] != found.y[:-1]] == 1).all()


def test_a_ride_in_a_car_is_no_walk() -> None:
    x, y, t = eastward(900)
    speed = np.where((t > 300) & (t <= 600), 12.0, 1.25)
    x = np.cumsum(speed)
    found = clean(x, y, t)
    ride = found.fate == Fate.FAST
    # Over 30 seconds about its ends it is only as fast as a runner.
    assert ride[315:587].all()
    assert not ride[:290].any()
    assert not ride[612:].any()
    assert found.part.max() == 1
    by_car = clean(x, y, t, cleaning=Cleaning(mode=Mode.CAR))
    assert by_car.counts()[Fate.KEPT] == 900


def test_a_gap_splits_the_track() -> None:
    x, y, t = eastward(600)
    there = (t < 200) | (t > 321)
    found = clean(x[there], y[there], t[there])
    assert found.part.tolist() == [0] * 200 + [1] * 278
    shorter = (t < 200) | (t > 318)
    assert (clean(x[shorter], y[shorter], t[shorter]).part == 0).all()


def test_positions_are_put_in_order_and_of_one_time_the_most_accurate_stays() -> None:
    t = np.array([3.0, 1.0, 2.0, 2.0, 4.0])
    x = np.array([3.0, 1.0, 2.5, 2.0, 4.0])
    found = clean(x, np.zeros(5), t, np.array([5.0, 5.0, 20.0, 8.0, 5.0]))
    assert found.index.tolist() == [1, 3, 0, 4]
    assert found.time_s.tolist() == [1, 2, 3, 4]
    assert found.fate.tolist() == [Fate.KEPT, Fate.KEPT, Fate.REPEATED, Fate.KEPT, Fate.KEPT]
    assert found.disordered == 3
    without = clean(x, np.zeros(5), t)
    assert without.index.tolist() == [1, 2, 0, 4]


def test_what_is_no_number_or_imprecise_is_dropped() -> None:
    x, y, t = eastward(5)
    x[0], y[1], t[2] = np.nan, np.inf, np.nan
    found = clean(x, y, t, np.array([5.0, 5.0, 5.0, 51.0, 50.0]))
    assert found.fate.tolist() == [
        Fate.INVALID, Fate.INVALID, Fate.INVALID, Fate.IMPRECISE, Fate.KEPT,
    ]  # fmt: skip


def test_moments_become_seconds_since_1970() -> None:
    time = np.array(["2026-03-01T00:00:00.5", "NaT", "2026-03-01T00:00:02"], "datetime64[ms]")
    found = clean(np.zeros(3), np.zeros(3), time)
    assert found.time_s.tolist() == [1772323200.5, 1772323202.0]
    assert found.fate[1] == Fate.INVALID


def test_a_cloud_indoors_becomes_one_place() -> None:
    x, y, t = eastward(1200)
    x = np.where(t < 300, x, np.where(t < 900, 375.0, x - 750.0))
    rng = np.random.default_rng(3)
    still = (t >= 300) & (t < 900)
    x[still] += rng.normal(0, 6, 600)
    y[still] += rng.normal(0, 6, 600)
    # An outlier within what a runner could do.
    y[500] += 24.0
    found = clean(x, y, t)
    (stay,) = found.stays
    # The way there and away within the circle counts as standing.
    assert 270 <= stay.arrived_s <= 301
    assert 899 <= stay.left_s <= 930
    assert np.hypot(stay.x - 375, stay.y) < 2
    at = (found.x == stay.x) & (found.y == stay.y)
    assert found.time_s[at].tolist() == [stay.arrived_s, stay.left_s]
    between = (t > stay.arrived_s) & (t < stay.left_s)
    assert set(found.fate[between]) <= {Fate.STANDING, Fate.JUMP}
    assert found.counts()[Fate.JUMP] <= 3
    assert (found.part == 0).all()


def test_a_slow_walk_is_no_cloud() -> None:
    x, y, t = eastward(1800, speed=0.5)
    assert clean(x, y, t).stays == ()


def test_nothing_given_is_nothing_kept() -> None:
    found = clean(np.zeros(0), np.zeros(0), np.zeros(0))
    assert len(found.x) == len(found.part) == 0
    one = clean(np.zeros(1), np.zeros(1), np.zeros(1))
    assert one.part.tolist() == [0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_comes_is_kept_or_has_a_reason(data: st.DataObject) -> None:
    number = st.floats(-2000, 2000) | st.sampled_from([np.nan, 0.0])
    rows = data.draw(st.lists(st.tuples(number, number, number), max_size=40))
    x, y, t = np.array(rows, dtype=float).reshape(-1, 3).T
    found = clean(x, y, t)
    assert sum(found.counts().values()) == len(rows)
    assert np.flatnonzero(found.fate == Fate.KEPT).tolist() == sorted(found.index)
    assert (np.diff(found.time_s) > 0).all()
    assert (np.diff(found.part) >= 0).all()
    # Within a part no step is impossible, but for the moves to the middle of a cloud.
    if not found.stays:
        inside = np.diff(found.part) == 0
        way = np.hypot(np.diff(found.x), np.diff(found.y))[inside]
        assert (way <= 5 * np.diff(found.time_s)[inside] + 25 + 1e-6).all()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_order_of_arrival_changes_nothing(order: int) -> None:
    x, y, t = eastward(300)
    y[100] = 300.0
    shuffled = np.random.default_rng(order).permutation(300)
    found, again = clean(x, y, t), clean(x[shuffled], y[shuffled], t[shuffled])
    assert (again.x == found.x).all()
    assert (shuffled[again.index] == found.index).all()
