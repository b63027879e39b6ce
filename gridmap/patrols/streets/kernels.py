"""Compiled searches for shortest ways; `routing` makes the arrays that they are given."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers

Numbers = NDArray[np.int32]


@njit(cache=True, nogil=True)
def _push(keys: Floats, items: Numbers, size: int, key: float, item: int) -> int:
    """Put an item into a binary heap and return the heap's new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        keys[at], items[at] = keys[above], items[above]
        at = above
    keys[at], items[at] = key, item
    return size + 1


@njit(cache=True, nogil=True)
def _drop_first(keys: Floats, items: Numbers, size: int) -> int:
    """Take the least item out of a binary heap and return the heap's new size."""
    size -= 1
    key, item = keys[size], items[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], items[at] = keys[below], items[below]
        at = below
    keys[at], items[at] = key, item
    return size


@njit(cache=True, nogil=True)
def find_way(
    first: Integers, head: Numbers, length: Floats, x: Floats, y: Floats, least: float,
    starts: Integers, start_m: Floats, goals: Integers, goal_m: Floats, most: float,
    way_m: Floats, via: Numbers,
) -> int:  # fmt: skip
    """Search from up to two nodes to up to two others, by A* (Hart, Nilsson and Raphael 1968).

    Parameters
    ----------
    first, head, length
        The edges of node n are those from `first[n]` to `first[n + 1]`.
    x, y
        Where the nodes are.
    least
        No way is shorter than the straight line times this.
    starts, start_m
        Nodes, and the metres already gone there; -1 is none.
    goals, goal_m
        Nodes, and the metres still to go from there; -1 is none.
    most
        A way that is not shorter than this is not looked for.
    way_m, via
        Are written, shape (nodes,), and must hold infinity and -1: the metres to each node that
        was reached and the edge by which.

    Returns
    -------
    int
        Which goal the shortest way ends by, 0 or 1; -1 where there is none.
    """
    keys, items = np.empty(length.size + 2), np.empty(length.size + 2, dtype=np.int32)
    size = 0
    best, found = most, -1
    # The least of both goals' distances is no more than what is left of the way.
    for k in range(2):
        node = starts[k]
        if node >= 0 and start_m[k] < way_m[node]:
            way_m[node] = start_m[k]
            via[node] = -1
            left = _left(x, y, least, node, goals, goal_m)
            size = _push(keys, items, size, start_m[k] + left, node)
    while size > 0 and keys[0] < best:
        key, node = keys[0], items[0]
        size = _drop_first(keys, items, size)
        gone = way_m[node]
        # What was pushed again by a shorter way has been seen to.
        if key > gone + _left(x, y, least, node, goals, goal_m) + 1e-6:
            continue
        for k in range(2):
            if goals[k] == node and gone + goal_m[k] < best:
                best, found = gone + goal_m[k], k
        for edge in range(first[node], first[node + 1]):
            other, there = head[edge], gone + length[edge]
            if there < way_m[other]:
                way_m[other] = there
                via[other] = edge
                left = _left(x, y, least, other, goals, goal_m)
                if there + left < best:
                    size = _push(keys, items, size, there + left, other)
    return found


@njit(cache=True, nogil=True)
def _left(
    x: Floats, y: Floats, least: float, node: int, goals: Integers, goal_m: Floats
) -> float:  # fmt: skip
    """Return a bound of the metres that are left from a node."""
    bound = np.inf
    for k in range(2):
        if goals[k] >= 0:
            east, north = x[goals[k]] - x[node], y[goals[k]] - y[node]
            bound = min(bound, least * np.sqrt(east * east + north * north) + goal_m[k])
    return bound


@njit(cache=True, nogil=True)
def measure_ways(
    first: Integers, head: Numbers, length: Floats, starts: Integers, start_m: Floats,
    wanted: NDArray[np.bool_], way_m: Floats,
) -> None:  # fmt: skip
    """Measure the ways from up to two nodes to all that are wanted (Dijkstra 1959).

    Parameters
    ----------
    first, head, length, starts, start_m
        As in `find_way`.
    wanted
        Shape (nodes,); the search ends when all of these are reached.
    way_m
        Is written, shape (nodes,), and must hold infinity: metres; those of nodes that are not
        wanted may be too long.
    """
    keys, items = np.empty(length.size + 2), np.empty(length.size + 2, dtype=np.int32)
    size, open_ = 0, 0
    for node in range(wanted.size):
        open_ += wanted[node]
    for k in range(2):
        node = starts[k]
        if node >= 0 and start_m[k] < way_m[node]:
            way_m[node] = start_m[k]
            size = _push(keys, items, size, start_m[k], node)
    while size > 0 and open_ > 0:
        gone, node = keys[0], items[0]
        size = _drop_first(keys, items, size)
        if gone > way_m[node]:
            continue
        open_ -= wanted[node]
        for edge in range(first[node], first[node + 1]):
            other, there = head[edge], gone + length[edge]
            if there < way_m[other]:
                way_m[other] = there
                size = _push(keys, items, size, there, other)
