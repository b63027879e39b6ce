"""Tracks on hand-drawn streets, walks whose truth is known, and the streets of Yuma."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.files.osm import read_osm
from gridmap.patrols.matching.cleaning import Cleaned, Cleaning, clean
from gridmap.patrols.matching.hidden_markov import Match, Matching, match
from gridmap.patrols.matching.simulation import observe, wander
from gridmap.patrols.matching.walks import Walk, is_connected, without_turns
from gridmap.patrols.network import Mode, Network
from tests.gridmap.patrols.towns import crossed, metres_walked, network_of, streets_of

SAMPLES = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[4] / "shared" / "data"))

#: A cross: west, east, south and north arms of 100 m that meet at 0, 0.
CROSS = network_of(
    [[(-100, 0), (0, 0)], [(0, 0), (100, 0)], [(0, -100), (0, 0)], [(0, 0), (0, 100)]]
)
WEST, EAST, SOUTH, NORTH = range(4)


def track(*places: tuple[float, float], every_s: float = 8.0) -> Cleaned:
    """Return a track through some places, evenly in time."""
    x, y = np.array(places, dtype=float).T
    return clean(x, y, every_s * np.arange(len(x)))


def pieces(found: Match) -> list[tuple[int, int, int]]:
    """Return segment, from and to of each piece, in whole metres."""
    walk = found.walk
    rows = zip(walk.segment, walk.from_m.round(), walk.to_m.round(), strict=True)
    return [(int(s), int(a), int(b)) for s, a, b in rows]


def assert_connected(network: Network, walk: Walk) -> None:
    assert is_connected(walk, network.start, network.end, network.length_m)
    assert (walk.left_s >= walk.entered_s).all()
    same = np.diff(walk.chain) == 0
    assert np.allclose(walk.entered_s[1:][same], walk.left_s[:-1][same])


def test_round_a_corner() -> None:
    # From 50 m west of the crossing, 3 m off the street, to 50 m north of it.
    found = match(CROSS, track((-50, 3), (-30, 3), (-10, 3), (4, 20), (4, 40), (4, 50)))
    assert pieces(found) == [(WEST, 50, 100), (NORTH, 0, 50)]
    assert found.segment.tolist() == [WEST, WEST, WEST, NORTH, NORTH, NORTH]
    assert found.along_m.tolist() == [50, 70, 90, 20, 40, 50]
    assert found.distance_m.tolist() == [3, 3, 3, 4, 4, 4]
    # From 16 s at 90 m to 24 s at 20 m round the corner: the crossing is a third of the way.
    assert found.walk.left_s[0] == pytest.approx(16 + 8 / 3)
    assert found.walk.entered_s.tolist() == pytest.approx([0, 16 + 8 / 3])
    assert found.walk.left_s[1] == 40


def test_a_position_nearer_to_the_side_street_does_not_turn_into_it() -> None:
    # The third stands 6 m from the way and 1 m from the northern arm.
    found = match(CROSS, track((-40, 0), (-20, 0), (1, 6), (20, 0), (40, 0)))
    assert pieces(found) == [(WEST, 60, 100), (EAST, 0, 40)]


def test_a_way_out_and_back_is_kept_when_it_is_more_than_error() -> None:
    out = [(0, y) for y in (20, 40, 60)]
    found = match(CROSS, track((-40, 0), (-20, 0), *out, *out[::-1], (20, 0), (40, 0)))
    assert pieces(found) == [(WEST, 60, 100), (NORTH, 0, 60), (NORTH, 60, 0), (EAST, 0, 40)]


def test_far_from_every_street_is_on_none() -> None:
    found = match(
        CROSS, track((-50, 0), (-30, 0), (-70, 60), (-90, 90), (-95, 60), (-90, 0), every_s=20)
    )
    assert found.matched.tolist() == [True, True, False, False, False, True]
    assert np.isnan(found.along_m[2:5]).all()
    assert pieces(found) == [(WEST, 50, 70)]


def test_streets_that_do_not_meet_break_the_walk() -> None:
    apart = network_of([[(0, 0), (100, 0)], [(105, 0), (200, 0)]])
    found = match(apart, track(*[(x, 0) for x in range(10, 200, 20)]))
    assert found.matched.all()
    assert pieces(found) == [(0, 10, 90), (1, 5, 85)]
    assert found.walk.chain.tolist() == [0, 1]


def test_a_long_way_round_was_not_walked() -> None:
    # Two parallel streets 30 m apart that only meet 500 m away.
    long = network_of([[(0, 0), (500, 0), (500, 30), (0, 30)]])
    steps = [(x, 0) for x in range(0, 100, 20)] + [(x, 30) for x in range(100, 0, -20)]
    found = match(long, track(*steps))
    assert pieces(found) == [(0, 0, 80), (0, 930, 1010)]
    assert found.walk.chain.tolist() == [0, 1]


def test_one_ways_hold_for_cars_and_not_on_foot() -> None:
    # Two lanes 12 m apart, joined at both ends; positions run west along the eastbound lane.
    lanes = network_of(
        [[(0, 0), (300, 0)], [(300, 12), (0, 12)], [(0, 0), (0, 12)], [(300, 0), (300, 12)]],
        forward=[7, 7, 7, 7],
        backward=[1, 1, 7, 7],
    )
    westward = track(*[(x, 5) for x in range(280, 0, -20)])
    assert set(match(lanes, westward, Mode.FOOT).segment.tolist()) == {0}
    assert set(match(lanes, westward, Mode.CAR).segment.tolist()) == {1}


def test_a_street_closed_to_the_mode_is_not_taken() -> None:
    path = network_of([[(0, 0), (200, 0)], [(0, 20), (200, 20)]], forward=[1, 7], backward=[1, 7])
    along = track(*[(x, 2) for x in range(0, 200, 20)])
    assert set(match(path, along, Mode.FOOT).segment.tolist()) == {0}
    assert set(match(path, along, Mode.BICYCLE).segment.tolist()) == {1}


def test_gaps_are_not_filled_in() -> None:
    there = [(-80, 0, 0), (-60, 0, 16), (60, 0, 300), (80, 0, 316)]
    x, y, t = np.array(there, dtype=float).T
    found = match(CROSS, clean(x, y, t))
    assert pieces(found) == [(WEST, 20, 40), (EAST, 60, 80)]
    assert found.walk.chain.tolist() == [0, 1]


def test_accuracy_lets_a_poor_position_say_less() -> None:
    streets = network_of([[(0, 0), (300, 0)], [(0, 25), (300, 25)], [(300, 0), (300, 25)]])
    x, y = np.arange(0, 300, 30.0), np.zeros(10)
    y[5] = 24.0
    accuracy = np.full(10, 5.0)
    accuracy[5] = 45.0
    found = match(streets, clean(x, y, 20 * np.arange(10.0), accuracy))
    assert set(found.segment.tolist()) == {0}


def test_nothing_and_one_position_have_no_walk() -> None:
    for n, segment in ((0, []), (1, [WEST])):
        found = match(CROSS, clean(np.full(n, -50.0), np.zeros(n), np.arange(float(n))))
        assert len(found.walk) == 0
        assert found.segment.tolist() == segment


def test_no_streets_match_nothing() -> None:
    empty = network_of([])
    found = match(empty, track((0, 0), (20, 0), (40, 0)))
    assert not found.matched.any()
    assert len(found.walk) == 0


def test_many_small_turns_do_not_add_up() -> None:
    # Back from 100 to 0 with a step forth after each step back: the turn stays at 100.
    segment = np.zeros(11, dtype=np.int64)
    places = np.array([0, 100, 80, 85, 60, 65, 40, 45, 20, 25, 0, 5], dtype=float)
    time = np.arange(12.0)
    walk = Walk(segment, places[:-1], places[1:], time[:-1], time[1:], segment)
    found = without_turns(walk, 10.0)
    assert found.from_m.tolist() == [0, 100]
    assert found.to_m.tolist() == [100, 5]
    assert (found.entered_s[0], found.left_s[-1]) == (0, 11)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), side=st.integers(3, 7), mode=st.sampled_from(list(Mode)))
def test_a_walk_without_noise_is_found_again(seed: int, side: int, mode: Mode) -> None:
    network = crossed(side, jitter_m=25.0, seed=seed)
    truth = wander(network, 1500.0, seed, mode)
    x, y, t = observe(network, truth, 1 / 8, 0.0, seed)
    exact = Matching(sigma_m=1.0, turn_m=5.0)
    found = match(network, clean(x, y, t, cleaning=Cleaning(mode=mode)), mode, exact)
    assert_connected(network, found.walk)
    assert (found.distance_m < 1e-6).all()
    assert found.walk.segment.tolist() == truth.segment.tolist()
    assert found.walk.from_m == pytest.approx(truth.from_m, abs=1e-6)
    assert found.walk.to_m == pytest.approx(truth.to_m, abs=1.0)
    assert found.walk.left_s == pytest.approx(truth.left_s, abs=1.0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), sigma=st.floats(0, 25), every=st.sampled_from([1.0, 5.0, 30.0]))
def test_whatever_the_noise_the_walk_is_connected(seed: int, sigma: float, every: float) -> None:
    network = crossed(5, jitter_m=25.0, seed=seed)
    truth = wander(network, 1500.0, seed)
    track = clean(*observe(network, truth, every, sigma, seed))
    found = match(network, track)
    assert_connected(network, found.walk)
    assert len(found.segment) == len(track.x)
    on = found.matched
    assert (found.along_m[on] >= 0).all()
    assert (found.along_m[on] <= network.length_m[found.segment[on]] + 1e-6).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_on_real_streets_a_noisy_walk_is_found(seed: int) -> None:
    file = SAMPLES / "yuma" / "yuma.osm.pbf"
    if not file.exists():
        pytest.skip(f"no streets of Yuma in {SAMPLES}; set GRIDMAP_SAMPLE_DATA")
    network = _yuma(file)
    origin = int(network.start[np.argmax(network.length_m * (network.forward == 7))])
    truth = wander(network, 8000.0, seed, origin=origin)
    found = match(network, clean(*observe(network, truth, 1.0, 5.0, seed)))
    assert_connected(network, found.walk)
    walked = metres_walked(truth.segment, truth.from_m, truth.to_m)
    seen = metres_walked(found.walk.segment, found.walk.from_m, found.walk.to_m)
    assert len(walked & seen) / len(walked) >= 0.95
    assert len(seen - walked) / len(walked) <= 0.05


_networks: dict[Path, Network] = {}


def _yuma(file: Path) -> Network:
    if file not in _networks:
        _networks[file] = streets_of(read_osm(file)["roads"])
    return _networks[file]
