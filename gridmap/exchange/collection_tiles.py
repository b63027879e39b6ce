"""Vector tiles of the collections for other programs: the granted columns under their names.

A tile has one layer, called like its collection. From street zoom on incidents are told one by
one. Below it a reader of everything gets counts, ``n``, from the pyramid; anybody else gets the
newest `MOST_POINTS` incidents of a tile, since the pyramid knows neither communities nor times
within a day.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.exchange import privacy
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.filters import IncidentFilter
from gridmap.exchange.grant import Grant
from gridmap.exchange.incident_tiles import POINT_ZOOM, incident_tile
from gridmap.exchange.layer import Layer
from gridmap.exchange.periods import ALWAYS, Period
from gridmap.exchange.tiles import BUFFER, EXTENT, Tile, thinned
from gridmap.exchange.visible import check_times, extent, geometry_of, visible

#: As many incidents of a tile are told at most below street zoom, the newest ones.
MOST_POINTS = 10_000


def layer_of(collection: Collection, grant: Grant) -> Layer:
    """Return how the map draws a collection, whose zooms and thinning the tiles share.

    Raises
    ------
    NotFoundError
        If nothing of it is granted.
    """
    grant.of(collection)
    return collection.layer


def counted(collection: Collection, grant: Grant) -> bool:
    """Tell whether tiles below street zoom hold counts instead of features."""
    whole = grant.scope.communities is None and grant.units is None
    # Bins tell the place more exactly than a reader of moved places may know it.
    whole = whole and grant.of(collection).snap == "exact"
    return whole and collection.layer.group == "incident"


def make_collection_tile(
    connection: Connection,
    collection: Collection,
    tile: Tile,
    grant: Grant,
    period: Period = ALWAYS,
) -> bytes:
    """Make a tile of a collection; one without features is empty.

    Parameters
    ----------
    connection : Connection
        Only read.
    collection : Collection
    tile : Tile
    grant : Grant
        What the reader may be given.
    period : Period
        The moments of incidents, or the day whose cells are meant; other collections know no
        time.

    Raises
    ------
    NotFoundError
        If there is no such tile.
    ParameterError
        If the period cannot be asked for.
    """
    layer = layer_of(collection, grant)
    if tile.z < layer.min_zoom:
        raise NotFoundError(
            Message(
                "Tiles of {collection} begin with zoom {zoom}.",
                collection=collection.key,
                zoom=layer.min_zoom,
            )
        )
    check_times(collection, grant, period)
    if counted(collection, grant) and tile.z < POINT_ZOOM and period.whole_days:
        choice = _shared_days(grant, period)
        if choice is None:
            return b""
        return incident_tile(connection, tile.z, tile.x, tile.y, choice, name=collection.key)
    rows, values = _rows(collection, grant, period)
    rows += f" AND {thinned(layer, tile.z)}"
    values |= tile.bounds(BUFFER / EXTENT) | {"z": tile.z, "x": tile.x, "y": tile.y}
    # Half a pixel of the drawn tile, in degrees.
    values["tolerance"] = 360 / (1 << tile.z) / 1024
    statement = text(_statement(collection, tile.z, grant, rows))
    return bytes(connection.execute(statement, values).scalar_one())


def bounds_of(connection: Connection, collection: Collection, grant: Grant) -> list[float] | None:
    """Return west, south, east and north of the reader's area; None if that is nothing.

    Raises
    ------
    NotFoundError
        If nothing of the collection is granted.
    """
    layer_of(collection, grant)
    box = extent(connection, grant).get("bbox")
    return None if box is None else [float(value) for value in box[0]]


def _rows(collection: Collection, grant: Grant, period: Period) -> tuple[str, dict[str, Any]]:
    """Return the condition on rows ``t`` that a reader may be given, and its parameters."""
    asked = None if period == ALWAYS else period
    conditions, values = visible(collection, grant, asked)
    if asked is None or collection.days is None:
        conditions.append(collection.layer.where)
    return " AND ".join(f"({one})" for one in conditions if one != "true") or "true", values


def _statement(collection: Collection, zoom: int, grant: Grant, rows: str) -> str:
    snap, place = grant.of(collection).snap, geometry_of(collection, grant)
    collection = privacy.published(collection, grant)
    values = "".join(f'{_value(column)} AS "{column.name}", ' for column in collection.columns)
    geometry = place if zoom >= 15 else f"ST_Simplify({place}, :tolerance)"
    box = "ST_MakeEnvelope(:west, :south, :east, :north, 4326)"
    near = privacy.nearby(collection, snap, box)
    within = near if snap == "exact" else f"{near} AND {place} && {box}"
    newest = ""
    if collection.time and zoom < POINT_ZOOM:
        newest = f"ORDER BY {collection.time} DESC, t.id DESC LIMIT {MOST_POINTS}"
    return f"""
        SELECT coalesce(ST_AsMVT(f, '{collection.key}', {EXTENT}, 'mvt_geom', 'id'), '') FROM (
            SELECT t.id, {values} ST_AsMVTGeom(
                ST_Transform({geometry}, 3857), ST_TileEnvelope(:z, :x, :y), {EXTENT}, {BUFFER}
            ) AS mvt_geom
            FROM (
                SELECT * FROM {collection.table} t WHERE {rows} AND {within} {newest}
            ) t {collection.joined(collection.columns)}
        ) f"""


def _value(column: Column) -> str:
    """Return a column as a tile holds it: times as RFC 3339."""
    if column.type in {"date", "date-time"}:
        return f"to_json({column.sql}) #>> '{{}}'"
    return column.sql


def _shared_days(grant: Grant, period: Period) -> IncidentFilter | None:
    """Return the days that are both granted and asked for; None if there are none."""
    first = max((day for day in (grant.first, period.first) if day), default=None)
    last = min((day for day in (grant.last, period.last) if day), default=None)
    if first and last and last < first:
        return None
    return IncidentFilter(first, last)
