"""Where most is to be expected next week or month, and how such forecasts did before."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gridmap.hotspots.analyses.events import Area, Context, Events, days_of
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.parameters import Forecast
from gridmap.hotspots.analyses.result import QUIET, Found, Result
from gridmap.hotspots.cube import period_starts
from gridmap.hotspots.evaluation import (
    Comparison,
    Scores,
    bootstrap_mean,
    chosen_share,
    compare,
    score,
)
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.forecast.events import Events as Moments
from gridmap.hotspots.forecast.events import Period
from gridmap.hotspots.forecast.mixture import OWN, fit_mixture, predict
from gridmap.hotspots.forecast.naive import last_counts, long_counts
from gridmap.hotspots.forecast.surfaces import Surfaces
from gridmap.hotspots.grids import Grid, make_grid
from gridmap.hotspots.local_statistics import LEAST_PLACES
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import adjacent

#: Periods that forecasts are judged on, and those that the first of them is fitted on at least.
_JUDGED, _FITTED = 12, 6
_LEAST_JUDGED = 6
#: What places recapture is measured against so many days before.
_YEAR = 365
#: The classes, by the share of the area that holds the greatest expectations.
_SHARES = (("first1", 0.01), ("first5", 0.05), ("first10", 0.10))


def run(events: Events, area: Area, context: Context, asked: Forecast, tick: Tick) -> Result:
    """Forecast the period after the last day, from all incidents of the period that is chosen.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` whole weeks or months, shapes or incidents.
    """
    periods = _periods(events, asked.horizon)
    judged = min(_JUDGED, len(periods) - _FITTED)
    if judged < _LEAST_JUDGED:
        raise Unsuitable(Reason.TOO_FEW, periods=len(periods), least=_FITTED + _LEAST_JUDGED)
    grid = make_grid(area.shape, "square", float(asked.size_m), clip=False)
    if len(grid) < LEAST_PLACES:
        raise Unsuitable(Reason.TOO_FEW, places=len(grid), least=LEAST_PLACES)
    own = Moments(events.x, events.y, days_of(events.time))
    proof = _judge(grid, own, periods, judged, lambda share: tick(0.6 * share))
    first = periods[0].start
    model = fit_mixture(
        grid, {OWN: own}, periods[1:], first=first, tick=lambda share: tick(0.6 + 0.3 * share)
    )
    coming = coming_period(events.last, asked.horizon)
    expected = predict(model, grid, {OWN: own}, coming).expected
    kind = np.full(len(grid), QUIET, dtype="<U8")
    for name, share in reversed(_SHARES):
        kind[chosen_share(expected, grid.areas_m2, share) > 0] = name
    where = grid.locate(events.x, events.y)
    counts = np.bincount(where[where >= 0], minlength=len(grid)).astype(np.int64)
    cells = Found(grid.shapes, kind, counts, np.zeros(len(grid), bool), expected, expected)
    group = merge(kind == "first1", adjacent(grid))
    top = chosen_share(expected, grid.areas_m2, 0.01)
    figures = {
        "size_m": float(asked.size_m),
        "hotspots": int(group.max()) + 1,
        "coming": [_day(coming.start), _day(coming.end - 1)],
        "expected": float(expected.sum()),
        "top_share": float((top * expected).sum() / max(expected.sum(), 1e-12)),
        "kinds": [name for name, _ in _SHARES],
        **proof,
    }
    return Result(_without_quiet(with_groups(cells, where, group, events)), figures)


def _periods(events: Events, horizon: Literal["week", "month"]) -> list[Period]:
    starts = period_starts(
        np.datetime64(events.first, "D"), np.datetime64(events.last, "D"), horizon
    )
    days = starts.astype("datetime64[D]").astype(int)
    return [Period(int(a), int(b)) for a, b in pairwise(days)]


def coming_period(last: date, horizon: Literal["week", "month"]) -> Period:
    """Return the week or month after the last day of the data, which need not end a month.

    Parameters
    ----------
    last : date
        The last day of the data.
    horizon : {"week", "month"}
        A month lasts until the day before the same day of the next one, or its last.

    Returns
    -------
    Period
    """
    first = last + timedelta(days=1)
    if horizon == "week":
        end = first + timedelta(days=7)
    else:
        year, month = first.year + first.month // 12, first.month % 12 + 1
        end = date(year, month, min(first.day, monthrange(year, month)[1]))
    begins = int(np.datetime64(first, "D").astype(int))
    return Period(begins, begins + (end - first).days)


def _judge(
    grid: Grid, own: Moments, periods: Sequence[Period], judged: int, tick: Tick
) -> Mapping[str, Any]:
    """Forecast the last periods from what was before each, beside the naive forecasts."""
    first, last = periods[0].start, periods[-judged:]
    model = fit_mixture(grid, {OWN: own}, periods[1:-judged], first=first,
                        tick=lambda share: tick(0.7 * share))  # fmt: skip
    surfaces = Surfaces(grid)
    actual = np.stack([_counts(grid, own, period) for period in last])
    risks: dict[str, list[NDArray[np.float64]]] = {"model": [], "last": [], "long": []}
    for done, period in enumerate(last):
        tick(0.7 + 0.3 * done / judged)
        risks["model"].append(predict(model, grid, {OWN: own}, period).expected)
        risks["last"].append(last_counts(surfaces, own, period))
        risks["long"].append(long_counts(surfaces, own, period, first))
    past = np.stack([_counts(grid, own, _year_before(period, first)) for period in last])
    scores: dict[str, Scores] = {
        name: score(each, actual, grid.areas_m2, before=past) for name, each in risks.items()
    }
    result: Comparison = compare(scores["model"], {k: scores[k] for k in ("last", "long")})
    return {
        "judged": judged,
        "verdict": str(result.verdict),
        "hit_rate": float(np.nanmean(scores["model"].hit_rate)),
        "pai": {name: list(map(float, each)) for name, each in result.pai.items()},
        "ratio": {name: list(map(float, each)) for name, each in result.ratio.items()},
        # Mean, lower and upper bound of each measure of each forecast.
        "scores": {
            name: {
                measure: list(map(float, bootstrap_mean(values)))
                for measure, values in each._asdict().items()
            }
            for name, each in scores.items()
        },
    }


def _year_before(period: Period, first: int) -> Period:
    """Return the year before a period, or all that is known of it."""
    return Period(max(first, period.start - _YEAR), period.start)


def _counts(grid: Grid, own: Moments, period: Period) -> NDArray[np.int64]:
    within = (own.day >= period.start) & (own.day < period.end)
    return grid.counts(own.x[within], own.y[within])


def _without_quiet(found: Found) -> Found:
    """Leave out the shapes that are in no class; they are nearly all."""
    kept = np.flatnonzero(found.kind != QUIET)
    return replace(
        found,
        shapes=found.shapes[kept],
        kind=found.kind[kept],
        count=found.count[kept],
        listed=found.listed[kept],
        score=found.score[kept],
        expected=None if found.expected is None else found.expected[kept],
        values=None if found.values is None else [found.values[int(i)] for i in kept],
    )


def _day(day: int) -> str:
    return str(np.datetime64(day, "D"))
