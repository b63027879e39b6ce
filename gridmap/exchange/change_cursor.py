"""Where a reader of the feed stands, as a short text that he hands back.

He can neither read it nor make one: it holds numbers of transactions, by which he could tell how
much is written that he may not see.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange.change_rows import feed_columns
from gridmap.exchange.collections import Collection
from gridmap.exchange.grant import Grant

#: Below every id.
LOWEST = -(2**63)
_LAYOUT = struct.Struct(">8sBqqq")
_COPYING, _BETWEEN, _WITHIN = range(3)
#: Bytes of the random number of each cursor (NIST SP 800-38D, 8.2.2).
_NONCE = 12


class Seal:
    """Closes cursors, and opens those that it has closed.

    Parameters
    ----------
    secret : str or bytes
        Of the installation; with another one its readers start over.
    """

    def __init__(self, secret: str | bytes) -> None:
        # A key of its own, which does nothing else with the secret (RFC 5869).
        derived = HKDF(SHA256(), 32, salt=None, info=b"gridmap: cursors of the feed of changes")
        self._cipher = AESGCM(
            derived.derive(secret.encode() if isinstance(secret, str) else secret)
        )

    def close(self, content: bytes) -> str:
        """Encrypt, so that no change goes unnoticed; return a text that fits into an address."""
        nonce = secrets.token_bytes(_NONCE)
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, content, None)).decode()

    def open(self, text: str) -> bytes | None:
        """Return what was closed; None if it was not closed by this seal."""
        try:
            closed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            return self._cipher.decrypt(closed[:_NONCE], closed[_NONCE:], None)
        except (ValueError, InvalidTag):
            return None


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


def write_cursor(position: Position, mark: bytes, seal: Seal) -> str:
    """Write a position, and for what it holds, as a closed text that fits into an address."""
    kind = _COPYING if position.copying else _BETWEEN if position.after is None else _WITHIN
    after = LOWEST if position.after is None else position.after
    packed = _LAYOUT.pack(mark, kind, position.xid, position.seq, after)
    return seal.close(packed).rstrip("=")


def read_cursor(cursor: str, seal: Seal) -> tuple[Position, bytes]:
    """Return the position and the mark of a cursor.

    Raises
    ------
    ParameterError
        If it is none of this seal's, as those of early versions are not.
    """
    packed = seal.open(cursor)
    if packed is None or len(packed) != _LAYOUT.size:
        raise ParameterError(
            "cursor",
            Message(
                "cursor: this is none of this feed, or one from before an upgrade. Start without "
                "one to get a whole copy."
            ),
        )
    mark, kind, xid, seq, after = _LAYOUT.unpack(packed)
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
