"""Where values are high or low together: Getis-Ord Gi and Gi*, and local Moran."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats
from gridmap.hotspots.permutation import tail_counts
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import Weights

LEAST_PLACES = 4
"""Fewer places have no variance to compare with."""

HIGH_HIGH, LOW_HIGH, LOW_LOW, HIGH_LOW = 1, 2, 3, 4
"""The quarters of Moran's plot, numbered as in esda: the place first, then its neighbours."""


class LocalG(NamedTuple):
    """Gi or Gi* of each place, arrays of float64 of shape (n,).

    Attributes
    ----------
    g : ndarray
        The share of the sum of all values that lies at the neighbours.
    expected, variance : ndarray
        Of ``g``, were the values anywhere.
    z : ndarray
        Standard scores: above 0 where high values are together. NaN where a place has no
        neighbour, or all.
    p : ndarray
        Two sided, by the normal distribution.
    """

    g: Floats
    expected: Floats
    variance: Floats
    z: Floats
    p: Floats


class LocalMoran(NamedTuple):
    """Local Moran of each place, arrays of shape (n,).

    Attributes
    ----------
    i : ndarray of float64
        Above 0 where the neighbours are on the same side of the mean as the place.
    expected, variance : ndarray of float64
        Of ``i``, were the values of the other places anywhere.
    z : ndarray of float64
        Standard scores; NaN where the place has no neighbour.
    p : ndarray of float64
        Two sided, by the normal distribution.
    quarter : ndarray of int64
        `HIGH_HIGH`, `LOW_HIGH`, `LOW_LOW` or `HIGH_LOW`.
    """

    i: Floats
    expected: Floats
    variance: Floats
    z: Floats
    p: Floats
    quarter: NDArray[np.int64]


def getis_ord(values: Floats, weights: Weights) -> LocalG:
    """Find where high or low values are together.

    Gi*(d) where the weights hold the places themselves, Gi(d) where they do not, with mean and
    variance of all places, or of all others: Ord and Getis (1995), Local spatial autocorrelation
    statistics, Geographical Analysis 27, 286-306, equations 5 and 6 and table 1 of it. They divide
    squares by n; Getis and Ord (1996) print scores of Gi* with n - 1, which are smaller by the
    root of (n - 1) / n. The variance takes the sum of squared weights, so weights scaled by row
    give the same scores as before.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Counts or rates, finite.
    weights : csr_array, shape (n, n)
        Either all places are their own neighbours or none.

    Returns
    -------
    LocalG

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` places, or all have ``ONE_VALUE``.
    ValueError
        When a value is not finite, or some places alone are their own neighbours.
    """
    values = _checked(values)
    star = _is_star(weights)
    n = len(values) if star else len(values) - 1
    total, squares = values.sum(), (values**2).sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.full(len(values), total / n) if star else (total - values) / n
        spread = (squares if star else squares - values**2) / n - mean**2
        size, size2 = _row_sums(weights)
        scale = mean * n
        expected = size / n
        of_sum = np.maximum(spread, 0) * np.maximum(n * size2 - size**2, 0) / (n - 1)
        observed = weights @ values
        z = (observed - size * mean) / np.sqrt(of_sum)
        z[~np.isfinite(z)] = np.nan
        return LocalG(observed / scale, expected, of_sum / scale**2, z, two_sided(z))


