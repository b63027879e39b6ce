"""The one door to PostGIS: engine, sessions and the base of all models."""

from __future__ import annotations

import select
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import psycopg
from alembic.config import Config
from sqlalchemy import Connection, Dialect, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

Keeping = Literal["any values", "these values"]
_MOST_SEEN = 1000
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Base(DeclarativeBase):
    """Base of all models; constraints are named by one convention so migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def make_engine(url: str, **options: Any) -> Engine:
    """Create an engine for PostGIS through psycopg 3.

    Parameters
    ----------
    url : str
        ``postgresql://...`` as libpq writes it; the driver is chosen here.
    **options : Any
        Passed to :func:`sqlalchemy.create_engine`.
    """
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    # Days are told by the territory's own time zone. Sessions that all keep UTC make a query
    # that forgets it wrong everywhere, and so found, instead of wrong on another server only.
    given = dict(options.pop("connect_args", {}))
    given["options"] = f"-c timezone=UTC {given.get('options', '')}".strip()
    # Features are passed on as the bytes that came, whatever PGCLIENTENCODING says.
    given["client_encoding"] = "utf8"
    engine = create_engine(url, connect_args=given, **options)
    event.listen(engine, "checkout", _refuse_ended)
    return engine


def _refuse_ended(driver: psycopg.Connection, record: object, proxy: object) -> None:
    """Make the pool open a connection anew that the server has ended.

    What an idle connection has to read is its end, or a notice that nobody needs. To ask the
    server, as SQLAlchemy can, takes a way there and back at every request.
    """
    waiting = select.poll()
    if not driver.closed:
        waiting.register(driver.fileno(), select.POLLIN)
    if driver.closed or waiting.poll(0):
        raise DisconnectionError


@contextmanager
def prepared(
    connection: Connection, statement: str, values: Mapping[str, object], keeping: Keeping
) -> Iterator[psycopg.Cursor[Any]]:
    """Run a statement whose plan the server keeps, and yield the driver's own cursor.

    SQLAlchemy would look up types and make rows anew at each request, which takes longer than to
    find ten features.

    Parameters
    ----------
    connection : Connection
    statement : str
        With values as ``:name``.
    values : mapping of str to object
    keeping : Keeping
        Whether one plan is kept for all values, or one for the very values when they are asked
        for again.

    Raises
    ------
    DBAPIError
        As SQLAlchemy raises it.
    """
    driver: Any = connection.connection.driver_connection
    sql = _of_driver(statement, connection.dialect)
    with driver.cursor() as cursor:
        # Who listens for statements hears of these too.
        for hear in connection.dispatch.before_cursor_execute:
            hear(connection, cursor, sql.decode(), values, None, False)
        with as_fault(statement, values):
            if keeping == "any values":
                cursor.execute(sql, values, prepare=True)
            else:
                whole = _asked_again(driver, sql, values)
                cursor.execute(whole or sql, None if whole else values, prepare=whole is not None)
        yield cursor


@contextmanager
def as_fault(statement: str, values: Mapping[str, object]) -> Iterator[None]:
    """Raise a fault of the driver as SQLAlchemy does.

    Raises
    ------
    DBAPIError
    """
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, dict(values), error, psycopg.Error) from error


@lru_cache(maxsize=512)
def _of_driver(statement: str, dialect: Dialect) -> bytes:
    """Return a statement as the driver writes it."""
    return str(text(statement).compile(dialect=dialect)).encode()


_seen: OrderedDict[tuple[bytes, str], bytes | None] = OrderedDict()


def _asked_again(
    driver: psycopg.Connection[Any], sql: bytes, values: Mapping[str, object]
) -> bytes | None:
    """Return a statement with its values written into it if it was asked not long ago.

    Two threads may both be the first.
    """
    key = (sql, repr(values))
    again = key in _seen
    whole = _seen.get(key)
    if again and whole is None:
        whole = psycopg.ClientCursor(driver).mogrify(sql, values).encode()
    _seen[key] = whole
    while len(_seen) > _MOST_SEEN:
        _seen.popitem(last=False)
    return whole


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Create the factory whose ``begin()`` the edges use: one transaction per act."""
    return sessionmaker(engine, expire_on_commit=False)


def alembic_config(engine: Engine) -> Config:
    """Configure Alembic for this engine, without a configuration file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config
