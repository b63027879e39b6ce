"""Responsibility sheets: what stands in them, and templates that cannot be used."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from docx import Document

from gridmap.errors import ForbiddenError, GridmapError, NotFoundError
from gridmap.workforce.assignments import assign
from gridmap.workforce.responsibility import held_cells
from gridmap.workforce.rights import SYSTEM, Role
from gridmap.workforce.sheet import (
    EXAMPLE,
    fill_template,
    make_sheet,
    read_template,
    remove_template,
    store_template,
)
from tests.gridmap.workforce.conftest import Office

FIRST, LAST, DAY = date(2026, 3, 1), date(2026, 12, 31), date(2026, 2, 27)


def words(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def word_file(*paragraphs: str) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def assignment(office: Office, name: str = "a", cadre: str = "wang") -> int:
    cadre_id = office.cadres[cadre]
    assign(office.session, SYSTEM, office.ids(name), cadre_id, "responsible", FIRST)
    [row] = held_cells(office.session, SYSTEM, cadre_id, FIRST)
    return int(row.assignment_id)


def test_a_sheet_names_the_cadre_the_cell_and_the_days(office: Office, tmp_path: Path) -> None:
    number = assignment(office)
    content, facts = make_sheet(office.session, office.supervisor, tmp_path, number, DAY, "zh")
    code = facts.code
    assert code.endswith("001")
    said = words(content)
    for part in ("Wang", code, "幸福社区", "试验镇", "2026年3月1日", "2026年2月27日"):
        assert part in said
    assert "{{" not in said


def test_a_name_is_text_and_no_markup(office: Office, tmp_path: Path) -> None:
    values = {**EXAMPLE, "cadre_name": "A & B <w:p/> {{ cell_code }}"}
    assert "A & B <w:p/> {{ cell_code }}" in words(
        fill_template(read_template(tmp_path, "en"), values)
    )


def test_a_town_edits_its_template(office: Office, tmp_path: Path) -> None:
    number = assignment(office)
    own = word_file("{{ cadre_name }} / {{ cell_code }} / {{ ends }}")
    with pytest.raises(ForbiddenError):
        store_template(office.session, office.supervisor, tmp_path, own)
    store_template(office.session, SYSTEM, tmp_path, own)
    content, facts = make_sheet(office.session, SYSTEM, tmp_path, number, DAY, "en")
    assert words(content).strip() == f"Wang / {facts.code} / further notice"
    remove_template(office.session, SYSTEM, tmp_path)
    assert read_template(tmp_path, "en") != own


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(33 << 20))
    return stream.getvalue()


def hollow() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<no")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (b"no file of Word", "no Word file"),
        (hollow(), "no Word file"),
        (bomb(), "too large"),
        (word_file("{{ cadre_nmae }}"), "cadre_nmae"),
        (word_file("{% if %}"), "cannot be read"),
        (word_file("{{ cadre_name"), "cannot be read"),
        (word_file("{{ ''.__class__.__mro__ }}"), "[Tt]emplate"),
    ],
)
def test_a_bad_template_is_refused_and_the_old_one_stays(
    office: Office, tmp_path: Path, template: bytes, told: str
) -> None:
    own = word_file("{{ cadre_name }}")
    store_template(office.session, SYSTEM, tmp_path, own)
    with pytest.raises(GridmapError, match=told):
        store_template(office.session, SYSTEM, tmp_path, template)
    assert read_template(tmp_path, "zh") == own


def test_a_foreign_assignment_does_not_exist(office: Office, tmp_path: Path) -> None:
    number = assignment(office)
    actor = office.user("boss", Role.SUPERVISOR, office.there)
    with pytest.raises(NotFoundError):
        make_sheet(office.session, actor, tmp_path, number, DAY, "zh")
    cadre = office.user("cadre", Role.CADRE, office.here)
    with pytest.raises(ForbiddenError):
        make_sheet(office.session, cadre, tmp_path, number, DAY, "zh")
