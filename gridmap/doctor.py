"""What may be wrong with an installation, and how to mend it."""

from __future__ import annotations

import pkgutil
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.incidents.importing.partitions import left
from gridmap.jobs.service import SERVING
from gridmap.migrate import pending
from gridmap.settings import Settings

#: Multiranges came with PostgreSQL 14; the tile functions in use with PostGIS 3.1.
OLDEST_POSTGRESQL = 14
OLDEST_POSTGIS = (3, 1)
_MIB, _GIB = 1 << 20, 1 << 30


class State(StrEnum):
    """How grave a finding is; only an error keeps gridmap from working."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and how to mend it if need be."""

    state: State
    message: Message
    remedy: Message | None = None


def examine(settings: Settings, engine: Engine) -> Iterator[Finding]:
    """Look at the machine and the database, one finding after another."""
    yield check_disk(settings.data_dir)
    yield check_assets()
    yield from check_server(engine)
    yield check_encoding(engine)
    migrations = check_migrations(engine)
    yield migrations
    if migrations.state is State.OK:
        yield check_jobs(engine)
        yield check_imports(engine)


def check_disk(folder: Path) -> Finding:
    """Look at the free space where the data lies."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free / _GIB
    message = Message("{free_gb:.1f} GB are free in {folder}", free_gb=free, folder=str(existing))
    if free >= 5:
        return Finding(State.OK, message)
    return Finding(
        State.WARNING if free >= 1 else State.ERROR,
        message,
        Message("Free some space, or name a folder on another disk in GRIDMAP_DATA_DIR."),
    )


def check_assets() -> Finding:
    """Look for the browser assets."""
    # Imports point downward from the pages; only their name is known on this floor.
    missing: Callable[[], list[str]] = pkgutil.resolve_name("webui.fetch_assets:missing")
    absent = missing()
    if not absent:
        return Finding(State.OK, Message("the browser assets are in place"))
    return Finding(
        State.ERROR,
        Message("{count} browser assets are missing or outdated", count=len(absent)),
        Message("Fetch them with: make setup"),
    )


def check_server(engine: Engine) -> Iterator[Finding]:
    """Look at the versions of PostgreSQL and PostGIS."""
    with engine.connect() as connection:
        number = connection.execute(text("SHOW server_version_num")).scalar_one()
        available = connection.execute(
            text("SELECT default_version FROM pg_available_extensions WHERE name = 'postgis'")
        ).scalar()
        installed = connection.execute(
            text("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
        ).scalar()
    major = int(number) // 10000
    recent = major >= OLDEST_POSTGRESQL
    yield Finding(
        State.OK if recent else State.ERROR,
        Message("PostgreSQL {version}", version=major),
        None
        if recent
        else Message("gridmap needs PostgreSQL {oldest} or later.", oldest=OLDEST_POSTGRESQL),
    )
    if installed is None:
        remedy = (
            Message("Run as a superuser in the database: CREATE EXTENSION postgis;")
            if available
            else Message("Install PostGIS on the database's machine.")
        )
        yield Finding(State.ERROR, Message("PostGIS is not set up in the database"), remedy)
        return
    message = Message("PostGIS {version}", version=installed)
    if tuple(map(int, installed.split(".")[:2])) < OLDEST_POSTGIS:
        oldest = ".".join(map(str, OLDEST_POSTGIS))
        yield Finding(
            State.ERROR, message, Message("gridmap needs PostGIS {oldest} or later.", oldest=oldest)
        )
    elif available and available != installed:
        yield Finding(
            State.WARNING,
            message,
            Message("Run as a superuser in the database: SELECT postgis_extensions_upgrade();"),
        )
    else:
        yield Finding(State.OK, message)


def check_encoding(engine: Engine) -> Finding:
    """Look at the database's encoding and locale."""
    with engine.connect() as connection:
        encoding, locale = connection.execute(
            text(
                "SELECT pg_encoding_to_char(encoding), datctype FROM pg_database"
                " WHERE datname = current_database()"
            )
        ).one()
    message = Message(
        "the database's encoding is {encoding}, its locale {locale}",
        encoding=encoding,
        locale=locale,
    )
    if encoding != "UTF8":
        return Finding(
            State.ERROR,
            message,
            Message("Make the database with ENCODING 'UTF8' and restore a backup into it."),
        )
    if locale in {"C", "POSIX"}:
        return Finding(
            State.WARNING,
            message,
            Message("Searches tell é from É with this locale; C.UTF-8 does not."),
        )
    return Finding(State.OK, message)


def check_migrations(engine: Engine) -> Finding:
    """Look for revisions that the database lacks."""
    steps = pending(engine)
    if not steps:
        return Finding(State.OK, Message("the database is up to date"))
    return Finding(
        State.ERROR,
        Message("the database lacks {count} migrations", count=len(steps)),
        Message("Make a backup, then run: gridmap migrate"),
    )


def check_jobs(engine: Engine) -> Finding:
    """Look whether somebody does the long work that waits."""
    with engine.connect() as connection:
        processes, waiting = connection.execute(
            text(f"SELECT {SERVING}, (SELECT count(*) FROM job WHERE state = 'waiting')")  # noqa: S608 - Of fixed parts.
        ).one()
    if processes:
        return Finding(State.OK, Message("{count} processes do long work", count=processes))
    if not waiting:
        return Finding(State.OK, Message("no process does long work now, and none waits"))
    return Finding(
        State.WARNING,
        Message("no process does long work, and {count} jobs wait", count=waiting),
        Message("Start the server with GRIDMAP_JOB_PROCESSES above 0, or run: gridmap jobs"),
    )


def check_imports(engine: Engine) -> Finding:
    """Look for tables that imports left which were cut off."""
    with Session(engine) as session:
        tables = left(session)
    if not tables:
        return Finding(State.OK, Message("no import was cut off and left tables behind"))
    return Finding(
        State.WARNING,
        Message(
            "{count} tables of imports that were cut off take {size_mb:.0f} MB: {names}",
            count=len(tables),
            size_mb=sum(size for _, size in tables) / _MIB,
            names=", ".join(name for name, _ in tables),
        ),
        Message("Nothing in them is in use. Run: gridmap tidy"),
    )
