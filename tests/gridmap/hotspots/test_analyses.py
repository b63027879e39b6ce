from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, Literal, cast

import numpy as np
import pytest
import shapely

from gridmap.hotspots.analyses import (
    density,
    emerging,
    forecast,
    gi_star,
    near_repeat,
    parameters,
    scan,
)
from gridmap.hotspots.analyses.comparison import former
from gridmap.hotspots.analyses.events import Area, Context, Events, Floats, Households
from gridmap.hotspots.analyses.merged import split, with_groups
from gridmap.hotspots.analyses.result import Found, Result
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.scan.models import poisson_scan
from gridmap.hotspots.weights import within_distance

DAY = date(2026, 1, 1)
AREA = Area(shapely.box(0, 0, 3000, 3000), cast(Any, None))


def living(homes: Households | None) -> Context:
    """What analyses may ask: where people live, if anybody does."""

    def households() -> Households:
        if homes is None:
            raise Unsuitable(Reason.NO_POPULATION)
        return homes

    context: Context = cast(Any, SimpleNamespace(households=households))
    return context


def found(x: Floats, y: Floats, homes: Households | None = None, **asked: object) -> Result:
    time = np.full(len(x), np.datetime64("2026-01-01T08:30:00", "s"))
    return gi_star.run(
        Events(x, y, time, DAY, DAY),
        AREA,
        living(homes),
        parameters.GiStar.model_validate({"size_m": 300, **asked}),
        lambda share: None,
    )


def test_one_in_twenty_maps_without_any_hotspot_shows_one() -> None:
    rng = np.random.default_rng(5)
    maps = [found(*rng.uniform(0, 3000, (2, 300))) for _ in range(200)]
    alarms = {i for i, each in enumerate(maps) if each.figures["map_p"] <= 0.05}
    listing = {i for i, each in enumerate(maps) if each.figures["hotspots"] > 0}
    # From 3 to 7 %; a place is listed only if Gi* says so too, so never more often.
    assert 6 <= len(alarms) <= 14
    assert listing <= alarms
    # Nor are the shapes cold that the border cuts.
    cold = sum(bool(np.char.startswith(each.found.kind, "cold9").any()) for each in maps)
    assert cold <= 0.1 * len(maps)


def test_one_in_twenty_maps_where_homes_and_area_explain_all_shows_one() -> None:
    """How much each explains is estimated from the same incidents, which must cost nothing."""
    rng = np.random.default_rng(5)
    home_x, home_y = rng.normal(1500, 500, (2, 400))
    homes = Households(home_x, home_y, np.round(rng.lognormal(2, 1, 400)))
    of_home = homes.amount / homes.amount.sum()
    alarms = listing = 0
    for _ in range(200):
        at = rng.choice(len(of_home), 200, p=of_home)
        x = np.concatenate([rng.uniform(0, 3000, 200), homes.x[at]])
        y = np.concatenate([rng.uniform(0, 3000, 200), homes.y[at]])
        result = found(x, y, homes)
        alarms += result.figures["map_p"] <= 0.05
        listing += result.figures["hotspots"] > 0
        assert result.figures["hotspots"] == 0 or result.figures["map_p"] <= 0.05
    # From 3 to 7 %, and never more than that are listed.
    assert 6 <= alarms <= 14
    assert listing <= alarms


def test_where_most_people_live_is_hot_only_if_that_is_asked() -> None:
    rng = np.random.default_rng(5)
    home_x, home_y = rng.uniform(0, 3000, (2, 200))
    homes = Households(home_x, home_y, np.repeat([10.0, 200.0], [190, 10]))
    at = rng.choice(200, 1000, p=homes.amount / homes.amount.sum())
    x, y = homes.x[at] + rng.normal(0, 30, 1000), homes.y[at] + rng.normal(0, 30, 1000)
    asked = {"size_m": 100}
    assert found(x, y, homes, **asked).figures["hotspots"] == 0
    assert found(x, y, homes, **asked, against="count").figures["hotspots"] >= 8
    # Where no homes are known, area alone is left.
    assert found(x, y, None, **asked).figures["hotspots"] >= 8


def test_an_empty_quarter_is_cold() -> None:
    x, y = np.random.default_rng(5).uniform(0, 3000, (2, 2000))
    there = (x > 1500) | (y > 1500)
    result = found(x[there], y[there])
    middle = shapely.Point(750, 750)
    kinds = result.found.kind[shapely.contains(result.found.shapes, middle)]
    assert kinds.tolist() == ["cold99"]


