"""Squares of a raster over an area: what they cover of it, what lies in them, and smoothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from scipy import fft

from gridmap.hotspots.grids import Floats

_MARGIN = 1
_REACH = 6.0
_LEAST_SHARE = 1e-9


@dataclass(frozen=True)
class Frame:
    """Where the pixels of a raster lie; row 0 is the southernmost.

    Attributes
    ----------
    west, south : float
        The corner, in metres of a metric CRS.
    step_m : float
        The side of a pixel.
    rows, columns : int
    """

    west: float
    south: float
    step_m: float
    rows: int
    columns: int

    def axes(self) -> tuple[Floats, Floats]:
        """Return x of the columns and y of the rows, at the middles of pixels."""
        across, up = (np.arange(size) + 0.5 for size in (self.columns, self.rows))
        return (
            (self.west + across * self.step_m).astype(np.float64),
            (self.south + up * self.step_m).astype(np.float64),
        )


def frame_around(bounds: tuple[float, float, float, float], pixels: int) -> Frame:
    """Frame a box of metres, with a pixel more on every side.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east and north.
    pixels : int
        Pixels along the longer side, with the margin.
    """
    west, south, east, north = bounds
    step = max(east - west, north - south) / (pixels - 2 * _MARGIN)
    # Rounding must not add a pixel to a side that is as long as whole pixels.
    columns, rows = (int(np.ceil(side / step - 1e-6)) for side in (east - west, north - south))
    return Frame(
        west - _MARGIN * step, south - _MARGIN * step, step,
        rows + 2 * _MARGIN, columns + 2 * _MARGIN,
    )  # fmt: skip


def coverage(area: shapely.Geometry, frame: Frame) -> Floats:
    """Return the share of each pixel that an area covers, exact but for rounding.

    What is less than a thousand-millionth is 0.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        Valid.
    frame : Frame
        What lies outside it is cut off.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
    """
    east = frame.west + frame.columns * frame.step_m
    north = frame.south + frame.rows * frame.step_m
    box = shapely.box(frame.west, frame.south, east, north)
    inside = area if shapely.covers(box, area) else shapely.intersection(area, box)
    parts = shapely.get_parts(inside)
    polygons = shapely.orient_polygons(parts[shapely.get_dimensions(parts) == 2], exterior_cw=True)
    xy, ring = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    pixels = (xy - [frame.west, frame.south]) / frame.step_m
    # One column more takes what edges on the eastern border would put beyond it.
    changes = np.zeros((frame.rows, frame.columns + 2))
    _add_edges(np.clip(pixels, 0, [frame.columns, frame.rows]), ring, changes)
    covered = np.minimum(np.cumsum(changes, axis=1)[:, : frame.columns], 1.0)
    covered[covered < _LEAST_SHARE] = 0.0
    return covered


def binned(
    frame: Frame,
    covered: Floats,
    area: shapely.Geometry,
    x: Floats,
    y: Floats,
    amounts: Floats | None = None,
) -> tuple[Floats, int]:
    """Share out the points in an area to the four nearest middles of pixels, linearly.

    Wand (1994), Fast computation of multivariate kernel estimators, J. Comput. Graph. Statist. 3,
    433-445: the error is of second order in the pixel, that of whole points is of first order.

    Parameters
    ----------
    frame : Frame
    covered : ndarray of float64, shape (rows, columns)
        What `coverage` gives for the area.
    area : Polygon or MultiPolygon
        Points outside do not count.
    x, y : ndarray of float64, shape (n,)
        Metres.
    amounts : ndarray of float64, shape (n,), optional
        What a point counts, 1 if not given.

    Returns
    -------
    bins : ndarray of float64, shape (rows, columns)
    counted : int
        How many points lie in the area.
    """
    share = _shares(x, y, frame.west, frame.south, frame.step_m, covered)
    # Only where the border runs through a pixel does the point itself have to be looked at.
    doubtful = np.flatnonzero((share > 0) & (share < 1))
    shapely.prepare(area)
    share[doubtful] = shapely.intersects_xy(area, x[doubtful], y[doubtful])
    bins = np.zeros((frame.rows, frame.columns))
    given = np.ones(1) if amounts is None else np.asarray(amounts, dtype=np.float64)
    _share_out(x, y, given, frame.west, frame.south, frame.step_m, share, bins)
    return bins, int(np.count_nonzero(share))


def smoothed(grid: Floats, bandwidth: float) -> Floats:
    """Convolve a raster with a normal kernel, by its transform.

    Parameters
    ----------
    grid : ndarray of float64, shape (rows, columns)
        What lies beyond it is taken for 0.
    bandwidth : float
        The kernel's standard deviation in pixels; from 1 on its sampling does not matter.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        Not below 0.
    """
    return np.maximum(_smoothed_along(1, _smoothed_along(0, grid, bandwidth), bandwidth), 0.0)


def _smoothed_along(axis: int, grid: Floats, bandwidth: float) -> Floats:
    """Convolve all lines along one axis: the kernel is the product of one for each."""
    length = grid.shape[axis]
    size = fft.next_fast_len(length + int(np.ceil(_REACH * bandwidth)), real=True)
    away = np.minimum(np.arange(size), size - np.arange(size))
    kernel = np.exp(-0.5 * (away / bandwidth) ** 2)
    # The transform of what is symmetric around 0 is real.
    transform = fft.rfft(kernel / kernel.sum()).real
    spectrum = fft.rfft(grid, size, axis=axis, workers=-1)
    spectrum *= transform if axis == 1 else transform[:, None]
    lines: Floats = fft.irfft(spectrum, size, axis=axis, workers=-1, overwrite_x=True)
    return lines[:, :length] if axis == 1 else lines[:length]


@njit(cache=True, nogil=True)
def _shares(
    x: Floats, y: Floats, west: float, south: float, step: float, covered: Floats
) -> Floats:
    """Return how much is covered of the pixel of each point, 0 outside the frame."""
    rows, columns = covered.shape
    shares = np.zeros(x.size)
    for k in range(x.size):
        across, up = (x[k] - west) / step, (y[k] - south) / step
        # What is no number lies outside too.
        if 0 <= across < columns and 0 <= up < rows:
            shares[k] = covered[int(up), int(across)]
    return shares


@njit(cache=True, nogil=True)
def _share_out(
    x: Floats, y: Floats, amounts: Floats, west: float, south: float, step: float,
    share: Floats, bins: Floats,
) -> None:  # fmt: skip
    rows, columns = bins.shape
    for k in range(x.size):
        if share[k] <= 0:
            continue
        across, up = (x[k] - west) / step - 0.5, (y[k] - south) / step - 0.5
        amount = amounts[k] if amounts.size > 1 else amounts[0]
        column, row = int(np.floor(across)), int(np.floor(up))
        east, north = across - column, up - row
        # At the border of the frame all goes to the pixels that are there.
        left, right = max(column, 0), min(column + 1, columns - 1)
        below, above = max(row, 0), min(row + 1, rows - 1)
        bins[below, left] += amount * (1 - north) * (1 - east)
        bins[below, right] += amount * (1 - north) * east
        bins[above, left] += amount * north * (1 - east)
        bins[above, right] += amount * north * east


@njit(cache=True, nogil=True)
def _add_edges(xy: Floats, ring: NDArray[np.int64], changes: Floats) -> None:
    """Add what each edge changes in the share covered to the east of it.

    The sum along a row then is the share: the accumulation buffer of font rasterisers (Levien
    2016, font-rs).
    """
    for k in range(1, len(ring)):
        if ring[k] != ring[k - 1] or xy[k, 1] == xy[k - 1, 1]:
            continue
        rising = xy[k, 1] > xy[k - 1, 1]
        low, high = (k - 1, k) if rising else (k, k - 1)
        slope = (xy[high, 0] - xy[low, 0]) / (xy[high, 1] - xy[low, 1])
        last = min(int(np.ceil(xy[high, 1])), changes.shape[0])
        for row in range(int(xy[low, 1]), last):
            bottom, top = max(float(row), xy[low, 1]), min(row + 1.0, xy[high, 1])
            first = xy[low, 0] + (bottom - xy[low, 1]) * slope
            second = xy[low, 0] + (top - xy[low, 1]) * slope
            height = top - bottom if rising else bottom - top
            _add_piece(changes[row], min(first, second), max(first, second), height)


@njit(cache=True, nogil=True)
def _add_piece(changes: Floats, west: float, east: float, height: float) -> None:
    """Add the piece of an edge within a row of pixels."""
    first = int(west)
    before = 0.0
    for column in range(first, len(changes) - 1):
        # The mean, over the height, of the share of this pixel that lies east of the edge.
        share = _mean_share(west - column, east - column)
        changes[column] += height * (share - before)
        before = share
        if east <= column + 1:
            changes[column + 1] += height * (1 - share)
            break


@njit(cache=True, nogil=True)
def _mean_share(west: float, east: float) -> float:
    """Return the mean of 1 - t, kept between 0 and 1, for t from west to east."""
    if east - west < 1e-12:
        return min(max(1 - west, 0.0), 1.0)
    low, high = min(max(west, 0.0), 1.0), min(max(east, 0.0), 1.0)
    area = (high - low) * (1 - 0.5 * (low + high)) + (min(east, 0.0) - min(west, 0.0))
    return area / (east - west)
