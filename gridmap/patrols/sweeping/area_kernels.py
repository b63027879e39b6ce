"""The compiled steps of dividing pieces into areas."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers

# What a share of work beyond the tolerance costs, squared, where the pieces' mean squared distance
# from their area's middle, over that from the middle of all, costs 1.
_BALANCE = 1000.0
_PASSES = 40


@njit(cache=True, nogil=True)
def grow(
    first: Integers, to: Integers, work: Floats, places: Floats, seeds: Integers, target: Floats
) -> Integers:
    """Let areas grow from seeds: the one with least of its target takes what is nearest to it.

    Parameters
    ----------
    first, to : ndarray of int64
        The neighbours of piece k are `to[first[k]:first[k + 1]]`; all are connected.
    work : ndarray of float64, shape (n,)
        What each piece takes.
    places : ndarray of float64, shape (n, 2)
        The pieces' middles.
    seeds : ndarray of int64, shape (areas,)
        The first piece of each area, all different.
    target : ndarray of float64, shape (areas,)
        The work of each area that is aimed at.

    Returns
    -------
    ndarray of int64, shape (n,)
        The area of each piece; each area is connected.
    """
    n, areas = work.size, seeds.size
    label = np.full(n, -1, dtype=np.int64)
    done = np.zeros(areas)
    stuck = np.zeros(areas, dtype=np.bool_)
    border, listed = np.empty((areas, n), dtype=np.int64), np.zeros((areas, n), dtype=np.bool_)
    size = np.zeros(areas, dtype=np.int64)
    for area in range(areas):
        label[seeds[area]] = area
    for area in range(areas):
        done[area] = work[seeds[area]]
        _widen(first, to, label, border, listed, size, area, seeds[area])
    for _ in range(n - areas):
        piece, area = -1, -1
        while piece < 0:
            area = -1
            for other in range(areas):
                if stuck[other]:
                    continue
                if area < 0 or done[other] / target[other] < done[area] / target[area]:
                    area = other
            piece = _take(label, border, size, area, places, places[seeds[area]])
            stuck[area] = piece < 0
        label[piece] = area
        done[area] += work[piece]
        _widen(first, to, label, border, listed, size, area, piece)
    return label


@njit(cache=True, nogil=True)
def _widen(
    first: Integers, to: Integers, label: Integers, border: Integers,
    listed: NDArray[np.bool_], size: Integers, area: int, piece: int,
) -> None:  # fmt: skip
    """Add the free neighbours of a piece to the border of its area."""
    for k in range(first[piece], first[piece + 1]):
        if label[to[k]] < 0 and not listed[area, to[k]]:
            listed[area, to[k]] = True
            border[area, size[area]] = to[k]
            size[area] += 1


@njit(cache=True, nogil=True)
def _take(
    label: Integers, border: Integers, size: Integers, area: int, places: Floats, seed: Floats
) -> int:
    """Return the free piece on an area's border that is nearest to its seed; -1 for none."""
    nearest, least, kept = -1, np.inf, 0
    for k in range(size[area]):
        piece = int(border[area, k])
        if label[piece] >= 0:
            continue
        border[area, kept] = piece
        kept += 1
        away = (places[piece, 0] - seed[0]) ** 2 + (places[piece, 1] - seed[1]) ** 2
        if away < least:
            least, nearest = away, piece
    size[area] = kept
    return nearest


