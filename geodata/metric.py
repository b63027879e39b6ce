"""Planes and measures in metres for an area in degrees."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj

from geodata import chinese_datums
from geodata.chinese_datums import Floats
from geodata.crs import crs_of_code
from geodata.gauss_kruger import epsg_code, gauss_kruger_zone
from geodata.messages import GeodataError, Message


def local_metric_crs(lon: float, lat: float) -> pyproj.CRS:
    """Choose a plane in metres for an area around a point.

    Parameters
    ----------
    lon, lat : float
        WGS 84 degrees.

    Returns
    -------
    pyproj.CRS
        The 3° Gauss-Krüger zone of CGCS2000 (EPSG:4534 to 4554, eastings without the zone)
        inside `chinese_datums.BOX`, elsewhere the UTM zone.

    Raises
    ------
    GeodataError
        When the point is not on the globe.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise GeodataError(
            Message("{lon}, {lat} is no longitude and latitude in degrees", lon=lon, lat=lat)
        )
    if chinese_datums.in_box(lon, lat):
        zone = int(np.clip(gauss_kruger_zone(lon), 25, 45))
        return crs_of_code(epsg_code(zone, prefixed=False))
    utm = min(int((lon + 180) // 6) + 1, 60)
    return crs_of_code(f"EPSG:{(32600 if lat >= 0 else 32700) + utm}")


def metric_crs_of(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> pyproj.CRS:
    """Choose the local plane in metres of a frame in EPSG:4326, by the middle of its box.

    Raises
    ------
    GeodataError
        When the frame has no geometry.
    """
    west, south, east, north = frame.total_bounds
    return local_metric_crs(float(west + east) / 2, float(south + north) / 2)


def metres_per_degree(lat: float | Floats) -> Floats:
    """Give the lengths of a degree of longitude and of latitude.

    With them an area is measured, or a distance kept, on degrees themselves: an affine change
    leaves straight what is straight in the database, which no map projection does.

    Parameters
    ----------
    lat : float or ndarray of float64, shape (n,)
        WGS 84 degrees.

    Returns
    -------
    ndarray, shape (2,) or (2, n)
        Metres, from the two radii of curvature of the WGS 84 ellipsoid.
    """
    sine, cosine = np.sin(np.radians(lat)), np.cos(np.radians(lat))
    eccentricity2, axis_m = 0.0066943799901413165, 6378137.0
    across = axis_m / np.sqrt(1 - eccentricity2 * sine**2)
    meridian = across * (1 - eccentricity2) / (1 - eccentricity2 * sine**2)
    lengths: Floats = np.radians(np.array([across * cosine, meridian]))
    return lengths
