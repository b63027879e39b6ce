"""A private PostgreSQL and PostGIS cluster that the program itself starts and stops.

It has its own data folder, listens on its own Unix socket only, and so meets neither a system
cluster nor port 5432. Several processes may use one cluster at a time: each holds a shared lock
on a file, and the last to leave stops the server. A process that is killed leaves the server
running, and the next one that starts takes it over.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from sqlalchemy import URL

from geodata.messages import Message
from gridmap.account import Account, EmbeddedError
from gridmap.postgres import PORT, configuration, find_server
from gridmap.settings import Settings

SUPERUSER = "postgres"
#: The program signs in as a role that owns its databases but is no superuser, so that a fault
#: in a query cannot reach the server's files or programs.
OWNER = "gridmap"
#: ``sockaddr_un.sun_path`` holds 108 bytes with its closing zero.
SOCKET_PATH_LIMIT = 107
#: Recovery after a crash may have to read gigabytes before the server answers.
START_LIMIT_S = 600
#: A longer log is set aside at a start, and the one set aside before is dropped.
LOG_LIMIT_BYTES = 16 << 20


def socket_folder(directory: Path) -> Path:
    """Return the folder of a cluster's socket, in the cluster's own unless its path is too long.

    Parameters
    ----------
    directory : Path
        The cluster's folder.
    """
    own = directory / "socket"
    if len(os.fsencode(own / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
        return own
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    base = Path("/run") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    return base / f"gridmap-{os.geteuid()}-{digest}"


@contextmanager
def provide_database(settings: Settings, name: str = "gridmap") -> Iterator[str]:
    """Yield the URL of the database to work on, with the embedded cluster running if it is one.

    Parameters
    ----------
    settings : Settings
        Where `database_url` is set, that database is meant and nothing is started.
    name : str, default "gridmap"
        The embedded cluster's database. It is made, without tables, when absent.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with Cluster(settings.data_dir / "postgresql").running() as cluster:
        yield cluster.ensure_database(name)


