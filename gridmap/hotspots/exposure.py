"""What explains where incidents happen: how much of them area, and how much homes."""

from __future__ import annotations

import numpy as np

from gridmap.hotspots.grids import Floats, Integers

_MOST_STEPS = 1_000
#: The weights move less in a step than anybody could see.
_STILL = 1e-7


def explained(counts: Integers, *shares: Floats) -> Floats:
    """Mix exposures so that together they explain the counts best.

    Each incident comes from one of the exposures, and which is not known; the weights of the
    mixture are those that make the counts likeliest, found by expectation and maximisation:
    Dempster, Laird and Rubin (1977), Maximum likelihood from incomplete data via the EM
    algorithm, Journal of the Royal Statistical Society B 39, 1-38, section 4.3.

    Parameters
    ----------
    counts : ndarray of int64, shape (n,)
        Incidents in each shape; at least one in all.
    *shares : ndarray of float64, shape (n,)
        The share of each exposure that lies in each shape, summing to 1; one at least is above 0
        wherever there are incidents.

    Returns
    -------
    ndarray of float64, shape (n,)
        The share of all incidents that is expected in each shape, summing to 1.
    """
    parts = np.array(shares, dtype=np.float64)
    weights = np.full(len(parts), 1 / len(parts))
    full = counts > 0
    seen, of_all = parts[:, full], counts[full] / counts.sum()
    for _ in range(_MOST_STEPS):
        former = weights
        weights = weights * (seen @ (of_all / (weights @ seen)))
        if np.abs(weights - former).max() < _STILL:
            break
    mixed: Floats = weights / weights.sum() @ parts
    return mixed
