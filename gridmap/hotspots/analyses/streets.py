"""Streets on which most happens: incidents moved to the nearest street, and density along it."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from gridmap.hotspots import streets as along
from gridmap.hotspots.analyses.busiest import busiest
from gridmap.hotspots.analyses.density import SHARES
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.parameters import Streets
from gridmap.hotspots.analyses.result import Found, Result
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.snapping import snap
from gridmap.hotspots.ticks import Tick

_MOST_LISTED = 100
#: Ends of streets that lie so near each other, in metres, are one crossing.
_ONE_CROSSING_M = 0.01


def run(events: Events, area: Area, context: Context, asked: Streets, tick: Tick) -> Result:
    """Find the pieces of street with the highest density.

    Raises
    ------
    Unsuitable
        ``NO_STREETS``, or ``TOO_FEW`` incidents near any.
    """
    lines, _names = context.streets()
    streets = _between_crossings(lines, area.shape)
    street, at = snap(events.x, events.y, streets, asked.within_m)
    tick(0.4)
    pieces = along.make_lixels(streets, asked.bandwidth_m / 4)
    per_km = along.street_density(
        pieces, _crossings(streets), street, at, asked.bandwidth_m,
        tick=lambda share: tick(0.4 + 0.5 * share),
    )  # fmt: skip
    on = street >= 0
    where = np.full(len(events), -1, dtype=np.int64)
    where[on] = along.lixel_of(pieces, street[on], at[on])
    counts = np.bincount(where[on], minlength=len(per_km)).astype(np.int64)
    kind = _classes(per_km, pieces.length_m)
    drawn = np.flatnonzero(kind != "")
    parts = pieces.lines(streets)[drawn]
    tick(0.92)
    group = _groups(parts, kind[drawn])
    of_event = np.full(len(events), -1, dtype=np.int64)
    place = np.full(len(per_km), -1, dtype=np.int64)
    place[drawn] = group
    of_event[on] = place[where[on]]
    sums = np.bincount(of_event[of_event >= 0], minlength=int(group.max()) + 1).astype(np.int64)
    order = np.argsort(-sums, kind="stable")[:_MOST_LISTED]
    listed = [shapely.line_merge(shapely.union_all(parts[group == i])) for i in order]
    kinds = [min(kind[drawn][group == i]) for i in order]
    n = len(drawn)
    found = Found(
        shapes=np.array([*parts, *listed], dtype=object),
        kind=np.array([*kind[drawn], *kinds]),
        count=np.concatenate([counts[drawn], sums[order]]),
        listed=np.arange(n + len(order)) >= n,
        score=np.concatenate([per_km[drawn], sums[order].astype(float)]),
        values=[{}] * n
        + [{"busiest": busiest(events.time[of_event == i]), "length_m": round(line.length)}
           for i, line in zip(order, listed, strict=True)],
    )  # fmt: skip
    figures = {"hotspots": len(order), "on_streets": int(on.sum()), "streets": len(streets)}
    return Result(found, figures)


def _between_crossings(lines: NDArray[np.object_], area: shapely.Geometry) -> NDArray[np.object_]:
    """Return the streets cut where their lines meet, so that one leads into the other."""
    near = lines[shapely.intersects(lines, shapely.buffer(area, 100))] if len(lines) else lines
    if len(near) == 0:
        raise Unsuitable(Reason.NO_STREETS)
    parts = shapely.get_parts(shapely.union_all(near, grid_size=_ONE_CROSSING_M))
    whole: NDArray[np.object_] = parts[shapely.length(parts) > _ONE_CROSSING_M]
    return whole


def _crossings(streets: NDArray[np.object_]) -> NDArray[np.int64]:
    """Give numbers to the crossings at which each street begins and ends."""
    ends = np.concatenate([
        shapely.get_coordinates(shapely.get_point(streets, 0)),
        shapely.get_coordinates(shapely.get_point(streets, -1)),
    ])  # fmt: skip
    places = np.round(ends / _ONE_CROSSING_M).astype(np.int64)
    _, number = np.unique(places, axis=0, return_inverse=True)
    numbers: NDArray[np.int64] = number.reshape(2, -1).T.astype(np.int64)
    return numbers


def _classes(per_km: NDArray[np.float64], length_m: NDArray[np.float64]) -> NDArray[np.str_]:
    """Return the class of each piece: the least length of streets that holds a share of all."""
    order = np.argsort(-per_km, kind="stable")
    amount = per_km * length_m
    before = np.concatenate([[0], np.cumsum(amount[order])[:-1]]) / amount.sum()
    kind = np.full(len(per_km), "", dtype="<U6")
    for name, share in reversed(SHARES):
        kind[order[before < share]] = name
    return kind


def _groups(parts: NDArray[np.object_], kind: NDArray[np.str_]) -> NDArray[np.int64]:
    """Put the densest pieces that touch into groups; others are in none, -1."""
    group = np.full(len(parts), -1, dtype=np.int64)
    hot = np.flatnonzero(kind == "top10")
    left, right = shapely.STRtree(parts[hot]).query(parts[hot], predicate="dwithin", distance=0.5)
    n = len(hot)
    touching = sparse.coo_array((np.ones(len(left)), (left, right)), shape=(n, n))
    _, group[hot] = sparse.csgraph.connected_components(touching, directed=False)
    return group
