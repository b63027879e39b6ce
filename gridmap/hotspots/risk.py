"""Where incidents are more frequent than something else lets expect, judged over the whole map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from gridmap.hotspots.density import LEAST_HOUSEHOLDS, Surface, relative_risk
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats, Integers
from gridmap.hotspots.rasters import Frame, coverage, frame_around, smoothed
from gridmap.hotspots.ticks import Tick

Points = tuple[Floats, Floats]

LEAST_OTHERS = 5.0
"""Where fewer incidents to compare with are within the kernel's reach, a ratio says nothing."""

_FINEST, _COARSEST = 512, 128
_STEPS = 2.0  # Pixels in a bandwidth, for the test.


class Risk(NamedTuple):
    """A ratio of two densities, and how sure it is.

    Attributes
    ----------
    ratio : Surface
        1 where there are as many as the others would suggest; NaN where too few are known.
    score : Surface
        The logarithm of the ratio in standard errors, on coarser pixels.
    expected : Surface
        Incidents per square metre were they as the others, on the pixels of the score.
    highest : ndarray of float64, shape (replications,)
        The highest score of each map on which chance alone tells the incidents from the others.
    """

    ratio: Surface
    score: Surface
    expected: Surface
    highest: Floats

    def p(self, score: float) -> float:
        """Return how often chance alone has so high a score anywhere on the map."""
        return float((1 + (self.highest >= score).sum()) / (1 + len(self.highest)))


def compare_densities(
    incidents: Points,
    others: Points,
    area: shapely.Geometry,
    bandwidth_m: float,
    *,
    households: Floats | None = None,
    pixels: int = 768,
    replications: int = 199,
    seed: int = 0,
    tick: Tick | None = None,
) -> Risk:
    """Compare incidents with others, or with households.

    The score divides the logarithm of the ratio by its asymptotic standard error, the root of
    1 / (4 pi h^2 n f) + 1 / (4 pi h^2 m g): Hazelton and Davies (2009), Inference based on kernel
    estimates of the relative risk function in geographical epidemiology, Biometrical Journal 51,
    98-109; of households, which are no sample, the second term falls away. Over the map it is
    judged by random labelling (Kelsall and Diggle 1995, Statistics in Medicine 14, 2335-2342, s. 5)
    by the highest score of each map; against households, incidents are dealt out among these.

    Parameters
    ----------
    incidents, others : tuple of ndarray of float64
        x and y, in metres in the CRS of the area.
    area : Polygon or MultiPolygon
        Valid, in a metric CRS.
    bandwidth_m : float
        The kernel's standard deviation in metres, of both densities.
    households : ndarray of float64, shape of the others, optional
        What each of the others counts; without, they are incidents that count 1.
    pixels : int
        Of the ratio, along the longer side of the area.
    replications, seed : int
        Of the test.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    Risk

    Raises
    ------
    Unsuitable
        As `density.relative_risk`; ``NO_OTHERS`` where nothing is there to compare with.
    """
    amounts = np.ones(len(others[0])) if households is None else households
    least = LEAST_OTHERS if households is None else LEAST_HOUSEHOLDS
    try:
        ratio = relative_risk(
            incidents, others, amounts, area, bandwidth_m, pixels=pixels, least_households=least
        )
    except Unsuitable as refused:
        if refused.reason is Reason.NO_POPULATION and households is None:
            raise Unsuitable(Reason.NO_OTHERS, others=len(amounts)) from refused
        raise
    west, south, east, north = (float(side) for side in shapely.bounds(area))
    wanted = int(np.ceil(_STEPS * max(east - west, north - south) / bandwidth_m))
    frame = frame_around((west, south, east, north), int(np.clip(wanted, _COARSEST, _FINEST)))
    covered = coverage(area, frame)
    own = _counts(frame, covered, *incidents, np.ones(len(incidents[0])))
    theirs = _counts(frame, covered, *others, amounts)
    test = _Test(own, theirs, bandwidth_m / frame.step_m, least, households is not None)
    score = Surface(frame, test.score(own), covered, bandwidth_m, ratio.counted)
    highest = np.empty(replications)
    for number, stream in enumerate(np.random.SeedSequence(seed).spawn(replications)):
        dealt = test.dealt(np.random.default_rng(stream))
        highest[number] = np.nanmax(np.where(covered > 0, test.score(dealt), np.nan))
        if tick is not None:
            tick((number + 1) / replications)
    share = smoothed(theirs, bandwidth_m / frame.step_m) / theirs.sum()
    per_m2 = share * own.sum() / frame.step_m**2
    expected = Surface(frame, per_m2, covered, bandwidth_m, ratio.counted)
    return Risk(ratio, score, expected, highest)


class _Test:
    """Scores of one way to tell incidents from others, on the same pixels."""

    def __init__(
        self, own: Floats, theirs: Floats, steps: float, least: float, fixed: bool
    ) -> None:
        self.size, self.steps, self.least, self.fixed = own.sum(), steps, least, fixed
        self.shape, self.theirs = own.shape, theirs
        pooled = theirs if fixed else own + theirs
        self.occupied = np.flatnonzero(pooled)
        self.pooled = pooled.ravel()[self.occupied]
        # What lies within the reach of the kernel: 4 pi h^2 of the density.
        self.reach = 4 * np.pi * steps**2
        self.around_all = smoothed(pooled, steps) * self.reach

    def score(self, own: Floats) -> Floats:
        """Return the score of each pixel; NaN where too little is known."""
        n = smoothed(own, self.steps) * self.reach
        m = self.around_all if self.fixed else np.maximum(self.around_all - n, 0)
        whole = self.theirs.sum()
        known = m >= self.least
        # Where none is, half of one stands for it, lest the logarithm end.
        n, m = np.maximum(n, 0.5), np.where(known, m, np.nan)
        variance = 1 / n + (0 if self.fixed else 1 / m)
        score: Floats = np.log(n / self.size / (m / whole)) / np.sqrt(variance)
        return score

    def dealt(self, random: np.random.Generator) -> Floats:
        """Tell by chance alone which of all are the incidents."""
        size = int(self.size)
        drawn: Integers
        if self.fixed:
            drawn = random.multinomial(size, self.pooled / self.pooled.sum())
        else:
            drawn = random.multivariate_hypergeometric(
                self.pooled.astype(np.int64), size, method="marginals"
            )
        own = np.zeros(self.theirs.size)
        own[self.occupied] = drawn
        return own.reshape(self.shape)


def _counts(frame: Frame, covered: Floats, x: Floats, y: Floats, amounts: Floats) -> Floats:
    """Add up the amounts in each pixel of the area."""
    column = np.floor((x - frame.west) / frame.step_m).astype(np.int64)
    row = np.floor((y - frame.south) / frame.step_m).astype(np.int64)
    inside = (column >= 0) & (column < frame.columns) & (row >= 0) & (row < frame.rows)
    at = row[inside] * frame.columns + column[inside]
    sums = np.bincount(at, weights=amounts[inside], minlength=frame.rows * frame.columns)
    return np.where(covered > 0, sums.reshape(frame.rows, frame.columns), 0.0)
