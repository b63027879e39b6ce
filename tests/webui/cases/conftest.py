"""The demo town with its second community in a town of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.embedded import Cluster
from gridmap.settings import Settings
from tests.conftest import small_town
from tests.webui.cases.ground import Ground
from webui import create_app


@pytest.fixture(scope="session")
def app(cluster: Cluster) -> Iterator[Flask]:
    """The demo town with its second community in a town of its own."""
    with small_town(cluster) as url:
        made = create_app(Settings(database_url=url))
        engine = made.extensions["gridmap.engine"]
        with engine.begin() as connection:
            connection.execute(
                text("""
                    WITH town AS (
                        INSERT INTO unit (code, level, name, parent_id)
                        SELECT '990101002000', 'town', '城东街道', parent_id FROM unit
                        WHERE code = '990101001000' RETURNING id
                    ) UPDATE unit SET parent_id = town.id FROM town WHERE code = '990101001002'
                """)
            )
        yield made
        engine.dispose()


@pytest.fixture(autouse=True)
def photos(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.extensions, "gridmap.photos", tmp_path / "photos")
    return tmp_path / "photos"


@pytest.fixture(scope="module")
def ground(app: Flask) -> Ground:
    with Session(app.extensions["gridmap.engine"]) as session:
        own = session.execute(
            text("""
                SELECT c.id, ST_X(p) AS lon, ST_Y(p) AS lat FROM cell c
                JOIN assignment a ON a.cell_id = c.id AND a.role = 'responsible'
                    AND a.period @> local_date(now())
                JOIN cadre d ON d.id = a.cadre_id JOIN app_user u ON u.id = d.user_id
                CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p
                WHERE u.login = 'cadre' AND c.valid_to IS NULL ORDER BY c.id LIMIT 1
            """)
        ).one()
        far = session.execute(
            text("""
                SELECT ST_X(p) AS lon, ST_Y(p) AS lat FROM cell c JOIN unit k ON
                    k.id = c.community_id CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p
                WHERE k.parent_id NOT IN (
                    SELECT unit_id FROM user_area a JOIN app_user u ON u.id = a.user_id
                    WHERE u.login = 'supervisor') AND c.valid_to IS NULL ORDER BY c.id LIMIT 1
            """)
        ).one_or_none()
    assert far is not None
    return Ground(own.lon, own.lat, own.id, far.lon, far.lat)
