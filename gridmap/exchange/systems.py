"""The coordinate systems in which features are told (OGC API Features Part 2).

A system's URI names it; the order of axes is that of its authority: EPSG:4326 and EPSG:4490 have
the latitude first, CRS84 the longitude. The projected systems of CGCS2000 have the northing first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyproj import CRS, Transformer

from geodata.messages import Message
from gridmap.errors import ParameterError

_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@dataclass(frozen=True)
class System:
    """A coordinate system.

    Attributes
    ----------
    uri : str
    srid : int
        As PostGIS numbers it.
    flipped : bool
        Whether its first axis points north.
    metric : bool
        Whether its units are metres.
    """

    uri: str
    srid: int
    flipped: bool = False
    metric: bool = False


CRS84 = System("http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326)
_EVERYWHERE = (
    CRS84,
    System(f"{_EPSG}4326", 4326, flipped=True),
    System(f"{_EPSG}4490", 4490, flipped=True),
    System(f"{_EPSG}3857", 3857, metric=True),
)


def gauss_kruger_zone(longitude: float) -> System:
    """Return the three-degree zone of CGCS2000 around a longitude, without a zone prefix.

    EPSG numbers those with central meridians 75°E to 135°E from 4534 to 4554.
    """
    zone = min(max(round(longitude / 3), 25), 45)
    srid = 4534 + zone - 25
    return System(f"{_EPSG}{srid}", srid, flipped=True, metric=True)


def systems(longitude: float | None) -> Mapping[str, System]:
    """Return the systems offered in an area, by their URIs.

    Parameters
    ----------
    longitude : float or None
        Of the area's middle.
    """
    offered = list(_EVERYWHERE)
    if longitude is not None and 73.5 <= longitude <= 136.5:
        offered.append(gauss_kruger_zone(longitude))
    return {one.uri: one for one in offered}


def find_system(uri: str, offered: Mapping[str, System], parameter: str) -> System:
    """Return a system by its URI, or by the short form ``EPSG:4326``.

    Raises
    ------
    ParameterError
        If it is not offered (Part 2, Req 6).
    """
    short = uri.upper().removeprefix("[").removesuffix("]")
    if short in {"CRS84", "OGC:CRS84"}:
        return CRS84
    if short.startswith("EPSG:"):
        uri = _EPSG + short.removeprefix("EPSG:")
    found = offered.get(uri)
    if found is None:
        raise ParameterError(
            parameter,
            Message(
                "{parameter}: {value} is not offered. There are: {names}.",
                parameter=parameter,
                value=uri[:100],
                names=", ".join(offered),
            ),
        )
    return found


def to_wgs84(
    box: tuple[float, float, float, float], system: System
) -> tuple[float, float, float, float]:
    """Return the box in longitude and latitude around a box in a system, in its order of axes.

    Raises
    ------
    ParameterError
        If a box in metres has its corners in another order; in degrees it may go round the earth.
    """
    a, b, c, d = box
    if system.flipped:
        a, b, c, d = b, a, d, c
    if system.srid in {4326, 4490}:
        return a, b, c, d
    if a > c or b > d:
        raise ParameterError(
            "bbox", Message("bbox: in metres the second corner lies north-east of the first.")
        )
    transformer = Transformer.from_crs(CRS.from_epsg(system.srid), 4326, always_xy=True)
    west, south, east, north = transformer.transform_bounds(a, b, c, d)
    return west, south, east, north
