"""A database on another server is migrated by an account with few rights, once it is prepared."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from psycopg import sql
from sqlalchemy import Engine

from gridmap.db import make_engine
from gridmap.embedded import OWNER, Cluster
from gridmap.errors import GridmapError
from gridmap.migrate import migrate, pending
from tests.conftest import drop


@pytest.fixture
def others(cluster: Cluster) -> Iterator[Engine]:
    """An empty database that belongs to an account which may make no extension of the server."""
    name = f"gridmap_test_{secrets.token_hex(6)}"
    with cluster.connect() as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        for statement in ("CREATE ROLE {} LOGIN", "CREATE DATABASE {0} OWNER {0}"):
            server.execute(sql.SQL(statement).format(sql.Identifier(name)))
        engine = make_engine(cluster.url(name).replace(f"//{OWNER}@", f"//{name}@"))
        yield engine
        engine.dispose()
        drop(server, name)
        server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_who_may_make_no_extension_is_told_what_to_run(cluster: Cluster, others: Engine) -> None:
    with pytest.raises(GridmapError) as refused:
        migrate(others)
    statements = refused.value.message.params["statements"]
    assert "postgis" in refused.value.message.params["reason"]
    assert len(pending(others)) > 20
    assert others.url.database is not None
    with cluster.connect(others.url.database) as inside:
        inside.execute(statements.encode())
    assert migrate(others)
    assert pending(others) == []
