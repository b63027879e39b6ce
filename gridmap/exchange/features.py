"""Features of a collection as GeoJSON, made in PostGIS and passed on as bytes.

Every query of the exchange begins with `visible`, so that nobody is told of rows outside the area
or the period of a grant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from geodata.messages import Message
from gridmap.errors import NotFoundError, ParameterError
from gridmap.exchange import privacy
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.cql import Condition
from gridmap.exchange.cursors import Sort, continue_after, write_cursor
from gridmap.exchange.grant import Grant
from gridmap.exchange.periods import ALWAYS, Period
from gridmap.exchange.systems import CRS84, System

#: The most features of one answer, and how many there are when nobody says.
MOST, USUAL = 10_000, 10
#: Seven decimals of a degree are a centimetre (RFC 7946, 11.2), three of a metre a millimetre.
_DEGREES, _METRES = 7, 3

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Query:
    """Which features of a collection are wanted, and in what form.

    Attributes
    ----------
    limit : int
        At most `MOST`.
    cursor : str or None
        Where the page begins, from `Page.next`.
    boxes : tuple of (west, south, east, north)
        A feature meets any of them; empty for everywhere. WGS 84, longitude first.
    times : Period or None
        None for the cells of today, and for incidents of any time.
    conditions : tuple of Condition
        All of them hold; no two have a parameter of the same name.
    sorts : tuple of Sort
        Then by id.
    properties : frozenset of str or None
        The columns wanted; None wants all.
    system : System
        In which coordinates.
    """

    limit: int = USUAL
    cursor: str | None = None
    boxes: tuple[Box, ...] = ()
    times: Period | None = None
    conditions: tuple[Condition, ...] = ()
    sorts: tuple[Sort, ...] = ()
    properties: frozenset[str] | None = None
    system: System = CRS84

    @property
    def narrow(self) -> bool:
        """Whether less than everything is wanted."""
        return bool(self.boxes or self.times or self.conditions)


@dataclass(frozen=True)
class Page:
    """A page of features.

    Attributes
    ----------
    features : bytes
        GeoJSON features, joined by commas.
    count : int
        How many there are.
    next : str or None
        The cursor of the next page.
    matched : int or None
        How many features there are on all pages, where that is known without counting.
    """

    features: bytes
    count: int
    next: str | None
    matched: int | None


@dataclass
class _Statement:
    conditions: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return " AND ".join(self.conditions) or "true"


def visible(
    collection: Collection, grant: Grant, times: Period | None = None
) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions, over ``t``, that keep a query within a grant.

    Parameters
    ----------
    collection : Collection
    grant : Grant
    times : Period or None
        The moments asked for; None for what is valid today.

    Returns
    -------
    conditions : list of str
    params : dict
    """
    grant.of(collection)
    conditions: list[str] = []
    params: dict[str, Any] = privacy.params(grant)
    if collection.unit is not None:
        if grant.units is not None:
            conditions.append(f"{collection.unit} = ANY(:units)")
            params["units"] = sorted(grant.units)
    elif collection.community is not None and grant.scope.communities is not None:
        conditions.append(grant.scope.condition(collection.community))
        params |= grant.scope.params
    if collection.time is not None:
        for name, span in (("granted", Period(grant.first, grant.last)), ("asked", times)):
            if span is not None and span != ALWAYS:
                condition, values = span.condition(collection.time, name)
                conditions.append(condition)
                params |= values
    if collection.days is not None:
        _valid(collection.days, times, conditions, params)
    return conditions, params


def _valid(days: str, times: Period | None, conditions: list[str], params: dict[str, Any]) -> None:
    """Choose what is valid today, or on some of the days asked for."""
    if times == ALWAYS:
        return
    # IS TRUE keeps the planner from an index on days, of which nearly every row is a hit.
    if times is None:
        conditions.append(f"({days} @> (SELECT local_date(now()))) IS TRUE")
        return
    span, values = times.days("valid")
    conditions.append(f"({days} && {span}) IS TRUE")
    params |= values


def select_columns(collection: Collection, grant: Grant, query: Query) -> tuple[Column, ...]:
    """Return the columns that an answer tells."""
    return tuple(
        column
        for column in privacy.published(collection, grant).columns
        if query.properties is None or column.name in query.properties
    )


