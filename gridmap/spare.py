"""A second connection for one answer, so that two processors make it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg import sql
from sqlalchemy import Connection, QueuePool
from sqlalchemy.exc import DBAPIError


@contextmanager
def spare(connection: Connection) -> Iterator[Connection | None]:
    """Yield another connection that sees the very state that this one sees, if one is idle.

    None is spared while all processors are busy, for two are no faster than one then. Only the
    single user of a pool takes a second connection: nobody waits for one who waits.

    Parameters
    ----------
    connection : Connection
        On which each statement commits by itself; else none is spared. Until the end both read
        what there is now.
    """
    pool = connection.engine.pool
    alone = isinstance(pool, QueuePool) and pool.size() > 1 and pool.checkedout() == 1
    single = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    if not (alone and single and _processor_idle()):
        yield None
        return
    with connection.engine.connect() as taken:
        second = taken.execution_options(isolation_level="AUTOCOMMIT")
        with _one_state(connection), _one_state(second):
            state = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
            same = sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(state))
            second.exec_driver_sql(same.as_string())
            yield second


def _processor_idle() -> bool:
    """Tell whether no more programs are running, this one among them, than there are processors."""
    running = Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[0]
    return int(running) <= (os.cpu_count() or 1)


@contextmanager
def _one_state(connection: Connection) -> Iterator[None]:
    """Let a connection read what there is at its first statement."""
    connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        # A connection that broke has no transaction any more, and tells so by its own fault.
        with suppress(DBAPIError):
            connection.exec_driver_sql("ROLLBACK")
