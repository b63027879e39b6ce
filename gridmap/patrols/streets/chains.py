"""Pieces of one street joined between the crossings."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.network import Integers


def partners(
    start: Integers, end: Integers, alike: Integers, directed: NDArray[np.bool_]
) -> Integers:
    """Return how pieces go on where just two meet.

    Parameters
    ----------
    start, end : ndarray of int64, shape (pieces,)
        The nodes where each begins and ends.
    alike : ndarray of int64, shape (pieces,)
        Pieces are joined where this number is the same.
    directed : ndarray of bool, shape (pieces,)
        Whether a piece goes on only from its end into the beginning of the next.

    Returns
    -------
    ndarray of int64, shape (2 * pieces,)
        For the beginning 2 k and the end 2 k + 1 of the piece k, the number of what meets it; -1
        at a crossing and where nothing goes on.
    """
    sides = np.column_stack([start, end]).ravel()
    order = np.argsort(sides, kind="stable")
    _, first, count = np.unique(sides[order], return_index=True, return_counts=True)
    pairs = first[count == 2]
    one, other = order[pairs], order[pairs + 1]
    joins = (one >> 1 != other >> 1) & (alike[one >> 1] == alike[other >> 1])
    joins &= ~directed[one >> 1] | ((one & 1) != (other & 1))
    found = np.full(len(sides), -1, dtype=np.int64)
    found[one[joins]], found[other[joins]] = other[joins], one[joins]
    return found


@njit(cache=True, nogil=True)
def chain_up(partner: Integers) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Put pieces that go on into each other in a row.

    Parameters
    ----------
    partner
        See `partners`.

    Returns
    -------
    chain, piece, turned
        Shape (pieces,): the number of the chain, rising, the piece, and whether it is gone
        against its line.
    """
    n = partner.size // 2
    chain, piece = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    turned, seen = np.empty(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    count = chains = 0
    # First those whose beginning is free, then those whose end is, and last the rings.
    for turn in range(3):
        for k in range(n):
            if seen[k] or (turn == 0 and partner[2 * k] >= 0):
                continue
            if turn == 1 and partner[2 * k + 1] >= 0:
                continue
            side = 2 * k + (turn == 1)
            while side >= 0 and not seen[side >> 1]:
                seen[side >> 1] = True
                chain[count], piece[count], turned[count] = chains, side >> 1, side & 1
                count += 1
                side = partner[side ^ 1]
            chains += 1
    return chain, piece, turned