def queryables(collection: Collection, grant: Grant) -> dict[str, Column]:
    """Return the columns that may be tested and sorted by.

    A count that small numbers are kept back of could be found out by asking for ever closer
    bounds, so that it is none of them.
    """
    return {
        column.name: column
        for column in privacy.published(collection, grant).columns
        if column.testable and not (column.count and grant.smallest_count)
    }


def check_times(collection: Collection, grant: Grant, times: Period | None) -> None:
    """Refuse to choose by a time that is not told: it could be found by asking often.

    Raises
    ------
    ParameterError
    """
    told = {column.sql for column in privacy.published(collection, grant).columns}
    if times not in (None, ALWAYS) and collection.time and collection.time not in told:
        raise ParameterError(
            "datetime",
            Message("The times of {collection} are not told.", collection=collection.key),
        )


def find_page(connection: Connection, collection: Collection, grant: Grant, query: Query) -> Page:
    """Return a page of features.

    Parameters
    ----------
    connection : Connection
        Only read.
    collection : Collection
    grant : Grant
        What the reader may be given.
    query : Query

    Raises
    ------
    ParameterError
        If the cursor is none of this query's.
    """
    collection = privacy.published(collection, grant)
    query = _ordered(collection, grant, query)
    chosen = _choose(collection, grant, query)
    keys = [sort.column.alone for sort in query.sorts] + ["t.id"]
    order = ", ".join(
        f"{key} {'DESC' if sort else 'ASC'}"
        for key, sort in zip(keys, [*(s.descending for s in query.sorts), False], strict=True)
    )
    # One more row than wanted tells whether there is another page.
    page = f"""
        SELECT t.*, row_number() OVER () AS page_row,
            ARRAY[{", ".join(f"({key})::text" for key in keys)}] AS page_key
        FROM (SELECT t.* FROM {collection.table} t WHERE {chosen.where}
              ORDER BY {order} LIMIT :page_limit + 1) t
    """
    columns = select_columns(collection, grant, query)
    place = geometry_of(collection, grant)
    feature = feature_sql(columns, place, query.system)
    count = _matched(collection, grant, query)
    statement = f"""
        WITH page AS MATERIALIZED ({page})
        SELECT string_agg({feature}, ',' ORDER BY t.page_row)
                   FILTER (WHERE t.page_row <= :page_limit),
            count(*),
            (SELECT page_key FROM page WHERE page_row = :page_limit),
            {count}
        FROM page t {collection.joined(columns)}
    """
    params = chosen.params | {"page_limit": query.limit}
    features, found, last, matched = connection.execute(_prepared(statement), params).one()
    more = found > query.limit
    told = min(found, query.limit)
    if not more and query.cursor is None:
        matched = told
    return Page((features or "").encode(), told, write_cursor(last) if more else None, matched)


def _ordered(collection: Collection, grant: Grant, query: Query) -> Query:
    """Put what is chosen by place in order of time, if nothing else was asked for.

    Imports write neighbours one after another: in the order of ids, the first rows of a place may
    come after a hundred thousand of others; in the order of time they do not.
    """
    by_place = bool(query.boxes) or any(condition.spatial for condition in query.conditions)
    if query.sorts or not by_place or collection.time is None:
        return query
    granted = queryables(collection, grant).values()
    times = [column for column in granted if column.sql == collection.time]
    return replace(query, sorts=tuple(Sort(column) for column in times))


def find_feature(
    connection: Connection, collection: Collection, grant: Grant, feature_id: int, query: Query
) -> bytes:
    """Return one feature as GeoJSON.

    Raises
    ------
    NotFoundError
        If there is none of this id for the reader.
    """
    collection = privacy.published(collection, grant)
    conditions, params = visible(collection, grant, query.times)
    columns = select_columns(collection, grant, query)
    place = geometry_of(collection, grant)
    feature = feature_sql(columns, place, query.system)
    where = " AND ".join(["t.id = :feature_id", *conditions])
    statement = f"""
        SELECT {feature} FROM {collection.table} t
        {collection.joined(columns)} WHERE {where}
    """
    found = connection.execute(_prepared(statement), params | {"feature_id": feature_id}).scalar()
    if found is None:
        raise NotFoundError(
            Message(
                "There is no feature {id} in {collection}.",
                id=str(feature_id),
                collection=collection.key,
            )
        )
    return str(found).encode()


