"""How much more happens in a month of the year and on a day of the week."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridmap.hotspots.grids import Floats, Integers

_WEEKDAY_OF_DAY_0 = 3  # 1 January 1970 was a Thursday; Monday is 0.
_YEAR, LEAST_DAYS = 365.25, 730
_LOOSE = 1.0
_ROUNDS, _PRECISE = 50, 1e-8


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

    A Poisson regression of the daily counts on month, weekday and a trend that bends once a year,
    without interactions, fitted by iteratively reweighted least squares (McCullagh and Nelder
    1989, Generalized linear models, section 2.5). So a trend is not taken for a season, nor a
    month with five Sundays for a bad one. The logarithms of the factors have a normal prior around
    0 whose precision is ``prior``, about the weight of so many incidents.

    Parameters
    ----------
    day : ndarray of float64, shape (n,)
        Local days since 1970-01-01 with fractions.
    first, last : int
        Whole days since 1970-01-01; the incidents of first <= day < last count.
    prior : float
        The precision of the belief in no season, above 0.
    by_month : bool
        Leave the months at 1 otherwise. They are so too with under two years of days, in which
        season and trend cannot be told apart.

    Returns
    -------
    Season
    """
    days = np.arange(first, last)
    inside = np.floor(day[(day >= first) & (day < last)]).astype(np.int64) - first
    counts = np.bincount(inside, minlength=len(days)).astype(np.float64)
    if not len(inside):
        return Season(np.ones(12), np.ones(7))
    month = (_month(days)[:, None] == np.arange(12)).astype(np.float64)
    if not by_month or last - first < LEAST_DAYS:
        month[:] = 0
    weekday = (weekdays(days)[:, None] == np.arange(7)).astype(np.float64)
    knots = np.linspace(first, last, max(2, round((last - first) / _YEAR) + 1))
    trend = np.maximum(0, 1 - np.abs(days[:, None] - knots) / (knots[1] - knots[0]))
    design = np.hstack([month, weekday, trend])
    penalty = np.repeat([prior, prior, _LOOSE], [12, 7, len(knots)])
    level = np.log(counts.mean())
    effects = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        mean = np.exp(np.clip(level + design @ effects, -30, 30))
        weighted = design.T * mean
        gradient = design.T @ (counts - mean) - penalty * effects
        step = np.linalg.solve(weighted @ design + np.diag(penalty), gradient)
        # A long step from the start could overshoot.
        effects += step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < _PRECISE:
            break
    by_month_of_year, by_weekday = np.exp(effects[:12]), np.exp(effects[12:19])
    return Season(by_month_of_year / by_month_of_year.mean(), by_weekday / by_weekday.mean())


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
