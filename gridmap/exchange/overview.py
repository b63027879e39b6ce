"""What a map must know before it opens: where the data lie, since when, and their categories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class CategoryNode:
    """A category, with its depth in the tree from 0."""

    code: str
    name: str
    name_en: str | None
    depth: int


@dataclass(frozen=True)
class Overview:
    """The state of the data.

    Parameters
    ----------
    bounds : list of float, optional
        West, south, east, north in degrees; None without any data.
    first, last : datetime.date, optional
        The months with incidents: the first day of the first and the last of the last.
    categories : list of CategoryNode
        In the order of their codes, parents before children.
    sources : list of str
        Where the incidents come from.
    """

    bounds: list[float] | None
    first: date | None
    last: date | None
    categories: list[CategoryNode]
    sources: list[str]


_BOUNDS = text("""
    SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
        SELECT coalesce(
            (SELECT ST_Extent(geom) FROM cell WHERE valid @> local_date(now())),
            (SELECT ST_Extent(geom) FROM unit),
            (SELECT ST_Extent(geom) FROM road),
            (SELECT ST_Extent(anchor) FROM building),
            (SELECT ST_Extent(geom) FROM place)
        ) AS box) AS extent WHERE box IS NOT NULL""")
_BOUNDS_OF_BINS = text("""
    SELECT min(x), max(x) + 1, min(y), max(y) + 1 FROM incident_bin
    WHERE level = 12 AND category_id = 0 AND upto[12] > 0""")
_TIMES = text("""
    SELECT (min(occurred_at) AT TIME ZONE zone)::date, (max(occurred_at) AT TIME ZONE zone)::date
    FROM incident, (SELECT time_zone AS zone FROM territory_settings) AS z GROUP BY zone""")
_CATEGORIES = text("""
    WITH RECURSIVE tree AS (
        SELECT id, code, name, name_en, 0 AS depth, ARRAY[code] AS path
        FROM category WHERE parent_id IS NULL
        UNION ALL
        SELECT k.id, k.code, k.name, k.name_en, depth + 1, path || k.code
        FROM category k JOIN tree ON k.parent_id = tree.id
    ) SELECT code, name, name_en, depth FROM tree ORDER BY path""")
_SOURCES = text("""
    SELECT DISTINCT file_name FROM import_run WHERE layer LIKE 'incident%' ORDER BY 1 LIMIT 3""")


def overview(connection: Connection) -> Overview:
    """Look at the data as a whole; it takes milliseconds at a million incidents."""
    row: Any = connection.execute(_BOUNDS).one_or_none()
    bounds = None if row is None else [float(value) for value in row]
    if bounds is None:
        west, east, north, south = connection.execute(_BOUNDS_OF_BINS).one()
        if west is not None:
            from gridmap.exchange.tiles import Tile

            first = Tile(12, west, north).bounds()
            last = Tile(12, east - 1, south - 1).bounds()
            bounds = [first["west"], last["south"], last["east"], first["north"]]
    times: Any = connection.execute(_TIMES).one_or_none() or (None, None)
    return Overview(
        bounds,
        times[0],
        times[1],
        [CategoryNode(*node) for node in connection.execute(_CATEGORIES)],
        [name for (name,) in connection.execute(_SOURCES)],
    )
