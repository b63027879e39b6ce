"""Counts by place and period, and where they are high together in space and time."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats, Integers
from gridmap.hotspots.weights import Weights

Moments = NDArray[np.datetime64]
Length = Literal["day", "week", "month"]

LEAST_BINS = 4
"""Fewer bins of the cube have no variance to compare with."""


class Cube(NamedTuple):
    """A space-time cube.

    Attributes
    ----------
    counts : ndarray of int64, shape (places, periods)
        Incidents.
    starts : ndarray of datetime64[D], shape (periods + 1,)
        The local day each period begins; the last is the day after the cube.
    """

    counts: Integers
    starts: Moments


def period_starts(first: np.datetime64, last: np.datetime64, length: Length) -> Moments:
    """Return the days on which the whole periods between two days begin.

    Parameters
    ----------
    first, last : datetime64[D]
        Both included.
    length : {"day", "week", "month"}
        Weeks are counted back from the last day, so that the newest data fill a whole week.
        Months are those of the local calendar; a month that is not whole is left out.

    Returns
    -------
    ndarray of datetime64[D], shape (periods + 1,)
        The last is the day after the last period. Of length 1 when no period is whole.
    """
    begin, end = first.astype("datetime64[D]"), last.astype("datetime64[D]") + 1
    starts: Moments
    if length == "month":
        # From the first month that begins in the span to the last that begins by its end.
        month = (begin - 1).astype("datetime64[M]") + 1
        starts = np.arange(month, end.astype("datetime64[M]") + 1).astype("datetime64[D]")
        return starts if starts.size else np.array([end])
    days = 7 if length == "week" else 1
    number = max(int((end - begin).astype(int)), 0) // days
    starts = end - days * np.arange(number, -1, -1)
    return starts


def make_cube(place: Integers, time: Moments, places: int, starts: Moments) -> Cube:
    """Count incidents by place and period.

    Parameters
    ----------
    place : ndarray of int64, shape (n,)
        The number of the place each lies in, -1 where there is none.
    time : ndarray of datetime64[s], shape (n,)
        Local time; what is outside the periods is left out.
    places : int
        How many places there are.
    starts : ndarray of datetime64[D], shape (periods + 1,)
        From `period_starts`.

    Returns
    -------
    Cube
    """
    periods = len(starts) - 1
    period = np.searchsorted(starts.astype(time.dtype), time, side="right") - 1
    there = (place >= 0) & (period >= 0) & (period < periods)
    flat = np.bincount(place[there] * periods + period[there], minlength=places * periods)
    return Cube(flat.reshape(places, periods).astype(np.int64), starts)


def space_time_gi_star(
    values: Floats | Integers, weights: Weights, *, periods_back: int = 1
) -> Floats:
    """Find places and periods where counts are high or low together.

    Gi* of each bin of the cube with the neighbouring places in the same and the previous periods
    as neighbours, against mean and variance of the whole cube: Ord and Getis (1995), Local spatial
    autocorrelation statistics, Geographical Analysis 27, 286-306, equation 5. The first periods
    have fewer neighbours, which the variance allows for.

    Parameters
    ----------
    values : ndarray, shape (places, periods)
        Counts or rates, finite.
    weights : csr_array, shape (places, places)
        With the places themselves, as Gi* has it.
    periods_back : int
        How many previous periods count as neighbours.

    Returns
    -------
    ndarray of float64, shape (places, periods)
        Standard scores z: above 0 where high values are together. NaN where a bin has all others
        as neighbours.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` bins, or all have ``ONE_VALUE``.
    ValueError
        When values are not finite, places lack themselves as neighbours, or ``periods_back`` is
        negative.
    """
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all() or periods_back < 0:
        raise ValueError("values are finite and periods_back is at least 0")
    if not (weights.diagonal() != 0).all():
        raise ValueError("Gi* needs each place as its own neighbour")
    n, periods = values.size, values.shape[1]
    if n < LEAST_BINS:
        raise Unsuitable(Reason.TOO_FEW, places=float(n), least=LEAST_BINS)
    if np.ptp(values) == 0:
        raise Unsuitable(Reason.ONE_VALUE, value=float(values.flat[0]))
    depth = np.minimum(np.arange(periods) + 1, periods_back + 1)
    size = np.outer(_row_sums(weights, 1), depth)
    size2 = np.outer(_row_sums(weights, 2), depth)
    running = np.cumsum(values, axis=1)
    running[:, periods_back + 1 :] -= running[:, : -periods_back - 1].copy()
    observed = np.asarray(weights @ running, dtype=np.float64)
    variance = values.var() * np.maximum(n * size2 - size**2, 0) / (n - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z: Floats = (observed - size * values.mean()) / np.sqrt(variance)
    z[~np.isfinite(z)] = np.nan
    return z


def _row_sums(weights: Weights, power: int) -> Floats:
    """Return the sums of a power of the weights in each row."""
    raised = sparse.csr_array((weights.data**power, weights.indices, weights.indptr), weights.shape)
    return np.asarray(raised @ np.ones(weights.shape[1]), dtype=np.float64)
