"""The incidents an analysis is about, as arrays in a plane of metres, with the area they lie in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Events:
    """Incidents in the order of their ids.

    Attributes
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres in the area's CRS.
    time : ndarray of datetime64[s], shape (n,)
        Local time of the town.
    first, last : date
        The period that was asked for, both days included.
    until : ndarray of datetime64[s], shape (n,), optional
        The latest moment that each may have happened, where ``time`` is the first; equal to it
        where the moment is known.
    category : ndarray of int64, shape (n,), optional
        The id of each one's category, where an analysis asks for it.
    """

    x: Floats
    y: Floats
    time: Times
    first: date
    last: date
    until: Times | None = None
    category: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def days(self) -> int:
        """Return how many days the period has."""
        return (self.last - self.first).days + 1

    def where(self, chosen: NDArray[np.bool_]) -> Events:
        """Return a part of the incidents, of the same period."""
        until = None if self.until is None else self.until[chosen]
        category = None if self.category is None else self.category[chosen]
        x, y, time = self.x[chosen], self.y[chosen], self.time[chosen]
        return replace(self, x=x, y=y, time=time, until=until, category=category)


@dataclass(frozen=True, eq=False)
class Area:
    """Where it is looked.

    Attributes
    ----------
    shape : Polygon or MultiPolygon
        In metres of `crs`.
    crs : pyproj.CRS
    """

    shape: shapely.Geometry
    crs: pyproj.CRS

    def to_degrees(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return shapes in metres as shapes in WGS 84."""
        _, back = transformers(self.crs)
        done: NDArray[np.object_] = shapely.transform(
            shapes, lambda at: np.column_stack(back.transform(at[:, 0], at[:, 1]))
        )
        return done


@lru_cache(maxsize=8)
def transformers(crs: pyproj.CRS) -> tuple[pyproj.Transformer, pyproj.Transformer]:
    """Return the ways from WGS 84 to a plane and back, longitude first; they are kept."""
    return (
        pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True),
        pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True),
    )


@dataclass(frozen=True, eq=False)
class Households:
    """Where people live: a point in each building, in metres, and how many households.

    Attributes
    ----------
    x, y, amount : ndarray of float64, shape (n,)
    kind : ndarray of int64, shape (n,), optional
        A number that is the same for buildings of one kind and about one height.
    """

    x: Floats
    y: Floats
    amount: Floats
    kind: NDArray[np.int64] | None = None

    def where(self, chosen: NDArray[np.bool_]) -> Households:
        """Return a part of the buildings."""
        kind = None if self.kind is None else self.kind[chosen]
        return Households(self.x[chosen], self.y[chosen], self.amount[chosen], kind)


NOBODY = Households(np.empty(0), np.empty(0), np.empty(0))


@dataclass(frozen=True, eq=False)
class Context:
    """What an analysis may ask for besides its own incidents.

    Attributes
    ----------
    between : callable
        Returns the incidents of the same area and categories in another span of days.
    households : callable
        Returns where people live.
    streets : callable
        Returns the streets as lines in metres, with their names.
    cells : callable
        Returns the outlines of the basic grid cells of today, in metres.
    others : callable
        Returns the incidents of all other categories of the same area in a span of days.
    """

    between: Callable[[date, date], Events]
    households: Callable[[], Households]
    streets: Callable[[], tuple[NDArray[np.object_], list[str | None]]]
    cells: Callable[[], NDArray[np.object_]]
    others: Callable[[date, date], Events]


def days_of(time: Times) -> Floats:
    """Return local moments as days, with fractions, since 1970."""
    return time.astype("datetime64[s]").astype(np.int64) / 86_400
