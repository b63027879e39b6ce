"""When it is hot: hours, weekdays and months, also where only a from-to time is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gridmap.hotspots.discovery import discoveries
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats, Integers

Moments = NDArray[np.datetime64]

_HOUR, _SLOTS = 3600, 168
_WEEK = _HOUR * _SLOTS
_MONDAY = 4 * 86400  # 5 January 1970, seconds since the epoch.


class Rhythm(NamedTuple):
    """Incidents by weekday (Monday first) and hour.

    Attributes
    ----------
    counts : ndarray of float64, shape (7, 24)
        Whole numbers where all moments are known, sums of parts otherwise.
    days : ndarray of int64, shape (7,)
        How many of each weekday the period has.
    rate : ndarray of float64, shape (7, 24)
        Incidents in such an hour; NaN where the period has no such day.
    """

    counts: Floats
    days: Integers
    rate: Floats


class Peaks(NamedTuple):
    """Which slots have more than an even spread would give, arrays of the counts' shape.

    Attributes
    ----------
    expected : ndarray of float64
        In proportion to the exposure.
    p : ndarray of float64
        One sided, for as much or more; NaN without exposure.
    peak : ndarray of bool
        Whether it counts with the false discovery rate controlled.
    """

    expected: Floats
    p: Floats
    peak: NDArray[np.bool_]


class SeasonIndex(NamedTuple):
    """Months of the year, arrays of shape (12,), January first.

    Attributes
    ----------
    counts : ndarray of int64
    expected : ndarray of float64
        Were each year's incidents spread evenly over its days.
    ratio : ndarray of float64
        Counts divided by expected.
    peaks : Peaks
    """

    counts: Integers
    expected: Floats
    ratio: Floats
    peaks: Peaks


def aoristic_weights(start: Moments, end: Moments) -> Floats:
    """Spread incidents over the hours of the week in which they may have happened.

    Ratcliffe (2000), Aoristic analysis: the spatial interpretation of unspecific temporal events,
    Int. J. Geographical Information Science 14, 669-679. Each incident weighs 1. Ratcliffe gives
    each hour that the span touches the same part; here an hour that is touched for ten minutes
    gets a sixth of what a whole one gets.

    Parameters
    ----------
    start, end : ndarray of datetime64[s], shape (n,)
        Local times from and to. Where both are equal, the moment is known.

    Returns
    -------
    ndarray of float64, shape (7, 24)
        Sums by weekday (Monday first) and hour; all together n.

    Raises
    ------
    ValueError
        When an end is before its start.
    """
    begin = start.astype("datetime64[s]").astype(np.int64) - _MONDAY
    until = end.astype("datetime64[s]").astype(np.int64) - _MONDAY
    if (until < begin).any():
        raise ValueError("a span ends before it starts")
    known = begin == until
    slot = begin[known] % _WEEK // _HOUR
    sums = np.bincount(slot, minlength=_SLOTS).astype(np.float64)
    begin, until = begin[~known], until[~known]
    per_second = 1 / (until - begin)
    whole = float(per_second @ (until // _WEEK - begin // _WEEK)) * _HOUR
    partly = _seconds_until(until, per_second) - _seconds_until(begin, per_second)
    # What rounding leaves below 0 is nothing.
    return (sums + np.maximum(whole + partly, 0)).reshape(7, 24)


def rhythm(
    start: Moments, first: np.datetime64, last: np.datetime64, end: Moments | None = None
) -> Rhythm:
    """Count by weekday and hour, with how often each weekday came.

    Parameters
    ----------
    start : ndarray of datetime64[s], shape (n,)
        Local times; those that start outside the period are left out.
    first, last : datetime64[D]
        The period, both included.
    end : ndarray of datetime64[s], shape (n,), optional
        Where a span is known only; see `aoristic_weights`.

    Returns
    -------
    Rhythm
    """
    day = start.astype("datetime64[D]")
    inside = (day >= first) & (day <= last)
    counts = aoristic_weights(start[inside], (start if end is None else end)[inside])
    days = np.bincount(_weekday(np.arange(first, last + 1)), minlength=7)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = counts / days[:, None]
    rate[days == 0] = np.nan
    return Rhythm(counts, days, rate)


def find_peaks(counts: Floats | Integers, exposure: Floats, *, alpha: float = 0.05) -> Peaks:
    """Find slots that have more incidents than an even spread would give.

    Given the total, the count of a slot is binomial with the slot's part of the exposure; the p of
    the upper tail is exact for whole counts. Parts of incidents (`aoristic_weights`) are put into
    the same incomplete beta function, which continues the tail between whole counts. They blur
    peaks; their p is no proof.

    Parameters
    ----------
    counts : ndarray, any shape
        For example hours by weekdays, hours, or months.
    exposure : ndarray of float64, of a shape that spreads over that of the counts
        For example the number of each weekday.
    alpha : float
        The false discovery rate.

    Returns
    -------
    Peaks

    Raises
    ------
    Unsuitable
        ``TOO_FEW``: there are no incidents where there is exposure.
    """
    x = np.asarray(counts, dtype=np.float64)
    size = np.broadcast_to(np.asarray(exposure, dtype=np.float64), x.shape)
    open_ = size > 0
    total = float(x[open_].sum())
    if total < 1:
        raise Unsuitable(Reason.TOO_FEW, incidents=total, least=1)
    share = size / size.sum()
    upper = special.betainc(np.where(x > 0, x, 1.0), np.maximum(total - x, 0) + 1, share)
    p = np.where(open_, np.where(x > 0, upper, 1.0), np.nan)
    peak = discoveries(p.ravel(), alpha).reshape(x.shape)
    return Peaks(total * share, p, peak)


def busiest_weekday(
    counts: Floats | Integers, first: np.datetime64, last: np.datetime64
) -> int | None:
    """Return the weekday with most for how often it came, if chance does not explain it.

    Parameters
    ----------
    counts : ndarray of int64 or float64, shape (7,)
        Incidents by weekday, or sums of their parts, Monday first; one at least.
    first, last : datetime64[D]
        The period, both included.

    Returns
    -------
    int or None
        Monday is 0.
    """
    every = np.arange(first, last + 1).astype(np.int64)
    came = np.bincount((every + 3) % 7, minlength=7).astype(np.float64)
    peaks = find_peaks(counts, came)
    if not peaks.peak.any():
        return None
    return int(np.argmax(np.where(peaks.peak, counts / np.maximum(peaks.expected, 1e-12), 0)))


def season_index(
    time: Moments, first: np.datetime64, last: np.datetime64, *, alpha: float = 0.05
) -> SeasonIndex:
    """Compare the months of the year, whatever the trend over the years.

    Years are counted back from the last whole month, so each holds every month once, and each
    year's incidents are expected in proportion to the days of its months. A trend within the years
    stays in the ratios.

    Parameters
    ----------
    time : ndarray of datetime64[s], shape (n,)
        Local times.
    first, last : datetime64[D]
        The period, both included; whole months are used, in whole years.
    alpha : float
        The false discovery rate of the peaks.

    Returns
    -------
    SeasonIndex

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` months for a year, or incidents.
    """
    begin = (first.astype("datetime64[D]") - 1).astype("datetime64[M]") + 1
    stop = (last.astype("datetime64[D]") + 1).astype("datetime64[M]")
    years = int((stop - begin).astype(int)) // 12
    if years < 1:
        raise Unsuitable(Reason.TOO_FEW, months=float((stop - begin).astype(int)), least=12)
    months = np.arange(stop - 12 * years, stop + 1)
    days = np.diff(months.astype("datetime64[D]")).astype(np.float64).reshape(years, 12)
    number = time.astype("datetime64[M]").astype(np.int64) - months[0].astype(np.int64)
    inside = (number >= 0) & (number < 12 * years)
    table = np.bincount(number[inside], minlength=12 * years).reshape(years, 12)
    even = table.sum(axis=1, keepdims=True) * days / days.sum(axis=1, keepdims=True)
    # The years begin with the month after the last whole one; January comes first again.
    shift = int(months[0].astype(np.int64)) % 12
    counts = np.roll(table.sum(axis=0), shift)
    expected = np.roll(even.sum(axis=0), shift)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = counts / expected
    return SeasonIndex(counts, expected, ratio, find_peaks(counts, expected, alpha=alpha))


def _seconds_until(moment: Integers, weight: Floats) -> Floats:
    """Add up the seconds of each hour of the week that lie between Monday and each moment."""
    slot, rest = np.divmod(moment % _WEEK, _HOUR)
    within = np.bincount(slot, weights=weight, minlength=_SLOTS)
    later = np.append(np.cumsum(within[::-1])[::-1], 0.0)[1:]
    seconds: Floats = later * _HOUR + np.bincount(slot, weights=weight * rest, minlength=_SLOTS)
    return seconds


def _weekday(day: Moments) -> Integers:
    weekday: Integers = (day.astype("datetime64[D]").astype(np.int64) + 3) % 7
    return weekday
