"""The methods with settings by hand: Gi*, local Moran, relative risk, holidays and spans."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from gridmap.hotspots.analyses import (
    density,
    forecast,
    getis_ord,
    moran,
    near_repeat,
    places,
    relative_risk,
    rhythm,
)
from gridmap.hotspots.analyses.events import Events, Households
from gridmap.hotspots.analyses.parameters import GetisOrd
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.bandwidths import scott, silverman
from gridmap.hotspots.discovery import discoveries
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.local_statistics import HIGH_HIGH, local_moran, permuted_p
from gridmap.hotspots.local_statistics import getis_ord as gi_star
from gridmap.hotspots.rates import smoothed_rates
from gridmap.hotspots.risk import compare_densities
from gridmap.hotspots.weights import contiguous, nearest, with_self, within_distance
from tests.gridmap.hotspots.by_hand import AREA, DAY, context, events, heap, planted, run


@pytest.mark.parametrize("near", ["touching", "distance", "nearest"])
def test_gi_star_takes_the_neighbours_that_are_chosen(near: str) -> None:
    given = planted()
    result = run(getis_ord, given, context(), shape="square", size_m=300, near=near,
                 distance_m=450, nearest=4)  # fmt: skip
    grid = make_grid(AREA.shape, "square", 300)
    x, y = grid.centres()
    weights = {
        "touching": contiguous(grid.shapes),
        "distance": within_distance(x, y, 450),
        "nearest": nearest(x, y, 4),
    }[near]
    local = gi_star(grid.counts(given.x, given.y).astype(float), with_self(weights))
    hot = discoveries(local.p, 0.01) & (local.z > 0)
    drawn = ~result.found.listed
    assert (result.found.kind[drawn] == "hot99").sum() == hot.sum() > 0
    listed = result.found.shapes[result.found.listed]
    assert any(shapely.contains_xy(shape, 1000, 2000) for shape in listed)


def test_moran_names_the_four_quarters_at_a_false_discovery_rate() -> None:
    given = planted()
    result = run(moran, given, context(), shape="square", size_m=300, proof="analytic")
    grid = make_grid(AREA.shape, "square", 300)
    local = local_moran(grid.counts(given.x, given.y).astype(float), contiguous(grid.shapes))
    found = discoveries(local.p, 0.05)
    quarters = result.figures["quarters"]
    assert quarters["hh"] == (found & (local.quarter == HIGH_HIGH)).sum() > 0
    assert sum(quarters.values()) == found.sum()
    assert result.figures["hotspots"] == result.found.listed.sum()
    assert shapely.contains_xy(result.found.shapes[result.found.listed][0], 1000, 2000)


def test_one_busy_address_amid_quiet_ones_is_a_single_spot() -> None:
    x, y = (each.ravel() for each in np.meshgrid(*2 * [np.arange(150.0, 3000, 300)]))
    # One everywhere but around the middle, where one address has sixty.
    quiet = np.hypot(x - 1650, y - 1650) > 500
    given = events(np.append(np.repeat(x[quiet], 3), [1650.0] * 60),
                   np.append(np.repeat(y[quiet], 3), [1650.0] * 60))  # fmt: skip
    result = run(moran, given, context(), shape="square", size_m=300)
    single = result.found.shapes[result.found.kind == "hl"]
    assert len(single) == 2  # Once on the map, once in the list.
    assert all(shapely.contains_xy(shape, 1650, 1650) for shape in single)


@pytest.mark.parametrize("module", [getis_ord, moran])
def test_p_by_permutation_is_that_of_the_function(module: Any) -> None:
    given = planted()
    chosen = {"shape": "square", "size_m": 300, "proof": "permutation", "replications": 499}
    first, second = (run(module, given, context(), **chosen) for _ in range(2))
    drawn = ~first.found.listed
    assert first.found.p is not None
    assert second.found.p is not None
    # The same data are judged by the same permutations.
    assert first.found.p[drawn].tolist() == second.found.p[drawn].tolist()
    assert first.found.p[drawn].min() == 2 / 500
    grid = make_grid(AREA.shape, "square", 300)
    weights = contiguous(grid.shapes)
    other = permuted_p(grid.counts(given.x, given.y).astype(float), weights, replications=499)
    assert other.min() == 2 / 500


def test_rates_leave_out_where_nobody_lives_and_may_be_smoothed() -> None:
    x, y = (each.ravel() for each in np.meshgrid(*2 * [np.arange(50.0, 3000, 100)]))
    west = x < 2100
    homes = Households(x[west], y[west], np.where(y[west] < 300, 40.0, 4.0))
    given = planted()
    asked = GetisOrd(shape="square", size_m=300, values="smoothed")
    made = places.make_places(given, AREA, context(homes), asked)
    grid = make_grid(AREA.shape, "square", 300)
    lived = grid.totals(homes.x, homes.y, homes.amount)
    counts = grid.counts(given.x, given.y)
    assert len(made.shapes) == (lived > 0).sum() == 70
    assert made.left_out == counts[lived == 0].sum()
    assert made.counts.tolist() == counts[lived > 0].tolist()
    np.testing.assert_allclose(made.values, smoothed_rates(counts[lived > 0], lived[lived > 0]))
    raw = places.make_places(
        given, AREA, context(homes), asked.model_copy(update={"values": "rate"})
    )
    np.testing.assert_allclose(raw.values, counts[lived > 0] / lived[lived > 0])
    # The neighbours of what is left are those among what is left.
    assert made.near.shape == (70, 70)
    assert raw.touching.sum() == contiguous(made.shapes).sum()


def test_grid_cells_are_places_too() -> None:
    cells = [shapely.box(i, j, i + 500, j + 500)
             for j in range(0, 3000, 500) for i in range(0, 3000, 500)]  # fmt: skip
    result = run(getis_ord, planted(), context(cells=cells), shape="cell")
    assert result.figures["shapes"] == 36
    assert result.found.count[~result.found.listed].sum() == 490
    with pytest.raises(Unsuitable) as refused:
        run(getis_ord, planted(), context(cells=[]), shape="cell")
    assert refused.value.reason is Reason.NO_CELLS


def test_a_distance_that_makes_all_neighbours_of_all_is_refused() -> None:
    with pytest.raises(Unsuitable) as refused:
        run(getis_ord, planted(), context(), size_m=20, near="distance", distance_m=2000)
    assert refused.value.reason is Reason.TOO_MANY_NEIGHBOURS


def test_twice_the_share_of_the_others_is_a_ratio_of_two() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 3000, (2, 40_000))
    # Of the incidents to compare with, two thirds of the others lie in the south.
    south = rng.random(40_000) < np.where(y < 1500, 1.0, 0.5)
    found = compare_densities(
        (x, y), (x[south], y[south]), AREA.shape, 200, replications=9, pixels=256
    )
    ratio = found.ratio.values
    _, up = found.ratio.frame.axes()
    inside = found.ratio.covered > 0.99
    assert np.nanmean(ratio[(up > 2200)][inside[up > 2200]]) == pytest.approx(1.5, rel=0.03)
    assert np.nanmean(ratio[(up < 800)][inside[up < 800]]) == pytest.approx(0.75, rel=0.03)


def test_a_place_out_of_proportion_to_the_homes_is_listed_with_its_p() -> None:
    rng = np.random.default_rng(2)
    homes = Households(*rng.uniform(0, 3000, (2, 900)), rng.integers(1, 30, 900).astype(float))
    at = rng.choice(900, 500, p=homes.amount / homes.amount.sum())
    near = heap(rng, 2200, 800, 60)
    given = events(np.append(homes.x[at], near[0]), np.append(homes.y[at], near[1]))
    result = run(relative_risk, given, context(homes), bandwidth_m=200)
    assert result.figures["hotspots"] == 1
    listed = np.flatnonzero(result.found.listed)
    assert shapely.contains_xy(result.found.shapes[listed[0]], 2200, 800)
    assert result.found.p is not None
    assert result.found.p[listed[0]] <= 0.05
    assert result.found.expected is not None
    assert result.found.expected[listed[0]] < result.found.count[listed[0]] / 2
    # The classes cover the area, and none lies on another.
    drawn = result.found.shapes[~result.found.listed]
    assert shapely.area(drawn).sum() == pytest.approx(9e6, rel=0.01)
    assert shapely.area(shapely.union_all(drawn)) == pytest.approx(9e6, rel=0.01)


def test_one_in_twenty_maps_without_any_excess_names_a_place() -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(100):
        x, y = rng.uniform(0, 3000, (2, 300))
        found = compare_densities(
            (x[:100], y[:100]), (x[100:], y[100:]), AREA.shape, 300, pixels=64,
            replications=99, seed=int(rng.integers(1 << 30)),
        )  # fmt: skip
        covered = found.score.covered > 0
        alarms += found.p(float(np.nanmax(found.score.values[covered]))) <= 0.05
    # From 1 to 11 of 100 are within two and a half standard errors of five.
    assert 1 <= alarms <= 11


def test_nothing_can_be_compared_with_nothing() -> None:
    nothing = events(np.empty(0), np.empty(0))
    with pytest.raises(Unsuitable) as refused:
        run(relative_risk, planted(), context(others=nothing), reference="categories")
    assert refused.value.reason is Reason.NO_OTHERS


def test_holidays_and_spans_of_hours_are_told() -> None:
    first, last = date(2025, 1, 1), date(2025, 12, 31)
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    golden = (days >= np.datetime64("2025-10-01")) & (days <= np.datetime64("2025-10-08"))
    # Two at ten on each day, six on each of the eight days in October.
    at = np.repeat(days, np.where(golden, 6, 2)).astype("datetime64[s]") + np.timedelta64(10, "h")
    place = np.linspace(0, 3000, len(at))
    given = Events(place, place[::-1], at, first, last, at + np.timedelta64(2, "h"))
    found = run(rhythm, given, context()).figures
    effects = {each["name"]: each for each in found["holidays"]}
    october = effects["National Day"]
    assert (october["days"], october["observed"]) == (7, 42)
    assert october["ratio"] == pytest.approx(3)
    assert october["p"] < 0.001
    assert [each["name"] for each in found["holidays"] if each["found"]] == [
        "All public holidays", "National Day",
    ]  # fmt: skip
    assert found["holidays"][0]["name"] == "All public holidays"
    # Half of each is at ten and half at eleven.
    assert found["spread"] == len(at)
    assert np.array(found["week"]).sum(axis=0)[[9, 10, 11, 12]].tolist() == [
        0, len(at) / 2, len(at) / 2, 0,
    ]  # fmt: skip
    known = run(rhythm, given, context(), spans="start").figures
    assert known["spread"] == 0
    assert "week" not in known


def test_a_forecast_tells_all_its_measures_beside_the_simple_rules() -> None:
    rng = np.random.default_rng(4)
    size = 3000
    x, y = rng.uniform(0, 3000, (2, size))
    x[: size // 3], y[: size // 3] = heap(rng, 800, 800, size // 3)
    time = np.datetime64("2026-01-01", "s") + rng.integers(0, 210 * 86_400, size).astype("m8[s]")
    given = Events(x, y, time, DAY, DAY + timedelta(days=209))
    scores = run(forecast, given, context(), size_m=200).figures["scores"]
    assert set(scores) == {"model", "last", "long"}
    for each in scores.values():
        assert set(each) == {"hit_rate", "pai", "pei", "rri"}
        assert all(low <= mean <= high for mean, low, high in each.values())
        assert each["pai"][0] == pytest.approx(100 * each["hit_rate"][0])
        assert 0 < each["pei"][0] <= 1


def test_nearness_in_place_and_time_is_told_without_bands() -> None:
    rng = np.random.default_rng(8)
    size = 150
    x, y = rng.uniform(0, 3000, (2, size))
    day = rng.integers(0, 90, size)
    # Each second one follows the one before, near and soon.
    x[1::2], y[1::2] = x[::2] + 20, y[::2] + 20
    day[1::2] = np.minimum(day[::2] + 2, 89)
    time = np.datetime64("2026-01-01", "s") + day.astype("m8[D]")
    pairs = Events(x, y, time, DAY, DAY + timedelta(days=89))
    told = run(near_repeat, pairs, context()).figures
    assert told["mantel"]["r"] > 0.05
    assert told["mantel"]["p"] == 0.01
    # Of the three nearest in place of 150, each is among the three nearest in time by 3 / 149.
    assert told["jacquez"]["expected"] == pytest.approx(150 * 3 * 3 / 149)
    assert told["jacquez"]["pairs"] > 2 * told["jacquez"]["expected"]
    assert told["jacquez"]["p"] == 0.01
    assert run(near_repeat, pairs, context(), nearest=0).figures["jacquez"] is None
    assert told["raised"] > 0


@pytest.mark.parametrize(("rule", "function"), [("scott", scott), ("silverman", silverman)])
def test_the_bandwidth_follows_the_rule(rule: str, function: Any) -> None:
    given = planted()
    told = run(density, given, context(), rule=rule).figures
    assert told["bandwidth_m"] == pytest.approx(function(given.x, given.y))


@pytest.mark.parametrize(
    ("analysis", "chosen", "asks"),
    [
        ("gi_star", {}, True),
        ("gi_star", {"against": "count"}, False),
        ("getis_ord", {}, False),
        ("getis_ord", {"values": "smoothed"}, True),
        ("relative_risk", {}, True),
        ("relative_risk", {"reference": "year"}, False),
        ("scan", {"weekdays": "mixed"}, False),
        ("scan", {"against": "poisson"}, True),
    ],
)
def test_homes_are_read_beforehand_where_they_will_be_asked_for(
    analysis: str, chosen: dict[str, str], asks: bool
) -> None:
    entry = ANALYSES[analysis]
    assert entry.asks_homes(entry.parameters.model_validate(chosen)) is asks
