"""Whether events that are near in space are near in time more often than chance makes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.stats import poisson

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.knox_kernels import count_pairs, pairs_nearer
from gridmap.hotspots.parallel import in_order
from gridmap.hotspots.ticks import Tick

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Pairs of near events that are held at most, 8 bytes each while dates are permuted.
MOST_PAIRS = 50_000_000
#: How often pairs are looked at, at most: their number times that of permutations. On two cores a
#: look took 4.6 ns (4 bands in time), 5.6 ns (20, most pairs beyond the last) and 10.8 ns (20, most
#: pairs within), so this is ten to twenty minutes.
MOST_LOOKS = 100_000_000_000
LOOK_S = 6e-9
#: So many events tell how many pairs there are about; to count hundreds of millions takes minutes.
SAMPLE = 1_000
#: Permutations that one thread makes at once.
BATCH = 4


class Metric(StrEnum):
    """How far apart two places are."""

    EUCLID = "euclid"
    MANHATTAN = "manhattan"


@dataclass(frozen=True)
class Bands:
    """Half-open bands from each edge up to, and without, the next.

    Attributes
    ----------
    distances, days
        Rising edges in metres and days, from 0.
    same_place
        Whether events at one place, such as in one building, are a band of their own, before the
        others.
    metric
        How far apart two places are.
    """

    distances: tuple[float, ...]
    days: tuple[float, ...]
    same_place: bool = False
    metric: Metric = Metric.EUCLID

    def __post_init__(self) -> None:
        for edges in (self.distances, self.days):
            if len(edges) < 2 or edges[0] != 0 or any(a >= b for a, b in pairwise(edges)):
                raise ValueError("edges of bands must rise from 0, two at least")

    @property
    def metres(self) -> Floats:
        """The edges between the bands in space."""
        edges = np.asarray(self.distances, float)
        # Only a distance of 0 lies below the least number above it.
        return np.insert(edges, 1, np.nextafter(0, 1)) if self.same_place else edges


def knox(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    bands: Bands,
    *,
    permutations: int = 999,
    seed: int = 0,
    tick: Tick | None = None,
) -> pd.DataFrame:
    """Count pairs of events by how far apart they are in space and in time, beside chance.

    Knox (1964), The detection of space-time interactions, Applied Statistics 13, 25-29; in bands
    as Johnson et al. (2007), Space-time patterns of risk, J. Quant. Criminology 23, 201-219, and
    Ratcliffe's Near Repeat Calculator, whose label "1 to 200" means [0, 200).

    Parameters
    ----------
    x, y
        Metres, shape (n,).
    t
        Days, shape (n,): whole ones where dates matter and not hours.
    bands
        See there. What lies beyond the last edge is counted too.
    permutations
        How often the dates are dealt anew among the places.
    seed
        What the random numbers start from; the number of threads changes nothing.

    Returns
    -------
    DataFrame
        A row for each band in space and time: `from_m`, `to_m`, `from_day`, `to_day` (the band
        holds its `from`, never its `to`, which is infinite beyond the last; `from_m` and `to_m`
        are both 0 at the same place), `observed` pairs, `expected` on average over all
        permutations (pairs in the band in space, times those in the band in time, over all pairs),
        `ratio` of both, `p`: (1 + permutations with as many pairs) / (1 + permutations), and
        `p_poisson`: how often a Poisson number is greater, NaN where nothing is expected.

    Raises
    ------
    Unsuitable
        There are fewer than two events, all are on one day or at one place, too many pairs are
        within the last edge, or to permute so many so often would take too long.
    """
    east, north, when = (np.asarray(each, float) for each in (x, y, t))
    _check(east, north, when)
    metres, days = bands.metres, np.asarray(bands.days, float)
    one, other, first = _pairs(east, north, metres, bands.metric, permutations)
    everything = when.size * (when.size - 1) // 2
    in_space = np.append(np.diff(first), everything - first[-1])
    nearer = [pairs_nearer(np.sort(when), edge) for edge in days[1:]]
    in_time = np.diff([0, *nearer, everything])

    def table(dates: Floats) -> Ints:
        counts = np.zeros((first.size - 1, days.size), np.int64)
        count_pairs(one, other, first, dates, days[1:], counts)
        return np.vstack((counts, in_time - counts.sum(axis=0)))

    observed = table(when)
    batches = -(-permutations // BATCH)

    def reached(number: int) -> Ints:
        total = np.zeros(observed.shape, np.int64)
        for permutation in range(number * BATCH, min((number + 1) * BATCH, permutations)):
            random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(permutation,)))
            total += table(random.permutation(when)) >= observed
        return total

    above = np.zeros(observed.shape, np.int64)
    done = 0

    def beat() -> None:
        if tick:
            tick(min(done / batches, 1.0))

    for found in in_order(reached, batches, beat):
        above += found
        done += 1
        beat()
    p = (1 + above) / (1 + permutations)
    return _frame(bands, observed, np.outer(in_space, in_time) / everything, p)


def _check(x: Floats, y: Floats, t: Floats) -> None:
    if x.size < 2:
        raise Unsuitable(Reason.TOO_FEW, found=x.size, needed=2)
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        raise Unsuitable(Reason.ONE_PLACE, found=x.size)
    if np.ptp(t) == 0:
        raise Unsuitable(Reason.ONE_DAY, found=x.size)


def _pairs(
    x: Floats, y: Floats, metres: Floats, metric: Metric, permutations: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], Ints]:
    """Return the pairs within the last edge, band after band, and where each band begins."""
    places = np.column_stack((x, y))
    tree = cKDTree(places)
    # The tree rounds in its own way; which band a pair is in is decided below.
    reach, power = metres[-1] * (1 + 1e-9), 1 if metric is Metric.MANHATTAN else 2
    many = _near(tree, places, reach, power)
    if many > MOST_PAIRS:
        raise Unsuitable(Reason.TOO_MANY, found=many, most=MOST_PAIRS)
    if many * permutations > MOST_LOOKS:
        minutes = many * permutations * LOOK_S / 60
        raise Unsuitable(Reason.TOO_LONG, pairs=many, times=permutations, minutes=minutes)
    pairs = tree.query_pairs(reach, p=power, output_type="ndarray")
    east, north = (each[pairs[:, 0]] - each[pairs[:, 1]] for each in (x, y))
    away = abs(east) + abs(north) if metric is Metric.MANHATTAN else np.hypot(east, north)
    band = np.searchsorted(metres, away, side="right") - 1
    # In the order of events, so that their dates are read one after another.
    order = np.lexsort((pairs[:, 1], pairs[:, 0], band))
    order = order[: np.count_nonzero(band < metres.size - 1)]
    first = np.searchsorted(band[order], np.arange(metres.size))
    one, other = (np.ascontiguousarray(pairs[order, side], np.int32) for side in (0, 1))
    return one, other, first.astype(np.int64)


def _near(tree: cKDTree, places: Floats, reach: float, power: int) -> int:
    """Count the pairs within reach; where they are far more than are held, a sample tells so."""
    n = len(places)
    if n > SAMPLE:
        chosen = np.random.default_rng(0).choice(n, SAMPLE, replace=False)
        sampled = int(cKDTree(places[chosen]).count_neighbors(tree, reach, p=power))
        about = (sampled - SAMPLE) * n // (2 * SAMPLE)
        # However it was drawn, it is not wrong by half.
        if about > 2 * MOST_PAIRS:
            return about
    return (int(tree.count_neighbors(tree, reach, p=power)) - n) // 2


def _frame(bands: Bands, observed: Ints, expected: Floats, p: Floats) -> pd.DataFrame:
    lower, upper = bands.metres, np.append(bands.metres[1:], np.inf)
    if bands.same_place:
        lower[1] = upper[0] = 0
    days = np.asarray(bands.days, float)
    shape = observed.shape
    likely = np.where(expected > 0, expected, np.nan)
    columns = {
        "from_m": np.broadcast_to(lower[:, None], shape),
        "to_m": np.broadcast_to(upper[:, None], shape),
        "from_day": np.broadcast_to(days, shape),
        "to_day": np.broadcast_to(np.append(days[1:], np.inf), shape),
        "observed": observed,
        "expected": expected,
        "ratio": observed / likely,
        "p": p,
        "p_poisson": np.asarray(poisson.sf(observed, likely)),
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})
