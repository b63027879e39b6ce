"""Incidents from PostGIS into arrays: gathered there, and copied in the binary form."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
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
_SMALL = np.dtype([("length", ">i4"), ("value", ">i4")])
_POINTS = np.dtype([("length", ">i4"), ("lon", ">f8"), ("lat", ">f8")])
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
# No index knows the newest month, and looking for it takes longer than all the rest. That of the
# first hundred buildings is nearly always it, so few are looked up alone; and if it is not, there
# are newer counts among those at or after it.
_HOMES = """
    COPY (
        SELECT array_agg(id), array_agg(at), array_agg(households), array_agg(kind) FROM (
            SELECT b.id, b.anchor::point AS at,
                hashtext(concat_ws(' ', b.kind, width_bucket(b.storeys, {heights}))) AS kind,
                coalesce(newest.households, (
                    SELECT c.households FROM building_count c WHERE c.building_id = b.id
                    ORDER BY c.month DESC LIMIT 1)) AS households
            FROM building b LEFT JOIN (
                SELECT DISTINCT ON (building_id) building_id, households FROM building_count
                WHERE month >= (SELECT max(month) FROM (
                    SELECT (SELECT max(month) FROM building_count c WHERE c.building_id = few.id)
                    FROM building few ORDER BY few.id LIMIT 100) first (month))
                ORDER BY building_id, month DESC
            ) newest ON newest.building_id = b.id
            WHERE {area}
        ) homes WHERE households > 0 GROUP BY id / 16384
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
    outlines = tuple(bytes(row) for row in rows)
    if not outlines:
        raise Unsuitable(Reason.NO_AREA)
    return _area(outlines)


@lru_cache(maxsize=2)
def _area(outlines: tuple[bytes, ...]) -> Area:
    """Join outlines, as WKB in EPSG:4326; the whole county is asked for again and again."""
    shapes = shapely.from_wkb(outlines)
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
    columns = _copied(connection, statement, (_IDS, _POINTS, _IDS, _IDS, _IDS, _IDS))
    points = columns[1]
    ids, moments, spans, ends, categories = (
        columns[number]["value"].astype(np.int64) for number in (0, 2, 3, 4, 5)
    )
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


def _copied(
    connection: Connection, statement: sql.Composed, kinds: tuple[np.dtype[Any], ...]
) -> list[NDArray[np.void]]:
    """Copy rows of arrays in the binary form, and join each column's arrays to one."""
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    raw = bytearray()
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for part in copy:
            raw += part
    parts: list[list[NDArray[np.void]]] = [[np.empty(0, kind)] for kind in kinds]
    at, view = _HEADER, memoryview(raw)
    # Two bytes of -1 end the rows.
    while int.from_bytes(view[at : at + 2], "big", signed=True) == len(parts):
        at += 2
        for column, kind in zip(parts, kinds, strict=True):
            length = int.from_bytes(view[at : at + 4], "big", signed=True)
            if length < 0:
                # No span at all, or nobody asked.
                at += 4
                continue
            column.append(np.frombuffer(view[at + 4 + _ARRAY : at + 4 + length], dtype=kind))
            at += 4 + length
    return [np.concatenate(column) for column in parts]


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
    """Return the newest count of households of each building, where it is linked to its cell.

    Raises
    ------
    Unsuitable
        ``NO_POPULATION`` where no building has any.
    """
    area_of = sql.SQL("true")
    if communities is not None:
        area_of = sql.SQL("b.community_id = ANY({})").format(list(communities))  # type: ignore[assignment]
    statement = sql.SQL(_HOMES).format(heights=list(_HEIGHTS), area=area_of)
    ids, points, amount, kind = _copied(connection, statement, (_IDS, _POINTS, _SMALL, _SMALL))
    if not len(ids):
        raise Unsuitable(Reason.NO_POPULATION)
    order = np.argsort(ids["value"].astype(np.int64), kind="stable")
    x, y = to_plane(area, points["lon"].astype(float)[order], points["lat"].astype(float)[order])
    amounts = amount["value"].astype(np.float64)[order]
    return Households(x, y, amounts, kind["value"].astype(np.int64)[order])


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
