"""The mixture and the naive forecasts: what is planted is found, nothing is lost or foreseen."""

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata.metric import local_metric_crs
from geodata.town.make import make_town
from gridmap.hotspots.evaluation import Verdict, compare, score
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.forecast.events import Events, Period, months, weeks
from gridmap.hotspots.forecast.mixture import (
    OWN,
    Kernel,
    Mixture,
    default_kernels,
    fit_mixture,
    predict,
)
from gridmap.hotspots.forecast.naive import last_counts, long_counts, windowed_density
from gridmap.hotspots.forecast.season import Season, exposure, factors_at, fit_season, weekdays
from gridmap.hotspots.forecast.surfaces import Surfaces
from gridmap.hotspots.grids import Grid, make_grid

SIDE = 3000.0
GRID = make_grid(shapely.box(0, 0, SIDE, SIDE), "square", 100, clip=False)
EVEN = Season(np.ones(12), np.ones(7))
FIRST = int(np.datetime64("2018-01-01").astype(int))


def clustered(seed: int, days: int = 1461, number: int = 6000) -> Events:
    """Places that stay hot for all four years, each in its own measure."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, SIDE, (40, 2))
    which = rng.choice(40, number, p=rng.dirichlet(np.full(40, 0.5)))
    x, y = np.clip((centres[which] + rng.normal(0, 60, (number, 2))).T, 0, SIDE - 1e-6)
    return Events(x, y, FIRST + rng.uniform(0, days, number))


def test_the_season_of_synthetic_days_is_recovered() -> None:
    rng = np.random.default_rng(1)
    days = np.arange(FIRST, FIRST + 4 * 365 + 1)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    by_month = 1 + 0.3 * np.sin(2 * np.pi * np.arange(12) / 12)
    by_weekday = np.array([1, 1, 1, 1, 1.2, 1.5, 0.8])
    by_weekday /= by_weekday.mean()
    trend = 0.8 ** ((days - FIRST) / 365.25)
    rate = 60 * by_month[month] * by_weekday[weekdays(days)] * trend
    found = fit_season(np.repeat(days, rng.poisson(rate)) + 0.5, FIRST, int(days[-1]) + 1)
    np.testing.assert_allclose(found.month, by_month, atol=0.06)
    np.testing.assert_allclose(found.weekday, by_weekday, atol=0.04)


def test_under_two_years_months_are_not_told_from_a_trend() -> None:
    day = np.repeat(np.arange(FIRST, FIRST + 500), np.arange(500) // 50 + 1).astype(float)
    found = fit_season(day, FIRST, FIRST + 500)
    assert (found.month == 1).all()
    assert (fit_season(np.array([]), FIRST, FIRST + 900).month == 1).all()


def test_an_average_day_is_worth_one() -> None:
    assert exposure(EVEN, FIRST, FIRST + 31) == 31
    assert weekdays(np.array([0, 4])).tolist() == [3, 0]
    tuesdays = Season(np.ones(12), np.array([0, 7.0, 0, 0, 0, 0, 0]))
    assert exposure(tuesdays, FIRST, FIRST + 14) == 14
    # 2018-01-01 was a Monday.
    assert factors_at(tuesdays, np.array([FIRST + 0.9, FIRST + 1.0])).tolist() == [0, 7]


def test_periods_are_months_and_weeks() -> None:
    assert months("2018-01", "2018-02") == [
        Period(FIRST, FIRST + 31), Period(FIRST + 31, FIRST + 59),
    ]  # fmt: skip
    assert weeks(FIRST, 2) == [Period(FIRST, FIRST + 7), Period(FIRST + 7, FIRST + 14)]


@given(st.floats(0, SIDE - 1), st.floats(0, SIDE - 1), st.floats(0, 900))
def test_each_point_counts_one_however_far_it_is_spread(
    x: float, y: float, bandwidth: float
) -> None:
    surfaces = Surfaces(GRID)
    spread = surfaces.spread(surfaces.bins(np.array([x]), np.array([y])), bandwidth)
    assert spread.sum() == pytest.approx(1)
    assert spread.min() >= 0
    if bandwidth == 0:
        assert spread[GRID.locate(np.array([x]), np.array([y]))[0]] == 1


def test_a_gap_in_the_area_gets_nothing() -> None:
    ring = make_grid(
        shapely.box(0, 0, 900, 900) - shapely.box(300, 300, 600, 600), "square", 100, clip=False
    )
    surfaces = Surfaces(ring)
    spread = surfaces.spread(surfaces.bins(np.array([250.0, 450]), np.array([450.0, 450])), 100)
    assert spread.sum() == pytest.approx(1)
    assert len(spread) == len(ring) == 72
    with pytest.raises(ValueError, match="squares"):
        Surfaces(make_grid(shapely.box(0, 0, 900, 900), "hexagon", 100))


def test_naive_forecasts_by_hand() -> None:
    # Three incidents in cell 0 in January, one in cell 1 in February; March is forecast.
    events = Events(np.array([50.0, 50, 50, 150]), np.full(4, 50.0),
                    FIRST + np.array([1.0, 2, 3, 40]))  # fmt: skip
    march = Period(FIRST + 59, FIRST + 59 + 28)
    surfaces = Surfaces(GRID)
    assert last_counts(surfaces, events, march)[:3].tolist() == [0, 1, 0]
    assert long_counts(surfaces, events, march, FIRST)[:2] == pytest.approx(
        np.array([3, 1]) * 28 / 59
    )
    smooth = windowed_density(surfaces, events, march, 200, 28)
    assert smooth.sum() == pytest.approx(1)
    assert smooth.argmax() == 1


def test_what_comes_later_changes_nothing() -> None:
    events = clustered(2)
    period = Period(FIRST + 800, FIRST + 830)
    before = events.day < period.start
    past = Events(*(part[before] for part in events))
    kernels = (Kernel(OWN, 100, 50), Kernel(OWN, 0, np.inf))
    model = Mixture(kernels, (0.4, 0.6), {OWN: EVEN}, FIRST)
    every = predict(model, GRID, {OWN: events}, period)
    np.testing.assert_array_equal(
        every.expected, predict(model, GRID, {OWN: past}, period).expected
    )
    np.testing.assert_allclose(every.expected, every.density + every.near_repeat)
    assert (every.related == 0).all()


def test_the_expected_number_is_that_which_comes() -> None:
    events = clustered(3)
    spans = [Period(FIRST + 30 * k, FIRST + 30 * (k + 1)) for k in range(14, 48)]
    model = fit_mixture(GRID, {OWN: events}, spans[:20], first=FIRST)
    expected = sum(predict(model, GRID, {OWN: events}, span).expected.sum() for span in spans[20:])
    actual = ((events.day >= spans[20].start) & (events.day < spans[-1].end)).sum()
    assert expected == pytest.approx(actual, rel=0.08)
    assert min(model.weights) >= 0


def test_where_incidents_become_fewer_fewer_are_expected() -> None:
    rng = np.random.default_rng(11)
    day = FIRST + 1461 * rng.random(9000) ** 1.5
    events = Events(*rng.uniform(0, SIDE, (2, 9000)), day)
    model = Mixture((Kernel(OWN, 100, np.inf),), (1.0,), {OWN: EVEN}, FIRST)
    span = Period(FIRST + 1400, FIRST + 1460)
    actual = ((day >= span.start) & (day < span.end)).sum()
    expected = predict(model, GRID, {OWN: events}, span).expected.sum()
    assert expected == pytest.approx(actual, rel=0.2)
    # The mean of all years would be far above it.
    assert (day < span.start).sum() / 1400 * 60 > 1.25 * actual


def planted(near_repeat: bool) -> Events:
    """Incidents all over, of which, if so, half draw another after them nearby in two weeks."""
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, SIDE, (2, 4000))
    day = FIRST + rng.uniform(0, 900, 4000)
    if near_repeat:
        chosen = rng.random(4000) < 0.5
        n = int(chosen.sum())
        x = np.append(x, x[chosen] + rng.normal(0, 60, n))
        y = np.append(y, y[chosen] + rng.normal(0, 60, n))
        day = np.append(day, day[chosen] + rng.exponential(14, n))
    return Events(x, y, day)


@pytest.mark.parametrize("near_repeat", [True, False])
def test_near_repeats_are_told_from_a_city_without(near_repeat: bool) -> None:
    spans = [Period(FIRST + 14 * k, FIRST + 14 * k + 14) for k in range(20, 60)]
    kernels = (Kernel(OWN, 75, 14), Kernel(OWN, 700, np.inf))
    model = fit_mixture(GRID, {OWN: planted(near_repeat)}, spans, kernels=kernels, first=FIRST)
    assert (model.weights[0] > 0.1) == near_repeat


def test_related_incidents_help_where_they_foretell() -> None:
    rng = np.random.default_rng(5)
    other = clustered(6)
    events = Events(other.x[::4], other.y[::4], rng.permutation(other.day[::4]))
    spans = [Period(FIRST + 30 * k, FIRST + 30 * k + 30) for k in range(14, 40)]
    sources = {OWN: events, "other": other}
    model = fit_mixture(GRID, sources, spans, first=FIRST)
    assert model.kernels == default_kernels(["other"])
    found = predict(model, GRID, sources, Period(FIRST + 1200, FIRST + 1230))
    assert found.related.sum() > 0.3 * found.expected.sum()


def test_a_mixture_is_not_fitted_to_a_few_incidents() -> None:
    events = clustered(7, number=80)
    told: list[float] = []
    with pytest.raises(Unsuitable) as few:
        fit_mixture(GRID, {OWN: events}, weeks(FIRST + 100, 5), first=FIRST, tick=told.append)
    assert few.value.reason is Reason.TOO_FEW
    assert told == sorted(told)
    assert 0 < told[-1] <= 1


def judged(events: Events, grid: Grid, chance: bool) -> Verdict:
    spans = [Period(FIRST + 30 * k, FIRST + 30 * (k + 1)) for k in range(12, 48)]
    model = fit_mixture(grid, {OWN: events}, spans[:18], first=FIRST)
    rows = [(events.day >= s.start) & (events.day < s.end) for s in spans[18:]]
    actual = np.array([grid.counts(events.x[row], events.y[row]) for row in rows])
    area, surfaces = grid.areas_m2, Surfaces(grid)
    own = score((predict(model, grid, {OWN: events}, s).expected for s in spans[18:]), actual, area)
    naive = {"last": score((last_counts(surfaces, events, s) for s in spans[18:]), actual, area)}
    if chance:
        naive["chance"] = score((np.ones(len(grid)) for _ in rows), actual, area)
    return compare(own, naive).verdict


def test_lasting_places_beat_the_last_month_and_an_even_city_beats_nothing() -> None:
    assert judged(clustered(8), GRID, chance=True) is Verdict.BEATS_NAIVE
    rng = np.random.default_rng(10)
    even = Events(*rng.uniform(0, SIDE, (2, 4000)), FIRST + rng.uniform(0, 1461, 4000))
    assert judged(even, GRID, chance=True) is Verdict.DOES_NOT_BEAT_NAIVE


def test_the_planted_hotspots_of_the_demo_town_are_forecast() -> None:
    town = make_town("town")
    crs = local_metric_crs(*town.units.total_bounds[:2])
    area = town.units.to_crs(crs).union_all()
    grid = make_grid(area, "square", 150, clip=False)
    points = gpd.points_from_xy(town.incidents["lon"], town.incidents["lat"], crs=4326).to_crs(crs)
    local = town.incidents["occurred_at"].dt.tz_localize(None).to_numpy()
    day = local.astype("datetime64[s]").astype(np.int64) / 86400
    first = int(day.min())
    model = Mixture(
        (Kernel(OWN, 150, 30), Kernel(OWN, 150, np.inf)), (0.5, 0.5), {OWN: EVEN}, first
    )
    pai = []
    for spot in town.truth:
        kind = town.incidents["category"].isin(spot["categories"]).to_numpy()
        events = Events(points.x[kind], points.y[kind], day[kind])
        # Three fifths of its time are known, what is to come of it is forecast.
        begin, end = ((date.fromisoformat(spot[key]) - date(1970, 1, 1)).days
                      for key in ("from", "to"))  # fmt: skip
        period = Period(begin + (end - begin) * 3 // 5, end + 1)
        inside = (events.day >= period.start) & (events.day < period.end)
        actual = grid.counts(events.x[inside], events.y[inside])[None]
        found = predict(model, grid, {OWN: events}, period)
        pai.append(score([found.expected], actual, np.ones(len(grid)), share=0.02).pai[0])
    assert len(pai) == len(town.truth) > 3
    # Chance would give 1; one hotspot may lose itself among the others, not most of them.
    assert np.mean(pai) > 3
    assert np.median(pai) > 2
