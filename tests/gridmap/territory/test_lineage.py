"""Cells keep their history: what happened before a change keeps its old cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from gridmap.errors import ConflictError, GridmapError, NotFoundError
from gridmap.territory.codes import FifteenDigits
from gridmap.territory.models import Cell, Place
from gridmap.territory.queries import cells_as_of, lineage
from gridmap.territory.service import Part, merge, redraw, split
from tests.gridmap.conftest import Field, rectangle

BEFORE, ON, AFTER = date(2025, 3, 31), date(2025, 4, 1), date(2025, 4, 2)
DIGITS = FifteenDigits()

Halves = Callable[[], tuple[Cell, Cell]]


def codes_as_of(field: Field, day: date) -> list[str]:
    return [cell.code[-3:] for cell in field.session.scalars(cells_as_of(day))]


def test_a_redraw_keeps_the_past(field: Field, halves: Halves) -> None:
    west, east = halves()
    before, after = field.incident(1.5, 1, BEFORE), field.incident(1.5, 1, AFTER)
    untouched = field.incident(0.5, 1, AFTER)
    new_west, new_east = redraw(
        field.session, {west.id: rectangle(0, 0, 1, 2), east.id: rectangle(1, 0, 4, 2)}, ON
    )
    assert field.cell_of(before) == west.id
    assert field.cell_of(after) == new_east.id
    assert field.cell_of(untouched) == new_west.id
    assert (west.valid_to, new_west.valid_from, new_west.valid_to) == (ON, ON, None)
    assert (new_west.code, new_west.name) == (west.code, "西")


def test_what_stands_there_follows_the_redraw(field: Field, halves: Halves) -> None:
    west, east = halves()
    place = Place(geom="SRID=4326;POINT(116.0015 28.001)")
    field.session.add(place)
    assert field.cell_of(place) == west.id
    _, new_east = redraw(
        field.session, {west.id: rectangle(0, 0, 1, 2), east.id: rectangle(1, 0, 4, 2)}, ON
    )
    assert field.cell_of(place) == new_east.id


def test_a_split_numbers_its_parts_and_knows_the_parent(field: Field, halves: Halves) -> None:
    west, _ = halves()
    before, after = field.incident(1, 0.5, BEFORE), field.incident(1, 0.5, AFTER)
    north, south = split(
        field.session,
        west.id,
        [Part(rectangle(0, 1, 2, 2), "北"), Part(rectangle(0, 0, 2, 1), "南")],
        ON,
        DIGITS,
    )
    assert (north.code[-3:], south.code[-3:]) == ("003", "004")
    assert field.cell_of(before) == west.id
    assert field.cell_of(after) == south.id
    assert codes_as_of(field, BEFORE) == ["001", "002"]
    assert codes_as_of(field, ON) == ["002", "003", "004"]


def test_a_merge_joins_and_can_be_traced(field: Field, halves: Halves) -> None:
    west, east = halves()
    whole = merge(field.session, [west.id, east.id], ON, DIGITS, name="全")
    north, _ = split(
        field.session,
        whole.id,
        [Part(rectangle(0, 1, 4, 2)), Part(rectangle(0, 0, 4, 1))],
        AFTER,
        DIGITS,
    )
    assert [
        (row.code[-3:], row.act, row.generation) for row in lineage(field.session, north.id)
    ] == [
        ("001", "merge", -2),
        ("002", "merge", -2),
        ("003", "split", -1),
    ]
    assert [(row.code[-3:], row.generation) for row in lineage(field.session, west.id)] == [
        ("003", 1),
        ("004", 2),
        ("005", 2),
    ]
    assert codes_as_of(field, ON) == ["003"]


def test_parts_must_cover_the_cell(field: Field, halves: Halves) -> None:
    west, _ = halves()
    parts = [Part(rectangle(0, 0, 1, 2)), Part(rectangle(1, 0, 2, 1))]
    with pytest.raises(GridmapError, match="The parts differ from cell 990001001001001 by"):
        split(field.session, west.id, parts, ON, DIGITS)


def test_a_redraw_onto_a_neighbour_changes_nothing(field: Field, halves: Halves) -> None:
    west, _ = halves()
    with (
        pytest.raises(ConflictError, match="overlap by"),
        field.session.begin_nested(),
    ):
        redraw(field.session, {west.id: rectangle(0, 0, 3, 2)}, ON)
    field.session.expire_all()
    assert list(field.session.scalars(select(Cell.valid_to))) == [None, None]


def test_one_part_is_no_split_and_one_cell_no_merge(field: Field, halves: Halves) -> None:
    west, _ = halves()
    with pytest.raises(GridmapError, match="two parts or more"):
        split(field.session, west.id, [Part(rectangle(0, 0, 2, 2))], ON, DIGITS)
    with pytest.raises(GridmapError, match="Two cells or more"):
        merge(field.session, [west.id, west.id], ON, DIGITS)


def test_kinds_do_not_merge(field: Field, halves: Halves) -> None:
    west, _ = halves()
    micro = field.cell(9, rectangle(0, 0, 1, 1), kind="micro")
    with pytest.raises(GridmapError, match="of one kind"):
        merge(field.session, [west.id, micro.id], ON, DIGITS)


def test_days_that_cannot_be(field: Field, halves: Halves) -> None:
    west, _ = halves()
    outline = rectangle(0, 0, 2, 2)
    with pytest.raises(GridmapError, match="lies in the future"):
        redraw(field.session, {west.id: outline}, date.today() + timedelta(days=2))  # noqa: DTZ011
    [new] = redraw(field.session, {west.id: outline}, ON)
    with pytest.raises(ConflictError, match="was closed on 2025-04-01"):
        redraw(field.session, {west.id: outline}, AFTER)
    with pytest.raises(ConflictError, match="valid only since 2025-04-01"):
        redraw(field.session, {new.id: outline}, ON)
    with pytest.raises(NotFoundError):
        redraw(field.session, {0: outline}, ON)


def test_a_crossed_outline_is_refused(field: Field, halves: Halves) -> None:
    west, _ = halves()
    corners = list(rectangle(0, 0, 2, 2).exterior.coords)
    bow_tie = type(rectangle(0, 0, 1, 1))([corners[0], corners[2], corners[1], corners[3]])
    with pytest.raises(GridmapError, match="is not a valid area: Self-intersection"):
        redraw(field.session, {west.id: bow_tie}, ON)
