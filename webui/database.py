"""The requests' way to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app, g
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from gridmap.territory.scope import Scope
from gridmap.workforce.rights import Actor


def engine() -> Engine:
    """Return the application's engine."""
    found: Engine = current_app.extensions["gridmap.engine"]
    return found


_KEPT = "kept_connection"


@contextmanager
def reading() -> Iterator[Connection]:
    """Yield a connection that only reads, each statement by itself."""
    kept: Connection | None = g.get(_KEPT)
    if kept is not None:
        yield kept
        return
    with engine().connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


def keep_reading() -> Connection:
    """Return a connection that all of the request reads by, which spares the way to the pool."""
    if _KEPT not in g:
        connection = engine().connect()
        setattr(g, _KEPT, connection.execution_options(isolation_level="AUTOCOMMIT"))
    kept: Connection = getattr(g, _KEPT)
    return kept


def let_go(_: BaseException | None = None) -> None:
    """Give the kept connection back."""
    kept: Connection | None = g.pop(_KEPT, None)
    if kept is not None:
        kept.close()


@contextmanager
def writing() -> Iterator[Session]:
    """Yield a session whose work is committed at the end, all of it or nothing."""
    # Nobody holds one connection while waiting for another.
    let_go()
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


def current_scope() -> Scope:
    """Return what the present reader may see; every query of a page is given it."""
    actor: Actor = g.actor
    return actor.scope
