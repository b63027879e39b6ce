"""How many of many findings may be false: the false discovery rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.hotspots.grids import Floats


def fdr_cutoff(p: Floats, alpha: float = 0.05) -> float:
    """Return the p below which findings count, so that at most a share of them is false.

    Benjamini and Hochberg (1995), Controlling the false discovery rate, J. R. Statist. Soc. B 57,
    289-300: the greatest k alpha / n that the k-th smallest p lies below, and Bonferroni's
    alpha / n where there is none. It holds for tests that are independent or depend on each other
    positively (Benjamini and Yekutieli 2001), as those of neighbours do.

    Parameters
    ----------
    p : ndarray of float64, shape (n,)
        NaN where nothing was tested; these do not count.
    alpha : float
        The share of false findings that is accepted.

    Returns
    -------
    float
        A p counts that is below it.
    """
    tested = np.sort(p[~np.isnan(p)])
    if tested.size == 0:
        return 0.0
    bounds = np.arange(1, tested.size + 1) * alpha / tested.size
    below = np.flatnonzero(tested < bounds)
    return float(bounds[below[-1] if below.size else 0])


def discoveries(p: Floats, alpha: float = 0.05) -> NDArray[np.bool_]:
    """Tell which findings count at a false discovery rate, see `fdr_cutoff`; NaN never does."""
    found: NDArray[np.bool_] = p < fdr_cutoff(p, alpha)
    return found
