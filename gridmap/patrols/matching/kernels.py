"""The compiled steps of matching: bounded Dijkstra, Viterbi, and the ways between matches."""

from __future__ import annotations

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.matching.graph import Graph
from gridmap.patrols.network import Floats, Integers

Piece = tuple[int, int, float, float]
"""A step's number, a segment, and from where to where along it."""


@njit(cache=True, nogil=True)
def search(
    graph: Graph, origin: int, bound_m: float, distance: Floats, by: Integers, touched: Integers
) -> int:
    """Find the distances from a node as far as a bound (Dijkstra).

    Parameters
    ----------
    graph : Graph
        The streets.
    origin : int
        The node to begin at.
    bound_m : float
        Nodes further off are not looked for.
    distance : ndarray of float64, shape (nodes,)
        Filled with inf; the distances are written into it.
    by : ndarray of int64, shape (nodes,)
        Gets the way that each node was reached by, an index of the graph's `to`; -1 for the origin.
    touched : ndarray of int64, shape (nodes,)
        Gets the nodes that were written to, so that they can be put back to inf.

    Returns
    -------
    int
        How many were touched.
    """
    distance[origin] = 0.0
    by[origin] = -1
    touched[0] = origin
    count = 1
    heap = [(0.0, origin)]
    while heap:
        so_far, node = heapq.heappop(heap)
        if so_far > distance[node]:
            continue
        for way in range(graph.first[node], graph.first[node + 1]):
            further = so_far + graph.length_m[graph.segment[way]]
            other = graph.to[way]
            if further <= bound_m and further < distance[other]:
                if distance[other] == np.inf:
                    touched[count] = other
                    count += 1
                distance[other] = further
                by[other] = way
                heapq.heappush(heap, (further, other))
    return count


@njit(cache=True, nogil=True)
def _leave(graph: Graph, segment: int, along: float, end: int) -> tuple[int, float]:
    """Return the node at an end of a segment (0 start, 1 end) and how far it is; inf if barred."""
    if end == 1:
        far = graph.length_m[segment] - along if graph.forward[segment] else np.inf
        return graph.end[segment], far
    return graph.start[segment], along if graph.backward[segment] else np.inf


@njit(cache=True, nogil=True)
def _enter(graph: Graph, segment: int, along: float, end: int) -> tuple[int, float]:
    if end == 0:
        return graph.start[segment], along if graph.forward[segment] else np.inf
    far = graph.length_m[segment] - along if graph.backward[segment] else np.inf
    return graph.end[segment], far


@njit(cache=True, nogil=True)
def _direct(graph: Graph, segment: int, one: float, other: float, back_m: float) -> float:
    """Return the way along one segment; in a one-way street a little back is error, not a turn."""
    way = other - one
    if way >= 0:
        return way if graph.forward[segment] or way <= back_m else np.inf
    return -way if graph.backward[segment] or -way <= back_m else np.inf


@njit(cache=True, nogil=True)
def viterbi(
    graph: Graph, first: Integers, segment: Integers, along: Floats, likelihood: Floats,
    x: Floats, y: Floats, part: Integers, beta_m: float, detour_m: float, back_m: float,
) -> tuple[Integers, NDArray[np.bool_]]:  # fmt: skip
    """Choose the likeliest candidate of each point.

    Parameters
    ----------
    graph : Graph
        The streets.
    first : ndarray of int64, shape (n + 1,)
        Where each point's candidates begin in the next three.
    segment, along, likelihood : ndarray, shape (candidates,)
        The candidates: on which segment, how many metres along it, and the logarithm of how
        likely the point is seen from there.
    x, y : ndarray of float64, shape (n,)
        The points, metres.
    part : ndarray of int64, shape (n,)
        No way leads from one part to another.
    beta_m : float
        The mean of the exponential distribution of route less straight distance.
    detour_m : float
        A route longer than the straight distance by more is none; nor is one that only much less
        likely positions would allow.
    back_m : float
        How far back in a one-way street is still error.

    Returns
    -------
    chosen : ndarray of int64, shape (n,)
        The number of the candidate; -1 where there is none.
    begins : ndarray of bool, shape (n,)
        Where no way led there from the point before.
    """
    n, nodes = first.size - 1, graph.first.size - 1
    distance, by = np.full(nodes, np.inf), np.empty(nodes, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int64)
    score, back = likelihood.copy(), np.full(segment.size, -1, dtype=np.int64)
    breaks = np.ones(segment.size, dtype=np.bool_)
    for k in range(1, n):
        if part[k] != part[k - 1] or first[k - 1] == first[k] or first[k] == first[k + 1]:
            continue
        straight = np.hypot(x[k] - x[k - 1], y[k] - y[k - 1])
        ways = _ways(
            graph, first, segment, along, k, straight + detour_m, back_m, distance, by, touched
        )
        # Where no way fits, the walk breaks off and goes on elsewhere: as likely as a way which is
        # as long as is still believed.
        fallen = first[k - 1] + np.argmax(score[first[k - 1] : first[k]])
        for j in range(first[k], first[k + 1]):
            best, back[j] = score[fallen] - detour_m / beta_m, fallen
            breaks[j] = True
            for i in range(first[k - 1], first[k]):
                way = ways[i - first[k - 1], j - first[k]]
                value = score[i] - abs(way - straight) / beta_m
                if value > best:
                    best, back[j], breaks[j] = value, i, False
            score[j] = likelihood[j] + best
    return _walk_back(first, score, back, breaks)


