"""From a key to what it may be given; asked at every request of another program.

One statement finds the key by its hash, whether it still holds, and takes one request from its
allowance. So a revoked key ends at once and the limit holds across processes, while the grant
itself is kept in memory as long as the key's version is the same.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from threading import Lock
from types import MappingProxyType
from typing import get_args

from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, text

from geodata.messages import Message
from gridmap.db import prepared
from gridmap.errors import GridmapError
from gridmap.exchange.agencies.tokens import LONGEST, hash_of
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import Grant, LayerGrant, Snap
from gridmap.territory.scope import EVERYTHING, Scope

#: A new community below a granted unit is seen after so many seconds; the key itself has a version.
KEPT_S = 10
_MOST_KEPT = 1000
#: A quarter of a minute's requests may come in one go, for a map asks for many tiles at once, and
#: ten where that is less and the minute has them: a page asks for several things too.
_SHARE, _AT_ONCE = 4, 10


class UnknownKeyError(GridmapError):
    """There is no key, or none that holds.

    Attributes
    ----------
    key_id : int or None
        The key, where it is one that holds no more.
    """

    status = 401
    headers: Mapping[str, str] = MappingProxyType({"WWW-Authenticate": 'Bearer realm="gridmap"'})

    def __init__(self, message: Message, key_id: int | None = None) -> None:
        super().__init__(message)
        self.key_id = key_id
        if key_id is not None:
            self.headers = {
                "WWW-Authenticate": 'Bearer realm="gridmap", error="invalid_token"',
            }


class TooManyRequestsError(GridmapError):
    """A key asked more often than it may."""

    status = 429

    def __init__(self, seconds: int, key_id: int) -> None:
        super().__init__(
            Message("This key asks too often. Try again in {seconds} seconds.", seconds=seconds)
        )
        self.key_id = key_id
        self.headers: Mapping[str, str] = {"Retry-After": str(seconds)}


# The row of a key's allowance is locked for this statement alone, which must run by itself
# (autocommit). The table is not logged, so nothing waits for the disk.
_LEFT = """least(excluded.tokens + 1, r.tokens
            + extract(epoch FROM greatest(excluded.at, r.at) - r.at) * (SELECT rate FROM found))"""
_FIND = f"""
    WITH found AS (
        SELECT k.id, k.version, k.rate_per_minute / 60.0 AS rate,
               greatest(k.rate_per_minute / {_SHARE}, least(k.rate_per_minute, {_AT_ONCE}))
                   AS burst,
               k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) AS holds
        FROM api_key k WHERE k.token_hash = :hash
    ), taken AS (
        INSERT INTO api_rate AS r (key_id, tokens, at)
        SELECT id, burst - 1, clock_timestamp() FROM found WHERE holds
        ON CONFLICT (key_id) DO UPDATE
        SET at = greatest(excluded.at, r.at), tokens = {_LEFT} - 1 WHERE {_LEFT} >= 1
        RETURNING key_id
    )
    SELECT id, version, holds, EXISTS (SELECT FROM taken) AS allowed, rate::float FROM found
"""
_WAIT = text("""
    SELECT (1 - r.tokens) / :rate - extract(epoch FROM clock_timestamp() - r.at)
    FROM api_rate r WHERE r.key_id = :id
""")
_GRANT = text("""
    SELECT k.name, a.id AS agency_id, a.name AS agency, a.smallest_count,
           k.first_day, k.last_day, k.everywhere,
           ARRAY(SELECT unit_id FROM key_unit WHERE key_id = k.id) AS units
    FROM api_key k JOIN agency a ON a.id = k.agency_id WHERE k.id = :id
""")
_UNITS = text("""
    WITH RECURSIVE below AS (
        SELECT u.id, u.level FROM unit u WHERE u.id = ANY(:units)
        UNION SELECT u.id, u.level FROM unit u JOIN below b ON u.parent_id = b.id
    ) SELECT id, level FROM below ORDER BY id
""")
_LAYERS = text("SELECT collection, fields, write, snap FROM key_layer WHERE key_id = :id")


@dataclass(frozen=True)
class _Kept:
    version: int
    until: float
    grant: Grant


# By the hash of the token, which no other database has.
_kept: OrderedDict[bytes, _Kept] = OrderedDict()
_lock = Lock()


def authenticate(connection: Connection, secret: str) -> Grant:
    """Return what a key may be given, and take one request from its allowance.

    Parameters
    ----------
    connection : Connection
        On which each statement commits by itself, as `webui.database.reading` yields it.
    secret : str
        The token as it was sent.

    Raises
    ------
    UnknownKeyError
        If there is no such key, or it is expired or revoked.
    TooManyRequestsError
        If it asked too often.
    """
    # NUL bytes and overlong texts are no tokens; both have hashes that nobody has.
    found = None
    token = hash_of(secret)
    if len(secret) <= LONGEST:
        with prepared(connection, _FIND, {"hash": token}, "any values") as cursor:
            cursor.row_factory = namedtuple_row
            found = cursor.fetchone()
    if found is None:
        raise UnknownKeyError(Message("This key is not known."))
    if not found.holds:
        raise UnknownKeyError(Message("This key has expired or was revoked."), found.id)
    if not found.allowed:
        wait = connection.execute(_WAIT, {"id": found.id, "rate": found.rate}).scalar()
        raise TooManyRequestsError(max(1, ceil(wait or 0)), found.id)
    with _lock:
        kept = _kept.get(token)
    if kept is None or kept.version != found.version or kept.until < time.monotonic():
        kept = _Kept(found.version, time.monotonic() + KEPT_S, read_grant(connection, found.id))
        with _lock:
            _kept[token] = kept
            _kept.move_to_end(token)
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
    return kept.grant


def read_grant(connection: Connection, key_id: int) -> Grant:
    """Return what a key may be given, whether it still holds or not.

    Parameters
    ----------
    connection : Connection
    key_id : int
        Of a key that exists.
    """
    key = connection.execute(_GRANT, {"id": key_id}).one()
    scope, units = EVERYTHING, None
    if not key.everywhere:
        below = connection.execute(_UNITS, {"units": key.units}).all()
        scope = Scope(tuple(unit.id for unit in below if unit.level == "community"))
        units = frozenset(unit.id for unit in below)
    layers = {
        row.collection: LayerGrant(
            None if row.fields is None else frozenset(row.fields), row.write, _snap(row.snap)
        )
        for row in connection.execute(_LAYERS, {"id": key_id})
        # A layer may be taken out of the registry later.
        if row.collection in COLLECTIONS
    }
    return Grant(
        name=f"{key.agency} / {key.name}",
        layers=MappingProxyType(layers),
        scope=scope,
        units=units,
        first=key.first_day,
        last=key.last_day,
        smallest_count=key.smallest_count,
        key_id=key_id,
        source=f"agency:{key.agency_id}",
    )


def _snap(stored: str) -> Snap:
    snaps: tuple[Snap, ...] = get_args(Snap)
    return next(snap for snap in snaps if snap == stored)
