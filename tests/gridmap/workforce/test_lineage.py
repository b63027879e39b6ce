"""A redrawn, split or merged cell leaves its cadres to its successors."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from gridmap.errors import ConflictError
from gridmap.territory.codes import FifteenDigits
from gridmap.territory.models import Cell
from gridmap.territory.service import Part, merge, redraw, split
from gridmap.workforce.assignment_undo import undo
from gridmap.workforce.assignments import assign
from gridmap.workforce.responsibility import answering, cell_history, uncovered, versions
from tests.gridmap.conftest import rectangle
from tests.gridmap.workforce.conftest import DAY, Office

ON, JUNE, AUGUST = date(2025, 5, 1), date(2025, 6, 1), date(2025, 8, 1)
DIGITS = FifteenDigits()


def give(office: Office, cells: str, cadre: str, on: date = DAY, role: str = "responsible") -> None:
    assign(
        office.session, office.supervisor, office.ids(cells), office.cadres[cadre], role, on
    )  # fmt: skip


def held(office: Office, cell: int) -> list[tuple[str, str, date, date | None, bool]]:
    rows = office.session.execute(
        text("""
            SELECT d.name, a.role, a.starts, a.ends, a.inherited
            FROM assignment a JOIN cadre d ON d.id = a.cadre_id
            WHERE a.cell_id = :cell ORDER BY a.role DESC, a.starts, d.name
        """),
        {"cell": cell},
    )
    return [tuple(row) for row in rows]  # type: ignore[misc]


def test_a_redrawn_cell_keeps_its_cadre(office: Office) -> None:
    give(office, "a", "wang")
    give(office, "a", "li", AUGUST)
    give(office, "a", "zhao", role="deputy")
    [new] = redraw(office.session, {office.cells["a"]: rectangle(0, 0, 1, 1.5)}, ON)
    assert held(office, new.id) == [
        ("Wang", "responsible", ON, AUGUST, True),
        ("Li", "responsible", AUGUST, None, True),
        ("Zhao", "deputy", ON, None, True),
    ]
    before, after = (answering(office.session, office.supervisor, day) for day in (DAY, ON))
    assert [(r.cell_id, r.name) for r in before if r.name] == [(office.cells["a"], "Wang")]
    assert [(r.cell_id, r.name) for r in after if r.name] == [(new.id, "Wang")]
    history = cell_history(office.session, office.supervisor, new.id)
    assert [(r.cell_id, r.name, r.starts, r.ends) for r in history if r.role != "deputy"] == [
        (new.id, "Li", AUGUST, None),
        (new.id, "Wang", ON, AUGUST),
        (office.cells["a"], "Wang", DAY, ON),
    ]


def test_both_halves_of_a_split_keep_it(office: Office) -> None:
    give(office, "a", "wang")
    parts = [Part(rectangle(0, 0, 1, 1)), Part(rectangle(0, 1, 1, 2))]
    halves = split(office.session, office.cells["a"], parts, ON, DIGITS)
    for half in halves:
        assert held(office, half.id) == [("Wang", "responsible", ON, None, True)]
    assert [r.id for r in uncovered(office.session, office.supervisor, ON)] == office.ids("bcd")


def merged(office: Office, cells: str) -> Cell:
    return merge(office.session, office.ids(cells), ON, DIGITS)


def test_in_a_merge_the_largest_cell_decides(office: Office) -> None:
    bigger, _ = redraw(
        office.session,
        {office.cells["b"]: rectangle(0.5, 0, 2, 2), office.cells["a"]: rectangle(0, 0, 0.5, 2)},
        date(2025, 3, 1),
    )
    office.cells["B"], office.cells["A"] = bigger.id, _.id
    give(office, "A", "wang")
    give(office, "B", "li")
    for order in ("AB", "BA"):
        apart = office.session.begin_nested()
        assert held(office, merged(office, order).id) == [
            ("Li", "responsible", ON, None, True),
            ("Wang", "deputy", ON, None, True),
        ]
        apart.rollback()


def test_a_later_gap_of_the_first_is_filled_by_the_next(office: Office) -> None:
    session, supervisor, cadres = office.session, office.supervisor, office.cadres
    assign(session, supervisor, office.ids("a"), cadres["wang"], "responsible", DAY, until=JUNE)
    give(office, "b", "li")
    assert held(office, merged(office, "ab").id) == [
        ("Wang", "responsible", ON, JUNE, True),
        ("Li", "responsible", JUNE, None, True),
        ("Li", "deputy", ON, JUNE, True),
    ]


def test_one_cadre_of_both_stays_alone(office: Office) -> None:
    give(office, "ab", "wang")
    assert held(office, merged(office, "ab").id) == [("Wang", "responsible", ON, None, True)]


def test_cells_without_anybody_leave_nothing(office: Office) -> None:
    assert held(office, merged(office, "ab").id) == []


def test_what_people_assigned_since_is_kept(office: Office) -> None:
    give(office, "a", "wang")
    new = merged(office, "ab")
    assign(office.session, office.supervisor, [new.id], office.cadres["li"], "responsible", JUNE)
    # Lineage that somebody adds later must not take the cell away from Li.
    give(office, "c", "zhao")
    office.session.execute(
        text("INSERT INTO cell_lineage (parent_id, child_id, act) VALUES (:c, :new, 'merge')"),
        {"c": office.cells["c"], "new": new.id},
    )
    responsible = [row[:4] for row in held(office, new.id) if row[1] == "responsible"]
    assert responsible == [
        ("Wang", "responsible", ON, JUNE), ("Li", "responsible", JUNE, None),
    ]  # fmt: skip


def test_nothing_is_undone_over_a_redraw(office: Office) -> None:
    give(office, "a", "wang")
    [new] = redraw(office.session, {office.cells["a"]: rectangle(0, 0, 1, 1.5)}, ON)
    assert versions(office.session, office.supervisor, [new.id])[new.id] > 0
    with pytest.raises(ConflictError, match="was closed on 2025-05-01"):
        undo(office.session, office.supervisor)
