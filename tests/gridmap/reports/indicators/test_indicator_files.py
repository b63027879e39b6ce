"""Excel and CSV: what goes out can be read, and what was filled in comes back."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import text

from geodata.messages import GeodataError
from gridmap.reports.indicators.boards import Board, Look, board
from gridmap.reports.indicators.files import (
    TypedRow,
    read_entry,
    write_board,
    write_csv,
    write_entry,
)
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.queries import entries
from gridmap.reports.indicators.trees import Tree, find_tree
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.reports.indicators.conftest import JUNE, MAY, County


@pytest.fixture
def tree(county: County) -> Tree:
    return find_tree(county.session, SYSTEM)


@pytest.fixture
def shown(county: County, tree: Tree) -> Board:
    homes = county.define()
    county.enter(homes, MAY, a1=(1, 10), a2=(3, 10))
    county.enter(homes, JUNE, a1=(5, 10), a2=(3, 10), b1=(6, 20))
    return board(county.session, tree, homes, Look(date(2025, 7, 10)))


def test_the_ranking_goes_out_as_csv(shown: Board) -> None:
    written = write_csv(shown, "en")
    assert written.startswith("\ufeffRank,")
    rows = list(csv.DictReader(io.StringIO(written.removeprefix("\ufeff"))))
    assert [(row["Rank"], row["Ranks gained"], row["Unit"], row["Value (%)"]) for row in rows] == [
        ("1", "1", "A1", "50.00"),
        ("2", "-1", "A2", "30.00"),
        ("2", "", "B1", "30.00"),
        ("", "", "B2", ""),
        ("", "", "All together", "35.00"),
    ]
    assert rows[-1]["Units with data"] == "3"
    assert rows[-1]["Units in all"] == "4"


def test_the_ranking_and_the_trend_go_out_as_excel(shown: Board) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_board(shown, "zh")))
    ranked, trend = book.worksheets
    assert ranked["A1"].value == "建成率 2025-06-01 – 2025-06-30"
    head = [cell.value for cell in ranked[2]]
    assert head[3:7] == ["编码", "行政单元", "已建成", "计划"]
    first = dict(zip(head, (cell.value for cell in ranked[3]), strict=True))
    assert (first["行政单元"], first["已建成"], first["计划"]) == ("a1", 5, 10)
    assert first["编码"] == "990001001001"
    assert [cell.value for cell in trend[1]][-1] == "2025-06-01 – 2025-06-30"
    assert [cell.value for cell in trend[2]][-2:] == [10, 50]


def test_a_name_is_no_formula(county: County, tree: Tree, shown: Board) -> None:
    place = shown.places[0].unit
    county.session.execute(
        text("UPDATE unit SET name = '=1+1' WHERE id = :id"),
        {"id": place.id},
    )
    again = board(
        county.session, find_tree(county.session, SYSTEM), shown.indicator, Look(date(2025, 7, 10))
    )
    assert "'=1+1" in write_csv(again, "zh")
    cell = openpyxl.load_workbook(io.BytesIO(write_board(again, "zh"))).worksheets[0]["E3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def filled(
    county: County, tree: Tree, indicator: Indicator, path: Path, **cells: object
) -> list[TypedRow]:
    """Write the table, fill in cells, and read it again."""
    units = tree.of_level("community")
    rows = entries(county.session, indicator.id, JUNE, [unit.id for unit in units])
    stored = {row.unit_id: row for row in rows}
    path.write_bytes(write_entry(indicator, JUNE, units, stored, "zh"))
    book = openpyxl.load_workbook(path)
    for name, value in cells.items():
        book.worksheets[0][name] = value
    book.save(path)
    return read_entry(path, indicator, units)


def test_a_table_is_filled_in_and_read(county: County, tree: Tree, tmp_path: Path) -> None:
    homes = county.define()
    county.enter(homes, JUNE, a1=(5, 10))
    rows = filled(county, tree, homes, tmp_path / "table.xlsx", C4="7", D4=12.5, C5="x")
    ids = county.ids
    assert rows == [
        TypedRow(ids["a1"], "5", "10"),
        TypedRow(ids["a2"], "7", "12.5"),
        TypedRow(ids["b1"], "x", ""),
        TypedRow(ids["b2"], "", ""),
    ]


def test_what_is_wrong_with_a_file_is_told_by_row(
    county: County, tree: Tree, tmp_path: Path
) -> None:
    homes = county.define()
    path = tmp_path / "table.xlsx"
    with pytest.raises(GeodataError, match="Row 4: 123 is no unit"):
        filled(county, tree, homes, path, A4="123")
    with pytest.raises(GeodataError, match="Row 4: 990001001001 stands there twice"):
        filled(county, tree, homes, path, A4="990001001001")
    with pytest.raises(GeodataError, match="no column 计划"):
        filled(county, tree, homes, path, D2="其他")


def test_a_csv_is_read_too(county: County, tree: Tree, tmp_path: Path) -> None:
    homes = county.define(numerator_measure="cases.closed")
    path = tmp_path / "table.csv"
    path.write_text("Code,Planned\n990001002002,7\n", encoding="utf-8")
    rows = read_entry(path, homes, tree.of_level("community"))
    assert rows == [TypedRow(county.ids["b2"], "", "7")]


def test_numbers_keep_what_they_are(county: County, tree: Tree) -> None:
    area = county.define(code="area", per=1, unit="m²", within=False)
    county.enter(area, JUNE, a1=("240.5", 1))
    found = board(county.session, tree, area, Look(date(2025, 7, 10)))
    sheet = openpyxl.load_workbook(io.BytesIO(write_board(found, "en"))).worksheets[0]
    assert sheet["F3"].value == 240.5
    assert Decimal(str(sheet["H3"].value)) == Decimal("240.5")
