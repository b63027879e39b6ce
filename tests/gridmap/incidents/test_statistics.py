"""Counts over a span, by hand: two cells, a category tree, and midnight in the town."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.categories import by_category
from gridmap.incidents.records import Narrowing, count_records, find_records
from gridmap.incidents.statistics import (
    Question,
    Span,
    by_cell,
    by_month,
    by_time,
    clock,
    total,
)
from gridmap.territory.scope import EVERYTHING, Scope

ZONE = ZoneInfo("Asia/Shanghai")
MARCH = Span(date(2026, 3, 1), date(2026, 3, 31))
FEBRUARY = Span(date(2026, 2, 1), date(2026, 2, 28))
QUESTION = Question(EVERYTHING, MARCH, ZONE)


@pytest.fixture
def ground(session: Session) -> dict[str, int]:
    """Two cells side by side in one community, and five incidents, one of them outside."""
    ids: dict[str, int] = {}
    parent = None
    for level, code in (
        ("county", "990100000000"), ("town", "990101000000"), ("community", "990101001000"),
    ):  # fmt: skip
        parent = session.execute(
            text("""
                INSERT INTO unit (code, level, parent_id, name, geom) VALUES (:code, :level,
                    :parent, :code, ST_Multi(ST_MakeEnvelope(120, 30, 120.02, 30.01, 4326)))
                RETURNING id
            """),
            {"code": code, "level": level, "parent": parent},
        ).scalar_one()
        ids[level] = parent
    for name, west in (("west", 120.0), ("east", 120.01)):
        ids[name] = session.execute(
            text("""
                INSERT INTO cell (code, kind, community_id, geom) VALUES (:name, 'basic',
                    :community, ST_Multi(ST_MakeEnvelope(:west, 30, :west + 0.01, 30.01, 4326)))
                RETURNING id
            """),
            {"name": name, "community": ids["community"], "west": west},
        ).scalar_one()
    session.execute(
        text("""
            INSERT INTO category (code, parent_id, name) VALUES ('A', NULL, 'A'), ('B', NULL, 'B');
            INSERT INTO category (code, parent_id, name)
            SELECT 'A1', id, 'A1' FROM category WHERE code = 'A'
        """)
    )
    for moment, category, lon in (
        ("2026-02-28 23:59+08", "A", 120.005),
        ("2026-03-01 00:00+08", "A1", 120.005),
        ("2026-03-02 08:30+08", "A", 120.015),
        ("2026-03-31 23:59+08", "B", 120.015),
        ("2026-03-15 12:00+08", "B", 121.0),
    ):
        session.execute(
            text("""
                INSERT INTO incident (occurred_at, category_id, geom) SELECT
                    CAST(:moment AS timestamptz), id, ST_SetSRID(ST_MakePoint(:lon, 30.005), 4326)
                FROM category WHERE code = :category
            """),
            {"moment": moment, "category": category, "lon": lon},
        )
    return ids


def test_cells_are_counted_against_the_span_before(
    session: Session, ground: dict[str, int]
) -> None:
    rows = by_cell(session.connection(), QUESTION, FEBRUARY)
    found = {row.cell_id: (row.community_id, row.n, row.before) for row in rows}
    assert found == {
        ground["west"]: (ground["community"], 1, 1),
        ground["east"]: (ground["community"], 2, 0),
        None: (None, 1, 0),
    }


def test_a_scope_leaves_out_what_lies_elsewhere(session: Session, ground: dict[str, int]) -> None:
    connection = session.connection()
    inside = replace(QUESTION, scope=Scope((ground["community"],)))
    assert total(connection, QUESTION) == 4
    assert total(connection, inside) == 3
    assert total(connection, replace(QUESTION, cells=(ground["west"],))) == 1
    assert total(connection, replace(QUESTION, scope=Scope(()))) == 0


@pytest.mark.usefixtures("ground")
def test_categories_hold_those_below(session: Session) -> None:
    rows = by_category(session.connection(), QUESTION, FEBRUARY)
    assert [(row.code, row.n, row.before) for row in rows] == [("A", 2, 1), ("B", 2, 0)]


@pytest.mark.usefixtures("ground")
def test_time_is_the_towns(session: Session) -> None:
    times = by_time(session.connection(), QUESTION)
    days = [date(2026, 3, day) for day in (1, 2, 15, 31)]
    assert times.days == dict.fromkeys(days, 1)
    # Sunday at midnight, Monday at half past eight, Tuesday at a minute to twelve.
    assert [times.hours[6][0], times.hours[0][8], times.hours[1][23]] == [1, 1, 1]
    assert sum(map(sum, times.hours)) == times.total == 4
    months = by_month(
        session.connection(), replace(QUESTION, span=Span(date(2026, 1, 5), MARCH.last))
    )
    assert months == {date(2026, 1, 1): 0, date(2026, 2, 1): 1, date(2026, 3, 1): 4}
    assert clock(session.connection()).newest == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("narrowing", "number"),
    [
        (Narrowing(), 4),
        (Narrowing(categories=("A",)), 2),
        (Narrowing(weekdays=(1,)), 1),
        (Narrowing(weekdays=(1,), hours=(8,)), 1),
        (Narrowing(weekdays=(1,), hours=(9,)), 0),
        (Narrowing(outside=True), 1),
        (Narrowing(categories=("A1", "B")), 3),
        (Narrowing(categories=("A", "A1")), 2),
        (Narrowing(without=("A",)), 2),
        (Narrowing(categories=("A",), without=("A1",)), 1),
        # On Sunday at midnight and on Tuesday at a minute to twelve, whatever the day's end.
        (Narrowing(hours=(23, 0)), 2),
        (Narrowing(weekdays=(2, 7), hours=(23, 0, 1)), 2),
        (Narrowing(weekdays=(2,), hours=(22, 23, 0)), 1),
        (Narrowing(hours=tuple(range(24))), 4),
        (Narrowing(weekdays=(1, 7)), 3),
    ],
)
@pytest.mark.usefixtures("ground")
def test_the_list_has_as_many_as_it_says(
    session: Session, narrowing: Narrowing, number: int
) -> None:
    connection = session.connection()
    rows = find_records(connection, QUESTION, narrowing)
    assert len(rows) == count_records(connection, QUESTION, narrowing) == number
    assert sorted(rows, key=lambda row: row.occurred_at, reverse=True) == list(rows)
    if number > 1:
        rest = find_records(connection, QUESTION, narrowing, (rows[0].occurred_at, rows[0].id))
        assert [row.id for row in rest] == [row.id for row in rows[1:]]
