"""Features of a collection as GeoJSON, made in PostGIS and passed on as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from geodata.messages import Message
from gridmap.db import Keeping, prepared
from gridmap.errors import NotFoundError
from gridmap.exchange import privacy
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.cql import Condition
from gridmap.exchange.cursors import (
    Sort,
    continue_after,
    first_key,
    mark_of,
    require_one_state,
    split_state,
    with_state,
    write_cursor,
)
from gridmap.exchange.feature_blocks import Reading, blocks_sql, read_page
from gridmap.exchange.feature_sql import feature_sql
from gridmap.exchange.grant import Grant
from gridmap.exchange.periods import Period
from gridmap.exchange.systems import CRS84, System
from gridmap.exchange.visible import geometry_of, queryables, visible

#: The most features of one answer, and how many there are when nobody says.
MOST, USUAL = 10_000, 10
#: The cell of a row, which is null outside every cell.
_CELL = Column("cell", "t.cell_id", "integer", "")
#: Degrees, about a kilometre: in smaller boxes there are few rows, and perhaps many beside them in
#: the same cell.
_WIDE = 0.01
#: Tells whether cells were changed since; who does it also writes the log of the feed. The rows of
#: the log count too, for a transaction may be committed after one that has a greater number.
_STATE = "(SELECT count(*) || '.' || coalesce(max(xid), 0) FROM layer_change WHERE layer = 'cells')"

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
    blocks : list of bytes
        GeoJSON features, joined by commas in each.
    count : int
        How many there are.
    next : str or None
        The cursor of the next page.
    matched : int or None
        How many features there are on all pages, where that is known without counting.
    """

    blocks: list[bytes]
    count: int
    next: str | None
    matched: int | None

    @property
    def features(self) -> bytes:
        """All features, joined by commas."""
        return b",".join(self.blocks)


@dataclass
class _Statement:
    """What is chosen: conditions over ``t`` and those of place.

    Where rows are read cell by cell, ``by_cell`` chooses the cells ``c``, and ``inside`` those of
    their rows.
    """

    conditions: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    within: str = "true"
    by_cell: str = ""
    inside: str = ""

    @property
    def where(self) -> str:
        return " AND ".join(self.conditions) or "true"


