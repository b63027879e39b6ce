"""How hot areas develop: new, lasting, growing, fading, over the months of the period."""

from __future__ import annotations

import numpy as np

from gridmap.hotspots import emerging as patterns
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.merged import merge, with_groups
from gridmap.hotspots.analyses.parameters import Emerging
from gridmap.hotspots.analyses.result import QUIET, Found, Result, fitting_size
from gridmap.hotspots.cube import make_cube, period_starts, space_time_gi_star
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.local_statistics import LEAST_PLACES
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import adjacent, with_self

#: Fewer periods have no development to speak of.
_LEAST_PERIODS = 6
#: Each shape has as many counts as there are periods, so shapes are larger than on a single map.
_LARGER = 2.0
#: Shapes with less of the area of the largest are cut by the border.
_WHOLE = 0.99


def run(events: Events, area: Area, context: Context, asked: Emerging, tick: Tick) -> Result:
    """Classify each hexagon by its scores over the months or weeks.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` whole periods or shapes, or all bins alike.
    """
    first, last = np.datetime64(events.first, "D"), np.datetime64(events.last, "D")
    starts = period_starts(first, last, asked.periods)
    if len(starts) - 1 < _LEAST_PERIODS:
        raise Unsuitable(Reason.TOO_FEW, periods=len(starts) - 1, least=_LEAST_PERIODS)
    size = float(asked.size_m) or _LARGER * fitting_size(area, len(events))
    grid = make_grid(area.shape, "hexagon", size)
    if len(grid) < LEAST_PLACES:
        raise Unsuitable(Reason.TOO_FEW, places=len(grid), least=LEAST_PLACES)
    where = grid.locate(events.x, events.y)
    cube = make_cube(where, events.time, len(grid), starts)
    tick(0.3)
    near = adjacent(grid)
    z = space_time_gi_star(cube.counts, with_self(near))
    tick(0.4)
    found = patterns.emerging(z, tick=lambda share: tick(0.4 + 0.4 * share))
    kind = np.array([str(each) for each in found.pattern], dtype="<U18")
    kind[kind == str(patterns.Pattern.NONE)] = QUIET
    # What the border cuts has fewer incidents for its size, and so have its neighbours.
    cut = grid.areas_m2 < _WHOLE * grid.areas_m2.max()
    kind[np.char.endswith(kind, "_cold") & (cut | (near @ cut > 0))] = QUIET
    tick(0.8)
    counts = cube.counts.sum(axis=1).astype(np.int64)
    newest = np.nan_to_num(z[:, -1])
    cells = Found(
        grid.shapes, kind, counts, np.zeros(len(grid), bool), newest,
        counts.sum() * grid.areas_m2 / grid.areas_m2.sum(),
    )  # fmt: skip
    group = np.full(len(grid), -1, dtype=np.int64)
    # Places that develop alike and touch are one.
    for name in sorted(set(kind[np.char.endswith(kind, "_hot")])):
        own = merge(kind == name, near)
        group = np.where(own >= 0, own + group.max() + 1, group)
    hot = group >= 0
    figures = {
        "size_m": size,
        "shapes": len(grid),
        "hotspots": int(group.max()) + 1,
        "periods": len(starts) - 1,
        "kinds": sorted(set(kind)),
        "inside": int(hot[where[where >= 0]].sum()),
        "area_share": float(grid.areas_m2[hot].sum() / grid.areas_m2.sum()),
    }
    return Result(with_groups(cells, where, group, events), figures)
