"""Hexagons or squares where many incidents are together, by Gi* and by one test for the map."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from gridmap.hotspots.analyses.busiest import LEAST
from gridmap.hotspots.analyses.events import NOBODY, Area, Context, Events, Households
from gridmap.hotspots.analyses.merged import split, with_groups
from gridmap.hotspots.analyses.parameters import GiStar
from gridmap.hotspots.analyses.result import QUIET, Found, Result, classes, finest_size
from gridmap.hotspots.exposure import explained
from gridmap.hotspots.faults import Unsuitable
from gridmap.hotspots.grids import Grid, make_grid
from gridmap.hotspots.local_statistics import LocalG, getis_ord
from gridmap.hotspots.mapwise import HotPlaces, hot_places
from gridmap.hotspots.rates import smoothed_rates
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import adjacent, with_self

#: Maps without any hotspot that the real one is compared with.
_REPLICATIONS = 999
#: From the strongest shape of a place to its edge: a few streets that one patrol can walk. The
#: foot beats that worked in Philadelphia had 2.1 km of streets (Ratcliffe and others 2011, The
#: Philadelphia foot patrol experiment, Criminology 49, 795-831).
_REACH_M = 300
#: How far from its home an incident of a household may be.
_DOOR_M = 50.0


def run(events: Events, area: Area, context: Context, asked: GiStar, tick: Tick) -> Result:
    """Find the hexagons or squares that are hot or cold with their neighbours.

    A shape is hot only if two tests agree: it and its neighbours have more than chance puts
    anywhere on a map where area and homes alone decide, see `gridmap.hotspots.mapwise`, and more
    than the town's own ups and downs, which is Gi* with the false discovery rate controlled. The
    greater p counts for both: Berger (1982), Multiparameter hypothesis testing and acceptance
    sampling, Technometrics 24, 295-300. So of maps on which nothing but chance spreads the
    incidents, at most one in twenty lists a place.

    Raises
    ------
    Unsuitable
        Where all shapes have the same count, or nobody lives.
    """
    size = float(asked.size_m) or finest_size(area)
    grid = make_grid(area.shape, asked.shape, size)
    tick(0.2)
    where = grid.locate(events.x, events.y)
    counts = np.bincount(where[where >= 0], minlength=len(grid)).astype(np.int64)
    share, rates, ground = _expected(counts, grid, context, asked.against)
    near = adjacent(grid)
    around = with_self(near)
    local = getis_ord(rates, around)
    tick(0.3)
    # The same incidents are always judged by the same random maps, others by others.
    whole = hot_places(
        counts, share, around, replications=_REPLICATIONS, seed=crc32(counts.tobytes()),
        tick=lambda done: tick(0.3 + 0.5 * done),
    )  # fmt: skip
    incidents = int(counts.sum()) - whole.left_out
    expected, score = incidents * share, np.nan_to_num(local.z)
    hot, cold = (whole.score > 0) & (score > 0), (whole.score < 0) & (score < 0)
    p = np.fmax(np.where(hot, whole.p, _cold_p(whole, incidents)), _discovered(local))
    kind = classes(p, hot, cold)
    group = split(np.isin(kind, ["hot99", "hot95"]), score, near, int(_REACH_M // size))
    seam = group >= 0
    group = _places(group, counts, expected, near)
    kind[seam & (group < 0)] = QUIET
    cells = Found(grid.shapes, kind, counts, np.zeros(len(grid), bool), score, expected, p)
    found = with_groups(cells, where, group, events)
    grouped = group >= 0
    figures = {
        "size_m": size,
        "shapes": len(grid),
        "hotspots": int(group.max()) + 1,
        "inside": int(counts[grouped].sum()),
        "area_share": float(grid.areas_m2[grouped].sum() / grid.areas_m2.sum()),
        "map_p": float(np.nanmin(whole.p)),
        "replications": _REPLICATIONS,
        "against": ground,
        "left_out": whole.left_out,
    }
    return Result(found, figures)


def _expected(
    counts: NDArray[np.int64], grid: Grid, context: Context, against: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Return the share expected in each shape, what Gi* looks at, and what decided about both."""
    values, areas = counts.astype(np.float64), grid.areas_m2 / grid.areas_m2.sum()
    if against == "count":
        return areas, values, against
    try:
        homes = context.households()
    except Unsuitable:
        homes = NOBODY
    amount = grid.totals(homes.x, homes.y, homes.amount)
    if against == "households":
        # Where nobody lives there is no rate; such shapes count as those of the whole area.
        rates = smoothed_rates(counts, amount)
        mean = counts.sum() / amount.sum()
        return amount / amount.sum(), np.nan_to_num(rates, nan=mean), against
    if not amount.any():
        return areas, values, "count"
    beside = _beside(homes, grid)
    return explained(counts, areas, amount / amount.sum(), beside / beside.sum()), values, against


def _beside(homes: Households, grid: Grid) -> NDArray[np.float64]:
    """Return the households spread around their homes, for much happens in front of the door."""
    spread = np.zeros(len(grid))
    for turn in np.pi / 3 * np.arange(6):
        x, y = homes.x + _DOOR_M * np.cos(turn), homes.y + _DOOR_M * np.sin(turn)
        spread += grid.totals(x, y, homes.amount)
    return spread


def _discovered(local: LocalG) -> NDArray[np.float64]:
    """Return the least rate of false discoveries at which each Gi* is one; NaN has none."""
    rate = np.full(len(local.p), np.nan)
    there = np.isfinite(local.p)
    rate[there] = stats.false_discovery_control(local.p[there])
    return rate


def _places(
    group: NDArray[np.int64], counts: NDArray[np.int64], expected: NDArray[np.float64],
    near: sparse.csr_array,
) -> NDArray[np.int64]:  # fmt: skip
    """Widen lone shapes and small groups to what was tested with them.

    What makes a shape hot may lie at its neighbours, none of which is hot itself. Groups that stay
    small are left out, as the seam of the place beside them.
    """
    lone = np.flatnonzero(np.bincount(group + 1)[1:] == 1)
    for number in np.union1d(lone, _small(group, counts, expected)):
        around = near[np.flatnonzero(group == number)].indices
        group[around[group[around] < 0]] = number
    kept = np.setdiff1d(np.unique(group), [-1, *_small(group, counts, expected)])
    return np.where(np.isin(group, kept), np.searchsorted(kept, group), -1)


def _small(
    group: NDArray[np.int64], counts: NDArray[np.int64], expected: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the groups with few incidents of their own, or no more than expected."""
    inside = np.bincount(group + 1, weights=counts)[1:]
    wanted = np.bincount(group + 1, weights=expected)[1:]
    return np.flatnonzero((inside < LEAST) | (inside <= wanted))


def _cold_p(whole: HotPlaces, incidents: int) -> NDArray[np.float64]:
    """Return how often maps have anywhere so few incidents where so many are expected, at most.

    The tail of the binomial count, times the number of places (Bonferroni). What is expected
    follows from area or households, so that a place that the border cuts is no colder for it.
    """
    exposed = np.isfinite(whole.score)
    tail = stats.binom.cdf(whole.observed, incidents, np.minimum(whole.expected / incidents, 1))
    return np.where(exposed, np.minimum(tail * exposed.sum(), 1), np.nan)
