"""Search for tours with PyVRP: several multipliers of prizes and several seeds, then polish."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace

import numpy as np
from pyvrp import (
    Activity,
    IteratedLocalSearch,
    IteratedLocalSearchCallbacks,
    IteratedLocalSearchParams,
    PenaltyManager,
    PenaltyParams,
    ProblemData,
    RandomNumberGenerator,
    Route,
    Solution,
)
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)

from gridmap.patrols.planning.improving import improved
from gridmap.patrols.planning.layout import Layout
from gridmap.patrols.planning.model import Emphasis, modelled
from gridmap.patrols.planning.problem import Kind
from gridmap.patrols.planning.schedule import timed

Tours = list[list[int]]

# From a search that sees metres to one that sees little but risk; found on Chao's instances.
MULTIPLIERS = (3.0, 3.0, 1.0, 10.0, 10.0, 1.0)

# What a second too late costs at first, in metres, and how often that is adapted. PyVRP begins at
# 50,000 and adapts every 500 iterations: a short search would be over before it may be late for
# a while, on the way to something better. In 4 s the mean gap of four of Chao's instances was
# 1.7 % with that, and 0.2 % with these.
_PENALTY = 20.0
_PENALTIES = PenaltyParams(solutions_between_updates=50, target_feasible=0.4)
# How many visits an iteration disturbs at most: many from a fresh start, few on the way from
# what is good already, where an iteration then takes a third of the time.
_FRESH, _KNOWN = 25, 8
# Beside how many others a break is tried.
_TRIED = 120


@dataclass(frozen=True)
class Effort:
    """How much is searched.

    Attributes
    ----------
    iterations : int
        Of the local search, over all rounds; with the same seed they give the same plan.
    rounds : int
        Searches among which the iterations are shared, each with its multiplier and seed; every
        second one goes on from the best so far.
    seconds : float or None
        A limit by the clock, past which a plan cannot be repeated by its seed.
    seed : int
    enough : float or None
        Covered risk at which the search ends, where the best is known.
    """

    iterations: int = 2400
    rounds: int = 4
    seconds: float | None = None
    seed: int = 0
    enough: float | None = None


class Clock:
    """Tells whether the limit by the clock has been met."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.perf_counter() + seconds
        self.struck = False

    def over(self) -> bool:
        """Look at the clock, and remember if it has struck."""
        if self._end is not None and time.perf_counter() > self._end:
            self.struck = True
        return self.struck


def covered(layout: Layout, tours: Tours) -> float:
    """Return the risk of the visits of tours."""
    return sum(layout.tasks[int(layout.task[option])].risk for tour in tours for option in tour)


def length(layout: Layout, tours: Tours) -> float:
    """Return the metres of tours from where teams are free to their ends."""
    times = [
        timed(layout, team, tour) for team, tour in enumerate(tours) if out(layout, team, tour)
    ]
    return sum(t.metres for t in times if t is not None)


def out(layout: Layout, team: int, tour: list[int]) -> bool:
    """Tell whether a team leaves its post: it has a visit, planned or fixed by hand."""
    return bool(tour) or layout.departures[team].sets_off is not None


def rank(layout: Layout, tours: Tours) -> tuple[int, float, float]:
    """Return by what tours are compared, the greatest the best: musts, then risk and metres."""
    planned = [layout.tasks[int(layout.task[option])] for tour in tours for option in tour]
    musts = sum(task.must and task.kind is not Kind.BREAK for task in planned)
    # Sums in another order differ in their last digits, which decide nothing.
    risk, metres = round(covered(layout, tours), 9), length(layout, tours)
    worth = layout.problem.worth
    if worth is None:
        return musts, risk, -metres
    return musts, risk * worth - metres, 0.0


def search(
    layout: Layout,
    effort: Effort,
    clock: Clock,
    emphasis: Emphasis | None = None,
    start: Tours | None = None,
) -> Tours | None:
    """Search for the best tours.

    Parameters
    ----------
    layout : Layout
    effort : Effort
    clock : Clock
    emphasis : Emphasis, optional
        How the search looks at the problem; its multiplier is replaced by each round's.
    start : list of list of int, optional
        Tours to go on from in the first round.

    Returns
    -------
    list of list of int or None
        Rows of options per team, in order; None where no round found tours that keep all hours,
        windows and musts.
    """
    if not layout.tasks or all(task.kind is Kind.BREAK for task in layout.tasks):
        return [[] for _ in layout.problem.teams]
    emphasis = emphasis or Emphasis(1.0)
    best: Tours | None = None
    for number in range(effort.rounds):
        if clock.over() or _enough(layout, best, effort):
            break
        multiplier = MULTIPLIERS[number % len(MULTIPLIERS)]
        data = modelled(layout, replace(emphasis, multiplier=multiplier))
        begin = start if number == 0 else best if number % 2 else None
        tours = _run(layout, data, effort, clock, number, begin)
        if tours is None:
            continue
        tours = improved(layout, tours, exchange=emphasis.risk is None)
        if best is None or rank(layout, tours) > rank(layout, best):
            best = tours
    return best


