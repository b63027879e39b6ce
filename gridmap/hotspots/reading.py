"""Incidents from PostGIS into arrays: gathered there, and copied in the binary form."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg
import pyproj
import shapely
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy import Connection, Engine, text

from geodata.metric import local_metric_crs
from gridmap.hotspots.analyses.events import (
    Area,
    Context,
    Events,
    Floats,
    Households,
    transformers,
)
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.incidents.statistics import Span

Numbers = NDArray[np.int64]

_HEADER = 19
# PostgreSQL, chapter "COPY", binary format, all big-endian: a row is the number of fields, then for
# each its length and value; an array is the number of dimensions, a flag, the type, then size and
# lower bound of the dimension, and its elements, each after its length. A moment is microseconds
# since 2000, a point two numbers.
_ARRAY = 20
_IDS = np.dtype([("length", ">i4"), ("value", ">i8")])
_POINTS = np.dtype([("length", ">i4"), ("lon", ">f8"), ("lat", ">f8")])
_HOMES = np.dtype([("lon", ">f8"), ("lat", ">f8"), ("households", ">i4"), ("kind", ">i4")])
#: Storeys from which homes count as another kind: up to three, up to six, higher.
_HEIGHTS = (4, 7)
_EPOCH = np.datetime64("2000-01-01T00:00:00", "us")
# A thousand rows of a thousand incidents cost a thousandth of what a million rows would, for the
# driver hands out one row at a time.
_COPY = """
    COPY (
        SELECT array_agg(t.id), array_agg(t.geom::point), array_agg(t.occurred_at),
            array_agg(t.id) FILTER (WHERE t.ended_at IS NOT NULL),
            array_agg(t.ended_at) FILTER (WHERE t.ended_at IS NOT NULL), {kinds}
        FROM incident t
        WHERE t.occurred_at >= {first} AND t.occurred_at < {after} AND {area} AND {category}
        GROUP BY t.id / 16384
    ) TO STDOUT (FORMAT binary)
"""
_BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM category WHERE code = ANY(:codes)
        UNION SELECT k.id FROM category k JOIN below b ON k.parent_id = b.id
    ) SELECT id FROM below
"""


@dataclass(frozen=True)
class Choice:
    """Which incidents are read.

    Attributes
    ----------
    communities : tuple of int or None
        None stands for all.
    categories : tuple of str
        Codes, with all below them; none stand for all.
    zone : ZoneInfo
    opposite : bool
        Whether all other categories are meant; of all there are no others.
    with_category : bool
        Whether the category of each is read as well.
    """

    communities: tuple[int, ...] | None
    categories: tuple[str, ...]
    zone: ZoneInfo
    opposite: bool = False
    with_category: bool = False


def read_area(connection: Connection, communities: tuple[int, ...] | None) -> Area:
    """Return the outline of communities in the local metric CRS.

    Raises
    ------
    Unsuitable
        ``NO_AREA`` where no community has an outline.
    """
    where = "true" if communities is None else "id = ANY(:communities)"
    rows = connection.execute(
        text(f"""
            SELECT ST_AsBinary(geom) FROM unit
            WHERE level = 'community' AND geom IS NOT NULL AND {where} ORDER BY id
        """),
        {} if communities is None else {"communities": list(communities)},
    ).scalars()
    shapes = shapely.from_wkb([bytes(row) for row in rows])
    if len(shapes) == 0:
        raise Unsuitable(Reason.NO_AREA)
    west, south, east, north = shapely.total_bounds(shapes)
    crs = local_metric_crs((west + east) / 2, (south + north) / 2)
    plane = _shapes_in_plane(shapes, crs)
    return Area(shapely.union_all(shapely.make_valid(plane)), crs)


