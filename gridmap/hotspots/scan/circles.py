"""The circles round each location."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.scan.arrays import Floats, Ints
from gridmap.hotspots.scan.settings import Windows

#: Distances that differ by less, as a share, are the same.
SAME = 1e-9


@dataclass(frozen=True)
class Circles:
    """The circles round each location, smallest first, as runs in flat arrays.

    Attributes
    ----------
    order, first
        The locations near the centre i, nearest first: `order[first[i]:first[i + 1]]`.
    ends, ends_first
        The circles round i: the circle k holds `order[first[i]:ends[ends_first[i] + k]]`.
    """

    order: Ints
    first: Ints
    ends: Ints
    ends_first: Ints

    def inside(self, centre: int, circle: int) -> Ints:
        """Return the locations in a circle, nearest first."""
        return self.order[self.first[centre] : self.ends[self.ends_first[centre] + circle]]


def make_circles(x: Floats, y: Floats, weights: Floats, windows: Windows) -> Circles:
    """Return the circles round each location that the cap allows.

    A circle holds everything up to some distance, so locations at the same distance enter
    together. Memory: 8 bytes for each location in the largest circle of each centre, twice.

    Parameters
    ----------
    x, y
        Metres, shape (n,).
    weights
        What `max_share` is a share of, shape (n,).
    windows
        Gives `max_share` and `max_radius`.

    Raises
    ------
    Unsuitable
        There are fewer than two locations, all lie at one place, or nobody lives there.
    """
    if x.size < 2:
        raise Unsuitable(Reason.TOO_FEW, found=x.size, needed=2)
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        raise Unsuitable(Reason.ONE_PLACE, found=x.size)
    if not weights.sum() > 0:
        raise Unsuitable(Reason.NO_POPULATION)
    cap = windows.max_share * weights.sum() * (1 + SAME)
    near = _neighbours(x, y, windows.max_radius)
    orders, bounds = [], []
    for centre in range(x.size):
        candidates = near[centre] if near is not None else np.arange(x.size)
        away = np.hypot(x[candidates] - x[centre], y[candidates] - y[centre])
        ranks = np.lexsort((candidates, away))
        ranked, away = candidates[ranks], away[ranks]
        # A circle ends where the next location is farther away.
        last = np.flatnonzero(np.append(np.diff(away) > SAME * away[1:], True))
        last = last[np.cumsum(weights[ranked])[last] <= cap]
        bounds.append(last + 1)
        orders.append(ranked[: last[-1] + 1] if last.size else ranked[:0])
    first = np.concatenate(([0], np.cumsum([order.size for order in orders])))
    ends_first = np.concatenate(([0], np.cumsum([bound.size for bound in bounds])))
    ends = np.concatenate([bound + start for bound, start in zip(bounds, first, strict=False)])
    return Circles(
        np.concatenate(orders).astype(np.int64), first.astype(np.int64),
        ends.astype(np.int64), ends_first.astype(np.int64),
    )  # fmt: skip


def _neighbours(x: Floats, y: Floats, radius: float | None) -> list[Ints] | None:
    """Return the locations within the radius of each, where there is one."""
    if radius is None:
        return None
    places = np.column_stack((x, y))
    found = cKDTree(places).query_ball_point(places, radius * (1 + SAME), return_sorted=True)
    return [np.asarray(each, np.int64) for each in found]
