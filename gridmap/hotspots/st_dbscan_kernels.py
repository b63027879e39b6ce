"""The compiled steps of ST-DBSCAN, each over some boxes of sorted points.

What they share: `keys` numbers the filled boxes in rising order, `first` gives their first point,
and `offsets` lead from a box to the earliest box of each row that a neighbour can be in; from
there up to `LAYERS` boxes follow one another in time. Within a box the earliest point is first.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Boxes of one row, of as many layers in time, that a neighbour can be in: two before, two after.
#: A box is a trifle shorter than the days, so the outer ones hold only who is that far to the dot.
LAYERS = 5


@njit(cache=True, nogil=True)
def _starts(key: int, keys: Ints, offsets: Ints) -> Ints:
    """Return the first box of each row at or after where a neighbour of box `key` can be."""
    found = np.empty(offsets.size, np.int64)
    for row in range(offsets.size):
        found[row] = np.searchsorted(keys, key + offsets[row])
    return found


@njit(cache=True, nogil=True)
def _move(key: int, keys: Ints, offsets: Ints, start: Ints) -> None:
    """Move the first boxes forward to those of a later box."""
    for row in range(offsets.size):
        box = start[row]
        while box < keys.size and keys[box] < key + offsets[row]:
            box += 1
        start[row] = box


@njit(cache=True, nogil=True)
def _near(points: Floats, one: int, other: int, radius: float, days: float) -> bool:
    east = points[one, 0] - points[other, 0]
    north = points[one, 1] - points[other, 1]
    return bool(
        abs(points[one, 2] - points[other, 2]) <= days
        and east * east + north * north <= radius * radius
    )


@njit(cache=True, nogil=True)
def _apart(points: Floats, first: Ints, box: int, other: int, days: float) -> bool:
    """Return whether all points of two boxes are too far from each other in time."""
    return bool(
        points[first[other], 2] - points[first[box + 1] - 1, 2] > days
        or points[first[box], 2] - points[first[other + 1] - 1, 2] > days
    )


@njit(cache=True, nogil=True)
def count_until(
    since: int, until: int, keys: Ints, first: Ints, offsets: Ints, points: Floats,
    radius: float, days: float, enough: int, core: Bools,
) -> None:  # fmt: skip
    """Mark points that have enough neighbours, themselves included."""
    start = _starts(keys[since], keys, offsets)
    for box in range(since, until):
        if first[box + 1] - first[box] >= enough:
            # All points of a box are neighbours.
            core[first[box] : first[box + 1]] = True
            continue
        _move(keys[box], keys, offsets, start)
        for point in range(first[box], first[box + 1]):
            count = 0
            for row in range(offsets.size):
                other = start[row]
                while other < keys.size and keys[other] <= keys[box] + offsets[row] + LAYERS - 1:
                    if not _apart(points, first, box, other, days):
                        for neighbour in range(first[other], first[other + 1]):
                            count += _near(points, point, neighbour, radius, days)
                    other += 1
                if count >= enough:
                    core[point] = True
                    break


@njit(cache=True, nogil=True)
def find(parent: Ints, point: int) -> int:
    """Return the point that stands for a set, and shorten the way to it."""
    while parent[point] != point:
        parent[point] = parent[parent[point]]
        point = parent[point]
    return point


@njit(cache=True, nogil=True)
def join(
    since: int, until: int, keys: Ints, first: Ints, offsets: Ints, points: Floats,
    radius: float, days: float, core: Bools, parent: Ints,
) -> None:  # fmt: skip
    """Join the sets of core points that are neighbours; the smallest stands for each set."""
    start = _starts(keys[since], keys, offsets)
    for box in range(since, until):
        _move(keys[box], keys, offsets, start)
        own = -1
        for point in range(first[box], first[box + 1]):
            if core[point]:
                if own < 0:
                    own = point
                else:
                    _unite(parent, own, point)
        if own < 0:
            continue
        for row in range(offsets.size):
            other = start[row]
            while other < keys.size and keys[other] <= keys[box] + offsets[row] + LAYERS - 1:
                # Each pair of boxes is looked at from the later one.
                if other < box and not _apart(points, first, box, other, days):
                    _join_boxes(
                        first[box], first[box + 1], first[other], first[other + 1], own,
                        points, radius, days, core, parent,
                    )  # fmt: skip
                other += 1


@njit(cache=True, nogil=True)
def _unite(parent: Ints, one: int, other: int) -> None:
    first, second = find(parent, one), find(parent, other)
    parent[max(first, second)] = min(first, second)


@njit(cache=True, nogil=True)
def _join_boxes(
    since: int, until: int, other_since: int, other_until: int, own: int, points: Floats,
    radius: float, days: float, core: Bools, parent: Ints,
) -> None:  # fmt: skip
    """Join two boxes' sets when any core points of theirs are neighbours."""
    for neighbour in range(other_since, other_until):
        if not core[neighbour]:
            continue
        if find(parent, neighbour) == find(parent, own):
            # The core points of a box are together already.
            return
        for point in range(since, until):
            if core[point] and _near(points, point, neighbour, radius, days):
                _unite(parent, point, neighbour)
                return


