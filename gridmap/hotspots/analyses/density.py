"""Where incidents are densest: a surface, shown as the smallest areas that hold a share of all."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots import density as surfaces
from gridmap.hotspots.analyses.busiest import LEAST, busiest
from gridmap.hotspots.analyses.events import Area, Context, Events, Floats
from gridmap.hotspots.analyses.parameters import Density
from gridmap.hotspots.analyses.result import Found, Painted, Result
from gridmap.hotspots.bandwidths import cross_validated, scott, silverman
from gridmap.hotspots.contours import regions, share_levels
from gridmap.hotspots.ticks import Tick

#: The classes, and the share of all incidents in the smallest area that reaches each.
SHARES = (("top10", 0.10), ("top25", 0.25), ("top50", 0.50), ("top75", 0.75))
#: The same of the finer steps of the surface, the faintest first.
_STEPS = (0.95, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1)
_PIXELS = 768
_MOST_LISTED = 100
#: A narrower kernel shows single buildings, which is what the map of incidents is for.
_LEAST_M = 100.0
#: Contours may be off by so many metres, for a file a tenth as large.
_SMOOTH_M = 3.0


def run(events: Events, area: Area, context: Context, asked: Density, tick: Tick) -> Result:
    """Estimate the density and take the smallest areas with 10, 25, 50 and 75 % of it.

    Raises
    ------
    Unsuitable
        As `gridmap.hotspots.density.density`.
    """
    width = asked.bandwidth_m or _fitting(events, asked.rule, lambda share: tick(0.3 * share))
    tick(0.3)
    surface = surfaces.density(
        events.x, events.y, area.shape, width, pixels=_PIXELS,
        edge_corrected=asked.border == "corrected", tick=lambda share: tick(0.3 + 0.3 * share),
    )  # fmt: skip
    tick(0.6)
    levels = share_levels(surface, np.array([share for _, share in SHARES]))
    nested = shapely.simplify(regions(surface, levels, area.shape), _SMOOTH_M)
    tick(0.8)
    # Each class without those within, so that no colour lies on another.
    inner = np.concatenate([[shapely.Polygon()], nested[:-1]])
    rings = shapely.difference(nested, inner)
    places = list(shapely.get_parts(nested[1]))
    where = inside(places, events.x, events.y)
    counts = np.bincount(where[where >= 0], minlength=len(places)).astype(np.int64)
    order = np.argsort(-counts, kind="stable")[:_MOST_LISTED]
    # What holds a handful stands out by its few metres alone, mostly at the border.
    order = order[counts[order] >= LEAST]
    expected = len(events) * shapely.area(places) / shapely.area(area.shape)
    drawn = np.flatnonzero(~shapely.is_empty(rings))
    n = len(drawn)
    within = _counts(nested, events)
    found = Found(
        shapes=np.array([*rings[drawn], *(places[i] for i in order)], dtype=object),
        # A place is listed with its whole area of the 25 %, denser parts included.
        kind=np.array([*(SHARES[i][0] for i in drawn), *["top25"] * len(order)]),
        count=np.concatenate([within[drawn], counts[order]]),
        listed=np.arange(n + len(order)) >= n,
        score=np.concatenate([np.zeros(n), counts[order].astype(float)]),
        expected=np.concatenate([np.full(n, np.nan), expected[order]]),
        values=[{}] * n + [{"busiest": busiest(events.time[where == i])} for i in order],
    )
    tick(0.95)
    # Of the places that are listed, as the count beside it.
    listed_m2 = sum(shapely.area(places[i]) for i in order)
    figures = {
        "bandwidth_m": float(width),
        "hotspots": len(order),
        "inside": int(counts[order].sum()),
        "area_share": float(listed_m2 / shapely.area(area.shape)),
        "highest": float(np.nanmax(surface.values)),
    }
    steps = np.unique(share_levels(surface, np.array(_STEPS)))
    return Result(found, figures, Painted(surface, steps, "density"))


def _fitting(events: Events, rule: str, tick: Tick) -> float:
    """Return the bandwidth that a rule chooses, 100 m at least."""
    if rule == "fits":
        return max(cross_validated(events.x, events.y, tick), _LEAST_M)
    return max({"scott": scott, "silverman": silverman}[rule](events.x, events.y), _LEAST_M)


def inside(places: list[shapely.Geometry], x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return the place each point lies in, -1 for none."""
    where = np.full(len(x), -1, dtype=np.int64)
    if places:
        point, place = shapely.STRtree(places).query(shapely.points(x, y), predicate="intersects")
        where[point] = place
    return where


def _counts(nested: NDArray[np.object_], events: Events) -> NDArray[np.int64]:
    """Count the incidents in each class without those within."""
    shapely.prepare(nested)
    sums = [int(shapely.contains_xy(shape, events.x, events.y).sum()) for shape in nested]
    return np.array([0, *sums], dtype=np.int64)[1:] - np.array([0, *sums[:-1]], dtype=np.int64)
