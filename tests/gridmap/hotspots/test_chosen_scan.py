"""The scan with settings by hand: other categories, seasons, weekdays and kinds of homes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from gridmap.hotspots.analyses import (
    covariates,
    scan,
)
from gridmap.hotspots.analyses.events import Events, Households
from gridmap.hotspots.analyses.parameters import SpaceTimeScan
from gridmap.hotspots.faults import Reason, Unsuitable
from tests.gridmap.hotspots.by_hand import DAY, Floats, context, events, heap, run

#: Circles so wide hold what is planted here; wider ones take most of the time.
NEAR = {"most_radius_m": 600, "replications": 99}


def test_a_scan_against_the_other_categories_finds_where_these_have_a_greater_share() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.uniform(0, 3000, (2, 1500))
    near = heap(rng, 2250, 750, 40)
    # Where many others are as well, many are no cluster.
    crowd = heap(rng, 700, 2200, 300)
    given = events(np.concatenate([x[:200], near[0], crowd[0][:40]]),
                   np.concatenate([y[:200], near[1], crowd[1][:40]]))  # fmt: skip
    others = events(np.concatenate([x[200:], crowd[0][40:]]),
                    np.concatenate([y[200:], crowd[1][40:]]))  # fmt: skip
    result = run(scan, given, context(others=others), against="bernoulli", **NEAR)
    assert result.figures["hotspots"] == 1
    assert shapely.contains_xy(result.found.shapes[0], 2250, 750)
    with pytest.raises(Unsuitable) as refused:
        run(scan, given, context(others=events(x[:0], y[:0])), against="bernoulli")
    assert refused.value.reason is Reason.NO_OTHERS


def test_a_busy_weekday_is_no_cluster_where_weekdays_are_kept_apart() -> None:
    rng = np.random.default_rng(7)
    days = np.datetime64("2026-01-01", "s") + np.arange(70).astype("m8[D]")
    friday = (days.astype("datetime64[D]").astype(int) + 3) % 7 == 4
    time = np.concatenate([np.repeat(days, 20), np.repeat(days[friday], 20)])
    x, y = rng.uniform(0, 3000, (2, len(time)))
    # All of the busy Fridays are at one place.
    x[1400:], y[1400:] = heap(rng, 2250, 750, len(time) - 1400)
    given = Events(x, y, time, DAY, DAY + timedelta(days=69))
    found = {
        weekdays: run(scan, given, context(), weekdays=weekdays, most_days=1, **NEAR)
        for weekdays in ("mixed", "kept")
    }
    assert found["mixed"].figures["hotspots"] > 0
    assert found["kept"].figures["hotspots"] == 0


def test_a_category_with_its_own_season_and_place_is_no_cluster_where_categories_are_apart() -> (
    None
):
    rng = np.random.default_rng(9)
    x, y = rng.uniform(0, 3000, (2, 700))
    day = rng.integers(0, 70, 700)
    # A second category is only ever in one part of the town, and only in the last three weeks.
    x[600:], y[600:] = heap(rng, 2250, 750, 100)
    day[600:] = rng.integers(49, 70, 100)
    time = np.datetime64("2026-01-01", "s") + day.astype("m8[D]")
    category = np.repeat([3, 8], [600, 100])
    given = Events(x, y, time, DAY, DAY + timedelta(days=69), category=category)
    found = {
        chosen: run(scan, given, context(), categories=chosen, most_days=21, **NEAR).figures
        for chosen in ("mixed", "own")
    }
    assert (found["mixed"]["hotspots"] > 0, found["mixed"]["allowed"]) == (True, [])
    assert (found["own"]["hotspots"], found["own"]["allowed"]) == (0, ["categories"])


def test_a_kind_of_building_with_more_everywhere_is_no_cluster_where_kinds_are_apart() -> None:
    rng = np.random.default_rng(10)
    at = np.arange(50.0, 3000, 100)
    x, y = (each.ravel() for each in np.meshgrid(at, at))
    # Towers stand in the north-east and have three times as many incidents per household.
    towers = (x > 2000) & (y > 2000)
    homes = Households(x, y, np.ones(len(x)), np.where(towers, 5, 6))
    there = rng.choice(len(x), 900, p=(odds := np.where(towers, 3.0, 1.0)) / odds.sum())
    time = np.datetime64("2026-01-01", "s") + rng.integers(0, 30, 900).astype("m8[D]")
    given = Events(x[there], y[there], time, DAY, DAY + timedelta(days=29))
    chosen = {"against": "poisson", **NEAR}
    alike = run(scan, given, context(homes=homes), **chosen)
    assert alike.figures["hotspots"] > 0
    apart = run(scan, given, context(homes=homes), homes="kinds", **chosen)
    assert (apart.figures["hotspots"], apart.figures["allowed"]) == (0, ["homes"])
    with pytest.raises(Unsuitable) as refused:
        run(scan, given, context(homes=homes.where(towers)), homes="kinds", **chosen)
    assert refused.value.reason is Reason.ONE_KIND


def test_a_busy_season_and_busy_weekdays_are_expected_where_they_are_usual() -> None:
    rng = np.random.default_rng(11)
    days = np.arange(np.datetime64("2023-01-01"), np.datetime64("2026-01-01"))
    # Each July has four times as many, each Friday twice.
    july = days.astype("datetime64[M]").astype(int) % 12 == 6
    friday = (days.astype(int) + 3) % 7 == 4
    time = np.repeat(days, rng.poisson(2 * (1 + 3 * july) * (1.0 + friday))).astype("M8[s]")
    x, y = rng.uniform(0, 3000, (2, len(time)))
    history = Events(x, y, time, date(2023, 1, 1), date(2025, 12, 31))
    since = time >= np.datetime64("2025-06-01")
    given = Events(x[since], y[since], time[since], date(2025, 6, 1), date(2025, 12, 31))
    town = context(homes=Households(x, y, np.ones(len(x))), earlier=history)

    def expected(**chosen: Any) -> Floats:
        asked = SpaceTimeScan.model_validate({"against": "poisson", **chosen})
        return covariates.expected_days(given, town, asked)

    days = days[days >= np.datetime64("2025-06-01")]
    fourth = np.datetime64("2025-07-04") == days
    assert expected().tolist() == [1] * len(days)
    usual = expected(months="usual")
    assert usual[fourth][0] / usual[-1] == pytest.approx(4, rel=0.15)
    # The third was a Thursday.
    weekdays = expected(weekdays="kept")
    # Pulled a little towards no effect, as long as little is known.
    assert weekdays[fourth][0] / weekdays[days == np.datetime64("2025-07-03")][0] > 1.4
    both = expected(months="usual", weekdays="kept")
    assert both[fourth][0] / both[days == np.datetime64("2025-07-03")][0] > 1.6
    town = context(earlier=given)
    with pytest.raises(Unsuitable) as refused:
        expected(months="usual")
    assert refused.value.reason is Reason.NO_SEASON
