"""The feed of changes: a whole copy of a layer, and then what changed since, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from geodata.messages import Message
from gridmap.errors import GoneError, ParameterError
from gridmap.exchange.change_cursor import (
    LOWEST,
    Position,
    Seal,
    mark_of,
    read_cursor,
    write_cursor,
)
from gridmap.exchange.change_log import DATABASE
from gridmap.exchange.change_rows import Found, feed_columns, read_rows, was_seen
from gridmap.exchange.collections import Collection
from gridmap.exchange.grant import Grant

USUAL, MOST = 1000, 10_000
#: A page that would stay empty, since all that changed lies elsewhere, looks on so many times.
_TRIES = 10
#: The joins whose tables the log keeps apart: a change there is no news to who may not see it.
_PARTS = {"latest": "building_counts", "incident_case": "cases", "contact": "contacts"}


@dataclass(frozen=True)
class ChangePage:
    """What a reader's copy lacks.

    Attributes
    ----------
    features : bytes
        Added or changed features as they are now: GeoJSON with commas between them.
    count : int
        How many.
    deleted : tuple of int
        The ids of features that are gone, or that the reader may no longer see.
    next : str
        The cursor to ask with for what follows.
    more : bool
        Whether there is more already.
    """

    features: bytes
    count: int
    deleted: tuple[int, ...]
    next: str
    more: bool


def read_changes(
    connection: Connection,
    collection: Collection,
    grant: Grant,
    seal: Seal,
    cursor: str | None = None,
    limit: int = USUAL,
) -> ChangePage:
    """Return the next page of a layer's copy, or of what changed since.

    Several changes of a feature are told as one, its state of now; a page may be told twice.
    What a transaction changed is handed out when all that began before it have ended.

    Parameters
    ----------
    connection : Connection
        Only read from.
    collection : Collection
    grant : Grant
    seal : Seal
        Closes its cursors.
    cursor : str, optional
        `ChangePage.next` of the page before; without it a copy begins.
    limit : int
        The most features and deletions in the page, 1 to `MOST`.

    Raises
    ------
    NotFoundError
        If the collection was not granted.
    ForbiddenError
        If it cannot be followed, see `feed_columns`.
    GoneError
        If the reader has to start over without a cursor.
    ParameterError
        If the cursor is none, or the limit is out of range.
    """
    if not 1 <= limit <= MOST:
        raise ParameterError(
            "limit", Message("The limit must lie between 1 and {most}.", most=MOST)
        )
    feed = _Feed(connection, collection, grant, limit)
    at, mark = (None, b"") if cursor is None else read_cursor(cursor, seal)
    first = feed.look(at)
    held = mark_of(first.database, collection, grant)
    if at is not None:
        _check(at, first, held == mark)
    if at is None or at.copying:
        step = feed.copy(at or Position(first.below, after=LOWEST, copying=True))
    else:
        step = feed.follow(at, first)
    return ChangePage(
        step.found.features, len(step.found.ids), step.deleted,
        write_cursor(step.at, held, seal), step.more,
    )  # fmt: skip


_LOG = f"""
    SELECT s.*, c.xid, c.seq, c.first_id, c.last_id, c.departed, c.community_id, c.day
    FROM (
        SELECT {DATABASE} AS database, pg_snapshot_xmin(now)::text::bigint AS below,
               pg_snapshot_xmax(now)::text::bigint AS ahead,
               coalesce((SELECT below_xid FROM layer_change_pruned WHERE database = {DATABASE}), 0)
                   AS pruned
        FROM pg_current_snapshot() AS now
    ) AS s
    LEFT JOIN LATERAL (
        SELECT c.* FROM unnest(CAST(:layers AS text[])) AS l (layer) CROSS JOIN LATERAL (
            SELECT * FROM layer_change c
            WHERE c.layer = l.layer AND c.xid < s.below AND (c.xid, c.seq) {{after}} (:xid, :seq)
            ORDER BY c.xid, c.seq LIMIT :rows
        ) AS c ORDER BY c.xid, c.seq LIMIT :rows
    ) AS c ON true
    ORDER BY c.xid, c.seq
