"""A real PostGIS for the tests: a cluster of their own, and a fresh database for every run."""

from __future__ import annotations

import gc
import hashlib
import os
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest
from alembic import command
from hypothesis import settings
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.db import MIGRATIONS, alembic_config, make_engine
from gridmap.demo import load
from gridmap.embedded import OWNER, Cluster
from gridmap.settings import default_data_dir

# What takes long on a busy machine is not wrong.
settings.register_profile("gridmap", deadline=None)
settings.load_profile("gridmap")

#: Begins the names of the databases that one run's workers share.
RUN = f"gridmap_test_{os.environ.get('PYTEST_XDIST_TESTRUNUID', secrets.token_hex(6))[:12]}"

#: The present of tests for which it must be the same each day; they share a town.
AUTUMN = datetime(2026, 11, 27, 4, tzinfo=UTC)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect thousands of tests without looking for garbage, and never look through them again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The tests' own cluster, apart from the operator's; it does not wait for the disk."""
    folder = os.environ.get("GRIDMAP_DATA_DIR") or default_data_dir()
    with Cluster(Path(folder) / "tests", durable=False).running() as running:
        with running.connect() as alive:
            alive.execute("SELECT pg_advisory_lock_shared(hashtext(%s))", [RUN])
            yield running
        with running.connect() as guard:
            guard.execute("SELECT pg_advisory_lock(hashtext('gridmap tests'))")
            remove_dead(guard)


@pytest.fixture(scope="session")
def database_url(cluster: Cluster) -> Iterator[str]:
    """The URL of a migrated database without rows, dropped when the run ends."""
    with fresh_database(cluster) as url:
        yield url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose work, commits included, is rolled back after the test."""
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        ) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def own_database_url(cluster: Cluster) -> Iterator[str]:
    """The URL of another migrated database, for a test that must commit."""
    with fresh_database(cluster) as url:
        yield url


@pytest.fixture
def own_engine(own_database_url: str) -> Iterator[Engine]:
    engine = make_engine(own_database_url)
    yield engine
    engine.dispose()


def migrated(cluster: Cluster, server: psycopg.Connection) -> str:
    """Return the name of a migrated database to copy; it is made anew when migrations change."""
    digest = hashlib.sha256()
    for path in sorted(MIGRATIONS.rglob("*")):
        if path.suffix in {".py", ".sql"}:
            digest.update(path.read_bytes())
    template = f"gridmap_template_{digest.hexdigest()[:12]}"
    templates = names(server, "gridmap_template_%")
    if template not in templates:
        for former in templates:
            drop(server, former)
        draft = f"{template}_draft"
        engine = make_engine(cluster.ensure_database(draft))
        command.upgrade(alembic_config(engine), "head")
        engine.dispose()
        rename(server, draft, template)
    return template


@contextmanager
def fresh_database(
    cluster: Cluster, template: Callable[[Cluster, psycopg.Connection], str] = migrated
) -> Iterator[str]:
    """Copy the template, and drop the copy in the end."""
    name = f"gridmap_test_{secrets.token_hex(6)}"
    with cluster.connect() as server:
        # The lock lives as long as this connection and so marks the copy as used.
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        with cluster.connect() as guard:
            guard.execute("SELECT pg_advisory_lock(hashtext('gridmap tests'))")
            remove_dead(guard)
            copy(guard, template(cluster, guard), name)
        try:
            yield cluster.url(name)
        finally:
            drop(server, name)


def small_town(cluster: Cluster, now: datetime | None = None) -> AbstractContextManager[str]:
    """Copy the small demo town at a time, and drop the copy in the end."""
    return fresh_database(cluster, partial(loaded, now=now))


def loaded(cluster: Cluster, server: psycopg.Connection, now: datetime | None) -> str:
    """Return the name of a database with the small demo town, made once for all workers."""
    town = f"{RUN}_town" + (f"_{now:%Y%m%d%H}" if now else "")
    if town not in names(server, "gridmap_test_%"):
        draft = f"{town}_draft"
        drop(server, draft)
        copy(server, migrated(cluster, server), draft)
        engine = make_engine(cluster.url(draft))
        load(engine, "small", 1, now)
        engine.dispose()
        rename(server, draft, town)
    return town


def remove_dead(server: psycopg.Connection) -> None:
    """Drop the databases of runs that were killed."""
    for name in names(server, "gridmap_test_%"):
        # What a test restores has the name of its copy and more, and is as alive.
        owner = name[: len(RUN)]
        free = server.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [owner]).fetchone()
        if free == (True,):
            drop(server, name)
            server.execute("SELECT pg_advisory_unlock(hashtext(%s))", [owner])


def names(server: psycopg.Connection, pattern: str) -> list[str]:
    found = server.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern.replace("_", r"\_")]
    )
    return [name for (name,) in found]


def drop(server: psycopg.Connection, name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    server.execute(statement.format(sql.Identifier(name)))


def copy(server: psycopg.Connection, template: str, name: str) -> None:
    # Page by page through the log, as newer servers do unless told, it takes twice as long.
    newer = server.info.server_version >= 150_000
    strategy = sql.SQL(" STRATEGY FILE_COPY" if newer else "")
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}{}")
    server.execute(statement.format(*map(sql.Identifier, (name, OWNER, template)), strategy))


def rename(server: psycopg.Connection, former: str, name: str) -> None:
    statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    server.execute(statement.format(sql.Identifier(former), sql.Identifier(name)))
