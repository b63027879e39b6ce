"""Groups of incidents that are close both in place and in time."""

from __future__ import annotations

import numpy as np
import shapely
from scipy import stats

from gridmap.hotspots import st_dbscan as clustering
from gridmap.hotspots.analyses.busiest import busiest
from gridmap.hotspots.analyses.events import Area, Context, Events, days_of
from gridmap.hotspots.analyses.parameters import StDbscan
from gridmap.hotspots.analyses.result import Found, Result
from gridmap.hotspots.ticks import Tick

_MOST_LISTED = 200
#: How wide the outline of a group is drawn around its incidents, in metres.
_AROUND_M = 25.0
#: The number of neighbours that chance alone gives so rarely makes a group by itself.
_RARE = 1e-4


def run(events: Events, area: Area, context: Context, asked: StDbscan, tick: Tick) -> Result:
    """Find the groups, the largest first."""
    least = asked.least or _fitting(events, area, asked)
    group = clustering.st_dbscan(
        events.x, events.y, days_of(events.time), radius=asked.radius_m, days=asked.days,
        min_points=least, tick=lambda share: tick(0.8 * share),
    )  # fmt: skip
    counts = np.bincount(group[group >= 0]).astype(np.int64)
    order = np.argsort(-counts, kind="stable")[:_MOST_LISTED]
    # If one neighbour were enough, each incident would be a group; a series has two at least.
    order = order[counts[order] > 1]
    by_group = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[by_group], np.arange(len(counts) + 1))
    shapes, values = [], []
    for number in order:
        member = by_group[bounds[number] : bounds[number + 1]]
        points = shapely.multipoints(np.column_stack([events.x[member], events.y[member]]))
        shapes.append(shapely.buffer(shapely.convex_hull(points), _AROUND_M, quad_segs=4))
        time = events.time[member]
        first, last = (str(each.astype("datetime64[D]")) for each in (time.min(), time.max()))
        values.append({"busiest": busiest(time), "days": f"{first} – {last}"})
    found = Found(
        shapes=np.array(shapes, dtype=object),
        kind=np.full(len(order), "group"),
        count=counts[order],
        listed=np.ones(len(order), dtype=bool),
        score=counts[order].astype(np.float64),
        values=values,
    )
    figures = {
        "hotspots": int((counts > 1).sum()),
        "grouped": int((group >= 0).sum()),
        "least": least,
    }
    return Result(found, figures)


def _fitting(events: Events, area: Area, asked: StDbscan) -> int:
    """Return how many neighbours chance hardly ever gives where all is even."""
    around = np.pi * asked.radius_m**2 / shapely.area(area.shape) * 2 * asked.days / events.days
    return int(max(5, stats.poisson.isf(_RARE, len(events) * min(around, 1.0)) + 1))
