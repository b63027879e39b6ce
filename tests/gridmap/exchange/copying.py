"""A partner who keeps copies, and a town of three communities in a row for him to copy."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, text

from gridmap.errors import GoneError
from gridmap.exchange.change_cursor import Seal
from gridmap.exchange.changes import ChangePage, read_changes
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.territory.scope import Scope

#: Three communities of 0.01 degrees each from west to east, of four cells each.
TOWN = """
INSERT INTO category (code, name) VALUES ('A', '治安'), ('B', '纠纷');
INSERT INTO unit (code, level, name, geom) VALUES
    ('990101000000', 'county', '安县', ST_Multi(ST_MakeEnvelope(110, 30, 110.03, 30.01, 4326)));
INSERT INTO unit (code, level, parent_id, name, geom)
SELECT '990101001000', 'town', id, '南镇', geom FROM unit WHERE level = 'county';
INSERT INTO unit (code, level, parent_id, name, geom)
SELECT '99010100100' || n, 'community', id, '社区' || n,
       ST_Multi(ST_MakeEnvelope(109.99 + 0.01 * n, 30, 110 + 0.01 * n, 30.01, 4326))
FROM unit, generate_series(1, 3) AS n WHERE level = 'town';
INSERT INTO cell (code, kind, community_id, geom)
SELECT u.code || '00' || n, 'basic', u.id, ST_Multi(ST_MakeEnvelope(
       ST_XMin(u.geom) + 0.0025 * (n - 1), 30, ST_XMin(u.geom) + 0.0025 * n, 30.01, 4326))
FROM unit u, generate_series(1, 4) AS n WHERE level = 'community' ORDER BY 1;
"""
INCIDENT = """
    INSERT INTO incident (occurred_at, category_id, geom)
    SELECT CAST(:day AS timestamp) AT TIME ZONE 'Asia/Shanghai', min(id),
           ST_SetSRID(ST_MakePoint(:x, :y), 4326) FROM category
    RETURNING id
"""
SEAL = Seal("of the tests")
FIRST, LAST = date(2025, 3, 1), date(2025, 3, 31)


def fill(connection: Connection) -> None:
    """Make the town."""
    for statement in TOWN.split(";\n"):
        connection.execute(text(statement))


def add_incident(connection: Connection, x: float = 0.005, day: str = "2025-03-10 12:00") -> int:
    """Add an incident so many degrees from the western end; return its id."""
    params = {"x": 110 + x, "y": 30.005, "day": day}
    found: int = connection.execute(text(INCIDENT), params).scalar_one()
    return found


def grants(connection: Connection) -> dict[str, Grant]:
    """Return readers of everything, of the middle community, of March, and of both."""
    middle = connection.execute(
        text("SELECT id FROM unit WHERE code = '990101001002'")
    ).scalar_one()
    place: dict[str, Any] = {"scope": Scope((middle,)), "units": frozenset({middle})}
    period: dict[str, Any] = {"first": FIRST, "last": LAST}
    layers = MappingProxyType({key: LayerGrant() for key in COLLECTIONS})
    every = [column.name for column in COLLECTIONS["incidents"].columns]
    with_steps = {**layers, "incidents": LayerGrant(frozenset(every))}
    return {
        "all": Grant("all", layers),
        "steps": Grant("steps", MappingProxyType(with_steps)),
        "middle": Grant("middle", layers, **place),
        "march": Grant("march", layers, **period),
        "both": Grant("both", layers, **place, **period),
    }


def settle(engine: Engine) -> None:
    """Wait until all that has begun has ended, the server's own upkeep too: changes wait for it."""
    with engine.begin() as connection:
        now = connection.execute(text("SELECT pg_current_xact_id()::text::bigint")).scalar_one()
    oldest = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(oldest).scalar_one() <= now:
            time.sleep(0.01)


def do(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    settle(engine)


def read(
    engine: Engine, key: str, grant: Grant, cursor: str | None = None, limit: int = 1000
) -> ChangePage:
    """Read a page as a request does: each statement by itself."""
    with engine.connect() as connection:
        each = connection.execution_options(isolation_level="AUTOCOMMIT")
        return read_changes(each, COLLECTIONS[key], grant, SEAL, cursor, limit)


def parse(page: ChangePage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(b"[" + page.features + b"]")
    assert len(found) == page.count
    return found


@dataclass
class Copy:
    """What a partner holds of a layer."""

    engine: Engine
    key: str
    grant: Grant
    limit: int = 1000
    rows: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    cursor: str | None = None
    started: int = 0

    def step(self) -> bool:
        """Take a page in; tell whether there is more."""
        try:
            page = read(self.engine, self.key, self.grant, self.cursor, self.limit)
        except GoneError:
            assert self.cursor is not None
            self.cursor = None
            return True
        if self.cursor is None:
            self.rows.clear()
            self.started += 1
        features = parse(page)
        assert len(features) + len(page.deleted) <= self.limit
        for feature in features:
            self.rows[feature["id"]] = feature
        for gone in page.deleted:
            self.rows.pop(gone, None)
        self.cursor = page.next
        return page.more

    def poll(self, *, settled: bool = True) -> dict[int, Mapping[str, Any]]:
        """Take in all there is; what others still hold up is waited for, or not."""
        if settled:
            settle(self.engine)
        while self.step():
            pass
        return self.rows
