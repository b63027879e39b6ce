"""The features that a reader of the feed may see now, and what he could see before.

The one place where the feed turns rows into GeoJSON and applies a grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from geodata.messages import Message
from gridmap.errors import ForbiddenError
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.grant import Grant

#: Joins whose values change with the day and not by a write, so that no feed can follow them.
_OF_TODAY = ("answers",)
_MIDNIGHT = "(CAST(:{} AS timestamp) AT TIME ZONE (SELECT time_zone FROM territory_settings))"


@dataclass(frozen=True)
class Found:
    """Features in the order of their ids.

    Attributes
    ----------
    features : bytes
        GeoJSON, with commas between them.
    ids : list of int
    """

    features: bytes
    ids: list[int]


def feed_columns(collection: Collection, grant: Grant) -> tuple[Column, ...]:
    """Return the granted columns that the feed can keep up to date.

    Raises
    ------
    NotFoundError
        If the collection was not granted.
    ForbiddenError
        If its places may not be told exactly: a copy could not be kept equal then, for what
        they are moved to changes by itself.
    """
    granted = grant.of(collection)
    if granted.snap != "exact":
        raise ForbiddenError(
            Message("{layer} are not given as a feed of changes.", layer=collection.key)
        )
    return tuple(
        column
        for column in granted.columns(collection)
        if column.sql.partition(".")[0] not in _OF_TODAY
    )


def read_rows(
    connection: Connection,
    collection: Collection,
    grant: Grant,
    condition: str,
    params: Mapping[str, Any],
    limit: int | None = None,
) -> Found:
    """Return the features of some rows, as they are now, that the reader may see.

    Parameters
    ----------
    connection : Connection
    collection : Collection
    grant : Grant
    condition : str
        SQL over ``t``.
    params : mapping
        The values it refers to.
    limit : int, optional
        Only the first, by their ids.
    """
    columns = feed_columns(collection, grant)
    seen, values = _visible(collection, grant)
    told = ", ".join(
        f"{_value(column, grant.smallest_count)} AS {column.name}" for column in columns
    )
    row = connection.execute(
        text(f"""
            SELECT coalesce(string_agg(feature, ',' ORDER BY id), ''),
                   coalesce(array_agg(id ORDER BY id), '{{}}')
            FROM (
                SELECT t.id, concat('{{"type":"Feature","id":', t.id, ',"geometry":',
                    coalesce(ST_AsGeoJSON(t.geom, 7), 'null'), ',"properties":',
                    {"row_to_json(p)" if told else "'{}'"}, '}}') AS feature
                FROM (
                    SELECT * FROM {collection.table} t WHERE {condition} AND {seen}
                    ORDER BY t.id LIMIT :most
                ) AS t {collection.joined(columns)} CROSS JOIN LATERAL (SELECT {told}) AS p
            ) AS made
        """),
        {**params, **values, "most": limit},
    ).one()
    return Found(row[0].encode(), row[1])


def was_seen(
    collection: Collection, grant: Grant, community_id: int | None, day: date | None
) -> bool:
    """Tell whether the reader may see what lies in a community and happened on a local day."""
    if collection.unit is not None:
        return grant.units is None or community_id in grant.units
    communities = grant.scope.communities
    near = collection.community is None or communities is None or community_id in communities
    return near and (day is None or (grant.first or day) <= day <= (grant.last or day))


def _value(column: Column, smallest: int) -> str:
    """Return SQL of what is told: small counts of people and homes are not."""
    if not column.count or smallest == 0:
        return column.sql
    return f"CASE WHEN {column.sql} >= {smallest:d} THEN {column.sql} END"


def _visible(collection: Collection, grant: Grant) -> tuple[str, dict[str, Any]]:
    """Return the condition of what the reader may see, and its values."""
    if collection.unit is not None:
        if grant.units is None:
            return "true", {}
        return f"{collection.unit} = ANY(:units)", {"units": sorted(grant.units)}
    conditions = [grant.scope.condition(collection.community)]
    values = dict(grant.scope.params)
    if collection.time is not None and grant.first is not None:
        conditions.append(f"{collection.time} >= {_MIDNIGHT.format('first_day')}")
        values["first_day"] = grant.first
    if collection.time is not None and grant.last is not None:
        conditions.append(f"{collection.time} < {_MIDNIGHT.format('next_day')}")
        values["next_day"] = grant.last + timedelta(days=1)
    return " AND ".join(conditions), values
