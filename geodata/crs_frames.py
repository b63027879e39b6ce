"""Frames into WGS 84 and out of it."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.chinese_datums import Floats, Pair
from geodata.crs import SHIFTS, CoordinateSystem, for_longitudes, from_wgs84, to_wgs84

_WGS84 = "EPSG:4326"


def frame_to_wgs84(frame: gpd.GeoDataFrame, system: CoordinateSystem) -> gpd.GeoDataFrame:
    """Convert the geometry of a frame to WGS 84.

    Parameters
    ----------
    frame : GeoDataFrame
        Its own ``crs`` is not looked at.
    system : CoordinateSystem
        What its coordinates are in, x (longitude, easting) first. Heights are dropped.

    Returns
    -------
    GeoDataFrame
        In EPSG:4326. A geometry of which any point has no place on the globe becomes None.

    Raises
    ------
    GeodataError
        As `to_wgs84`.
    """
    geometries = _reshape(frame, lambda x, y: to_wgs84(x, y, system))
    return frame.set_geometry(gpd.GeoSeries(geometries, index=frame.index, crs=_WGS84))


def frame_from_wgs84(frame: gpd.GeoDataFrame, system: CoordinateSystem) -> gpd.GeoDataFrame:
    """Convert the geometry of a frame in EPSG:4326 to another system.

    Parameters
    ----------
    frame : GeoDataFrame
        Longitude first; heights are dropped.
    system : CoordinateSystem
        See `from_wgs84` for the choice of a Gauss-Krüger zone.

    Returns
    -------
    GeoDataFrame
        With the ``crs`` of the system; without one for GCJ-02 and BD-09, which have no code. A
        geometry that the system cannot hold becomes None.
    """
    longitudes = shapely.get_coordinates(frame.geometry.to_numpy())[:, 0]
    system = for_longitudes(system, longitudes)
    geometries = _reshape(frame, lambda lon, lat: from_wgs84(lon, lat, system))
    crs = None if system.name in SHIFTS else system.crs or _WGS84
    renamed = frame.set_crs(None, allow_override=True)
    return renamed.set_geometry(gpd.GeoSeries(geometries, index=frame.index, crs=crs))


def _reshape(
    frame: gpd.GeoDataFrame, convert: Callable[[Floats, Floats], Pair]
) -> NDArray[np.object_]:
    def columns(xy: Floats) -> Floats:
        return np.column_stack(convert(xy[:, 0], xy[:, 1]))

    geometries: NDArray[np.object_] = shapely.transform(frame.geometry.to_numpy(), columns)
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    geometries[owner[~np.isfinite(coordinates).all(axis=1)]] = None
    return geometries
