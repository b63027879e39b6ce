"""The one way of commands to the database: a transaction, and the person the log names.

Whoever uses the command line of the server is known by the account of the operating system. The
log keeps that account's name; a space in it is what no sign-in name can have.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.db import make_engine, make_sessions
from gridmap.embedded import provide_database
from gridmap.settings import Settings
from gridmap.workforce import audit
from gridmap.workforce.rights import Actor, Role


def operator() -> Actor:
    """Return the actor of the command line: the account, and behind sudo also the person."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    # Only root's environment is believed, for everybody may write into his own.
    person = os.environ.get("SUDO_USER") if number == 0 else None
    shown = f"{person} (sudo)" if person and person != name else name
    return Actor(None, f"{audit.OPERATOR}{shown}", Role.ADMINISTRATOR)


@contextmanager
def working(settings: Settings) -> Iterator[tuple[Session, Actor]]:
    """Yield a session whose work is committed at the end, and who does it."""
    with (
        provide_database(settings) as url,
        connected(url) as engine,
        make_sessions(engine).begin() as session,
    ):
        yield session, operator()


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """Yield an engine that leaves no connection behind."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def tell(engine: Engine, act: str, after: audit.State, before: audit.State | None = None) -> None:
    """Tell the log of an act on the whole database, unless its version has no log yet."""
    with make_sessions(engine).begin() as session:
        if audit.is_kept(session):
            audit.record(session, operator(), act, ("database", None), before, after)
