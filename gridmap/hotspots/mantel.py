"""Whether what is near in space is near in time, without bands: one number for all events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.knox_kernels import cross_product
from gridmap.hotspots.parallel import in_order
from gridmap.hotspots.ticks import Tick

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Events that are compared each with each; two tables of so many squared numbers are held.
MOST_EVENTS = 5000


@dataclass(frozen=True)
class Association:
    """A statistic, and how often dates that are dealt anew make one as great."""

    statistic: float
    p: float


def mantel(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    *,
    metres: float = 1.0,
    days: float = 1.0,
    power: float = -1.0,
    permutations: int = 999,
    seed: int = 0,
    tick: Tick | None = None,
) -> Association:
    """Return the correlation of nearness in space and in time over all pairs of events.

    Mantel (1967), The detection of disease clustering and a generalized regression approach,
    Cancer Research 27, 209-220: nearness is (distance + constant) to a power.

    Parameters
    ----------
    x, y, t
        Metres and days, shape (n,).
    metres, days
        The constants; over 0 where the power is below 0.
    power
        -1 lets the near pairs count; 1 correlates the distances themselves.
    permutations, seed
        As in `knox.knox`.

    Raises
    ------
    Unsuitable
        There are fewer than three events or more than `MOST_EVENTS`, or all are at one place or
        on one day.
    """
    places, dates = _checked(x, y, t)
    space = (np.hypot(*(places[:, None] - places).transpose(2, 0, 1)) + metres) ** power
    time = (abs(dates[:, None] - dates) + days) ** power
    lower = np.tril_indices(dates.size, -1)
    # The mean and the spread are those of the same numbers, however they are dealt.
    for table in (space, time):
        table -= table[lower].mean()
        table /= np.sqrt((table[lower] ** 2).sum())

    def statistic(dealt: Ints) -> float:
        return float(cross_product(space, time, dealt))

    return _against_chance(statistic, dates.size, permutations, seed, tick)


def jacquez(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    k: int,
    *,
    permutations: int = 999,
    seed: int = 0,
    tick: Tick | None = None,
) -> Association:
    """Return how many of the events' k nearest neighbours in space are so in time as well.

    Jacquez (1996), A k nearest neighbour test for space-time interaction, Statistics in Medicine
    15, 1935-1949. Of equally near ones the first in the input is taken.

    Parameters
    ----------
    x, y, t
        Metres and days, shape (n,).
    k
        From 1 to n - 1.
    permutations, seed
        As in `knox.knox`.

    Raises
    ------
    Unsuitable
        As in `mantel`.
    """
    places, dates = _checked(x, y, t)
    if not 1 <= k < dates.size:
        raise ValueError("k must be from 1 to the number of events less one")
    in_space = _nearest(np.hypot(*(places[:, None] - places).transpose(2, 0, 1)), k)
    in_time = _nearest(abs(dates[:, None] - dates), k)

    def statistic(dealt: Ints) -> float:
        # The event i has the date of the event dealt[i], and its neighbours in time have those of
        # that event's neighbours.
        holder = np.empty_like(dealt)
        holder[dealt] = np.arange(dealt.size)
        return float((in_space[:, :, None] == holder[in_time[dealt]][:, None]).sum())

    return _against_chance(statistic, dates.size, permutations, seed, tick)


def _checked(x: ArrayLike, y: ArrayLike, t: ArrayLike) -> tuple[Floats, Floats]:
    places = np.column_stack((np.asarray(x, float), np.asarray(y, float)))
    dates = np.asarray(t, float)
    if dates.size < 3:
        raise Unsuitable(Reason.TOO_FEW, found=dates.size, needed=3)
    if dates.size > MOST_EVENTS:
        raise Unsuitable(Reason.TOO_MANY, found=dates.size, most=MOST_EVENTS)
    if not np.ptp(places, axis=0).any():
        raise Unsuitable(Reason.ONE_PLACE, found=dates.size)
    if np.ptp(dates) == 0:
        raise Unsuitable(Reason.ONE_DAY, found=dates.size)
    return places, dates


def _nearest(away: Floats, k: int) -> Ints:
    np.fill_diagonal(away, np.inf)
    return np.argsort(away, axis=1, kind="stable")[:, :k]


def _against_chance(
    statistic: Callable[[Ints], float], events: int, permutations: int, seed: int, tick: Tick | None
) -> Association:
    observed = statistic(np.arange(events))

    def dealt(number: int) -> float:
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        return statistic(random.permutation(events))

    reached = 0
    for number, found in enumerate(in_order(dealt, permutations)):
        # What differs in the last digit alone is as great.
        reached += found >= observed - 1e-12
        if tick:
            tick((number + 1) / permutations)
    return Association(observed, (1 + reached) / (1 + permutations))
