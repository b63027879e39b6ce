"""Two periods compared cell by cell, with what chance alone would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gridmap.hotspots.discovery import discoveries
from gridmap.hotspots.grids import Floats, Integers

_BISECTIONS = 60


class Change(NamedTuple):
    """The change of each cell, arrays of shape (n,).

    Attributes
    ----------
    ratio : ndarray of float64
        The rate after divided by the rate before; infinite after 0, NaN where both are 0.
    low, high : ndarray of float64
        Bounds of the ratio.
    p : ndarray of float64
        Two sided; 1 where nothing happened.
    found : ndarray of bool
        Whether it counts with the false discovery rate controlled over the cells that are not too
        few; see `discovery.discoveries`.
    too_few : ndarray of bool
        Whether no outcome of so few incidents could be significant, so nothing can be said.
    """

    ratio: Floats
    low: Floats
    high: Floats
    p: Floats
    found: NDArray[np.bool_]
    too_few: NDArray[np.bool_]


def compare_counts(
    before: Integers,
    after: Integers,
    *,
    exposure_before: float = 1.0,
    exposure_after: float = 1.0,
    alpha: float = 0.05,
    mid_p: bool = True,
) -> Change:
    """Compare the counts of two periods cell by cell.

    Given the total of both, the later count of two Poisson variables with one rate is binomial:
    Przyborowski and Wilenski (1940), Homogeneity of results in testing samples from Poisson
    series, Biometrika 31, 313-323. The smaller tail is doubled; the interval inverts the same
    test, so p is under ``alpha`` exactly where 1 lies outside. With ``mid_p`` half of the observed
    outcome counts to the tail (Lancaster 1961, J. Am. Statist. Assoc. 56, 223-234), which is less
    cautious and holds the level on average; without, the interval is that of Clopper and Pearson
    (1934), Biometrika 26, 404-413.

    Parameters
    ----------
    before, after : ndarray of int64, shape (n,)
        Counts, not negative.
    exposure_before, exposure_after : float
        The lengths of the periods, in any one unit, above 0.
    alpha : float
        The level of the test and of the false discovery rate; the intervals hold 1 - alpha.
    mid_p : bool

    Returns
    -------
    Change

    Raises
    ------
    ValueError
        For counts under 0 or exposures not above 0.
    """
    if (before < 0).any() or (after < 0).any() or min(exposure_before, exposure_after) <= 0:
        raise ValueError("counts are at least 0 and exposures above 0")
    total = (before + after).astype(np.float64)
    x = after.astype(np.float64)
    share = exposure_after / (exposure_before + exposure_after)
    half = 0.5 if mid_p else 1.0
    p = _two_sided(x, total, np.full(len(x), share), half)
    scale = exposure_before / exposure_after
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = x / (total - x) * scale
    low, high = _bounds(x, total, alpha, half)
    with np.errstate(divide="ignore"):
        low, high = low / (1 - low) * scale, high / (1 - high) * scale
    # The most extreme outcome has the probability share^n, or (1 - share)^n.
    least = 2 * half * np.minimum(share**total, (1 - share) ** total)
    too_few = least >= alpha
    found = discoveries(np.where(too_few, np.nan, p), alpha)
    return Change(ratio, low, high, p, found, too_few)


def _two_sided(x: Floats, n: Floats, share: Floats, half: float) -> Floats:
    smaller = np.minimum(_upper(x, n, share, half), _upper(n - x, n, 1 - share, half))
    p: Floats = np.where(n > 0, np.minimum(2 * smaller, 1.0), 1.0)
    return p


def _upper(x: Floats, n: Floats, share: Floats, half: float) -> Floats:
    """Return P(X > x) and the given part of P(X = x) for binomial X."""
    # P(X >= x) is an incomplete beta function of the share; it is 1 at x = 0.
    at_least = np.where(x > 0, special.betainc(np.maximum(x, 1), n - x + 1, share), 1.0)
    above = np.where(x < n, special.betainc(x + 1, np.maximum(n - x, 1), share), 0.0)
    tail: Floats = half * at_least + (1 - half) * above
    return tail


def _bounds(x: Floats, n: Floats, alpha: float, half: float) -> tuple[Floats, Floats]:
    """Return the shares at which either tail is alpha / 2; 0 and 1 where there is no bound."""
    low = _solve(lambda share: _upper(x, n, share, half) < alpha / 2, len(x))
    high = 1 - _solve(lambda share: _upper(n - x, n, share, half) < alpha / 2, len(x))
    return np.where(x > 0, low, 0.0), np.where(x < n, high, 1.0)


def _solve(below: Callable[[Floats], NDArray[np.bool_]], size: int) -> Floats:
    """Bisect 0 to 1 for where the condition, which holds at first, ends."""
    left, right = np.zeros(size), np.ones(size)
    for _ in range(_BISECTIONS):
        middle = (left + right) / 2
        still = below(middle)
        left, right = np.where(still, middle, left), np.where(still, right, middle)
    return (left + right) / 2
