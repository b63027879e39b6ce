"""Surfaces of runs, kept small in the database and read as tiles of the web map.

A pixel is kept as a byte: between two levels its value goes from one to the next in `_PARTS` equal
parts, so that a step of colour begins exactly where its level is.
"""

from __future__ import annotations

import zlib

import numpy as np
import pyproj
from numpy.typing import NDArray

from gridmap.hotspots.analyses.events import Area, transformers
from gridmap.hotspots.analyses.result import Painted
from gridmap.hotspots.density import Surface, classed, sampled
from gridmap.hotspots.grids import Floats
from gridmap.hotspots.models import HotspotSurface
from gridmap.hotspots.rasters import Frame

SIDE = 256
"""Pixels of a tile along each side."""

_PARTS = 24
#: Levels that fit into a byte, with what is below the first and above the last.
_MOST_LEVELS = 255 // _PARTS - 1


def pack(run_id: int, area: Area, painted: Painted) -> HotspotSurface:
    """Make the row of a run's surface.

    Parameters
    ----------
    run_id : int
    area : Area
        In whose plane the surface lies.
    painted : Painted
        With at most nine levels.
    """
    surface, levels = painted.surface, painted.levels
    if len(levels) > _MOST_LEVELS:
        raise ValueError(f"a surface has at most {_MOST_LEVELS} levels")
    known = np.isfinite(surface.values) & (surface.covered > 0)
    values = np.nan_to_num(surface.values)
    lowest, highest = min(float(values.min()), levels[0] - 1), max(float(values.max()), levels[-1])
    edges = np.array([lowest, *levels, highest + 1])
    parts = np.interp(values, edges, _PARTS * np.arange(len(edges)))
    frame = surface.frame
    return HotspotSurface(
        run_id=run_id,
        epsg=area.crs.to_epsg(),
        west=frame.west,
        south=frame.south,
        step_m=frame.step_m,
        rows=frame.rows,
        columns=frame.columns,
        bandwidth_m=surface.bandwidth_m,
        counted=surface.counted,
        palette=painted.palette,
        levels=[float(level) for level in levels],
        pixels=zlib.compress(parts.astype(np.uint8).tobytes()),
        covered=zlib.compress(np.packbits(known).tobytes()),
    )


def unpack(row: HotspotSurface) -> Surface:
    """Return a kept surface; its values count the levels, 1 where the first is reached."""
    shape = row.rows, row.columns
    parts = np.frombuffer(zlib.decompress(row.pixels), dtype=np.uint8).reshape(shape)
    bits = np.frombuffer(zlib.decompress(row.covered), dtype=np.uint8)
    known = np.unpackbits(bits, count=row.rows * row.columns).reshape(shape)
    frame = Frame(row.west, row.south, row.step_m, row.rows, row.columns)
    values, covered = parts.astype(np.float64) / _PARTS, known.astype(np.float64)
    return Surface(frame, values, covered, row.bandwidth_m, row.counted)


def tile_steps(row: HotspotSurface, z: int, x: int, y: int) -> NDArray[np.uint8]:
    """Return the step of each pixel of a tile of the web map, 0 where nothing is painted.

    Returns
    -------
    ndarray of uint8, shape (SIDE, SIDE)
        The northernmost row first; at most the number of levels.
    """
    forth, _ = transformers(pyproj.CRS.from_epsg(row.epsg))
    lon, lat = _positions(z, x, y)
    east, north = forth.transform(*np.meshgrid(lon, lat))
    surface = unpack(row)
    # What a plane cannot show lies far outside.
    far = ~(np.isfinite(east) & np.isfinite(north))
    east[far], north[far] = surface.frame.west - 1, surface.frame.south - 1
    return classed(sampled(surface, east, north), np.arange(1.0, len(row.levels) + 1))


def _positions(z: int, x: int, y: int) -> tuple[Floats, Floats]:
    """Return the longitudes of a tile's columns and the latitudes of its rows."""
    steps = (np.arange(SIDE) + 0.5) / SIDE
    across, down = (x + steps) / 2**z, (y + steps) / 2**z
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * down))))
    return (across * 360 - 180).astype(np.float64), lat.astype(np.float64)
