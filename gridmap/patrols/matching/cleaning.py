"""Positions of a track, cleaned of what cannot have been walked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from gridmap.patrols.matching.cleaning_kernels import likeliest_chain, standing
from gridmap.patrols.network import Floats, Integers, Mode

#: Metres per second that nobody exceeds for long: a runner, a racing cyclist, a motorway.
MOST_SPEED: dict[Mode, float] = {Mode.FOOT: 5.0, Mode.BICYCLE: 14.0, Mode.CAR: 45.0}

# Seconds before and after a position, over which it must not be faster than the mode can be. In
# one second the error of two positions is more than a walker's step; in 30 it is not.
_PACE_S = 15.0


class Fate(IntEnum):
    """What became of a position."""

    KEPT = 0
    INVALID = 1  # No number, or no time.
    IMPRECISE = 2  # The device itself says so.
    REPEATED = 3  # There is one of the same time.
    JUMP = 4  # Out of reach from those before and after.
    FAST = 5  # Faster for half a minute than the mode can be, as in a car.
    STANDING = 6  # Of a cloud that a device draws while it stands, often indoors.


@dataclass(frozen=True)
class Cleaning:
    """What counts as impossible.

    Attributes
    ----------
    mode : Mode
        How the patrol moves.
    gap_s : float
        After as many seconds without a position the track is split.
    imprecise_m : float
        Positions whose accuracy is worse are dropped.
    slack_m : float
        How far from the truth two positions can be together; no jump is less than this.
    cloud_m, cloud_s : float
        Who stays as long within as many metres of a point stands.
    """

    mode: Mode = Mode.FOOT
    gap_s: float = 120.0
    imprecise_m: float = 50.0
    slack_m: float = 25.0
    cloud_m: float = 25.0
    cloud_s: float = 180.0


@dataclass(frozen=True, eq=False)
class Stay:
    """Where the track stood: the middle of its cloud, in metres, and from when to when."""

    x: float
    y: float
    arrived_s: float
    left_s: float


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What is left of a track, in order of time.

    Attributes
    ----------
    x, y, time_s : ndarray of float64, shape (n,)
        Metres and seconds. While the track stands there are two positions, both in the middle of
        the cloud, when it comes and when it goes.
    accuracy_m : ndarray of float64, shape (n,)
        NaN where it is not known.
    part : ndarray of int64, shape (n,)
        0, 1, ...; between two parts it is not known where the patrol was.
    index : ndarray of int64, shape (n,)
        The rows of the positions as given.
    fate : ndarray of uint8, shape (given,)
        What became of each position as given, see `Fate`.
    disordered : int
        How many came later than one of a later time; they are put in order and not dropped.
    stays : tuple of Stay
    """

    x: Floats
    y: Floats
    time_s: Floats
    accuracy_m: Floats
    part: Integers
    index: Integers
    fate: NDArray[np.uint8]
    disordered: int
    stays: tuple[Stay, ...]

    def counts(self) -> dict[Fate, int]:
        """Return how many positions met each fate."""
        return {fate: int((self.fate == fate).sum()) for fate in Fate}


