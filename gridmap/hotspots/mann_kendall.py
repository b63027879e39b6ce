"""Whether series rise or fall: the Mann-Kendall test and Sen's slope, for many series at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gridmap.hotspots.grids import Floats
from gridmap.hotspots.ticks import Tick

#: Series of hundreds of periods take a millisecond each.
_TELL_EVERY = 50


class Trend(NamedTuple):
    """The trend of each series, arrays of shape (series,).

    Attributes
    ----------
    s : ndarray of int64
        Pairs that rise less pairs that fall.
    variance : ndarray of float64
        Of ``s`` without a trend, with the correction for ties.
    z : ndarray of float64
        Standard scores with the correction for continuity; 0 where all values are equal.
    p : ndarray of float64
        Two sided, by the normal distribution.
    tau : ndarray of float64
        Kendall's tau-b, -1 to 1; NaN where all values are equal.
    slope : ndarray of float64
        Sen's slope: the median change per period of all pairs.
    """

    s: NDArray[np.int64]
    variance: Floats
    z: Floats
    p: Floats
    tau: Floats
    slope: Floats


def mann_kendall(
    values: NDArray[np.float64] | NDArray[np.int64], tick: Tick | None = None
) -> Trend:
    """Test many series of equally long periods for a monotonic trend.

    Mann (1945), Nonparametric tests against trend, Econometrica 13, 245-259; the variance with
    ties and the continuity correction as in Kendall (1975), Rank correlation methods, chapter 4;
    the slope by Sen (1968), J. Am. Statist. Assoc. 63, 1379-1389. The test takes periods for
    independent; neighbouring periods of one place that share incidents make p too small, so Gi*
    with previous periods as neighbours is to be read with care.

    Parameters
    ----------
    values : ndarray, shape (series, periods)
        At least 2 periods, finite.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    Trend

    Raises
    ------
    ValueError
        For fewer periods, or values that are not finite.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2 or not np.isfinite(table).all():
        raise ValueError("a trend needs series of at least 2 finite values")
    n = table.shape[1]
    early, late = np.triu_indices(n, 1)
    apart = late - early
    middle = [(len(apart) - 1) // 2, len(apart) // 2]
    s = np.empty(len(table), dtype=np.int64)
    slope = np.empty(len(table))
    for i, row in enumerate(table):
        if tick is not None and i % _TELL_EVERY == 0:
            tick(i / len(table))
        change = row[late] - row[early]
        s[i] = np.count_nonzero(change > 0) - np.count_nonzero(change < 0)
        change /= apart
        change.partition(middle)
        slope[i] = (change[middle[0]] + change[middle[-1]]) / 2
    tied_variance, tied_pairs = _ties(table)
    variance = np.maximum(n * (n - 1) * (2 * n + 5) - tied_variance, 0) / 18
    pairs = n * (n - 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), 0.0)
        tau = s / np.sqrt(pairs * (pairs - tied_pairs))
    tau[tied_pairs == pairs] = np.nan
    return Trend(s, variance, z, special.erfc(np.abs(z) / np.sqrt(2)), tau, slope)


def _ties(table: Floats) -> tuple[Floats, Floats]:
    """Return the sums of t(t-1)(2t+5) and of t(t-1)/2 over the groups of t equal values."""
    ordered = np.sort(table, axis=1)
    n = table.shape[1]
    new = np.ones(ordered.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(new.ravel()) - 1  # Every row begins a new group.
    sizes = np.bincount(group).astype(np.float64)
    row = np.flatnonzero(new.ravel()) // n
    variances, pairs = sizes * (sizes - 1) * (2 * sizes + 5), sizes * (sizes - 1) / 2
    sums: Floats = np.zeros((2, len(table)))
    np.add.at(sums[0], row, variances)
    np.add.at(sums[1], row, pairs)
    return sums[0], sums[1]
