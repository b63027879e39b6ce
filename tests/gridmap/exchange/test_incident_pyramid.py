"""The pyramid against the rows it stands for, whoever writes them and however."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from gridmap.errors import NotFoundError
from gridmap.exchange.filters import IncidentFilter
from gridmap.exchange.incident_tiles import count_incidents
from gridmap.incidents.months import whole_months
from gridmap.territory.scope import Scope

BINS = "SELECT level, category_id, x, y, year, upto FROM incident_bin WHERE upto[12] <> 0"

MANY = """
    INSERT INTO incident (occurred_at, category_id, geom)
    SELECT timestamptz '2023-05-05' + n * interval '7 hours', (SELECT min(id) FROM category),
           ST_SetSRID(ST_MakePoint(110 + n * 1e-6, 30), 4326) FROM generate_series(1, 25000) n"""

# A plan made for the few rows of other tests would join these row by row.
MANY_MOVED = f"""{MANY};
    DISCARD PLANS;
    UPDATE incident SET geom = ST_Translate(geom, 0, 1) WHERE occurred_at < '2036-01-01'"""
# Whoever sets this knows the cells, which need not be where the places are.
MOVED_TO_NO_CELL = """
    SELECT set_config('gridmap.linked', 'on', true);
    UPDATE incident SET cell_id = NULL, community_id = NULL WHERE external_id = '1'"""


def bins(connection: Connection) -> set[tuple[object, ...]]:
    return {(*row[:5], tuple(row[5])) for row in connection.execute(text(BINS))}


def sums(connection: Connection) -> set[tuple[object, ...]]:
    cells = connection.execute(
        text("SELECT community_id, cell_id, year, upto FROM incident_cell_year WHERE upto[12] <> 0")
    )
    days = connection.execute(text("SELECT day, hours FROM incident_day WHERE 0 <> ANY(hours)"))
    return {(*row[:3], tuple(row[3])) for row in cells} | {(row[0], tuple(row[1])) for row in days}


def assert_right(connection: Connection) -> None:
    kept = bins(connection), sums(connection)
    connection.execute(text("SELECT refresh_incident_pyramid()"))
    assert kept == (bins(connection), sums(connection))


@pytest.mark.parametrize(
    "act",
    [
        "SELECT 1",
        "DELETE FROM incident WHERE external_id = '2'",
        "UPDATE incident SET category_id = (SELECT id FROM category WHERE code = 'B')",
        "UPDATE incident SET geom = ST_Translate(geom, 5, 5) WHERE external_id = '3'",
        "UPDATE incident SET occurred_at = occurred_at + interval '400 days'",
        "UPDATE incident SET cell_id = NULL",
        MOVED_TO_NO_CELL,
        "UPDATE cell SET geom = ST_Multi(ST_Buffer(geom, -0.002))",
        "SELECT open_incident_year(2025)",
        "TRUNCATE incident",
        MANY,
        MANY_MOVED,
        f"{MANY}; DELETE FROM incident WHERE occurred_at < '2030-01-01'",
    ],
)
def test_the_pyramid_follows_every_write(connection: Connection, act: str) -> None:
    connection.execute(text(act))
    assert_right(connection)


def test_a_row_moved_to_another_partition_is_counted_once(connection: Connection) -> None:
    connection.execute(text("SELECT open_incident_year(2024)"))
    connection.execute(text("UPDATE incident SET occurred_at = '2024-06-01' WHERE external_id='3'"))
    assert_right(connection)


def test_what_went_straight_into_a_partition_is_counted_on_demand(connection: Connection) -> None:
    connection.execute(text("SELECT open_incident_year(2026)"))
    connection.execute(
        text(
            "INSERT INTO incident_y2026 (id, occurred_at, category_id, geom) "
            "SELECT 999, '2026-02-02', min(id), 'SRID=4326;POINT(110 30)' FROM category"
        )
    )
    assert count_incidents(connection, IncidentFilter()) == 4
    connection.execute(text("SELECT refresh_incident_pyramid('2026-02-02', '2026-02-02')"))
    assert count_incidents(connection, IncidentFilter()) == 5


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        (IncidentFilter(), 4),
        # Local days: half an hour before and after the new year.
        (IncidentFilter(last=date(2024, 12, 31)), 1),
        (IncidentFilter(first=date(2025, 1, 1)), 3),
        (IncidentFilter(date(2025, 1, 1), date(2025, 1, 31)), 2),
        (IncidentFilter(date(2025, 1, 2), date(2025, 3, 9)), 1),
        (IncidentFilter(date(2025, 1, 15), date(2025, 3, 10)), 2),
        (IncidentFilter(date(2025, 1, 15), date(2025, 1, 15)), 1),
        # A category means those below it too.
        (IncidentFilter(category="A"), 3),
        (IncidentFilter(category="A1"), 2),
        (IncidentFilter(date(2025, 1, 1), date(2025, 2, 10), "A"), 1),
    ],
)
def test_a_choice_is_exact(connection: Connection, choice: IncidentFilter, count: int) -> None:
    assert count_incidents(connection, choice) == count


def test_an_unknown_category_is_named(connection: Connection) -> None:
    with pytest.raises(NotFoundError, match="no category X"):
        count_incidents(connection, IncidentFilter(category="X"))


def test_a_reader_counts_only_the_own_area(connection: Connection) -> None:
    own = connection.execute(text("SELECT id FROM unit WHERE level = 'community'")).scalar_one()
    assert count_incidents(connection, IncidentFilter(), Scope((own,))) == 4
    assert count_incidents(connection, IncidentFilter(), Scope((own + 1,))) == 0


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(0, 1500))
def test_months_and_edges_make_up_the_span(first: date, length: int) -> None:
    last = date.fromordinal(first.toordinal() + length)
    months, edges = whole_months(first, last)
    days: set[int] = set()
    for span in months:
        start = date(span.year, span.before + 1, 1)
        end = date(span.year + span.upto // 12, span.upto % 12 + 1, 1)
        days |= set(range(start.toordinal(), end.toordinal()))
    for edge in edges:
        some = set(range(edge.start.toordinal(), edge.end.toordinal()))
        assert days.isdisjoint(some) if edge.sign > 0 else days >= some
        days = days | some if edge.sign > 0 else days - some
        assert len(some) <= 16 or not months
    assert days == set(range(first.toordinal(), last.toordinal() + 1))
