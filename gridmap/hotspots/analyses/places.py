"""The places that local statistics compare, their values and who is whose neighbour: as chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.analyses.events import Area, Context, Events, Floats
from gridmap.hotspots.analyses.parameters import PlaceParameters
from gridmap.hotspots.analyses.result import fitting_size
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.rates import raw_rates, smoothed_rates
from gridmap.hotspots.weights import Weights, adjacent, contiguous, nearest, within_distance

#: Pairs of neighbours that fit into memory and are gone through in seconds.
MOST_PAIRS = 20_000_000
#: Without a distance of the analyst's, neighbours are this many sizes away.
_REACH = 2.0


@dataclass(frozen=True, eq=False)
class Places:
    """Shapes with what lies in them, n of them.

    Attributes
    ----------
    shapes : ndarray of object, shape (n,)
        In metres.
    where : ndarray of int64, shape (events,)
        The place of each incident, -1 for none.
    counts : ndarray of int64, shape (n,)
    values : ndarray of float64, shape (n,)
        What is compared: counts or incidents per household.
    expected : ndarray of float64, shape (n,)
        Were the incidents spread by area, or by households.
    touching, near : csr_array, shape (n, n)
        Which shapes touch, and the neighbours that were chosen, without the shapes themselves.
    size_m : float
        Of the shapes; of grid cells the root of their mean area.
    distance_m : float
        Up to which shapes are neighbours, 0 where another choice decides.
    left_out : int
        Incidents where nobody lives, which no rate counts.
    """

    shapes: NDArray[np.object_]
    where: NDArray[np.int64]
    counts: NDArray[np.int64]
    values: Floats
    expected: Floats
    touching: Weights
    near: Weights
    size_m: float
    distance_m: float
    left_out: int


@dataclass(frozen=True, eq=False)
class _Shapes:
    shapes: NDArray[np.object_]
    where: NDArray[np.int64]
    lived: Floats | None
    touching: Weights
    x: Floats
    y: Floats
    size_m: float


def make_places(events: Events, area: Area, context: Context, asked: PlaceParameters) -> Places:
    """Count the incidents in the places, and find the neighbours of each.

    Where nobody lives there is no rate: such places are left out when rates are compared.

    Raises
    ------
    Unsuitable
        ``NO_POPULATION``, ``NO_CELLS``, ``TOO_MANY_NEIGHBOURS``, or ``TOO_FEW`` places for as
        many neighbours.
    """
    found = _cells(events, context, asked) if asked.shape == "cell" else None
    found = found or _grid(events, area, context, asked)
    shapes, where, touching = found.shapes, found.where, found.touching
    kept = np.ones(len(shapes), bool) if found.lived is None else found.lived > 0
    left_out = 0
    if not kept.all():
        left_out = int((~kept[where[where >= 0]]).sum())
        number = np.where(kept, np.cumsum(kept) - 1, -1)
        where = np.where(where >= 0, number[where], -1)
        shapes, touching = shapes[kept], touching[kept][:, kept]
    counts = np.bincount(where[where >= 0], minlength=len(shapes)).astype(np.int64)
    share = shapely.area(shapes)
    values = counts.astype(np.float64)
    if found.lived is not None:
        share = found.lived[kept]
        values = (raw_rates if asked.values == "rate" else smoothed_rates)(counts, share)
    band = float(asked.distance_m) or _REACH * found.size_m
    near = _near(asked, found.x[kept], found.y[kept], touching, band, shapes)
    return Places(
        shapes, where, counts, values, expected=counts.sum() * share / share.sum(),
        touching=touching, near=near, size_m=found.size_m,
        distance_m=band if asked.near == "distance" else 0.0, left_out=left_out,
    )  # fmt: skip


def _grid(events: Events, area: Area, context: Context, asked: PlaceParameters) -> _Shapes:
    size = float(asked.size_m) or fitting_size(area, len(events))
    grid = make_grid(area.shape, "square" if asked.shape == "square" else "hexagon", size)
    lived = None
    if asked.values != "count":
        homes = context.households()
        lived = _inhabited(grid.totals(homes.x, homes.y, homes.amount))
    x, y = grid.centres()
    return _Shapes(grid.shapes, grid.locate(events.x, events.y), lived, adjacent(grid), x, y, size)


def _cells(events: Events, context: Context, asked: PlaceParameters) -> _Shapes:
    shapes = context.cells()
    if len(shapes) == 0:
        raise Unsuitable(Reason.NO_CELLS)
    lived = None
    if asked.values != "count":
        homes = context.households()
        at = _inside(shapes, homes.x, homes.y)
        sums = np.bincount(at[at >= 0], weights=homes.amount[at >= 0], minlength=len(shapes))
        lived = _inhabited(sums.astype(np.float64))
    centres = shapely.get_coordinates(shapely.centroid(shapes))
    return _Shapes(
        shapes, _inside(shapes, events.x, events.y), lived, contiguous(shapes),
        centres[:, 0].copy(), centres[:, 1].copy(), float(np.sqrt(shapely.area(shapes).mean())),
    )  # fmt: skip


def _inhabited(lived: Floats) -> Floats:
    if not lived.sum() > 0:
        raise Unsuitable(Reason.NO_POPULATION)
    return lived


def _inside(shapes: NDArray[np.object_], x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return the first shape that each point lies in or on the border of, -1 for none."""
    where = np.full(len(x), len(shapes), dtype=np.int64)
    point, shape = shapely.STRtree(shapes).query(shapely.points(x, y), predicate="intersects")
    np.minimum.at(where, point, shape)
    where[where == len(shapes)] = -1
    return where


def _near(
    asked: PlaceParameters, x: Floats, y: Floats, touching: Weights, band: float,
    shapes: NDArray[np.object_],
) -> Weights:  # fmt: skip
    """Return the neighbours as chosen.

    Raises
    ------
    Unsuitable
        ``TOO_MANY_NEIGHBOURS`` for memory.
    """
    if asked.near == "touching":
        return touching
    n = len(shapes)
    if asked.near == "nearest":
        each = float(asked.nearest)
    else:
        each = min(float(n), np.pi * band**2 / float(shapely.area(shapes).mean()))
    if n * each > MOST_PAIRS:
        raise Unsuitable(Reason.TOO_MANY_NEIGHBOURS, neighbours=each, most=MOST_PAIRS / n)
    return nearest(x, y, asked.nearest) if asked.near == "nearest" else within_distance(x, y, band)
