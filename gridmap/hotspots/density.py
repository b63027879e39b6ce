"""Density of incidents as a surface: how many in a square kilometre, or against households."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.grids import Floats
from gridmap.hotspots.rasters import Frame, binned, coverage, frame_around, smoothed
from gridmap.hotspots.ticks import Tick

LEAST_INCIDENTS = 10
"""With fewer incidents no surface is made."""

LEAST_HOUSEHOLDS = 50.0
"""Where fewer households are within the kernel's reach, a ratio to them says nothing."""

_LEAST_MASS = 1e-6


@dataclass(frozen=True, eq=False)
class Surface:
    """Values at the middles of pixels.

    Attributes
    ----------
    frame : Frame
        Where the pixels are.
    values : ndarray of float64, shape (rows, columns)
        Of what the function says that made it; row 0 is the southernmost. They go on a pixel
        beyond the border, so that lines of equal value cross it cleanly.
    covered : ndarray of float64, shape (rows, columns)
        The share of each pixel in the area.
    bandwidth_m : float
        The standard deviation of the normal kernel, in metres.
    counted : int
        Incidents in the area.
    """

    frame: Frame
    values: Floats
    covered: Floats
    bandwidth_m: float
    counted: int


def density(
    x: Floats,
    y: Floats,
    area: shapely.Geometry,
    bandwidth_m: float,
    *,
    amounts: Floats | None = None,
    pixels: int = 1024,
    edge_corrected: bool = True,
    tick: Tick | None = None,
) -> Surface:
    """Estimate how many incidents there are in a square kilometre.

    A normal kernel (Silverman 1986, Density estimation, section 4.2) over linearly binned points.
    The density at a place is divided by how much of the kernel around it lies in the area: Diggle
    (1985), A kernel method for smoothing point process data, Applied Statistics 34, 138-147.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Metres in the CRS of the area. Points outside do not count.
    area : Polygon or MultiPolygon
        Valid, in a metric CRS.
    bandwidth_m : float
        The kernel's standard deviation in metres.
    amounts : ndarray of float64, shape (n,), optional
        What each incident counts, not below 0; 1 if not given.
    pixels : int
        Pixels along the longer side of the area.
    edge_corrected : bool
        Without, the density falls off towards the border, as if nothing happened beyond.
    tick : Tick, optional
        Told how far it has come.

    Returns
    -------
    Surface
        Incidents per square kilometre.

    Raises
    ------
    Unsuitable
        ``TOO_FEW`` incidents in the area, all at ``ONE_PLACE``, ``BANDWIDTH_BEYOND_AREA`` (more
        than half the longer side) or ``BANDWIDTH_BELOW_PIXEL``.
    """
    tell = tick or (lambda share: None)
    frame, covered = _framed(area, bandwidth_m, pixels)
    tell(0.2)
    bins, counted = binned(frame, covered, area, x, y, amounts)
    _check_points(x, y, counted)
    tell(0.4)
    values = smoothed(bins, bandwidth_m / frame.step_m)
    tell(0.7)
    if edge_corrected:
        mass = smoothed(covered, bandwidth_m / frame.step_m)
        # Far beyond the border, next to nothing would be divided by next to nothing.
        near = ndimage.binary_dilation(covered > 0, np.ones((3, 3), dtype=bool)) & (
            mass > _LEAST_MASS
        )
        values = np.divide(values, mass, out=np.zeros_like(values), where=near)
    return Surface(frame, values * (1000 / frame.step_m) ** 2, covered, bandwidth_m, counted)


