"""Back the database and the files of a town up to a file, and restore them from one."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from geodata.messages import Message
from gridmap.archive import BackupError, Packed, adding_files, pack, unpacked
from gridmap.embedded import Cluster
from gridmap.errors import ConflictError
from gridmap.postgres import find_tool
from gridmap.progress import track
from gridmap.settings import Settings


def backup(url: str, file: Path, settings: Settings, *, replace: bool = False) -> Packed:
    """Write a database and the photos it names to a file.

    The photos are read after the database and never change: each that the database names is there
    by then, but for those of an activity that somebody deletes in this moment.

    Parameters
    ----------
    url : str
        The database.
    file : Path
        The file, which comes into being when it is whole.
    settings : Settings
        Where photos, the template of the sheet and the signing key lie.
    replace : bool, default False
        Whether an existing file may be replaced.

    Returns
    -------
    Packed

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
    dump = draft.with_name(f"{draft.name}.dump")
    try:
        # Others than the operator have no business with what is in it.
        for part in (draft, dump):
            part.touch(mode=0o600)
    except OSError as error:
        raise BackupError(
            Message("{file} cannot be written: {reason}", file=str(file), reason=error.strerror)
        ) from error
    try:
        _run(
            Message("Backing up (bytes)"),
            dump,
            *("pg_dump", "--format=custom", "--no-owner", "--no-privileges"),
            # Cursors of the feed of changes hold for one database; its log is of no use elsewhere.
            *("--exclude-table-data=layer_change", "--exclude-table-data=layer_change_pruned"),
            f"--file={dump}",
            url=url,
        )
        names = _photos(url)
        with track(Message("Backing up photos"), len(names)) as advance:
            packed = pack(draft, dump, settings, names, advance)
        draft.rename(file)
    finally:
        for part in (draft, dump):
            part.unlink(missing_ok=True)
    return packed


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

    def restore(
        self, file: Path, settings: Settings, then: Callable[[str], None] = lambda url: None
    ) -> int:
        """Read the backup into a new database, which then takes this one's place.

        Parameters
        ----------
        file : Path
        settings : Settings
            Where photos lie. The backup's are put there before the database that names them
            takes its place; others stay, for another database may name them.
        then : callable
            Called with the address of the new database before it takes the place.

        Returns
        -------
        int
            How many photos were put into the folder.

        Raises
        ------
        BackupError
            If the file is no backup or cannot be read in; nothing has changed then.
        """
        draft = f"{self.name}_restore_{secrets.token_hex(3)}"
        with (
            unpacked(file) as dump,
            tempfile.NamedTemporaryFile("w", suffix=".list") as contents,
        ):
            contents.write(_contents(dump, file))
            contents.flush()
            self._make(draft)
            try:
                _run(
                    Message("Restoring"),
                    None,
                    *("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error"),
                    *("--single-transaction", f"--use-list={contents.name}"),
                    str(dump),
                    url=_plain(self._url.set(database=draft)),
                )
                then(_plain(self._url.set(database=draft)))
                with adding_files(file, settings) as added:
                    self._swap(draft)
            finally:
                with self._server() as server:
                    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                    server.execute(statement.format(sql.Identifier(draft)))
        return added

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


def _photos(url: str) -> list[str]:
    """Return the names of all photos; a database of an early version knows some tables not yet."""
    names: list[str] = []
    with psycopg.connect(_plain(make_url(url))) as connection:
        for table in ("case_photo", "activity_photo"):
            known = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
            if known == (True,):
                query = sql.SQL("SELECT name FROM {} ORDER BY id").format(sql.Identifier(table))
                names += [name for (name,) in connection.execute(query)]
    return names


def _contents(dump: Path, file: Path) -> str:
    """List what is to be restored: all but PostGIS, which only a superuser may make."""
    listed = subprocess.run(
        [find_tool("pg_restore"), "--list", str(dump)],
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
