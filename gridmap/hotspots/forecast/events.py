"""Incidents, and the periods they are expected in."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gridmap.hotspots.grids import Floats


class Events(NamedTuple):
    """Incidents of one kind, arrays of float64 of shape (n,), in any order.

    Attributes
    ----------
    x, y : ndarray
        Metres in the CRS of the grid.
    day : ndarray
        Local days since 1970-01-01 with fractions.
    """

    x: Floats
    y: Floats
    day: Floats


class Period(NamedTuple):
    """Whole local days since 1970-01-01, from start to before end."""

    start: int
    end: int


def months(first: str, last: str) -> list[Period]:
    """Return the calendar months from first to last, both as ``YYYY-MM`` and included."""
    starts = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 2)
    days = starts.astype("datetime64[D]").astype(np.int64).tolist()
    return [Period(start, end) for start, end in pairwise(days)]


def weeks(start: int, number: int) -> list[Period]:
    """Return so many weeks in a row, the first of which begins at a day since 1970-01-01."""
    return [Period(start + 7 * k, start + 7 * k + 7) for k in range(number)]
