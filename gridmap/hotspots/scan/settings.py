"""Which windows are looked at, and how chance is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Windows:
    """Which windows are looked at.

    Attributes
    ----------
    max_share
        The greatest share of the population (of all cases in the permutation model, of cases and
        controls in the Bernoulli model) in a circle, over 0 to 1.
    max_radius
        The greatest distance in metres of a location from the centre, otherwise no limit.
    max_periods, min_periods
        The greatest and least number of successive periods in a space-time window.
    prospective
        Whether only windows count that reach to the last period.
    min_cases
        How many cases a cluster has at least.
    """

    max_share: float = 0.5
    max_radius: float | None = None
    max_periods: int = 30
    min_periods: int = 1
    prospective: bool = False
    min_cases: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.max_share <= 1:
            raise ValueError("max_share must be over 0 and at most 1")
        if self.max_radius is not None and self.max_radius < 0:
            raise ValueError("max_radius must not be negative")
        if not 1 <= self.min_periods <= self.max_periods:
            raise ValueError("min_periods must be at least 1 and at most max_periods")
        if self.min_cases < 1:
            raise ValueError("min_cases must be at least 1")


class Method(StrEnum):
    """How p is found from the greatest ratios of the replications."""

    RANK = "rank"
    SEQUENTIAL = "sequential"
    GUMBEL = "gumbel"


@dataclass(frozen=True)
class Chance:
    """How chance is judged.

    Attributes
    ----------
    replications
        How many random data sets are scanned, at most.
    seed
        What the random numbers start from: each replication has its own sequence, so that the
        result does not depend on the number of threads.
    method
        `RANK` counts the replications that reach the ratio: p = (1 + reached) / (1 + all), Dwass
        (1957). `SEQUENTIAL` stops once `enough` of them reached the greatest ratio: then p =
        reached / done, Besag & Clifford (1991), Biometrika 78, 301-304; otherwise it is as
        `RANK`. `GUMBEL` fits Gumbel's distribution to the greatest ratios by their moments:
        Abrams, Kulldorff & Kleinman (2010), Int. J. Health Geographics 9:61.
    enough
        See `SEQUENTIAL`.
    """

    replications: int = 999
    seed: int = 0
    method: Method = Method.SEQUENTIAL
    enough: int = 50

    def __post_init__(self) -> None:
        if self.replications < 1 or self.enough < 1:
            raise ValueError("replications and enough must be at least 1")
