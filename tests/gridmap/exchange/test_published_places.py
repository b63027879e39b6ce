"""Places moved to the cell or the street, and filters that must not tell where they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from geoalchemy2.shape import from_shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString
from sqlalchemy import text

from gridmap.exchange.collections import BUILDINGS, INCIDENTS, PLACES, UNITS
from gridmap.exchange.grant import Grant, LayerGrant, Snap
from gridmap.exchange.privacy import nearby, published, published_geometry
from gridmap.territory.models import Cell, Road
from tests.gridmap.conftest import SOUTH, STEP, WEST, Field, point, rectangle

Halves = Callable[[], tuple[Cell, Cell]]
DAY = date(2026, 1, 15)


def road(field: Field, *ends: tuple[float, float], kind: str = "residential") -> None:
    line = LineString([point(x, y) for x, y in ends])
    field.session.add(Road(kind=kind, geom=from_shape(line, srid=4326)))
    field.session.flush()


def where(field: Field, snap: Snap) -> list[tuple[float, float] | None]:
    """The published places of the incidents, in steps of the field, by id."""
    rows = field.session.execute(
        text(f"""SELECT ST_X(p), ST_Y(p) FROM (
            SELECT t.id, {published_geometry(INCIDENTS, snap)} AS p FROM incident t
        ) f ORDER BY id""")
    )  # fmt: skip
    return [
        None if x is None else (round((x - WEST) / STEP, 2), round((y - SOUTH) / STEP, 2))
        for x, y in rows
    ]


def test_a_cell_has_one_point_for_all_that_lies_in_it(field: Field, halves: Halves) -> None:
    halves()
    for x, y in ((0.1, 0.1), (1.9, 1.9), (3.5, 0.5), (9, 9)):
        field.incident(x, y, DAY)
    assert where(field, "exact")[:2] == [(0.1, 0.1), (1.9, 1.9)]
    assert where(field, "cell") == [(1, 1), (1, 1), (3, 1), None]


def test_a_street_is_told_by_the_middle_of_a_piece(field: Field, halves: Halves) -> None:
    halves()
    # Four steps are 393 m: two pieces. The path is nearer and no street.
    road(field, (0, 0), (4, 0))
    road(field, (0, 1), (4, 1), kind="footway")
    for x, y in ((0.2, 0.9), (1.8, 0.1), (2.2, 1.0), (2, 60)):
        field.incident(x, y, DAY)
    assert where(field, "street") == [(1, 0), (1, 0), (3, 0), None]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), snap=st.sampled_from(["exact", "cell", "street"]))
def test_the_index_hides_nothing_that_is_published_in_the_area(
    field: Field, data: st.DataObject, snap: Snap
) -> None:
    session = field.session
    if session.scalar(text("SELECT count(*) FROM road")) == 0:
        for n in range(4):
            field.cell(n, rectangle(n, 0, n + 1, 2))
        road(field, (0, 0.3), (4, 0.3))
        road(field, (0, 6), (40, 6.5), (40, 0))
        road(field, (2, -30), (2.5, 30))
        for x in range(9):
            for y in range(5):
                field.incident(x * 0.5, y * 0.5, DAY)
    corner = st.floats(-1, 5)
    x0, x1 = sorted((data.draw(corner), data.draw(corner)))
    y0, y1 = sorted((data.draw(corner), data.draw(corner)))
    box: dict[str, Any] = dict(zip("wsen", _corners(x0, y0, x1, y1), strict=True))
    area = "ST_MakeEnvelope(:w, :s, :e, :n, 4326)"
    exactly = f"ST_Intersects({published_geometry(INCIDENTS, snap)}, {area})"
    wanted, fast = (
        session.scalars(text(f"SELECT t.id FROM incident t WHERE {condition} ORDER BY id"), box)
        for condition in (exactly, f"{nearby(INCIDENTS, snap, area)} AND {exactly}")
    )
    assert wanted.all() == fast.all()


def _corners(x0: float, y0: float, x1: float, y1: float) -> tuple[float, ...]:
    return WEST + x0 * STEP, SOUTH + y0 * STEP, WEST + x1 * STEP, SOUTH + y1 * STEP


@pytest.mark.parametrize("snap", ["cell", "street"])
def test_what_would_tell_the_place_is_left_out(snap: Snap) -> None:
    grant = Grant("x", {one.key: LayerGrant(snap=snap) for one in (BUILDINGS, PLACES, UNITS)})
    assert not {"name", "address"} & set(published(BUILDINGS, grant).by_name)
    assert not {"name", "address"} & set(published(PLACES, grant).by_name)
    assert published(BUILDINGS, grant).shape == "Point"
    # A unit is no place that could be moved.
    assert "name" in published(UNITS, grant).by_name
    assert published_geometry(UNITS, snap) == "t.geom"
    assert published(UNITS, grant) is published(UNITS, grant)
