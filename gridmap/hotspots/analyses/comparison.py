"""Where there is more or less than before, beyond what chance does to counts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.parameters import Comparison
from gridmap.hotspots.analyses.result import QUIET, Found, Result, fitting_size
from gridmap.hotspots.comparison import compare_counts
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import adjacent

#: Larger shapes than for hot areas: a change needs more incidents to be seen than a place.
_LARGER = 3.0
#: The share of the former period that may pass before its first incident.
_SILENT_SHARE = 0.2


def run(events: Events, area: Area, context: Context, asked: Comparison, tick: Tick) -> Result:
    """Compare the counts of both periods shape by shape.

    Raises
    ------
    Unsuitable
        ``NO_EARLIER``: the data do not reach back so far.
    """
    first, last = former(events.first, events.last, asked.against)
    earlier = context.between(first, last)
    check_reach(earlier)
    tick(0.4)
    total = len(events) + len(earlier)
    size = float(asked.size_m) or _LARGER * fitting_size(area, total)
    grid = make_grid(area.shape, "hexagon", size)
    where = grid.locate(events.x, events.y)
    after = np.bincount(where[where >= 0], minlength=len(grid)).astype(np.int64)
    before = grid.counts(earlier.x, earlier.y)
    change = compare_counts(before, after, exposure_before=earlier.days, exposure_after=events.days)
    tick(0.8)
    expected = before.astype(np.float64) * (events.days / earlier.days)
    kind = np.where(change.too_few, "few", QUIET).astype("<U8")
    kind[change.found & (change.ratio > 1)] = "more"
    kind[change.found & (change.ratio < 1)] = "fewer"
    kind[(before == 0) & (after == 0)] = QUIET
    cells = Found(
        grid.shapes, kind, after, np.zeros(len(grid), bool), after - expected, expected, change.p
    )
    near = adjacent(grid)
    more, fewer = merge(kind == "more", near), merge(kind == "fewer", near)
    group = np.where(fewer >= 0, fewer + more.max() + 1, more)
    figures = {
        "size_m": size,
        "shapes": len(grid),
        "hotspots": int(group.max()) + 1,
        "more": int(more.max()) + 1,
        "fewer": int(fewer.max()) + 1,
        "before": len(earlier),
        "former": [str(first), str(last)],
    }
    return Result(with_groups(cells, where, group, events), figures)


def former(first: date, last: date, against: str) -> tuple[date, date]:
    """Return the period that one is compared with, both days included."""
    if against == "before":
        days = (last - first).days + 1
        return first - timedelta(days=days), first - timedelta(days=1)
    # A period longer than a year would overlap with itself.
    years = 1
    while _years_before(last, years) >= first:
        years += 1
    return _years_before(first, years), _years_before(last, years)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def check_reach(earlier: Events) -> None:
    """Refuse a former period that begins long before the first incident there is."""
    known = earlier.time.min().astype("datetime64[D]") if len(earlier) else None
    wanted = np.datetime64(earlier.first, "D")
    if known is None or (known - wanted).astype(int) > _SILENT_SHARE * earlier.days:
        raise Unsuitable(Reason.NO_EARLIER, events=len(earlier))