def relative_risk(
    incidents: tuple[Floats, Floats],
    homes: tuple[Floats, Floats],
    households: Floats,
    area: shapely.Geometry,
    bandwidth_m: float,
    *,
    pixels: int = 1024,
    least_households: float = LEAST_HOUSEHOLDS,
) -> Surface:
    """Estimate how many times as many incidents there are as the households would suggest.

    The ratio of two densities of one bandwidth, in which the correction at the border cancels:
    Kelsall and Diggle (1995), Non-parametric estimation of spatial variation in relative risk,
    Statistics in Medicine 14, 2335-2342.

    Parameters
    ----------
    incidents, homes : tuple of ndarray of float64
        x and y of the incidents and of the buildings, in metres in the CRS of the area.
    households : ndarray of float64, shape of the homes
        How many live in each building.
    area : Polygon or MultiPolygon
        Valid, in a metric CRS.
    bandwidth_m : float
        The kernel's standard deviation in metres.
    pixels : int
        Pixels along the longer side of the area.
    least_households : float
        Where fewer are around, in an area of 4 pi times the squared bandwidth, is no value.

    Returns
    -------
    Surface
        1 where there are as many as expected; NaN where too few live.

    Raises
    ------
    Unsuitable
        As `density`, and ``NO_POPULATION``: nobody lives in the area, or nowhere enough.
    """
    frame, covered = _framed(area, bandwidth_m, pixels)
    bins, counted = binned(frame, covered, area, *incidents)
    _check_points(*incidents, counted)
    lived, _ = binned(frame, covered, area, *homes, households)
    steps = bandwidth_m / frame.step_m
    around = smoothed(lived, steps)
    enough = around * (4 * np.pi * steps**2) >= least_households
    if not (enough & (covered > 0)).any() or not lived.sum() > 0:
        raise Unsuitable(Reason.NO_POPULATION, households=float(lived.sum()))
    ratio = np.full(around.shape, np.nan)
    np.divide(smoothed(bins, steps), around, out=ratio, where=enough)
    return Surface(frame, ratio * (lived.sum() / bins.sum()), covered, bandwidth_m, counted)


def sampled(surface: Surface, x: Floats, y: Floats) -> Floats:
    """Read a surface at places, for example at the pixels of a tile, linearly between its pixels.

    Parameters
    ----------
    surface : Surface
    x, y : ndarray of float64, of one shape
        Metres in the CRS of the area.

    Returns
    -------
    ndarray of float64, of the same shape
        NaN outside the area.
    """
    frame = surface.frame
    across, up = (x - frame.west) / frame.step_m, (y - frame.south) / frame.step_m
    inside = (across >= 0) & (across < frame.columns) & (up >= 0) & (up < frame.rows)
    column, row = across[inside].astype(np.int64), up[inside].astype(np.int64)
    inside[inside] = surface.covered[row, column] > 0
    result = np.full(np.shape(x), np.nan)
    places = np.stack([up[inside], across[inside]]) - 0.5
    result[inside] = ndimage.map_coordinates(surface.values, places, order=1, mode="nearest")
    return result


def classed(values: Floats, levels: Floats) -> NDArray[np.uint8]:
    """Return how many of the rising levels each value reaches, 0 where it is NaN.

    With `sampled` this is a tile of palette colours: 0 is transparent.
    """
    reached = np.searchsorted(levels, values, side="right")
    return np.where(np.isnan(values), 0, reached).astype(np.uint8)


def _framed(area: shapely.Geometry, bandwidth_m: float, pixels: int) -> tuple[Frame, Floats]:
    """Return the frame around an area and what is covered of it, if the bandwidth fits."""
    west, south, east, north = (float(side) for side in shapely.bounds(area))
    most = max(east - west, north - south) / 2
    if bandwidth_m > most:
        raise Unsuitable(Reason.BANDWIDTH_BEYOND_AREA, bandwidth_m=bandwidth_m, most_m=most)
    frame = frame_around((west, south, east, north), pixels)
    if not bandwidth_m >= frame.step_m:
        raise Unsuitable(
            Reason.BANDWIDTH_BELOW_PIXEL, bandwidth_m=bandwidth_m, least_m=frame.step_m
        )
    return frame, coverage(area, frame)


def _check_points(x: Floats, y: Floats, counted: int) -> None:
    if counted < LEAST_INCIDENTS:
        raise Unsuitable(Reason.TOO_FEW, incidents=counted, least=LEAST_INCIDENTS)
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        raise Unsuitable(Reason.ONE_PLACE, incidents=counted)
