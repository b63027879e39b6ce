"""Tables as offices send them: titles, no names, unclosed quotes, damaged bytes."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest

from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.mapping import Mapping, apply
from geodata.messages import GeodataError

NAMES = "编号,名称,类型,经度,纬度\n"


def csv(folder: Path, data: str | bytes, name: str = "表.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def workbook(folder: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(folder / "表.xlsx")
    return folder / "表.xlsx"


def codes(raw: RawTable) -> list[str]:
    return [problem.code for problem in raw.problems]


@pytest.mark.parametrize(
    "title", ["2024年台账\n", "2024年台账,,,,\n", "\n附件1,,,,\n填报：,,,2024,\n"]
)
def test_title_above_the_names_is_left_out(tmp_path: Path, title: str) -> None:
    raw = read(csv(tmp_path, title + NAMES + "1,a,学校,104,30\n"))
    assert list(raw.frame) == ["编号", "名称", "类型", "经度", "纬度"]
    assert raw.rows.tolist() == [title.count("\n") + 2]
    assert codes(raw) == ["title-skipped"]


def test_merged_title_of_a_sheet_is_left_out(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        ["台账"],
        [],
        ["编号", "名称", "日期"],
        [1, "a", dt.datetime(2024, 3, 1)],  # noqa: DTZ001
    )
    raw = read(path)
    assert raw.frame.to_dict("list") == {
        "编号": ["1"], "名称": ["a"], "日期": ["2024-03-01 00:00:00"],
    }  # fmt: skip
    assert raw.rows.tolist() == [4]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ("510107001001,甲,111\n510107001002,乙,112\n", False),
        ("甲,117.25\n乙,\n丙,117.5\n", False),
        ("甲,2024-03-01\n乙,2024-03-02\n", False),
        ("社区,2022,2023\n甲,1,2\n", True),
        ("社区,20240101\n甲,有\n", True),
        ("编号,名称\n1,a\n", True),
        ("名称\na\n", True),
        (NAMES, True),
    ],
)
def test_missing_names_are_noticed(tmp_path: Path, data: str, named: bool) -> None:
    raw = read(csv(tmp_path, data))
    assert len(raw) == data.count("\n") - named
    assert ("no-column-names" in codes(raw)) is not named
    assert raw.rows.tolist() == list(range(1 + named, data.count("\n") + 1))


def test_real_list_of_codes_has_no_names(sample_data: Path) -> None:
    raw = read(sample_data / "guixi" / "guixi_codes.csv")
    assert (len(raw), list(raw.frame)[:2]) == (280, ["column 1", "column 2"])
    assert raw.frame["column 3"][0] == "贵溪市"


def test_line_for_excel_tells_the_delimiter(tmp_path: Path) -> None:
    raw = read(csv(tmp_path, "sep=;\r\n编号;名称\r\n1;a,b,c,d\r\n\x1a"))
    assert raw.frame.to_dict("list") == {"编号": ["1"], "名称": ["a,b,c,d"]}
    assert raw.rows.tolist() == [3]


def test_delimiter_is_told_by_most_lines(tmp_path: Path) -> None:
    raw = read(csv(tmp_path, "台账，上半年, 含, 三, 页\na;b;c\n1;2;3\n4;5;6\n"))
    assert list(raw.frame) == ["a", "b", "c"]


def test_quote_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    """It would take all the rows after it for one, and they would be lost in silence."""
    rows = "".join(f"{number},a,学校,104,30\n" for number in range(500))
    with pytest.raises(GeodataError, match="quotation mark in row 3 is never closed"):
        read(csv(tmp_path, NAMES + '1,a,学校,104,30\n2,"b,学校,104,30\n' + rows))


def test_ragged_rows_are_kept_apart_with_their_fields(tmp_path: Path) -> None:
    raw = read(csv(tmp_path, NAMES + '1,a\n2,b,学校,104,30\n3,"c,d",学校,104,30,甲,乙\n'))
    assert raw.rows.tolist() == [3]
    assert raw.unread is not None
    assert raw.unread.index.tolist() == [2, 4]
    assert list(raw.unread) == ["编号", "名称", "类型", "经度", "纬度", "column 6", "column 7"]
    assert raw.unread.loc[4].tolist() == ["3", "c,d", "学校", "104", "30", "甲", "乙"]
    assert raw.unread.loc[2, ["编号", "名称"]].tolist() == ["1", "a"]
    assert raw.unread.loc[2].isna().sum() == 5


def test_identity_numbers_in_ragged_rows_are_refused_too(tmp_path: Path) -> None:
    raw = read(csv(tmp_path, NAMES + "1,a,学校,104,30\n2,11010519491231002X\n"))
    rule = Mapping.model_validate(
        {"layer": "places", "columns": {"name": "名称"},
         "location": {"x": "经度", "y": "纬度", "system": "WGS 84"}}
    )  # fmt: skip
    with pytest.raises(GeodataError, match="identity-card"):
        apply(raw, rule)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_few_wrong_bytes_are_named_by_their_line(tmp_path: Path, encoding: str) -> None:
    good = (NAMES + "1,花园社区服务中心,学校,104,30\n" * 5).encode(encoding)
    with pytest.raises(GeodataError, match="line 7 holds bytes"):
        read(csv(tmp_path, good + b"6,\xff\xff,a,104,30\n"))


def test_file_without_rows_is_told_of(tmp_path: Path) -> None:
    assert codes(read(csv(tmp_path, NAMES))) == ["no-rows"]


def test_damaged_archives_and_workbooks_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "".join(f"{n},{n * 7919 % 1000}\n" for n in range(2000)))
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[200:260] = bytes(range(60))
    with pytest.raises(GeodataError, match="cannot be unpacked"):
        read(csv(tmp_path, bytes(data), "b.zip"))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("a", "x")
        archive.writestr("a/b.csv", "x")
    with pytest.raises(GeodataError, match="cannot be unpacked"):
        read(tmp_path / "c.zip")
    sound = workbook(tmp_path, *[[n, "a"] for n in range(300)])
    with (
        zipfile.ZipFile(sound) as source,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as broken,
    ):
        for name in source.namelist():
            content = source.read(name)
            broken.writestr(name, content[:2000] if "sheet1" in name else content)
    with pytest.raises(GeodataError, match="damaged"):
        read(tmp_path / "b.xlsx")
