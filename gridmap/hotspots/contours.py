"""Surfaces as areas: the smallest that holds a share of all, in polygons."""

from __future__ import annotations

from typing import Any

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.density import Surface
from gridmap.hotspots.grids import Floats


def share_levels(surface: Surface, shares: Floats) -> Floats:
    """Return the values above which the given shares of all incidents lie.

    The smallest area with a share of a density is where it is above a level: Hyndman (1996),
    Computing and graphing highest density regions, The American Statistician 50, 120-126.

    Parameters
    ----------
    surface : Surface
        A density.
    shares : ndarray of float64, shape (n,)
        Between 0 and 1.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the unit of the surface; the greater the share, the lower.
    """
    values, covered = surface.values.ravel(), surface.covered.ravel()
    falling = np.argsort(values)[::-1]
    held = np.cumsum(values[falling] * covered[falling])
    at = np.searchsorted(held, np.asarray(shares) * held[-1])
    levels: Floats = values[falling[np.minimum(at, len(falling) - 1)]]
    return levels


def regions(surface: Surface, levels: Floats, area: shapely.Geometry) -> NDArray[np.object_]:
    """Return where a surface is at or above each level.

    Parameters
    ----------
    surface : Surface
        Where it is NaN is no region.
    levels : ndarray of float64, shape (n,)
    area : Polygon or MultiPolygon
        What the surface was made for; regions end at its border.

    Returns
    -------
    ndarray of Polygon or MultiPolygon, shape (n,)
        In metres in the CRS of the area; empty where nothing reaches the level.
    """
    x, y = surface.frame.axes()
    lines = contourpy.contour_generator(
        x,
        y,
        np.ma.masked_invalid(surface.values),
        fill_type=contourpy.FillType.ChunkCombinedOffsetOffset,
    )
    found = np.empty(len(levels), dtype=object)
    for i, level in enumerate(levels):
        # One chunk: its corners, where its rings begin, and where its polygons begin among these.
        ragged: Any = lines.filled(float(level), np.inf)
        (corners,), (rings,), (polygons,) = ragged
        if corners is None:
            found[i] = shapely.MultiPolygon()
            continue
        pieces = shapely.from_ragged_array(shapely.GeometryType.POLYGON, corners, (rings, polygons))
        found[i] = shapely.intersection(shapely.union_all(shapely.make_valid(pieces)), area)
    return found
