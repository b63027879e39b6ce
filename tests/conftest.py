"""A real PostGIS for the tests: a cluster of their own, and a fresh database for every run."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic import command
from hypothesis import settings
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from gridmap.db import MIGRATIONS, alembic_config, make_engine
from gridmap.embedded import OWNER, Cluster
from gridmap.settings import default_data_dir

# What takes long on a busy machine is not wrong.
settings.register_profile("gridmap", deadline=None)
settings.load_profile("gridmap")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The tests' own cluster, apart from the operator's; it does not wait for the disk."""
    folder = os.environ.get("GRIDMAP_DATA_DIR") or default_data_dir()
    with Cluster(Path(folder) / "tests", durable=False).running() as running:
        yield running


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


@contextmanager
def fresh_database(cluster: Cluster) -> Iterator[str]:
    """Copy the template, and drop the copy in the end."""
    name = f"gridmap_test_{secrets.token_hex(6)}"
    with cluster.connect() as server:
        # The lock lives as long as this connection and so marks the copy as used.
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        with cluster.connect() as guard:
            guard.execute("SELECT pg_advisory_lock(hashtext('gridmap tests'))")
            remove_dead(guard)
            copy_template(cluster, guard, name)
        try:
            yield cluster.url(name)
        finally:
            drop(server, name)


def copy_template(cluster: Cluster, server: psycopg.Connection, name: str) -> None:
    """Copy a migrated database, which is made anew when the migrations have changed."""
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
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        server.execute(rename.format(sql.Identifier(draft), sql.Identifier(template)))
    copy = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
    server.execute(copy.format(*map(sql.Identifier, (name, OWNER, template))))


def remove_dead(server: psycopg.Connection) -> None:
    """Drop the databases of runs that were killed."""
    for name in names(server, "gridmap_test_%"):
        # What a test restores lies beside its copy, under a longer name, and is as alive.
        copy = name[: len("gridmap_test_") + 12]
        free = server.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [copy]).fetchone()
        if free == (True,):
            drop(server, name)
            server.execute("SELECT pg_advisory_unlock(hashtext(%s))", [copy])


def names(server: psycopg.Connection, pattern: str) -> list[str]:
    found = server.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern.replace("_", r"\_")]
    )
    return [name for (name,) in found]


def drop(server: psycopg.Connection, name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    server.execute(statement.format(sql.Identifier(name)))
