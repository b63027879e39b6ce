"""Getis-Ord Gi* place by place, as desktop GIS has it: with neighbours and p of one's choice."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import shapely

from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.parameters import GetisOrd
from gridmap.hotspots.analyses.places import make_places
from gridmap.hotspots.analyses.result import COLD, HOT, QUIET, Found, Result
from gridmap.hotspots.discovery import discoveries
from gridmap.hotspots.local_statistics import getis_ord, permuted_p
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import with_self


def run(events: Events, area: Area, context: Context, asked: GetisOrd, tick: Tick) -> Result:
    """Find the places that are hot or cold with their neighbours, false discoveries controlled.

    The classes are false discovery rates of 1, 5 and 10 %.

    Raises
    ------
    Unsuitable
        As `make_places`, and where all places have one value.
    """
    places = make_places(events, area, context, asked)
    tick(0.3)
    around = with_self(places.near)
    local = getis_ord(places.values, around)
    p = local.p
    if asked.proof == "permutation":
        p = permuted_p(
            places.values, around, replications=asked.replications,
            seed=crc32(places.values.tobytes()), tick=lambda share: tick(0.3 + 0.6 * share),
        )  # fmt: skip
    kind = np.full(len(p), QUIET, dtype="<U8")
    for steps, side in ((HOT, local.z > 0), (COLD, local.z < 0)):
        for name, rate in reversed(steps):
            kind[side & discoveries(p, rate)] = name
    z = np.nan_to_num(local.z)
    cells = Found(places.shapes, kind, places.counts, np.zeros(len(p), bool), z, places.expected, p)
    group = merge(np.isin(kind, ["hot99", "hot95"]), places.touching)
    found = with_groups(cells, places.where, group, events)
    hot, sizes = group >= 0, shapely.area(places.shapes)
    figures = {
        "size_m": places.size_m,
        "distance_m": places.distance_m,
        "shapes": len(p),
        "hotspots": int(group.max()) + 1,
        "inside": int(places.counts[hot].sum()),
        "area_share": float(sizes[hot].sum() / sizes.sum()),
        "left_out": places.left_out,
        "proof": asked.proof,
        "replications": asked.replications if asked.proof == "permutation" else 0,
    }
    return Result(found, figures)
