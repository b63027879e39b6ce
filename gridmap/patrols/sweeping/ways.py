"""Shortest ways between nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from gridmap.patrols.matching.graph import Graph
from gridmap.patrols.network import Floats, Integers

# Rows of a Dijkstra tree that are held at once.
_ROWS = 256


def between_nodes(graph: Graph, origin: Integers, target: Integers) -> Floats:
    """Return the length of the shortest ways from some nodes to some others.

    Parameters
    ----------
    graph : Graph
        The streets of a mode.
    origin, target : ndarray of int64, shape (n,) and (m,)
        Nodes, repeated as they may be.

    Returns
    -------
    ndarray of float64, shape (n, m)
        Metres; inf where there is no way.
    """
    matrix = _matrix(graph)[0]
    nodes, number = np.unique(origin, return_inverse=True)
    found = np.empty((len(nodes), len(target)))
    for begin in range(0, len(nodes), _ROWS):
        some = nodes[begin : begin + _ROWS]
        found[begin : begin + _ROWS] = csgraph.dijkstra(matrix, indices=some)[:, target]
    return found[number]


def legs(
    graph: Graph, origin: Integers, target: Integers
) -> list[tuple[Integers, NDArray[np.bool_]]]:
    """Return the streets of the shortest ways from nodes to others, pair by pair.

    Parameters
    ----------
    graph : Graph
        The streets of a mode.
    origin, target : ndarray of int64, shape (n,)
        Nodes; there is a way from each to its other.

    Returns
    -------
    list of (ndarray of int64, ndarray of bool)
        The segments in order, and whether each is walked along its line.
    """
    matrix, segment = _matrix(graph)
    found = []
    for one, other in zip(origin, target, strict=True):
        before = csgraph.dijkstra(matrix, indices=np.array([one]), return_predecessors=True)[1][0]
        nodes = [int(other)]
        while nodes[-1] != one:
            nodes.append(int(before[nodes[-1]]))
        path = np.array(nodes[::-1])
        street = np.array([segment[pair] for pair in zip(nodes[:0:-1], nodes[-2::-1], strict=True)],
                          dtype=np.int64)  # fmt: skip
        found.append((street, graph.start[street] == path[:-1]))
    return found


def _matrix(graph: Graph) -> tuple[sparse.csr_array, dict[tuple[int, int], int]]:
    """Return the shortest street between each two neighbours, as a matrix and by its nodes."""
    nodes = len(graph.first) - 1
    origin = np.repeat(np.arange(nodes), np.diff(graph.first))
    length = graph.length_m[graph.segment]
    order = np.lexsort([graph.segment, length, graph.to, origin])
    origin, to, segment = origin[order], graph.to[order], graph.segment[order]
    fresh = (np.diff(origin, prepend=-1) > 0) | (np.diff(to, prepend=-1) != 0)
    fresh &= origin != to
    origin, to, segment = origin[fresh], to[fresh], segment[fresh]
    matrix = sparse.csr_array((graph.length_m[segment], (origin, to)), shape=(nodes, nodes))
    pairs = zip(origin.tolist(), to.tolist(), strict=True)
    return matrix, dict(zip(pairs, segment.tolist(), strict=True))