@njit(cache=True, nogil=True)
def _walk_back(
    first: Integers, score: Floats, back: Integers, breaks: NDArray[np.bool_]
) -> tuple[Integers, NDArray[np.bool_]]:
    n = first.size - 1
    chosen = np.full(n, -1, dtype=np.int64)
    begins = np.ones(n, dtype=np.bool_)
    before = -1
    for k in range(n - 1, -1, -1):
        if first[k] == first[k + 1]:
            before = -1
            continue
        chosen[k] = before
        if before < 0:
            chosen[k] = first[k] + np.argmax(score[first[k] : first[k + 1]])
        begins[k] = breaks[chosen[k]]
        before = back[chosen[k]]
    return chosen, begins


@njit(cache=True, nogil=True)
def _ways(
    graph: Graph, first: Integers, segment: Integers, along: Floats, k: int, bound_m: float,
    back_m: float, distance: Floats, by: Integers, touched: Integers,
) -> Floats:  # fmt: skip
    """Return the route distances from the candidates of point k - 1 to those of k."""
    here, there, beyond = first[k - 1], first[k], first[k + 1]
    ways = np.full((there - here, beyond - there), np.inf)
    done = np.zeros(2 * (there - here), dtype=np.bool_)
    for number in range(done.size):
        if done[number]:
            continue
        node = _leave(graph, segment[here + number // 2], 0.0, number % 2)[0]
        count = search(graph, node, bound_m, distance, by, touched)
        for other in range(number, done.size):
            i = here + other // 2
            origin, out = _leave(graph, segment[i], along[i], other % 2)
            if origin != node:
                continue
            # Candidates share most of their nodes, so that each is searched from once.
            done[other] = True
            for j in range(there, beyond):
                for end in range(2):
                    target, into = _enter(graph, segment[j], along[j], end)
                    way = out + distance[target] + into
                    if way <= bound_m and way < ways[i - here, j - there]:
                        ways[i - here, j - there] = way
        for k_touched in range(count):
            distance[touched[k_touched]] = np.inf
    for i in range(here, there):
        for j in range(there, beyond):
            if segment[i] == segment[j]:
                way = _direct(graph, segment[i], along[i], along[j], back_m)
                ways[i - here, j - there] = min(ways[i - here, j - there], way)
    return ways


@njit(cache=True, nogil=True)
def trace(
    graph: Graph, segment: Integers, along: Floats, step: Integers, bound_m: Floats, back_m: float
) -> list[Piece]:
    """Return the shortest ways from matched points to the next.

    Parameters
    ----------
    graph : Graph
        The streets.
    segment, along : ndarray, shape (n,)
        Where the points are.
    step : ndarray of int64, shape (steps,)
        Points from which the way to the next is wanted, rising.
    bound_m : ndarray of float64, shape (steps,)
        No way is longer.
    back_m : float
        As in `viterbi`.

    Returns
    -------
    list of (int, int, float, float)
        For each step in order at least one piece: the step, the segment, and from how many to how
        many metres along it.
    """
    nodes = graph.first.size - 1
    distance, by = np.full(nodes, np.inf), np.empty(nodes, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int64)
    pieces = [(0, 0, 0.0, 0.0) for _ in range(0)]
    for number in range(step.size):
        k = step[number]
        one, other = segment[k], segment[k + 1]
        best, leaving, entering = np.inf, -1, -1
        if one == other:
            best = _direct(graph, one, along[k], along[k + 1], back_m)
        for out_end in range(2):
            node, out = _leave(graph, one, along[k], out_end)
            if out >= best:
                continue
            count = search(graph, node, bound_m[number], distance, by, touched)
            for in_end in range(2):
                target, into = _enter(graph, other, along[k + 1], in_end)
                if out + distance[target] + into < best:
                    best = out + distance[target] + into
                    leaving, entering = out_end, in_end
            for k_touched in range(count):
                distance[touched[k_touched]] = np.inf
        if leaving < 0:
            pieces.append((k, one, along[k], along[k + 1]))
            continue
        node, _ = _leave(graph, one, along[k], leaving)
        target, _ = _enter(graph, other, along[k + 1], entering)
        pieces.append((k, one, along[k], graph.length_m[one] if leaving == 1 else 0.0))
        count = search(graph, node, bound_m[number], distance, by, touched)
        _add_way(graph, by, node, target, k, pieces)
        for k_touched in range(count):
            distance[touched[k_touched]] = np.inf
        pieces.append((k, other, 0.0 if entering == 0 else graph.length_m[other], along[k + 1]))
    return pieces


@njit(cache=True, nogil=True)
def _add_way(
    graph: Graph, by: Integers, node: int, target: int, k: int, pieces: list[Piece]
) -> None:
    """Append the whole segments between two nodes of the last search."""
    begin = len(pieces)
    while target != node:
        way = by[target]
        segment = graph.segment[way]
        if graph.to[way] == graph.end[segment]:
            pieces.append((k, segment, 0.0, graph.length_m[segment]))
            target = graph.start[segment]
        else:
            pieces.append((k, segment, graph.length_m[segment], 0.0))
            target = graph.end[segment]
    pieces[begin:] = pieces[begin:][::-1]
