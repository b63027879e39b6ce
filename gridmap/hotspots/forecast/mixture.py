"""The forecast: long memory, near repeats and season, mixed with fixed weights.

The rate of a cell is the season's factor times a weighted sum of kernels over past incidents, each
with its reach in metres and its memory in days, as the self-exciting point process of Mohler et
al. (2011), Self-exciting point process modeling of crime, J. Am. Statist. Assoc. 106, 100-108. The
weights are fitted on a training span and stay fixed, so a rate can be explained: so much of it is
the place's own past, so much its surroundings', so much last weeks' incidents nearby.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.forecast.events import Events, Period
from gridmap.hotspots.forecast.season import Season, exposure, factors_at, fit_season
from gridmap.hotspots.forecast.surfaces import Surfaces
from gridmap.hotspots.grids import Floats, Grid
from gridmap.hotspots.ticks import Tick

OWN = "own"
"""The source whose incidents are forecast."""
SHORT_MEMORY_DAYS = 60.0
"""Kernels that forget faster than this stand for near repeats."""
LEVEL_DAYS = 365
"""From so many days before a period the level of all cells together is taken."""
LEAST_INCIDENTS = 100
"""With fewer incidents in the training periods no weights are fitted."""

# More rounds foretold no better, on the years before 2016 in St. Louis.
_ROUNDS = 30
_LEAST_RATE = 1e-12
# Fitting the weights takes about as long as the kernels of so many periods.
_FITTING = 6


class Kernel(NamedTuple):
    """How an incident raises the rate around it.

    Attributes
    ----------
    source : str
        Which incidents: `OWN`, or the name of a related kind.
    bandwidth_m : float
        Standard deviation of a Gaussian; 0 stays in the cell.
    memory_days : float
        After this time an incident counts 1 / e; infinite counts all alike.
    """

    source: str
    bandwidth_m: float
    memory_days: float


def default_kernels(related: Sequence[str] = ()) -> tuple[Kernel, ...]:
    """Return kernels from the cell itself to the neighbourhood, from two weeks to ever.

    Parameters
    ----------
    related : sequence of str
        Names of related kinds of incidents that may foretell these; they get fewer kernels.
    """
    own = [
        Kernel(OWN, reach, memory)
        for memory in (14.0, 45.0, 250.0, 700.0, np.inf)
        for reach in (0.0, 75.0, 150.0, 300.0, 700.0)
    ]
    others = [
        Kernel(name, reach, memory)
        for name in related
        for memory in (90.0, 700.0, np.inf)
        for reach in (0.0, 150.0, 500.0)
    ]
    return (*own, *others)


@dataclass(frozen=True)
class Mixture:
    """A fitted forecast.

    Attributes
    ----------
    kernels : tuple of Kernel
    weights : tuple of float
        Not negative, in the order of the kernels.
    seasons : mapping of str to Season
        Of each source.
    first : int
        The day the incidents begin, whole days since 1970-01-01.
    """

    kernels: tuple[Kernel, ...]
    weights: tuple[float, ...]
    seasons: Mapping[str, Season]
    first: int


class Forecast(NamedTuple):
    """What is expected in each cell, arrays of float64 of shape (cells,).

    Attributes
    ----------
    expected : ndarray
        Incidents in the period.
    density : ndarray
        The part that long memory of these incidents gives.
    near_repeat : ndarray
        The part that incidents of the last weeks give.
    related : ndarray
        The part that long memory of related incidents gives.
    season : float
        The mean factor of the period's days, already in the figures above.
    """

    expected: Floats
    density: Floats
    near_repeat: Floats
    related: Floats
    season: float


def fit_mixture(
    grid: Grid,
    sources: Mapping[str, Events],
    periods: Sequence[Period],
    *,
    kernels: Sequence[Kernel] | None = None,
    first: int,
    tick: Tick | None = None,
) -> Mixture:
    """Fit the weights so that the periods' counts become most likely.

    Maximum likelihood of independent Poisson counts by expectation-maximisation, which keeps
    weights at or above 0 (Veen and Schoenberg 2008, J. Am. Statist. Assoc. 103, 614-624). A
    period is foretold only by what was before it. The season is fitted on all incidents from
    ``first`` to the end of the last period.

    Parameters
    ----------
    grid : Grid
        Squares, not clipped, so that all have one size.
    sources : mapping of str to Events
        With `OWN`; no source has incidents before ``first`` that matter.
    periods : sequence of Period
        The training span, for example its months, each as long as what is to be forecast.
    kernels : sequence of Kernel, optional
        `default_kernels` of the sources.
    first : int
        The day from which the incidents are complete.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    Mixture

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` incidents in the periods.
    """
    kernels = tuple(kernels or default_kernels([name for name in sources if name != OWN]))
    last = max(period.end for period in periods)
    seasons = {name: fit_season(events.day, first, last) for name, events in sources.items()}
    surfaces, own = Surfaces(grid), sources[OWN]
    rows: list[Floats] = []
    counts: list[Floats] = []
    totals = np.zeros(len(kernels))
    for number, period in enumerate(periods):
        inside = (own.day >= period.start) & (own.day < period.end)
        actual = grid.counts(own.x[inside], own.y[inside]).astype(np.float64)
        found = kernel_rates(surfaces, sources, seasons, kernels, period.start, first)
        found *= exposure(seasons[OWN], *period)
        rows.append(found[:, actual > 0].T)
        counts.append(actual[actual > 0])
        totals += found.sum(axis=1)
        if tick is not None:
            tick((number + 1) / (len(periods) + _FITTING))
    seen = np.concatenate(counts)
    if seen.sum() < LEAST_INCIDENTS:
        raise Unsuitable(Reason.TOO_FEW, incidents=float(seen.sum()), least=LEAST_INCIDENTS)
    begun = len(periods) / (len(periods) + _FITTING)
    weights = _most_likely(
        np.concatenate(rows), seen, totals,
        None if tick is None else lambda share: tick(begun + (1 - begun) * share),
    )  # fmt: skip
    return Mixture(kernels, tuple(weights.tolist()), seasons, first)


def predict(model: Mixture, grid: Grid, sources: Mapping[str, Events], period: Period) -> Forecast:
    """Forecast the counts of a period from what happened before it.

    The kernels say where; how many in all is the rate of the last `LEVEL_DAYS`, by season, since
    long memory would expect too many where incidents become fewer over the years.

    Parameters
    ----------
    model : Mixture
    grid : Grid
        The grid the model was fitted on, or one with cells of its size.
    sources : mapping of str to Events
        As in `fit_mixture`; incidents from the period's start on are not looked at.
    period : Period
        Best as long as the periods of fitting.

    Returns
    -------
    Forecast
    """
    found = kernel_rates(
        Surfaces(grid), sources, model.seasons, model.kernels, period.start, model.first
    )
    worth = exposure(model.seasons[OWN], *period)
    parts = found * np.array(model.weights)[:, None]
    if parts.sum() > 0:
        parts *= _recent_rate(model, sources[OWN], period.start) * worth / parts.sum()
    short = np.array([kernel.memory_days <= SHORT_MEMORY_DAYS for kernel in model.kernels])
    own = np.array([kernel.source == OWN for kernel in model.kernels])
    return Forecast(
        parts.sum(axis=0),
        parts[own & ~short].sum(axis=0),
        parts[short].sum(axis=0),
        parts[~own & ~short].sum(axis=0),
        worth / (period.end - period.start),
    )


def _recent_rate(model: Mixture, own: Events, origin: int) -> float:
    """Return the incidents per average day of the last time before the origin."""
    begin = max(model.first, origin - LEVEL_DAYS)
    recent = own.day[(own.day >= begin) & (own.day < origin)]
    weights = 1 / factors_at(model.seasons[OWN], recent)
    return float(weights.sum()) / max(origin - begin, 1)


def kernel_rates(
    surfaces: Surfaces,
    sources: Mapping[str, Events],
    seasons: Mapping[str, Season],
    kernels: Sequence[Kernel],
    origin: int,
    first: int,
) -> Floats:
    """Return each kernel's incidents per average day in each cell, shape (kernels, cells).

    An incident weighs less in a bad season, and the decayed sum is divided by the time it could
    have come from, so each row sums to a mean number of incidents per day.
    """
    rates = np.empty((len(kernels), len(surfaces.grid)))
    binned: dict[tuple[str, float], Floats] = {}
    for number, kernel in enumerate(kernels):
        memory = kernel.memory_days
        if (kernel.source, memory) not in binned:
            events = sources[kernel.source]
            past = (events.day >= first) & (events.day < origin)
            weights = np.exp(-(origin - events.day[past]) / memory)
            weights /= factors_at(seasons[kernel.source], events.day[past])
            binned[kernel.source, memory] = surfaces.bins(
                events.x[past], events.y[past], weights / _effective_days(origin - first, memory)
            )
        rates[number] = surfaces.spread(binned[kernel.source, memory], kernel.bandwidth_m)
    return rates


def _effective_days(span: float, memory: float) -> float:
    """Return the integral of the decay over the past span."""
    if np.isinf(memory):
        return max(span, 1.0)
    return float(max(-memory * np.expm1(-span / memory), _LEAST_RATE))


def _most_likely(rows: Floats, counts: Floats, totals: Floats, tick: Tick | None) -> Floats:
    """Return the weights that maximise the Poisson likelihood.

    Only cells with incidents enter one by one; the others do so by the kernels' totals.
    """
    weights: Floats = np.where(totals > 0, counts.sum() / totals.sum(), 0.0)
    for done in range(_ROUNDS):
        if tick is not None:
            tick(done / _ROUNDS)
        ratio = counts / np.maximum(rows @ weights, _LEAST_RATE)
        raised = weights * (ratio @ rows)
        weights = np.divide(raised, totals, out=np.zeros_like(totals), where=totals > 0)
    return weights
