"""What kind of hot or cold spot each place is becoming: the 17 classes of emerging hotspots."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gridmap.hotspots.discovery import fdr_cutoff
from gridmap.hotspots.grids import Floats
from gridmap.hotspots.mann_kendall import Trend, mann_kendall
from gridmap.hotspots.ticks import Tick

ALWAYS_SHARE = 0.9
"""A place that was hot in this share of the periods counts as hot all along."""


class Pattern(StrEnum):
    """The 17 classes: eight of hot spots, the same eight of cold spots, and none."""

    NONE = "none"
    NEW_HOT = "new_hot"
    CONSECUTIVE_HOT = "consecutive_hot"
    INTENSIFYING_HOT = "intensifying_hot"
    PERSISTENT_HOT = "persistent_hot"
    DIMINISHING_HOT = "diminishing_hot"
    SPORADIC_HOT = "sporadic_hot"
    OSCILLATING_HOT = "oscillating_hot"
    HISTORICAL_HOT = "historical_hot"
    NEW_COLD = "new_cold"
    CONSECUTIVE_COLD = "consecutive_cold"
    INTENSIFYING_COLD = "intensifying_cold"
    PERSISTENT_COLD = "persistent_cold"
    DIMINISHING_COLD = "diminishing_cold"
    SPORADIC_COLD = "sporadic_cold"
    OSCILLATING_COLD = "oscillating_cold"
    HISTORICAL_COLD = "historical_cold"


class Emerging(NamedTuple):
    """The classes and what they come from.

    Attributes
    ----------
    pattern : ndarray of Pattern, shape (places,)
    hot, cold : ndarray of bool, shape (places, periods)
        Which bins are significant.
    trend : Trend
        Of the scores z of each place over the periods.
    """

    pattern: NDArray[np.object_]
    hot: NDArray[np.bool_]
    cold: NDArray[np.bool_]
    trend: Trend


def emerging(
    z: Floats,
    *,
    alpha: float = 0.05,
    trend_alpha: float = 0.05,
    fdr: bool = True,
    tick: Tick | None = None,
) -> Emerging:
    """Classify places by their scores Gi* over the periods.

    The definitions are those that Esri publishes for Emerging Hot Spot Analysis of ArcGIS Pro 3
    ("How Emerging Hot Spot Analysis works"), where hot means a significant score above 0 in a
    period and the last period is the newest:

    - new: hot in the last period and never before;
    - consecutive: one unbroken run of at least two hot periods up to the last, never hot before
      it, and hot in under 90 % of all periods;
    - intensifying, persistent, diminishing: hot in at least 90 % of the periods with the last,
      and the scores rise significantly, show no trend, or fall significantly;
    - sporadic: hot in the last period, on and off before, hot in under 90 %, never cold;
    - oscillating: hot in the last period, cold in an earlier one, hot in under 90 %;
    - historical: hot in at least 90 % of the periods but not in the last.

    Cold spots are the mirror image: intensifying means that scores fall further. Where two
    definitions hold, the earlier in this list counts, as for a place that is hot for the first
    time after it was cold: it is new, even if it was cold all along. Esri lists "persistent"
    without naming the last period; here a place that is not hot in the last period is
    historical. ArcGIS takes the false discovery rate over all bins, which ``fdr`` does too.

    Parameters
    ----------
    z : ndarray of float64, shape (places, periods)
        From `cube.space_time_gi_star`; NaN is neither hot nor cold, and is 0 in the trend.
    alpha : float
        Two-sided level of a bin, or the false discovery rate.
    trend_alpha : float
        Two-sided level of the trend.
    fdr : bool
        Control the false discovery rate over all bins; otherwise each bin is tested alone.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    Emerging

    Raises
    ------
    ValueError
        For fewer than 2 periods.
    """
    p = special.erfc(np.abs(z) / np.sqrt(2))
    significant = p < (fdr_cutoff(p.ravel(), alpha) if fdr else alpha)
    hot, cold = significant & (z > 0), significant & (z < 0)
    trend = mann_kendall(np.nan_to_num(z), tick)
    direction = np.where(trend.p < trend_alpha, np.sign(trend.s), 0).astype(np.int64)
    return Emerging(classify(hot, cold, direction), hot, cold, trend)


def classify(
    hot: NDArray[np.bool_], cold: NDArray[np.bool_], direction: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Name the pattern of each place; see `emerging` for the definitions.

    Parameters
    ----------
    hot, cold : ndarray of bool, shape (places, periods)
        Significant bins; none is both.
    direction : ndarray of int64, shape (places,)
        1 where the scores rise significantly, -1 where they fall, 0 otherwise.

    Returns
    -------
    ndarray of Pattern, shape (places,)
    """
    # NumPy would make plain text of the member, if it filled an array with it.
    pattern: NDArray[np.object_] = np.array([Pattern.NONE] * len(hot), dtype=object)
    of_hot, of_cold = _kinds(hot, cold, direction), _kinds(cold, hot, -direction)
    for kind in of_hot:
        for name, found in (("hot", of_hot[kind]), ("cold", of_cold[kind])):
            pattern[found & (pattern == Pattern.NONE)] = Pattern(f"{kind}_{name}")
    return pattern


def _kinds(
    here: NDArray[np.bool_], opposite: NDArray[np.bool_], growing: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    """Return which places are of each kind, in the order in which kinds take precedence."""
    periods = here.shape[1]
    number = here.sum(axis=1)
    last = here[:, -1]
    # Rounded, so that 9 of 10 periods are 90 %.
    always = number >= np.round(ALWAYS_SHARE * periods, 9)
    run = np.cumprod(here[:, ::-1], axis=1).sum(axis=1)
    return {
        "new": last & (number == 1),
        "consecutive": last & (run == number) & (run >= 2) & ~always,
        "intensifying": last & always & (growing > 0),
        "persistent": last & always & (growing == 0),
        "diminishing": last & always & (growing < 0),
        "oscillating": last & ~always & opposite[:, :-1].any(axis=1),
        "sporadic": last & ~always & ~opposite.any(axis=1),
        "historical": ~last & always,
    }
