"""A small territory with figures that can be checked by hand."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from gridmap.exchange.grant import Grant
from tests.gridmap.exchange.copying import fill, grants

TERRITORY = """
INSERT INTO category (code, name, name_en) VALUES ('A', '治安', 'Order'), ('B', '纠纷', 'Dispute');
INSERT INTO category (code, parent_id, name)
SELECT 'A1', id, '盗窃' FROM category WHERE code = 'A';
INSERT INTO unit (code, level, name, geom) VALUES
    ('990101000000', 'county', '安县', ST_Multi(ST_MakeEnvelope(110, 30, 110.02, 30.02, 4326)));
INSERT INTO unit (code, level, parent_id, name, geom)
SELECT '990101001000', 'town', id, '南镇', geom FROM unit WHERE level = 'county';
INSERT INTO unit (code, level, parent_id, name, geom)
SELECT '990101001001', 'community', id, '幸福社区', geom FROM unit WHERE level = 'town';
INSERT INTO cell (code, kind, community_id, geom)
SELECT '990101001001' || n, 'basic', id,
       ST_Multi(ST_MakeEnvelope(110 + x, 30, 110.01 + x, 30.02, 4326))
FROM unit, (VALUES ('001', 0), ('002', 0.01)) AS c (n, x) WHERE level = 'community';
INSERT INTO building (source, external_id, name, address, geom) VALUES
    ('t', '1', '幸福楼', '人民路1号', ST_MakeEnvelope(110.002, 30.002, 110.003, 30.003, 4326)),
    ('t', '2', '{{7*7}}', '', ST_SetSRID(ST_MakePoint(110.015, 30.015), 4326));
INSERT INTO place (source, external_id, name, kind, geom) VALUES
    ('t', '1', '100%<img onerror>', 'police_room', ST_SetSRID(ST_MakePoint(110.005, 30.01), 4326));
INSERT INTO road (source, external_id, name, kind, geom)
SELECT 't', n::text, '人民路', 'primary',
       ST_SetSRID(ST_MakeLine(ST_MakePoint(110, 30.001 * n),
                              ST_MakePoint(110.02, 30.001 * n)), 4326)
FROM generate_series(1, 1) n;
INSERT INTO incident (source, external_id, occurred_at, category_id, geom)
SELECT 't', v.id, v.moment::timestamp AT TIME ZONE 'Asia/Shanghai', category.id,
       ST_SetSRID(ST_MakePoint(110.005, 30.005), 4326)
FROM (VALUES ('1', '2024-12-31 23:30', 'A1'), ('2', '2025-01-01 00:30', 'A1'),
             ('3', '2025-01-15 12:00', 'B'), ('4', '2025-03-10 12:00', 'A')
) AS v (id, moment, code) JOIN category USING (code);
"""


@pytest.fixture
def connection(session: Session) -> Connection:
    """A connection that sees the small territory, rolled back afterwards."""
    connection = session.connection()
    for statement in TERRITORY.split(";\n"):
        if statement.strip():
            connection.execute(text(statement.replace(":", r"\:")))
    return connection


@pytest.fixture
def town(own_engine: Engine) -> Engine:
    """A database in which is committed what copies are kept of."""
    with own_engine.begin() as connection:
        fill(connection)
    return own_engine


@pytest.fixture
def readers(town: Engine) -> dict[str, Grant]:
    """Who may read how much of it."""
    with town.connect() as connection:
        return grants(connection)
