"""The compiled counting of pairs of events."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def count_pairs(
    one: NDArray[np.int32], other: NDArray[np.int32], first: Ints, t: Floats, upper: Floats,
    counts: Ints,
) -> None:  # fmt: skip
    """Count the pairs of each band in space by their band in time.

    Parameters
    ----------
    one, other, first
        The pairs; those of the band b stand from `first[b]` to `first[b + 1]`.
    t
        The date of each event.
    upper
        Where each band in time ends; what is beyond the last is counted there.
    counts
        Is written: shape (bands in space, bands in time + 1).
    """
    last = upper[-1]
    for band in range(first.size - 1):
        row = counts[band]
        for pair in range(first[band], first[band + 1]):
            gap = abs(t[one[pair]] - t[other[pair]])
            if gap >= last:
                continue
            column = 0
            while gap >= upper[column]:
                column += 1
            row[column] += 1
        row[-1] = first[band + 1] - first[band] - row[:-1].sum()


@njit(cache=True, nogil=True)
def pairs_nearer(t: Floats, edge: float) -> int:
    """Return how many pairs of sorted dates are less than `edge` apart."""
    count = later = 0
    for event in range(t.size):
        while later < t.size and t[later] - t[event] < edge:
            later += 1
        count += later - event - 1
    return count


@njit(cache=True, nogil=True)
def cross_product(space: Floats, time: Floats, dealt: Ints) -> float:
    """Return the sum over pairs of a value in space times the value in time that was dealt."""
    total = 0.0
    for one in range(dealt.size):
        row = time[dealt[one]]
        near = space[one]
        for other in range(one):
            total += near[other] * row[dealt[other]]
    return total
