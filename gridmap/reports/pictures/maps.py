"""Maps of reports: areas in classes, points, hot places and routes, for paper without colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import geopandas as gpd

from gridmap.reports.pictures.ground import Ground


@dataclass(frozen=True, eq=False)
class MapPicture:
    """What a map shows.

    Attributes
    ----------
    ground : Ground
    areas : GeoDataFrame
        ``id``, ``name`` and the outline, in any CRS; see `Ground.parts`.
    values : mapping of int to float or None
        By the id of the area; None, and areas without a value, are hatched as "no data". Without
        any value areas are drawn as outlines alone.
    title, unit : str
        Of the legend; the unit is ``""``, ``%``, ``m2`` or ``h``.
    source : str
        Where the figures come from and for which period, in words.
    day : date
        As of when.
    language : {"zh", "en"}
    diverging : bool
        Values are changes: red above zero, blue and dotted below.
    few : frozenset of int
        The areas whose counts are too small to be shown.
    points : GeoDataFrame, optional
        Points; ``group`` names what they are told apart by, ``count`` makes them larger.
    hot : GeoDataFrame, optional
        Areas; ``level`` from -3 (cold, 99 %) to 3 (hot, 99 %), all hot without it.
    routes : GeoDataFrame, optional
        Lines; ``name`` is written beside them.
    width_mm : int
        How wide the picture is printed.
    """

    ground: Ground
    areas: gpd.GeoDataFrame
    values: Mapping[int, float | None]
    title: str
    source: str
    day: date
    language: str
    unit: str = ""
    diverging: bool = False
    few: frozenset[int] = frozenset()
    points: gpd.GeoDataFrame | None = None
    hot: gpd.GeoDataFrame | None = None
    routes: gpd.GeoDataFrame | None = None
    width_mm: int = 150


def draw(picture: MapPicture) -> bytes:
    """Draw a map with legend, scale bar, north, source and date.

    Returns
    -------
    bytes
        PNG of 200 dpi.

    Raises
    ------
    ValueError
        If the ground is empty.
    UnavailableError
        If the system has no Chinese font.
    """
    raise NotImplementedError