def select_columns(collection: Collection, grant: Grant, query: Query) -> tuple[Column, ...]:
    """Return the columns that an answer tells."""
    return tuple(
        column
        for column in privacy.published(collection, grant).columns
        if query.properties is None or column.name in query.properties
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
        If the cursor is none of this query's, or cells were changed since it was given.
    """
    collection = privacy.published(collection, grant)
    query = _ordered(collection, grant, query)
    if _by_cell(query):
        return _find_by_cell(connection, collection, grant, query)
    return _find(connection, collection, grant, query, set())


def _by_cell(query: Query) -> bool:
    return bool(query.sorts) and query.sorts[0].column is _CELL


def _find_by_cell(
    connection: Connection, collection: Collection, grant: Grant, query: Query
) -> Page:
    """Return a page in the order of cells, which holds only while no cell is changed."""
    marks: set[str] = set()
    if query.cursor is not None:
        mark, cursor = split_state(query.cursor)
        marks, query = {mark}, replace(query, cursor=cursor)
    page = _find(connection, collection, grant, query, marks)
    mark = require_one_state(marks)
    return page if page.next is None else replace(page, next=with_state(page.next, mark))


def _find(
    connection: Connection, collection: Collection, grant: Grant, query: Query, marks: set[str]
) -> Page:
    """Return a page, and add to the marks that of the state in which each statement read it."""
    chosen = _choose(collection, grant, query)
    # Nothing but its length and its beginning tell one plain page from another; what narrows a page
    # decides on its plan.
    plain = not query.narrow and not chosen.params.keys() - {"after_id", *privacy.params(grant)}
    keep: Keeping = "any values" if plain else "these values"
    blocks: list[bytes] = []
    last: Sequence[str | None] = ()
    told, matched = 0, None
    for rows in _rows(collection, query, chosen):
        statement = _page_statement(collection, grant, query, rows)
        reading = Reading(statement, chosen.params, keep)
        found = read_page(connection, reading, query.limit - told)
        if found.state is not None:
            marks.add(mark_of(found.state))
        blocks += found.features
        matched = found.matched
        more = found.found > query.limit - told
        last, told = (found.key or last), told + min(found.found, query.limit - told)
        if more:
            return Page(blocks, told, write_cursor(collection.key, last), matched)
    if query.cursor is None:
        matched = told
    return Page(blocks, told, None, matched)


def _page_statement(collection: Collection, grant: Grant, query: Query, rows: str) -> str:
    """Return the statement of a page's features.

    With them comes how many features there are on all pages, where that is known, and the state of
    the cells where the order is theirs.
    """
    columns = select_columns(collection, grant, query)
    place, point = geometry_of(collection, grant), collection.shape == "Point"
    return blocks_sql(
        rows,
        feature_sql(columns, place, point=point, system=query.system),
        collection.joined(columns),
        _keys(query),
        matched=_matched(collection, grant, query),
        state=_STATE if _by_cell(query) else "NULL::text",
    )


def _keys(query: Query) -> list[str]:
    return [sort.column.alone for sort in query.sorts] + ["t.id"]


def _rows(collection: Collection, query: Query, chosen: _Statement) -> list[str]:
    """Return the SQL of a page's rows in order: the later ones fill what the earlier leave."""
    ways = [*("DESC" if sort.descending else "ASC" for sort in query.sorts), "ASC"]
    order = ", ".join(f"{key} {way}" for key, way in zip(_keys(query), ways, strict=True))
    end = f"ORDER BY {order} LIMIT :page_limit + 1 OFFSET :page_skipped"
    plain = f"SELECT t.* FROM {collection.table} t WHERE {chosen.where} AND {chosen.within}"
    if not chosen.by_cell:
        return [f"{plain} {end}"]
    # Rows of one cell after another, and no further than the page: however many rows a box has,
    # only a page of them is read.
    inside = f"""
        SELECT t.* FROM (SELECT c.id FROM cell c WHERE {chosen.by_cell} ORDER BY c.id OFFSET 0) c
        JOIN {collection.table} t ON t.cell_id = c.id
        WHERE {chosen.where} AND {chosen.inside} {end}"""
    return [inside, f"{plain} AND t.cell_id IS NULL {end}"]


def _ordered(collection: Collection, grant: Grant, query: Query) -> Query:
    """Put what is chosen by place in an order that finds it soon, if nothing else was asked for.

    In the order of ids, the first rows of a place may come after a hundred thousand of others. In
    that of time they do not. In that of cells they come at once, where the box is no smaller than
    cells are; whoever is not told the cells must not find them out by the way.
    """
    if query.sorts or collection.time is None:
        return query
    granted = queryables(collection, grant)
    sorts = tuple(Sort(column) for column in granted.values() if column.sql == collection.time)
    exact = grant.of(collection).snap == "exact" and "cell_code" in granted
    if exact and any(min(e - w, n - s) >= _WIDE for w, s, e, n in query.boxes):
        sorts = (Sort(_CELL), *sorts)
    elif not query.boxes and not any(condition.spatial for condition in query.conditions):
        return query
    return replace(query, sorts=sorts)


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
    point = collection.shape == "Point"
    feature = feature_sql(columns, place, point=point, system=query.system)
    where = " AND ".join(["t.id = :feature_id", *conditions])
    statement = f"""
        SELECT {feature} FROM {collection.table} t
        {collection.joined(columns)} WHERE {where}
    """
    params |= {"feature_id": feature_id}
    with prepared(connection, statement, params, "any values") as cursor:
        found = cursor.fetchone()
    if found is None:
        raise NotFoundError(
            Message(
                "There is no feature {id} in {collection}.",
                id=str(feature_id),
                collection=collection.key,
            )
        )
    return str(found[0]).encode()


def _choose(collection: Collection, grant: Grant, query: Query) -> _Statement:
    conditions, params = visible(collection, grant, query.times)
    chosen = _Statement(conditions, dict(params))
    if query.boxes:
        _choose_boxes(chosen, collection, grant, query)
    for condition in query.conditions:
        chosen.conditions.append(condition.sql)
        chosen.params |= condition.params
    if query.cursor is not None:
        after = continue_after(query.cursor, collection.key, query.sorts)
        chosen.conditions.append(after.sql)
        chosen.params |= after.params
    return chosen


def _choose_boxes(chosen: _Statement, collection: Collection, grant: Grant, query: Query) -> None:
    """Choose what meets any of the boxes."""
    place, snap = geometry_of(collection, grant), grant.of(collection).snap
    tests, insides, cells = [], [], []
    for number, box in enumerate(query.boxes):
        named = {f"box{number}{side}": value for side, value in zip("wsen", box, strict=True)}
        chosen.params |= named
        # The box is made for the column, not the column for the box, so its index serves.
        envelope = f"ST_MakeEnvelope({', '.join(f':{name}' for name in named)}, 4326)"
        test = f"ST_Intersects({place}, {envelope})"
        if snap != "exact":
            # Elsewhere it finds its index itself, and twice told it seems twice as choosy.
            test = f"({privacy.nearby(collection, snap, envelope)} AND {test})"
        tests.append(test)
        insides.append(_in_box(place, named) if collection.shape == "Point" else test)
        cells.append(f"c.geom && {envelope}")
    chosen.within = f"({' OR '.join(tests)})"
    if _by_cell(query):
        # CASE hides the test from the planner, which would find all rows of the box first, takes
        # ST_Intersects for a thousand times dearer than it is, and then joins anyhow.
        chosen.inside = f"CASE WHEN {' OR '.join(insides)} THEN true END"
        # What lies in a cell meets no box that the cell does not meet.
        area = grant.scope.condition("c.community_id")
        chosen.by_cell = f"({' OR '.join(cells)}) AND {area}"
        chosen.params |= grant.scope.params
        if query.cursor is not None:
            chosen.by_cell += " AND c.id >= CAST(CAST(:from_cell AS text) AS bigint)"
            chosen.params["from_cell"] = first_key(query.cursor, collection.key, query.sorts)


def _in_box(place: str, sides: Iterable[str]) -> str:
    """Return the SQL of whether a point lies in a box, by the parameters of its sides."""
    west, south, east, north = (f":{side}" for side in sides)
    return (
        f"(ST_X({place}) BETWEEN {west} AND {east} AND ST_Y({place}) BETWEEN {south} AND {north})"
    )


def _matched(collection: Collection, grant: Grant, query: Query) -> str:
    """Return the SQL of how many features match, where that costs nothing."""
    whole = grant.scope.communities is None and grant.first is None and grant.last is None
    if query.narrow or not whole or query.cursor is not None or collection.key != "incidents":
        return "NULL::bigint"
    # The pyramid of counts knows all incidents; category 0 stands for every category.
    return "(SELECT sum(upto[12]) FROM incident_bin WHERE level = 8 AND category_id = 0)::bigint"
