"""A page of features in blocks of bytes, as the server sends them.

One text of ten thousand features is copied whole each time it grows, and carried only when the last
is there. Blocks stay in the processor's cache, and come while the next is made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from sqlalchemy import Connection

from gridmap.db import Keeping, prepared
from gridmap.spare import at_once

#: Features of a block: larger ones are copied more, smaller ones are sent more often.
_BLOCK = 250
#: Pages from so many features on are worth a second connection.
_LONG = 4_000


@dataclass
class Blocks:
    """What a statement of `blocks_sql` found.

    Attributes
    ----------
    features : list of bytes
        GeoJSON features joined by commas, no more than a page.
    found : int
        How many rows there were, one more than a page if there is another page.
    key : list of str or None, optional
        The sort values and the id of the page's last row, if the page is full.
    matched : int or None
        How many there are on all pages, as the statement tells it.
    state : str or None
        In what state it read them, as the statement tells it.
    """

    features: list[bytes] = field(default_factory=list)
    found: int = 0
    key: list[str | None] | None = None
    matched: int | None = None
    state: str | None = None

    def followed_by(self, rest: Blocks, skipped: int) -> Blocks:
        """Return these and the rest, which was read in the same state after so many rows."""
        return replace(
            self,
            features=self.features + rest.features,
            found=skipped + rest.found,
            key=rest.key,
        )


def blocks_sql(
    rows: str, feature: str, joins: str, keys: Sequence[str], *, matched: str, state: str
) -> str:
    """Return the statement that makes features of rows.

    Parameters
    ----------
    rows : str
        The SQL of the rows in order, of which ``:page_limit`` and one more are read, so that it is
        known whether there is another page.
    feature : str
        The SQL of a feature over ``t`` and the joins.
    joins : str
        The SQL of the joins to ``t``.
    keys : sequence of str
        The SQL of the values that the rows are in order of.
    matched, state : str
        The SQL of what is told beside the features.
    """
    values = ", ".join(f"({key})::text" for key in keys)
    # The rows are put in order before the features are made: LIMIT makes the server sort small
    # rows instead of long texts, and what a sorted subquery yields is joined in its order.
    return f"""
        SELECT NULL::text, NULL::bigint, NULL::text, {matched}, {state}
        UNION ALL (
            SELECT string_agg(t.feature, ',') FILTER (WHERE t.page_row <= :page_limit),
                count(*),
                to_json(max(t.key) FILTER (WHERE t.page_row = :page_limit))::text,
                NULL, NULL
            FROM (
                SELECT {feature} AS feature, t.page_row, (t.page_row - 1) / {_BLOCK} AS block,
                    CASE WHEN t.page_row = :page_limit THEN ARRAY[{values}] END AS key
                FROM (SELECT t.*, row_number() OVER () AS page_row FROM ({rows}) t) t
                {joins}
                ORDER BY block, t.page_row LIMIT :page_limit + 1
            ) t
            GROUP BY t.block ORDER BY t.block
        )
    """


@dataclass(frozen=True)
class Reading:
    """A statement of `blocks_sql`, by which any part of a page can be read.

    Attributes
    ----------
    statement : str
        It begins after ``:page_skipped`` rows.
    params : mapping of str to object
        The others.
    keep : Keeping
        For which values its plan is kept.
    """

    statement: str
    params: Mapping[str, Any]
    keep: Keeping

    def part(self, connection: Connection, skipped: int, limit: int) -> Blocks:
        """Return what there is after so many rows, up to a limit."""
        statement = self.statement
        bounds = {"page_skipped": skipped, "page_limit": limit}
        if self.keep == "any values":
            # With its length written into it the plan of a plain page is right for each of them,
            # and to make it takes longer than ten features.
            for name, number in bounds.items():
                statement = statement.replace(f":{name}", str(number))
        with prepared(connection, statement, {**self.params, **bounds}, self.keep) as cursor:
            return _read_blocks(cursor)


def read_page(connection: Connection, reading: Reading, limit: int) -> Blocks:
    """Return a page, of which a long one is made by two connections where one is to spare.

    Parameters
    ----------
    connection : Connection
    reading : Reading
    limit : int
        The most features.
    """
    if limit >= _LONG:
        # The second one passes over the rows of the first, and has a little less to write for it.
        half = limit * 11 // 20
        made = at_once(
            connection,
            lambda one: reading.part(one, 0, half),
            lambda other: reading.part(other, half, limit - half),
        )
        if made is not None:
            found, rest = made
            return found if found.found <= half else found.followed_by(rest, half)
    return reading.part(connection, 0, limit)


def _read_blocks(cursor: psycopg.Cursor[Any]) -> Blocks:
    """Return what a statement of `blocks_sql` found, its features as they were sent, in UTF-8."""
    blocks = Blocks()
    # psycopg would make texts of the bytes, which then are made bytes again.
    sent: Any = cursor.pgresult
    for row in range(sent.ntuples):
        features, count, key, matched, state = (sent.get_value(row, column) for column in range(5))
        if count is None:
            # The one row that is no block, wherever it stands.
            blocks.matched = None if matched is None else int(matched)
            blocks.state = None if state is None else state.decode()
            continue
        blocks.found += int(count)
        blocks.features += [] if features is None else [features]
        blocks.key = blocks.key if key is None else json.loads(key)
    return blocks