def clean(
    x: Floats,
    y: Floats,
    time: Floats | NDArray[np.datetime64],
    accuracy_m: Floats | None = None,
    cleaning: Cleaning | None = None,
) -> Cleaned:
    """Drop the positions of a track that cannot be right, and split it where some are missing.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres in the network's CRS.
    time : ndarray of float64 or datetime64, shape (n,)
        Seconds, or moments, which become seconds since 1970. In any order.
    accuracy_m : ndarray of float64, shape (n,), optional
        As devices tell it: two thirds of positions are no further off. NaN where not known.
    cleaning : Cleaning, optional
        What counts as impossible.

    Returns
    -------
    Cleaned
    """
    cleaning = cleaning or Cleaning()
    seconds = _seconds(time)
    accuracy = np.full(len(x), np.nan) if accuracy_m is None else accuracy_m.astype(np.float64)
    fate = np.full(len(x), Fate.KEPT, dtype=np.uint8)
    valid = np.isfinite(x) & np.isfinite(y) & np.isfinite(seconds)
    fate[~valid] = Fate.INVALID
    fate[valid & (accuracy > cleaning.imprecise_m)] = Fate.IMPRECISE
    arrival = seconds[valid]
    disordered = int((arrival < np.maximum.accumulate(arrival)).sum()) if arrival.size else 0
    kept = _in_order(seconds, accuracy, fate)
    kept = _without_jumps(x, y, seconds, kept, fate, cleaning)
    kept = _without_rides(x, y, seconds, kept, fate, cleaning)
    part = _parts(x[kept], y[kept], seconds[kept], cleaning)
    east, north, stays = x[kept].astype(np.float64), y[kept].astype(np.float64), []
    clouds = standing(east, north, seconds[kept], part, cleaning.cloud_m, cleaning.cloud_s)
    for begin, end in clouds:
        east[[begin, end]] = np.median(east[begin : end + 1])
        north[[begin, end]] = np.median(north[begin : end + 1])
        fate[kept[begin + 1 : end]] = Fate.STANDING
        when = seconds[kept[[begin, end]]]
        stays.append(Stay(float(east[begin]), float(north[begin]), float(when[0]), float(when[1])))
    left = fate[kept] == Fate.KEPT
    kept = kept[left]
    return Cleaned(
        east[left], north[left], seconds[kept], accuracy[kept], part[left], kept, fate,
        disordered, tuple(stays),
    )  # fmt: skip


def _seconds(time: Floats | NDArray[np.datetime64]) -> Floats:
    if not np.issubdtype(time.dtype, np.datetime64):
        return time.astype(np.float64)
    seconds = time.astype("datetime64[us]").astype(np.int64) / 1e6
    seconds[np.isnat(time)] = np.nan
    return seconds


def _in_order(seconds: Floats, accuracy: Floats, fate: NDArray[np.uint8]) -> Integers:
    """Return the rows in order of time, of each time the most accurate or else the first."""
    rows = np.flatnonzero(fate == Fate.KEPT)
    doubt = np.where(np.isnan(accuracy[rows]), np.inf, accuracy[rows])
    ordered: Integers = rows[np.lexsort([rows, doubt, seconds[rows]])]
    again = np.diff(seconds[ordered], prepend=np.nan) == 0
    fate[ordered[again]] = Fate.REPEATED
    single: Integers = ordered[~again]
    return single


def _without_jumps(
    x: Floats, y: Floats, t: Floats, kept: Integers, fate: NDArray[np.uint8], cleaning: Cleaning
) -> Integers:
    speed = MOST_SPEED[cleaning.mode]
    likely = likeliest_chain(x[kept], y[kept], t[kept], speed, cleaning.slack_m)
    fate[kept[~likely]] = Fate.JUMP
    return kept[likely]


def _without_rides(
    x: Floats, y: Floats, t: Floats, kept: Integers, fate: NDArray[np.uint8], cleaning: Cleaning
) -> Integers:
    """Drop what is too fast from 15 seconds before to 15 seconds after."""
    if kept.size == 0:
        return kept
    east, north, when = x[kept], y[kept], t[kept]
    before = np.searchsorted(when, when - _PACE_S, side="left")
    after = np.searchsorted(when, when + _PACE_S, side="right") - 1
    way = np.hypot(east[after] - east[before], north[after] - north[before])
    reach = MOST_SPEED[cleaning.mode] * (when[after] - when[before]) + cleaning.slack_m
    fast = way > reach
    fate[kept[fast]] = Fate.FAST
    return kept[~fast]


def _parts(x: Floats, y: Floats, t: Floats, cleaning: Cleaning) -> Integers:
    """Give the stretches between gaps, and between impossible steps, their numbers."""
    took = np.diff(t)
    reach = MOST_SPEED[cleaning.mode] * took + cleaning.slack_m
    split = (took > cleaning.gap_s) | (np.hypot(np.diff(x), np.diff(y)) > reach)
    return np.concatenate([np.zeros(min(len(t), 1), np.int64), np.cumsum(split)])
