"""Incidents made by hand, and an analysis of them in a town whose parts are given."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.analyses.events import Area, Context, Events, Households
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.analyses.result import Result

DAY = date(2026, 1, 1)
AREA = Area(shapely.box(0, 0, 3000, 3000), cast(Any, None))
Floats = NDArray[np.float64]


def events(x: Floats, y: Floats, days: int = 1) -> Events:
    time = np.full(len(x), np.datetime64("2026-01-01T08:30:00", "s"))
    return Events(x, y, time, DAY, DAY + timedelta(days=days - 1))


def context(
    homes: Households | None = None,
    others: Events | None = None,
    earlier: Events | None = None,
    cells: list[shapely.Geometry] | None = None,
) -> Context:
    """A town whose parts are given."""

    def refuse(*asked: Any) -> Any:
        raise AssertionError("nobody asked for this")

    return Context(
        between=refuse if (known := earlier or others) is None else lambda first, last: known,
        households=refuse if homes is None else lambda: homes,
        streets=refuse,
        cells=refuse if cells is None else lambda: np.array(cells, dtype=object),
        others=refuse if others is None else lambda first, last: others,
    )


def heap(rng: np.random.Generator, x: float, y: float, size: int) -> tuple[Floats, Floats]:
    return rng.normal(x, 90, size), rng.normal(y, 90, size)


def planted() -> Events:
    """400 incidents anywhere, and 90 at one place."""
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 3000, (2, 400))
    near = heap(rng, 1000, 2000, 90)
    return events(np.concatenate([x, near[0]]), np.concatenate([y, near[1]]))


def run(module: Any, given: Events, town: Context, **chosen: Any) -> Result:
    entry = ANALYSES[module.__name__.split(".")[-1]]
    asked = entry.parameters.model_validate(chosen)
    found: Result = module.run(given, AREA, town, asked, lambda share: None)
    return found
