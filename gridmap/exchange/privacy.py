"""What leaves for other agencies: places moved to the cell or street, small counts hidden.

Filters and orders must be worked out on what `published` returns, never on the stored values, for
a filter on a hidden value tells it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from gridmap.exchange.collections import Collection
from gridmap.exchange.grant import Grant, LayerGrant, Snap

#: Thresholds below it hide nothing: of 0 < n < 2 only 1 is possible.
LEAST_THRESHOLD = 3
#: The collections whose features stand at a place that can be moved.
MOVABLE = frozenset({"buildings", "places", "incidents"})
#: Columns that tell the place as well, left out wherever places are moved.
TELLING = frozenset({"name", "address"})

# Published on a street is the middle of a piece of about 200 m, never the nearest point of it:
# that would tell the house. Paths and drives to a single house are no streets.
_STREET = """(
    SELECT CASE WHEN ST_DWithin(near.geom::geography, near.place::geography, 500) THEN
        ST_LineInterpolatePoint(near.geom, (
            least(floor(ST_LineLocatePoint(near.geom, near.place) * near.pieces), near.pieces - 1)
            + 0.5) / near.pieces) END
    FROM (
        SELECT r.geom, {place} AS place,
               greatest(ceil(ST_Length(r.geom::geography) / 200), 1) AS pieces
        FROM road r
        WHERE r.kind NOT IN ('footway', 'path', 'steps', 'service', 'cycleway', 'track')
        ORDER BY r.geom <-> {place} LIMIT 1
    ) near)"""
# In degrees, a little more than a place ever moves to its street: 500 m and half a piece. Distances
# are taken in degrees there, of which those of longitude are the shorter the further north.
_REACH = """0.0055 / cos(radians(least(
    greatest(abs(ST_YMin({area})), abs(ST_YMax({area}))) + 0.02, 80)))"""
_CELL = "(SELECT c.anchor FROM cell c WHERE c.id = t.cell_id)"

# Instead of the newest counts themselves. A building without a shield tells nothing.
_SHIELDED = """
    LEFT JOIN LATERAL (
        SELECT c.month, {counts}
        FROM building_count c LEFT JOIN count_shield s ON s.building_id = c.building_id
        WHERE c.building_id = t.id ORDER BY c.month DESC LIMIT 1
    ) latest ON true
"""


@lru_cache(maxsize=256)
def _published(collection: Collection, granted: LayerGrant, hides: bool) -> Collection:
    snap = snap_of(collection, granted)
    columns = granted.columns(collection)
    if snap != "exact":
        columns = tuple(column for column in columns if column.name not in TELLING)
    joins = dict(collection.joins)
    if hides and any(column.count for column in collection.columns):
        names = [column.name for column in collection.columns if column.count]
        joins["latest"] = _SHIELDED.format(
            counts=", ".join(
                f"CASE WHEN s.{name} >= :smallest THEN c.{name} END AS {name}" for name in names
            )
        )
    shape = collection.shape if snap == "exact" else "Point"
    return replace(collection, columns=columns, joins=joins, shape=shape)


def published(collection: Collection, grant: Grant) -> Collection:
    """Return a collection as a reader may see it: the granted columns with hidden small counts.

    Parameters
    ----------
    collection : Collection
    grant : Grant

    Returns
    -------
    Collection
        The same object for equal grants. Statements made of it refer to `params`.

    Raises
    ------
    NotFoundError
        If the collection does not exist for the reader.
    """
    return _published(collection, grant.of(collection), grant.smallest_count > 0)


def params(grant: Grant) -> dict[str, Any]:
    """Return the values that statements made of `published` refer to."""
    return {"smallest": grant.smallest_count} if grant.smallest_count else {}


def snap_of(collection: Collection, granted: LayerGrant) -> Snap:
    """Return how a collection's places are moved; units, cells and roads never are."""
    return granted.snap if collection.key in MOVABLE else "exact"


def published_geometry(collection: Collection, snap: Snap) -> str:
    """Return the expression over ``t`` of the geometry that a reader is told.

    Null where there is no such place: outside every cell, or 500 m from every street. Filters by
    place must be evaluated on it; `nearby` makes them fast.

    Parameters
    ----------
    collection : Collection
    snap : {"exact", "cell", "street"}
    """
    if snap == "exact" or collection.key not in MOVABLE:
        return "t.geom"
    return _CELL if snap == "cell" else _STREET.format(place=_place(collection))


def nearby(collection: Collection, snap: Snap, area: str) -> str:
    """Return a condition that an index answers and that all rows published in an area meet.

    Rows that meet it may still be published elsewhere, so it never stands alone.

    Parameters
    ----------
    collection : Collection
    snap : {"exact", "cell", "street"}
    area : str
        The SQL of a geometry; its bounding box counts.
    """
    if snap == "exact" or collection.key not in MOVABLE:
        return f"t.geom && {area}"
    if snap == "cell":
        return f"t.cell_id IN (SELECT c.id FROM cell c WHERE c.anchor && {area})"
    return f"t.geom && ST_Expand({area}, {_REACH.format(area=area)})"


def _place(collection: Collection) -> str:
    """Return the point where a feature stands."""
    return "t.anchor" if collection.key == "buildings" else "t.geom"
