"""Places moved to the cell or the street, and filters that must not tell where they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from geoalchemy2.shape import from_shape
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString
from sqlalchemy import text

from gridmap.exchange import cql
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
    lay_out(field)
    box: dict[str, Any] = dict(zip("wsen", corners(data), strict=True))
    area = "ST_MakeEnvelope(:w, :s, :e, :n, 4326)"
    exactly = f"ST_Intersects({published_geometry(INCIDENTS, snap)}, {area})"
    wanted, fast = (
        session.scalars(text(f"SELECT t.id FROM incident t WHERE {condition} ORDER BY id"), box)
        for condition in (exactly, f"{nearby(INCIDENTS, snap, area)} AND {exactly}")
    )
    assert wanted.all() == fast.all()


def lay_out(field: Field) -> None:
    """Put cells, streets and incidents into the field, one of them far from all streets."""
    if field.session.scalar(text("SELECT count(*) FROM road")) == 0:
        for n in range(4):
            field.cell(n, rectangle(n, 0, n + 1, 2))
        road(field, (0, 0.3), (4, 0.3))
        road(field, (0, 6), (40, 6.5), (40, 0))
        road(field, (2, -30), (2.5, 30))
        for x in range(9):
            for y in range(5):
                field.incident(x * 0.5, y * 0.5, DAY)
        field.incident(-200, 60, DAY)


def corners(data: st.DataObject) -> list[float]:
    """Draw a box: west, south, east, north."""
    corner = st.floats(-1, 5)
    x0, x1 = sorted((data.draw(corner), data.draw(corner)))
    y0, y1 = sorted((data.draw(corner), data.draw(corner)))
    return [WEST + x0 * STEP, SOUTH + y0 * STEP, WEST + x1 * STEP, SOUTH + y1 * STEP]


def spatial(op: str, shape: Any, snap: Snap, *, by_index: bool, negated: bool) -> cql.Condition:
    tree: Any = {"op": op, "args": [shape, {"property": "geometry"}]}
    near = partial(nearby, INCIDENTS, snap) if by_index else None
    return cql.translate(
        {"op": "not", "args": [tree]} if negated else tree,
        INCIDENTS.by_name,
        published_geometry(INCIDENTS, snap),
        near=near,
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.data(),
    snap=st.sampled_from(["cell", "street"]),
    op=st.sampled_from(["s_intersects", "s_contains", "s_disjoint", "s_touches", "s_equals"]),
    negated=st.booleans(),
)
def test_filters_by_place_choose_the_same_with_the_index(
    field: Field, data: st.DataObject, snap: Snap, op: str, negated: bool
) -> None:
    lay_out(field)
    west, south, east, north = corners(data)
    assume(west < east and south < north)
    box: Any = {"bbox": [west, south, east, north]}
    if data.draw(st.booleans()):
        # A place that is told of an incident, so that one equals it or touches the box.
        told = published_geometry(INCIDENTS, snap)
        chosen = f"SELECT ST_AsGeoJSON({told}, 15) FROM incident t WHERE {told} IS NOT NULL LIMIT 1"
        box = json.loads(field.session.scalars(text(chosen)).one())
    wanted, fast = (
        field.session.scalars(
            text(f"SELECT t.id FROM incident t WHERE {one.sql} ORDER BY id"), one.params
        ).all()
        for one in (
            spatial(op, box, snap, by_index=by_index, negated=negated) for by_index in (False, True)
        )
    )
    assert wanted == fast


@pytest.mark.parametrize("snap", ["cell", "street"])
def test_an_index_serves_filters_by_place(field: Field, snap: Snap) -> None:
    lay_out(field)
    # The planner of so few rows would as soon read all of them through another index.
    field.session.execute(
        text("""
            INSERT INTO incident (external_id, category_id, occurred_at, geom, source)
            SELECT incident.id || 'n' || n, category_id, occurred_at, geom, source
            FROM incident, generate_series(1, 300) AS n""")
    )
    field.session.execute(text("ANALYZE incident, cell"))
    field.session.execute(text("SET LOCAL enable_seqscan = off"))
    box = {"bbox": [WEST, SOUTH, WEST + STEP, SOUTH + STEP]}
    chosen = spatial("s_intersects", box, snap, by_index=True, negated=False)
    plan = "\n".join(
        field.session.scalars(
            text(f"EXPLAIN SELECT t.id FROM incident t WHERE {chosen.sql}"), chosen.params
        )
    )
    served = "cell_id = c.id" if snap == "cell" else "geom && "
    assert f"Index Cond: ({served}" in plan.replace("t.", "").replace("t_1.", ""), plan


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
