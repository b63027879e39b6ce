"""From columns to fields: times, numbers, positions, repeats and what is refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.mapping import (
    Mapping,
    Reversal,
    apply,
    describe,
    guess,
    load_mapping,
    parse_mapping,
)
from geodata.mapping.identity import has_check_character
from geodata.mapping.repeats import drop_reversed
from geodata.mapping.times import parse_times, to_utc
from geodata.messages import GeodataError
from geodata.problems import Problems

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
EARLIEST = dt.datetime(1950, 1, 1)  # noqa: DTZ001 - A local time of no zone yet.
LATEST = dt.datetime(2100, 1, 1)  # noqa: DTZ001 - As above.
INCIDENTS: dict[str, Any] = {
    "layer": "incidents",
    "columns": {"external_id": "编号", "category": "类别"},
    "time": {"column": "时间"},
    "location": {"x": "经度", "y": "纬度", "system": "EPSG:4326"},
}


def table(columns: dict[str, list[str | None]], **more: Any) -> RawTable:
    """A table as a CSV file gives it: text, rows from 2."""
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
    return RawTable(frame, np.arange(2, len(frame) + 2), **more)


def incidents(**columns: list[str | None]) -> RawTable:
    count = len(next(iter(columns.values())))
    default: dict[str, list[str | None]] = {
        "编号": [f"i{n}" for n in range(count)],
        "类别": ["A11"] * count,
        "时间": ["2024-01-03 12:00"] * count,
        "经度": ["117.2"] * count,
        "纬度": ["28.3"] * count,
    }
    return table({**default, **columns})


def codes(problems: Problems) -> dict[str, list[int]]:
    frame = problems.to_frame()
    return {code: part["row"].tolist() for code, part in frame.groupby("code")}


# Times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-03-01 14:05:06", "2015-03-01T14:05:06"),
        ("2015-03-01T14:05", "2015-03-01T14:05:00"),
        ("2015-03", "2015-03-01T00:00:00"),
        ("2015年3月", "2015-03-01T00:00:00"),
        ("2015年3月1日 14时05分", "2015-03-01T14:05:00"),
        ("2015年3月1日下午2点", "2015-03-01T14:00:00"),
        ("2015/3/1 9:5", "2015-03-01T09:05:00"),
        ("2015.03.01", "2015-03-01T00:00:00"),
        ("20150301", "2015-03-01T00:00:00"),
        ("201503011405", "2015-03-01T14:05:00"),
        ("3/1/2015 2:05", "2015-03-01T02:05:00"),
        ("03/31/2015 02:05 PM", "2015-03-31T14:05:00"),
        ("31/03/2015", "2015-03-31T00:00:00"),
        ("12/31/2015 12:00 AM", "2015-12-31T00:00:00"),
        ("2015-03-01 24:00", "2015-03-02T00:00:00"),
        ("42064.5", "2015-03-01T12:00:00"),
        ("2015-02-29", None),
        ("2015-13-01", None),
        ("2015-03-01 25:00", None),
        ("2015-03-01 what", None),
        ("12:30", None),
        ("昨天", None),
        ("", None),
    ],
)
def test_times_as_people_write_them(text: str, expected: str | None) -> None:
    found = parse_times(pd.Series([text, None], dtype="str"))
    np.testing.assert_array_equal(found.moments, np.array([expected, None], "datetime64[us]"))
    assert not found.absolute.any()


def test_a_column_tells_whether_the_day_comes_first() -> None:
    day_first = parse_times(pd.Series(["3/4/2015", "25/4/2015"], dtype="str"))
    assert day_first.moments.astype(str).tolist()[0].startswith("2015-04-03")
    assert not day_first.unsure
    assert parse_times(pd.Series(["3/4/2015"], dtype="str")).unsure
    told = parse_times(pd.Series(["3/4/2015"], dtype="str"), "dmy")
    assert told.moments.astype(str)[0].startswith("2015-04-03")
    assert not told.unsure
    form = parse_times(pd.Series(["15|03|01", "x"], dtype="str"), "%y|%m|%d")
    np.testing.assert_array_equal(form.moments, np.array(["2015-03-01", None], "datetime64[us]"))


def test_zones_offsets_and_the_jump_of_the_clock() -> None:
    texts = ["2024-01-03T12:00:00+08:00", "2024-01-03 12:00", "1704254400", "1704254400000"]
    times, _ = to_utc(parse_times(pd.Series(texts, dtype="str")), "Asia/Shanghai")
    assert set(times) == {pd.Timestamp("2024-01-03T04:00Z")}
    jump = parse_times(pd.Series(["2024-03-10 02:30", "2024-11-03 01:30"], dtype="str"))
    times, skipped = to_utc(jump, "America/Chicago")
    assert skipped.tolist() == [True, False]
    assert times.strftime("%d %H:%M").tolist() == ["10 08:00", "03 06:30"]


@given(st.lists(st.datetimes(EARLIEST, LATEST), min_size=1))
def test_iso_and_month_first_agree(moments: list[dt.datetime]) -> None:
    whole = pd.Series(pd.DatetimeIndex(moments)).dt.floor("min")
    iso = parse_times(whole.dt.strftime("%Y-%m-%d %H:%M").astype("str"))
    american = parse_times(whole.dt.strftime("%m/%d/%Y %I:%M %p").astype("str"), "mdy")
    np.testing.assert_array_equal(iso.moments, american.moments)
    np.testing.assert_array_equal(iso.moments, whole.to_numpy("datetime64[us]"))


# Applying


def test_a_sound_file_gives_a_frame_indexed_by_its_rows() -> None:
    frame, problems = apply(incidents(编号=["a", "b"]), parse_mapping(INCIDENTS), now=NOW)
    assert len(problems) == 0
    assert frame.index.tolist() == [2, 3]
    assert list(frame) == ["external_id", "category", "occurred_at", "lon", "lat"]
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


# Shapes

BOX = shapely.box(117.2, 28.2, 117.21, 28.21)
BOW_TIE = shapely.from_wkt("POLYGON ((117 28, 118 29, 118 28, 117 29, 117 28))")
NICK = shapely.from_wkt("POLYGON ((117 28, 118 28, 118 29, 117 29, 117.0001 27.9999, 117 28))")


def _shapes(*shapes: object, system: str = "EPSG:4326") -> RawTable:
    rows = np.arange(1, len(shapes) + 1)
    names = pd.DataFrame({"name": pd.Series([str(row) for row in rows], dtype="str")})
    geometry = np.empty(len(shapes), dtype=object)
    geometry[:] = shapes
    return RawTable(names, rows, geometry=geometry, system=system)


def test_shapes_are_checked_mended_and_made_multi() -> None:
    around = shapely.box(-179, 10, 179, 11)
    raw = _shapes(
        BOX,
        None,
        BOW_TIE,
        NICK,
        shapely.Point(117, 28),
        shapely.box(190, 1, 191, 2),
        around,
        shapely.GeometryCollection([BOX]),
        shapely.Polygon(),
    )
    frame, problems = apply(raw, Mapping(layer="cells"))
    assert codes(problems) == {
        "geometry-missing": [2, 9],
        "geometry-invalid": [3],
        "geometry-repaired": [4],
        "geometry-type": [5],
        "off-the-globe": [6],
        "antimeridian": [7],
    }
    assert frame.index.tolist() == [1, 4, 8]
    assert set(frame.geometry.geom_type) == {"MultiPolygon"}
    assert frame.geometry.is_valid.all()


def test_units_may_lack_a_shape() -> None:
    mapping = Mapping(
        layer="units", columns={"code": "name", "name": "name"}, constants={"level": "社区"}
    )
    frame, problems = apply(_shapes(BOX, None), mapping)
    assert len(problems) == 0
    assert frame["level"].tolist() == ["community", "community"]
    assert frame.geometry.isna().tolist() == [False, True]
    frame, _ = apply(table({"name": ["1"]}), mapping)
    assert frame.geometry.isna().all()


def test_positions_in_gcj02_are_moved_by_half_a_kilometre() -> None:
    gcj = parse_mapping({**INCIDENTS, "location": {"x": "经度", "y": "纬度", "system": "gcj02"}})
    frame, _ = apply(incidents(编号=["a"]), gcj, now=NOW)
    assert 0.004 < 117.2 - frame["lon"][2] < 0.006


# Reversals


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


# Identity numbers


def identity_number(serial: int = 7) -> str:
    """A number with a right check character that belongs to nobody: its area does not exist."""
    body = f"11990019900307{serial:03d}"
    return body + next(
        end for end in "0123456789X" if has_check_character(np.array([body + end], object))[0]
    )


@pytest.mark.parametrize(
    "text", [identity_number(), f"姓名 {identity_number(12)},男", "119900900307001"]
)
def test_identity_numbers_refuse_the_whole_file_unprinted(text: str) -> None:
    raw = table({"备注": ["好", text, None]})
    with pytest.raises(GeodataError, match=r"备注.*rows 3;") as caught:
        apply(raw, Mapping(layer="incidents"))
    assert text not in str(caught.value)
    assert "1199" not in str(caught.value)


def test_a_column_called_identity_card_is_refused_even_masked() -> None:
    with pytest.raises(GeodataError, match="身份证号"):
        apply(table({"身份证号": ["1101**********0013"]}), Mapping(layer="incidents"))


def test_numbers_of_cells_and_cases_are_none() -> None:
    cells = [f"3606810010{n:02d}001" for n in range(1, 13)]
    cases = [f"36068120230115{n:04d}" for n in range(200)]
    other = ["4111111111111111", "13800138000", "20240301123456789"]
    for name, values in (("网格编码", cells), ("编号", cells), ("案件编号", cases), ("x", other)):
        with pytest.raises(GeodataError, match="where occurred_at stands"):
            apply(table({name: list(values)}), Mapping(layer="incidents"))


# Mapping files and guesses


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


# Real files


def _counts(raw: RawTable, frame: pd.DataFrame, problems: Problems) -> npt.NDArray[np.int64]:
    """Check that every row is in the frame, rejected or dropped, and in one of these only."""
    parts = [frame.index.to_numpy(), problems.bad_rows(), problems.dropped_rows()]
    together = np.concatenate(parts)
    assert len(np.unique(together)) == len(together) == len(raw)
    return np.array([len(part) for part in parts])


def test_st_louis(sample_data: Path) -> None:
    raw = read(sample_data / "stlouis" / "property_crime_2008_2019.csv.gz")
    mapping = parse_mapping(
        {
            "layer": "incidents",
            "columns": {"external_id": ["Complaint", "Crime"], "category": "Description"},
            "time": {"column": "DateOccur", "zone": "America/Chicago"},
            "location": {"x": "XCoord", "y": "YCoord", "system": "ESRI:102696"},
            "reverses": {
                "column": "Count",
                "equals": "-1",
                "key": ["Complaint", "Crime"],
                "otherwise": ["DateOccur", "District", "XCoord", "YCoord"],
            },
        }
    )
    frame, problems = apply(raw, mapping, now=NOW)
    good, bad, dropped = _counts(raw, frame, problems)
    assert good + bad + dropped == len(raw) == 342_700
    found = problems.counts()
    assert found["reversed"] == found["reversal"]
    assert found["reversal"] + found["reversal-unmatched"] == 7_094
    assert "time-unreadable" not in found
    assert frame["lon"].between(-90.33, -90.15).mean() > 0.999
    assert frame["external_id"].is_unique


def test_vancouver(sample_data: Path) -> None:
    raw = read(sample_data / "vancouver" / "vancouver_crimes_2020.zip")
    mapping = guess("incidents", list(raw.frame), raw.frame.head())
    assert mapping.time is not None
    time = mapping.time.model_copy(update={"zone": "America/Vancouver"})
    location = mapping.location.model_copy(update={"system": "EPSG:26910"})
    frame, problems = apply(
        raw, mapping.model_copy(update={"time": time, "location": location}), now=NOW
    )
    _counts(raw, frame, problems)
    assert problems.counts()["at-zero"] == 3_750
    assert frame["lat"].between(49.19, 49.32).all()


def test_lancashire(sample_data: Path) -> None:
    raw = read(sample_data / "lancashire" / "lancashire_asb.tab")
    mapping = parse_mapping(
        {
            "layer": "incidents",
            "constants": {"category": "D"},
            "time": {"column": "month", "zone": "Europe/London"},
            "location": {"x": "longitude", "y": "latitude", "system": "EPSG:4326"},
        }
    )
    frame, problems = apply(raw, mapping, now=NOW)
    assert len(frame) == 56_434
    assert len(problems) == 0
    assert frame["external_id"].is_unique, "coincident points are no repeats"
    wards = read(sample_data / "lancashire" / "lancashire_wards.gpkg")
    units, _ = apply(
        wards,
        Mapping(
            layer="units",
            constants={"level": "community"},
            columns={"code": "ward_code", "name": "ward_name"},
        ),
    )
    assert len(units) == 271
    assert units.total_bounds[0] < -3 < -2.1 < units.total_bounds[2]


def test_odd_geojson_shapes_are_told(sample_data: Path) -> None:
    folder = sample_data / "invalid_geojson"
    expected = {
        "invalid_geometries/invalid_less_three_unique_nodes": "geometry-invalid",
        "problematic_geometries/problematic_self_intersection_large": "geometry-invalid",
        "problematic_geometries/problematic_outside_lat_lon_boundaries": "off-the-globe",
        "problematic_geometries/problematic_crosses_antimeridian": "antimeridian",
        "problematic_geometries/problematic_inner_and_exterior_ring_intersect": "geometry-invalid",
        "problematic_geometries/problematic_feature_null_geometry": "geometry-missing",
        "problematic_structure/problematic_crs_defined": None,
        "invalid_geometries/invalid_exterior_not_ccw": None,
        "problematic_geometries/problematic_self_intersection_small": "geometry-repaired",
    }
    for name, code in expected.items():
        _, problems = apply(read(folder / f"{name}.geojson"), Mapping(layer="cells"))
        assert list(problems.counts()) == ([code] if code else []), name
