"""The zones of the Gauss-Krüger projection as China counts them, and their CGCS2000 codes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.messages import GeodataError, Message

Floats = NDArray[np.float64]
GaussKrugerWidth = Literal[3, 6]

ZONES = (*range(13, 24), *range(25, 46))
"""The zones of China: 13 to 23 are 6° wide, 25 to 45 are 3° wide, so a number tells its width."""


def gauss_kruger_zone(lon: ArrayLike, width: GaussKrugerWidth = 3) -> NDArray[np.int64]:
    """Give the number of the Gauss-Krüger zone, as counted in China.

    Parameters
    ----------
    lon : array_like
        Degrees, finite.
    width : {3, 6}
        Degrees of longitude in a zone.

    Returns
    -------
    ndarray of int
        For example 39 (3°) and 20 (6°) at 117° E. A point on the edge of two belongs to the
        eastern one.
    """
    lon = np.asarray(lon, float)
    zone = np.floor(lon / 3 + 0.5) if width == 3 else np.floor(lon / 6) + 1
    return zone.astype(int)


def epsg_code(zone: int, *, prefixed: bool) -> str:
    """Give the code of a zone of CGCS2000.

    Parameters
    ----------
    zone : int
        One of `ZONES`.
    prefixed : bool
        Whether eastings start with the number of the zone.
    """
    if zone <= 23:
        return f"EPSG:{(4491 if prefixed else 4502) + zone - 13}"
    return f"EPSG:{(4513 if prefixed else 4534) + zone - 25}"


def zone_of_code(code: str) -> int | None:
    """Give the zone of an EPSG code whose eastings start with the zone's number, else None."""
    return _PREFIXED.get(code)


def settle_zone(x: Floats, named: int | None) -> tuple[int, bool]:
    """Read from eastings their zone, and whether they start with it.

    Parameters
    ----------
    x : ndarray of float
        Eastings in metres. NaN and 0, which stands for "unknown" in many files, are left out.
    named : int or None
        The zone the file is said to be in.

    Returns
    -------
    tuple of int and bool
        The zone and whether the eastings carry its number in front.

    Raises
    ------
    GeodataError
        When the eastings fit no zone, several zones, or another zone than the one named.
    """
    told = x[np.isfinite(x) & (x != 0)]
    prefixes = np.unique(np.floor(told / 1e6)).astype(int)
    if prefixes.size == 0 or prefixes.tolist() == [0]:
        if named is None:
            raise GeodataError(
                Message(
                    "the eastings do not start with a zone number: name the zone, for example "
                    "cgcs2000 gk zone 39"
                )
            )
        return named, False
    found = [int(p) for p in prefixes]
    if not set(found) <= set(ZONES):
        raise GeodataError(
            Message(
                "{easting} is no easting of a Gauss-Krüger zone: in Chinese survey files X is "
                "often the northing, so the two columns may have to change places",
                easting=round(float(told[np.argmax(~np.isin(told // 1e6, ZONES))]), 3),
            )
        )
    if len(found) > 1 or named not in (None, found[0]):
        raise GeodataError(
            Message(
                "the eastings start with zone {found}, but all must lie in one zone, the one that "
                "is named: split the file, or name zone {first}",
                found=", ".join(map(str, found)),
                first=found[0],
            )
        )
    return found[0], True


_PREFIXED = {epsg_code(zone, prefixed=True): zone for zone in ZONES}
