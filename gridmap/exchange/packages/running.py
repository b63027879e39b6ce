"""Makes the packages that wait, one at a time for the whole installation, and removes old ones."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gridmap.exchange.agencies.authentication import read_grant
from gridmap.exchange.packages.service import ask_for_scheduled, package_folder
from gridmap.exchange.packages.signing import Signer
from gridmap.exchange.packages.writing import write_package
from gridmap.settings import Settings

log = logging.getLogger(__name__)

#: How often the process for packages looks for work.
_LOOK_EVERY_S = 5.0
_TELL_EVERY_S = 1.0
# A process that gave no sign of life for so long was killed; its package is made anew.
_DEAD = "interval '2 minutes'"
_ONE_AT_A_TIME = "hashtext('gridmap.packages')"
_CLAIM = text(f"""
    UPDATE package SET state = 'running', seen_at = now(), rows = 0, rows_expected = NULL
    WHERE id = (
        SELECT p.id FROM package p
        WHERE p.state = 'waiting' OR p.state = 'running' AND p.seen_at < now() - {_DEAD}
        ORDER BY p.id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, key_id
""")
_END = text("""
    UPDATE package SET state = :state, finished_at = now(), seen_at = now(), rows = :rows,
        rows_expected = :rows, version = :version, file = :file, bytes = :bytes, sha256 = :sha256
    WHERE id = :id
""")
_OLD = text("""
    DELETE FROM package p WHERE state IN ('done', 'failed')
        AND (asked_at < now() - make_interval(days => :days)
            OR (SELECT count(*) FROM package n WHERE n.key_id = p.key_id AND n.state = 'done'
                    AND n.asked_at > p.asked_at) >= :most)
    RETURNING file
""")
#: A key may ask every ten minutes, and the disk holds only so many packages.
MOST_KEPT = 5

Expect = Callable[[int], None]


def run_packages(
    engine: Engine,
    settings: Settings,
    *,
    expect: Expect = lambda rows: None,
    advance: Callable[[int], None] = lambda rows: None,
) -> int:
    """Make every package that waits or whose time has come, and remove old ones.

    While another process is at it, nothing is done.

    Parameters
    ----------
    engine : Engine
    settings : Settings
    expect, advance : callable
        Told of the rows of each package, and of those written.

    Returns
    -------
    int
        How many were made.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
        if not guard.execute(text(f"SELECT pg_try_advisory_lock({_ONE_AT_A_TIME})")).scalar():
            return 0
        try:
            with Session(engine) as session, session.begin():
                ask_for_scheduled(session)
            made = 0
            while (claimed := guard.execute(_CLAIM).one_or_none()) is not None:
                made += _make(engine, guard, claimed, settings, expect, advance)
            remove_old(guard, settings)
            return made
        finally:
            guard.execute(text(f"SELECT pg_advisory_unlock({_ONE_AT_A_TIME})"))


def watch(engine: Engine, settings: Settings, end: Event) -> None:
    """Make packages until the process ends, beside the processes for jobs."""
    while not end.wait(_LOOK_EVERY_S):
        try:
            if _something_waits(engine, settings):
                run_packages(engine, settings)
        except SQLAlchemyError:
            log.exception("Packages could not be looked for")


def remove_old(connection: Connection, settings: Settings) -> None:
    """Remove packages too old or too many of a key, and files that no row names any more."""
    folder = package_folder(settings)
    for (name,) in connection.execute(_OLD, {"days": settings.package_days, "most": MOST_KEPT}):
        if name:
            (folder / name).unlink(missing_ok=True)
    named = set(
        connection.execute(text("SELECT file FROM package WHERE file IS NOT NULL")).scalars()
    )
    for path in folder.glob("*.zip"):
        # One that is just being finished has no row yet.
        if path.name not in named and path.stat().st_mtime < time.time() - 3600:
            path.unlink(missing_ok=True)


def _something_waits(engine: Engine, settings: Settings) -> bool:
    with engine.connect() as connection:
        found = connection.execute(
            text(f"""
                SELECT EXISTS (SELECT FROM package WHERE state = 'waiting'
                    OR state = 'running' AND seen_at < now() - {_DEAD})
                OR EXISTS (SELECT FROM package_schedule WHERE next_at <= now())
                OR EXISTS (SELECT FROM package
                    WHERE asked_at < now() - make_interval(days => :days)
                        AND state IN ('done', 'failed'))
            """),
            {"days": settings.package_days},
        )
        return bool(found.scalar())


def _make(
    engine: Engine,
    guard: Connection,
    claimed: Row[Any],
    settings: Settings,
    expect: Expect,
    advance: Callable[[int], None],
) -> bool:
    """Make one package; a fault is noted at the package, and the next one follows."""
    progress = _Progress(guard, claimed.id, expect, advance)
    result: dict[str, Any] = {"state": "failed", "version": None, "file": None}
    result |= {"bytes": None, "sha256": None}
    try:
        with _one_moment(engine) as connection:
            version = connection.execute(
                text("SELECT version FROM api_key WHERE id = :id"), {"id": claimed.key_id}
            ).scalar_one()
            grant = read_grant(connection, claimed.key_id)
            day = datetime.now(UTC).strftime("%Y%m%d")
            # The name cannot be guessed, should the folder ever be served by mistake.
            name = f"gridmap-{claimed.key_id}-{day}-{secrets.token_hex(8)}.zip"
            path = package_folder(settings) / name
            write_package(
                connection,
                grant,
                path,
                Signer(settings.data_dir),
                licence=settings.licence,
                expect=progress.expect,
                advance=progress.advance,
            )
        result |= {"state": "done", "version": version, "file": name}
        result |= {"bytes": path.stat().st_size, "sha256": _sum_of(path)}
    except Exception:
        log.exception("Package %d could not be made", claimed.id)
    guard.execute(_END, {"id": claimed.id, "rows": progress.rows, **result})
    return result["file"] is not None


@contextmanager
def _one_moment(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees all layers as of one moment."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        # A package may take longer than any page.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection


def _sum_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Progress:
    """Tells the database how far a package is, at most once a second."""

    def __init__(
        self, guard: Connection, package_id: int, expect: Expect, advance: Callable[[int], None]
    ) -> None:
        self.rows = 0
        self._guard, self._id = guard, package_id
        self._expect, self._advance = expect, advance
        self._told = time.monotonic()

    def expect(self, rows: int) -> None:
        """Take how many rows there will be."""
        self._guard.execute(
            text("UPDATE package SET rows_expected = :rows, seen_at = now() WHERE id = :id"),
            {"rows": rows, "id": self._id},
        )
        self._expect(rows)

    def advance(self, rows: int) -> None:
        """Take how many rows were written since."""
        self.rows += rows
        self._advance(rows)
        if time.monotonic() > self._told + _TELL_EVERY_S:
            self._told = time.monotonic()
            self._guard.execute(
                text("UPDATE package SET rows = :rows, seen_at = now() WHERE id = :id"),
                {"rows": self.rows, "id": self._id},
            )