def read_events(connection: Connection, area: Area, choice: Choice, span: Span) -> Events:
    """Return the incidents of an area, period and categories.

    No Python object is made of an incident; a million need some 100 MB while they are read.

    Parameters
    ----------
    connection : Connection
    area : Area
        Whose plane the positions are given in.
    choice : Choice
    span : Span
        Local days.
    """
    first, after = span.moments(choice.zone)
    statement = _copy_statement(connection, choice, first, after)
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    raw = bytearray()
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for part in copy:
            raw += part
    ids, points, moments, spans, ends, categories = _columns(memoryview(raw))
    # The database sends rows in any order.
    order = np.argsort(ids, kind="stable")
    x, y = to_plane(area, points["lon"].astype(float)[order], points["lat"].astype(float)[order])
    local, until = _local(moments[order], choice.zone), None
    if len(spans):
        until = local.copy()
        at = np.searchsorted(ids[order], spans)
        # Where the clock is set back, a short span may seem to end before it begins.
        until[at] = np.maximum(_local(ends, choice.zone), local[at])
    category = categories[order] if choice.with_category else None
    return Events(x, y, local, span.first, span.last, until, category)


def _local(moments: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.datetime64]:
    utc = pd.DatetimeIndex(moments.astype("timedelta64[us]") + _EPOCH, tz="UTC")
    local: NDArray[np.datetime64] = utc.tz_convert(zone).tz_localize(None).to_numpy()
    return local.astype("datetime64[s]")


def _columns(
    raw: memoryview,
) -> tuple[Numbers, NDArray[np.void], Numbers, Numbers, Numbers, Numbers]:
    """Take the arrays out of the rows: ids, points, moments, ids and ends of spans, categories."""
    kinds = (_IDS, _POINTS, _IDS, _IDS, _IDS, _IDS)
    parts: list[list[NDArray[Any]]] = [[] for _ in kinds]
    at = _HEADER
    # Two bytes of -1 end the rows.
    while int.from_bytes(raw[at : at + 2], "big", signed=True) == len(parts):
        at += 2
        for column, kind in zip(parts, kinds, strict=True):
            length = int.from_bytes(raw[at : at + 4], "big", signed=True)
            if length < 0:
                # No span at all, or nobody asked.
                at += 4
                continue
            column.append(np.frombuffer(raw[at + 4 + _ARRAY : at + 4 + length], dtype=kind))
            at += 4 + length
    ids, points, *rest = (
        np.concatenate(column) if column else np.empty(0, kind)
        for column, kind in zip(parts, kinds, strict=True)
    )
    moments, spans, ends, categories = (each["value"].astype(np.int64) for each in rest)
    return ids["value"].astype(np.int64), points, moments, spans, ends, categories


def _copy_statement(
    connection: Connection, choice: Choice, first: datetime, after: datetime
) -> sql.Composed:
    area, category = sql.SQL("t.community_id IS NOT NULL"), sql.SQL("true")
    if choice.communities is not None:
        area = sql.SQL("t.community_id = ANY({})").format(list(choice.communities))  # type: ignore[assignment]
    if choice.categories:
        ids = connection.execute(text(_BELOW), {"codes": list(choice.categories)}).scalars()
        category = sql.SQL("t.category_id = ANY({})").format(list(ids))  # type: ignore[assignment]
    if choice.opposite:
        category = sql.SQL("NOT ({})").format(category)  # type: ignore[assignment]
    asked = "array_agg(t.category_id::bigint)" if choice.with_category else "NULL::bigint[]"
    return sql.SQL(_COPY).format(
        first=first, after=after, area=area, category=category, kinds=sql.SQL(asked)
    )


