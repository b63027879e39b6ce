"""A second connection for one answer, so that two processors make it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import Connection, QueuePool

from gridmap.db import as_fault

_T = TypeVar("_T")
_BEGIN = sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {}")


def at_once(
    connection: Connection,
    first: Callable[[Connection], _T],
    second: Callable[[Connection], _T],
) -> tuple[_T, _T] | None:
    """Call two functions at the same time with two connections that see one state.

    That is done only while a processor is idle, for two are no faster than one otherwise, and by
    the single user of a pool: nobody waits for one who waits.

    Parameters
    ----------
    connection : Connection
        On which each statement commits by itself.
    first, second : callable
        They only read; the second one is called in another thread.

    Returns
    -------
    tuple or None
        What they return; None if there is no second connection to spare, and nothing was done.

    Raises
    ------
    DBAPIError
    """
    if not _to_spare(connection) or not _processor_idle():
        return None
    with connection.engine.connect() as taken, ThreadPoolExecutor(1) as beside:
        other = taken.execution_options(isolation_level="AUTOCOMMIT")
        with _in_state(connection, sql.SQL("SELECT pg_export_snapshot()")) as begun:
            begun.nextset()
            same = sql.SQL("SET TRANSACTION SNAPSHOT {}").format(begun.fetchone()[0])
            later = beside.submit(_call, second, other, same)
            return first(connection), later.result()


def _to_spare(connection: Connection) -> bool:
    pool = connection.engine.pool
    alone = isinstance(pool, QueuePool) and pool.size() > 1 and pool.checkedout() == 1
    return alone and connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"


def _processor_idle() -> bool:
    """Tell whether no more programs are running, this one among them, than there are processors."""
    try:
        told = Path("/proc/loadavg").read_text(encoding="ascii")
    except OSError:
        # Only Linux tells it.
        return False
    running = told.split()[3].partition("/")[0]
    return int(running) <= (os.cpu_count() or 1)


def _call(function: Callable[[Connection], _T], connection: Connection, state: sql.Composed) -> _T:
    with _in_state(connection, state):
        return function(connection)


@contextmanager
def _in_state(connection: Connection, state: sql.Composable) -> Iterator[Any]:
    """Let a connection read one state, which a statement chooses on the same way."""
    driver: Any = connection.connection.driver_connection
    whole = _BEGIN.format(state)
    try:
        with as_fault(whole.as_string(), {}):
            begun = driver.execute(whole)
        yield begun
    finally:
        # A connection that broke has no transaction any more, and tells so by its own fault.
        with suppress(psycopg.Error):
            driver.execute("ROLLBACK")
