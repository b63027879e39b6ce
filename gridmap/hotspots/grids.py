"""Hexagons and squares of any size over an area, and what lies in each of them.

Which shape a point lies in is worked out from its coordinates, without a spatial join. The lattice
is fixed to the origin of the metric CRS, so two grids of one kind and size lie on each other,
whatever their areas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.faults import Reason, Unsuitable

Kind = Literal["hexagon", "square"]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_CELLS = 500_000
"""Shapes in the box around the area, beyond which a map of them helps nobody."""

_LEAST_SHARE = 1e-9
_ROW_HEIGHT = float(np.sqrt(3) / 2)


@dataclass(frozen=True, eq=False)
class Grid:
    """Equal shapes over an area.

    Attributes
    ----------
    kind : {"hexagon", "square"}
        Hexagons stand on a corner; every second row is half a shape to the east.
    size_m : float
        The distance between opposite sides, in metres, and so between neighbours in a row.
    area : Polygon or MultiPolygon
        What the grid lies over, in the metric CRS.
    clipped : bool
        Whether the shapes end where the area ends; points outside it then lie in none.
    row, column : ndarray of int64, shape (n,)
        The place in the lattice, which names a shape whatever the area. Rows count to the north.
    numbers : ndarray of int64, shape (rows, columns)
        The number of the shape at each place of the box around the area, -1 where there is none.
    shapes : ndarray of object, shape (n,)
        Polygons, row by row from south-west.
    areas_m2 : ndarray of float64, shape (n,)
        Their sizes, after clipping.
    cut : ndarray of bool, shape (n,)
        Whether the border of the area runs through the whole shape.
    """

    kind: Kind
    size_m: float
    area: shapely.Geometry
    clipped: bool
    row: Integers
    column: Integers
    numbers: Integers
    shapes: NDArray[np.object_]
    areas_m2: Floats
    cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.shapes)

    def centres(self) -> tuple[Floats, Floats]:
        """Return the middle points of the whole shapes, clipped or not, in metres."""
        return _centres(self.kind, self.size_m, self.row, self.column)

    def locate(self, x: Floats, y: Floats) -> Integers:
        """Find the shape that each point lies in.

        Parameters
        ----------
        x, y : ndarray of float64, shape (points,)
            Metres in the CRS of the area.

        Returns
        -------
        ndarray of int64, shape (points,)
            The number of the shape, -1 where there is none. A point on the border of two shapes
            lies in one of them.
        """
        row, column = _places(self.kind, self.size_m, x, y)
        rows, columns = self.numbers.shape
        row -= self.row[0]
        column -= _first_column(self)
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        numbers = np.full(len(x), -1, dtype=np.int64)
        numbers[inside] = self.numbers[row[inside], column[inside]]
        if self.clipped:
            doubtful = np.flatnonzero((numbers >= 0) & self.cut[numbers])
            shapely.prepare(self.area)
            beyond = ~shapely.intersects_xy(self.area, x[doubtful], y[doubtful])
            numbers[doubtful[beyond]] = -1
        return numbers

    def counts(self, x: Floats, y: Floats) -> Integers:
        """Count the points in each shape; see `locate`."""
        counts: Integers = np.bincount(self.locate(x, y) + 1, minlength=len(self) + 1)[1:]
        return counts

    def totals(self, x: Floats, y: Floats, amounts: Floats) -> Floats:
        """Add up the amounts of the points in each shape, for example their households."""
        numbers = self.locate(x, y) + 1
        whole = np.bincount(numbers, weights=amounts, minlength=len(self) + 1)
        return whole[1:].astype(np.float64)


def make_grid(area: shapely.Geometry, kind: Kind, size_m: float, *, clip: bool = True) -> Grid:
    """Lay hexagons or squares over an area.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        Valid, in a metric CRS.
    kind : {"hexagon", "square"}
        The shape.
    size_m : float
        The distance between opposite sides, in metres. A hexagon has 0.866 times the area of the
        square of this size.
    clip : bool
        Cut the shapes at the border of the area; otherwise those stay whole that have some of
        their area in it.

    Returns
    -------
    Grid
        With at least one shape.

    Raises
    ------
    Unsuitable
        ``TOO_MANY_CELLS``: the box around the area would hold more than `MOST_CELLS` shapes.
    ValueError
        When the area has no size, or the size is not above 0.
    """
    if not size_m > 0 or not shapely.area(area) > 0:
        raise ValueError("a grid needs an area and a size above 0")
    row, column = _lattice(area, kind, size_m)
    shapely.prepare(area)
    whole = _outlines(kind, size_m, row, column)
    near = shapely.intersects(area, whole)
    row, column, whole = row[near], column[near], whole[near]
    cut = ~shapely.covers(area, whole)
    pieces = whole.copy()
    pieces[cut] = _polygons_of(shapely.intersection(area, whole[cut]))
    sizes = shapely.area(pieces)
    kept = sizes > _LEAST_SHARE * shapely.area(whole)
    row, column, cut = row[kept], column[kept], cut[kept]
    shapes: NDArray[np.object_] = (pieces if clip else whole)[kept]
    numbers = np.full((np.ptp(row) + 1, np.ptp(column) + 1), -1, dtype=np.int64)
    numbers[row - row[0], column - column.min()] = np.arange(len(row))
    areas = np.asarray(shapely.area(shapes), dtype=np.float64)
    return Grid(kind, size_m, area, clip, row, column, numbers, shapes, areas, cut)


def _first_column(grid: Grid) -> int:
    return int(grid.column.min())


def _lattice(area: shapely.Geometry, kind: Kind, size_m: float) -> tuple[Integers, Integers]:
    """Return the places of the box around the area, row by row."""
    west, south, east, north = shapely.bounds(area)
    height = size_m * (_ROW_HEIGHT if kind == "hexagon" else 1)
    wanted = ((east - west) / size_m + 3) * ((north - south) / height + 3)
    if wanted > MOST_CELLS:
        raise Unsuitable(Reason.TOO_MANY_CELLS, cells=float(wanted), most=MOST_CELLS)
    corners_x, corners_y = np.array([west, east]), np.array([south, north])
    rows, columns = _places(kind, size_m, corners_x, corners_y)
    row, column = np.mgrid[rows[0] - 1 : rows[1] + 2, columns[0] - 1 : columns[1] + 2]
    return row.ravel(), column.ravel()


def _places(kind: Kind, size_m: float, x: Floats, y: Floats) -> tuple[Integers, Integers]:
    """Return row and column of the lattice shape around each point."""
    if kind == "square":
        return np.floor(y / size_m).astype(np.int64), np.floor(x / size_m).astype(np.int64)
    # The middle points are those of two lattices of rectangles, the even rows and the odd ones;
    # in each, the nearest is found by rounding, and the nearer of both owns the point.
    across, up = x / size_m, y / (2 * _ROW_HEIGHT * size_m)
    even_row, even_column = np.rint(up), np.rint(across)
    odd_row, odd_column = np.floor(up), np.floor(across)
    steep = 4 * _ROW_HEIGHT**2
    even = (across - even_column) ** 2 + steep * (up - even_row) ** 2
    odd = (across - odd_column - 0.5) ** 2 + steep * (up - odd_row - 0.5) ** 2
    nearer = even <= odd
    row = np.where(nearer, 2 * even_row, 2 * odd_row + 1).astype(np.int64)
    return row, np.where(nearer, even_column, odd_column).astype(np.int64)


def _centres(kind: Kind, size_m: float, row: Integers, column: Integers) -> tuple[Floats, Floats]:
    if kind == "square":
        x, y = (column + 0.5) * size_m, (row + 0.5) * size_m
    else:
        x, y = (column + 0.5 * (row & 1)) * size_m, row * (_ROW_HEIGHT * size_m)
    return x.astype(np.float64), y.astype(np.float64)


def _outlines(kind: Kind, size_m: float, row: Integers, column: Integers) -> NDArray[np.object_]:
    """Return the whole shapes; corners are whole steps of a lattice, so neighbours share them."""
    if kind == "square":
        step_x = step_y = size_m
        east, north = np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1])
        x, y = column[:, None] + east, row[:, None] + north
    else:
        step_x, step_y = size_m / 2, size_m / (2 * np.sqrt(3))
        east, north = np.array([0, 1, 1, 0, -1, -1]), np.array([-2, -1, 1, 2, 1, -1])
        x, y = (2 * column + (row & 1))[:, None] + east, 3 * row[:, None] + north
    return np.asarray(shapely.polygons(np.stack([x * step_x, y * step_y], axis=-1)), dtype=object)


def _polygons_of(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Leave out the lines and points that remain where a shape touches the border."""
    result = geometries.copy()
    mixed = shapely.get_type_id(geometries) == shapely.GeometryType.GEOMETRYCOLLECTION
    for i in np.flatnonzero(mixed):
        parts = shapely.get_parts(geometries[i])
        result[i] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return result
