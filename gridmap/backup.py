"""Back the database up to a file, and restore it from one."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from geodata.messages import Message
from gridmap.embedded import Cluster
from gridmap.errors import ConflictError, GridmapError
from gridmap.postgres import find_tool
from gridmap.progress import track
from gridmap.settings import Settings


class BackupError(GridmapError):
    """PostgreSQL's own programs refused, and the message holds their reason."""

    status = 500


def backup(url: str, file: Path, *, replace: bool = False) -> int:
    """Write a database to a file in PostgreSQL's custom format.

    Parameters
    ----------
    url : str
        The database.
    file : Path
        The file, which comes into being when it is whole.
    replace : bool, default False
        Whether an existing file may be replaced.

    Returns
    -------
    int
        The size of the file in bytes.

    Raises
    ------
    ConflictError
        If the file exists and may not be replaced.
    BackupError
        If the folder cannot be written or ``pg_dump`` fails.
    """
    if file.exists() and not replace:
        raise ConflictError(
            Message("{file} exists: name another file, or add --force", file=str(file))
        )
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        # Others than the operator have no business with what is in it.
        draft.touch(mode=0o600)
    except OSError as error:
        raise BackupError(
            Message("{file} cannot be written: {reason}", file=str(file), reason=error.strerror)
        ) from error
    try:
        _run(
            Message("Backing up (bytes)"),
            draft,
            *("pg_dump", "--format=custom", "--no-owner", "--no-privileges"),
            # Cursors of the feed of changes hold for one database; its log is of no use elsewhere.
            *("--exclude-table-data=layer_change", "--exclude-table-data=layer_change_pruned"),
            f"--file={draft}",
            url=url,
        )
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


class Target:
    """The database that a backup is to replace.

    Parameters
    ----------
    url : str
        The database.
    cluster : Cluster, optional
        The embedded cluster if it is there, whose superuser sets PostGIS up.
    """

    def __init__(self, url: str, cluster: Cluster | None) -> None:
        self.name = str(make_url(url).database)
        self._url = make_url(url)
        self._cluster = cluster

    def has_data(self) -> bool:
        """Tell whether the database has tables besides PostGIS's own."""
        with psycopg.connect(_plain(self._url)) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_stat_user_tables WHERE relname <> 'spatial_ref_sys' LIMIT 1"
            )
            return found.fetchone() is not None

    def restore(self, file: Path) -> None:
        """Read the backup into a new database, which then takes this one's place.

        Raises
        ------
        BackupError
            If the file is no backup or cannot be read in; nothing has changed then.
        """
        draft = f"{self.name}_restore_{secrets.token_hex(3)}"
        with tempfile.NamedTemporaryFile("w", suffix=".list") as contents:
            contents.write(_contents(file))
            contents.flush()
            self._make(draft)
            try:
                _run(
                    Message("Restoring"),
                    None,
                    *("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error"),
                    *("--single-transaction", f"--use-list={contents.name}"),
                    str(file),
                    url=_plain(self._url.set(database=draft)),
                )
                self._swap(draft)
            finally:
                with self._server() as server:
                    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                    server.execute(statement.format(sql.Identifier(draft)))

    def _server(self) -> psycopg.Connection:
        if self._cluster is not None:
            return self._cluster.connect()
        return psycopg.connect(_plain(self._url.set(database="postgres")), autocommit=True)

    def _make(self, draft: str) -> None:
        if self._cluster is not None:
            self._cluster.ensure_database(draft)
            return
        name = sql.Identifier(draft)
        with self._server() as server:
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        with psycopg.connect(_plain(self._url.set(database=draft)), autocommit=True) as inside:
            inside.execute("CREATE EXTENSION IF NOT EXISTS postgis")

    def _swap(self, draft: str) -> None:
        former = f"{self.name}_former_{secrets.token_hex(3)}"
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        ours, new, old = map(sql.Identifier, (self.name, draft, former))
        with self._server() as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [self.name],
            )
            with server.transaction():
                server.execute(rename.format(ours, old))
                server.execute(rename.format(new, ours))
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(old))


@contextmanager
def restoring(settings: Settings, name: str = "gridmap") -> Iterator[Target]:
    """Yield the database to restore into, with its server running."""
    if settings.database_url is not None:
        yield Target(settings.database_url, None)
        return
    with Cluster(settings.data_dir / "postgresql").running() as cluster:
        url = cluster.ensure_database(name)
        yield Target(url, cluster)


def _contents(file: Path) -> str:
    """List what is to be restored: all but PostGIS, which only a superuser may make."""
    listed = subprocess.run(
        [find_tool("pg_restore"), "--list", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        raise BackupError(
            Message(
                "{file} is no backup that can be read: {reason}",
                file=str(file),
                reason=listed.stderr.strip(),
            )
        )
    superusers = (" EXTENSION - postgis", " COMMENT - EXTENSION ", " public spatial_ref_sys ")
    return "\n".join(
        line for line in listed.stdout.splitlines() if not any(word in line for word in superusers)
    )


def _plain(url: URL) -> str:
    """Write the URL as libpq reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _run(title: Message, growing: Path | None, program: str, *arguments: str, url: str) -> None:
    """Run one of PostgreSQL's programs on a database and show how it goes."""
    target = make_url(url)
    # A password on the command line would be seen by every account of the machine.
    environment = {**os.environ, "PGPASSWORD": str(target.password or "")}
    with tempfile.TemporaryFile() as said, track(title) as advance:
        running = subprocess.Popen(
            [find_tool(program), f"--dbname={_plain(target.set(password=None))}", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        seen = 0
        try:
            while running.poll() is None:
                time.sleep(0.1)
                size = growing.stat().st_size if growing else 0
                advance(size - seen)
                seen = size
        except BaseException:
            running.terminate()
            running.wait()
            raise
        said.seek(0)
        reason = said.read().decode(errors="replace").strip()
    if running.returncode != 0:
        raise BackupError(
            Message("{program} failed: {reason}", program=program, reason=reason[-600:])
        )
