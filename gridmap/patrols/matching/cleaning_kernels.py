"""The compiled steps of cleaning a track."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers

#: An impossible step is believed if it saves as many positions that would else be dropped.
STEP_COSTS = 5
# Seconds that a cloud may be left for, as an outlier does.
_ASIDE_S = 30.0


@njit(cache=True, nogil=True)
def likeliest_chain(
    x: Floats, y: Floats, t: Floats, speed: float, slack_m: float
) -> NDArray[np.bool_]:
    """Choose the positions of a track that fit each other.

    Those chosen are as many as can be, less `STEP_COSTS` for each step among them that is longer
    than the slack and the speed allow. So a few outliers are dropped, the first position too, but
    where the track goes on elsewhere both stretches stay.

    Parameters
    ----------
    x, y, t : ndarray of float64, shape (n,)
        Metres and seconds, in order of time.
    speed, slack_m : float
        Metres per second, metres.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    n = x.size
    chosen = np.zeros(n, dtype=np.bool_)
    if n == 0:
        return chosen
    worth, back = np.ones(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    best_at = 0
    for k in range(1, n):
        # To drop more positions than two impossible steps cost is never worth it.
        for earlier in range(max(k - 2 * STEP_COSTS - 1, 0), k):
            fits = _in_reach(x, y, t, earlier, k, speed, slack_m)
            value = worth[earlier] + 1 - (0 if fits else STEP_COSTS)
            # Of equals the nearest, so that what fits is not left out.
            if value >= worth[k] and value > 1:
                worth[k], back[k] = value, earlier
        value = worth[best_at] + 1 - STEP_COSTS
        if value > worth[k]:
            worth[k], back[k] = value, best_at
        if worth[k] > worth[best_at]:
            best_at = k
    at = best_at
    while at >= 0:
        chosen[at] = True
        at = back[at]
    return chosen


@njit(cache=True, nogil=True)
def _in_reach(
    x: Floats, y: Floats, t: Floats, one: int, other: int, speed: float, slack_m: float
) -> bool:
    way = np.hypot(x[other] - x[one], y[other] - y[one])
    return bool(way <= speed * (t[other] - t[one]) + slack_m)


@njit(cache=True, nogil=True)
def standing(
    x: Floats, y: Floats, t: Floats, part: Integers, cloud_m: float, cloud_s: float
) -> list[tuple[int, int]]:
    """Find where a track stands: clouds of positions about their mean.

    Li and others (2008), Mining user similarity based on location history, section 3.2, with the
    running mean in place of the first position.

    Parameters
    ----------
    x, y, t : ndarray of float64, shape (n,)
        Metres and seconds, in order of time.
    part : ndarray of int64, shape (n,)
        No cloud goes from one part into another.
    cloud_m, cloud_s : float
        The cloud's radius and its least duration.

    Returns
    -------
    list of (int, int)
        The first and the last position of each cloud, at least three in each.
    """
    found = [(0, 0) for _ in range(0)]
    begin = 0
    while begin < x.size:
        end = _cloud_end(x, y, t, part, begin, cloud_m)
        if t[end] - t[begin] >= cloud_s and end - begin >= 2:
            first, last = begin, end
            # The way there and away pulls the mean; the middle of all is not moved by it.
            east, north = np.median(x[begin : end + 1]), np.median(y[begin : end + 1])
            while first < last and np.hypot(x[first] - east, y[first] - north) > cloud_m:
                first += 1
            while first < last and np.hypot(x[last] - east, y[last] - north) > cloud_m:
                last -= 1
            if last - first >= 2 and t[last] - t[first] >= cloud_s:
                found.append((first, last))
                begin = last + 1
                continue
        begin += 1
    return found


@njit(cache=True, nogil=True)
def _cloud_end(x: Floats, y: Floats, t: Floats, part: Integers, begin: int, cloud_m: float) -> int:
    """Return the last position that is still in the cloud which begins at one."""
    east, north, inside, end = x[begin], y[begin], 1, begin
    for k in range(begin + 1, x.size):
        if part[k] != part[begin] or t[k] - t[end] > max(_ASIDE_S, t[end + 1] - t[end]):
            break
        if np.hypot(x[k] - east, y[k] - north) <= cloud_m:
            inside += 1
            east += (x[k] - east) / inside
            north += (y[k] - north) / inside
            end = k
    return end
