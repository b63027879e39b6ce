"""Forecasts that need no model; a model that does not beat them is not worth its name."""

from __future__ import annotations

from gridmap.hotspots.forecast.events import Events, Period
from gridmap.hotspots.forecast.surfaces import Surfaces
from gridmap.hotspots.grids import Floats


def last_counts(surfaces: Surfaces, events: Events, period: Period) -> Floats:
    """Expect what happened in the time as long as the period just before it.

    Parameters
    ----------
    surfaces : Surfaces
        Of the grid.
    events : Events
    period : Period

    Returns
    -------
    ndarray of float64, shape (cells,)
        Incidents in the period.
    """
    return windowed_density(surfaces, events, period, 0.0, period.end - period.start)


def long_counts(surfaces: Surfaces, events: Events, period: Period, first: int) -> Floats:
    """Expect the mean of all counts from day ``first`` on; see `last_counts`."""
    return windowed_density(surfaces, events, period, 0.0, period.start - first)


def windowed_density(
    surfaces: Surfaces, events: Events, period: Period, bandwidth_m: float, window_days: int
) -> Floats:
    """Expect the kernel density of the days before the period, all weighing alike.

    Parameters
    ----------
    surfaces : Surfaces
    events : Events
    period : Period
    bandwidth_m : float
        Standard deviation of the Gaussian; 0 counts per cell.
    window_days : int
        How many days before the period are looked at.

    Returns
    -------
    ndarray of float64, shape (cells,)
        Incidents in the period.
    """
    before = (events.day >= period.start - window_days) & (events.day < period.start)
    found = surfaces.spread(surfaces.bins(events.x[before], events.y[before]), bandwidth_m)
    share: Floats = found * ((period.end - period.start) / max(window_days, 1))
    return share
