"""Significant shapes that touch make one hotspot: what a table lists and a patrol can go to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from gridmap.hotspots.analyses.busiest import busiest
from gridmap.hotspots.analyses.events import Events
from gridmap.hotspots.analyses.result import QUIET, Found

#: More rows than anybody reads; the map shows the others too.
MOST_LISTED = 200


def merge(hot: NDArray[np.bool_], neighbours: sparse.csr_array) -> NDArray[np.int64]:
    """Put shapes that touch into groups.

    Parameters
    ----------
    hot : ndarray of bool, shape (n,)
        Which shapes belong to any group.
    neighbours : csr_array, shape (n, n)
        Which shapes touch.

    Returns
    -------
    ndarray of int64, shape (n,)
        The number of the group, -1 for shapes of none.
    """
    group = np.full(len(hot), -1, dtype=np.int64)
    if hot.any():
        at = np.flatnonzero(hot)
        _, group[at] = sparse.csgraph.connected_components(neighbours[at][:, at], directed=False)
    return group


def split(
    hot: NDArray[np.bool_], score: NDArray[np.float64], neighbours: sparse.csr_array, steps: int
) -> NDArray[np.int64]:
    """Put shapes that touch into groups, none of which reaches far from its strongest shape.

    The strongest shape is the heart of a group, and so is the strongest of those that are further
    from every heart than the reach; each shape belongs to the nearest heart, on a way over shapes
    of any group. So one broad hot part of a town is told as several places to go to.

    Parameters
    ----------
    hot : ndarray of bool, shape (n,)
        Which shapes belong to any group.
    score : ndarray of float64, shape (n,)
        How strong they are.
    neighbours : csr_array, shape (n, n)
        Which shapes touch.
    steps : int
        From a heart to the furthest shape of its group, 0 for groups of one shape.

    Returns
    -------
    ndarray of int64, shape (n,)
        The number of the group, -1 for shapes of none.
    """
    group = np.full(len(hot), -1, dtype=np.int64)
    at = np.flatnonzero(hot)
    inner = neighbours[at][:, at]
    nearest = np.full(len(at), np.inf)
    number = -1
    for heart in np.argsort(-score[at], kind="stable"):
        if np.isinf(nearest[heart]):
            number += 1
            away = sparse.csgraph.dijkstra(inner, indices=heart, unweighted=True, limit=steps)
            # Of hearts equally near, the stronger one has the shape.
            nearer = away < nearest
            nearest[nearer], group[at[nearer]] = away[nearer], number
    return group


def with_groups(
    cells: Found, where: NDArray[np.int64], group: NDArray[np.int64], events: Events
) -> Found:
    """Add to shapes that are drawn the groups that are listed.

    Parameters
    ----------
    cells : Found
        The shapes; shapes without incidents and significance are left out.
    where : ndarray of int64, shape (events,)
        The shape each incident lies in, -1 for none.
    group : ndarray of int64, shape (shapes,)
        See `merge`.
    events : Events

    Returns
    -------
    Found
        Counts, expectations and scores of a group are the sums of its shapes, p is the least.
    """
    drawn = np.flatnonzero((cells.count > 0) | (cells.kind != "ns"))
    groups = int(group.max()) + 1 if len(group) else 0
    of_event = np.where(where >= 0, group[where], -1)
    by_group = np.argsort(group, kind="stable")
    # What is in no group comes first and is left out.
    every = np.split(by_group, np.searchsorted(group[by_group], np.arange(groups + 1)))[1:-1]
    order = np.argsort([-cells.score[each].sum() for each in every], kind="stable")[:MOST_LISTED]
    member = [every[number] for number in order]
    times = _split(events, of_event, groups)
    listed: list[Mapping[str, Any]] = [
        {"shapes": len(each), "busiest": busiest(times[number])}
        for number, each in zip(order, member, strict=True)
    ]

    def with_sums(column: NDArray[Any], what: Callable[[NDArray[Any]], Any] = np.sum) -> Any:
        told = np.empty(len(member), dtype=column.dtype)
        for i, each in enumerate(member):
            told[i] = what(column[each])
        return np.concatenate([column[drawn], told])

    return Found(
        shapes=with_sums(cells.shapes, _outline),
        kind=with_sums(cells.kind, _surest),
        count=with_sums(cells.count),
        listed=np.arange(len(drawn) + len(member)) >= len(drawn),
        score=with_sums(cells.score),
        expected=None if cells.expected is None else with_sums(cells.expected),
        p=None if cells.p is None else with_sums(cells.p, np.nanmin),
        values=[{}] * len(drawn) + listed,
    )


def _split(events: Events, of_event: NDArray[np.int64], groups: int) -> list[NDArray[Any]]:
    """Return the times of the incidents of each group."""
    order = np.argsort(of_event, kind="stable")
    bounds = np.searchsorted(of_event[order], np.arange(groups + 1))
    return [events.time[order[bounds[g] : bounds[g + 1]]] for g in range(groups)]


def _surest(kinds: NDArray[np.str_]) -> str:
    """Return the class of a group: that of its surest shape, if they differ."""
    # The names of the classes of significance end with their level.
    return str(max(kinds, key=lambda kind: "" if kind == QUIET else kind[-2:]))


def _outline(shapes: NDArray[np.object_]) -> shapely.Geometry:
    # Corners of neighbours are the same numbers up to rounding.
    return shapely.union_all(shapes, grid_size=0.01)
