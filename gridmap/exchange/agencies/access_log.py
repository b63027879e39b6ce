"""The log of requests with keys, written in batches beside the requests.

An entry waits up to a second in memory; what waits is written when the server is stopped in
order. A crash of the process loses it: the log tells what partners do and is no evidence.
"""

from __future__ import annotations

import logging
import os
import re
import time
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

_EVERY_S = 1.0
_PRUNE_EVERY_S = 60.0
#: Rows deleted in one go, so that nobody waits for a long deletion.
_PRUNED = 5000
#: While the database is away no more than these wait.
_MOST_WAITING = 50_000
_LONGEST_PATH = 500
# Whoever writes a key where none belongs must not find it in the log.
_SECRET = re.compile(r"gm_[\w-]{20,}")
_COLUMNS = ("at", "key_id", "method", "path", "status", "rows", "bytes", "address")
_USED = text("""
    UPDATE api_key k SET last_used_at = u.at
    FROM unnest(CAST(:keys AS bigint[]), CAST(:moments AS timestamptz[])) AS u (id, at)
    WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
""")
_OLD = text("""
    DELETE FROM api_access WHERE id IN (
        SELECT id FROM api_access WHERE at < now() - make_interval(days => :days)
        ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED)
""")


@dataclass
class Access:
    """One request with a key.

    Attributes
    ----------
    path, query : str
        Never with a key; the query as it was sent.
    rows, bytes : int or None
        What was sent, where that is known.
    """

    at: datetime
    key_id: int
    method: str
    path: str
    query: str = ""
    status: int = 0
    rows: int | None = None
    bytes: int | None = None
    address: str | None = None

    def row(self) -> tuple[Any, ...]:
        """Return the values of `_COLUMNS`, fit to be stored."""
        whole = f"{self.path}?{unquote_plus(self.query)}" if self.query else self.path
        path = _SECRET.sub("gm_…", whole.replace("\x00", ""))[:_LONGEST_PATH]
        method = self.method[:16]
        return (
            self.at, self.key_id, method, path, self.status, self.rows, self.bytes, self.address
        )  # fmt: skip


class AccessLog:
    """Takes entries without waiting, and writes them each second in a thread of its own.

    Parameters
    ----------
    engine : Engine
    days : int
        Older entries are deleted; 0 keeps all.
    """

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine, self._days = engine, days
        self._waiting: list[Access] = []
        self._lock, self._writing, self._end = Lock(), Lock(), Event()
        self._process = 0
        self._pruned = 0.0

    def add(self, entry: Access) -> None:
        """Take an entry; the thread is started in the process that serves, not before its fork."""
        with self._lock:
            self._waiting.append(entry)
            if self._process != os.getpid():
                self._process = os.getpid()
                Thread(target=self._write_each_second, name="access log", daemon=True).start()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            with self._lock:
                entries, self._waiting = self._waiting, []
            if not entries:
                return
            try:
                self._write(entries)
            except SQLAlchemyError:
                log.exception("The access log could not be written; %d entries wait", len(entries))
                with self._lock:
                    self._waiting = (entries + self._waiting)[-_MOST_WAITING:]

    def close(self) -> None:
        """Write what waits and end the thread."""
        self._end.set()
        self.flush()

    def prune(self) -> int:
        """Delete some of the entries that are too old, and return how many."""
        if self._days == 0:
            return 0
        with self._engine.begin() as connection:
            found = connection.execute(_OLD, {"days": self._days, "most": _PRUNED})
            return int(found.rowcount)

    def _write_each_second(self) -> None:
        while not self._end.wait(_EVERY_S):
            self.flush()
            if time.monotonic() > self._pruned + _PRUNE_EVERY_S:
                self._pruned = time.monotonic()
                try:
                    self.prune()
                except SQLAlchemyError:
                    log.exception("Old entries of the access log could not be deleted")

    def _write(self, entries: list[Access]) -> None:
        used: dict[int, datetime] = {}
        for entry in entries:
            used[entry.key_id] = max(entry.at, used.get(entry.key_id, entry.at))
        keys = sorted(used)
        with self._engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            with (
                driver.cursor() as cursor,
                cursor.copy(f"COPY api_access ({', '.join(_COLUMNS)}) FROM STDIN") as copy,
            ):
                for entry in entries:
                    copy.write_row(entry.row())
            # In one order of keys, so that two processes never wait for each other crosswise.
            moments = [used[key] for key in keys]
            connection.execute(_USED, {"keys": keys, "moments": moments})
