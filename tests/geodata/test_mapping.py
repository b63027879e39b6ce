"""From columns to fields: values, keys, repeats and what is told of each row."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.mapping import (
    Reversal,
    apply,
    guess,
    parse_mapping,
)
from geodata.mapping.repeats import drop_reversed
from geodata.messages import GeodataError
from geodata.problems import Problems
from tests.geodata.mapping_tables import INCIDENTS, NOW, codes, incidents, table


def test_a_sound_file_gives_a_frame_indexed_by_its_rows() -> None:
    frame, problems = apply(incidents(编号=["a", "b"]), parse_mapping(INCIDENTS), now=NOW)
    assert len(problems) == 0
    assert frame.index.tolist() == [2, 3]
    assert list(frame) == ["external_id", "category", "occurred_at", "ended_at", "lon", "lat"]
    assert frame["occurred_at"][2] == pd.Timestamp("2024-01-03T04:00Z")
    assert str(frame["occurred_at"].dtype) == "datetime64[us, UTC]"


def test_every_fault_of_a_row_is_told_and_the_rows_add_up() -> None:
    raw = incidents(
        时间=["x", None, "1900-01-01", "2026-01-02", *["2024-05-01"] * 8],
        经度=[*["117"] * 4, "0", "y", None, "nan", "28.3", "117", "117", "117.1"],
        纬度=[*["28"] * 4, "0", "28", "28", "28", "117.2", "28", "28", "28"],
        类别=[*["A11"] * 9, None, "Z9", "A11"],
    )
    mapping = parse_mapping(INCIDENTS)
    frame, problems = apply(raw, mapping, allowed={"category": {"A11"}}, now=NOW)
    assert codes(problems) == {
        "time-unreadable": [2],
        "time-missing": [3],
        "time-too-early": [4],
        "time-in-the-future": [5],
        "at-zero": [6],
        "coordinate-unreadable": [7],
        "geometry-missing": [8, 9],
        "off-the-globe": [10],
        "value-missing": [11],
        "value-unknown": [12],
    }
    assert frame.index.tolist() == [13]


def test_the_later_of_two_rows_counts_and_it_is_told() -> None:
    raw = incidents(编号=["a", "b", "a", "a"], 时间=["2024-01-01", "2024-01-01", "2024-01-03", "x"])
    frame, problems = apply(raw, parse_mapping(INCIDENTS), now=NOW)
    assert frame["external_id"].tolist() == ["b", "a"]
    assert frame.index.tolist() == [3, 4], "a row that is wrong replaces none"
    assert problems.dropped_rows().tolist() == [2]
    assert problems.bad_rows().tolist() == [5]


def test_rows_without_an_id_get_one_by_content() -> None:
    mapping = parse_mapping(INCIDENTS)
    raw = incidents(编号=[None, None, "a"], 经度=["117.1", "117.1", "117.1"])
    first, _ = apply(raw, mapping, now=NOW)
    again, _ = apply(raw, mapping, now=NOW)
    assert first["external_id"].is_unique
    assert first["external_id"].tolist() == again["external_id"].tolist()
    assert first["external_id"][3] == first["external_id"][2] + "-1"


def test_a_key_of_several_columns_lacks_nothing_or_is_none() -> None:
    mapping = parse_mapping(
        {**INCIDENTS, "columns": {"external_id": ["编号", "类别"], "category": "类别"}}
    )
    frame, _ = apply(incidents(编号=["a", None]), mapping, now=NOW)
    assert frame["external_id"][2] == "a-A11"
    assert frame["external_id"][3].startswith("h")


def test_value_maps_and_constants() -> None:
    values = {"category": {"盗窃": "A11", "*": "A14"}}
    raw = incidents(类别=["盗窃", " 盗窃 ", "其他"])
    frame, _ = apply(raw, parse_mapping({**INCIDENTS, "values": values}), now=NOW)
    assert frame["category"].tolist() == ["A11", "A11", "A14"]
    constant = {**INCIDENTS, "columns": {}, "constants": {"category": "D1"}}
    frame, _ = apply(raw, parse_mapping(constant), now=NOW)
    assert frame["category"].tolist() == ["D1"] * 3


def test_buildings_with_counts_months_and_chinese_words() -> None:
    raw = table(
        {
            "楼栋名称": ["一号楼", "一号楼", "二号楼"],
            "户数": ["1,234", "—", "-3"],
            "统计月份": ["2024年5月", "2024-06", "2024-06"],
            "WKT": ["POINT (117 28)"] * 3,
            "商铺": ["2.0", "2.5", "x"],
        }
    )
    mapping = guess("buildings", list(raw.frame), raw.frame)
    mapping = mapping.model_copy(
        update={"location": mapping.location.model_copy(update={"system": "wgs84"})}
    )
    frame, problems = apply(raw, mapping)
    assert codes(problems) == {"not-a-count": [3, 4, 4]}
    assert frame["households"].tolist() == [1234]
    assert frame["month"].tolist() == [dt.date(2024, 5, 1)]
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.crs == "EPSG:4326"


def test_known_kinds_are_translated_and_unknown_ones_told() -> None:
    raw = table(
        {
            "场所名称": ["甲", "乙", "丙"],
            "场所类型": ["警务室", "school", "城堡"],
            "经度": ["117"] * 3,
            "纬度": ["28"] * 3,
        }
    )
    frame, problems = apply(raw, guess("places", list(raw.frame)))
    assert frame["kind"].tolist() == ["police_room", "school"]
    assert codes(problems) == {"value-unknown": [4]}


def test_a_half_year_of_the_same_building_is_no_repeat() -> None:
    raw = table(
        {
            "楼栋编码": ["b", "b", "b"],
            "月份": ["2024-01", "2024-02", "2024-02"],
            "经度": ["117"] * 3,
            "纬度": ["28"] * 3,
        }
    )
    frame, problems = apply(raw, guess("buildings", list(raw.frame)))
    assert frame.index.tolist() == [2, 4]
    assert codes(problems) == {"replaced-by-later-row": [3]}


def test_a_missing_column_or_system_is_refused() -> None:
    with pytest.raises(GeodataError, match="no column 类别"):
        apply(table({"a": ["1"]}), parse_mapping({**INCIDENTS, "columns": {"category": "类别"}}))
    unknown = {**INCIDENTS, "location": {"x": "经度", "y": "纬度"}}
    with pytest.raises(GeodataError, match="coordinate system"):
        apply(incidents(编号=["a"]), parse_mapping(unknown))


def _naive(keys: list[int], closing: list[bool]) -> list[bool]:
    """Take rows back one by one; return which rows are in a pair."""
    open_rows: dict[int, list[int]] = {}
    paired = [False] * len(keys)
    for row, (key, closes) in enumerate(zip(keys, closing, strict=True)):
        if not closes:
            open_rows.setdefault(key, []).append(row)
        elif open_rows.get(key):
            paired[row] = paired[open_rows[key].pop()] = True
    return paired


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=40))
def test_reversals_pair_like_brackets(rows: list[tuple[int, bool]]) -> None:
    keys, closing = [key for key, _ in rows], [closes for _, closes in rows]
    raw = table({"id": [str(key) for key in keys], "Count": ["-1" if c else "1" for c in closing]})
    problems = Problems()
    kept = drop_reversed(raw, Reversal(column="Count", equals="-1", key=["id"]), problems)
    paired = np.array(_naive(keys, closing))
    np.testing.assert_array_equal(kept, ~paired & ~np.array(closing))
    assert problems.counts().get("reversal", 0) == problems.counts().get("reversed", 0)
    assert len(problems.dropped_rows()) == np.count_nonzero(~kept)


def test_a_row_without_the_key_is_found_by_other_columns_or_not_at_all() -> None:
    raw = table({"id": [None, None, "a"], "place": ["x", "x", "x"], "Count": ["1", "-1", "1"]})
    strict = drop_reversed(raw, Reversal(column="Count", equals="-1", key=["id"]), Problems())
    assert strict.tolist() == [True, False, True]
    rule = Reversal(column="Count", equals="-1", key=["id"], otherwise=["place"])
    assert drop_reversed(raw, rule, Problems()).tolist() == [False, False, True]