def local_moran(values: Floats, weights: Weights) -> LocalMoran:
    """Find places whose neighbours are like them, or unlike.

    Anselin (1995), Local indicators of spatial association, Geographical Analysis 27, 93-115,
    equation 12, with weights that sum to one in each row. Mean and variance are those of
    conditional permutation: Sokal, Oden and Thomson (1998), Local spatial autocorrelation in a
    biological model, Geographical Analysis 30, 331-354, equations A7 and A8. The normal
    distribution fits badly where values are skewed, as counts are: prefer permutation.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Counts or rates, finite.
    weights : csr_array, shape (n, n)
        Without the places themselves; scaled here.

    Returns
    -------
    LocalMoran

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` places, or all have ``ONE_VALUE``.
    ValueError
        When a value is not finite, or a place is its own neighbour.
    """
    values = _checked(values)
    if _is_star(weights):
        raise ValueError("a place is no neighbour of its own in local Moran")
    n = len(values)
    z = (values - values.mean()) / values.std()
    scaled = row_standardised(weights)
    lag = scaled @ z
    size, size2 = _row_sums(scaled)
    i = (n - 1) / n * z * lag
    expected = -(z**2) * size / (n - 1)
    variance = z**2 * n / (n - 2) * (size2 - size**2 / (n - 1)) * (1 - z**2 / (n - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (i - expected) / np.sqrt(variance)
    score[(size == 0) | ~np.isfinite(score)] = np.nan
    high, around = z > 0, lag > 0
    quarter = np.where(
        high, np.where(around, HIGH_HIGH, HIGH_LOW), np.where(around, LOW_HIGH, LOW_LOW)
    )
    return LocalMoran(i, expected, variance, score, two_sided(score), quarter)


def permuted_p(
    values: Floats,
    weights: Weights,
    *,
    replications: int = 999,
    seed: int = 0,
    tick: Tick | None = None,
) -> Floats:
    """Return two-sided p by conditional permutation, for Gi, Gi* and local Moran alike.

    With the value of the place held, all three rise or fall with the sum of its neighbours, so
    one set of permutations serves them (see `permutation.tail_counts`). The smaller tail is
    doubled; the observed values are one of the arrangements, so p is never 0.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Counts or rates, finite.
    weights : csr_array, shape (n, n)
        With or without the places themselves.
    replications : int
        How many permutations for each place; p has steps of 2 / (replications + 1).
    seed : int
        The same seed gives the same p, however many threads there are.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where a place has no neighbour.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` places, or all have ``ONE_VALUE``.
    ValueError
        When a value is not finite.
    """
    values = _checked(values)
    others = without_self(weights)
    at_least, at_most = tail_counts(values, others, replications, seed, tick)
    smaller = np.minimum(at_least, at_most)
    p = np.minimum(2 * (smaller + 1) / (replications + 1), 1.0)
    p[np.diff(others.indptr) == 0] = np.nan
    return p


def two_sided(z: Floats) -> Floats:
    """Return the two-sided p of standard scores."""
    p: Floats = special.erfc(np.abs(z) / np.sqrt(2))
    return p


def row_standardised(weights: Weights) -> Weights:
    """Scale the weights so that each row sums to one; rows without any stay empty."""
    size: Floats = np.asarray(weights.sum(axis=1))
    scaled = weights.copy()
    scaled.data = weights.data / np.repeat(size, np.diff(weights.indptr))
    return scaled


def without_self(weights: Weights) -> Weights:
    """Leave the places themselves out of their neighbours."""
    if not weights.diagonal().any():
        return weights
    rest = (weights - sparse.diags_array(weights.diagonal())).tocsr()
    rest.eliminate_zeros()
    rest.sort_indices()
    return rest


def _checked(values: Floats) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("values are finite; leave out the places without")
    if len(values) < LEAST_PLACES:
        raise Unsuitable(Reason.TOO_FEW, places=len(values), least=LEAST_PLACES)
    if np.ptp(values) == 0:
        raise Unsuitable(Reason.ONE_VALUE, value=float(values[0]))
    return values


def _is_star(weights: Weights) -> bool:
    own = weights.diagonal() != 0
    if own.any() and not own.all():
        raise ValueError("some places are their own neighbours, others are not")
    return bool(own.all())


def _row_sums(weights: Weights) -> tuple[Floats, Floats]:
    """Return the sums of the weights and of their squares in each row."""
    ones = np.ones(weights.shape[1])
    squared = sparse.csr_array((weights.data**2, weights.indices, weights.indptr), weights.shape)
    return np.asarray(weights @ ones), np.asarray(squared @ ones)
