"""Which incidents a patrol came near to, and when in the day: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers

Mask = NDArray[np.bool_]
# Points that are looked at together; a street may have been walked hundreds of times near each.
_CHUNK = 4096
HOURS = 24


@dataclass(frozen=True, eq=False)
class Near:
    """Of each place, shape (n,): whether a line is near, and one walked at its hour of the day."""

    place: Mask
    in_hour: Mask


def find_near(
    x: Floats,
    y: Floats,
    hour: Integers,
    lines: NDArray[np.object_],
    walked: Mask,
    within_m: float,
) -> Near:
    """Find the places that lines come near to.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres.
    hour : ndarray of int64, shape (n,)
        The hour of the day in which something happened there, 0 to 23.
    lines : ndarray of LineString, shape (lines,)
        In the same metres.
    walked : ndarray of bool, shape (lines, 24)
        The hours of the day in which each was walked, see `hours_of_span`.
    within_m : float
        So near is near.

    Returns
    -------
    Near
    """
    place, in_hour = np.zeros(len(x), bool), np.zeros(len(x), bool)
    if len(lines) == 0:
        return Near(place, in_hour)
    tree = shapely.STRtree(lines)
    for begin in range(0, len(x), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        points = shapely.points(x[part], y[part])
        at, line = tree.query(points, predicate="dwithin", distance=within_m)
        place[begin + at] = True
        in_hour[begin + at[walked[line, hour[part][at]]]] = True
    return Near(place, in_hour)


def hours_of_span(first: NDArray[np.datetime64], last: NDArray[np.datetime64]) -> Mask:
    """Return the hours of the day that spans of local time touch.

    Parameters
    ----------
    first, last : ndarray of datetime64, shape (n,)
        Both ends included.

    Returns
    -------
    ndarray of bool, shape (n, 24)
        A span over midnight has hours of both days; one of a day or more has all.
    """
    start = first.astype("datetime64[h]").astype(np.int64)
    touched = last.astype("datetime64[h]").astype(np.int64) - start + 1
    after = (np.arange(HOURS)[np.newaxis, :] - start[:, np.newaxis]) % HOURS
    found: Mask = after < touched[:, np.newaxis]
    return found


def lengths_within(
    areas: NDArray[np.object_], lines: NDArray[np.object_]
) -> tuple[Integers, Integers, Floats]:
    """Measure how much of each line lies in each area.

    Parameters
    ----------
    areas : ndarray of Polygon or MultiPolygon
    lines : ndarray of LineString
        In the same metres.

    Returns
    -------
    area, line : ndarray of int64, shape (pairs,)
        Those that meet.
    length_m : ndarray of float64, shape (pairs,)
    """
    tree = shapely.STRtree(lines)
    area, line = tree.query(areas, predicate="intersects")
    length_m: Floats = shapely.length(shapely.intersection(areas[area], lines[line]))
    return area, line, length_m