def _enough(layout: Layout, tours: Tours | None, effort: Effort) -> bool:
    return (
        effort.enough is not None
        and tours is not None
        and covered(layout, tours) >= effort.enough - 1e-6
    )


class _Watch(IteratedLocalSearchCallbacks):
    """Keeps the best feasible solution by prizes first, and says when to stop."""

    def __init__(self, layout: Layout, effort: Effort, clock: Clock) -> None:
        self._layout, self._effort, self._clock = layout, effort, clock
        self._left = max(1, effort.iterations // effort.rounds)
        self._met = False
        self.best: Solution | None = None

    def __call__(self, best_cost: int) -> bool:
        """Say whether the search stops, before each iteration."""
        self._left -= 1
        return self._met or self._left < 0 or self._clock.over()

    def on_iteration(
        self, current: Solution, candidate: Solution, best: Solution, cost_evaluator: object
    ) -> None:
        """Look at the candidate, which may collect more than the best by cost."""
        for solution in (candidate, best):
            if self._better(solution):
                self.best = solution
                enough = self._effort.enough
                self._met = (
                    enough is not None
                    and covered(self._layout, _tours(self._layout, solution)) >= enough - 1e-6
                )

    def _better(self, solution: Solution) -> bool:
        known = self.best
        if known is solution or not (solution.is_feasible() and solution.is_complete()):
            return False
        if known is None:
            return True
        if self._layout.problem.worth is not None:
            lost = solution.uncollected_prizes() - known.uncollected_prizes()
            return lost + solution.distance() - known.distance() < 0
        mine, best = solution.prizes(), known.prizes()
        return mine > best or (mine == best and solution.distance() < known.distance())


def _run(
    layout: Layout,
    data: ProblemData,
    effort: Effort,
    clock: Clock,
    number: int,
    start: Tours | None,
) -> Tours | None:
    """Run one round, and return its tours."""
    watch = _Watch(layout, effort, clock)
    rng = RandomNumberGenerator(seed=effort.seed + number)
    disturbed = PerturbationManager(PerturbationParams(1, _FRESH if start is None else _KNOWN))
    local = LocalSearch(data, rng, _neighbours(layout, data), disturbed)
    for operator in OPERATORS:
        if operator.supports(data):
            local.add_operator(operator(data))
    penalties = PenaltyManager(([], _PENALTY, _PENALTY), _PENALTIES)
    if start is None:
        random = Solution.make_random(data, rng)
        initial = local(random, penalties.max_cost_evaluator(), exhaustive=True)
    else:
        routes = [Route(data, tour, team) for team, tour in enumerate(start) if tour]
        initial = Solution(data, routes)
    with warnings.catch_warnings():
        # That musts cannot all be kept is an answer here, and is told with its reasons.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        IteratedLocalSearch(
            data, penalties, local, initial, IteratedLocalSearchParams(callbacks=watch)
        ).run(watch, collect_stats=False)
    return None if watch.best is None else _tours(layout, watch.best)


def _neighbours(layout: Layout, data: ProblemData) -> dict[Activity, list[Activity]]:
    """Return beside which activities each one is tried.

    PyVRP tries the 50 nearest. What only one team can do, its break, finds its way into that
    team's tour only if some of them are in there, so for it there are more.
    """
    near = compute_neighbours(data)
    of = {activity.idx: activity for activity in near}
    only = [layout.tasks[task].team for task in layout.task.tolist()]
    others = np.array([o for o, team in enumerate(only) if team is None], dtype=np.int64)
    for option, team in enumerate(only):
        if team is None:
            continue
        metres = layout.problem.matrices[layout.problem.teams[team].mode].metres
        able = others[layout.allowed[team, others]]
        way = metres[layout.enter[able], layout.enter[option]]
        nearest = able[np.argsort(way, kind="stable")[:_TRIED]]
        near[of[option]] = [of[other] for other in nearest.tolist()]
    return near


def _tours(layout: Layout, solution: Solution) -> Tours:
    tours: Tours = [[] for _ in layout.problem.teams]
    for route in solution.routes():
        tours[route.vehicle_type()] = [a.idx for a in route if a.is_client()]
    return tours
