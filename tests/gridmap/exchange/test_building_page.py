"""The page of a building: what lies within 50 m of its outline, and who answers for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.errors import NotFoundError
from gridmap.exchange.building_page import BuildingPage, building_page, building_shapes
from gridmap.incidents.statistics import clock
from gridmap.territory.scope import Scope
from gridmap.workforce.rights import SYSTEM

# The building reaches from 110.002 to 110.003 E; at 30 N 0.0005 degrees are 48.2 m.
NEAR = """
INSERT INTO incident (source, external_id, occurred_at, category_id, geom)
SELECT 'near', v.id, v.moment::timestamptz, category.id,
       ST_SetSRID(ST_MakePoint(v.lon, 30.0025), 4326)
FROM (VALUES ('inside', '2025-03-01 12:00+08', 110.0025),
             ('48 m', '2025-03-31 12:00+08', 110.0035), ('52 m', '2025-03-31 12:00+08', 110.00354),
             ('long ago', '2022-01-01 12:00+08', 110.0025)
) AS v (id, moment, lon) JOIN category ON code = 'B';
INSERT INTO building_count (building_id, month, households, residents, temporary_residents)
SELECT id, month::date, 10, 30 + extract(month FROM month::date), 4
FROM building, (VALUES ('2025-02-01'), ('2025-03-01')) AS m (month) WHERE name = '幸福楼';
"""


@pytest.fixture
def building(connection: Connection) -> int:
    for statement in NEAR.split(";\n"):
        if statement.strip():
            connection.execute(text(statement.replace(":", r"\:")))
    return int(connection.scalar(text("SELECT id FROM building WHERE name = '幸福楼'")) or 0)


def page_of(session: Session, building: int, **actor: object) -> BuildingPage:
    return building_page(
        session, replace(SYSTEM, **actor), building, clock(session.connection())  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_lies_within_fifty_metres_is_near(session: Session, building: int) -> None:
    page = page_of(session, building)
    assert page.span.last == date(2025, 3, 31)
    assert len(page.months) == 24
    assert {month: n for month, n in page.months.items() if n} == {date(2025, 3, 1): 2}
    assert page.n_recent == 2
    days = [row.local.date() for row in page.incidents]
    assert days == [date(2025, 3, 31), date(2025, 3, 1)]


def test_people_are_counts_by_month(session: Session, building: int) -> None:
    page = page_of(session, building)
    assert [(row.month.month, row.residents) for row in page.counts] == [(2, 32), (3, 33)]


def test_cadres_answer_through_the_cells(session: Session, building: int) -> None:
    session.execute(
        text("""
            WITH micro AS (
                INSERT INTO cell (code, kind, name, community_id, geom)
                SELECT '990101001001000', 'micro', '微', community_id,
                       ST_Multi(ST_Expand(geom, 0.0001))
                FROM building WHERE id = :id RETURNING id, community_id
            ), people AS (
                INSERT INTO cadre (name, unit_id)
                SELECT name, community_id FROM micro, (VALUES ('甲'), ('乙'), ('丙')) AS p (name)
                RETURNING id, name
            )
            INSERT INTO assignment (cell_id, cadre_id, role, starts, ends)
            SELECT c.id, p.id, r.role, date '2025-01-01', r.ends::date FROM people p
            JOIN (VALUES ('甲', 'responsible', NULL), ('丙', 'deputy', '2025-02-01'))
                AS r (name, role, ends) USING (name)
            JOIN building b ON b.id = :id JOIN cell c ON c.id = b.cell_id
            UNION ALL SELECT m.id, p.id, 'responsible', '2025-01-01', NULL
            FROM people p, micro m WHERE p.name = '乙'
        """),
        {"id": building},
    )
    page = page_of(session, building)
    assert [cell.kind for cell in page.cells] == ["basic", "micro"]
    assert [(row.name, row.role) for row in page.held] == [
        ("甲", "responsible"),
        ("乙", "responsible"),
    ]
    assert [row.name for row in page.answers] == ["甲", "乙"]


def test_a_building_of_another_area_does_not_exist(session: Session, building: int) -> None:
    for nobody in (Scope((0,)), Scope(())):
        with pytest.raises(NotFoundError):
            page_of(session, building, scope=nobody)
        with pytest.raises(NotFoundError):
            building_shapes(session, replace(SYSTEM, scope=nobody), building)


def test_a_building_in_no_cell_has_a_page(session: Session, building: int) -> None:
    session.execute(
        text("UPDATE building SET geom = ST_Translate(geom, 5, 0) WHERE id = :id"), {"id": building}
    )
    page = page_of(session, building)
    assert (page.building.cell_id, page.building.community_code) == (None, None)
    assert (list(page.cells), list(page.held), page.n_recent) == ([], [], 0)
