"""Mappings as files, and guessed from headers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geodata.mapping import (
    describe,
    guess,
    load_mapping,
    parse_mapping,
)
from geodata.messages import GeodataError
from tests.geodata.mapping_tables import INCIDENTS


def test_a_mapping_is_saved_and_read_again(tmp_path: Path) -> None:
    mapping = parse_mapping(INCIDENTS)
    mapping.save(tmp_path / "映射.json")
    assert load_mapping(tmp_path / "映射.json") == mapping
    assert "zone" not in (tmp_path / "映射.json").read_text("utf-8")
    (tmp_path / "m.toml").write_text('layer = "cells"\n[location]\nsystem = "gcj02"\n')
    assert load_mapping(tmp_path / "m.toml").location.system == "gcj02"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layer": "persons"}, "no layer persons"),
        ({"columns": {"colour": "a"}}, "columns.colour"),
        ({"time": {"column": "a", "zone": "Mars"}}, "time.zone"),
        ({"time": {"column": "a", "format": "odd"}}, "time.format"),
        ({"time": {}}, "time: give either"),
        ({"location": {"x": "a"}}, "location: x and y"),
        ({"kolumns": {}}, "kolumns"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    (tmp_path / "m.json").write_text(json.dumps({**INCIDENTS, **change}), "utf-8")
    with pytest.raises(GeodataError, match=sentence):
        load_mapping(tmp_path / "m.json")


def test_an_unreadable_mapping_file_is_refused(tmp_path: Path) -> None:
    for name, text in (("m.json", "{"), ("m.toml", "="), ("n.json", "[]")):
        (tmp_path / name).write_text(text)
        with pytest.raises(GeodataError, match="cannot be read as a mapping"):
            load_mapping(tmp_path / name)


def test_headers_are_guessed() -> None:
    columns = [
        "序号",
        "网格编码",
        "楼栋名称",
        "地址",
        "户数",
        "常住人口",
        "流动人口",
        "出租房",
        "商铺",
        "GCJ02经度",
        "GCJ02纬度",
        "备注",
    ]
    mapping = guess("buildings", columns)
    assert mapping.columns == {
        "external_id": "序号",
        "name": "楼栋名称",
        "address": "地址",
        "households": "户数",
        "residents": "常住人口",
        "temporary_residents": "流动人口",
        "rented_homes": "出租房",
        "shops": "商铺",
    }
    assert (mapping.location.x, mapping.location.system) == ("GCJ02经度", "GCJ-02")
    lines = describe(mapping, columns)
    assert lines[lines["field"] == ""]["source"].tolist() == ["网格编码", "备注"]
    plane = guess("places", ["X_CGCS2000", "Y_CGCS2000"])
    assert (plane.location.x, plane.location.system) == ("X_CGCS2000", "CGCS2000 GK")
    chinese = guess("incidents", ["案件编号", "事件类型", "案发时间", "X坐标(米)", "Y坐标(米)"])
    assert chinese.time is not None
    assert (chinese.time.column, chinese.location.x, chinese.location.system) == (
        "案发时间",
        "X坐标(米)",
        None,
    )
