"""Whether holidays have more or fewer incidents than other days like them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats, Integers

Moments = NDArray[np.datetime64]

MOST_EXACT = 2000
"""With more incidents the normal distribution stands for the exact one."""
_BISECTIONS, _WIDEST = 60, 12.0


class HolidayEffect(NamedTuple):
    """Incidents on holidays against other days of the same weekdays and months.

    Attributes
    ----------
    days, observed : int
        The holidays that have such days to compare with, and their incidents.
    expected : float
        Had these days the rates of the others.
    ratio, low, high : float
        The rate on holidays divided by that on other days, and its bounds.
    p : float
        Two sided.
    """

    days: int
    observed: int
    expected: float
    ratio: float
    low: float
    high: float
    p: float


def holiday_effect(
    time: Moments,
    first: np.datetime64,
    last: np.datetime64,
    holidays: Moments,
    *,
    excluded: Moments | None = None,
    alpha: float = 0.05,
) -> HolidayEffect:
    """Compare holidays with other days of the same weekday, month and year.

    Given the total of each stratum, its incidents on holidays are binomial; their sum over strata
    is the statistic, whose distribution is worked out exactly by convolution up to `MOST_EXACT`
    incidents, and by the normal distribution with the correction for continuity beyond: a test of
    one common rate ratio over Poisson strata (Breslow and Day 1987, Statistical methods in cancer
    research II, section 3.6). The bounds invert it.

    Parameters
    ----------
    time : ndarray of datetime64[s], shape (n,)
        Local times.
    first, last : datetime64[D]
        The period, both included.
    holidays : ndarray of datetime64[D]
        The days in question; for one feast, its days in all years.
    excluded : ndarray of datetime64[D], optional
        Days that are not compared with, such as other holidays and make-up workdays.
    alpha : float

    Returns
    -------
    HolidayEffect

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` days or incidents to compare.
    """
    days = np.arange(first.astype("datetime64[D]"), last.astype("datetime64[D]") + 1)
    offset = (time.astype("datetime64[D]") - days[0]).astype(np.int64)
    counts = np.bincount(offset[(offset >= 0) & (offset < len(days))], minlength=len(days))
    feast = np.isin(days, holidays)
    ordinary = ~feast if excluded is None else ~feast & ~np.isin(days, excluded)
    month = days.astype("datetime64[M]").astype(np.int64)
    weekday = (days.astype(np.int64) + 3) % 7
    stratum = (month - month[0]) * 7 + weekday
    on, off = np.bincount(stratum[feast]), np.bincount(stratum[ordinary])
    size = max(len(on), len(off))
    on, off = np.pad(on, (0, size - len(on))), np.pad(off, (0, size - len(off)))
    there = (on > 0) & (off > 0)
    x = np.bincount(stratum[feast], weights=counts[feast], minlength=size)[there]
    others = np.bincount(stratum[ordinary], weights=counts[ordinary], minlength=size)[there]
    on, off = on[there], off[there]
    if (x + others).sum() < 1:
        raise Unsuitable(Reason.TOO_FEW, days=float(on.sum()), incidents=0.0, least=1)
    return _effect(x.astype(np.int64), (x + others).astype(np.int64), on, off, alpha)


def _effect(x: Integers, n: Integers, on: Integers, off: Integers, alpha: float) -> HolidayEffect:
    observed = int(x.sum())

    def upper(log_ratio: float) -> float:
        odds = np.exp(log_ratio) * on / off
        return _tails(observed, n, odds / (1 + odds))[0]

    def lower(log_ratio: float) -> float:
        odds = np.exp(log_ratio) * on / off
        return _tails(observed, n, odds / (1 + odds))[1]

    p = min(1.0, 2 * min(upper(0.0), lower(0.0)))
    # The tail of as much or more grows with the ratio, that of as little or less falls.
    low = _solve(lambda r: upper(r) < alpha / 2)
    high = _solve(lambda r: lower(r) > alpha / 2)
    expected = float((on * (n - x) / off).sum())
    return HolidayEffect(
        int(on.sum()),
        observed,
        expected,
        observed / expected if expected > 0 else np.inf,
        float(np.exp(low)) if observed > 0 else 0.0,
        float(np.exp(high)) if observed < n.sum() else np.inf,
        p,
    )


def _tails(x: int, n: Integers, share: Floats) -> tuple[float, float]:
    """Return the probabilities of as much or more, and of as little or less."""
    if n.sum() <= MOST_EXACT:
        mass = np.ones(1)
        for trials, chance in zip(n.tolist(), share.tolist(), strict=True):
            if trials:
                mass = np.convolve(mass, stats.binom.pmf(np.arange(trials + 1), trials, chance))
        return float(mass[x:].sum()), float(mass[: x + 1].sum())
    mean, deviation = float(n @ share), float(np.sqrt(n @ (share * (1 - share))))
    deviation = max(deviation, 1e-12)
    above, below = (x - 0.5 - mean) / deviation, (x + 0.5 - mean) / deviation
    return float(special.ndtr(-above)), float(special.ndtr(below))


def _solve(before: Callable[[float], bool]) -> float:
    """Bisect the logarithm of a ratio for where the condition, which holds at first, ends."""
    left, right = -_WIDEST, _WIDEST
    for _ in range(_BISECTIONS):
        middle = (left + right) / 2
        if before(middle):
            left = middle
        else:
            right = middle
    return (left + right) / 2
