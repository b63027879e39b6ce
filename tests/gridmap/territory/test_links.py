"""Everything with a location knows its cell, whoever wrote it and whatever changes."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, guarded
from gridmap.incidents.models import Incident
from gridmap.territory.models import Building, Cell, Place
from tests.gridmap.conftest import Field, add_units, point, rectangle, wkb

DAY = date(2025, 6, 1)


def test_an_incident_gets_cell_and_community(field: Field) -> None:
    west = field.cell(1, rectangle(0, 0, 2, 2))
    incident = field.incident(1, 1, DAY)
    assert (incident.cell_id, incident.community_id) == (west.id, field.community.id)


def test_outside_every_cell_is_kept_and_marked(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    in_community = field.incident(3, 1, DAY)
    nowhere = field.incident(9, 9, DAY)
    assert (in_community.cell_id, in_community.community_id) == (None, field.community.id)
    assert (nowhere.cell_id, nowhere.community_id) == (None, None)


def test_plain_sql_is_linked_too(field: Field) -> None:
    west = field.cell(1, rectangle(0, 0, 2, 2))
    building, place = field.session.execute(
        text(
            """WITH b AS (INSERT INTO building (geom) VALUES (
                    ST_Buffer('SRID=4326;POINT(116.001 28.001)'::geometry, 0.0001))
                    RETURNING cell_id),
                p AS (INSERT INTO place (geom)
                    VALUES ('SRID=4326;POINT(116.001 28.001)') RETURNING cell_id)
            SELECT b.cell_id, p.cell_id FROM b, p"""
        )
    ).one()
    assert (building, place) == (west.id, west.id)


def test_nobody_sets_a_link_by_hand(field: Field) -> None:
    west = field.cell(1, rectangle(0, 0, 2, 2))
    east = field.cell(2, rectangle(2, 0, 4, 2))
    incident = field.incident(1, 1, DAY)
    field.session.execute(update(Incident).values(cell_id=east.id))
    assert field.cell_of(incident) == west.id


def test_a_shared_edge_has_one_owner(field: Field) -> None:
    # Written in the other order than their codes, so that the id cannot decide.
    field.cell(2, rectangle(0, 0, 2, 2))
    smaller_code = field.cell(1, rectangle(2, 0, 4, 2))
    assert field.incident(2, 1, DAY).cell_id == smaller_code.id


def test_dedicated_goes_before_basic_and_micro_comes_last(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 1, 1), kind="micro")
    basic = field.cell(2, rectangle(0, 0, 4, 2))
    incident = field.incident(0.5, 0.5, DAY)
    assert incident.cell_id == basic.id
    dedicated = field.cell(3, rectangle(0, 0, 1, 1), kind="dedicated")
    assert field.cell_of(incident) == dedicated.id


def test_the_day_decides_between_cells_of_two_times(field: Field) -> None:
    before = field.cell(1, rectangle(0, 0, 4, 2), valid_to=date(2025, 1, 1))
    after = field.cell(1, rectangle(0, 0, 4, 2), valid_from=date(2025, 1, 1))
    assert field.incident(1, 1, date(2024, 12, 31)).cell_id == before.id
    assert field.incident(1, 1, date(2025, 1, 1)).cell_id == after.id


def test_the_day_is_the_towns_own(field: Field) -> None:
    """At 17:00 UTC on New Year's Eve it is New Year's Day in China."""
    field.cell(1, rectangle(0, 0, 4, 2), valid_to=date(2025, 1, 1))
    after = field.cell(1, rectangle(0, 0, 4, 2), valid_from=date(2025, 1, 1))
    cell_id = field.session.scalar(
        text("SELECT cell_id FROM locate(:point, local_date('2024-12-31 17:00+00'))"),
        {"point": "SRID=4326;POINT(116.001 28.001)"},
    )
    assert cell_id == after.id


def test_what_was_there_first_is_linked_when_the_cell_comes(field: Field) -> None:
    incident = field.incident(1, 1, DAY)
    building = Building(geom=wkb(point(1, 1)))
    place = Place(geom=wkb(point(1, 1)))
    field.session.add_all([building, place])
    field.session.flush()
    west = field.cell(1, rectangle(0, 0, 2, 2))
    assert [field.cell_of(thing) for thing in (incident, building, place)] == [west.id] * 3


def test_a_corrected_outline_relinks_the_strip_between(field: Field) -> None:
    west = field.cell(1, rectangle(0, 0, 2, 2))
    inside, strip = field.incident(0.5, 1, DAY), field.incident(1.5, 1, DAY)
    west.geom = wkb(rectangle(0, 0, 1, 2))  # type: ignore[assignment]
    assert field.cell_of(inside) == west.id
    assert field.cell_of(strip) is None


def test_a_deleted_cell_leaves_its_incidents_behind(field: Field) -> None:
    west = field.cell(1, rectangle(0, 0, 2, 2))
    incident = field.incident(1, 1, DAY)
    field.session.execute(delete(Cell).where(Cell.id == west.id))
    assert field.cell_of(incident) is None
    assert incident.community_id == field.community.id


def test_a_community_drawn_later_is_linked(session: Session) -> None:
    community = add_units(session, None)
    place = Place(geom=wkb(point(1, 1)))
    session.add(place)
    session.flush()
    community.geom = wkb(rectangle(0, 0, 4, 2))  # type: ignore[assignment]
    session.flush()
    session.refresh(place)
    assert place.community_id == community.id


def test_an_external_id_is_unique_over_the_years(field: Field) -> None:
    field.incident(1, 1, date(2024, 5, 1), source="110", external_id="A7")
    with pytest.raises(ConflictError, match="A7 of source 110 is already stored"), guarded():
        field.incident(1, 1, date(2025, 5, 1), source="110", external_id="A7")


def test_an_early_row_moves_when_its_year_is_opened(field: Field) -> None:
    incident = field.incident(1, 1, date(2031, 5, 1))
    field.session.execute(text("SELECT open_incident_year(2031), open_incident_year(2031)"))
    where = field.session.scalar(
        text("SELECT tableoid::regclass::text FROM incident WHERE id = :id"), {"id": incident.id}
    )
    assert where == "incident_y2031"
