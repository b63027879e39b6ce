"""PostgreSQL's programs on this machine, and the configuration of the embedded server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from geodata.messages import Message
from gridmap.errors import UnavailableError

#: The port only names the socket's file, for no address is listened on.
PORT = 5432

_DEBIAN = Path("/usr/lib/postgresql")
_MIB = 1 << 20


class PostgresMissingError(UnavailableError):
    """PostgreSQL, or the version of it that is needed, is not installed."""


def installed() -> dict[int, Path]:
    """Return the folders of PostgreSQL's server programs by major version."""
    found = {
        int(programs.parent.name): programs
        for programs in _DEBIAN.glob("*/bin")
        if programs.parent.name.isdigit() and (programs / "initdb").exists()
    }
    if not found and (on_path := shutil.which("pg_config")):
        programs = Path(_ask(on_path, "--bindir"))
        major = re.search(r"\d+", _ask(on_path, "--version"))
        if major and (programs / "initdb").exists():
            found[int(major[0])] = programs
    return found


def find_server(version: int | None = None) -> Path:
    """Return the folder of the server's programs.

    Parameters
    ----------
    version : int, optional
        The major version of an existing data folder; without it the newest one that has
        PostGIS is taken.

    Raises
    ------
    PostgresMissingError
        If there is none.
    """
    found = installed()
    if version is not None:
        if version in found:
            return found[version]
        raise PostgresMissingError(
            Message(
                "the data folder was made by PostgreSQL {version}, which is not installed: "
                "install postgresql-{version}-postgis-3, or name an empty folder in "
                "GRIDMAP_DATA_DIR and restore a backup into it",
                version=version,
            )
        )
    with_postgis = [major for major, programs in found.items() if _has_postgis(programs)]
    if not with_postgis:
        raise PostgresMissingError(
            Message(
                "PostgreSQL with PostGIS is not installed: install the package "
                "postgresql-postgis, or name an external database in GRIDMAP_DATABASE_URL"
            )
        )
    return found[max(with_postgis)]


def find_tool(name: str) -> str:
    """Return the path of the newest client program, such as ``pg_dump``."""
    found = installed()
    for major in sorted(found, reverse=True):
        if (found[major] / name).exists():
            return str(found[major] / name)
    if on_path := shutil.which(name):
        return on_path
    raise PostgresMissingError(
        Message(
            "the program {name} is not installed: install the package postgresql-client", name=name
        )
    )


def configuration(socket: Path, *, durable: bool) -> str:
    """Write the server's configuration for one machine that it shares with the program.

    Parameters
    ----------
    socket : Path
        The folder of its Unix socket, the only place where it listens.
    durable : bool
        Whether commits wait for the disk.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
    values: dict[str, str] = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(socket),
        # The folder's mode guards the socket.
        "unix_socket_permissions": "0777",
        "max_connections": "100",
        "shared_buffers": f"{max(128, min(memory // 8, 2048))}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": f"{max(4, min(memory // 256, 64))}MB",
        "maintenance_work_mem": f"{max(64, min(memory // 16, 512))}MB",
        "max_parallel_maintenance_workers": "2",
        "max_wal_size": "4GB",
        # Nothing replicates from this server, so a bulk import need not log the tables it makes.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # Compression in PostgreSQL's own way makes a row written to a large table take three times
        # as long, and not every build has a faster one.
        "wal_compression": "off",
        "checkpoint_completion_target": "0.9",
        # Solid-state disks are the rule, and a random page costs them little more.
        "random_page_cost": "1.1",
        # Compiling costs more than it saves on queries that take milliseconds.
        "jit": "off",
        "synchronous_commit": "on" if durable else "off",
        "fsync": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
        "log_line_prefix": "%m [%p] %d ",
        "lc_messages": "C.UTF-8",
        "cluster_name": "gridmap",
    }
    lines = ["# gridmap writes this file at every start."]
    for name, value in values.items():
        quoted = value.replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    return "\n".join(lines) + "\n"


def _has_postgis(programs: Path) -> bool:
    # Debian keeps pg_config of the newest version alone, so its own layout is tried first.
    shares = [Path("/usr/share/postgresql") / programs.parent.name]
    if (programs / "pg_config").exists():
        shares.append(Path(_ask(str(programs / "pg_config"), "--sharedir")))
    return any((share / "extension" / "postgis.control").exists() for share in shares)


def _ask(program: str, option: str) -> str:
    return subprocess.run(
        [program, option], check=True, capture_output=True, text=True
    ).stdout.strip()
