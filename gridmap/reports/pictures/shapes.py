"""Shapes of shapely as paths of matplotlib, all points of a layer at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

Shapes = NDArray[np.object_]
#: A path of more points is drawn in parts: the renderer's memory for one has a limit.
_MOST_POINTS = 40_000


def add(axes: Axes, patches: Iterable[PathPatch]) -> None:
    """Draw patches above what is there, within the limits that the axes have."""
    for patch in patches:
        patch.set_zorder(2)
        # `add_patch` would look for the box of each of a hundred thousand strokes.
        axes.add_artist(patch)


def areas(shapes: Shapes, **style: Any) -> Iterator[PathPatch]:
    """Yield patches that fill polygons, with their holes left out."""
    polygons = shapely.orient_polygons(shapely.get_parts(shapes))
    polygons = polygons[shapely.get_dimensions(polygons) == 2]
    points = np.cumsum(shapely.get_num_coordinates(polygons))
    for part in np.split(polygons, np.searchsorted(points, _steps(points))):
        if len(part):
            yield PathPatch(_path(shapely.get_rings(part), closed=True), **style)


def lines(shapes: Shapes, **style: Any) -> Iterator[PathPatch]:
    """Yield patches that draw lines, and the outlines of polygons."""
    parts = shapely.get_parts(shapes)
    flat = np.concatenate(
        [
            shapely.get_rings(parts[shapely.get_dimensions(parts) == 2]),
            parts[shapely.get_dimensions(parts) == 1],
        ]
    )
    points = np.cumsum(shapely.get_num_coordinates(flat))
    for part in np.split(flat, np.searchsorted(points, _steps(points))):
        if len(part):
            yield PathPatch(_path(part, closed=False), fill=False, **style)


def _steps(points: NDArray[Any]) -> NDArray[Any]:
    return np.arange(_MOST_POINTS, int(points[-1]) if len(points) else 0, _MOST_POINTS)


def _path(strings: Shapes, *, closed: bool) -> Path:
    """Return one path of all lines or rings; each begins with a move."""
    points, string = shapely.get_coordinates(strings, return_index=True)
    codes = np.full(len(points), Path.LINETO, dtype=Path.code_type)
    codes[np.flatnonzero(np.diff(string, prepend=-1))] = Path.MOVETO
    if closed:
        codes[np.flatnonzero(np.diff(string, append=len(strings)))] = Path.CLOSEPOLY
    return Path(points, codes)
