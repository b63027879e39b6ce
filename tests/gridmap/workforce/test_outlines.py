"""Cells change as a person draws it, within the area, without gaps or overlaps."""

from __future__ import annotations

from datetime import date

import pytest
from shapely import LineString, Polygon
from sqlalchemy import text

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.territory.models import Cell
from gridmap.workforce import audit
from gridmap.workforce.assignments import assign
from gridmap.workforce.outlines import (
    Merge,
    Redraw,
    Split,
    change_outline,
    neighbours,
    outcome,
)
from gridmap.workforce.rights import SYSTEM, Role
from tests.gridmap.conftest import SOUTH, STEP, WEST, rectangle
from tests.gridmap.workforce.conftest import Office

ON = date(2025, 6, 1)


def line(*points: tuple[float, float]) -> LineString:
    return LineString([(WEST + x * STEP, SOUTH + y * STEP) for x, y in points])


def valid(office: Office) -> list[str]:
    rows = office.session.execute(text("SELECT code FROM cell WHERE valid_to IS NULL ORDER BY id"))
    return [code[-3:] for (code,) in rows]


def area(office: Office, cell: Cell) -> float:
    return float(
        office.session.execute(
            text("SELECT ST_Area(geom) FROM cell WHERE id = :id"), {"id": cell.id}
        ).scalar_one()
    )


def test_a_line_splits_a_cell_whose_cadre_stays(office: Office) -> None:
    assign(office.session, SYSTEM, office.ids("a"), office.cadres["wang"], "responsible", ON)
    # The ends reach out of the cell, as a hand draws them.
    cut = Split(line((-0.5, 1.1), (0.4, 0.9), (1.5, 1.2)), ["一", "二"])
    opened = change_outline(office.session, office.supervisor, office.cells["a"], cut, ON)
    assert [cell.name for cell in opened] == ["一", "二"]
    rows = outcome(office.session, [cell.id for cell in opened], ON)
    assert [row.cadre for row in rows] == ["Wang", "Wang"]
    assert sum(area(office, cell) for cell in opened) == pytest.approx(2 * STEP**2)
    [entry] = audit.page(office.session, SYSTEM, audit.Wanted(act="cell.split"))[0]
    assert entry.before == {"cells": ["990001001001001"]}
    assert entry.after == {"cells": [cell.code for cell in opened], "starts": "2025-06-01"}


@pytest.mark.parametrize(
    ("drawn", "sentence"),
    [
        (line((0.2, 0.2), (0.8, 0.8)), "does not divide"),
        (line((2.5, -1), (2.5, 3)), "does not divide"),
        (line((0.001, -1), (0.001, 3)), "less than 100 m²"),
    ],
)
def test_a_line_that_makes_no_cells_is_refused(
    office: Office, drawn: LineString, sentence: str
) -> None:
    with pytest.raises(GridmapError, match=sentence):
        change_outline(office.session, office.supervisor, office.cells["a"], Split(drawn), ON)


def test_an_area_comes_to_a_cell_and_leaves_its_neighbours(office: Office) -> None:
    # Drawn with an unsteady hand: over the cell itself, and out of the community.
    taken = Redraw(rectangle(0.7, -0.5, 1.5, 1.0))
    opened = change_outline(office.session, office.supervisor, office.cells["a"], taken, ON)
    a, b = opened
    assert (a.code[-3:], b.code[-3:]) == ("001", "002")
    assert area(office, a) == pytest.approx(2.5 * STEP**2)
    assert area(office, b) == pytest.approx(1.5 * STEP**2)
    assert sorted(valid(office)) == ["001", "002", "003", "004", "005"]


def test_a_whole_outline_may_give_land_up(office: Office) -> None:
    whole = Redraw(rectangle(0, 0, 1, 1), whole=True)
    [a] = change_outline(office.session, office.supervisor, office.cells["a"], whole, ON)
    assert area(office, a) == pytest.approx(STEP**2)


@pytest.mark.parametrize(
    ("drawn", "sentence"),
    [
        (rectangle(1, 0, 2, 2), "Nothing of cell 990001001001002 would be left"),
        (rectangle(0.2, 0.2, 0.8, 0.8), "would stay as it is"),
    ],
)
def test_an_area_that_makes_no_sense_is_refused(
    office: Office, drawn: Polygon, sentence: str
) -> None:
    with pytest.raises(GridmapError, match=sentence):
        change_outline(office.session, office.supervisor, office.cells["a"], Redraw(drawn), ON)
    elsewhere = Redraw(rectangle(9, 9, 10, 10), whole=True)
    with pytest.raises(GridmapError, match="does not lie in the cell's community"):
        change_outline(office.session, office.supervisor, office.cells["a"], elsewhere, ON)


def test_neighbours_merge_and_nobody_else(office: Office) -> None:
    beside = neighbours(office.session, office.supervisor, office.cells["b"])
    assert [row.id for row in beside] == office.ids("ac")
    joined = Merge(office.ids("a"), "西区")
    [cell] = change_outline(office.session, office.supervisor, office.cells["b"], joined, ON)
    assert cell.name == "西区"
    with pytest.raises(ConflictError, match="was closed"):
        change_outline(office.session, office.supervisor, office.cells["b"], joined, ON)
    far = Merge(office.ids("x"))
    with pytest.raises(NotFoundError):
        change_outline(office.session, office.supervisor, office.cells["c"], far, ON)


def test_only_who_may_and_only_in_the_area(office: Office) -> None:
    cut = Split(line((-1, 1), (9, 1)))
    with pytest.raises(NotFoundError):
        change_outline(office.session, office.supervisor, office.cells["x"], cut, ON)
    analyst = office.user("ana", Role.ANALYST, office.here)
    with pytest.raises(ForbiddenError):
        change_outline(office.session, analyst, office.cells["a"], cut, ON)
    assert list(neighbours(office.session, office.supervisor, office.cells["x"])) == []
