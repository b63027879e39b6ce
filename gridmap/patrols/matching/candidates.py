"""Where on the streets a position may have been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers


@dataclass(frozen=True, eq=False)
class Candidates:
    """The nearest place on each street about some points.

    Attributes
    ----------
    first : ndarray of int64, shape (n + 1,)
        Where each point's candidates begin in the others.
    segment : ndarray of int64, shape (candidates,)
    along_m, distance_m : ndarray of float64, shape (candidates,)
        How far along the segment, and how far from the point.
    """

    first: Integers
    segment: Integers
    along_m: Floats
    distance_m: Floats


def find_candidates(
    x: Floats, y: Floats, lines: NDArray[np.object_], usable: NDArray[np.bool_],
    reach_m: float, most: int,
) -> Candidates:  # fmt: skip
    """Find the streets within reach of points, at most so many of each, nearest first.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres.
    lines : ndarray of LineString, shape (segments,)
        In the same CRS.
    usable : ndarray of bool, shape (segments,)
        Others are never candidates.
    reach_m : float
        Streets further off are none.
    most : int
        The farther ones are left out.

    Returns
    -------
    Candidates
    """
    numbers = np.flatnonzero(usable)
    points = np.asarray(shapely.points(x, y), dtype=object)
    found = shapely.STRtree(lines[numbers]).query(points, predicate="dwithin", distance=reach_m)
    point, segment = found[0].astype(np.int64), numbers[found[1]]
    distance = np.asarray(shapely.distance(lines[segment], points[point]))
    order = np.lexsort([segment, distance, point])
    point, segment, distance = point[order], segment[order], distance[order]
    rank = np.arange(point.size) - np.searchsorted(point, point)
    point, segment, distance = (values[rank < most] for values in (point, segment, distance))
    along = np.asarray(shapely.line_locate_point(lines[segment], points[point]))
    counts = np.bincount(point, minlength=len(x))
    return Candidates(np.concatenate([[0], np.cumsum(counts)]), segment, along, distance)


@njit(cache=True, nogil=True)
def thin(x: Floats, y: Floats, part: Integers, apart_m: Floats) -> Integers:
    """Return the first and the last point of each part, and of the others those that got away.

    Positions closer together than their error say nothing of the way between them (Newson & Krumm
    2009, section 4.1).

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres.
    part : ndarray of int64, shape (n,)
        Rising.
    apart_m : ndarray of float64, shape (n,)
        How far a point must be from the last one chosen.

    Returns
    -------
    ndarray of int64
        The numbers of those chosen, rising.
    """
    chosen = np.empty(x.size, dtype=np.int64)
    count = 0
    for k in range(x.size):
        edge = k == 0 or k == x.size - 1 or part[k] != part[k - 1] or part[k] != part[k + 1]
        last = chosen[count - 1]
        if edge or np.hypot(x[k] - x[last], y[k] - y[last]) > apart_m[k]:
            chosen[count] = k
            count += 1
    return chosen[:count]
