"""Incidents per household: as they are, and smoothed where few households make them uncertain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats
from gridmap.hotspots.weights import Weights, with_self

Counts = NDArray[np.int64] | Floats


def raw_rates(counts: Counts, households: Counts) -> Floats:
    """Divide incidents by households.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Incidents in each cell.
    households : ndarray, shape (n,)
        Households, or any other exposure, in each cell.

    Returns
    -------
    ndarray of float64, shape (n,)
        Incidents per household; NaN where nobody lives.

    Raises
    ------
    Unsuitable
        ``NO_POPULATION``: nobody lives in any cell.
    ValueError
        When a count is negative or not finite.
    """
    counts, households = _checked(counts), _checked(households)
    if not households.sum() > 0:
        raise Unsuitable(Reason.NO_POPULATION, cells=len(households))
    return _divided(counts, households)


def smoothed_rates(counts: Counts, households: Counts, neighbours: Weights | None = None) -> Floats:
    """Pull rates of few households towards the mean, by the method of moments of empirical Bayes.

    Marshall (1991), Mapping disease and mortality rates using empirical Bayes estimators, Applied
    Statistics 40, 283-294: the global estimator of his section 3, or the local one of section 4,
    which takes mean and variance from each cell and its neighbours. Where the rates differ no
    more than chance would make them, all are the mean, as Marshall has it.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Incidents in each cell.
    households : ndarray, shape (n,)
        Households in each cell.
    neighbours : csr_array, shape (n, n), optional
        For the local estimator.

    Returns
    -------
    ndarray of float64, shape (n,)
        Incidents per household; NaN where nobody lives.

    Raises
    ------
    Unsuitable
        ``NO_POPULATION``: nobody lives in any cell.
    ValueError
        When a count is negative or not finite.
    """
    counts, households = _checked(counts), _checked(households)
    raw = raw_rates(counts, households)
    lived_in = households > 0
    # What happened where nobody lives is in no rate, so it is in no mean of rates either.
    counts = np.where(lived_in, counts, 0.0)
    rates = np.where(lived_in, raw, 0.0)
    sums = [counts, households, lived_in.astype(np.float64), households * rates**2]
    if neighbours is None:
        events, people, cells, squares = (np.full(len(counts), part.sum()) for part in sums)
    else:
        around = with_self(neighbours)
        around.data[:] = 1
        events, people, cells, squares = (around @ part for part in sums)
    mean = _divided(events, people)
    # The part of the variance that chance alone does not explain.
    between = _divided(squares, people) - mean**2 - mean * _divided(cells, people)
    trust = np.zeros(len(counts))
    real = lived_in & (between > 0)
    trust[real] = between[real] / (between[real] + mean[real] / households[real])
    return np.where(lived_in, mean + trust * (rates - mean), np.nan)


def _checked(counts: Counts) -> Floats:
    values = np.asarray(counts, dtype=np.float64)
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError("counts are finite and not below 0")
    return values


def _divided(counts: Floats, households: Floats) -> Floats:
    """Divide, NaN where there is nothing to divide by."""
    rates = np.full(len(counts), np.nan)
    np.divide(counts, households, out=rates, where=households > 0)
    return rates
