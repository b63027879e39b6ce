"""The compiled inner loops that every window passes through."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from gridmap.hotspots.scan.arrays import Floats, Ints


@njit(cache=True, nogil=True, error_model="numpy")
def poisson_llr(cases: float, expected: float, total: float) -> float:
    """Return the log likelihood ratio of high rates in the Poisson model.

    Kulldorff (1997), A spatial scan statistic, Communications in Statistics 26, 1481-1496.
    """
    if cases <= expected:
        return 0.0
    ratio = cases * math.log(cases / expected)
    if cases < total:
        ratio += (total - cases) * math.log((total - cases) / (total - expected))
    return ratio


@njit(cache=True, nogil=True, error_model="numpy")
def _times_log(value: float, other: float) -> float:
    return value * math.log(value / other) if value > 0 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def bernoulli_llr(cases: float, size: float, total: float, everybody: float) -> float:
    """Return the log likelihood ratio of high rates in the Bernoulli model, Kulldorff (1997).

    It is written with the expected numbers, so that it is a sum of Kullback's divergences.
    """
    rate = total / everybody
    if cases <= size * rate:
        return 0.0
    rest = everybody - size
    return float(
        _times_log(cases, size * rate)
        + _times_log(size - cases, size * (1 - rate))
        + _times_log(total - cases, rest * rate)
        + _times_log(rest - total + cases, rest * (1 - rate))
    )


@njit(cache=True, nogil=True, error_model="numpy")
def poisson_ceiling(excess: float, expected: float, outside: float) -> float:
    """Return at least the Poisson ratio of `expected + excess` cases, mostly without a logarithm.

    Where u is the excess over the expected number, (1 + u) log(1 + u) - u is at most
    u² (3 + u) / (6 + 4 u), since log(1 + u) is at most u (6 + u) / (6 + 4 u). The cases outside
    the window, `outside`, add at most excess² / (2 outside). The ceiling of an excess falls when
    the expected number or the cases outside rise, so that of the least of both holds for all.
    """
    if excess <= 0:
        return 0.0
    if outside < 1 or expected <= 0:
        return math.inf
    beyond = excess * excess / (2 * outside)
    if excess > 3 * expected:
        cases = expected + excess
        return float(cases * math.log(cases / expected) - excess + beyond)
    return float(
        excess * excess * (3 * expected + excess) / (expected * (6 * expected + 4 * excess))
        + beyond
    )


@njit(cache=True, nogil=True, error_model="numpy")
def note(row: Floats, ratio: float, circle: int, start: int, length: int) -> None:
    """Write a window into the row of its centre, see `scan_all`."""
    row[0], row[1], row[2], row[3] = ratio, circle, start, length


@njit(cache=True, nogil=True, error_model="numpy")
def scan_all(
    since: int, until: int, order: Ints, first: Ints, ends: Ints, ends_first: Ints,
    counts: Floats, sizes: Floats, total: float, everybody: float,
    bernoulli: bool, prospective: bool, least_days: int, most_days: int, least_cases: int,
    keep: bool, found: Floats, floor: float,
) -> float:  # fmt: skip
    """Look at every window of every circle, smallest circle first; return the greatest ratio.

    Parameters
    ----------
    since, until
        The centres to look at.
    order, first, ends, ends_first
        The circles, see `circles.Circles`.
    counts, sizes
        Cases, and expected cases or, with `bernoulli`, cases and controls: shape (locations,
        periods).
    total, everybody
        Sums of both over the whole study, which may be longer than the periods looked at.
    prospective
        Whether windows end with the last period.
    keep
        Whether to write the best window of each centre into `found`, shape (locations, 4): the
        ratio, the circle, the first period and the number of periods.
    floor
        Only a greater ratio matters; it is returned where there is none.
    """
    days = counts.shape[1]
    rate = total / everybody if bernoulli else 1.0
    cases = np.zeros(days + 1)
    size = np.zeros(days + 1)
    best = floor
    for centre in range(since, until):
        cases[:] = 0.0
        size[:] = 0.0
        if keep:
            best = floor
        position = first[centre]
        for circle in range(ends_first[centre], ends_first[centre + 1]):
            while position < ends[circle]:
                case_sum = 0.0
                size_sum = 0.0
                place = order[position]
                for day in range(days):
                    case_sum += counts[place, day]
                    size_sum += sizes[place, day]
                    cases[day + 1] += case_sum
                    size[day + 1] += size_sum
                position += 1
            for length in range(least_days, most_days + 1):
                for start in range(days - length if prospective else 0, days - length + 1):
                    inside = cases[start + length] - cases[start]
                    if inside < least_cases:
                        continue
                    people = size[start + length] - size[start]
                    excess = inside - people * rate
                    if excess <= 0:
                        continue
                    if bernoulli:
                        rest = everybody - people
                        if rest > 0 and (
                            excess * excess * (1 / people + 1 / rest) < best * rate * (1 - rate)
                        ):
                            # Kullback's divergence is at most the chi-square distance.
                            continue
                        ratio = bernoulli_llr(inside, people, total, everybody)
                    else:
                        if poisson_ceiling(excess, people, total - inside) <= best:
                            continue
                        ratio = poisson_llr(inside, people, total)
                    if ratio > best:
                        best = ratio
                        if keep:
                            note(found[centre], ratio, circle - ends_first[centre], start, length)
    return best
