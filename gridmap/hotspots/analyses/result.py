"""What an analysis hands back: shapes with their figures, and what is said about all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.analyses.events import Area
from gridmap.hotspots.density import Surface

#: Classes of significance, the surest first, by the largest p of each.
HOT = (("hot99", 0.01), ("hot95", 0.05), ("hot90", 0.1))
COLD = (("cold99", 0.01), ("cold95", 0.05), ("cold90", 0.1))
QUIET = "ns"


@dataclass(frozen=True, eq=False)
class Found:
    """Shapes of one layer, all columns of one length.

    Attributes
    ----------
    shapes : ndarray of object
        In metres, or points in them.
    kind : ndarray of str
        The class that decides the colour; the pages have a word for each.
    count : ndarray of int64
    expected, p, score : ndarray of float64, optional
        NaN where there is none. The score orders what is listed, the greatest first.
    listed : ndarray of bool
        Whether it stands in the table of hotspots.
    values : sequence of mapping, optional
        Further figures of each.
    """

    shapes: NDArray[np.object_]
    kind: NDArray[np.str_]
    count: NDArray[np.int64]
    listed: NDArray[np.bool_]
    score: NDArray[np.float64]
    expected: NDArray[np.float64] | None = None
    p: NDArray[np.float64] | None = None
    values: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, eq=False)
class Painted:
    """A surface that the map paints in steps.

    Attributes
    ----------
    surface : Surface
    levels : ndarray of float64
        Rising; a step begins at each, and below the first nothing is painted.
    palette : str
        Which colours, see the pages' words.
    """

    surface: Surface
    levels: NDArray[np.float64]
    palette: str


@dataclass(frozen=True, eq=False)
class Result:
    """What an analysis found.

    Attributes
    ----------
    found : Found
    figures : mapping
        What the page says about all, plain values: the size of the shapes, the statistic and so
        on; series of charts are under ``charts``.
    painted : Painted, optional
        The same as a surface.
    """

    found: Found
    figures: Mapping[str, Any] = field(default_factory=dict)
    painted: Painted | None = None


def classes(
    p: NDArray[np.float64], hot: NDArray[np.bool_], cold: NDArray[np.bool_] | None = None
) -> NDArray[np.str_]:
    """Return the class of significance of each p of the side that is meant.

    Parameters
    ----------
    p : ndarray of float64
        After the control of false discoveries, if there is any.
    hot, cold : ndarray of bool
        On which side of what was expected it lies.
    """
    kinds = np.full(len(p), QUIET, dtype="<U8")
    sides = [(HOT, hot)] if cold is None else [(HOT, hot), (COLD, cold)]
    for steps, side in sides:
        for kind, limit in reversed(steps):
            kinds[side & (p <= limit)] = kind
    return kinds


def fitting_size(area: Area, events: int) -> float:
    """Choose the size of shapes: two incidents in each on average, in steps of 50 m.

    Twice the area for each incident is the size that Wong & Lee (2005), "Statistical Analysis of
    Geographic Information", chapter 6, give for quadrats. It is kept between 100 and 1,000 m,
    which are places one can patrol, and so that there are at most some 6,000 of them.
    """
    whole = float(shapely.area(area.shape))
    size = np.sqrt(2 * whole / max(events, 1))
    least = np.sqrt(whole / 6_000)
    return float(np.clip(50 * np.ceil(max(size, least) / 50), 100, max(1000, least)))


def finest_size(area: Area) -> float:
    """Choose the smallest shapes one can go to: 100 m, or more so that there are some 6,000."""
    return float(max(100, 50 * np.ceil(np.sqrt(shapely.area(area.shape) / 6_000) / 50)))
