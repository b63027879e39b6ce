"""Where a reader of the feed stands, as a short text that he hands back."""

from __future__ import annotations

import hashlib
import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange.change_rows import feed_columns
from gridmap.exchange.collections import Collection
from gridmap.exchange.grant import Grant

#: Below every id.
LOWEST = -(2**63)
_LAYOUT = struct.Struct(">8sBqqq")
_COPYING, _BETWEEN, _WITHIN = range(3)


@dataclass(frozen=True)
class Position:
    """A place in the copy of a layer or in the log of its changes.

    Attributes
    ----------
    xid, seq : int
        The row of the log that was handed out last; all before it were too. While copying, the
        transaction from which on the changes follow the copy.
    after : int or None
        The id up to which the copy, or that row's ids, were handed out.
    copying : bool
    """

    xid: int
    seq: int = 0
    after: int | None = None
    copying: bool = False


def write_cursor(position: Position, mark: bytes) -> str:
    """Write a position, and for what it holds, as a text that fits into an address."""
    kind = _COPYING if position.copying else _BETWEEN if position.after is None else _WITHIN
    after = LOWEST if position.after is None else position.after
    packed = _LAYOUT.pack(mark, kind, position.xid, position.seq, after)
    return urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[Position, bytes]:
    """Return the position and the mark of a cursor.

    Raises
    ------
    ParameterError
        If it is none.
    """
    try:
        packed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        mark, kind, xid, seq, after = _LAYOUT.unpack(packed)
    except (ValueError, struct.error):
        kind = None
    if kind not in (_COPYING, _BETWEEN, _WITHIN):
        raise ParameterError(
            "cursor", Message("This is no cursor. Start without one to get a whole copy.")
        )
    return Position(xid, seq, None if kind == _BETWEEN else after, kind == _COPYING), mark


def mark_of(database: str, collection: Collection, grant: Grant) -> bytes:
    """Return what a cursor holds for: this database, this layer, and what the reader may see."""
    granted = [
        database,
        collection.key,
        [column.name for column in feed_columns(collection, grant)],
        None if grant.scope.communities is None else sorted(grant.scope.communities),
        None if grant.units is None else sorted(grant.units),
        str(grant.first),
        str(grant.last),
        grant.smallest_count,
    ]
    return hashlib.sha256(json.dumps(granted).encode()).digest()[:8]
