"""The names of coordinate systems, as people and programs write them."""

from __future__ import annotations

import re

from geodata.gauss_kruger import ZONES, epsg_code

# Names as people write them, in small letters and without blanks and punctuation.
_SPELLINGS = {
    **dict.fromkeys(["wgs84", "wgs1984", "gps", "crs84", "ogccrs84"], "WGS 84"),
    **dict.fromkeys(["gcj02", "gcj", "mars", "amap", "火星坐标", "火星坐标系", "高德"], "GCJ-02"),
    **dict.fromkeys(["bd09", "bd09ll", "baidu", "百度", "百度坐标", "百度坐标系"], "BD-09"),
    **dict.fromkeys(
        ["cgcs2000", "国家2000", "2000国家大地坐标系", "chinageodeticcoordinatesystem2000"],
        "EPSG:4490",
    ),
}
_AUTHORITY = re.compile(
    r"(?:urn:ogc:def:crs:)?(epsg|esri)\s*:(?:[\d.]*:)?\s*(\d{4,6})", re.IGNORECASE
)
_GAUSS_KRUGER = re.compile(
    r"(?:cgcs2000|国家2000)(?P<width>3|6)?(?:degree|deg|度)?"
    r"(?:gausskrugger|gausskruger|gausskrüger|gk|高斯克吕格)(?P<width2>3|6)?(?:degree|deg|度)?"
    r"(?:(?:zone|带|第)?(?P<zone>\d{2})带?|cm(?P<meridian>\d{2,3})e?)?"
)


def read_name(text: str) -> tuple[str, int | None] | None:
    """Read the name of a coordinate system.

    Parameters
    ----------
    text : str
        Capitals, blanks and punctuation do not matter.

    Returns
    -------
    tuple of str and int, or None
        ``"WGS 84"``, ``"GCJ-02"``, ``"BD-09"``, a code with its authority such as
        ``"EPSG:4490"``, or ``"CGCS2000 GK"``, perhaps with a zone, and the zone then; None
        where the name is unknown.
    """
    code = _AUTHORITY.fullmatch(text.strip())
    if code:
        return f"{code[1].upper()}:{code[2]}", None
    plain = re.sub(r"[\s_\-/,.:()（）°]+", "", text.casefold())
    if plain in _SPELLINGS:
        return _SPELLINGS[plain], None
    gauss_kruger = _GAUSS_KRUGER.fullmatch(plain)
    return _gauss_kruger(**gauss_kruger.groupdict()) if gauss_kruger else None


def _gauss_kruger(
    width: str | None, width2: str | None, zone: str | None, meridian: str | None
) -> tuple[str, int | None] | None:
    degrees = width or width2
    if meridian is not None:
        # A middle meridian is how the planes are named whose eastings carry no zone. The 3° and
        # the 6° plane of one meridian are the same, and the 3° ones have them all.
        number, rest = divmod(int(meridian), 3)
        if rest or not 25 <= number <= 45:
            return None
        return epsg_code(number, prefixed=False), None
    if zone is None:
        return "CGCS2000 GK", None
    number = int(zone)
    if number not in ZONES or (degrees and (number >= 25) != (degrees == "3")):
        return None
    return f"CGCS2000 GK zone {number}", number