def test_a_planted_hotspot_is_one_place_with_its_incidents_and_hours() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 3000, (2, 300))
    near_x, near_y = rng.normal(1000, 100, 80), rng.normal(2000, 100, 80)
    result = found(np.concatenate([x, near_x]), np.concatenate([y, near_y]), size_m=100)
    listed = np.flatnonzero(result.found.listed)
    assert result.figures["hotspots"] == len(listed) == 1
    assert shapely.contains_xy(result.found.shapes[listed[0]], 1000, 2000)
    assert result.found.count[listed[0]] >= 76
    assert result.found.values is not None
    assert result.found.values[listed[0]]["busiest"]["from"] in (6, 7, 8)


def test_a_period_is_compared_with_whole_years_before_or_as_many_days() -> None:
    first, last = date(2026, 2, 1), date(2026, 2, 28)
    assert former(first, last, "year") == (date(2025, 2, 1), date(2025, 2, 28))
    assert former(first, last, "before") == (date(2026, 1, 4), date(2026, 1, 31))
    # Two years are compared with the two before, and not with one of their own.
    assert former(date(2024, 3, 1), date(2026, 2, 28), "year")[1] < date(2024, 3, 1)
    # The leap year is one year, and so is the common one with its first day.
    leap = former(date(2024, 1, 1), date(2024, 12, 31), "year")
    assert leap == (date(2023, 1, 1), date(2023, 12, 31))
    assert former(date(2024, 1, 1), date(2025, 1, 1), "year")[0] == date(2022, 1, 1)


def test_a_forecast_is_for_the_week_or_month_after_the_last_day() -> None:
    def days(last: date, horizon: Literal["week", "month"]) -> tuple[str, str]:
        coming = forecast.coming_period(last, horizon)
        return str(np.datetime64(coming.start, "D")), str(np.datetime64(coming.end - 1, "D"))

    assert days(date(2026, 1, 31), "month") == ("2026-02-01", "2026-02-28")
    assert days(date(2026, 2, 20), "month") == ("2026-02-21", "2026-03-20")
    assert days(date(2025, 12, 31), "month") == ("2026-01-01", "2026-01-31")
    assert days(date(2026, 1, 30), "month") == ("2026-01-31", "2026-02-27")
    assert days(date(2026, 2, 20), "week") == ("2026-02-21", "2026-02-27")


