"""The coordinate systems that files come in, and the way to WGS 84 and back.

Arrays always hold longitude (or easting) first and latitude (or northing) second, whatever
order the authority of a code declares: EPSG:4490, for one, declares latitude first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import ArrayLike
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from geodata import chinese_datums
from geodata.chinese_datums import Floats, Pair
from geodata.crs_names import read_name
from geodata.gauss_kruger import epsg_code, gauss_kruger_zone, settle_zone, zone_of_code
from geodata.messages import GeodataError, Message

_Shift = Callable[[ArrayLike, ArrayLike], Pair]

#: The datums that pyproj does not know.
SHIFTS: dict[str, tuple[_Shift, _Shift]] = {
    "GCJ-02": (chinese_datums.gcj02_to_wgs84, chinese_datums.wgs84_to_gcj02),
    "BD-09": (chinese_datums.bd09_to_wgs84, chinese_datums.wgs84_to_bd09),
}


@dataclass(frozen=True)
class CoordinateSystem:
    """The coordinate system of a file.

    Attributes
    ----------
    name : str
        The name under which `parse` finds it again: ``"WGS 84"``, ``"GCJ-02"``, ``"BD-09"``,
        ``"EPSG:4490"``, ``"CGCS2000 GK"`` (the zone is still to be read from the eastings) ...
        Only of a system without a code, from a file, it is a mere label.
    crs : pyproj.CRS or None
        None for WGS 84 and the two datums that pyproj does not know.
    zone : int or None
        The Gauss-Krüger zone of CGCS2000 that was named: 13 to 23 (6°) or 25 to 45 (3°).
    """

    name: str
    crs: pyproj.CRS | None = field(default=None, compare=False, repr=False)
    zone: int | None = None

    @classmethod
    def parse(cls, text: str) -> CoordinateSystem:
        """Read the name of a coordinate system as a person writes it.

        Parameters
        ----------
        text : str
            ``wgs84``, ``gcj02``, ``bd09``, ``cgcs2000``, ``cgcs2000 gk zone 39``,
            ``CGCS2000_3_Degree_GK_CM_117E``, ``EPSG:4527``, ``ESRI:102696`` ... Capitals, blanks
            and punctuation do not matter.

        Returns
        -------
        CoordinateSystem

        Raises
        ------
        GeodataError
            When the name or the code is unknown; the message lists what is accepted.
        """
        found = read_name(text)
        if found is None:
            raise _unknown(text)
        name, zone = found
        return _from_code(name) if ":" in name else cls(name, zone=zone)

    @classmethod
    def from_crs(cls, crs: pyproj.CRS) -> CoordinateSystem:
        """Take over the system that a file declares.

        Parameters
        ----------
        crs : pyproj.CRS
            For instance the ``crs`` of a GeoDataFrame.

        Raises
        ------
        GeodataError
            When it is neither geographic nor projected, for instance an engineering plane.
        """
        if not (crs.is_geographic or crs.is_projected):
            raise GeodataError(
                Message(
                    "{name} has no longitude and latitude and no map plane: choose another "
                    "coordinate system",
                    name=crs.name,
                )
            )
        if crs.equals(_WGS84, ignore_axis_order=True):
            return cls("WGS 84")
        authority = crs.to_authority()
        name = ":".join(authority) if authority else crs.name
        # Files that declare a zone with its prefix often leave the prefix out.
        return cls(name, crs, zone_of_code(name))

    @property
    def is_geographic(self) -> bool:
        """Whether the coordinates are degrees."""
        if self.name == "CGCS2000 GK":
            return False
        return self.zone is None and (self.crs is None or bool(self.crs.is_geographic))

    def for_eastings(self, x: ArrayLike) -> CoordinateSystem:
        """Settle what the file's eastings tell: the zone, and whether they start with it.

        Parameters
        ----------
        x : array_like
            Eastings in metres; NaN is left out.

        Returns
        -------
        CoordinateSystem
            Itself, unless it is a Gauss-Krüger system of CGCS2000 with a zone in its name or in its
            eastings (EPSG:4491 to 4501 and 4513 to 4533).

        Raises
        ------
        GeodataError
            When the eastings fit no zone, several zones, or another zone than the one named.
        """
        if self.zone is None and self.name != "CGCS2000 GK":
            return self
        zone, prefixed = settle_zone(np.asarray(x, float), self.zone)
        return replace(self, crs=crs_of_code(epsg_code(zone, prefixed=prefixed)), zone=zone)

    def caution(self) -> Message | None:
        """Say whether the way from this system to WGS 84 is only a guess.

        Returns
        -------
        Message or None
            A warning for a datum such as Xi'an 1980 or Beijing 1954, whose shift is not public.
        """
        if self.crs is None:
            return None
        with warnings.catch_warnings():
            # A missing grid file is no matter here: the next best shift is good to some metres.
            warnings.simplefilter("ignore", UserWarning)
            group = TransformerGroup(self.crs, _WGS84, always_xy=True)
        best = group.transformers
        geodetic = self.crs.geodetic_crs
        datum = self.crs.name if geodetic is None else geodetic.name
        if datum in _SAME_AS_WGS84 or (best and best[0].accuracy >= 0):
            return None
        return Message(
            "the shift from {datum} to WGS 84 is not public: positions may be wrong by a hundred "
            "metres; ask for the data in CGCS2000",
            datum=datum,
        )


_WGS84 = pyproj.CRS("EPSG:4326")
_SAME_AS_WGS84 = {"WGS 84", "China Geodetic Coordinate System 2000", "GCS_China_Geodetic_2000"}


def to_wgs84(x: ArrayLike, y: ArrayLike, system: CoordinateSystem) -> Pair:
    """Convert coordinates to WGS 84.

    Parameters
    ----------
    x, y : array_like
        Longitudes or eastings, and latitudes or northings, of equal shape.
    system : CoordinateSystem
        What they are in.

    Returns
    -------
    tuple of ndarray
        Longitudes and latitudes in degrees; NaN where a point has no place on the globe. A
        point 0, 0 of a projected system comes out as the place of its false origin, so whoever
        takes 0, 0 for "unknown" must look before.

    Raises
    ------
    GeodataError
        When eastings contradict the Gauss-Krüger zone, or none is told.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if system.name in SHIFTS:
        return SHIFTS[system.name][0](x, y)
    crs = system.for_eastings(x).crs
    return (x.copy(), y.copy()) if crs is None else _project(crs, _WGS84, x, y)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, system: CoordinateSystem) -> Pair:
    """Convert WGS 84 to another system; the inverse of `to_wgs84`.

    Parameters
    ----------
    lon, lat : array_like
        Degrees, of equal shape.
    system : CoordinateSystem
        The system wanted. ``CGCS2000 GK`` without a zone takes the 3° zone of the middle
        longitude; eastings start with the zone, except in EPSG:4502 to 4512 and 4534 to 4554.

    Returns
    -------
    tuple of ndarray
        Longitudes or eastings, and latitudes or northings; NaN where there are none.
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    if system.name in SHIFTS:
        return SHIFTS[system.name][1](lon, lat)
    crs = for_longitudes(system, lon).crs
    return (lon.copy(), lat.copy()) if crs is None else _project(_WGS84, crs, lon, lat)


def for_longitudes(system: CoordinateSystem, lon: ArrayLike) -> CoordinateSystem:
    """Settle the zone in which data at these longitudes are written.

    Parameters
    ----------
    system : CoordinateSystem
    lon : array_like
        Degrees.

    Returns
    -------
    CoordinateSystem
        Itself, unless it is a Gauss-Krüger system of CGCS2000 named without an EPSG code.
    """
    if system.zone is None and system.name != "CGCS2000 GK":
        return system
    zone = system.zone
    if zone is None:
        lon = np.asarray(lon, float)
        west_east = [lon.min(), lon.max()] if np.isfinite(lon).all() and lon.size else [np.nan]
        zone = int(gauss_kruger_zone(np.clip(np.mean(west_east), 75, 135)))
    return replace(system, crs=crs_of_code(epsg_code(zone, prefixed=True)), zone=zone)


def _project(source: pyproj.CRS, target: pyproj.CRS, x: Floats, y: Floats) -> Pair:
    there = _transformer(source, target).transform(x, y)
    out_x, out_y = (np.asarray(v, float) for v in there)
    lost = ~(np.isfinite(out_x) & np.isfinite(out_y))
    return np.where(lost, np.nan, out_x), np.where(lost, np.nan, out_y)


@lru_cache(maxsize=64)
def _transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=64)
def crs_of_code(code: str) -> pyproj.CRS:
    """Return the system of a code, made once."""
    return pyproj.CRS(code)


def _from_code(code: str) -> CoordinateSystem:
    try:
        crs = crs_of_code(code)
    except CRSError as error:
        raise _unknown(code) from error
    return CoordinateSystem.from_crs(crs)


def _unknown(text: str) -> GeodataError:
    return GeodataError(
        Message(
            "{text} is no coordinate system known here: give wgs84, gcj02, bd09, cgcs2000, "
            "cgcs2000 gk zone 39 (a Gauss-Krüger zone: 13 to 23 are 6° wide, 25 to 45 are 3° "
            "wide), or a code such as EPSG:4527 or ESRI:102696",
            text=text,
        )
    )
