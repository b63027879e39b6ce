"""What the maps of an area are drawn on: outlines, roads and water, in metres.

It is read once for a report. PostGIS leaves out the points that no picture shows and the roads
that are too small for it, so that 12,000 cells take less than a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely import Geometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from geodata.metric import local_metric_crs, metres_per_degree
from gridmap.errors import NotFoundError

#: A map is at least so wide for its height, and so high for its width.
LEAST_ASPECT = 0.62
#: How many pixels a map's longer side has; points nearer than half of one are left out.
_PIXELS = 1100
#: Roads from the widest, and from how many metres a pixel on they are left out.
_ROADS = (
    ("^(motorway|trunk)", np.inf),
    ("^primary", np.inf),
    ("^secondary", 30.0),
    ("^tertiary", 14.0),
    ("^(footway|path|steps|cycleway|track|corridor|bridleway)", 0.8),
    ("", 5.0),
)
#: Of how many square pixels water and parks are still seen.
_LEAST_PIXELS = 12


@dataclass(frozen=True, eq=False)
class Ground:
    """An area to draw on.

    Attributes
    ----------
    name : str
        Of the unit.
    crs : pyproj.CRS
        The local plane in metres; all that follows is in it.
    outline : Polygon or MultiPolygon
        Empty if neither the unit nor anything below it has an outline; no map can be drawn then.
    units : GeoDataFrame
        What lies below the unit: ``id``, ``code``, ``level``, ``name``, ``name_en``.
    cells : GeoDataFrame
        ``id``, ``code``, ``kind``, ``name``, ``community_id``.
    roads : GeoDataFrame
        One row for each class from the widest: ``rank`` from 0 to 5, where 4 are ways for those on
        foot and 5 the small streets.
    cover : GeoDataFrame
        One row for each ``kind``: ``green``, ``water``, ``rail``.
    """

    name: str
    crs: pyproj.CRS
    outline: Geometry
    units: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    cover: gpd.GeoDataFrame

    @property
    def empty(self) -> bool:
        """Whether there is no outline to draw in."""
        return bool(shapely.is_empty(self.outline))

    def parts(self, language: str) -> gpd.GeoDataFrame:
        """Return what the unit is divided into: the units of the next level, or its cells.

        Returns
        -------
        GeoDataFrame
            ``id``, ``name`` and the outline, as `maps.MapPicture` wants its areas.
        """
        levels = set(self.units["level"])
        if not levels:
            return self.named_cells(language)
        return self.named_units("town" if "town" in levels else "community", language)

    def named_units(self, level: str, language: str) -> gpd.GeoDataFrame:
        """Return the units of a level, with ``id``, ``name`` and the outline."""
        chosen = self.units[self.units["level"] == level]
        names = chosen["name"]
        if language == "en":
            names = chosen["name_en"].where(chosen["name_en"].fillna("") != "", names)
        return chosen.assign(name=names)[["id", "name", "geometry"]]

    def named_cells(self, language: str) -> gpd.GeoDataFrame:
        """Return the cells, with ``id``, ``name`` and the outline.

        The name is without that of the unit, which is above each map; a cell without a name is
        called by the serial in its code, and so is in English one with a Chinese name, as the text
        beside the map calls it by its code.
        """
        names = self.cells["name"].astype(str).str.removeprefix(self.name).str.strip()
        if language == "en":
            names = names.where(~names.str.contains("[一-鿿]"), "")
        named = names.where(names != "", self.cells["code"].astype(str).str[-3:])
        return self.cells.assign(name=named)[["id", "name", "geometry"]]


def read_ground(session: Session, unit_id: int, day: date | None = None) -> Ground:
    """Read what the maps of a unit are drawn on.

    Parameters
    ----------
    session : Session
        Only read.
    unit_id : int
        A community, town or county.
    day : date, optional
        Whose cells are wanted; without it those that are valid until further notice.

    Raises
    ------
    NotFoundError
        If there is no such unit.
    """
    ids = list(session.scalars(text(_BELOW), {"id": unit_id}))
    name = session.scalar(text("SELECT name FROM unit WHERE id = :id"), {"id": unit_id})
    if name is None:
        raise NotFoundError(Message("There is no unit with the id {id}.", id=unit_id))
    asked: dict[str, Any] = {"id": unit_id, "ids": ids, "day": day}
    box = west, south, east, north = _box(session, asked)
    crs = local_metric_crs((west + east) / 2, (south + north) / 2)
    across, along = metres_per_degree((south + north) / 2)
    size = float((east - west) * across), float((north - south) * along)
    pixel = max(size) / _PIXELS
    asked |= {
        "tolerance": float(pixel / along) / 2,
        "least": float(pixel / along) ** 2 * _LEAST_PIXELS,
        **_widened(box, size),
    }
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    read = _Reader(session, asked, crs, to_plane)
    units = read.frame(_UNITS, ("id", "code", "level", "name", "name_en"))
    cells = read.frame(_CELLS, ("id", "code", "kind", "name", "community_id"))
    return Ground(
        name=name,
        crs=crs,
        outline=_outline(units, unit_id),
        units=units[units["id"] != unit_id].reset_index(drop=True),
        cells=cells,
        roads=read.frame(_roads(pixel), ("rank",)),
        cover=read.frame(_COVER, ("kind",)),
    )


@dataclass(frozen=True)
class _Reader:
    """Reads frames of one area by one set of parameters."""

    session: Session
    asked: dict[str, Any]
    crs: pyproj.CRS
    to_plane: pyproj.Transformer

    def frame(self, statement: str, columns: Sequence[str]) -> gpd.GeoDataFrame:
        """Return rows whose last column is the shape in degrees, brought into the plane."""
        rows = self.session.execute(text(statement), self.asked).all()
        table: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * (len(columns) + 1)
        shapes: NDArray[np.object_] = shapely.from_wkb(np.array(table[-1], dtype=object))
        shapes = shapely.transform(shapes, self._project)
        data = {name: list(values) for name, values in zip(columns, table, strict=False)}
        return gpd.GeoDataFrame(data, geometry=shapes, crs=self.crs)

    def _project(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(self.to_plane.transform(lonlat[:, 0], lonlat[:, 1]))


def _box(session: Session, asked: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return the box of the unit; where nothing has an outline, a place in the sea."""
    box = session.execute(text(_EXTENT), asked).one()
    if box.west is None:
        return 0.0, 0.0, 0.01, 0.01
    return box.west, box.south, box.east, box.north