class Cluster:
    """A PostgreSQL cluster in a folder of its own.

    Parameters
    ----------
    directory : Path
        The cluster's folder. It is made when absent.
    durable : bool, default True
        Whether commits wait for the disk. Tests turn it off, for their data may be lost.

    Raises
    ------
    EmbeddedError
        If root asks for it on a machine without the account that is to run it.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory.absolute()
        self.durable = durable
        self.data = self.directory / "data"
        self.log = self.directory / "postgresql.log"
        self.socket = socket_folder(self.directory)
        self._account = Account.present()

    @contextmanager
    def running(self) -> Iterator[Cluster]:
        """Hold the cluster running: start it when needed, stop it when the last user leaves.

        Raises
        ------
        EmbeddedError
            If its folder cannot be used or the server does not start.
        """
        self._make_folders()
        own = os.getpid()
        with (
            open(self.directory / "change.lock", "a") as change,
            open(self.directory / "users.lock", "a") as users,
        ):
            # While the shared lock is held nobody stops the server; whoever starts or stops
            # it holds the other lock alone meanwhile.
            with _alone(change):
                fcntl.flock(users, fcntl.LOCK_SH)
            try:
                with _alone(change):
                    if not self.is_running():
                        self._start()
                yield self
            finally:
                # A web server's workers leave the block too, as copies that share the locks.
                if os.getpid() == own:
                    with _alone(change), suppress(BlockingIOError):
                        # It fails when somebody else still uses the server and so will stop it.
                        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        self._stop()

    def url(self, database: str, *, user: str = OWNER) -> str:
        """Return the SQLAlchemy URL of one of the cluster's databases."""
        return URL.create(
            "postgresql",
            username=user,
            database=database,
            query={"host": str(self.socket), "port": str(PORT)},
        ).render_as_string(hide_password=False)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Open a connection as superuser, each statement committed by itself."""
        return psycopg.connect(
            host=str(self.socket), port=PORT, user=SUPERUSER, dbname=database, autocommit=True
        )

    def ensure_database(self, name: str) -> str:
        """Make a database with PostGIS and no tables unless it exists, and return its URL.

        Parameters
        ----------
        name : str
            The name of the database.
        """
        with self.connect() as server:
            # Two programs may start at once; the lock goes with the connection.
            server.execute("SELECT pg_advisory_lock(hashtext('gridmap.ensure_database'))")
            found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if found.fetchone() is None:
                self._make_database(server, name)
        return self.url(name)

    def is_running(self) -> bool:
        """Tell whether the server answers on the cluster's socket."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self, server: psycopg.Connection, name: str) -> None:
        """Make it under another name first, so that an interruption leaves nothing half made."""
        draft = sql.Identifier(f"{name}_draft")
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(draft))
        server.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                draft, sql.Identifier(OWNER)
            )
        )
        with self.connect(f"{name}_draft") as inside:
            inside.execute("CREATE EXTENSION postgis")
        server.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(draft, sql.Identifier(name))
        )

    def _make_folders(self) -> None:
        try:
            for folder in reversed(self.directory.parents):
                if not folder.exists():
                    folder.mkdir(mode=0o755)
                    folder.chmod(0o755)  # Root's umask may have closed it to the account.
        except OSError as error:
            raise EmbeddedError(
                Message(
                    "the folder {folder} cannot be made ({reason}): name another in "
                    "GRIDMAP_DATA_DIR",
                    folder=str(folder),
                    reason=error.strerror,
                )
            ) from error
        self._account.check_reach(self.directory)
        for folder in (self.directory, self.socket):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() != self._account.uid:
                os.chown(folder, self._account.uid, self._account.gid)
                found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self._account.uid:
                raise EmbeddedError(
                    Message(
                        "{folder} belongs to another account: remove it, or name another folder "
                        "in GRIDMAP_DATA_DIR",
                        folder=str(folder),
                    )
                )
            folder.chmod(0o700)

    def _version(self) -> int | None:
        """Return the major version that made the data folder."""
        try:
            return int((self.data / "PG_VERSION").read_text().split(".")[0])
        except FileNotFoundError:
            return None

    def _start(self) -> None:
        version = self._version()
        programs = find_server(version)
        if version is None:
            self._initialise(programs)
        configured = self.data / "gridmap.conf"
        configured.write_text(configuration(self.socket, durable=self.durable))
        configured.chmod(0o644)
        if self._await_other_processes():
            return
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        code, said = self._account.run(
            self.directory,
            str(programs / "pg_ctl"),
            *("start", "--silent", "--wait", f"--timeout={START_LIMIT_S}"),
            f"--pgdata={self.data}",
            f"--log={self.log}",
        )
        if code != 0:
            raise EmbeddedError(
                Message(
                    "the database did not start; the last lines of {log} are: {tail}",
                    log=str(self.log),
                    tail=self._log_tail() or said,
                )
            )
        with self.connect() as server:
            role = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER])
            if role.fetchone() is None:
                server.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(OWNER))
                )

    def _initialise(self, programs: Path) -> None:
        """Make the data folder, under another name until it is whole."""
        draft = self.directory / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        code, said = self._account.run(
            self.directory,
            str(programs / "initdb"),
            # Both sort by code point, but only C compares bytes, which builds indexes on texts
            # several times faster and lets them serve searches for a beginning.
            *("--encoding=UTF8", "--locale=C.UTF-8", "--lc-collate=C"),
            *("--data-checksums", "--auth=trust"),
            *(() if self.durable else ("--no-sync",)),
            f"--username={SUPERUSER}",
            f"--pgdata={draft}",
        )
        if code != 0:
            raise EmbeddedError(Message("the database could not be made: {reason}", reason=said))
        (draft / "pg_hba.conf").write_text(
            "# The folder of the socket is closed to other accounts.\nlocal all all trust\n"
        )
        with (draft / "postgresql.conf").open("a") as configured:
            configured.write("\ninclude_if_exists = 'gridmap.conf'\n")
        draft.rename(self.data)

    def _await_other_processes(self) -> bool:
        """Wait for a server that is still starting, or for the rest of one that died.

        Its lock file is removed when none of its processes is left. PostgreSQL does so itself
        unless the number in it has meanwhile gone to another process of the same account, as
        happens when a container starts again.

        Returns
        -------
        bool
            Whether the server answers.
        """
        lock = self.data / "postmaster.pid"
        began = time.monotonic()
        while processes := self._processes():
            if self.is_running():
                return True
            with suppress(FileNotFoundError):
                starting = lock.read_text().split("\n")[0] in map(str, processes)
                if time.monotonic() - began > (START_LIMIT_S if starting else 15):
                    raise EmbeddedError(
                        Message(
                            "processes of a database that died still use {folder}: end them "
                            "({processes}) and start again",
                            folder=str(self.data),
                            processes=", ".join(map(str, processes)),
                        )
                    )
            time.sleep(0.2)
        lock.unlink(missing_ok=True)
        return False

    def _processes(self) -> list[int]:
        """List the server's processes, all of which work in the data folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # It ended meanwhile or belongs to somebody else.
                if (process / "cwd").readlink() == self.data.resolve():
                    found.append(int(process.name))
        return found

    def _stop(self) -> None:
        version = self._version()
        if version is None or not (self.data / "postmaster.pid").exists():
            return
        code, said = self._account.run(
            self.directory,
            str(find_server(version) / "pg_ctl"),
            *("stop", "--silent", "--wait", "--mode=fast", "--timeout=120"),
            f"--pgdata={self.data}",
        )
        if code != 0 and self.is_running():
            raise EmbeddedError(Message("the database did not stop: {reason}", reason=said))

    def _log_tail(self, lines: int = 5) -> str:
        try:
            return " | ".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


@contextmanager
def _alone(lock: IO[str]) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)
