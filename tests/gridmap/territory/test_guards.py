"""What must never break is held by the database, whoever writes."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from gridmap.db import make_engine, make_sessions
from gridmap.errors import ConflictError, guarded
from gridmap.territory.models import Cell, TerritorySettings, Unit
from tests.gridmap.conftest import Field, add_units, rectangle, wkb


def test_cells_of_one_kind_do_not_overlap(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    with (
        pytest.raises(ConflictError, match=r"990001001001002 and 990001001001001 overlap by"),
        guarded(),
    ):
        field.cell(2, rectangle(1.5, 0, 4, 2))


def test_neighbours_share_an_edge(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    assert field.cell(2, rectangle(2, 0, 4, 2)).id


def test_a_sliver_under_the_tolerance_is_accepted(field: Field) -> None:
    # 200 m times 0.01 m make 2 m²: refused at 1 m², accepted at 3 m².
    field.cell(1, rectangle(0, 0, 2, 2))
    field.session.execute(update(TerritorySettings).values(overlap_tolerance_m2=3))
    assert field.cell(2, rectangle(1.9999, 0, 4, 2)).id
    field.session.execute(update(TerritorySettings).values(overlap_tolerance_m2=1))
    with pytest.raises(ConflictError), guarded():
        field.session.execute(update(Cell).values(name="new"))


def test_cells_of_different_kinds_may_overlap(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 4, 2))
    assert field.cell(2, rectangle(1, 0, 2, 1), kind="micro").id


def test_cells_of_different_times_may_overlap(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 4, 2), valid_to=date(2025, 1, 1))
    assert field.cell(2, rectangle(0, 0, 4, 2), valid_from=date(2025, 1, 1)).id


def test_a_code_is_unique_among_those_valid(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 1, 1), valid_to=date(2025, 1, 1))
    field.cell(1, rectangle(0, 0, 1, 1), valid_from=date(2025, 1, 1))
    with pytest.raises(ConflictError, match="code is already used"), guarded():
        field.cell(1, rectangle(1, 0, 2, 1), valid_from=date(2026, 1, 1))


def test_a_cell_stays_in_its_community(field: Field) -> None:
    with pytest.raises(ConflictError, match="outside its community 990001001001"), guarded():
        field.cell(1, rectangle(3, 0, 5, 1))


def test_a_community_cannot_shrink_under_its_cells(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 4, 2))
    with pytest.raises(ConflictError, match="outside its community"), guarded():
        field.session.execute(update(Unit).values(geom=wkb(rectangle(0, 0, 3, 2))))


def test_a_community_without_outline_takes_no_cells(session: Session) -> None:
    community = add_units(session, None)
    session.add(
        Cell(code="1", kind="basic", community_id=community.id, geom=wkb(rectangle(0, 0, 1, 1)))
    )
    with pytest.raises(ConflictError, match="has no outline"), guarded():
        session.flush()


def test_a_border_moves_in_one_statement(field: Field) -> None:
    west = field.cell(1, rectangle(0, 0, 2, 2))
    east = field.cell(2, rectangle(2, 0, 4, 2))
    field.session.execute(
        text(
            """UPDATE cell SET geom = ST_Multi(ST_MakeEnvelope(
                CASE id WHEN :west THEN 116.0 ELSE 116.003 END, 28.0,
                CASE id WHEN :west THEN 116.003 ELSE 116.004 END, 28.002, 4326))"""
        ),
        {"west": west.id},
    )
    field.session.refresh(east)


@pytest.mark.parametrize(
    ("level", "parent"), [("community", "county"), ("town", "town"), ("county", "county")]
)
def test_levels_follow_each_other(session: Session, level: str, parent: str) -> None:
    community = add_units(session, None)
    town = session.get_one(Unit, community.parent_id)
    parent_id = town.id if parent == "town" else town.parent_id
    session.add(Unit(code="990001002000", level=level, name="错", parent_id=parent_id))
    with pytest.raises(IntegrityError):
        session.flush()


def test_two_writers_cannot_overlap_each_other(own_database_url: str) -> None:
    """The second writer waits for the first and is then refused."""
    engine = make_engine(own_database_url)
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        community_id = add_units(session, rectangle(0, 0, 4, 2)).id
    refused: list[bool] = []

    def write(code: str, barrier: threading.Barrier) -> None:
        cell = Cell(
            code=code, kind="basic", community_id=community_id, geom=wkb(rectangle(0, 0, 2, 2))
        )
        barrier.wait(10)
        try:
            with sessions.begin() as session:
                session.add(cell)
                session.flush()
                session.execute(text("SELECT pg_sleep(0.2)"))
            refused.append(False)
        except DBAPIError:
            refused.append(True)

    barrier = threading.Barrier(2)
    writers = [threading.Thread(target=write, args=(code, barrier)) for code in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    engine.dispose()
    assert sorted(refused) == [False, True]