def to_plane(area: Area, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return positions in the area's plane of metres."""
    forth, _ = transformers(area.crs)
    x, y = forth.transform(lon, lat)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


@contextmanager
def reading_moment(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that reads the data of one moment, and may take longer than any page."""
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        yield connection


def make_context(engine: Engine, area: Area, choice: Choice) -> Context:
    """Return what analyses may ask for besides their incidents, read when it is asked for."""

    def between(first: date, last: date) -> Events:
        with reading_moment(engine) as connection:
            return read_events(connection, area, choice, Span(first, last))

    def households() -> Households:
        with reading_moment(engine) as connection:
            return read_households(connection, area, choice.communities)

    def streets() -> tuple[NDArray[np.object_], list[str | None]]:
        with reading_moment(engine) as connection:
            return read_streets(connection, area)

    def cells() -> NDArray[np.object_]:
        with reading_moment(engine) as connection:
            return read_cells(connection, area, choice.communities)

    def others(first: date, last: date) -> Events:
        with reading_moment(engine) as connection:
            return read_events(connection, area, replace(choice, opposite=True), Span(first, last))

    return Context(between, households, streets, cells, others)


def homes_meanwhile(context: Context) -> Context:
    """Begin to read where people live, while what is asked for first is still being read."""
    thread = ThreadPoolExecutor(1)
    homes = thread.submit(context.households)
    thread.shutdown(wait=False)
    return replace(context, households=homes.result)


def read_households(
    connection: Connection, area: Area, communities: tuple[int, ...] | None
) -> Households:
    """Return the newest count of households of each building.

    Raises
    ------
    Unsuitable
        ``NO_POPULATION`` where no building has any.
    """
    where = "true" if communities is None else "b.community_id = ANY(:communities)"
    # Nearly all buildings have a count of the newest month there is, so few are looked up alone.
    raw = connection.execute(
        text(f"""
            SELECT string_agg(float8send(ST_X(middle)) || float8send(ST_Y(middle))
                || int4send(households) || int4send(kind), '' ORDER BY id)
            FROM (
                SELECT b.id, ST_Centroid(b.geom) AS middle,
                    hashtext(concat_ws(' ', b.kind, width_bucket(b.storeys, :heights))) AS kind,
                    coalesce(newest.households, (
                    SELECT c.households FROM building_count c WHERE c.building_id = b.id
                    ORDER BY c.month DESC LIMIT 1)) AS households
                FROM building b LEFT JOIN building_count newest ON newest.building_id = b.id
                    AND newest.month = (SELECT max(month) FROM building_count)
                WHERE {where}
            ) homes WHERE households > 0
        """),
        {"heights": list(_HEIGHTS)}
        | ({} if communities is None else {"communities": list(communities)}),
    ).scalar()
    if raw is None:
        raise Unsuitable(Reason.NO_POPULATION)
    homes = np.frombuffer(raw, dtype=_HOMES)
    x, y = to_plane(area, homes["lon"].astype(float), homes["lat"].astype(float))
    amount, kind = homes["households"].astype(np.float64), homes["kind"].astype(np.int64)
    return Households(x, y, amount, kind)


def read_streets(
    connection: Connection, area: Area
) -> tuple[NDArray[np.object_], list[str | None]]:
    """Return the streets that meet the area, as lines in metres with their names."""
    outline = area.to_degrees(
        np.array([shapely.box(*shapely.bounds(area.shape))], dtype=np.object_)
    )[0]
    rows = connection.execute(
        text("""
            SELECT ST_AsBinary(geom) AS shape, name FROM road
            WHERE geom && ST_SetSRID(ST_GeomFromWKB(:outline), 4326) ORDER BY id
        """),
        {"outline": shapely.to_wkb(outline)},
    ).all()
    lines = shapely.from_wkb([bytes(row.shape) for row in rows])
    return _shapes_in_plane(lines, area.crs), [row.name for row in rows]


def read_cells(
    connection: Connection, area: Area, communities: tuple[int, ...] | None
) -> NDArray[np.object_]:
    """Return the outlines of the basic cells of today, in metres, by their codes."""
    where = "true" if communities is None else "community_id = ANY(:communities)"
    rows = connection.execute(
        text(f"""
            SELECT ST_AsBinary(geom) FROM cell
            WHERE kind = 'basic' AND valid_to IS NULL AND {where} ORDER BY code, id
        """),
        {} if communities is None else {"communities": list(communities)},
    ).scalars()
    return _shapes_in_plane(shapely.from_wkb([bytes(row) for row in rows]), area.crs)


def _shapes_in_plane(shapes: Any, crs: pyproj.CRS) -> NDArray[np.object_]:
    forth, _ = transformers(crs)
    plane: NDArray[np.object_] = shapely.transform(
        np.asarray(shapes, dtype=object),
        lambda at: np.column_stack(forth.transform(at[:, 0], at[:, 1])),
    )
    return plane
