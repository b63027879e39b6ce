"""Clusters and outliers: local Moran, with neighbours and p of one's choice."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.parameters import Moran
from gridmap.hotspots.analyses.places import make_places
from gridmap.hotspots.analyses.result import QUIET, Found, Result
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


def run(events: Events, area: Area, context: Context, asked: Moran, tick: Tick) -> Result:
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
        "distance_m": places.distance_m,
        "shapes": len(p),
        "hotspots": int(group.max()) + 1,
        "left_out": places.left_out,
        "proof": asked.proof,
        "replications": asked.replications if asked.proof == "permutation" else 0,
        "quarters": {name: int((kind == name).sum()) for name in _KINDS.values()},
    }
    return Result(with_groups(cells, places.where, group, events), figures)
