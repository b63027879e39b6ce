"""A line leaves in the direction in which it is stored; an outline runs counterclockwise."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.exchange.feature_sql import feature_sql


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("LINESTRING(1 1, 2 3)", [[1, 1], [2, 3]]),
        ("MULTILINESTRING((1 1, 2 3), (4 4, 5 5))", [[[1, 1], [2, 3]], [[4, 4], [5, 5]]]),
        ("POLYGON((0 0, 0 1, 1 1, 0 0))", [[[0, 0], [1, 1], [0, 1], [0, 0]]]),
    ],
)
def test_lines_keep_their_direction(session: Session, stored: str, told: object) -> None:
    statement = f"""
        SELECT {feature_sql((), "t.geom", point=False)}
        FROM (SELECT 1 AS id, ST_GeomFromText(:stored, 4326) AS geom) t
    """
    feature = json.loads(session.execute(text(statement), {"stored": stored}).scalar_one())
    assert feature["geometry"]["coordinates"] == told
