"""Tell from where points lie that a file is in another datum than it is said to be."""

from __future__ import annotations

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from geodata.chinese_datums import Floats, bd09_to_wgs84, gcj02_to_wgs84
from geodata.messages import Message

_SAMPLE = 20_000
# The greatest shift, that of BD-09, is below 1.7 km; points farther off have another fault.
_REACH_DEGREES = 0.017
_FEWEST = 10


def suspect_datum(
    points: ArrayLike, outlines: ArrayLike, claims: ArrayLike | None = None
) -> Message | None:
    """Suspect that points taken for WGS 84 are in GCJ-02 or BD-09.

    A datum is suspected when undoing its shift brings at least ten points, and at least half of
    those lying just outside the outline they belong to, into that outline, and takes fewer than
    a tenth as many out of theirs. Points in the right datum do not show this picture: the shift
    would take about as many out as in, unless all lie on one side of their outlines.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        Longitudes and latitudes, read as WGS 84. Of more than 20,000 a fixed sample is looked at.
    outlines : array_like of shapely geometries, shape (m,)
        Areas in EPSG:4326.
    claims : array_like of int, shape (n,), optional
        The index of the outline each point says it lies in, negative where it says nothing. If
        left out, a point may lie in any of them.

    Returns
    -------
    Message or None
        A warning that names the likely datum and the median shift in metres.
    """
    xy = np.asarray(points, float).reshape(-1, 2)
    areas = np.asarray(outlines, dtype=object)
    owner = np.zeros(len(xy), int) if claims is None else np.asarray(claims, int)
    usable = np.flatnonzero(np.isfinite(xy).all(axis=1) & (owner >= 0))
    if usable.size > _SAMPLE:
        usable = np.random.default_rng(0).choice(usable, _SAMPLE, replace=False)
    if claims is None:
        areas = np.array([shapely.union_all(areas)], dtype=object)
    xy, areas = xy[usable], areas[owner[usable]]
    shapely.prepare(areas)

    outside = ~_inside(areas, xy)
    near = np.zeros_like(outside)
    near[outside] = shapely.dwithin(areas[outside], shapely.points(xy[outside]), _REACH_DEGREES)
    best: tuple[int, str, Floats] | None = None
    for datum, undo in (("GCJ-02", gcj02_to_wgs84), ("BD-09", bd09_to_wgs84)):
        moved = np.column_stack(undo(xy[:, 0], xy[:, 1]))
        inside = _inside(areas, moved)
        gained, lost = int((near & inside).sum()), int((~outside & ~inside).sum())
        fits = gained >= _FEWEST and 10 * lost < gained and 2 * gained >= near.sum()
        if fits and (best is None or gained - lost > best[0]):
            best = (gained - lost, datum, moved)
    if best is None:
        return None
    _, datum, moved = best
    metres = pyproj.Geod(ellps="WGS84").inv(xy[:, 0], xy[:, 1], moved[:, 0], moved[:, 1])[2]
    return Message(
        "{outside} of {checked} points lie outside the area they belong to, but {gained} of these "
        "lie inside it if the file is in {datum}, {metres} m away: it probably is, so choose "
        "{datum} as its coordinate system",
        outside=int(outside.sum()),
        checked=len(xy),
        gained=int((near & _inside(areas, moved)).sum()),
        datum=datum,
        metres=round(float(np.median(metres))),
    )


def _inside(areas: NDArray[np.object_], xy: Floats) -> NDArray[np.bool_]:
    return np.asarray(shapely.intersects_xy(areas, xy[:, 0], xy[:, 1]), bool)
