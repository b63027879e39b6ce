"""Where there is more or less than before, beyond what chance does to counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from geodata.messages import N_
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.result import QUIET, Analysis, Found, Result, fitting_size
from gridmap.hotspots.comparison import compare_counts
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import adjacent

#: Larger shapes than for hot areas: a change needs more incidents to be seen than a place.
_LARGER = 3.0
#: The share of the former period that may pass before its first incident.
_SILENT_SHARE = 0.2


class Parameters(BaseModel):
    """What can be chosen."""

    size_m: int = Field(
        0, ge=0, le=20_000, title=N_("Size of the shapes, m"),
        description=N_("0 chooses it by the number of incidents."),
    )  # fmt: skip
    against: Literal["year", "before"] = Field(
        "year", title=N_("Compare with"),
        description=N_("The same days a year before leave out the season."),
    )  # fmt: skip


def run(events: Events, area: Area, context: Context, asked: Parameters, tick: Tick) -> Result:
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
        "too_few": int(((kind == "few") & (before + after > 0)).sum()),
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


ANALYSIS = Analysis(
    key="comparison",
    title=N_("More or less than before"),
    answers=N_("Where did the number of incidents really change?"),
    method=N_(
        "The counts of both periods are compared in each shape by an exact test of two Poisson "
        "counts, with the false discovery rate controlled. Where so few happened that no change "
        "could be told, it says too few."
    ),
    legend="change",
    parameters=Parameters,
    run=run,
)
