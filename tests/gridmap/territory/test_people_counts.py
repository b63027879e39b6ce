"""The stored counts of people by cell equal the sums of the buildings, whatever is written."""

from __future__ import annotations

import random
import threading

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.gridmap.conftest import Field, rectangle

MONTHS = ("2026-01-01", "2026-02-01", "2026-03-01")
ADD_BUILDING = """
    INSERT INTO building (source, external_id, geom)
    VALUES ('plain', :name, ST_SetSRID(ST_MakePoint(116 + :x * 0.001, 28 + :y * 0.001), 4326))
"""
COUNT = """
    INSERT INTO building_count (building_id, month, households, residents, temporary_residents,
                                rented_homes, shops)
    SELECT id, CAST(:month AS date), CAST(:n AS integer) + id % 5, 2 * :n, 1, 2, 3 FROM building
    WHERE id % 3 = :part
    ON CONFLICT (building_id, month) DO UPDATE SET households = excluded.households,
        residents = excluded.residents, shops = building_count.shops + 1
"""
REDATE = """
    UPDATE building_count SET month = '2025-12-01' WHERE month = '2026-01-01'
        AND building_id NOT IN (SELECT building_id FROM building_count WHERE month = '2025-12-01')
"""
STORED = "SELECT * FROM people_count ORDER BY cell_id, community_id"
ADDED_UP = """
    SELECT coalesce(b.cell_id, 0), coalesce(b.community_id, 0), count(*), sum(households),
           sum(residents), sum(temporary_residents), sum(rented_homes), sum(shops)
    FROM building b JOIN building_count n ON n.building_id = b.id
    WHERE n.month = (SELECT max(month) FROM building_count WHERE building_id = b.id)
      AND (b.cell_id IS NOT NULL OR b.community_id IS NOT NULL)
    GROUP BY 1, 2 ORDER BY 1, 2
"""


def same(session: Session) -> int:
    """Compare what is stored with the sums; return how many sums there are."""
    stored, added_up = (session.execute(text(sql)).all() for sql in (STORED, ADDED_UP))
    assert [tuple(row) for row in stored] == [tuple(row) for row in added_up]
    return len(stored)


def change(chance: random.Random, session: Session, number: int) -> None:
    """Write one thing by plain SQL, as another program would."""
    x, y = chance.uniform(-0.5, 4.5), chance.uniform(-0.5, 2.5)
    statement, values = chance.choice(
        [
            (ADD_BUILDING, {"name": f"b{number}", "x": x, "y": y}),
            (COUNT, {"month": chance.choice(MONTHS), "n": number, "part": number % 3}),
            ("UPDATE building_count SET households = households + 1 WHERE residents % 2 = 0", {}),
            ("DELETE FROM building_count WHERE month = :month AND building_id % 4 = 1",
             {"month": chance.choice(MONTHS)}),
            ("DELETE FROM building WHERE id % 11 = :rest", {"rest": number % 11}),
            ("UPDATE building SET geom = ST_Translate(geom, :x * 0.0001, 0) WHERE id % 5 = 0",
             {"x": x}),
            ("UPDATE building SET name = :name", {"name": f"n{number}"}),
            (REDATE, {}),
        ]
    )  # fmt: skip
    session.execute(text(statement), values)


@pytest.mark.parametrize("seed", range(4))
def test_the_counts_follow_every_change(field: Field, seed: int) -> None:
    chance, session = random.Random(seed), field.session  # noqa: S311 - No secret.
    cells = [field.cell(1, rectangle(0, 0, 2, 1)), field.cell(2, rectangle(2, 0, 3, 2))]
    for number in range(30):
        session.execute(
            text(ADD_BUILDING),
            {"name": f"s{number}", "x": chance.uniform(0, 4), "y": chance.uniform(0, 2)},
        )
    for part in range(3):
        session.execute(text(COUNT), {"month": MONTHS[0], "n": 7, "part": part})
    assert same(session) == 3
    for number in range(40):
        change(chance, session, number)
        same(session)
        if number == 15:
            session.execute(
                text("""
                    UPDATE cell SET geom = ST_Multi(ST_MakeEnvelope(116, 28, 116.002, 28.002, 4326))
                    WHERE id = :id
                """),
                {"id": cells[0].id},
            )
            field.cell(3, rectangle(3, 0, 4, 2))
            same(session)
        if number == 25:
            session.execute(text("DELETE FROM cell WHERE id = :id"), {"id": cells[1].id})
            same(session)


