"""Clusters and outliers: local Moran, with neighbours and p of one's choice."""

from __future__ import annotations

from typing import Literal
from zlib import crc32

import numpy as np
from pydantic import Field

from geodata.messages import N_
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.places import PlaceParameters, make_places
from gridmap.hotspots.analyses.result import QUIET, Analysis, Found, Result
from gridmap.hotspots.discovery import discoveries
from gridmap.hotspots.local_statistics import (
    HIGH_HIGH,
    HIGH_LOW,
    LOW_HIGH,
    LOW_LOW,
    local_moran,
    permuted_p,
)
from gridmap.hotspots.ticks import Tick

#: The quarters of Moran's plot as classes: a place first, then its neighbours.
_KINDS = {HIGH_HIGH: "hh", HIGH_LOW: "hl", LOW_HIGH: "lh", LOW_LOW: "ll"}
_RATE = 0.05


class Parameters(PlaceParameters):
    """What can be chosen; permutation first, for counts are skewed."""

    proof: Literal["analytic", "permutation"] = Field(
        "permutation", title=N_("p by"),
        description=N_("Permutation assumes no bell curve, which counts hardly follow."),
    )  # fmt: skip
    replications: int = Field(
        9_999, ge=99, le=99_999, title=N_("Permutations"),
        description=N_("With 999, p is never below 0.002. On many shapes, of which many are "
                       "tested at once, more are needed to find anything."),
    )  # fmt: skip


def run(events: Events, area: Area, context: Context, asked: Parameters, tick: Tick) -> Result:
    """Find places like their neighbours or unlike, at a false discovery rate of 5 %.

    Raises
    ------
    Unsuitable
        As `make_places`, and where all places have one value.
    """
    places = make_places(events, area, context, asked)
    tick(0.2)
    local = local_moran(places.values, places.near)
    p = local.p
    if asked.proof == "permutation":
        p = permuted_p(
            places.values, places.near, replications=asked.replications,
            seed=crc32(places.values.tobytes()), tick=lambda share: tick(0.2 + 0.7 * share),
        )  # fmt: skip
    counts_as = discoveries(p, _RATE)
    kind = np.full(len(p), QUIET, dtype="<U8")
    for quarter, name in _KINDS.items():
        kind[counts_as & (local.quarter == quarter)] = name
    cells = Found(
        places.shapes, kind, places.counts, np.zeros(len(p), bool),
        places.counts - places.expected, places.expected, p,
    )  # fmt: skip
    # Listed is where something is high: heaps, and single places amid quiet ones.
    heaps, alone = merge(kind == "hh", places.touching), merge(kind == "hl", places.touching)
    group = np.where(alone >= 0, alone + heaps.max() + 1, heaps)
    figures = {
        "size_m": places.size_m,
        "shapes": len(p),
        "hotspots": int(group.max()) + 1,
        "left_out": places.left_out,
        "proof": asked.proof,
        "replications": asked.replications if asked.proof == "permutation" else 0,
        "quarters": {name: int((kind == name).sum()) for name in _KINDS.values()},
    }
    return Result(with_groups(cells, places.where, group, events), figures)


ANALYSIS = Analysis(
    key="moran",
    title=N_("Clusters and outliers (local Moran)"),
    answers=N_(
        "Which places are high among high ones, and which stand out from their surroundings?"
    ),
    method=N_(
        "Each shape is compared with its neighbours. High among high is a cluster; high among low "
        "is a single spot, such as one address with many calls; low among high is a gap in a busy "
        "district. Of the shapes painted, about one in twenty is so by chance (false discovery "
        "rate 5 %). Grey shapes are no different from what chance brings together."
    ),
    legend="moran",
    parameters=Parameters,
    run=run,
)
