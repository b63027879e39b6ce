"""What a map must know before it opens: where the data lie, since when, and their categories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from gridmap.exchange.tiles import Tile
from gridmap.territory.scope import EVERYTHING, Scope


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
        OpenStreetMap where anything comes from it, then the files the incidents come from, the
        latest first; at most three.
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
_TIMES = text("SELECT min(day), max(day) FROM incident_day WHERE 0 <> ANY(hours)")
# Of some communities. Their cells and outlines come from indexes, and so do the first and the
# last incident of each.
_OWN_BOUNDS = text("""
    SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
        SELECT coalesce(
            (SELECT ST_Extent(geom) FROM cell
             WHERE community_id = ANY(:scope) AND valid @> local_date(now())),
            (SELECT ST_Extent(geom) FROM unit WHERE id = ANY(:scope)),
            (SELECT ST_Extent(anchor) FROM building WHERE community_id = ANY(:scope)),
            (SELECT ST_Extent(geom) FROM incident WHERE community_id = ANY(:scope))
        ) AS box) AS extent WHERE box IS NOT NULL""")
_OWN_TIMES = text("""
    SELECT (min(first) AT TIME ZONE zone)::date, (max(last) AT TIME ZONE zone)::date
    FROM (SELECT time_zone AS zone FROM territory_settings) AS z,
         unnest(CAST(:scope AS bigint[])) AS own (id), LATERAL (
        SELECT min(occurred_at) AS first, max(occurred_at) AS last
        FROM incident WHERE community_id = own.id
    ) AS span GROUP BY zone""")
_CATEGORIES = text("""
    WITH RECURSIVE tree AS (
        SELECT id, code, name, name_en, 0 AS depth, ARRAY[code] AS path
        FROM category WHERE parent_id IS NULL
        UNION ALL
        SELECT k.id, k.code, k.name, k.name_en, depth + 1, path || k.code
        FROM category k JOIN tree ON k.parent_id = tree.id
    ) SELECT code, name, name_en, depth FROM tree ORDER BY path""")
# The licence of OpenStreetMap asks every map made of it to name its contributors.
_SOURCES = text("""
    SELECT CASE WHEN jsonb_exists(mapping, 'osm') THEN '© OpenStreetMap contributors'
                ELSE file_name END AS source
    FROM import_run WHERE layer LIKE 'incident%' OR jsonb_exists(mapping, 'osm')
    GROUP BY source ORDER BY bool_or(jsonb_exists(mapping, 'osm')) DESC, max(id) DESC LIMIT 3""")


def overview(connection: Connection, scope: Scope = EVERYTHING) -> Overview:
    """Look at the data as a whole; it takes milliseconds at a million incidents.

    Parameters
    ----------
    connection : Connection
        Only read.
    scope : Scope
        What the reader may see.
    """
    whole = scope.communities is None
    row: Any = connection.execute(_BOUNDS if whole else _OWN_BOUNDS, scope.params).one_or_none()
    bounds = None if row is None else [float(value) for value in row]
    if bounds is None and whole:
        bounds = _bounds_of_bins(connection)
    times: Any = connection.execute(_TIMES if whole else _OWN_TIMES, scope.params).one_or_none()
    first, last = times or (None, None)
    categories = [CategoryNode(*node) for node in connection.execute(_CATEGORIES)]
    sources = [name for (name,) in connection.execute(_SOURCES)]
    return Overview(bounds, first, last, categories, sources)


def _bounds_of_bins(connection: Connection) -> list[float] | None:
    west, east, north, south = connection.execute(_BOUNDS_OF_BINS).one()
    if west is None:
        return None
    first, last = Tile(12, west, north).bounds(), Tile(12, east - 1, south - 1).bounds()
    return [first["west"], last["south"], last["east"], first["north"]]