@njit(cache=True, nogil=True)
def exchange(
    first: Integers, to: Integers, work: Floats, places: Floats, label: Integers, target: Floats,
    tolerance: float, rng: np.random.Generator,
) -> float:  # fmt: skip
    """Let areas give pieces on their borders to each other, as long as it pays.

    Parameters
    ----------
    first, to, work, places, target
        See `grow`.
    label : ndarray of int64, shape (n,), changed
        The area of each piece; areas stay connected.
    tolerance : float
        So much more or less than the target, as a share of it, costs nothing.
    rng : Generator
        Decides the order of the pieces.

    Returns
    -------
    float
        What the areas cost: imbalance and spread.
    """
    n, areas = work.size, target.size
    done, count = np.zeros(areas), np.zeros(areas, dtype=np.int64)
    for piece in range(n):
        done[label[piece]] += work[piece]
        count[label[piece]] += 1
    whole = np.zeros(n, dtype=np.int64)
    scale = _spread_about(places, whole, 1) / n
    scale = scale if scale > 0 else 1.0
    seen, queue = np.full(n, -1, dtype=np.int64), np.empty(n, dtype=np.int64)
    order, stamp = np.arange(n), 0
    for _ in range(_PASSES):
        middle = _middles(places, label, areas)
        moved = 0
        rng.shuffle(order)
        for number in range(n):
            piece = int(order[number])
            other = _better(
                first, to, work, places, label, target, tolerance, done, middle, n * scale, piece
            )
            if other < 0 or count[label[piece]] == 1:
                continue
            stamp += 1
            if not _can_go(first, to, label, piece, seen, queue, stamp):
                continue
            done[label[piece]] -= work[piece]
            done[other] += work[piece]
            count[label[piece]] -= 1
            count[other] += 1
            label[piece] = other
            moved += 1
        if moved == 0:
            break
    cost = _spread_about(places, label, areas) / (n * scale)
    for area in range(areas):
        cost += _imbalance(done[area], target[area], tolerance)
    return float(cost)


@njit(cache=True, nogil=True)
def _middles(places: Floats, label: Integers, areas: int) -> Floats:
    middle, count = np.zeros((areas, 2)), np.zeros(areas)
    for piece in range(label.size):
        middle[label[piece], 0] += places[piece, 0]
        middle[label[piece], 1] += places[piece, 1]
        count[label[piece]] += 1
    for area in range(areas):
        middle[area] /= max(count[area], 1.0)
    return middle


@njit(cache=True, nogil=True)
def _spread_about(places: Floats, label: Integers, areas: int) -> float:
    """Return the sum of squared distances from the areas' middles."""
    middle, total = _middles(places, label, areas), 0.0
    for piece in range(label.size):
        total += (places[piece, 0] - middle[label[piece], 0]) ** 2
        total += (places[piece, 1] - middle[label[piece], 1]) ** 2
    return float(total)


@njit(cache=True, nogil=True)
def _imbalance(done: float, target: float, tolerance: float) -> float:
    beyond = max(abs(done / target - 1.0) - tolerance, 0.0)
    return float(_BALANCE * beyond * beyond)


@njit(cache=True, nogil=True)
def _better(
    first: Integers, to: Integers, work: Floats, places: Floats, label: Integers, target: Floats,
    tolerance: float, done: Floats, middle: Floats, scale: float, piece: int,
) -> int:  # fmt: skip
    """Return the neighbouring area that a piece had better go to; -1 where it should stay."""
    area, best, least = label[piece], -1, -1e-12
    for k in range(first[piece], first[piece + 1]):
        other = label[to[k]]
        if other in (area, best):
            continue
        gain = 0.0
        for sign, which in ((-1.0, area), (1.0, other)):
            away = (places[piece, 0] - middle[which, 0]) ** 2
            away += (places[piece, 1] - middle[which, 1]) ** 2
            gain += sign * away / scale
            after = done[which] + sign * work[piece]
            gain += _imbalance(after, target[which], tolerance)
            gain -= _imbalance(done[which], target[which], tolerance)
        if gain < least:
            least, best = gain, other
    return best


@njit(cache=True, nogil=True)
def _can_go(
    first: Integers, to: Integers, label: Integers, piece: int, seen: Integers, queue: Integers,
    stamp: int,
) -> bool:  # fmt: skip
    """Return whether an area stays connected without a piece."""
    area, wanted, found, filled = label[piece], 0, 0, 0
    seen[piece] = stamp
    for k in range(first[piece], first[piece + 1]):
        if label[to[k]] == area:
            wanted += 1
            if filled == 0:
                queue[0] = to[k]
                seen[to[k]] = stamp
                filled, found = 1, 1
    at = 0
    # Those next to the piece must all be reached from the first of them.
    while at < filled and found < wanted:
        for k in range(first[queue[at]], first[queue[at] + 1]):
            other = to[k]
            if label[other] != area or seen[other] == stamp:
                continue
            seen[other] = stamp
            queue[filled] = other
            filled += 1
            for near in range(first[other], first[other + 1]):
                found += to[near] == piece
        at += 1
    return bool(found == wanted)
