"""How many cases are expected where, when people of several strata live there."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.scan.arrays import Floats


def standardised(cases: ArrayLike, population: ArrayLike) -> Floats:
    """Return the cases expected at each location if every stratum had its overall rate everywhere.

    Indirect standardisation, as Kulldorff (1997) adjusts for covariates: the sum over strata of
    population at the location times all cases of the stratum over all its population. Strata are
    kinds of places or households, such as kinds of buildings.

    Parameters
    ----------
    cases, population
        Shape (locations, strata), or the cases of all locations together, shape (strata,).

    Returns
    -------
    array
        Shape (locations,); it sums to the number of cases.

    Raises
    ------
    Unsuitable
        A stratum has cases and no population.
    """
    people = np.asarray(population, float)
    counted = np.asarray(cases, float)
    totals = counted.sum(axis=0) if counted.ndim == 2 else counted
    whole = people.sum(axis=0)
    if np.any((whole <= 0) & (totals > 0)):
        raise Unsuitable(Reason.NO_POPULATION)
    rates = np.divide(totals, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.asarray(people @ rates, float)
