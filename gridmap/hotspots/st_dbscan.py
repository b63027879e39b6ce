"""Clusters of points that lie densely in space and time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.parallel import in_order
from gridmap.hotspots.st_dbscan_kernels import adopt, count_until, join, numbered
from gridmap.hotspots.ticks import Tick

#: Boxes that are worked on between two ticks.
BOXES = 20_000
#: Boxes that a neighbour can be away: the side of a box is the radius over the root of 2, and
#: rounding moves who is just as many days away two boxes on.
REACH = 2

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def st_dbscan(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    *,
    radius: float,
    days: float,
    min_points: int,
    tick: Tick | None = None,
) -> Ints:
    """Return the cluster of each point, -1 for noise.

    Birant & Kut (2007), ST-DBSCAN: An algorithm for clustering spatial-temporal data, Data &
    Knowledge Engineering 60, 208-221, with distances in space and time only. A point with at
    least `min_points` points, itself included, at most `radius` and `days` away is a core point;
    core points that near to each other share a cluster. A point near to a core point without
    being one belongs to the cluster of the nearest in space, then in time, then of the earliest,
    the most western, the most southern: so neither the order of the points nor the number of
    threads changes who is together. Clusters are numbered by their first core point in the input.

    Points are sorted into boxes whose points are all neighbours of one another, so that crowded
    places cost no more than others: Gunawan (2013), A faster algorithm for DBSCAN, Eindhoven.

    Parameters
    ----------
    x, y
        Metres, shape (n,).
    t
        Days, shape (n,).
    radius, days
        The greatest distance of neighbours in metres and days, both over 0.
    min_points
        At least 1.

    Raises
    ------
    Unsuitable
        There is no point, or the radii are so small that the area has more boxes than numbers.
    """
    if not (radius > 0 and days > 0 and min_points >= 1):
        raise ValueError("radius and days must be over 0, min_points at least 1")
    east, north, when = (np.asarray(each, float) for each in (x, y, t))
    if east.size == 0:
        raise Unsuitable(Reason.TOO_FEW, found=0, needed=1)
    order, keys, first, wide, high = _boxes(east, north, when, radius, days)
    points = np.column_stack((east[order], north[order], when[order]))
    core, label = _labelled(points, keys, first, (wide, high), (radius, days), min_points, tick)
    clusters = np.empty_like(label)
    clusters[order] = label
    owners = np.empty_like(label)
    owners[order] = np.where(core, label, -1)
    return np.asarray(numbered(clusters, owners))


def _labelled(
    points: Floats, keys: Ints, first: Ints, size: tuple[int, int],
    measures: tuple[float, float], min_points: int, tick: Tick | None,
) -> tuple[NDArray[np.bool_], Ints]:  # fmt: skip
    """Tell of points in the order of their boxes which are core points, and whose cluster is whose.

    First core points are found, then those that are near to one another joined, and last the others
    adopted.
    """
    steps = [
        (row * size[0] + column) * size[1] - REACH
        for row in range(-REACH, REACH + 1)
        for column in range(-REACH, REACH + 1)
    ]
    offsets = np.array(steps, np.int64)
    core = np.zeros(len(points), np.bool_)
    parent = np.arange(len(points))
    label = np.full(len(points), -1, np.int64)
    pieces = -(-keys.size // BOXES)

    def counted(number: int) -> None:
        count_until(
            *_piece(number, keys.size), keys, first, offsets, points, *measures, min_points, core
        )

    def joined(number: int) -> None:
        join(*_piece(number, keys.size), keys, first, offsets, points, *measures, core, parent)

    def adopted(number: int) -> None:
        adopt(
            *_piece(number, keys.size), keys, first, offsets, points, *measures, core, parent, label
        )

    done = 0
    # Sets are joined by one thread; the others only write what is theirs.
    for step, threads in ((counted, None), (joined, 1), (adopted, None)):
        for _ in in_order(step, pieces, threads=threads):
            done += 1
            if tick:
                tick(done / (3 * pieces))
    return core, label


def _piece(number: int, boxes: int) -> tuple[int, int]:
    return number * BOXES, min((number + 1) * BOXES, boxes)


def _boxes(
    x: Floats, y: Floats, t: Floats, radius: float, days: float
) -> tuple[Ints, Ints, Ints, int, int]:
    """Sort points by box; return their order, each box's number and first point, and the strides.

    Two points of a box are at most the radius and the days apart, also after rounding. Empty
    boxes round the filled ones keep neighbours in one row apart from the next row.
    """
    # A little less, since the division rounds.
    side, span = radius / np.sqrt(2) * (1 - 1e-9), days * (1 - 1e-9)
    column, row, layer = (
        np.floor((each - each.min()) / size) + REACH
        for each, size in ((x, side), (y, side), (t, span))
    )
    tall, wide, high = (float(each.max()) + REACH + 1 for each in (row, column, layer))
    if tall * wide * high >= 2**62:
        raise Unsuitable(Reason.RADIUS_TOO_SMALL, radius=radius, days=days)
    strides = int(wide), int(high)
    numbers = (row.astype(np.int64) * strides[0] + column.astype(np.int64)) * strides[1]
    numbers += layer.astype(np.int64)
    order = np.lexsort((t, numbers))
    keys, first = np.unique(numbers[order], return_index=True)
    return order, keys, np.append(first, x.size), *strides
