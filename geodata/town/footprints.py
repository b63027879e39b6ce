"""The outlines of buildings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.town.fabric import Fabric, unproject

Floats = NDArray[np.float64]

# Outlines in a box from -0.5 to 0.5 (x along the street), the outer ring and perhaps a courtyard.
_OUTLINES: dict[str, list[list[tuple[float, float]]]] = {
    "rect": [[(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]],
    "L": [[(-0.5, -0.5), (0.5, -0.5), (0.5, 0.0), (0.0, 0.0), (0.0, 0.5), (-0.5, 0.5)]],
    "U": [[(-0.5, -0.5), (-0.2, -0.5), (-0.2, 0.1), (0.2, 0.1), (0.2, -0.5), (0.5, -0.5),
           (0.5, 0.5), (-0.5, 0.5)]],
    "H": [[(-0.5, -0.5), (-0.25, -0.5), (-0.25, -0.15), (0.25, -0.15), (0.25, -0.5), (0.5, -0.5),
           (0.5, 0.5), (0.25, 0.5), (0.25, 0.15), (-0.25, 0.15), (-0.25, 0.5), (-0.5, 0.5)]],
    "O": [[(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)],
          [(-0.2, -0.2), (-0.2, 0.2), (0.2, 0.2), (0.2, -0.2)]],
    # Staircases stand out on the northern side of a slab.
    "comb": [[(-0.5, -0.5), (0.5, -0.5), (0.5, 0.36), (0.38, 0.36), (0.38, 0.5), (0.28, 0.5),
              (0.28, 0.36), (0.05, 0.36), (0.05, 0.5), (-0.05, 0.5), (-0.05, 0.36), (-0.28, 0.36),
              (-0.28, 0.5), (-0.38, 0.5), (-0.38, 0.36), (-0.5, 0.36)]],
    "tower": [[(-0.5, -0.2), (-0.3, -0.2), (-0.3, -0.5), (-0.06, -0.5), (-0.06, -0.35),
               (0.06, -0.35), (0.06, -0.5), (0.3, -0.5), (0.3, -0.2), (0.5, -0.2), (0.5, 0.4),
               (0.2, 0.4), (0.2, 0.5), (-0.2, 0.5), (-0.2, 0.4), (-0.5, 0.4)]],
}  # fmt: skip


def footprints(fabric: Fabric, slots: pd.DataFrame) -> NDArray[np.object_]:
    """Draw the outlines of buildings, square to their street.

    Parameters
    ----------
    fabric : Fabric
    slots : DataFrame
        As `geodata.town.slots.make_slots` gives it.

    Returns
    -------
    array of Polygon
        WGS 84, in the order of ``slots``.
    """
    i = slots["i"].to_numpy() + slots["s"].to_numpy()
    j = slots["j"].to_numpy() + slots["t"].to_numpy()
    x, y = fabric.metres(i, j)
    east, north, width, height = fabric.frame(i, j)
    # Shops along an upright street follow that street.
    angle = np.where(slots["upright"], north - np.pi / 2, east) + slots["turn"].to_numpy()
    # Where a block narrows its buildings become smaller, so that they stay apart.
    w = slots["w"].to_numpy() * np.minimum(width / slots["width"].to_numpy(), 1)
    d = slots["d"].to_numpy() * np.minimum(height / slots["height"].to_numpy(), 1)
    shape = slots["shape"].to_numpy()
    result = np.empty(len(slots), dtype=object)
    for name, rings in _OUTLINES.items():
        at = np.flatnonzero(shape == name)
        if not len(at):
            continue
        drawn = [_place(ring, x[at], y[at], angle[at], w[at], d[at]) for ring in rings]
        outer = shapely.linearrings(drawn[0])
        holes = [np.asarray(shapely.linearrings(ring), dtype=object) for ring in drawn[1:]]
        result[at] = shapely.polygons(outer, np.stack(holes, axis=1) if holes else None)
    return result


def _place(
    ring: list[tuple[float, float]], x: Floats, y: Floats, angle: Floats, w: Floats, d: Floats
) -> Floats:
    corners = np.array(ring)
    px, py = corners[:, 0] * w[:, None], corners[:, 1] * d[:, None]
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return unproject(x[:, None] + px * cos - py * sin, y[:, None] + px * sin + py * cos)
