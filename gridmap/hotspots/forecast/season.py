"""How much more happens in a month of the year and on a day of the week."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridmap.hotspots.grids import Floats, Integers

_WEEKDAY_OF_DAY_0 = 3  # 1 January 1970 was a Thursday; Monday is 0.
_ROUNDS = 50


class Season(NamedTuple):
    """Factors on the number of incidents a day.

    Attributes
    ----------
    month : ndarray of float64, shape (12,)
        January first; their mean is 1.
    weekday : ndarray of float64, shape (7,)
        Monday first; their mean is 1.
    """

    month: Floats
    weekday: Floats


def fit_season(
    day: Floats, first: int, last: int, *, prior: float = 50.0, by_month: bool = True
) -> Season:
    """Estimate the factors of months and weekdays.

    A Poisson regression on year, month and weekday without interactions, by iterative proportional
    scaling (Deming and Stephan 1940, Ann. Math. Statist. 11, 427-444), so a trend over the years
    is not taken for a season and a month with five Sundays is not taken for a bad one. Each factor
    is drawn towards 1 by the weight of ``prior`` incidents, a gamma prior.

    Parameters
    ----------
    day : ndarray of float64, shape (n,)
        Local days since 1970-01-01 with fractions.
    first, last : int
        Whole days since 1970-01-01; the incidents of first <= day < last count.
    prior : float
        How many incidents the belief in no season is worth, per month or weekday.
    by_month : bool
        Leave the months at 1 otherwise. They are so too with under two years of days, in which
        season and trend cannot be told apart.

    Returns
    -------
    Season
    """
    days = np.arange(first, last)
    counts = np.bincount(
        np.floor(day[(day >= first) & (day < last)]).astype(np.int64) - first,
        minlength=len(days),
    ).astype(np.float64)
    month, weekday, year = _month(days), weekdays(days), (days - first) * 100 // 36525
    factors = [np.ones(12), np.ones(7), np.ones(int(year.max(initial=0)) + 1)]
    groups = [month, weekday, year]
    varying = [by_month and last - first >= 730, True, True]
    level = counts.mean() if len(days) else 0.0
    if level == 0:
        return Season(factors[0], factors[1])
    for _ in range(_ROUNDS):
        for k in range(3):
            if not varying[k]:
                continue
            others = np.full(len(days), level)
            for j in range(3):
                if j != k:
                    others *= factors[j][groups[j]]
            size = len(factors[k])
            seen = np.bincount(groups[k], weights=counts, minlength=size)
            expected = np.bincount(groups[k], weights=others, minlength=size)
            factors[k] = (seen + prior) / (expected + prior)
    return Season(factors[0] / factors[0].mean(), factors[1] / factors[1].mean())


def factors_at(season: Season, day: Floats) -> Floats:
    """Return the factor of the day that each moment lies in.

    Parameters
    ----------
    season : Season
    day : ndarray of float64, shape (n,)
        Local days since 1970-01-01.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    whole = np.floor(day).astype(np.int64)
    factors: Floats = season.month[_month(whole)] * season.weekday[weekdays(whole)]
    return factors


def exposure(season: Season, start: int, end: int) -> float:
    """Return how many average days the days from start to before end are worth."""
    return float(factors_at(season, np.arange(start, end, dtype=np.float64)).sum())


def weekdays(day: Integers) -> Integers:
    """Return the weekdays, Monday 0, of whole days since 1970-01-01."""
    weekday: Integers = (day + _WEEKDAY_OF_DAY_0) % 7
    return weekday


def _month(day: Integers) -> Integers:
    months: Integers = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return months
