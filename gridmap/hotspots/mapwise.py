"""Is anything on the whole map hotter than chance: one test for all neighbourhoods together.

Each place is looked at with its neighbours, as Gi* does, and their incidents are compared with
what their exposure (households, or area) lets expect. The excess is a standard score from the
deviance of a binomial count, which stays comparable where little is expected; the highest of the
map is compared with the highest of maps on which the same number of incidents is spread by exposure
alone. So the share of maps without any hotspot that show one is alpha, whatever the number of
places, the counts and the unevenness of exposure: Monte Carlo tests are exact (Barnard 1963; Dwass
1957), and the maximum controls the error of the family (Westfall and Young 1993, Resampling-based
multiple testing). Analytic scores of Gi* promise this neither with nor without a false discovery
rate, since counts are no normal values.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats, Integers
from gridmap.hotspots.ticks import Tick
from gridmap.hotspots.weights import Weights

LEAST_INCIDENTS = 10
"""With fewer incidents no map is made."""

_MAPS_AT_ONCE = 20


class HotPlaces(NamedTuple):
    """The places against chance, arrays of shape (n,).

    Attributes
    ----------
    observed : ndarray of int64
        Incidents at the place and its neighbours.
    expected : ndarray of float64
        What the exposure there lets expect of the incidents that count.
    score : ndarray of float64
        The excess in standard scores, below 0 where there are fewer than expected; NaN where
        neither the place nor its neighbours are exposed.
    p : ndarray of float64
        Map-wise: how often maps without any hotspot have so high a score anywhere.
    left_out : int
        Incidents at places without exposure, which do not count.
    """

    observed: Integers
    expected: Floats
    score: Floats
    p: Floats
    left_out: int


def hot_places(
    counts: Integers,
    exposure: Floats | Integers,
    weights: Weights,
    *,
    replications: int = 999,
    seed: int = 0,
    tick: Tick | None = None,
) -> HotPlaces:
    """Find the places with more incidents around them than chance puts anywhere on the map.

    Parameters
    ----------
    counts : ndarray of int64, shape (n,)
        Incidents at each place.
    exposure : ndarray, shape (n,)
        Households; or areas, where nothing better is known. Its unit does not matter.
    weights : csr_array, shape (n, n)
        Neighbours, with the places themselves; what the weights are does not matter.
    replications : int
        Maps without any hotspot; an alpha should be a whole share of ``replications + 1``.
    seed : int
        The same seed gives the same p, however many threads there are.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    HotPlaces
        A place is hot at ``p <= alpha``.

    Raises
    ------
    Unsuitable
        ``NO_POPULATION``: no exposure anywhere. ``TOO_FEW`` incidents where there is some.
    ValueError
        When counts or exposure are negative or not finite.
    """
    counts, exposure = np.asarray(counts, dtype=np.int64), np.asarray(exposure, dtype=np.float64)
    if (counts < 0).any() or not (np.isfinite(exposure) & (exposure >= 0)).all():
        raise ValueError("counts and exposure are finite and not below 0")
    if not exposure.sum() > 0:
        raise Unsuitable(Reason.NO_POPULATION, cells=len(exposure))
    counted = np.where(exposure > 0, counts, 0)
    incidents = int(counted.sum())
    if incidents < LEAST_INCIDENTS:
        raise Unsuitable(Reason.TOO_FEW, incidents=incidents, least=LEAST_INCIDENTS)
    share = exposure / exposure.sum()
    starts, columns = weights.indptr, weights.indices
    # Rounding must not let a share of all pass 1.
    around: Floats = np.minimum(_sums(starts, columns, share), 1.0)
    observed = _sums(starts, columns, counted.astype(np.float64)).astype(np.int64)
    score = _scores(observed, around, incidents)
    highest = _highest_by_chance(
        starts, columns, share, around, incidents, replications, seed, tick
    )
    reached = replications - np.searchsorted(np.sort(highest), score - 1e-9)
    p = np.where(np.isnan(score), np.nan, (reached + 1) / (replications + 1))
    return HotPlaces(observed, incidents * around, score, p, int(counts.sum()) - incidents)


def _highest_by_chance(
    starts: NDArray[np.int32], columns: NDArray[np.int32], share: Floats, around: Floats,
    incidents: int, replications: int, seed: int, tick: Tick | None,
) -> Floats:  # fmt: skip
    """Return the highest score of each map on which exposure alone spreads the incidents."""
    exposed = np.flatnonzero(share)
    maps = [min(_MAPS_AT_ONCE, replications - k) for k in range(0, replications, _MAPS_AT_ONCE)]
    streams = np.random.SeedSequence(seed).spawn(len(maps))

    def highest(number: int) -> Floats:
        # SFC64 is the fastest of numpy's.
        drawn = np.random.Generator(np.random.SFC64(streams[number]))
        counts = np.zeros((maps[number], len(share)), dtype=np.int64)
        counts[:, exposed] = drawn.multinomial(incidents, share[exposed], size=maps[number])
        scores: Floats = _highest_scores(starts, columns, counts, around, incidents)
        return scores

    found: list[Floats] = []
    threads = numba.get_num_threads()
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(maps), threads):
            found.extend(pool.map(highest, range(first, min(first + threads, len(maps)))))
            if tick is not None:
                tick(len(found) / len(maps))
    return np.concatenate(found)


@njit(cache=True, nogil=True)
def _score(observed: int, around: float, incidents: int) -> float:
    """Return the signed root of the deviance of a binomial count."""
    expected = incidents * around
    if expected <= 0:
        return np.nan
    deviance = 0.0
    if observed > 0:
        deviance += observed * np.log(observed / expected)
    if observed < incidents:
        rest = incidents - expected
        if rest > 0:
            deviance += (incidents - observed) * np.log((incidents - observed) / rest)
    score: float = np.copysign(np.sqrt(max(2 * deviance, 0.0)), observed - expected)
    return score


@njit(cache=True, nogil=True)
def _scores(observed: Integers, around: Floats, incidents: int) -> Floats:
    scores = np.empty(observed.size)
    for place in range(observed.size):
        scores[place] = _score(observed[place], around[place], incidents)
    return scores


@njit(cache=True, nogil=True)
def _highest_scores(
    starts: NDArray[np.int32], columns: NDArray[np.int32], counts: Integers, around: Floats,
    incidents: int,
) -> Floats:  # fmt: skip
    highest = np.full(counts.shape[0], -np.inf)
    for number in range(counts.shape[0]):
        for place in range(counts.shape[1]):
            observed = 0
            for j in range(starts[place], starts[place + 1]):
                observed += counts[number, columns[j]]
            # The logarithm is worth its time only above what is expected.
            if observed > incidents * around[place] or highest[number] < 0:
                score = _score(observed, around[place], incidents)
                if score > highest[number]:
                    highest[number] = score
    return highest


@njit(cache=True, nogil=True)
def _sums(starts: NDArray[np.int32], columns: NDArray[np.int32], values: Floats) -> Floats:
    sums = np.zeros_like(values)
    for place in range(starts.size - 1):
        for j in range(starts[place], starts[place + 1]):
            sums[place] += values[columns[j]]
    return sums