def geometry_of(collection: Collection, grant: Grant) -> str:
    """Return the SQL, over ``t``, of the geometry that is told, tested and drawn."""
    return privacy.published_geometry(collection, grant.of(collection).snap)


def feature_sql(columns: Sequence[Column], place: str, system: System) -> str:
    """Return the SQL of a feature over ``t`` and the joins of its columns.

    Parameters
    ----------
    columns : sequence of Column
        Its properties.
    place : str
        Its geometry, from `geometry_of`.
    system : System
        The coordinates of its geometry.
    """
    properties = ", ".join(f'{column.sql} AS "{column.name}"' for column in columns)
    told = f"(SELECT row_to_json(p) FROM (SELECT {properties}) p)" if columns else "'{}'"
    digits = _METRES if system.metric else _DEGREES
    shape = f"coalesce(ST_AsGeoJSON({_shape(place, system)}, {digits}, 0), 'null')"
    return (
        f"""'{{"type":"Feature","id":' || t.id || ',"geometry":' || {shape} || """
        f"""',"properties":' || {told} || '}}'"""
    )


def _shape(place: str, system: System) -> str:
    """Return the geometry in a coordinate system, in the order of its axes."""
    # RFC 7946, 3.1.6: a polygon's outline runs counterclockwise.
    shape = f"ST_ForcePolygonCCW({place})"
    if system.srid != 4326:
        shape = f"ST_Transform({shape}, {int(system.srid)})"
    return f"ST_FlipCoordinates({shape})" if system.flipped else shape


def _choose(collection: Collection, grant: Grant, query: Query) -> _Statement:
    conditions, params = visible(collection, grant, query.times)
    chosen = _Statement(conditions, dict(params))
    if query.boxes:
        parts, place = [], geometry_of(collection, grant)
        snap = grant.of(collection).snap
        for number, box in enumerate(query.boxes):
            named = {f"box{number}{side}": value for side, value in zip("wsen", box, strict=True)}
            chosen.params |= named
            # The box is made for the column, not the column for the box, so its index serves.
            envelope = f"ST_MakeEnvelope({', '.join(f':{name}' for name in named)}, 4326)"
            test = f"ST_Intersects({place}, {envelope})"
            if snap != "exact":
                # Elsewhere it finds its index itself, and twice told it seems twice as choosy.
                test = f"({privacy.nearby(collection, snap, envelope)} AND {test})"
            parts.append(test)
        chosen.conditions.append("(" + " OR ".join(parts) + ")")
    for condition in query.conditions:
        chosen.conditions.append(condition.sql)
        chosen.params |= condition.params
    if query.cursor is not None:
        after = continue_after(query.cursor, query.sorts)
        chosen.conditions.append(after.sql)
        chosen.params |= after.params
    return chosen


def _matched(collection: Collection, grant: Grant, query: Query) -> str:
    """Return the SQL of how many features match, where that costs nothing."""
    whole = grant.scope.communities is None and grant.first is None and grant.last is None
    if query.narrow or not whole or query.cursor is not None or collection.key != "incidents":
        return "NULL::bigint"
    # The pyramid of counts knows all incidents; category 0 stands for every category.
    return "(SELECT sum(upto[12]) FROM incident_bin WHERE level = 8 AND category_id = 0)::bigint"


@lru_cache(maxsize=512)
def _prepared(statement: str) -> TextClause:
    return text(statement)


def extent(connection: Connection, grant: Grant) -> Mapping[str, Any]:
    """Return the box of the units that a reader may be given, in degrees.

    It is told of every collection instead of its features' own box, by which a reader of few
    features could locate one.
    """
    condition = "true" if grant.units is None else "t.id = ANY(:units)"
    params = {} if grant.units is None else {"units": sorted(grant.units)}
    box = connection.execute(
        text(
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Extent(geom) b "
            f"FROM unit t WHERE {condition}) e"
        ),
        params,
    ).one()
    return {} if box[0] is None else {"bbox": [list(box)]}
