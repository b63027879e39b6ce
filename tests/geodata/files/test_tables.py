"""CSV, TSV and Excel: encodings, delimiters, row numbers, faults."""

from __future__ import annotations

import gzip
from pathlib import Path

import openpyxl
import pytest

from geodata.files.reading import read
from geodata.messages import GeodataError

TEXT = "编号,名称,户数\n1,花园社区第一网格,12\n2,东门街道,7\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("gbk"), "gb18030"),
        (TEXT.replace("东", "㐀").encode("gb18030"), "gb18030"),
    ],
)
def test_encodings_are_told_apart(tmp_path: Path, data: bytes, encoding: str) -> None:
    (tmp_path / "表.csv").write_bytes(data)
    raw = read(tmp_path / "表.csv")
    assert raw.encoding == encoding
    assert list(raw.frame) == ["编号", "名称", "户数"]
    assert raw.frame["名称"][0] == "花园社区第一网格"
    assert raw.rows.tolist() == [2, 3]


def test_western_text_is_not_taken_for_chinese(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id;name\n1;Café és Ünï naïve\n2;Señor\n".encode("cp1252"))
    raw = read(tmp_path / "a.csv")
    assert raw.encoding == "cp1252"
    assert raw.frame["name"].tolist() == ["Café és Ünï naïve", "Señor"]


def test_a_row_of_the_wrong_width_is_named_and_the_others_keep_their_numbers(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text('a,b,c\n1,2,3\n\n4,5\n6,"x\ny",7\n8,9,10,11\n12,13,14\n\n')
    raw = read(tmp_path / "a.csv")
    assert raw.frame["a"].tolist() == ["1", "6", "12"]
    assert raw.rows.tolist() == [2, 5, 7]
    assert raw.problems.bad_rows().tolist() == [4, 6]
    assert "3 fields" in str(next(iter(raw.problems)).message)


def test_text_stays_text_and_empty_becomes_missing(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("code\tn\n007\t\n008\t1e5\n")
    raw = read(tmp_path / "a.tsv")
    assert raw.frame["code"].tolist() == ["007", "008"]
    assert raw.frame["n"].isna().tolist() == [True, False]


def test_gzip_and_header_less_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"1,2\n3,4\n"))
    with pytest.raises(GeodataError, match="names no columns"):
        read(tmp_path / "a.csv.gz")
    raw = read(tmp_path / "a.csv.gz", header=False)
    assert list(raw.frame) == ["column 1", "column 2"]
    assert raw.rows.tolist() == [1, 2]


def test_a_column_name_that_occurs_twice_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,a\n1,2,3\n")
    raw = read(tmp_path / "a.csv")
    assert list(raw.frame) == ["a", "b", "a (2)"]
    assert raw.problems.counts() == {"column-twice": 1}


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b" \n\n", "is empty"),
        ("a.csv", bytes(range(256)) * 4, "no text"),
        ("a.csv.gz", b"not packed", "no gzip"),
        ("a.xlsx", b"not a workbook", "no .xlsx workbook"),
        ("a.xls", b"\xd0\xcf", "save it as .xlsx"),
        ("a.gpkg", b"<OGRVRTDataSource>", "is no GeoPackage"),
        ("a.kml", b"<kml><OGRVRTDataSource>", "is no KML"),
        ("a.zip", b"PK but no archive", "no zip archive"),
        ("a.gpx", b"<html></html>", "is no GPX"),
        ("a.gpx", b"<gpx><trk>", "cannot be opened"),
        ("a.gpkg", b"SQLite format 3\0" + b"\0" * 5000, "cannot be opened"),
        ("a.dbf", b"x", "name the .shp"),
        ("a.pbf", b"x", "OpenStreetMap"),
        ("a.doc", b"x", "are not read"),
        ("a", b"x", "are not read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    tmp_path: Path, name: str, data: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(GeodataError, match=sentence):
        read(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GeodataError, match="there is no file"):
        read(tmp_path / "nothing.csv")


def test_excel_sheets_are_chosen_and_margins_cut(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "楼栋"
    sheet.append([])
    sheet.append([None, "名称", "户数"])
    sheet.append([None, "一号楼", 12.0])
    sheet.append([])
    sheet.append([None, "二号楼", 7.5])
    book.create_sheet("空")
    book.save(tmp_path / "a.xlsx")
    raw = read(tmp_path / "a.xlsx")
    assert raw.layer == "楼栋"
    assert raw.frame["户数"].tolist() == ["12", "7.5"]
    assert raw.rows.tolist() == [3, 5]
    book["空"].append(["x"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(GeodataError, match="楼栋, 空"):
        read(tmp_path / "a.xlsx")
    assert len(read(tmp_path / "a.xlsx", layer="楼栋")) == 2


def test_vancouver_is_the_one_table_of_its_archive(sample_data: Path) -> None:
    raw = read(sample_data / "vancouver" / "vancouver_crimes_2020.zip")
    assert len(raw) == 37_512
    assert list(raw.frame)[:3] == ["TYPE", "YEAR", "MONTH"]
