"""Bandwidths of a normal kernel in the plane, in metres, chosen by rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import fft, optimize

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats
from gridmap.hotspots.ticks import Tick

LEAST_INCIDENTS = 10
"""Fewer say nothing about how far to smooth."""

_PIXELS = 1024
_LEAST_PIXELS = 2.0
_TRIED = 40
#: With those that look closer around the best of them.
_SCORES = 60
_REACH = 9.0  # Six deviations of the kernel that is root of two wider.


def scott(x: Floats, y: Floats) -> float:
    """Return the bandwidth that suits one heap of normal shape; elsewhere it is too wide.

    Scott (1992), Multivariate density estimation, section 6.3: the standard deviation times
    n^(-1/6), which in the plane is Silverman's too; of x and y, the root of the mean variance.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres.

    Returns
    -------
    float
        Metres.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` points, or all at ``ONE_PLACE``.
    """
    _check(x, y)
    return float(np.sqrt((np.var(x, ddof=1) + np.var(y, ddof=1)) / 2) * len(x) ** (-1 / 6))


def silverman(x: Floats, y: Floats) -> float:
    """Return the same as `scott` with a spread that a few far points do not widen.

    Silverman (1986), Density estimation, section 3.4.2: the lesser of the standard deviation and
    the quartiles' distance over 1.349; the latter is left out where it is 0. Parameters and
    errors as of `scott`.
    """
    _check(x, y)
    squares = [_robust_deviation(axis) ** 2 for axis in (x, y)]
    return float(np.sqrt(np.mean(squares)) * len(x) ** (-1 / 6))


def cross_validated(x: Floats, y: Floats, tick: Tick | None = None) -> float:
    """Return the bandwidth whose density is nearest to the true one, by least squares.

    Bowman (1984), An alternative method of cross-validation for the smoothing of density
    estimates, Biometrika 71, 353-360, worked out on the transform of the points as Silverman
    (1986), section 3.5, does; points move to a raster for it. It suits many heaps better than a
    rule. Incidents at one place count once, since repeats would let the bandwidth shrink to
    nothing (Silverman 1986, p. 51); the least that is tried is 2 pixels of the raster, a 511th
    of the points' extent.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    float
        Metres, at most 1.5 times `scott`.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` points, or all at ``ONE_PLACE``.
    """
    _check(x, y)
    places = pd.DataFrame({"x": x, "y": y}).drop_duplicates()
    x, y = places["x"].to_numpy(), places["y"].to_numpy()
    step = max(np.ptp(x), np.ptp(y)) / (_PIXELS - 1)
    row, column = np.rint((y - y.min()) / step), np.rint((x - x.min()) / step)
    pixel = (row * _PIXELS + column).astype(np.int64)
    bins = np.bincount(pixel, minlength=_PIXELS**2).reshape(_PIXELS, _PIXELS).astype(np.float64)
    n = len(places)
    widest = max(1.5 * scott(x, y), 2 * _LEAST_PIXELS * step)
    tried = np.geomspace(_LEAST_PIXELS * step, widest, _TRIED)
    pairs = _pair_sums(bins, step, widest)

    told = 0

    def score(h: float) -> float:
        nonlocal told
        told += 1
        if tick is not None:
            tick(min(told / _SCORES, 1.0))
        at_own_place = n / (2 * np.pi * h**2)
        return pairs(np.sqrt(2) * h) / n**2 - 2 * (pairs(h) - at_own_place) / (n * (n - 1))

    found = [score(h) for h in tried]
    best = int(np.argmin(found))
    low, high = tried[max(best - 1, 0)], tried[min(best + 1, _TRIED - 1)]
    return float(optimize.minimize_scalar(score, bounds=(low, high), method="bounded").x)


def _pair_sums(bins: Floats, step_m: float, widest_m: float) -> Callable[[float], float]:
    """Return a function that sums a normal kernel over all pairs, each point with itself too."""
    reach = int(np.ceil(_REACH * widest_m / step_m))
    rows, columns = (fft.next_fast_len(size + reach, real=True) for size in bins.shape)
    power = np.abs(fft.rfft2(bins, s=(rows, columns), workers=-1)) ** 2
    # Of the columns whose mirror images the transform leaves out, each counts twice.
    power[:, 1 : (columns + 1) // 2] *= 2
    up, across = fft.fftfreq(rows, step_m), fft.rfftfreq(columns, step_m)
    size_m2 = rows * columns * step_m**2

    def pairs(h: float) -> float:
        damped_up, damped_across = (np.exp(-2 * (np.pi * h * f) ** 2) for f in (up, across))
        return float(damped_up @ power @ damped_across) / size_m2

    return pairs


def _robust_deviation(values: Floats) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    deviation = float(np.std(values, ddof=1))
    between = float(high - low) / 1.349
    return min(deviation, between) if between > 0 else deviation


def _check(x: Floats, y: Floats) -> None:
    if len(x) < LEAST_INCIDENTS:
        raise Unsuitable(Reason.TOO_FEW, incidents=len(x), least=LEAST_INCIDENTS)
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        raise Unsuitable(Reason.ONE_PLACE, incidents=len(x))
