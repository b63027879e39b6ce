"""The most likely clusters in space and time, by Kulldorff's scan statistic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridmap.hotspots.analyses.busiest import busiest
from gridmap.hotspots.analyses.covariates import (
    Integers,
    allowed,
    expected_days,
    expected_homes,
    strata,
)
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.parameters import SpaceTimeScan
from gridmap.hotspots.analyses.result import Found, Result, classes
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Grid, make_grid
from gridmap.hotspots.scan.bernoulli import bernoulli_scan
from gridmap.hotspots.scan.chance import SAME
from gridmap.hotspots.scan.clusters import Scan
from gridmap.hotspots.scan.models import permutation_scan, poisson_scan
from gridmap.hotspots.scan.settings import Chance, Windows
from gridmap.hotspots.ticks import Tick

#: More places and days take minutes and say little more.
_MOST_PLACES, _MOST_PERIODS = 1_000, 366
_MOST_LISTED = 50
_LEVEL = 0.05


def run(events: Events, area: Area, context: Context, asked: SpaceTimeScan, tick: Tick) -> Result:
    """Find the clusters that are likelier than chance, none of which overlap.

    Raises
    ------
    Unsuitable
        ``NO_OTHERS``; ``NO_POPULATION`` and ``NO_SEASON`` and ``ONE_KIND`` with households.
    """
    grid, place = _places(events, area)
    step = -(-events.days // _MOST_PERIODS)
    first = np.datetime64(events.first, "D")
    period = (events.time.astype("datetime64[D]") - first).astype(np.int64) // step
    windows = Windows(
        max_share=asked.most_share / 100,
        max_radius=asked.most_radius_m,
        max_periods=min(max(1, asked.most_days // step), -(-events.days // step)),
        prospective=asked.alive == "last",
    )
    how = _How(grid, windows, Chance(replications=asked.replications, seed=1), tick)
    left_out = 0
    if asked.against == "permutation":
        scan = _against_usual(events, asked, place, period, step, how)
    elif asked.against == "bernoulli":
        # Where the share is greater, over the whole period: with days it would take hours.
        step, period = events.days, np.zeros_like(period)
        scan = _against_others(events, context, place, how)
    else:
        scan, left_out = _against_homes(events, context, asked, place, period, step, how)
    sure = scan.clusters[scan.clusters["p"] <= _LEVEL].head(_MOST_LISTED)
    found = _found(events, grid, place, sure, period, step)
    figures = {
        "hotspots": len(sure),
        "places": len(grid),
        "size_m": grid.size_m,
        "replications": len(scan.maxima),
        "reached": _reached(scan),
        "against": asked.against,
        "allowed": allowed(asked),
        "left_out": left_out,
    }
    return Result(found, figures)


@dataclass(frozen=True)
class _How:
    """Where is looked, at what, and how chance is judged."""

    grid: Grid
    windows: Windows
    chance: Chance
    tick: Tick

    def __call__(self, scan: Callable[..., Scan], *data: Any, **more: Any) -> Scan:
        return scan(
            *self.grid.centres(), *data,
            windows=self.windows, chance=self.chance, tick=self.tick, **more,
        )  # fmt: skip


def _against_usual(
    events: Events, asked: SpaceTimeScan, place: Integers, period: Integers, step: int, how: _How
) -> Scan:
    inside = place >= 0
    apart = strata(events.where(inside), asked)
    periods = -(-events.days // step)
    return how(permutation_scan, place[inside], period[inside], periods=periods, stratum=apart)


def _against_others(events: Events, context: Context, place: Integers, how: _How) -> Scan:
    others = context.others(events.first, events.last)
    if len(others) == 0:
        raise Unsuitable(Reason.NO_OTHERS, others=0)
    counts = np.bincount(place[place >= 0], minlength=len(how.grid))
    return how(bernoulli_scan, counts, how.grid.counts(others.x, others.y))


def _against_homes(
    events: Events, context: Context, asked: SpaceTimeScan, place: Integers, period: Integers,
    step: int, how: _How,
) -> tuple[Scan, int]:  # fmt: skip
    """Scan against homes; return as well how many happened where nobody lives."""
    homes = context.households()
    lived, likely = expected_homes(how.grid, homes, events, asked)
    inside = place >= 0
    counted = np.zeros((len(how.grid), -(-events.days // step)), dtype=np.int64)
    np.add.at(counted, (place[inside], period[inside]), 1)
    # What happens where nobody lives has no rate; nor has a kind of home with no incident at all.
    empty = likely == 0
    left_out = int(counted[empty].sum())
    counted[empty] = 0
    if not counted.any():
        raise Unsuitable(Reason.NO_POPULATION)
    # The last period may be shorter than the others.
    days = np.add.reduceat(expected_days(events, context, asked), np.arange(0, events.days, step))
    scan = how(poisson_scan, counted, likely, population=lived, shares=days)
    return scan, left_out


def _reached(scan: Scan) -> int:
    """Return how many random arrangements have a cluster as strong as the strongest here."""
    if scan.clusters.empty:
        return len(scan.maxima)
    strongest = float(scan.clusters["llr"].iloc[0])
    return int((scan.maxima >= strongest * (1 - SAME)).sum())


def _places(events: Events, area: Area) -> tuple[Grid, Integers]:
    """Return squares, few enough, that stand for the places, and that of each incident."""
    size = max(100.0, 50 * np.ceil(np.sqrt(shapely.area(area.shape) / _MOST_PLACES) / 50))
    grid = make_grid(area.shape, "square", float(size))
    return grid, grid.locate(events.x, events.y)


def _found(
    events: Events, grid: Grid, place: Integers, clusters: pd.DataFrame, period: Integers,
    step: int,
) -> Found:  # fmt: skip
    shapes: list[shapely.Geometry] = []
    values: list[dict[str, Any]] = []
    firsts, lasts = (clusters[name].to_numpy(dtype=np.int64) for name in ("first", "last"))
    risks = clusters["relative_risk"].to_numpy(dtype=np.float64)
    for i, locations in enumerate(clusters["locations"]):
        first, last = int(firsts[i]), int(lasts[i])
        here = np.asarray(locations, dtype=np.int64)
        shapes.append(shapely.union_all(grid.shapes[here], grid_size=0.01))
        within = np.isin(place, here) & (period >= first) & (period <= last)
        begins = events.first + timedelta(days=first * step)
        ends = events.first + timedelta(days=(last + 1) * step - 1)
        values.append({
            "busiest": busiest(events.time[within]),
            "days": f"{begins} – {min(ends, events.last)}",
            "relative_risk": float(risks[i]),
        })  # fmt: skip
    p = clusters["p"].to_numpy(dtype=np.float64)
    n = len(clusters)
    return Found(
        shapes=np.array(shapes, dtype=object),
        kind=classes(p, np.ones(n, dtype=bool)),
        count=clusters["cases"].to_numpy(dtype=np.int64),
        listed=np.ones(n, dtype=bool),
        score=clusters["llr"].to_numpy(dtype=np.float64),
        expected=clusters["expected"].to_numpy(dtype=np.float64),
        p=p,
        values=values,
    )
