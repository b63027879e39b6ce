"""Hexagons or squares where many incidents are together: Gi* with control of false discoveries."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from geodata.messages import N_
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.result import COLD, HOT, QUIET, Analysis, Found, Result, fitting_size
from gridmap.hotspots.discovery import fdr_cutoff
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.local_statistics import getis_ord
from gridmap.hotspots.mapwise import hot_places
from gridmap.hotspots.rates import smoothed_rates
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import adjacent, with_self

#: A map shows hotspots if fewer than one in twenty maps without any has so high a score.
_LEVEL, _REPLICATIONS = 0.05, 99


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

    Whether there is any hotspot at all is decided map-wise, see `gridmap.hotspots.mapwise`: false
    alarms are as rare as they should be. Which shapes are then painted follows from Gi* at the
    levels 90, 95 and 99 % of the false discovery rate.

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
    if asked.against == "households":
        homes = context.households()
        amount = grid.totals(homes.x, homes.y, homes.amount)
        if not amount.any():
            raise Unsuitable(Reason.NO_POPULATION)
        # Where nobody lives there is no rate; such shapes count as those of the whole area.
        values = np.nan_to_num(smoothed_rates(counts, amount), nan=counts.sum() / amount.sum())
        share = amount / amount.sum()
    around = with_self(near)
    local = getis_ord(values, around)
    tick(0.4)
    whole = hot_places(counts, share, around, replications=_REPLICATIONS, seed=1)
    surest = float(np.nanmin(whole.p))
    tick(0.7)
    kind = np.full(len(grid), QUIET, dtype="<U8")
    for steps, side in ((HOT, local.z > 0), (COLD, local.z < 0)):
        for name, level in reversed(steps):
            kind[side & (local.p < fdr_cutoff(local.p, level))] = name
    if surest > _LEVEL:
        # A map that chance draws as well shows no hotspots.
        kind[:] = QUIET
    expected = counts.sum() * share
    cells = Found(
        grid.shapes, kind, counts, np.zeros(len(grid), bool), np.nan_to_num(local.z), expected,
        local.p,
    )  # fmt: skip
    group = merge(np.isin(kind, ["hot99", "hot95"]), near)
    found = with_groups(cells, where, group, events)
    inside = int((group[where[where >= 0]] >= 0).sum())
    hot = group >= 0
    figures = {
        "size_m": size,
        "shapes": len(grid),
        "hotspots": int(group.max()) + 1,
        "inside": inside,
        "area_share": float(grid.areas_m2[hot].sum() / grid.areas_m2.sum()),
        "level": _LEVEL,
        "map_p": surest,
    }
    return Result(found, figures)


ANALYSIS = Analysis(
    key="gi_star",
    title=N_("Hot and cold areas"),
    answers=N_("Where do more incidents happen together than chance explains?"),
    method=N_(
        "The area is divided into equal shapes. A shape is hot if it and its neighbours have so "
        "many incidents that chance alone would rarely bring them together (Getis-Ord Gi*). The "
        "levels 90, 95 and 99 % are corrected for the many shapes tested, by the false discovery "
        "rate. Nothing is painted if maps on which chance alone spreads as many incidents look "
        "alike in more than one of twenty."
    ),
    legend="significance",
    parameters=Parameters,
    run=run,
)
