"""The scans equal a plain search of all windows, and cry wolf as seldom as they say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.hotspots import parallel
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.scan.bernoulli import bernoulli_scan
from gridmap.hotspots.scan.chance import gumbel_p
from gridmap.hotspots.scan.expectation import standardised
from gridmap.hotspots.scan.models import permutation_scan, poisson_scan
from gridmap.hotspots.scan.settings import Chance, Method, Windows

FEW = Chance(19, method=Method.RANK)


def circles(x: Any, y: Any, weights: Any, windows: Windows) -> Iterator[frozenset[int]]:
    """Yield every circle round every location that the cap allows."""
    for centre in range(len(x)):
        away = np.round(np.hypot(x - x[centre], y - y[centre]), 6)
        for radius in np.unique(away):
            inside = np.flatnonzero(away <= radius)
            if windows.max_radius is not None and radius > windows.max_radius:
                break
            if weights[inside].sum() > windows.max_share * weights.sum() + 1e-9:
                break
            yield frozenset(inside.tolist())


def spans(periods: int, windows: Windows) -> Iterator[tuple[int, int]]:
    """Yield every first and last period of a window."""
    for first, last in itertools.combinations_with_replacement(range(periods), 2):
        if windows.min_periods <= last - first + 1 <= windows.max_periods and (
            last == periods - 1 or not windows.prospective
        ):
            yield first, last


def poisson_ratio(c: float, e: float, total: float) -> float:
    if c <= e:
        return 0.0
    rest = (total - c) * math.log((total - c) / (total - e)) if c < total else 0.0
    return c * math.log(c / e) + rest


def bernoulli_ratio(c: float, n: float, total: float, everybody: float) -> float:
    if c / n <= total / everybody:
        return 0.0

    def log_likelihood(cases: float, size: float) -> float:
        return sum(part * math.log(part / size) for part in (cases, size - cases) if part)

    return (
        log_likelihood(c, n)
        + log_likelihood(total - c, everybody - n)
        - log_likelihood(total, everybody)
    )


def greatest(
    x: Any, y: Any, counts: Any, expected: Any, weights: Any, windows: Windows, ratio: Any
) -> float:
    """Return the greatest ratio of a search through all windows one by one."""
    best = 0.0
    for inside in circles(x, y, weights, windows):
        rows = sorted(inside)
        for first, last in spans(counts.shape[1], windows):
            c = counts[rows, first : last + 1].sum()
            e = expected[rows, first : last + 1].sum()
            if c >= windows.min_cases:
                best = max(best, ratio(c, e))
    return best


def town(seed: int) -> tuple[np.random.Generator, Any, Any]:
    """Make a small town; every other one on a grid, where distances are equal."""
    rng = np.random.default_rng(seed)
    if seed % 2:
        x, y = (each.ravel().astype(float) for each in np.meshgrid(np.arange(4), np.arange(3)))
        return rng, 100 * x, 100 * y
    return rng, rng.uniform(0, 900, 12), rng.uniform(0, 900, 12)


WINDOWS = [
    Windows(max_periods=4),
    Windows(max_periods=9, max_share=0.8, min_cases=1),
    Windows(max_periods=5, min_periods=2, max_radius=300, min_cases=3),
    Windows(max_periods=4, prospective=True),
]


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("seed", range(6))
def test_permutation_scan_equals_the_plain_search(seed: int, windows: Windows) -> None:
    rng, x, y = town(seed)
    place, period = rng.integers(0, 12, 70), rng.integers(0, 9, 70)
    period[:8], place[:8] = rng.integers(5, 8, 8), 3
    counts, expected = np.zeros((2, 12, 9))
    kinds = rng.integers(0, 2, 70)
    np.add.at(counts, (place, period), 1)
    for kind in (0, 1):
        here, now = place[kinds == kind], period[kinds == kind]
        expected += np.outer(np.bincount(here, minlength=12), np.bincount(now, minlength=9)) / len(
            here
        )
    scan = permutation_scan(
        x, y, place, period, periods=9, stratum=kinds, windows=windows, chance=FEW
    )
    best = greatest(
        x, y, counts, expected, counts.sum(axis=1), windows, lambda c, e: poisson_ratio(c, e, 70)
    )
    top = scan.clusters.iloc[0]
    assert top["llr"] == pytest.approx(best, rel=1e-12)
    within = np.ix_(top["locations"], range(top["first"], top["last"] + 1))
    assert top["cases"] == counts[within].sum()
    assert top["expected"] == pytest.approx(expected[within].sum())
    assert top["relative_risk"] == pytest.approx(top["cases"] / top["expected"])


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("seed", range(4))
def test_poisson_scan_equals_the_plain_search(seed: int, windows: Windows) -> None:
    rng, x, y = town(seed)
    people, shares = rng.integers(5, 50, 12).astype(float), rng.uniform(0.5, 2, 9)
    counts = rng.poisson(np.outer(people, shares) / 30)
    expected = np.outer(people, shares)
    expected *= counts.sum() / expected.sum()
    scan = poisson_scan(x, y, counts, people, shares=shares, windows=windows, chance=FEW)
    total = counts.sum()
    best = greatest(
        x, y, counts, expected, people, windows, lambda c, e: poisson_ratio(c, e, total)
    )
    assert scan.clusters["llr"].iloc[0] == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("seed", range(4))
def test_bernoulli_scan_equals_the_plain_search(seed: int, windows: Windows) -> None:
    rng, x, y = town(seed)
    sizes = rng.integers(0, 4, (12, 9))
    counts = rng.binomial(sizes, 0.3)
    scan = bernoulli_scan(x, y, counts, sizes - counts, windows=windows, chance=FEW)
    total, everybody = counts.sum(), sizes.sum()
    best = greatest(
        x, y, counts, sizes, sizes.sum(axis=1), windows,
        lambda c, n: bernoulli_ratio(c, n, total, everybody),
    )  # fmt: skip
    assert scan.clusters["llr"].iloc[0] == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
def test_scans_in_space_equal_the_plain_search(model: str) -> None:
    windows = Windows(max_share=0.4)
    for seed in range(6):
        rng, x, y = town(seed)
        people = rng.integers(5, 50, 12)
        counts = rng.binomial(people, 0.2)
        total, everybody = counts.sum(), people.sum()
        if model == "poisson":
            scan = poisson_scan(x, y, counts, people, windows=windows, chance=FEW)
            best = greatest(
                x, y, counts[:, None], people[:, None] * total / everybody, people, windows,
                lambda c, e, total=total: poisson_ratio(c, e, total),
            )  # fmt: skip
        else:
            scan = bernoulli_scan(x, y, counts, people - counts, windows=windows, chance=FEW)
            best = greatest(
                x, y, counts[:, None], people[:, None], people, windows,
                lambda c, n, total=total, all_=everybody: bernoulli_ratio(c, n, total, all_),
            )  # fmt: skip
        assert scan.clusters["llr"].iloc[0] == pytest.approx(best, rel=1e-12)


def planted(seed: int = 5) -> dict[str, Any]:
    """A hundred places of 1,500 cases in 60 days, and 40 more near (500, 500) on six days."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 1000, 100), rng.uniform(0, 1000, 100)
    near = np.flatnonzero(np.hypot(x - 500, y - 500) < 120)
    place = np.append(rng.integers(0, 100, 1500), rng.choice(near, 40))
    period = np.append(rng.integers(0, 60, 1500), rng.integers(30, 36, 40))
    return {"x": x, "y": y, "place": place, "period": period, "periods": 60}