def test_a_redraw_moves_people(field: Field) -> None:
    session = field.session
    west, east = field.cell(1, rectangle(0, 0, 2, 2)), field.cell(2, rectangle(2, 0, 4, 2))
    for number, x in enumerate((0.5, 1.5, 2.5)):
        session.execute(text(ADD_BUILDING), {"name": f"b{number}", "x": x, "y": 1})
    session.execute(
        text("""
            INSERT INTO building_count (building_id, month, households)
            SELECT id, '2026-01-01', 10 FROM building
        """)
    )
    households = text("SELECT cell_id, households FROM people_count")
    assert dict(session.execute(households).all()) == {west.id: 20, east.id: 10}
    border = "ST_Multi(ST_MakeEnvelope(116.00{0}, 28, 116.00{1}, 28.002, 4326))"
    session.execute(
        text(
            f"UPDATE cell SET geom = CASE id WHEN :west THEN {border.format(0, 1)} "
            f"ELSE {border.format(1, 4)} END WHERE id IN (:west, :east)"
        ),
        {"west": west.id, "east": east.id},
    )
    assert dict(session.execute(households).all()) == {west.id: 10, east.id: 20}
    same(session)


def test_nothing_is_left_of_emptied_tables(field: Field) -> None:
    session = field.session
    field.cell(1, rectangle(0, 0, 4, 2))
    session.execute(text(ADD_BUILDING), {"name": "b", "x": 1, "y": 1})
    session.execute(text("INSERT INTO building_count (building_id, month) "
                         "SELECT id, '2026-01-01' FROM building"))  # fmt: skip
    assert same(session) == 1
    session.execute(text("TRUNCATE building CASCADE"))
    assert same(session) == 0


def test_two_writers_of_one_cell_count_each_other(own_engine: Engine) -> None:
    """The second waits for the first and then sees what it stored."""
    with own_engine.begin() as setting_up:
        setting_up.execute(
            text("""
                INSERT INTO unit (code, level, name, geom) VALUES ('990001000000', 'county', 'x',
                    ST_Multi(ST_MakeEnvelope(116, 28, 117, 29, 4326)))
            """)
        )
        setting_up.execute(
            text("""
                INSERT INTO unit (code, level, name, parent_id, geom)
                SELECT '990001001000', 'town', 'x', id, geom FROM unit WHERE level = 'county'
            """)
        )
        setting_up.execute(
            text("""
                INSERT INTO unit (code, level, name, parent_id, geom)
                SELECT '990001001001', 'community', 'x', id, geom FROM unit WHERE level = 'town'
            """)
        )
        for name in ("a", "b"):
            setting_up.execute(text(ADD_BUILDING), {"name": name, "x": 1, "y": 1})
    add = text("INSERT INTO building_count (building_id, month, households) "
               "SELECT id, '2026-01-01', 5 FROM building WHERE external_id = :name")  # fmt: skip

    def second() -> None:
        with own_engine.begin() as connection:
            connection.execute(add, {"name": "b"})

    with own_engine.begin() as first:
        first.execute(add, {"name": "a"})
        other = threading.Thread(target=second)
        other.start()
        # It waits for the lock; that it does so is seen in the database, not by a clock.
        waiting = text("""
            SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
            WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()
        """)
        with own_engine.connect() as watcher:
            while not watcher.execute(waiting).scalar_one():
                watcher.rollback()
    other.join()
    with Session(own_engine) as session:
        assert same(session) == 1
        assert session.scalar(text("SELECT households FROM people_count")) == 10
