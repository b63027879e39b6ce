"""`gridmap import`, from small files to the rows they become."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.crs import CoordinateSystem, from_wgs84
from geodata.files.reading import read
from gridmap.db import make_engine
from tests.gridmap.conftest import STEP, rectangle
from tests.gridmap.small_town import COMMUNITY, COUNTS, call, collection, import_all, write_files

TABLES = {layer: layer.removesuffix("s") for layer in COUNTS} | {
    "categories": "category", "building_counts": "building_count", "ground": "ground",
}  # fmt: skip
OSM = """<osm version="0.6">
  <node id="1" lat="28.0005" lon="116.0005"/><node id="2" lat="28.0005" lon="116.0015"/>
  <node id="3" lat="28.0015" lon="116.0015"/><node id="4" lat="28.0015" lon="116.0005"/>
  <node id="5" lat="28.001" lon="116.003">
    <tag k="amenity" v="school"/><tag k="name" v="小学"/></node>
  <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
  <way id="11"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
    <tag k="building" v="yes"/></way>
</osm>"""


@pytest.fixture
def files(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, Path]:
    """The small town's files, in a folder to which rejected rows are written too."""
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.setenv("GRIDMAP_LANG", "en")
    monkeypatch.chdir(tmp_path)
    return write_files(tmp_path)


def numbers(output: str, layer: str) -> dict[str, int]:
    """Read the numbers of a report, and see that they add up."""
    line = next(line for line in output.splitlines() if line.startswith(f"{layer}: "))
    first, rest = line.removeprefix(f"{layer}: ").split(" rows read: ")
    found = {name: int(count) for count, name in re.findall(r"(\d+) (\w+)", rest)}
    assert int(first) == sum(found.values()), line
    return {name: count for name, count in found.items() if count}


def stored(url: str, query: str) -> list[tuple[object, ...]]:
    engine = make_engine(url)
    with Session(engine) as session:
        rows = [tuple(row) for row in session.execute(text(query))]
    engine.dispose()
    return rows


def count(url: str, layer: str) -> int:
    return int(str(stored(url, f"SELECT count(*) FROM {TABLES[layer]}")[0][0]))


def prepare(files: dict[str, Path], *layers: str) -> None:
    import_all({layer: files[layer] for layer in layers})


def test_every_layer_comes_in_once_however_often_it_is_sent(
    files: dict[str, Path], own_database_url: str
) -> None:
    for again in (False, True):
        for layer, expected in COUNTS.items():
            result = call("import", layer, files[layer], "--yes", "--source", "s")
            assert result.exit_code == 0, result.output
            assert numbers(result.output, layer) == {"unchanged" if again else "inserted": expected}
    rows = {layer: count(own_database_url, layer) for layer in COUNTS}
    # The road in two parts is two rows; the file of buildings has the counts of a month too.
    assert rows == COUNTS | {"roads": 3, "building_counts": 2}
    linked = stored(own_database_url, "SELECT count(*) FROM incident WHERE cell_id IS NULL")
    assert linked == [(0,)]


def test_a_dry_run_tells_and_writes_nothing(files: dict[str, Path], own_database_url: str) -> None:
    for layer in ("units", "categories"):
        result = call("import", layer, files[layer], "--yes", "--dry-run")
        assert result.exit_code == 0
        assert numbers(result.output, layer) == {"inserted": 3}
        assert "Nothing was written" in result.output
    prepare(files, "units", "categories")
    dry = call("import", "incidents", files["incidents"], "--yes", "--dry-run")
    assert numbers(dry.output, "incidents") == {"inserted": 4}
    assert count(own_database_url, "incidents") == 0
    assert stored(own_database_url, "SELECT count(*) FROM incident_bin") == [(0,)]


BAD_PLACES = (
    "编号,名称,类型,经度,纬度\n1,一,学校,116.001,28.001\n2,二,学校,0,0\n"
    "3,三,堡垒,116.001,28.001\n4,四\n5,五,学校,116.001,28.001,多,余\n1,六,学校,116.001,28.001\n"
)


