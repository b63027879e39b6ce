"""COPY through the session's own connection, so that it belongs to its transaction."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import psycopg
from sqlalchemy.orm import Session


def copy_in(session: Session, target: str, parts: Iterable[memoryview | bytes]) -> None:
    """Send rows in PostgreSQL's binary format.

    Parameters
    ----------
    session : Session
    target : str
        A table and its columns, ``name (column, ...)``, never from a file.
    parts : iterable of bytes
        Header, rows and trailer.
    """
    with _driver(session).cursor() as cursor, cursor.copy(
        f"COPY {target} FROM STDIN (FORMAT binary)"
    ) as copy:  # fmt: skip
        for part in parts:
            copy.write(part)


def copy_text(session: Session, target: str, parts: Iterable[bytes]) -> None:
    """Send rows as CSV, where an unquoted empty field is null."""
    with _driver(session).cursor() as cursor, cursor.copy(
        f"COPY {target} FROM STDIN (FORMAT csv)"
    ) as copy:  # fmt: skip
        for part in parts:
            copy.write(part)


def copy_out(session: Session, query: str, record: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Fetch the rows of a query whose fields all have a fixed width and are never null.

    Parameters
    ----------
    session : Session
    query : str
        Without parameters and never from a file.
    record : dtype
        The number of fields, and each field after its length, in big-endian order.

    Returns
    -------
    ndarray of `record`
    """
    with _driver(session).cursor() as cursor, cursor.copy(
        f"COPY ({query}) TO STDOUT (FORMAT binary)"
    ) as copy:  # fmt: skip
        data = b"".join(copy)
    # 19 bytes of header come before the rows, 2 of trailer after them.
    return np.frombuffer(data, dtype=record, offset=19, count=(len(data) - 21) // record.itemsize)


def _driver(session: Session) -> psycopg.Connection:
    session.flush()
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101 - For the type checker.
    return connection
