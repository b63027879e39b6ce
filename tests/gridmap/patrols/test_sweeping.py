"""Sweeps of whole streets, judged by a checker that knows nothing of the search."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.patrols.network import Mode
from gridmap.patrols.sweeping.checking import Fault, check_sweep
from gridmap.patrols.sweeping.problem import make_problem, route_length
from gridmap.patrols.sweeping.search import search, search_in_chains
from gridmap.patrols.sweeping.streets import Reason, Route, Sweep, Team, plan_sweep
from tests.gridmap.patrols.arc_instances import read_instance
from tests.gridmap.patrols.towns import crossed, network_of

SAMPLES = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[4] / "shared" / "data"))

#: Two squares of 100 m side by side, their common side in the middle: 7 streets.
SQUARES = network_of(
    [
        [(0, 0), (100, 0)], [(100, 0), (200, 0)], [(0, 100), (100, 100)],
        [(100, 100), (200, 100)], [(0, 0), (0, 100)], [(100, 0), (100, 100)],
        [(200, 0), (200, 100)],
    ]
)  # fmt: skip
ALL_SEVEN = np.arange(7)


def node(network: object, x: float, y: float) -> int:
    return int(np.argmin(np.hypot(network.x - x, network.y - y)))  # type: ignore[attr-defined]


def test_one_team_sweeps_two_squares_with_one_street_twice() -> None:
    # Both ends of the middle street have three streets: from one to the other there is an Euler
    # path of 700 m, and back it is 100 m.
    home = node(SQUARES, 100, 0)
    team = Team(home, home, 3600.0)
    found = plan_sweep(SQUARES, ALL_SEVEN, (team,), iterations=2000)
    assert check_sweep(SQUARES, ALL_SEVEN, (team,), found) == []
    assert found.unswept == {}
    assert found.routes[0].left_s[-1] == pytest.approx(800 / 1.25)
    there = Team(home, node(SQUARES, 100, 100), 3600.0)
    straight = plan_sweep(SQUARES, ALL_SEVEN, (there,), iterations=2000)
    assert check_sweep(SQUARES, ALL_SEVEN, (there,), straight) == []
    assert straight.routes[0].left_s[-1] == pytest.approx(700 / 1.25)


def test_two_teams_share_when_one_has_not_the_time() -> None:
    home = node(SQUARES, 100, 0)
    # A square is 400 m; the second does without its common side but must pass it or turn.
    teams = (Team(home, home, 400 / 1.25), Team(home, home, 400 / 1.25))
    found = plan_sweep(SQUARES, ALL_SEVEN, teams, iterations=2000)
    assert check_sweep(SQUARES, ALL_SEVEN, teams, found) == []
    assert found.unswept == {}
    assert sorted(route.left_s[-1] for route in found.routes) == pytest.approx([320, 320])


def test_sweeping_may_be_slower_than_passing() -> None:
    home = node(SQUARES, 0, 0)
    team = Team(home, home, 3600.0)
    found = plan_sweep(SQUARES, np.array([6]), (team,), sweep_speed=0.5, iterations=100)
    assert check_sweep(SQUARES, np.array([6]), (team,), found, sweep_speed=0.5) == []
    # 200 m there, 100 m at 0.5 m/s, and 300 m back.
    assert found.routes[0].left_s[-1] == pytest.approx(500 / 1.25 + 100 / 0.5)


def test_what_cannot_be_swept_is_told_with_a_reason() -> None:
    network = network_of(
        [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(100, 0), (100, 900)], [(500, 0), (600, 0)],
         [(100, 0), (100, -50)]],
        forward=[7, 7, 7, 7, 1], backward=[7, 7, 7, 7, 1],
    )  # fmt: skip
    home = node(network, 0, 0)
    # Both short streets are 400 m there and back; the team has time for 300 m.
    team = Team(home, home, 300 / 3.5)
    required = np.arange(5)
    found = plan_sweep(network, required, (team,), Mode.BICYCLE, iterations=100)
    assert check_sweep(network, required, (team,), found, Mode.BICYCLE) == []
    assert found.unswept == {
        1: Reason.TOO_FAR, 2: Reason.TOO_FAR, 3: Reason.UNREACHABLE, 4: Reason.CLOSED,
    }  # fmt: skip
    assert found.routes[0].segment.tolist() == [0, 0]
    star = network_of([[(0, 0), (100, 0)], [(0, 0), (0, 100)]])
    team = Team(node(star, 0, 0), node(star, 0, 0), 300 / 1.25)
    found = plan_sweep(star, np.arange(2), (team,), iterations=100)
    assert list(found.unswept.values()) == [Reason.NO_TIME]


def test_a_one_way_street_is_swept_its_way() -> None:
    network = network_of(
        [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 0)]], backward=[1, 1, 1]
    )
    home = node(network, 0, 0)
    team = Team(home, home, 3600.0)
    found = plan_sweep(network, np.arange(3), (team,), Mode.CAR, iterations=200)
    assert check_sweep(network, np.arange(3), (team,), found, Mode.CAR) == []
    assert found.routes[0].segment.tolist() == [0, 1, 2]


def test_nothing_to_sweep_keeps_all_in() -> None:
    teams = (Team(0, 0, 100.0), Team(1, 1, 100.0))
    found = plan_sweep(SQUARES, np.zeros(0, dtype=np.int64), teams, iterations=10)
    assert [len(route.segment) for route in found.routes] == [0, 0]
    assert check_sweep(SQUARES, np.zeros(0, dtype=np.int64), teams, found) == []


@pytest.mark.parametrize("fault", list(Fault))
def test_the_checker_finds_each_fault(fault: Fault) -> None:
    home = node(SQUARES, 0, 0)
    team, required = Team(home, home, 400 / 1.25), np.array([0, 2, 4, 5])
    left = 80.0 * np.arange(1, 5)
    good = Route(np.array([0, 5, 2, 4]), np.array([1, 1, 0, 0], bool), np.ones(4, bool), left)
    changed = {
        Fault.BROKEN: {"forward": np.array([1, 0, 0, 0], bool)},
        Fault.AWAY: {"forward": np.array([1, 1, 0, 1], bool)},
        Fault.WRONG_TIME: {"left_s": left + 1},
        Fault.NOT_SWEPT: {"sweeps": np.array([1, 1, 0, 1], bool)},
        Fault.NOT_REQUIRED: {"segment": np.array([0, 5, 3, 4])},
    }
    route = dataclasses.replace(good, **changed.get(fault, {}))
    unswept = {5: Reason.NO_TIME} if fault == Fault.SWEPT_AGAIN else {}
    if fault == Fault.TOO_LONG:
        team = Team(home, home, 399 / 1.25)
    mode = Mode.CAR if fault == Fault.WRONG_WAY else Mode.FOOT
    network = SQUARES
    if fault == Fault.WRONG_WAY:
        network = dataclasses.replace(SQUARES, backward=np.ones(7, dtype=np.uint8))
        left *= 1.25 / 7.0
    found = check_sweep(network, required, (team,), Sweep((route,), unswept), mode)
    assert fault in {finding.fault for finding in found}
    plain = check_sweep(SQUARES, required, (Team(home, home, 320.0),), Sweep((good,), {}))
    assert plain == [] or fault == Fault.WRONG_WAY


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_on_random_towns_every_sweep_is_right(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10_000))
    network = crossed(data.draw(st.integers(2, 5)), jitter_m=25.0, seed=seed)
    rng = np.random.default_rng(seed)
    mode = data.draw(st.sampled_from([Mode.FOOT, Mode.CAR]))
    oneway = rng.random(len(network)) < data.draw(st.sampled_from([0.0, 0.2]))
    network = dataclasses.replace(network, backward=np.where(oneway, 1, 7).astype(np.uint8))
    required = rng.permutation(len(network))[: data.draw(st.integers(1, len(network)))]
    nodes = st.integers(0, len(network.x) - 1)
    teams = tuple(
        Team(data.draw(nodes), data.draw(nodes), data.draw(st.sampled_from([200.0, 900.0, 1e5])))
        for _ in range(data.draw(st.integers(1, 3)))
    )
    found = plan_sweep(network, required, teams, mode, iterations=300, seed=seed, chains=1)
    assert check_sweep(network, required, teams, found, mode) == []
    if mode == Mode.FOOT and any(team.longest_s == 1e5 for team in teams):
        assert found.unswept == {}


def test_the_seed_decides_and_the_cores_do_not() -> None:
    network = crossed(5, jitter_m=20.0, seed=4)
    required = np.arange(0, len(network), 2)
    teams = (Team(0, 0, 1e5), Team(24, 24, 1e5))
    one, again, other = (
        plan_sweep(network, required, teams, iterations=500, seed=seed) for seed in (1, 1, 2)
    )
    for route, same in zip(one.routes, again.routes, strict=True):
        assert route.segment.tolist() == same.segment.tolist()
    assert [r.segment.tolist() for r in one.routes] != [r.segment.tolist() for r in other.routes]


def test_a_search_ends_when_told() -> None:
    told: list[float] = []

    def going_on(share: float, cost: float) -> bool:
        told.append(cost)
        return share < 0.05

    problem = make_problem(
        np.ones(3), np.ones(3), np.ones((7, 7)), np.array([6]), np.array([6]), np.array([9.0]),
        np.array([np.inf]),
    )  # fmt: skip
    found = search(problem, 1000, going_on=going_on)
    assert len(told) == 5
    assert found.length == route_length(problem, 0, found.routes[0]) == told[-1] == 7


def test_shapes_that_do_not_fit_are_refused() -> None:
    one = np.ones(1)
    with pytest.raises(ValueError, match="distances"):
        make_problem(one, one, np.ones((2, 2)), np.array([2]), np.array([2]), one, one)
    with pytest.raises(ValueError, match="teams"):
        make_problem(one, one, np.ones((3, 3)), np.array([2]), np.array([2, 2]), one, one)


@pytest.mark.parametrize("name", ["gdb1", "gdb4", "gdb14", "gdb19"])
def test_published_optima_are_reached(name: str) -> None:
    folder = SAMPLES / "patrol_oracles" / "carp"
    if not folder.is_dir():
        pytest.skip(f"no published results in {SAMPLES}; set GRIDMAP_SAMPLE_DATA")
    instance = read_instance(folder / f"{name}.dat")
    found = search_in_chains(instance.problem, 20_000, seed=1)
    assert instance.faults(found) == []
    assert found.length == instance.upper
