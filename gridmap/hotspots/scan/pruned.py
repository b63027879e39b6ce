"""The space-time scan of Poisson counts, which leaves out what cannot be the greatest.

A thousand places, a year of days and windows up to a month make billions of windows. Circles
round a centre lie in one another, so what a large circle holds bounds what the smaller ones hold:
cases in excess of the expected number in a window of the circle j inside the circle k are at most
the excess in k plus the expected number of the ring between them. Where even that, at the least
expected number, makes no ratio beyond the best one found so far, all circles from j to k are
passed over for all windows at once. What remains is looked at exactly, so that the greatest
ratio is the same as if every window had been visited.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.hotspots.scan.arrays import Floats, Ints
from gridmap.hotspots.scan.kernels import note, poisson_ceiling, poisson_llr

#: Sums are held as 32-bit integers up to this number, since only those compile to vector code.
_WHOLE = 2**30


@njit(cache=True, nogil=True, error_model="numpy")
def _largest(summed: NDArray[np.int32], length: int) -> int:
    """Return the greatest sum over `length` successive periods."""
    later, earlier = summed[length:], summed[:-length]
    largest = later[0] - earlier[0]
    # `max` would not compile to vector code.
    for start in range(earlier.size):
        here = later[start] - earlier[start]
        if here > largest:
            largest = here
    return int(largest)


@njit(cache=True, nogil=True, error_model="numpy")
def _passed_over(
    excess: Floats, upper: float, lower: float, least: Floats, most: Floats,
    least_days: int, total: float, best: float,
) -> bool:  # fmt: skip
    """Return whether no window of a circle that expects `lower` to `upper` cases beats `best`."""
    for length in range(least_days, excess.size):
        beyond = excess[length] + most[length] * (upper - lower)
        outside = total - most[length] * upper - beyond
        if poisson_ceiling(beyond, least[length] * lower, outside) > best:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def scan_pruned(
    since: int, until: int, order: Ints, first: Ints, ends: Ints, ends_first: Ints,
    case_first: Ints, case_day: Ints, case_count: Ints, expected: Floats, shares: Floats,
    least: Floats, most: Floats, total: float, least_days: int, least_cases: int,
    keep: bool, found: Floats, floor: float,
) -> float:  # fmt: skip
    """Return the greatest ratio of all windows in circles round the centres from since to until.

    Parameters
    ----------
    since, until
        The centres to look at.
    order, first, ends, ends_first
        The circles, see `circles.Circles`.
    case_first, case_day, case_count
        The cases at each location, one after another: those of location i stand from
        `case_first[i]` to `case_first[i + 1]`.
    expected
        Expected cases over all periods: shape (locations, strata).
    shares
        The share of each stratum that is expected before each period: shape (strata,
        periods + 1), from 0 to 1.
    least, most
        The least and greatest share of a stratum within so many successive periods.
    keep, found, floor
        As in `kernels.scan_all`.
    """
    strata, days = shares.shape[0], shares.shape[1] - 1
    most_days = least.size - 1
    daily = np.zeros(days, np.int64)
    cases = np.zeros(days + 1, np.int64)
    summed = np.zeros(days + 1)
    rounded = np.zeros(days + 1, np.int32)
    scale = _WHOLE / total
    excess = np.zeros(most_days + 1)
    best = floor
    largest = 0
    for centre in range(since, until):
        largest = max(largest, ends_first[centre + 1] - ends_first[centre])
    inside = np.zeros((largest, strata))
    whole = np.zeros(largest)
    for centre in range(since, until):
        circles = ends_first[centre + 1] - ends_first[centre]
        if circles == 0:
            continue
        if keep:
            best = floor
        bounds = ends[ends_first[centre] : ends_first[centre + 1]]
        daily[:] = 0
        _fill(order, first[centre], bounds, expected, inside, whole)
        _add(order, first[centre], bounds[circles - 1], case_first, case_day, case_count, daily, 1)
        circle = circles - 1
        while True:
            for day in range(days):
                cases[day + 1] = cases[day] + daily[day]
                summed[day + 1] = cases[day + 1]
            for stratum in range(strata):
                for day in range(1, days + 1):
                    summed[day] -= inside[circle, stratum] * shares[stratum, day]
            for day in range(1, days + 1):
                rounded[day] = np.int32(summed[day] * scale)
            for length in range(least_days, most_days + 1):
                # Rounding may not hide what is greater than the best.
                excess[length] = (_largest(rounded, length) + 3) / scale
                outside = total - (most[length] * whole[circle] + excess[length])
                lower = least[length] * whole[circle]
                if poisson_ceiling(excess[length], lower, outside) <= best:
                    continue
                for start in range(days - length + 1):
                    over = summed[start + length] - summed[start]
                    count = cases[start + length] - cases[start]
                    if over <= 0 or count < least_cases:
                        continue
                    if poisson_ceiling(over, count - over, total - count) <= best:
                        continue
                    ratio = poisson_llr(count, count - over, total)
                    if ratio > best:
                        best = ratio
                        if keep:
                            note(found[centre], ratio, circle, start, length)
            # The smallest circle down to which all can be passed over, by bisection.
            low, high = 0, circle
            while low < high:
                middle = (low + high) // 2
                if _passed_over(
                    excess, whole[circle], whole[middle], least, most, least_days, total, best
                ):
                    high = middle
                else:
                    low = middle + 1
            following = high - 1
            if following < 0:
                break
            low, high = bounds[following], bounds[circle]
            _add(order, low, high, case_first, case_day, case_count, daily, -1)
            circle = following
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(
    order: Ints, position: int, bounds: Ints, expected: Floats, inside: Floats, whole: Floats
) -> None:
    """Sum what is expected inside each circle, by stratum and in all."""
    strata = expected.shape[1]
    for circle in range(bounds.size):
        for stratum in range(strata):
            inside[circle, stratum] = inside[circle - 1, stratum] if circle else 0.0
        while position < bounds[circle]:
            for stratum in range(strata):
                inside[circle, stratum] += expected[order[position], stratum]
            position += 1
        whole[circle] = inside[circle].sum()


@njit(cache=True, nogil=True, error_model="numpy")
def _add(
    order: Ints, since: int, until: int, case_first: Ints, case_day: Ints, case_count: Ints,
    daily: Ints, sign: int,
) -> None:  # fmt: skip
    """Add the cases of some locations to the days, or take them away."""
    for position in range(since, until):
        place = order[position]
        for case in range(case_first[place], case_first[place + 1]):
            daily[case_day[case]] += sign * case_count[case]
