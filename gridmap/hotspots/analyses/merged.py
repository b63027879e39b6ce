"""Significant shapes that touch make one hotspot: what a table lists and a patrol can go to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse

from gridmap.hotspots.analyses.busiest import busiest
from gridmap.hotspots.analyses.events import Events, Floats
from gridmap.hotspots.analyses.result import Found

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


def with_groups(
    cells: Found, where: NDArray[np.int64], group: NDArray[np.int64], events: Events,
    expected: Floats | None = None,
) -> Found:  # fmt: skip
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
    expected : ndarray of float64, shape (shapes,), optional
        How many incidents each shape would have; those of a group are added up.
    """
    drawn = np.flatnonzero((cells.count > 0) | (cells.kind != "ns"))
    groups = int(group.max()) + 1 if len(group) else 0
    of_event = np.where(where >= 0, group[where], -1)
    member = [np.flatnonzero(group == number) for number in range(groups)]
    score = np.array([cells.score[each].sum() for each in member])
    order = np.argsort(-score, kind="stable")[:MOST_LISTED]
    times = _split(events, of_event, groups)
    listed: list[Mapping[str, Any]] = [
        {"shapes": len(member[number]), "busiest": busiest(times[number])} for number in order
    ]
    shapes = [_outline(cells.shapes[member[number]]) for number in order]
    sums = expected if expected is not None else cells.expected
    return Found(
        shapes=np.concatenate([cells.shapes[drawn], np.array(shapes, dtype=object)]),
        kind=np.concatenate(
            [
                cells.kind[drawn],
                np.array([_surest(cells.kind[member[g]]) for g in order], cells.kind.dtype),
            ]
        ),
        count=np.concatenate([cells.count[drawn], _sums(cells.count, member, order)]),
        listed=np.arange(len(drawn) + len(order)) >= len(drawn),
        score=np.concatenate([cells.score[drawn], score[order]]),
        expected=None
        if sums is None
        else np.concatenate([sums[drawn], _sums(sums, member, order)]),
        p=None
        if cells.p is None
        else np.concatenate(
            [cells.p[drawn], np.array([np.nanmin(cells.p[member[g]]) for g in order])]
        ),
        values=[{}] * len(drawn) + listed,
    )


def _split(events: Events, of_event: NDArray[np.int64], groups: int) -> list[NDArray[Any]]:
    """Return the times of the incidents of each group."""
    order = np.argsort(of_event, kind="stable")
    bounds = np.searchsorted(of_event[order], np.arange(groups + 1))
    return [events.time[order[bounds[g] : bounds[g + 1]]] for g in range(groups)]


def _sums(values: NDArray[Any], member: list[NDArray[np.int64]], order: NDArray[np.int64]) -> Any:
    return np.array([values[member[number]].sum() for number in order], dtype=values.dtype)


def _surest(kinds: NDArray[np.str_]) -> str:
    """Return the class of a group: that of its surest shape, if they differ."""
    # The names of the classes of significance end with their level.
    return str(max(kinds, key=lambda kind: kind[-2:]))


def _outline(shapes: NDArray[np.object_]) -> shapely.Geometry:
    # Corners of neighbours are the same numbers up to rounding.
    return shapely.union_all(shapes, grid_size=0.01)