def test_one_bad_row_refuses_all_until_it_is_skipped_or_mended(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    path = tmp_path / "场所.csv"
    path.write_text(BAD_PLACES, encoding="utf-8")
    refused = call("import", "places", path, "--yes")
    assert refused.exit_code == 1
    assert "Nothing was imported" in refused.output
    assert count(own_database_url, "places") == 0
    dry = call("import", "places", path, "--yes", "--dry-run")
    assert dry.exit_code == 1
    skipped = call("import", "places", path, "--yes", "--skip-bad")
    assert skipped.exit_code == 0
    assert numbers(skipped.output, "places") == {"inserted": 1, "repeated": 1, "rejected": 4}
    rejected = read(tmp_path / "场所.rejected.csv").frame
    assert list(rejected)[-1] == "reason"
    assert rejected["reason"].notna().all()
    assert rejected["名称"].tolist() == ["二", "三", "四", "五"]
    assert rejected.iloc[3, :7].tolist() == ["5", "五", "学校", "116.001", "28.001", "多", "余"]

    mended = rejected.assign(类型="学校", 经度="116.002", 纬度="28.001")
    mended.to_csv(tmp_path / "场所.rejected.csv", index=False)
    again = call(
        "import", "places", tmp_path / "场所.rejected.csv",
        "--mapping", tmp_path / "场所.rejected.json",
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    assert numbers(again.output, "places") == {"inserted": 4}
    assert stored(own_database_url, "SELECT DISTINCT source FROM place") == [("场所",)]


def test_rejected_shapes_can_be_mended_as_text(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    bow_tie = {
        "type": "Polygon",
        "coordinates": [[[116, 28], [116.001, 28.001], [116.001, 28], [116, 28.001], [116, 28]]],
    }
    document = json.loads(collection(({"id": "g", "kind": "water"}, rectangle(0, 0, 1, 1))))
    document["features"].append(
        {"type": "Feature", "properties": {"id": "h", "kind": "park"}, "geometry": bow_tie}
    )
    path = tmp_path / "水面.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    skipped = call("import", "ground", path, "--yes", "--skip-bad")
    assert numbers(skipped.output, "ground") == {"inserted": 1, "rejected": 1}
    table = tmp_path / "水面.rejected.csv"
    rejected = read(table).frame
    assert "crosses itself" in rejected["reason"][0]
    assert rejected["wkt"][0].startswith("POLYGON ((116 28, ")
    rejected.assign(wkt=rectangle(1, 1, 2, 2).wkt).to_csv(table, index=False)
    again = call("import", "ground", table, "--mapping", tmp_path / "水面.rejected.json")
    assert numbers(again.output, "ground") == {"inserted": 1}


def test_a_mapping_is_kept_and_used_again(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    saved = tmp_path / "m.json"
    asked = call("import", "places", files["places"], "--save-mapping", saved)
    assert asked.exit_code == 2
    assert "must be confirmed" in asked.output
    first = call("import", "places", files["places"], "--yes", "--save-mapping", saved)
    assert "城东警务室" not in first.output
    columns = {"external_id": "编号", "name": "名称", "kind": "类型"}
    assert json.loads(saved.read_text("utf-8"))["columns"] == columns
    again = call("import", "places", files["places"], "--mapping", saved)
    assert "Guessed mapping" not in again.output
    assert numbers(again.output, "places") == {"unchanged": 2}
    wrong = call("import", "ground", files["ground"], "--mapping", saved)
    assert wrong.exit_code == 2
    assert "the mapping is for the layer places" in wrong.output


def test_unknown_categories_are_refused_or_added(
    files: dict[str, Path], own_database_url: str
) -> None:
    prepare(files, "units")
    refused = call("import", "incidents", files["incidents"], "--yes")
    assert refused.exit_code == 1
    assert numbers(refused.output, "incidents") == {"rejected": 4}
    added = call("import", "incidents", files["incidents"], "--yes", "--new-categories")
    assert added.exit_code == 0, added.output
    assert "the category A1 is new and is added" in added.output
    assert stored(own_database_url, "SELECT code FROM category ORDER BY 1") == [("A1",), ("B",)]


def test_categories_may_be_called_by_name(files: dict[str, Path], own_database_url: str) -> None:
    prepare(files, "units", "categories")
    path = files["incidents"]
    path.write_text(path.read_text("utf-8").replace(",A1,", ",盗窃,"), encoding="utf-8")
    assert call("import", "incidents", path, "--yes").exit_code == 0
    named = """SELECT count(*) FROM incident JOIN category c ON c.id = category_id
        WHERE c.code = 'A1'"""
    assert stored(own_database_url, named) == [(2,)]


def test_cells_that_overlap_or_leave_their_community_are_told_with_the_area(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    path = tmp_path / "网格.geojson"
    cells = [rectangle(0, 0, 2, 2), rectangle(1.9, 0, 4, 2), rectangle(3, 1.2, 4, 2.2)]
    path.write_text(
        collection(
            *(({"code": f"{COMMUNITY}{n:03}"}, shape) for n, shape in enumerate(cells, start=1))
        )
    )
    result = call("import", "cells", path, "--yes")
    assert result.exit_code == 1
    told = " ".join(result.output.replace("│", " ").split())
    # A step of the field is 98.3 m wide and 110.8 m high.
    overlap = re.search(rf"{COMMUNITY}002 and {COMMUNITY}001 overlap by ([\d.]+) m²", told)
    outside = re.search(rf"reaches ([\d.]+) m² outside its community {COMMUNITY}", told)
    assert overlap
    assert outside
    np.testing.assert_allclose(float(overlap[1]), 0.2 * 98.3 * 110.8, rtol=2e-3)
    np.testing.assert_allclose(float(outside[1]), 0.2 * 98.3 * 110.8, rtol=2e-3)
    assert count(own_database_url, "cells") == 0


def test_cells_without_codes_are_numbered_and_gaps_are_told(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    path = tmp_path / "网格.geojson"
    path.write_text(collection(({}, rectangle(2, 0, 4, 2)), ({}, rectangle(0, 0, 1.5, 2))))
    result = call("import", "cells", path, "--yes")
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.replace("│", " ").split())
    assert f"the cells of community {COMMUNITY} leave 1 gaps open" in told
    codes = "SELECT code, ST_XMin(geom) FROM cell ORDER BY code"
    assert stored(own_database_url, codes) == [
        (f"{COMMUNITY}001", 116),
        (f"{COMMUNITY}002", 116.002),
    ]


def test_a_wrong_datum_is_suspected(files: dict[str, Path], tmp_path: Path) -> None:
    prepare(files, "units")
    x, y = np.meshgrid(np.arange(0.2, 4, 0.2), np.arange(0.2, 2, 0.2))
    lon, lat = 116 + x.ravel() * STEP, 28 + y.ravel() * STEP
    lon, lat = from_wgs84(lon, lat, CoordinateSystem.parse("GCJ-02"))
    path = tmp_path / "高德.csv"
    table = {"编号": range(len(lon)), "名称": "小学", "类型": "学校", "经度": lon, "纬度": lat}
    pd.DataFrame(table).to_csv(path, index=False)
    wrong = call("import", "places", path, "--yes", "--keep-outside")
    assert "GCJ-02" in wrong.output
    right = call("import", "places", path, "--yes", "--crs", "GCJ02", "--source", "right")
    assert right.exit_code == 0
    assert "warning" not in right.output


def test_identity_numbers_are_refused_and_never_repeated(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    number = "11010519491231002X"
    path = tmp_path / "人员.csv"
    path.write_text(f"编号,类型,经度,纬度,备注\n1,学校,116.001,28.001,{number}\n", encoding="utf-8")
    for options in (["--dry-run"], ["--skip-bad"]):
        result = call("import", "places", path, "--yes", *options)
        assert result.exit_code == 1
        assert "备注" in result.output
        assert number not in result.output
    assert count(own_database_url, "places") == 0
    assert not list(tmp_path.glob("*.rejected.*"))


def test_an_openstreetmap_extract_fills_several_layers(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    path = tmp_path / "town.osm"
    path.write_text(OSM, encoding="utf-8")
    for state in ("inserted", "unchanged"):
        result = call("import", "osm", path)
        assert result.exit_code == 0, result.output
        for layer in ("roads", "buildings", "places"):
            assert numbers(result.output, layer) == {state: 1}
    assert stored(own_database_url, "SELECT source, name, kind FROM place") == [
        ("osm", "小学", "school")
    ]
    some = call("import", "osm", path, "--osm-layer", "roads", "--dry-run")
    assert "buildings" not in some.output


def test_first_outlines_can_be_sketched(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units", "roads")
    sketched = call("sketch", "cells", tmp_path / "草图.gpkg", "--target", "20000")
    assert sketched.exit_code == 0, sketched.output
    result = call("import", "cells", tmp_path / "草图.gpkg", "--yes")
    assert result.exit_code == 0, result.output
    area = f"""SELECT sum(ST_Area(c.geom)) / min(ST_Area(u.geom)) FROM cell c
        JOIN unit u ON u.id = c.community_id WHERE u.code = '{COMMUNITY}'"""
    assert count(own_database_url, "cells") > 1
    assert float(str(stored(own_database_url, area)[0][0])) == pytest.approx(1, abs=1e-6)
    nothing = call("sketch", "cells", tmp_path / "b.gpkg", "--community", "42")
    assert nothing.exit_code == 1
    assert "No community there has an outline" in nothing.output
    points = tmp_path / "points.csv"
    points.write_text(f"code,lon,lat\n{COMMUNITY},116.001,28.001\n")
    assert call("sketch", "communities", tmp_path / "c.geojson").exit_code == 2
    drawn = call("sketch", "communities", tmp_path / "c.geojson", "--points", points)
    assert "Wrote 1 rows" in drawn.output


def test_units_that_are_only_named_get_codes(
    files: dict[str, Path], own_database_url: str, tmp_path: Path
) -> None:
    prepare(files, "units")
    path = tmp_path / "n.csv"
    path.write_text("name,level\n丙,community\n乙,community\n", encoding="utf-8")
    result = call("import", "units", path, "--yes", "--code-prefix", "990001001")
    # The first of the codes made is taken by the community that is stored, under another name.
    assert result.exit_code == 0, result.output
    names = "SELECT code, name FROM unit WHERE level = 'community' ORDER BY 1"
    assert stored(own_database_url, names) == [(COMMUNITY, "丙"), ("990001001002", "乙")]
    wrong = call("import", "units", path, "--yes", "--code-prefix", "99")
    assert wrong.exit_code == 1
    assert "is no beginning of a code" in wrong.output
