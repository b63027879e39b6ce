"""What a scan allows for before it calls something a cluster: weekdays, season, categories, homes.

Season and weekdays are those of the whole area, and every kind of building has the rate that it has
everywhere (indirect standardisation), so what is left is what a place and a time have of their own.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gridmap.hotspots.analyses.busiest import weekdays_of
from gridmap.hotspots.analyses.events import Context, Events, Floats, Households, days_of
from gridmap.hotspots.analyses.parameters import SpaceTimeScan
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.forecast.season import LEAST_DAYS, factors_at, fit_season
from gridmap.hotspots.grids import Grid
from gridmap.hotspots.scan.expectation import standardised

Integers = NDArray[np.int64]

#: Longer ago a season may have been another.
_YEARS = 5


#: So many categories are each by itself, the rarer ones together: each stratum takes its time.
_MOST_CATEGORIES = 4
#: Which choices have an effect with which comparison.
_EFFECTIVE = {
    "permutation": (("weekdays", "kept"), ("categories", "own")),
    "poisson": (("weekdays", "kept"), ("months", "usual"), ("homes", "kinds")),
}


def allowed(asked: SpaceTimeScan) -> list[str]:
    """Return what is allowed for, by the names of the choices."""
    effective = _EFFECTIVE.get(asked.against, ())
    return [name for name, chosen in effective if getattr(asked, name) == chosen]


def strata(events: Events, asked: SpaceTimeScan) -> Integers | None:
    """Return within which incidents days are exchanged: the same weekday, category, or both."""
    found = np.zeros(len(events), dtype=np.int64)
    if asked.weekdays == "kept":
        found += weekdays_of(events.time)
    if asked.categories == "own" and events.category is not None:
        _, category, sizes = np.unique(events.category, return_inverse=True, return_counts=True)
        rank = np.argsort(np.argsort(-sizes, kind="stable"), kind="stable")
        found += 7 * np.minimum(rank[category], _MOST_CATEGORIES)
    return found if found.any() else None


def expected_days(events: Events, context: Context, asked: SpaceTimeScan) -> Floats:
    """Return what is expected on each day of the period, in any unit.

    Raises
    ------
    Unsuitable
        ``NO_SEASON`` where months are to be as usual and too little is known of former years.
    """
    first = _number(events.first)
    after = first + events.days
    days = np.arange(first, after, dtype=np.float64)
    if asked.months == "usual":
        begins = date(events.first.year - _YEARS, events.first.month, 1)
        known = np.sort(days_of(context.between(begins, events.last).time))
        since = int(known[0]) if len(known) else after
        # In less than two years season and trend cannot be told apart.
        if after - since < LEAST_DAYS:
            raise Unsuitable(Reason.NO_SEASON, days=after - since, least=LEAST_DAYS)
        season = fit_season(known, since, after)
        if asked.weekdays != "kept":
            season = season._replace(weekday=np.ones(7))
        return factors_at(season, days)
    if asked.weekdays == "kept":
        return factors_at(fit_season(days_of(events.time), first, after, by_month=False), days)
    return np.ones(len(days))


def expected_homes(
    grid: Grid, homes: Households, events: Events, asked: SpaceTimeScan
) -> tuple[Floats, Floats]:
    """Return the households of each place, and what they would suggest there, in any unit.

    An incident belongs to the kind of the nearest building with homes.

    Raises
    ------
    Unsuitable
        ``ONE_KIND`` where kinds of buildings are to differ and only one is known.
    """
    lived = grid.totals(homes.x, homes.y, homes.amount)
    if asked.homes == "alike":
        return lived, lived
    there = grid.locate(homes.x, homes.y)
    known = np.zeros(len(there)) if homes.kind is None else homes.kind
    kinds, kind = np.unique(known[there >= 0], return_inverse=True)
    if len(kinds) < 2:
        raise Unsuitable(Reason.ONE_KIND)
    homes, there = homes.where(there >= 0), there[there >= 0]
    population = np.zeros((len(grid), len(kinds)))
    np.add.at(population, (there, kind), homes.amount)
    place = grid.locate(events.x, events.y)
    counted = (place >= 0) & (lived[place] > 0)
    _, nearest = cKDTree(np.column_stack([homes.x, homes.y])).query(
        np.column_stack([events.x, events.y])[counted]
    )
    cases = np.bincount(kind[nearest], minlength=len(kinds))
    return lived, standardised(cases, population)


def _number(day: date) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))