@njit(cache=True, nogil=True)
def adopt(
    since: int, until: int, keys: Ints, first: Ints, offsets: Ints, points: Floats,
    radius: float, days: float, core: Bools, parent: Ints, label: Ints,
) -> None:  # fmt: skip
    """Write the set of each core point, and of each other point the set of its nearest one."""
    start = _starts(keys[since], keys, offsets)
    for box in range(since, until):
        _move(keys[box], keys, offsets, start)
        for point in range(first[box], first[box + 1]):
            nearest = point if core[point] else -1
            if nearest < 0:
                for row in range(offsets.size):
                    other = start[row]
                    while (
                        other < keys.size and keys[other] <= keys[box] + offsets[row] + LAYERS - 1
                    ):
                        if not _apart(points, first, box, other, days):
                            nearest = _nearest(
                                point, nearest, first[other], first[other + 1],
                                points, radius, days, core,
                            )  # fmt: skip
                        other += 1
            if nearest >= 0:
                # Without shortening the way, since several threads read it.
                while parent[nearest] != nearest:
                    nearest = parent[nearest]
                label[point] = nearest


@njit(cache=True, nogil=True)
def _nearest(
    point: int, nearest: int, since: int, until: int, points: Floats,
    radius: float, days: float, core: Bools,
) -> int:  # fmt: skip
    """Return the nearest core point so far, or one of another box."""
    for neighbour in range(since, until):
        if core[neighbour] and _near(points, point, neighbour, radius, days):
            nearer = nearest < 0 or _nearer(points, point, neighbour, nearest)
            nearest = neighbour if nearer else nearest
    return nearest


@njit(cache=True, nogil=True)
def _nearer(points: Floats, point: int, one: int, other: int) -> bool:
    """Return whether a core point comes before another: nearer in space, then in time ..."""
    here, then = points[one], points[other]
    near = (here[0] - points[point, 0]) ** 2 + (here[1] - points[point, 1]) ** 2
    far = (then[0] - points[point, 0]) ** 2 + (then[1] - points[point, 1]) ** 2
    if near != far:
        return bool(near < far)
    near, far = abs(here[2] - points[point, 2]), abs(then[2] - points[point, 2])
    if near != far:
        return bool(near < far)
    if here[2] != then[2]:
        return bool(here[2] < then[2])
    if here[0] != then[0]:
        return bool(here[0] < then[0])
    return bool(here[1] < then[1])


@njit(cache=True, nogil=True)
def numbered(clusters: Ints, owners: Ints) -> Ints:
    """Return clusters numbered from 0 by their first core point, which is owned by its set."""
    number = np.full(clusters.size, -1, np.int64)
    count = 0
    for point in range(owners.size):
        if owners[point] >= 0 and number[owners[point]] < 0:
            number[owners[point]] = count
            count += 1
    found = np.full(clusters.size, -1, np.int64)
    for point in range(clusters.size):
        if clusters[point] >= 0:
            found[point] = number[clusters[point]]
    return found
