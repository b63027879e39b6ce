"""Values as they stand in the lists that people keep by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import shapely

from geodata import mapping
from geodata.files.table import RawTable
from geodata.mapping import Location, Mapping, TimeRule
from geodata.messages import GeodataError

NOW = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def table(**columns: list[object]) -> RawTable:
    frame = pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})
    return RawTable(frame, np.arange(2, len(frame) + 2, dtype=np.int64), system="EPSG:4326")


def places(raw: RawTable, **columns: str) -> tuple[pd.DataFrame, list[str]]:
    rule = Mapping(layer="places", columns={"name": "name", **columns},
                   location=Location(x="x", y="y"))  # fmt: skip
    frame, problems = mapping.apply(raw, rule)
    return frame, [problem.code for problem in problems]


def hours(times: list[str], **rule: str) -> list[str | None]:
    """Return the local times read, None where none is."""
    count = len(times)
    raw = table(t=times, x=[104.0] * count, y=[30.0] * count, id=[str(i) for i in range(count)])
    chosen = Mapping(
        layer="incidents",
        columns={"external_id": "id"},
        constants={"category": "A"},
        time=TimeRule(column="t", **rule),
        location=Location(x="x", y="y"),
    )
    frame, _ = mapping.apply(raw, chosen, now=NOW)
    local = frame["occurred_at"].dt.tz_convert("Asia/Shanghai").dt.strftime("%m-%d %H:%M")
    return local.reindex(raw.rows).astype("object").where(lambda v: v.notna(), None).tolist()


def test_comma_is_decimal_where_it_cannot_group_thousands() -> None:
    raw = table(name=["a", "b"], x=["104,06", "104,061"], y=["30,6612345", "30,66"])
    frame, _ = places(raw)
    assert frame.geometry.x.tolist() == [104.06, 104.061]
    assert frame.geometry.y.tolist() == [30.6612345, 30.66]


def test_comma_groups_thousands_only_in_threes() -> None:
    raw = table(name=["a", "b", "c"], x=["104.1"] * 3, y=["30.1"] * 3,
                area=["1,200", "12,345,678.5", "1,23"])  # fmt: skip
    frame, codes = places(raw, area_m2="area")
    assert frame["area_m2"].tolist() == [1200.0, 12345678.5]
    assert codes == ["not-a-number"]


def test_full_width_digits_are_digits() -> None:
    frame, codes = places(table(name=["a"], x=["１０４．０６"], y=["３０．５"]))
    assert (frame.geometry.x[2], frame.geometry.y[2], codes) == (104.06, 30.5, [])
    assert hours(["２０２４－０３－０１　１０：００"]) == ["03-01 10:00"]


@pytest.mark.parametrize("nothing", ["无", "-", "NULL", "NaN", "/"])
def test_words_for_nothing_are_no_identifiers(nothing: str) -> None:
    """Otherwise the first of two rows without a number would be replaced by the second."""
    raw = table(name=["a", "b"], id=[nothing, nothing], x=[104.0, 104.0], y=[30.0, 30.0])
    frame, codes = places(raw, external_id="id")
    assert frame["external_id"].str.startswith("h").all()
    assert frame["external_id"].nunique() == 2
    assert codes == []


def test_words_for_nothing_count_where_the_mapping_uses_them() -> None:
    raw = table(name=["a"], kind=["无"], x=[104.0], y=[30.0])
    rule = Mapping(layer="places", columns={"name": "name", "kind": "kind"},
                   values={"kind": {"无": "other"}}, location=Location(x="x", y="y"))  # fmt: skip
    assert mapping.apply(raw, rule)[0]["kind"].tolist() == ["other"]


def test_great_numbers_do_not_break_the_columns_of_text() -> None:
    frame, codes = places(table(name=["a"], id=[1e30], x=[104.0], y=[30.0]), external_id="id")
    assert frame["external_id"].tolist() == ["1e+30"]
    assert codes == []


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2024年3月1日 上午8时5分", "03-01 08:05"),
        ("2024-3-1 上午12:30", "03-01 00:30"),
        ("2024-3-1 中午12:30", "03-01 12:30"),
        ("2024-3-1 中午1点", "03-01 13:00"),
        ("2024-3-1 凌晨1点", "03-01 01:00"),
        ("2024-3-1 早上7:00", "03-01 07:00"),
        ("2024-3-1 傍晚6点半", "03-01 18:30"),
        ("2024-3-1 晚上9点整", "03-01 21:00"),
        ("2024-3-1 晚上12:00", "03-02 00:00"),
        ("2024-3-1 下午0:30", "03-01 12:30"),
        ("2024-3-1 13:00 PM", "03-01 13:00"),
        ("2024-3-1 晚上2点", None),
        ("2024-3-1 14:00 AM", None),
    ],
)
def test_parts_of_the_day(text: str, clock: str | None) -> None:
    assert hours([text]) == [clock]


@pytest.mark.parametrize(
    ("date", "clock"),
    [
        ("2024-03-01 00:00:00", "15:20:00"),
        ("2024/3/1 0:00", "15:20"),
        ("45352", "0.638888888888889"),
        ("20240301", "152000"),
        ("2024.3.1", "1520"),
        ("2024年3月1日", "下午3点20分"),
        ("2024-03-01", "1899-12-30 15:20:00"),
    ],
)
def test_date_and_clock_in_two_columns(date: str, clock: str) -> None:
    raw = table(d=[date, date], t=[clock, None], x=[104.0, 104.0], y=[30.0, 30.0])
    rule = Mapping(layer="incidents", constants={"category": "A"},
                   time=TimeRule(column="d", time_column="t"),
                   location=Location(x="x", y="y"))  # fmt: skip
    frame, _ = mapping.apply(raw, rule, now=NOW)
    local = frame["occurred_at"].dt.tz_convert("Asia/Shanghai").dt.strftime("%m-%d %H:%M")
    assert local.tolist() == ["03-01 15:20", "03-01 00:00"]


def test_months_alone_are_found_and_read() -> None:
    assert mapping.guess("incidents", ["月份", "经度", "纬度"]).time == TimeRule(column="月份")
    parts = mapping.guess("incidents", ["年", "月", "经度", "纬度"]).time
    assert parts == TimeRule(year="年", month="月")
    assert hours(["2024-03", "2024年3月", "202403", "2024/3"]) == ["03-01 00:00"] * 4


def test_extended_and_binary_well_known_text() -> None:
    point = shapely.set_srid(shapely.Point(104, 30), 4326)
    texts = ["SRID=4326;POINT(104 30)", "srid = 4326 ; point z (104 30 5)",
             shapely.to_wkb(point, hex=True, include_srid=True), shapely.to_wkb(point, hex=True),
             "POINT(104 30)"]  # fmt: skip
    raw = table(name=["a"] * 5, wkt=texts)
    raw.system = None
    rule = Mapping(layer="places", columns={"name": "name"}, location=Location(wkt="wkt"))
    frame, problems = mapping.apply(raw, rule)
    assert len(problems) == 0
    assert frame.geometry.to_wkt().unique().tolist() == ["POINT (104 30)"]


def test_rows_in_another_system_than_most_are_told() -> None:
    texts = ["SRID=4490;POINT(104 30)", "SRID=4490;POINT(104 30)", "SRID=4527;POINT(1 2)"]
    raw = table(name=["a"] * 3, wkt=texts)
    raw.system = None
    rule = Mapping(layer="places", columns={"name": "name"}, location=Location(wkt="wkt"))
    frame, problems = mapping.apply(raw, rule)
    assert frame.index.tolist() == [2, 3]
    assert str(next(iter(problems)).message).startswith("row 4: its geometry is in EPSG:4527")


def test_roads_of_several_lines_are_joined_or_told_apart() -> None:
    texts = [
        "MULTILINESTRING((104 30,104.1 30),(104.1 30,104.3 30))",
        "MULTILINESTRING((104 30,104.1 30),(104.15 30,104.3 30),(105 30,105.1 30))",
        "LINESTRING(104 30,104 31)",
    ]
    raw = table(wkt=texts, id=["r", "s", "t"])
    rule = Mapping(layer="roads", columns={"external_id": "id"}, location=Location(wkt="wkt"))
    frame, problems = mapping.apply(raw, rule)
    assert frame["external_id"].tolist() == ["r", "s", "s#2", "s#3", "t"]
    assert frame.index.tolist() == [2, 3, 3, 3, 4]
    assert frame.geometry.geom_type.unique().tolist() == ["LineString"]
    assert frame.geometry.iloc[1].wkt == "LINESTRING (104.15 30, 104.3 30)"
    assert [(p.row, p.severity) for p in problems] == [(3, "repaired")]


@pytest.mark.parametrize(
    "text",
    [
        "联系人张三身份证11010519491231002X电话",
        "110105 19491231 002X",
        "110105-19491231-002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ],
)
def test_identity_numbers_are_found_however_written(text: str) -> None:
    raw = table(name=["a", "b"], note=["", text], x=[104.0] * 2, y=[30.0] * 2)
    with pytest.raises(GeodataError, match="rows 3"):
        places(raw)


def test_order_numbers_of_fifteen_digits_are_no_identity_numbers() -> None:
    """One in a hundred has the shape of an old identity number by chance."""
    numbers = [f"{(110000000000000 + n * 7777777777777) % 10**15:015d}" for n in range(500)]
    numbers.append("320311770706001")
    raw = table(name=["a"] * 501, order=numbers, x=[104.0] * 501, y=[30.0] * 501)
    assert len(places(raw)[0]) == 501
    with pytest.raises(GeodataError, match="identity"):
        places(table(name=["a"], order=["320311770706001"], x=[104.0], y=[30.0]))


@pytest.mark.parametrize(
    ("content", "key", "template"),
    [
        ({}, "layer", "this is missing"),
        ({"layer": "lakes"}, "mapping", "there is no layer {value}; there are: {layers}"),
        ({"layer": "places", "x": 1}, "x", "there is no such key"),
        ({"layer": 1}, "layer", "a text must stand here, not {value}"),
        ({"layer": "places", "columns": []}, "columns", "an object must stand here, not {value}"),
        ({"layer": "places", "header": "vielleicht"}, "header",
         "true or false must stand here, not {value}"),
        ({"layer": "places", "time": {"column": "a", "zone": "Moon"}}, "time.zone",
         "there is no time zone {value}"),
        ({"layer": "places", "location": {"x": "a"}}, "location", "x and y are needed together"),
    ],
)  # fmt: skip
def test_faults_of_a_mapping_can_be_translated(
    content: dict[str, object], key: str, template: str
) -> None:
    with pytest.raises(GeodataError) as refused:
        mapping.parse_mapping(content, "m.json")
    params = refused.value.message.params
    assert params["key"] == key
    assert params["reason"].template == template
    assert str(refused.value).startswith(f"m.json: {key}: ")


def test_faults_of_shapes_are_sentences() -> None:
    texts = ["POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))", "POLYGON((0 0, 1 0, 1 1, 1 1.2, 1 1, 0 1, 0 0))"]
    raw = table(wkt=texts, kind=["water", "water"])
    rule = Mapping(layer="ground", columns={"kind": "kind"}, location=Location(wkt="wkt"))
    frame, problems = mapping.apply(raw, rule)
    told = {problem.row: str(problem.message) for problem in problems}
    assert "the outline crosses itself at 0.5, 0.5" in told[2]
    assert "has been repaired" in told[3]
    assert frame.index.tolist() == [3]


def test_codes_that_a_spreadsheet_shortened_are_told() -> None:
    """Otherwise rows of different codes would replace each other."""
    raw = table(name=["a", "b", "c"], id=["5.10107E+11", "5.10107E+11", "510107001001"],
                x=[104.0] * 3, y=[30.0] * 3)  # fmt: skip
    frame, codes = places(raw, external_id="id")
    assert frame["external_id"].tolist() == ["510107001001"]
    assert codes == ["shortened-number"] * 2


def test_a_code_with_a_character_that_json_escapes_is_refused() -> None:
    codes = ["A1", 'A"1', "A\\1", "A\n1", "类-1"]
    raw = table(code=codes, name=["x"] * 5)
    rule = Mapping(layer="categories", columns={"code": "code", "name": "name"})
    frame, problems = mapping.apply(raw, rule)
    assert frame["code"].tolist() == ["A1", "类-1"]
    assert [(problem.code, problem.row) for problem in problems] == [
        ("code-characters", 3), ("code-characters", 4), ("code-characters", 5),
    ]  # fmt: skip