"""


@dataclass(frozen=True)
class _Log:
    """The log from a position on.

    Attributes
    ----------
    database : str
    below : int
        Transactions below it have all ended.
    ahead : int
        The next transaction.
    pruned : int
        Below it the log is not whole.
    rows : sequence of rows
        As many as were asked for.
    """

    database: str
    below: int
    ahead: int
    pruned: int
    rows: Sequence[Row[Any]]


@dataclass(frozen=True)
class _Step:
    """A page, and where the reader stands then."""

    found: Found
    deleted: tuple[int, ...]
    at: Position
    more: bool


def _check(at: Position, log: _Log, held: bool) -> None:
    """Refuse a cursor after which something may be missing."""
    over = any(row.first_id is None for row in log.rows)
    if not held or over or not log.pruned <= at.xid <= log.ahead:
        raise GoneError(
            Message(
                "This cursor holds no longer: it is too old, or the data or what you may see of "
                "them were replaced. Start over without a cursor."
            )
        )


class _Feed:
    """One layer's log, for one reader."""

    def __init__(
        self, connection: Connection, collection: Collection, grant: Grant, limit: int
    ) -> None:
        self._of = (connection, collection, grant)
        self._limit = limit
        # A row of the log costs little; few of them may concern this reader.
        self._rows = max(limit, USUAL)
        aliases = {column.sql.partition(".")[0] for column in feed_columns(collection, grant)}
        self._layers = [collection.key, *(_PARTS[alias] for alias in aliases & _PARTS.keys())]

    def look(self, at: Position | None) -> _Log:
        """Read the log after a position, and the state of the database at the same moment."""
        connection = self._of[0]
        layers = [] if at is None or at.copying else self._layers
        at = at or Position(0)
        rows = connection.execute(
            text(_LOG.format(after=">" if at.after is None else ">=")),
            {"layers": layers, "xid": at.xid, "seq": at.seq, "rows": self._rows},
        ).all()
        state = rows[0]
        return _Log(
            state.database, state.below, state.ahead, state.pruned,
            [row for row in rows if row.xid is not None],
        )  # fmt: skip

    def copy(self, at: Position) -> _Step:
        """Return the next rows by their ids; after the last the changes since the first follow."""
        found = read_rows(*self._of, "t.id > :after", {"after": at.after}, self._limit)
        whole = len(found.ids) < self._limit
        then = Position(at.xid) if whole else Position(at.xid, 0, found.ids[-1], copying=True)
        return _Step(found, (), then, more=True)

    def follow(self, at: Position, log: _Log) -> _Step:
        """Return what the next rows of the log tell this reader."""
        step = _Step(Found(b"", []), (), at, more=True)
        for tried in range(_TRIES):
            if tried:
                log = self.look(step.at)
                _check(step.at, log, held=True)
            if not log.rows:
                return _Step(Found(b"", []), (), Position(log.below), more=False)
            step = self._take(step.at, log)
            if step.found.ids or step.deleted or not step.more:
                break
        return step

    def _take(self, at: Position, log: _Log) -> _Step:
        """Return what the first rows tell, as many of them as surely fit into a page."""
        chosen, room = list[tuple[Row[Any], range]](), self._limit
        for row in log.rows:
            ids = _ids_left(row, at)
            room -= len(ids)
            if room < 0:
                break
            chosen.append((row, ids))
        if not chosen:
            return self._take_part(log.rows[0], ids)
        wanted = {one for _, ids in chosen for one in ids}
        found = read_rows(*self._of, "t.id = ANY(:ids)", {"ids": sorted(wanted)})
        departed = {one for row, ids in chosen if self._was_seen(row) for one in ids}
        more = len(chosen) < len(log.rows) or len(log.rows) == self._rows
        last = chosen[-1][0]
        then = Position(last.xid, last.seq) if more else Position(log.below)
        return _Step(found, _gone(departed, found), then, more)

    def _take_part(self, row: Row[Any], ids: range) -> _Step:
        """Return what some of a row's ids tell, where these are more than fit into a page."""
        seen = self._was_seen(row)
        part = ids[: self._limit] if seen else ids
        between = {"start": part[0], "stop": part[-1]}
        found = read_rows(*self._of, "t.id BETWEEN :start AND :stop", between, self._limit)
        full = not seen and len(found.ids) == self._limit
        upto = found.ids[-1] if full else part[-1]
        then = Position(row.xid, row.seq, None if upto == ids[-1] else upto)
        return _Step(found, _gone(part if seen else (), found), then, more=True)

    def _was_seen(self, row: Row[Any]) -> bool:
        """Tell whether a row says that something left what the reader may see."""
        _, collection, grant = self._of
        return row.departed and was_seen(collection, grant, row.community_id, row.day)


def _ids_left(row: Row[Any], at: Position) -> range:
    """Return the ids of a row that were not handed out yet."""
    first = row.first_id
    if at.after is not None and (row.xid, row.seq) == (at.xid, at.seq):
        first = at.after + 1
    return range(first, row.last_id + 1)


def _gone(departed: Iterable[int], found: Found) -> tuple[int, ...]:
    return tuple(sorted(set(departed).difference(found.ids)))
