"""Lists of cells and cadres: what they hold, and what they never hold."""

from __future__ import annotations

from datetime import date

import pytest

from gridmap.errors import NotFoundError
from gridmap.workforce.assignments import assign
from gridmap.workforce.cadre_list import CadresWanted, search_cadres
from gridmap.workforce.cadres import get_cadre
from gridmap.workforce.cell_list import (
    CellsWanted,
    cell_bounds,
    cells_by_id,
    cells_in_view,
    cells_of_act,
    find_cell,
    list_cells,
)
from gridmap.workforce.responsibility import held_cells
from gridmap.workforce.rights import SYSTEM, Role
from tests.gridmap.conftest import SOUTH, STEP, WEST
from tests.gridmap.workforce.conftest import Office

DAY = date(2026, 3, 1)
EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)


def test_a_view_holds_the_cells_that_touch_it(office: Office) -> None:
    act = assign(
        office.session, SYSTEM, office.ids("ab"), office.cadres["wang"], "responsible", DAY
    )
    assert act is not None
    west = (WEST, SOUTH, WEST + 0.5 * STEP, SOUTH + STEP)
    [row] = cells_in_view(office.session, SYSTEM, DAY, west)
    assert (row.id, row.cadre_id, row.version) == (office.cells["a"], office.cadres["wang"], act)
    assert WEST < row.lon < WEST + STEP
    rows = cells_in_view(office.session, SYSTEM, DAY, EVERYWHERE)
    assert {row.id: row.cadre_id for row in rows} == {
        **dict.fromkeys(office.cells.values()),
        **dict.fromkeys(office.ids("ab"), office.cadres["wang"]),
    }
    assert sorted(cells_of_act(office.session, act)) == office.ids("ab")


def test_another_area_is_not_there(office: Office) -> None:
    actor = office.user("boss", Role.SUPERVISOR, office.there)
    assert [row.id for row in cells_in_view(office.session, actor, DAY, EVERYWHERE)] == [
        office.cells["x"]
    ]
    assert cells_by_id(office.session, actor, DAY, office.ids("ab")) == []
    rows, total = list_cells(office.session, actor, DAY, CellsWanted())
    assert ([row.id for row in rows], total) == ([office.cells["x"]], 1)
    bounds = cell_bounds(office.session, actor)
    assert bounds is not None
    assert bounds[0] == pytest.approx(WEST + 4 * STEP)
    with pytest.raises(NotFoundError):
        find_cell(office.session, actor, office.cells["a"])
    with pytest.raises(NotFoundError):
        get_cadre(office.session, actor, office.cadres["wang"])
    people, count = search_cadres(
        office.session, actor, DAY, CadresWanted(unit_id=office.town), limit=50, offset=0
    )
    assert ([row.name for row in people], count) == (["Chen"], 1)


def test_the_list_is_filtered_and_sorted(office: Office) -> None:
    session = office.session
    assign(session, SYSTEM, office.ids("ac"), office.cadres["wang"], "responsible", DAY)
    assign(session, SYSTEM, office.ids("b"), office.cadres["li"], "responsible", DAY)

    def names(wanted: CellsWanted, **page: int) -> list[int]:
        return [row.id for row in list_cells(session, SYSTEM, DAY, wanted, **page)[0]]

    assert names(CellsWanted(vacant=True)) == office.ids("dx")
    assert names(CellsWanted(cadres={office.cadres["wang"]})) == office.ids("ac")
    assert names(CellsWanted(cadres=())) == []
    assert names(CellsWanted(community_id=office.there)) == office.ids("x")
    assert names(CellsWanted(search="002")) != []
    assert names(CellsWanted(search="%")) == []
    assert names(CellsWanted(sort="cadre", descending=True)) == office.ids("acbdx")
    assert names(CellsWanted(), limit=2, offset=3) == office.ids("dx")
    assert [row.cells for row in search_cadres(
        session, SYSTEM, DAY, CadresWanted(sort="cells", descending=True), limit=2, offset=0
    )[0]] == [2, 1]  # fmt: skip
    held = held_cells(session, SYSTEM, office.cadres["wang"], DAY)
    assert [row.cell_id for row in held] == office.ids("ac")
