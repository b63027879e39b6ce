"""How often chance alone makes a ratio as great."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from gridmap.hotspots.parallel import in_order
from gridmap.hotspots.scan.arrays import Floats
from gridmap.hotspots.scan.settings import Chance, Method
from gridmap.hotspots.ticks import Tick

#: Replications that one thread takes at once, so that small ones are not all waiting.
BATCH = 8
#: Ratios that differ by less, as a share, are the same windows summed in another order.
SAME = 1e-9


@dataclass(frozen=True)
class Maxima:
    """The greatest ratio of each replication, in their order.

    Attributes
    ----------
    ratios
        Shape (replications done,).
    stopped
        Whether enough had reached the observed ratio before all were done.
    """

    ratios: Floats
    stopped: bool

    def p(self, ratio: float, method: Method) -> float:
        """Return how often chance alone reaches a ratio, see `Chance`."""
        if method is Method.GUMBEL:
            return gumbel_p(ratio, self.ratios)
        reached = int((self.ratios >= ratio * (1 - SAME)).sum())
        if self.stopped:
            return reached / self.ratios.size
        return (1 + reached) / (1 + self.ratios.size)


def gumbel_p(ratio: float, maxima: Floats) -> float:
    """Return the tail of Gumbel's distribution that has the mean and variance of the maxima.

    Abrams, Kulldorff & Kleinman (2010), Int. J. Health Geographics 9:61: scale s √6 / π, location
    mean - 0.5772 scale.
    """
    scale = float(maxima.std(ddof=1)) * math.sqrt(6) / math.pi if maxima.size > 1 else 0.0
    if scale == 0:
        return 1.0 if ratio <= maxima[0] else 1 / (1 + maxima.size)
    location = float(maxima.mean()) - np.euler_gamma * scale
    return -math.expm1(-math.exp(-(ratio - location) / scale))


def replicate(
    largest: Callable[[np.random.Generator], float],
    observed: float,
    chance: Chance,
    tick: Tick | None = None,
) -> Maxima:
    """Scan random data sets until there are enough.

    Parameters
    ----------
    largest
        Draws a data set with the given random numbers and returns its greatest ratio; is called
        from several threads.
    observed
        The greatest ratio of the real data.
    chance
        How many, and when to stop.
    tick
        See `ticks`.
    """
    batches = -(-chance.replications // BATCH)

    def batch(number: int) -> list[float]:
        numbers = range(number * BATCH, min((number + 1) * BATCH, chance.replications))
        return [largest(generator(chance.seed, number)) for number in numbers]

    ratios: list[float] = []
    reached = 0

    def beat() -> None:
        if tick:
            tick(len(ratios) / chance.replications)

    results = in_order(batch, batches, beat)
    for found in results:
        for position, ratio in enumerate(found):
            reached += ratio >= observed * (1 - SAME)
            if chance.method is Method.SEQUENTIAL and reached == chance.enough:
                results.close()
                return Maxima(np.array([*ratios, *islice(found, position + 1)]), True)
        ratios.extend(found)
        beat()
    return Maxima(np.array(ratios), False)


def generator(seed: int, number: int) -> np.random.Generator:
    """Return the random numbers of a replication, whoever works it out."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(number,))))
