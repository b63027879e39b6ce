"""Conditional permutation of values among the neighbours of each place, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from gridmap.hotspots.grids import Floats, Integers
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import Weights

GROUP, BLOCK = 16, 128
"""Places that share their permutations; places that share a stream of random numbers."""

_SUMMED_BETWEEN_TICKS = 100_000_000


def tail_counts(
    values: Floats, weights: Weights, replications: int, seed: int, tick: Tick | None = None
) -> tuple[Integers, Integers]:
    """Count the permutations whose weighted sum of neighbours is as large, or as small, as is.

    The value of a place stays and those of all others are permuted (Anselin 1995, Local
    indicators of spatial association, Geographical Analysis 27, 93-115, p. 96): as many values as
    the place has neighbours are drawn from the others without replacement, anew for each `GROUP`
    of places, so that the chance in the draws is not the same all over the map.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Finite.
    weights : csr_array, shape (n, n)
        Without the places themselves.
    replications : int
        How many permutations for each place.
    seed : int
        Not below 0. The same seed gives the same counts, however many threads there are.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    at_least, at_most : ndarray of int64, shape (n,)
        A sum that differs by rounding alone is in both.
    """
    n = len(values)
    at_least, at_most = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    observed: Floats = np.asarray(weights @ values)
    largest = np.full(n, np.abs(values).max(initial=0))
    slack: Floats = 1e-12 * np.asarray(abs(weights) @ largest)
    blocks = -(-n // BLOCK)
    step = max(1, int(_SUMMED_BETWEEN_TICKS * blocks / max(1, weights.nnz * replications)))
    for first in range(0, blocks, step):
        _permute_blocks(
            values, weights.indptr, weights.data, observed, slack, replications, seed,
            first, min(first + step, blocks), at_least, at_most,
        )  # fmt: skip
        if tick is not None:
            tick(min(first + step, blocks) / blocks)
    return at_least, at_most


@njit(cache=True, nogil=True, parallel=True)
def _permute_blocks(
    values: Floats, starts: NDArray[np.int32], weights: Floats, observed: Floats, slack: Floats,
    replications: int, seed: int, first: int, last: int, at_least: Integers, at_most: Integers,
) -> None:  # fmt: skip
    n = values.size
    for block in prange(first, last):
        state = _mixed(np.uint64(seed)) ^ _mixed(~np.uint64(block))
        order = np.arange(n).astype(np.int32)
        stop = min((block + 1) * BLOCK, n)
        for group in range(block * BLOCK, stop, GROUP):
            places = range(group, min(group + GROUP, stop))
            most = 0
            for place in places:
                most = max(most, starts[place + 1] - starts[place])
            drawn = np.empty(most + 1)
            for _ in range(replications):
                # One more than the neighbours: it stands in for the place itself.
                state = _shuffle(values, order, drawn, min(most + 1, n), state)
                own_drawn = False
                for j in range(most):
                    own_drawn |= group <= order[j] < group + GROUP
                for place in places:
                    start = starts[place]
                    wanted = starts[place + 1] - start
                    total = 0.0
                    for j in range(wanted):
                        total += weights[start + j] * drawn[j]
                    if own_drawn:
                        for j in range(wanted):
                            if order[j] == place:
                                total += weights[start + j] * (drawn[wanted] - drawn[j])
                    if total >= observed[place] - slack[place]:
                        at_least[place] += 1
                    if total <= observed[place] + slack[place]:
                        at_most[place] += 1


@njit(cache=True, nogil=True)
def _shuffle(
    values: Floats, order: NDArray[np.int32], drawn: Floats, wanted: int, state: np.uint64
) -> np.uint64:
    """Draw the first values of a shuffle by Fisher and Yates; return the state of the numbers.

    These are SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number
    generators); that a number of n is drawn by multiplication errs by n / 2^32.
    """
    for at in range(wanted):
        state += np.uint64(0x9E3779B97F4A7C15)
        left = np.uint64(order.size - at)
        chosen = at + np.int64(((_mixed(state) >> np.uint64(32)) * left) >> np.uint64(32))
        other = order[chosen]
        order[chosen] = order[at]
        order[at] = other
        drawn[at] = values[other]
    return state


@njit(cache=True, nogil=True)
def _mixed(bits: np.uint64) -> np.uint64:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
