"""Make a plan different from day to day on purpose, so that nobody can wait for it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from gridmap.patrols.planning.layout import Layout
from gridmap.patrols.planning.model import Emphasis, typical_leg
from gridmap.patrols.planning.problem import Floats, Kind
from gridmap.patrols.planning.result import Plan
from gridmap.patrols.planning.search import Clock, Effort, Tours, covered, rank, search

# What a leg of yesterday costs more today, in typical legs.
_REPEATED = 2.0
_ATTEMPTS = 3


@dataclass(frozen=True)
class Variety:
    """How a plan is to differ.

    Attributes
    ----------
    seed : int
        Of the day; the same seed gives the same plan.
    strength : float
        By which share of itself, up or down, the risk of a visit is changed in the search.
    most_loss : float
        The most that may be lost, a share of the covered risk of the best plan found.
    yesterday : Plan or None
        Its legs are avoided.
    """

    seed: int
    strength: float = 0.2
    most_loss: float = 0.03
    yesterday: Plan | None = None

    def __post_init__(self) -> None:
        if self.seed < 0 or not 0 <= self.strength < 1 or not 0 <= self.most_loss <= 1:
            raise ValueError("a seed is not below 0, strength and loss are shares")


def legs(plan: Plan) -> set[tuple[str, str]]:
    """Return the pairs of places that follow each other in a plan, breaks left out."""
    tours = [[v.of for v in tour.visits if v.kind is not Kind.BREAK] for tour in plan.tours]
    return {pair for tour in tours for pair in itertools.pairwise(tour)}


def varied(layout: Layout, tours: Tours, effort: Effort, clock: Clock, variety: Variety) -> Tours:
    """Search again with other eyes: risks a little changed, yesterday's legs made longer.

    What is lost is judged by the true risk. A plan that loses more than may be is searched for
    again with half the strength, and after three times the best plan itself is kept.

    Parameters
    ----------
    layout : Layout
    tours : list of list of int
        The best known.
    effort : Effort
    clock : Clock
    variety : Variety

    Returns
    -------
    list of list of int
    """
    rng = np.random.default_rng(variety.seed)
    risk = np.array([task.risk for task in layout.tasks])
    least = (1 - variety.most_loss) * covered(layout, tours) - 1e-9
    musts = rank(layout, tours)[0]
    noise = rng.uniform(-1, 1, len(risk))
    # Ways are only ever made longer: a shorter one could be taken for free.
    detour = rng.uniform(0, 1, (len(layout.task) + 1, len(layout.task) + 1))
    repeated = _repeated(layout, variety.yesterday)
    strength = variety.strength
    for _ in range(_ATTEMPTS):
        emphasis = Emphasis(
            1.0,
            risk=risk * (1 + strength * noise),
            detours=typical_leg(layout) * (strength * detour + _REPEATED * repeated),
        )
        found = search(layout, replace(effort, seed=variety.seed), clock, emphasis)
        if found and covered(layout, found) >= least and rank(layout, found)[0] >= musts:
            return found
        strength /= 2
    return tours


def _repeated(layout: Layout, yesterday: Plan | None) -> Floats:
    """Return 1 from option to option where yesterday's plan went so, shape (options + 1,) twice."""
    count = len(layout.task) + 1
    result = np.zeros((count, count))
    if yesterday is None:
        return result
    rows: dict[str, list[int]] = {}
    for option, task in enumerate(layout.task.tolist()):
        rows.setdefault(layout.tasks[task].of, []).append(option)
    for a, b in legs(yesterday):
        if a in rows and b in rows:
            result[np.ix_(rows[a], rows[b])] = 1.0
    return result