def _widened(box: tuple[float, float, float, float], size: tuple[float, float]) -> dict[str, float]:
    """Return the box of what is read around the unit, so that a map's corners are not empty."""
    longer = max(size)
    spare = [max(0.1, LEAST_ASPECT * longer / side * 0.6 - 0.5 + 0.1) for side in size]
    west, south, east, north = box
    return {
        "west": west - spare[0] * (east - west),
        "east": east + spare[0] * (east - west),
        "south": south - spare[1] * (north - south),
        "north": north + spare[1] * (north - south),
    }


def _outline(units: gpd.GeoDataFrame, unit_id: int) -> Geometry:
    """Return the unit's own outline, or else that of what lies in it."""
    own = units[units["id"] == unit_id]
    for shapes in (own.geometry, units.geometry):
        if len(shapes):
            return shapely.make_valid(shapely.union_all(shapely.make_valid(shapes.to_numpy())))
    return shapely.MultiPolygon()


def _roads(pixel_m: float) -> str:
    """Return the statement for the roads that are seen at a scale."""
    rank = " ".join(
        f"WHEN kind ~ '{pattern}' THEN {number}" for number, (pattern, _) in enumerate(_ROADS)
    )
    seen = ", ".join(str(n) for n, (_, most) in enumerate(_ROADS) if pixel_m <= most)
    return f"""
        SELECT rank, ST_AsBinary(ST_Collect(ST_Simplify(geom, :tolerance, true))) FROM (
            SELECT CASE {rank} END AS rank, geom FROM road
            WHERE geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
        ) r WHERE rank IN ({seen}) GROUP BY rank ORDER BY rank
    """


_BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM unit WHERE id = :id
        UNION ALL SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id
    )
    SELECT id FROM below
"""
_VALID = """
    community_id = ANY(:ids)
    AND CASE WHEN CAST(:day AS date) IS NULL THEN valid_to IS NULL
             ELSE valid @> CAST(:day AS date) END
"""
_EXTENT = """
    SELECT ST_XMin(e) AS west, ST_YMin(e) AS south, ST_XMax(e) AS east, ST_YMax(e) AS north FROM (
        SELECT coalesce(
            (SELECT ST_Extent(geom) FROM unit WHERE id = :id),
            (SELECT ST_Extent(geom) FROM unit WHERE id = ANY(:ids))
        ) AS e
    ) b
"""
# Of what is smaller than a pixel a trace is kept.
_UNITS = """
    SELECT id, code, level, name, name_en, ST_AsBinary(ST_Simplify(geom, :tolerance, true))
    FROM unit WHERE id = ANY(:ids) AND geom IS NOT NULL ORDER BY code
"""
_CELLS = f"""
    SELECT id, code, kind, name, community_id, ST_AsBinary(ST_Simplify(geom, :tolerance, true))
    FROM cell WHERE {_VALID} ORDER BY rank DESC, code
"""
_COVER = """
    SELECT kind, ST_AsBinary(ST_Collect(ST_Simplify(geom, :tolerance, true))) FROM (
        SELECT CASE WHEN kind IN ('water', 'rail') THEN kind ELSE 'green' END AS kind,
               (ST_Dump(geom)).geom AS geom
        FROM ground WHERE geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
            AND kind IN ('water', 'rail', 'green', 'park', 'forest', 'grass', 'wood')
            AND (ST_Dimension(geom) < 2 OR ST_Area(geom) > :least)
    ) g WHERE GeometryType(geom) <> 'POINT' GROUP BY kind
    ORDER BY CASE kind WHEN 'green' THEN 0 WHEN 'water' THEN 1 ELSE 2 END
"""
