"""Boxes of incidents: cell by cell where that is quick and tells nothing, else by time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString
from sqlalchemy import text

from gridmap.errors import ParameterError
from gridmap.exchange.collections import COLLECTIONS, INCIDENTS
from gridmap.exchange.cursors import Sort
from gridmap.exchange.features import Query, find_page
from gridmap.exchange.grant import Grant, LayerGrant
from gridmap.territory.models import Cell, Road
from tests.gridmap.conftest import Field, point

WHOLE = Grant("town", {key: LayerGrant() for key in COLLECTIONS})
BY_CELL, BY_TIME = ["d", "a", "b", "c"], ["d", "b", "c", "a"]


def around(west: float, east: float, *, wide: bool = True) -> tuple[float, float, float, float]:
    """Return the box between two x of the field; a wide one is higher than the field."""
    low, high = point(west, -20 if wide else 0), point(east, 20 if wide else 2)
    return (low.x, low.y, high.x, high.y)


@pytest.fixture
def four(field: Field, halves: Callable[[], tuple[Cell, Cell]]) -> Field:
    """Incidents d and a in the west, b in the east and c outside all cells."""
    halves()
    for name, x, day in (("a", 1, 4), ("b", 3, 2), ("c", 9, 3), ("d", 1.5, 1)):
        field.session.execute(
            text(
                "INSERT INTO incident (external_id, category_id, occurred_at, geom, source) "
                "VALUES (:name, :category, :at, ST_GeomFromText(:wkt, 4326), 'x')"
            ),
            {"name": name, "category": field.category.id, "wkt": point(x, 1).wkt,
             "at": datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day)},
        )  # fmt: skip
    field.session.flush()
    return field


def pages(field: Field, query: Query, grant: Grant = WHOLE) -> tuple[list[str], list[str]]:
    """Follow all pages; return the numbers of their features, and their cursors."""
    found, cursors = list[str](), list[str]()
    while True:
        page = find_page(field.session.connection(), INCIDENTS, grant, query)
        part = json.loads(b"[" + page.features + b"]")
        assert len(part) == page.count <= query.limit
        found += [one["properties"]["external_id"] for one in part]
        if page.next is None:
            return found, cursors
        cursors.append(page.next)
        query = replace(query, cursor=page.next)


def keys(cursor: str) -> list[str | None]:
    """Return what a cursor tells after its layer."""
    packed = cursor.rpartition("~")[2]
    values: list[str | None] = json.loads(
        base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    )
    return values[1:]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10])
@pytest.mark.parametrize(
    ("box", "expected"),
    [((-20, 20), BY_CELL), ((2, 20), ["b", "c"]), ((8, 20), ["c"]), ((-20, 2), ["d", "a"]),
     ((40, 60), [])],
)  # fmt: skip
def test_a_wide_box_is_read_cell_by_cell_and_then_outside_all_cells(
    four: Field, limit: int, box: tuple[float, float], expected: list[str]
) -> None:
    found, _ = pages(four, Query(limit=limit, boxes=(around(*box),)))
    assert found == expected


def test_a_small_box_is_read_by_time(four: Field) -> None:
    found, cursors = pages(four, Query(limit=1, boxes=(around(0, 10, wide=False),)))
    assert found == BY_TIME
    assert {len(keys(cursor)) for cursor in cursors} == {2}


def test_a_box_is_read_in_another_order_if_one_is_asked_for(four: Field) -> None:
    latest = Sort(INCIDENTS.by_name["occurred_at"], descending=True)
    found, _ = pages(four, Query(limit=1, boxes=(around(-20, 20),), sorts=(latest,)))
    assert found == BY_TIME[::-1]


def test_two_boxes_tell_no_feature_twice(four: Field) -> None:
    boxes = (around(-20, 4), around(2, 20))
    assert pages(four, Query(limit=1, boxes=boxes))[0] == BY_CELL


@pytest.mark.parametrize(
    "granted",
    [LayerGrant(fields=frozenset({"external_id", "occurred_at"})), LayerGrant(snap="street")],
)
def test_the_order_does_not_tell_cells_that_are_not_told(four: Field, granted: LayerGrant) -> None:
    line = LineString([point(-1, 1), point(10, 1)])
    four.session.add(Road(kind="residential", geom=from_shape(line, srid=4326)))
    four.session.flush()
    agency = Grant("agency", {"incidents": granted})
    found, cursors = pages(four, Query(limit=1, boxes=(around(-20, 20),)), agency)
    assert found == BY_TIME
    assert all(len(keys(cursor)) == 2 for cursor in cursors)


def test_a_reader_of_another_area_is_told_nothing(four: Field) -> None:
    foreign = replace(WHOLE, scope=replace(WHOLE.scope, communities=(four.community.id + 1,)))
    assert pages(four, Query(limit=1, boxes=(around(-20, 20),)), foreign)[0] == []


def test_pages_are_refused_once_cells_were_changed(four: Field) -> None:
    query = Query(limit=1, boxes=(around(-20, 20),))
    first = find_page(four.session.connection(), INCIDENTS, WHOLE, query)
    assert find_page(
        four.session.connection(), INCIDENTS, WHOLE, replace(query, cursor=first.next)
    ).count
    four.session.execute(text("UPDATE cell SET name = name || '乙'"))
    with pytest.raises(ParameterError, match="cells were changed"):
        find_page(four.session.connection(), INCIDENTS, WHOLE, replace(query, cursor=first.next))


def test_a_cursor_of_another_order_is_refused(four: Field) -> None:
    query = Query(limit=1, boxes=(around(0, 10, wide=False),))
    page = find_page(four.session.connection(), INCIDENTS, WHOLE, query)
    wide = replace(query, boxes=(around(-20, 20),), cursor=page.next)
    with pytest.raises(ParameterError):
        find_page(four.session.connection(), INCIDENTS, WHOLE, wide)