def test_a_planted_cluster_is_found_where_and_when_it_is() -> None:
    data = planted()
    top = permutation_scan(**data, chance=Chance(99, method=Method.RANK)).clusters.iloc[0]
    assert np.hypot(top["x"] - 500, top["y"] - 500) < 200
    assert (top["first"], top["last"]) == pytest.approx((30, 35), abs=1)
    assert top["p"] == 0.01


def test_clusters_do_not_overlap_and_come_likeliest_first() -> None:
    found = permutation_scan(**planted(), chance=Chance(99, method=Method.RANK)).clusters
    assert len(found) > 1
    together = np.concatenate(found["locations"].to_list())
    assert together.size == np.unique(together).size
    assert found["llr"].is_monotonic_decreasing
    assert found["p"].is_monotonic_increasing


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(parallel, "cores", lambda threads=threads: threads)
        found.append(permutation_scan(**planted(), chance=Chance(60, seed=8, enough=20)))
    assert found[0].maxima.tolist() == found[1].maxima.tolist()
    first, second = (
        scan.clusters.assign(locations=scan.clusters["locations"].map(tuple)) for scan in found
    )
    pd.testing.assert_frame_equal(first, second)


def test_without_a_cluster_the_alarm_is_false_as_often_as_said() -> None:
    """At 5 % about one map in twenty; the standard error of 200 maps is 1.5 %."""
    maps = 200
    rng = np.random.default_rng(maps)
    x, y = (each.ravel().astype(float) for each in np.meshgrid(np.arange(6), np.arange(6)))
    people = rng.integers(50, 500, 36)
    alarms = 0
    for number in range(maps):
        counts = rng.multinomial(150, people / people.sum())
        scan = poisson_scan(x, y, counts, people, chance=Chance(199, seed=number, enough=10))
        alarms += scan.clusters["p"].iloc[0] <= 0.05
    assert 0.03 <= alarms / maps <= 0.07