def scattered(many: int, days: int, seed: int) -> Events:
    """Incidents by chance alone, in space and time."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 3000, (2, many))
    time = np.datetime64(DAY, "s") + rng.integers(0, days * 86_400, many).astype("m8[s]")
    return Events(x, y, time, DAY, DAY + timedelta(days=days - 1))


def test_near_repeats_are_judged_by_enough_arrangements_and_seldom_found_by_chance() -> None:
    asked = parameters.NearRepeat.model_validate(
        {"steps_m": 10, "steps_days": 10, "replications": 99}
    )
    alarms = 0
    for seed in range(10):
        result = near_repeat.run(
            scattered(150, 90, seed), AREA, cast(Any, None), asked, lambda share: None
        )
        assert result.figures["replications"] == 1999
        assert len(result.figures["knox"]) == 100
        raised = [each for each in result.figures["knox"] if each["raised"]]
        assert len(raised) == result.figures["raised"]
        alarms += bool(raised)
    # More than two of ten fair tables come in about one of a hundred.
    assert alarms <= 2


def test_the_last_period_of_a_scan_is_expected_to_have_its_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[Any] = []

    def noted(*args: Any, **more: Any) -> Any:
        given.append(more["shares"])
        return poisson_scan(*args, **more)

    monkeypatch.setattr(scan, "poisson_scan", noted)
    events = scattered(200, 401, 5)
    # Nobody lives in the east half: what happens there does not count.
    at = np.arange(50.0, 1500, 100)
    x, y = (each.ravel() for each in np.meshgrid(at, np.arange(50.0, 3000, 100)))
    homes = Households(x, y, np.ones(len(x)))
    context = cast(Any, SimpleNamespace(households=lambda: homes))
    asked = parameters.SpaceTimeScan.model_validate(
        {"against": "poisson", "replications": 99, "most_days": 4, "most_radius_m": 150}
    )
    result = scan.run(events, AREA, context, asked, lambda share: None)
    assert [given[0].sum(), given[0][0], given[0][-1]] == [401, 2, 1]
    assert result.figures["left_out"] == (events.x >= 1500).sum()
    assert 0 <= result.figures["reached"] <= result.figures["replications"]


def test_places_of_the_density_are_counted_and_measured_alike() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(1500, 100, (2, 400))
    events = Events(x, y, np.full(400, np.datetime64("2026-01-01T08:30:00", "s")), DAY, DAY)
    result = density.run(
        events,
        AREA,
        cast(Any, None),
        parameters.Density.model_validate({"bandwidth_m": 100}),
        lambda share: None,
    )
    listed = result.found.listed
    assert set(result.found.kind[listed]) == {"top25"}
    assert result.figures["inside"] == result.found.count[listed].sum()
    areas = shapely.area(result.found.shapes[listed]).sum()
    assert result.figures["area_share"] == pytest.approx(areas / 3000**2)


def test_a_broad_hot_part_is_told_as_places_around_their_strongest_shapes() -> None:
    # Seven shapes in a row of which the fourth is cold, and one apart.
    near = within_distance(np.array([0.0, 1, 2, 3, 4, 5, 6, 9]), np.zeros(8), 1.1)
    hot = np.array([True, True, True, False, True, True, True, True])
    score = np.array([5.0, 3, 2, 9, 4, 8, 1, 6])
    assert split(hot, score, near, 1).tolist() == [2, 2, 3, -1, 0, 0, 0, 1]
    assert split(hot, score, near, 2).tolist() == [2, 2, 2, -1, 0, 0, 0, 1]
    assert split(hot, score, near, 0).tolist() == [2, 4, 5, -1, 3, 0, 6, 1]
    assert split(~hot & False, score, near, 1).tolist() == [-1] * 8


def test_no_place_reaches_further_than_can_be_walked() -> None:
    rng = np.random.default_rng(5)
    x, y = np.concatenate([rng.uniform(0, 3000, (2, 500)), rng.uniform(500, 1700, (2, 3000))], 1)
    result = found(x, y, size_m=100)
    places = result.found.shapes[result.found.listed]
    assert len(places) == result.figures["hotspots"] > 3
    for place in places:
        assert shapely.minimum_bounding_radius(place) <= 300 + 100
        assert shapely.get_num_geometries(place) == 1
    assert (result.found.count[result.found.listed] >= 5).all()


def test_groups_are_put_together_from_their_own_shapes() -> None:
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in range(5)], dtype=object)
    count = np.array([1, 2, 4, 8, 16])
    cells = Found(shapes, np.full(5, "hot99"), count, np.zeros(5, bool), count.astype(float))
    where, group = np.arange(5), np.array([1, 1, -1, 0, 0])
    time = np.full(5, np.datetime64("2026-01-01T08:30:00", "s"))
    events = Events(np.arange(0.5, 5), np.full(5, 0.5), time, DAY, DAY)
    joined = with_groups(cells, where, group, events)
    assert joined.count[joined.listed].tolist() == [24, 3]
    assert shapely.bounds(joined.shapes[joined.listed]).tolist() == [[3, 0, 5, 1], [0, 0, 2, 1]]


def test_nothing_is_expected_of_incidents_where_nobody_lives() -> None:
    events = scattered(400, 1, 5)
    homes = Households(np.array([450.0]), np.array([450.0]), np.array([10.0]))
    context = cast(Any, SimpleNamespace(households=lambda: homes))
    asked = parameters.GiStar.model_validate(
        {"shape": "square", "size_m": 900, "against": "households"}
    )
    result = gi_star.run(events, AREA, context, asked, lambda share: None)
    lived = int(((events.x < 900) & (events.y < 900)).sum())
    assert result.figures["left_out"] == 400 - lived
    assert result.found.expected is not None
    assert result.found.expected[~result.found.listed].sum() == pytest.approx(lived)


def test_an_empty_part_is_cold_over_the_months_but_for_its_border() -> None:
    asked = parameters.Emerging.model_validate({"size_m": 300})
    events = scattered(30_000, 360, 5)
    east = events.where(events.x > 1500)
    result = emerging.run(east, AREA, cast(Any, None), asked, lambda share: None)
    cold = result.found.shapes[np.char.endswith(result.found.kind, "_cold")]
    assert shapely.contains_xy(shapely.union_all(cold), 700, 1500)
    # Shapes that are cut touch the border.
    assert (shapely.distance(cold, shapely.boundary(AREA.shape)) > 0).all()
