"""Hexagons or squares where many incidents are together: Gi* tested map-wise."""

from __future__ import annotations

from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from scipy import stats

from geodata.messages import N_
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.result import Analysis, Found, Result, classes, fitting_size
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.local_statistics import getis_ord
from gridmap.hotspots.mapwise import HotPlaces, hot_places
from gridmap.hotspots.rates import smoothed_rates
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import adjacent, with_self

#: A map shows hotspots if fewer than one in twenty maps without any has so high a score.
_LEVEL, _REPLICATIONS = 0.05, 999


class Parameters(BaseModel):
    """What can be chosen."""

    shape: Literal["hexagon", "square"] = Field("hexagon", title=N_("Shape"))
    size_m: int = Field(
        0, ge=0, le=20_000, title=N_("Size of the shapes, m"),
        description=N_("0 chooses it by the number of incidents: about two in each."),
    )  # fmt: skip
    against: Literal["count", "households"] = Field(
        "count", title=N_("Compare"),
        description=N_("Counts show where most happens; counts per household where more happens "
                       "than the number of homes explains."),
    )  # fmt: skip


def run(events: Events, area: Area, context: Context, asked: Parameters, tick: Tick) -> Result:
    """Find the hexagons or squares that are hot or cold with their neighbours.

    Both are decided map-wise, see `gridmap.hotspots.mapwise`: of maps on which nothing but chance
    spreads the incidents, one in twenty lists a place. The classes are the levels 90, 95 and 99 %
    of the same test. Gi* only orders what is listed.

    Raises
    ------
    Unsuitable
        Where all shapes have the same count, or nobody lives.
    """
    size = float(asked.size_m) or fitting_size(area, len(events))
    grid = make_grid(area.shape, asked.shape, size)
    tick(0.2)
    where = grid.locate(events.x, events.y)
    counts = np.bincount(where[where >= 0], minlength=len(grid)).astype(np.int64)
    values, share = counts.astype(np.float64), grid.areas_m2 / grid.areas_m2.sum()
    near = adjacent(grid)
    around = with_self(near)
    if asked.against == "households":
        homes = context.households()
        amount = grid.totals(homes.x, homes.y, homes.amount)
        if not amount.any():
            raise Unsuitable(Reason.NO_POPULATION)
        # Where nobody lives there is no rate; such shapes count as those of the whole area.
        values = np.nan_to_num(smoothed_rates(counts, amount), nan=counts.sum() / amount.sum())
        share = amount / amount.sum()
    local = getis_ord(values, around)
    tick(0.3)
    # The same incidents are always judged by the same random maps, others by others.
    whole = hot_places(
        counts, share, around, replications=_REPLICATIONS, seed=crc32(counts.tobytes()),
        tick=lambda done: tick(0.3 + 0.5 * done),
    )  # fmt: skip
    incidents = int(counts.sum()) - whole.left_out
    hot, p = whole.score > 0, np.where(whole.score > 0, whole.p, _cold_p(whole, incidents))
    kind = classes(p, hot, whole.score < 0)
    expected = incidents * share
    cells = Found(
        grid.shapes, kind, counts, np.zeros(len(grid), bool), np.nan_to_num(local.z), expected, p
    )
    group = merge(np.isin(kind, ["hot99", "hot95"]), near)
    found = with_groups(cells, where, group, events)
    inside = int((group[where[where >= 0]] >= 0).sum())
    grouped = group >= 0
    figures = {
        "size_m": size,
        "shapes": len(grid),
        "hotspots": int(group.max()) + 1,
        "inside": inside,
        "area_share": float(grid.areas_m2[grouped].sum() / grid.areas_m2.sum()),
        "level": _LEVEL,
        "map_p": float(np.nanmin(whole.p)),
        "left_out": whole.left_out,
    }
    return Result(found, figures)


def _cold_p(whole: HotPlaces, incidents: int) -> NDArray[np.float64]:
    """Return how often maps have anywhere so few incidents where so many are expected, at most.

    The tail of the binomial count, times the number of places (Bonferroni). What is expected
    follows from area or households, so that a place that the border cuts is no colder for it.
    """
    exposed = np.isfinite(whole.score)
    tail = stats.binom.cdf(whole.observed, incidents, np.minimum(whole.expected / incidents, 1))
    return np.where(exposed, np.minimum(tail * exposed.sum(), 1), np.nan)


ANALYSIS = Analysis(
    key="gi_star",
    title=N_("Hot and cold areas"),
    answers=N_("Where do more incidents happen together than chance explains?"),
    method=N_(
        "The area is divided into equal shapes. A shape is hot if it and its neighbours have so "
        "many incidents that chance alone would rarely bring them together (as Getis-Ord Gi*). "
        "A shape is hot with 95 % if of random maps with as many incidents at most one in twenty "
        "has so strong a place anywhere, so p already counts how many shapes were tested. A shape "
        "is cold by the same measure."
    ),
    legend="significance",
    parameters=Parameters,
    run=run,
)
