"""Who is whose neighbour: sparse matrices of weights for local statistics.

Each function returns a square CSR matrix with a 1 where the column is a neighbour of the row, with
sorted columns and without the row itself. Gi* counts a place as its own neighbour: `with_self`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats, Grid, Integers

Weights: TypeAlias = "sparse.csr_array[np.float64, tuple[int, int]]"
Rule = Literal["queen", "rook"]

# Offsets of row and column, in the order of the numbers.
_ROOK = [(-1, 0), (0, -1), (0, 1), (1, 0)]
_QUEEN = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def within_distance(x: Floats, y: Floats, band_m: float) -> Weights:
    """Make all places neighbours that are no further apart than the band.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres in a metric CRS.
    band_m : float
        The greatest distance between neighbours, included.

    Returns
    -------
    csr_array, shape (n, n)
        Symmetric. Its memory grows with the number of neighbours, 12 bytes each.
    """
    pairs = cKDTree(np.column_stack([x, y])).query_pairs(band_m, output_type="ndarray")
    return _symmetric(pairs[:, 0], pairs[:, 1], len(x))


def nearest(x: Floats, y: Floats, k: int) -> Weights:
    """Make the k nearest places the neighbours of each.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres in a metric CRS.
    k : int
        How many; of those equally far, any.

    Returns
    -------
    csr_array, shape (n, n)
        With k ones in each row; not symmetric.

    Raises
    ------
    Unsuitable
        ``TOO_FEW``: there are not more than k places.
    """
    n = len(x)
    if n <= k:
        raise Unsuitable(Reason.TOO_FEW, places=n, least=k + 1)
    points = np.column_stack([x, y])
    found = np.asarray(cKDTree(points).query(points, k + 1)[1])
    # Where several places coincide, the place itself need not be the first found, or not be
    # found at all; then the last is left out instead.
    own = found == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True
    columns = np.sort(found[~own].reshape(n, k), axis=1)
    return _csr(columns.ravel(), np.arange(n + 1) * k)


def contiguous(polygons: NDArray[np.object_], rule: Rule = "queen") -> Weights:
    """Make those polygons neighbours that share a border.

    Parameters
    ----------
    polygons : ndarray of Polygon or MultiPolygon, shape (n,)
        Valid; borders need not have the same corners.
    rule : {"queen", "rook"}
        A queen is content with a corner, a rook asks for a piece of the border.

    Returns
    -------
    csr_array, shape (n, n)
        Symmetric.
    """
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    if rule == "rook":
        shared = shapely.intersection(polygons[left], polygons[right])
        border = shapely.length(shared) > 0
        left, right = left[border], right[border]
    return _symmetric(left, right, len(polygons))


def adjacent(grid: Grid, rule: Rule = "queen") -> Weights:
    """Make those shapes of a grid neighbours that touch, by their places alone.

    Parameters
    ----------
    grid : Grid
        Hexagons have six neighbours by either rule.
    rule : {"queen", "rook"}
        Eight or four neighbours of a square.

    Returns
    -------
    csr_array, shape (n, n)
        Symmetric. Two shapes that touch only outside the area are neighbours too.
    """
    padded = np.pad(grid.numbers, 1, constant_values=-1)
    row = grid.row - grid.row[0] + 1
    column = grid.column - grid.column.min() + 1
    if grid.kind == "hexagon":
        # The rows above and below are half a shape to the west for even rows, to the east for odd.
        west = (grid.row & 1) - 1
        steps = [(-1, west), (-1, west + 1), (0, -1), (0, 1), (1, west), (1, west + 1)]
        found = [padded[row + up, column + across] for up, across in steps]
    else:
        offsets = _QUEEN if rule == "queen" else _ROOK
        found = [padded[row + up, column + across] for up, across in offsets]
    neighbours = np.stack(found, axis=1)
    there = neighbours >= 0
    return _csr(neighbours[there], np.concatenate([[0], np.cumsum(there.sum(axis=1))]))


def with_self(weights: Weights) -> Weights:
    """Make each place its own neighbour too, with weight 1, as Gi* has it."""
    n = weights.shape[0]
    whole = (weights + sparse.eye_array(n, format="csr")).tocsr()
    whole.sort_indices()
    return whole


def islands(weights: Weights) -> Integers:
    """Return the numbers of the places without any neighbour but themselves."""
    others = np.diff(weights.indptr) - (weights.diagonal() != 0)
    return np.flatnonzero(others == 0)


def _symmetric(left: Integers, right: Integers, n: int) -> Weights:
    """Return the matrix of pairs that are given once."""
    rows, columns = np.concatenate([left, right]), np.concatenate([right, left])
    matrix = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n)).tocsr()
    matrix.sort_indices()
    return matrix


def _csr(columns: Integers, starts: Integers) -> Weights:
    """Return the matrix of rows whose sorted columns follow each other."""
    n = len(starts) - 1
    indices, indptr = columns.astype(np.int32), starts.astype(np.int32)
    return sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(n, n))
