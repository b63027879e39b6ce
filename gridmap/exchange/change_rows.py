"""The features that a reader of the feed may see now, and what he could see before.

The one place where the feed turns rows into GeoJSON and applies a grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geodata.messages import Message
from gridmap.errors import ForbiddenError
from gridmap.exchange.collections import Collection, Column
from gridmap.exchange.feature_sql import feature_sql
from gridmap.exchange.grant import Grant
from gridmap.exchange.periods import ALWAYS
from gridmap.exchange.visible import visible

#: Joins whose values change with the day and not by a write, so that no feed can follow them.
_OF_TODAY = ("answers",)


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

    Where small counts are hidden, none is told: which of them are hidden depends on the counts of
    neighbours too, and a feed of what changes there would tell of them.

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
        and not (column.count and grant.smallest_count)
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
    # A copy holds the cells of all days.
    seen, values = visible(collection, grant, ALWAYS)
    where = " AND ".join([condition, *seen])
    feature = feature_sql(columns, "t.geom", point=collection.shape == "Point")
    row = connection.execute(
        text(f"""
            SELECT coalesce(string_agg({feature}, ',' ORDER BY t.id), ''),
                   coalesce(array_agg(t.id ORDER BY t.id), '{{}}')
            FROM (SELECT * FROM {collection.table} t WHERE {where} ORDER BY t.id LIMIT :most) AS t
            {collection.joined(columns)}
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