def test_in_space_and_time_too_the_alarm_is_false_as_often_as_said() -> None:
    rng = np.random.default_rng(20)
    x, y = (each.ravel().astype(float) for each in np.meshgrid(np.arange(5), np.arange(5)))
    alarms = 0
    for number in range(200):
        place, period = rng.integers(0, 25, 120), rng.integers(0, 30, 120)
        scan = permutation_scan(
            x, y, place, period, periods=30, windows=Windows(max_periods=7),
            chance=Chance(199, seed=number, enough=10),
        )  # fmt: skip
        alarms += scan.clusters["p"].iloc[0] <= 0.05
    assert 0.03 <= alarms / 200 <= 0.07


def test_adjusted_for_covariates_a_place_of_many_flats_is_no_cluster() -> None:
    """Flats have 1 case in 10, houses 1 in 100; place 0 has flats."""
    people = np.array([[100, 0], [0, 100], [0, 100], [100, 100]])
    cases = np.array([[10, 0], [0, 1], [0, 1], [10, 1]])
    expected = standardised(cases, people)
    assert expected == pytest.approx([10, 1, 1, 11])
    assert standardised(cases.sum(axis=0), people) == pytest.approx(expected)
    x, counts = np.array([0.0, 50, 100, 900]), cases.sum(axis=1)
    raw = poisson_scan(x, 0 * x, counts, people.sum(axis=1), chance=FEW).clusters
    adjusted = poisson_scan(
        x, 0 * x, counts, expected, population=people.sum(axis=1), chance=FEW
    ).clusters
    assert (raw["locations"][0].tolist(), raw["llr"][0] > 3) == ([0], True)
    assert adjusted.empty or adjusted["llr"][0] == pytest.approx(0)


def test_gumbel_agrees_with_the_distribution_it_fits() -> None:
    maxima = np.random.default_rng(1).gumbel(6, 1.2, 200_000)
    assert gumbel_p(6, maxima) == pytest.approx(-math.expm1(-1), abs=0.01)
    assert gumbel_p(12, maxima) == pytest.approx(-math.expm1(-math.exp(-5)), rel=0.05)


@given(seed=st.integers(0, 10_000), turn=st.floats(0, 6.28), shift=st.floats(-1e5, 1e5))
@settings(max_examples=25)
def test_turned_and_shifted_the_clusters_are_the_same(seed: int, turn: float, shift: float) -> None:
    rng, x, y = town(2 * seed)
    place, period = rng.integers(0, 12, 60), rng.integers(0, 9, 60)
    given_ = {"place": place, "period": period, "periods": 9, "chance": FEW}
    first = permutation_scan(x, y, **given_)
    moved_x = math.cos(turn) * x - math.sin(turn) * y + shift
    moved_y = math.sin(turn) * x + math.cos(turn) * y - shift
    second = permutation_scan(moved_x, moved_y, **given_)
    assert second.clusters["llr"].tolist() == pytest.approx(first.clusters["llr"].tolist())
    assert second.maxima.tolist() == pytest.approx(first.maxima.tolist())


def test_the_share_done_rises_and_a_refusal_to_go_on_passes_through() -> None:
    shares: list[float] = []
    permutation_scan(**planted(), chance=FEW, tick=shares.append)
    assert shares == sorted(shares)
    assert (shares[0] >= 0, shares[-1]) == (True, 1)

    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        permutation_scan(**planted(), chance=FEW, tick=stop)


def test_what_cannot_be_scanned_is_refused_with_its_reason() -> None:
    x, one = np.arange(4.0), np.zeros(4)
    for reason, call in {
        Reason.TOO_FEW: lambda: poisson_scan(x, x, [1, 0, 0, 0], [9, 9, 9, 9]),
        Reason.ONE_PLACE: lambda: poisson_scan(one, one, [5, 1, 1, 1], [9, 9, 9, 9]),
        Reason.NO_POPULATION: lambda: poisson_scan(x, x, [5, 1, 1, 1], [0, 9, 9, 9]),
        Reason.ONE_DAY: lambda: permutation_scan(x, x, [0, 1, 2], [1, 1, 1], periods=5),
    }.items():
        with pytest.raises(Unsuitable) as refused:
            call()
        assert refused.value.reason is reason
    with pytest.raises(Unsuitable) as refused:
        bernoulli_scan(x, x, [5, 1, 1, 1], [0, 0, 0, 0])
    assert refused.value.reason is Reason.NO_POPULATION
