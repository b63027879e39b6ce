"""Join small areas with their neighbours until each holds about as much as wanted."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

_ENOUGH = 0.75
_MOST = 1.5
_TOO_LITTLE = 0.4


def merge_small(
    holds: NDArray[np.float64],
    pairs: NDArray[np.int64],
    borders: NDArray[np.float64],
    target: float,
) -> NDArray[np.int64]:
    """Join areas, the least first, each with the neighbour of the longest common border.

    An area that holds three quarters of the target is left alone. Two are joined only if
    together they hold no more than one and a half targets, except that one with less than four
    tenths always joins, then its least neighbour.

    Parameters
    ----------
    holds : ndarray of float, shape (n,)
        What each area holds.
    pairs : ndarray of int, shape (m, 2)
        The areas that share a border, each pair once.
    borders : ndarray of float, shape (m,)
        How long it is, or how much it counts.
    target : float
        What an area should hold.

    Returns
    -------
    ndarray of int, shape (n,)
        For each area the label of its group: the index of one of its members.
    """
    total = [float(v) for v in holds]
    label = np.arange(len(total))
    members = [[k] for k in range(len(total))]
    neighbours: list[dict[int, float]] = [{} for _ in total]
    for (a, b), border in zip(pairs.tolist(), borders.tolist(), strict=True):
        neighbours[a][b] = neighbours[b][a] = border
    queue = [(held, k) for k, held in enumerate(total)]
    heapq.heapify(queue)
    while queue:
        held, k = heapq.heappop(queue)
        if label[k] != k or held != total[k] or held >= _ENOUGH * target:
            continue
        partner = _partner(k, total, neighbours[k], target)
        if partner is None:
            continue
        label[members[k]] = partner
        members[partner] += members[k]
        total[partner] += held
        for other, border in neighbours[k].items():
            del neighbours[other][k]
            if other != partner:
                both = border + neighbours[partner].get(other, 0.0)
                neighbours[partner][other] = neighbours[other][partner] = both
        heapq.heappush(queue, (total[partner], partner))
    return label


def _partner(k: int, total: list[float], neighbours: dict[int, float], target: float) -> int | None:
    fitting = [n for n in neighbours if total[k] + total[n] <= _MOST * target]
    if fitting:
        return max(fitting, key=lambda n: (neighbours[n], -n))
    if neighbours and total[k] < _TOO_LITTLE * target:
        return min(neighbours, key=lambda n: (total[n], n))
    return None
