"""Forecast burglary and auto theft in St. Louis month by month, beside density and naive forecasts.

Everything is chosen on 2008 to 2015: the density by its own scores, the mixture's kernels and
rounds by leaving out a year at a time, its weights by likelihood. Then 2016 to 2019 is judged once.
Squares of 100 m lie within the sizes that NIJ's forecasting challenge of 2017 allowed. The files
are those of `docs/tour-real-data.md`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geodata.files.reading import read
from geodata.mapping import apply, load_mapping
from geodata.metric import metric_crs_of
from gridmap.hotspots.evaluation import Comparison, Scores, Verdict, compare, means, score
from gridmap.hotspots.forecast.events import Events, Period, months
from gridmap.hotspots.forecast.mixture import OWN, Mixture, fit_mixture, predict
from gridmap.hotspots.forecast.naive import last_counts, long_counts, windowed_density
from gridmap.hotspots.forecast.surfaces import Surfaces
from gridmap.hotspots.grids import Floats, Grid, make_grid

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "stlouis"
LARCENY = {
    "larceny from vehicles": "LARCENY-FROM MTR", "larceny of vehicle parts": "LARCENY-MTR",
    "larceny from buildings": "LARCENY-FROM BUILDING", "shoplifting": "LARCENY-SHOPLIFT",
    "other larceny": "LARCENY-ALL",
}  # fmt: skip
KINDS = {
    "burglary": "BURGLARY", "auto theft": "AUTO THEFT", "larceny": "LARCENY",
    "damage": "DESTRUCTION", **LARCENY,
}  # fmt: skip
# Larceny by what is taken foretold auto theft better, in years before 2016, and burglary no better.
RELATED = {
    "burglary": ("auto theft", "larceny", "damage"),
    "auto theft": ("burglary", "damage", *LARCENY),
}
GOAL_RATIO, SHARE, CELL_M = 1.2, 0.01, 100.0
FIRST = int(np.datetime64("2008-01-01").astype(int))
TRAINING, CHOOSING = months("2010-01", "2015-12"), months("2012-01", "2015-12")
JUDGED = months("2016-01", "2019-12")
BANDWIDTHS_M = (50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0)
WINDOWS_DAYS = (91, 182, 365, 730, 1461, 10_000)


def load() -> tuple[shapely.Geometry, dict[str, Events]]:
    """Return the city and the incidents in it by kind, in metres and local days."""
    town = gpd.read_file(DATA / "stl_neighborhoods_88.geojson").to_crs(4326)
    crs = metric_crs_of(town)
    # The outlines of neighbours do not meet exactly.
    city = shapely.buffer(town.to_crs(crs).union_all(), 1)
    frame, _ = apply(
        read(DATA / "property_crime_2008_2019.csv.gz"),
        load_mapping(ROOT / "docs" / "mappings" / "st-louis-incidents.json"),
    )
    to_metres = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    x, y = to_metres.transform(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    local = pd.to_datetime(frame["occurred_at"], utc=True).dt.tz_convert("America/Chicago")
    seconds = local.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
    shapely.prepare(city)
    inside = shapely.contains_xy(city, x, y)
    text = frame["category"].astype(str).str.upper()
    found = {}
    for kind, prefix in KINDS.items():
        of_kind = inside & text.str.startswith(prefix).to_numpy(bool)
        found[kind] = Events(x[of_kind], y[of_kind], seconds[of_kind] / 86400)
    return city, found


def counts(grid: Grid, events: Events, periods: list[Period], days: int = 0) -> np.ndarray:
    """Count what happened in each period, or in so many days before each."""
    rows = []
    for start, end in periods:
        low, high = (start - days, start) if days else (start, end)
        inside = (events.day >= low) & (events.day < high)
        rows.append(grid.counts(events.x[inside], events.y[inside]))
    return np.array(rows)


def judge(
    grid: Grid, events: Events, periods: list[Period], forecast: Callable[[Period], Floats]
) -> Scores:
    """Score one way of forecasting over the periods."""
    return score(
        map(forecast, periods),
        counts(grid, events, periods),
        np.ones(len(grid)),
        share=SHARE,
        before=counts(grid, events, periods, days=365),
    )


def best_density(
    surfaces: Surfaces, events: Events, bandwidths: tuple[float, ...]
) -> tuple[float, int, float]:
    """Choose bandwidth and window by the mean PAI of the years before the judged ones."""
    tried = []
    for bandwidth in bandwidths:
        for window in WINDOWS_DAYS:
            scores = judge(
                surfaces.grid, events, CHOOSING,
                lambda p, b=bandwidth, w=window: windowed_density(  # type: ignore[misc]
                    surfaces, events, p, b, min(w, p.start - FIRST)
                ),
            )  # fmt: skip
            tried.append((bandwidth, window, float(np.nanmean(scores.pai))))
    return max(tried, key=lambda entry: entry[2])


def run(grid: Grid, incidents: Mapping[str, Events], kind: str) -> dict[str, object]:
    """Choose on the early years, judge the late ones."""
    events, surfaces = incidents[kind], Surfaces(grid)
    sources = {OWN: events} | {name: incidents[name] for name in RELATED[kind]}
    bandwidth, window, early = best_density(surfaces, events, BANDWIDTHS_M)
    # Counts are no density; with a well chosen window they are the hardest of naive forecasts.
    _, counted, early_counts = best_density(surfaces, events, (0.0,))
    model = fit_mixture(grid, sources, TRAINING, first=FIRST)
    ways: dict[str, Callable[[Period], Floats]] = {
        "last month": lambda p: last_counts(surfaces, events, p),
        "long-run counts": lambda p: long_counts(surfaces, events, p, FIRST),
        "best counts": lambda p: windowed_density(
            surfaces, events, p, 0.0, min(counted, p.start - FIRST)
        ),
        "long-run density": lambda p: windowed_density(
            surfaces, events, p, bandwidth, p.start - FIRST
        ),
        "best density": lambda p: windowed_density(
            surfaces, events, p, bandwidth, min(window, p.start - FIRST)
        ),
    }
    naive = {name: judge(grid, events, JUDGED, way) for name, way in ways.items()}
    expected: list[float] = []

    def mixture(period: Period) -> Floats:
        found = predict(model, grid, sources, period).expected
        expected.append(float(found.sum()))
        return found

    own = judge(grid, events, JUDGED, mixture)
    return {
        "density": {"bandwidth_m": bandwidth, "window_days": window, "pai_2012_2015": early},
        "counts": {"window_days": counted, "pai_2012_2015": early_counts},
        "per_month": {
            "expected": float(np.mean(expected)),
            "actual": float(counts(grid, events, JUDGED).sum() / len(JUDGED)),
        },
        "parts": shares(model),
        "means": dict(zip(["mixture", *naive], means([own, *naive.values()]), strict=True)),
        "comparison": compare(own, naive, name="mixture"),
    }


def shares(model: Mixture) -> dict[str, float]:
    """Return what part of the rate is whose, by source and memory."""
    parts: dict[str, float] = {}
    for kernel, weight in zip(model.kernels, model.weights, strict=True):
        key = f"{kernel.source}, {kernel.memory_days:g} days"
        parts[key] = parts.get(key, 0.0) + weight
    return parts


def rounded(value: object) -> object:
    """Round what is printed, in whatever it stands."""
    if isinstance(value, Comparison):
        return rounded(value._asdict())
    if isinstance(value, dict):
        return {str(key): rounded(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [rounded(part) for part in value]
    return round(value, 3) if isinstance(value, float) else value


def main() -> None:
    """Run the comparison."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    city, incidents = load()
    grid = make_grid(city, "square", CELL_M, clip=False)
    measured, reached = {}, []
    for kind in ("burglary", "auto theft"):
        measured[kind] = found = run(grid, incidents, kind)
        comparison = found["comparison"]
        assert isinstance(comparison, Comparison)
        ratio = comparison.ratio["best density"]
        reached.append(ratio.mean >= GOAL_RATIO and ratio.low > 1)
        verdict = "beats" if comparison.verdict is Verdict.BEATS_NAIVE else "does not beat"
        print(f"{kind}: the mixture {verdict} the naive forecasts")
        for name, interval in comparison.pai.items():
            print(f"  {name}: PAI {interval.mean:.2f} ({interval.low:.2f} to {interval.high:.2f})")
        for name, interval in comparison.ratio.items():
            print(f"  / {name}: {interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})")
    print(json.dumps({
        "benchmark": "forecast",
        "goal": f"mean PAI at 1 % of the area at least {GOAL_RATIO} times that of the best density "
                "chosen beforehand, lower bound over 1",
        "measured": rounded(measured),
        "beside": "last month, long-run counts, best counts, long-run density, best density",
        "ok": all(reached),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
