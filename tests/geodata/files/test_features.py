"""GeoJSON, GeoPackage, Shapefile, KML and GPX."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.messages import GeodataError

SQUARE = shapely.box(117.2, 28.2, 117.21, 28.21)

# What is wrong with each file, as part of the sentence; a file that is not here reads rightly.
REFUSED = {
    "invalid_featurecollection_features_is_object": "member features",
    "invalid_featurecollection_no_features_member": "member features",
    "invalid_featurecollection_nulltype": "its type is null",
    "invalid_featurecollection_type_lowercase": "featurecollection",
    "invalid_featurecollection_unknown_type": "notafc",
    "invalid_geometry_missing_type": "no member type",
    "invalid_geometry_wrong_geometry_type": "SomeThingElse",
}
FAULTS = {
    "invalid_incorrect_geometry_data_type": "nested too deeply",
    "invalid_feature_geometry_is_string": "not an object",
    "invalid_feature_properties_is_array": "properties",
    "invalid_feature_properties_is_int": "properties",
    "invalid_feature_wrong_geometry_key": "no member geometry",
    "invalid_featurecollection_feature_nullfeature": "type Feature",
    "invalid_geometry_coordinates_1d": "nested too shallowly",
    "invalid_geometry_coordinates_empty_position": "fewer than two numbers",
    "invalid_geometry_coordinates_missing": "no coordinates",
    "invalid_geometry_coordinates_string": "not a number",
    "invalid_geometry_depth_deep_point": "nested too deeply",
    "invalid_geometry_depth_deep_polygon": "nested too deeply",
    "invalid_geometry_depth_shallow_linestring": "nested too shallowly",
    "invalid_geometry_depth_shallow_multipolygon": "nested too shallowly",
    "invalid_geometry_depth_shallow_polygon": "nested too shallowly",
    "invalid_geometry_geometrycollection_null_geometry": "not an object",
    "invalid_geometry_mislabeled_point": "nested too shallowly",
}
REMARKS = {
    "valid_featurecollection_empty_features": "holds no rows",
    "invalid_unclosed": "has been closed",
    "invalid_feature_id_type": "the id",
    "invalid_geometry_bbox_not4or6": "bbox",
    "invalid_geometry_bbox_not_list": "bbox",
    "invalid_geometry_bbox_not_numbers": "bbox",
    "problematic_4d_coordinates": "more numbers",
}


def test_every_odd_geojson_reads_rightly_or_its_fault_is_named(sample_data: Path) -> None:
    files = sorted((sample_data / "invalid_geojson").glob("*/*.geojson"))
    assert len(files) == 74
    for path in files:
        name = path.stem
        if name in REFUSED:
            with pytest.raises(GeodataError, match=REFUSED[name]):
                read(path)
            continue
        raw = read(path)
        errors = raw.problems.severities()["error"]
        messages = " ".join(str(problem.message) for problem in raw.problems)
        assert errors == (name in FAULTS), name
        assert FAULTS.get(name, REMARKS.get(name, "")) in messages, name
        assert bool(messages) == (name in FAULTS or name in REMARKS), name
        if name not in FAULTS and "null_geometry" not in name and "empty_features" not in name:
            assert raw.geometry is not None
            assert not shapely.is_missing(raw.geometry).any(), name


def _geojson(tmp_path: Path, document: object) -> RawTable:
    path = tmp_path / "a.geojson"
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return read(path)


def test_lines_of_features_read_like_a_collection(tmp_path: Path) -> None:
    lines = "\n".join(
        json.dumps({"type": "Feature", "properties": {"n": n}, "geometry": None}) for n in range(3)
    )
    raw = _geojson(tmp_path, lines)
    assert raw.frame["n"].tolist() == [0, 1, 2]
    assert raw.rows.tolist() == [1, 2, 3]


def test_declared_systems_are_heeded(tmp_path: Path) -> None:
    empty = {"type": "FeatureCollection", "features": []}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert _geojson(tmp_path, empty).system == "EPSG:4326"
    assert _geojson(tmp_path, {**empty, "crs": crs}).system == "EPSG:4326"
    assert _geojson(tmp_path, {**empty, "coordinate_system": "GCJ-02"}).system == "GCJ-02"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"type": "FeatureCollection", "features": [', "is no JSON: .* at line 1"),
        ("[1, 2]", "not an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"type":"Feature"}\n{"type":', "is no JSON"),
    ],
)
def test_broken_json_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(GeodataError, match=sentence):
        _geojson(tmp_path, text)


def test_a_gpx_that_lost_its_end_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "轨迹.gpx"
    points = '<trkpt lat="30.1" lon="112.1"><time>2026-05-04T12:00:00Z</time></trkpt>' * 300
    path.write_text(f'<?xml version="1.0"?><gpx version="1.1"><trk><trkseg>{points}<trkpt lat="3')
    with pytest.raises(GeodataError) as told:
        read(path)
    assert str(told.value) == "轨迹.gpx cannot be opened; it is damaged or cut off."


def test_the_layer_of_a_geopackage_is_named_or_listed(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"名称": ["甲"]}, geometry=[SQUARE], crs="EPSG:4490")
    for layer in ("网格", "社区"):
        pyogrio.write_dataframe(frame, tmp_path / "图.gpkg", layer=layer)
    with pytest.raises(GeodataError, match="网格, 社区"):
        read(tmp_path / "图.gpkg")
    with pytest.raises(GeodataError, match="no layer 道路"):
        read(tmp_path / "图.gpkg", layer="道路")
    raw = read(tmp_path / "图.gpkg", layer="社区")
    assert raw.system == "EPSG:4490"
    assert raw.frame["名称"].tolist() == ["甲"]
    assert raw.geometry is not None
    assert raw.geometry[0].equals(SQUARE)


@pytest.fixture
def gbk_shapefile(tmp_path: Path) -> Path:
    """A shapefile as older Chinese programs write it: GBK, and no .cpg that says so."""
    folder = tmp_path / "shape"
    folder.mkdir()
    frame = gpd.GeoDataFrame({"名称": ["贵溪市花园街道"]}, geometry=[SQUARE], crs="EPSG:4326")
    pyogrio.write_dataframe(frame, folder / "grid.shp", encoding="GBK")
    (folder / "grid.cpg").unlink(missing_ok=True)
    header = bytearray((folder / "grid.dbf").read_bytes())
    header[29] = 0
    (folder / "grid.dbf").write_bytes(header)
    return folder


def test_a_shapefile_in_gbk_without_cpg(gbk_shapefile: Path) -> None:
    for path in (gbk_shapefile, gbk_shapefile / "grid.shp"):
        raw = read(path)
        assert raw.frame["名称"].tolist() == ["贵溪市花园街道"]
        assert raw.encoding == "gb18030"


@pytest.mark.parametrize("marked", [True, False])
def test_a_zip_with_chinese_names(gbk_shapefile: Path, tmp_path: Path, marked: bool) -> None:
    # Chinese Windows writes the names in GBK without the mark for UTF-8; Python reads such names
    # as code page 437 and, told to, writes them so.
    path = tmp_path / "网格.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in gbk_shapefile.iterdir():
            if marked:
                archive.write(part, f"图层/网格{part.suffix}")
            else:
                name = f"aaaa/bbbb{part.suffix}"
                archive.write(part, name)
    if not marked:
        data = path.read_bytes().replace(b"aaaa/", "图层/".encode("gbk"))
        path.write_bytes(data.replace(b"bbbb.", "网格.".encode("gbk")))
    raw = read(path)
    assert raw.layer == "网格"
    assert raw.frame["名称"].tolist() == ["贵溪市花园街道"]


def test_a_missing_part_of_a_shapefile_is_named(gbk_shapefile: Path) -> None:
    (gbk_shapefile / "grid.shx").unlink()
    with pytest.raises(GeodataError, match=r"no \.shx"):
        read(gbk_shapefile)


def test_names_that_lead_out_of_an_archive_stay_in(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../escaped.csv", "a,b\n1,2\n")
    assert len(read(tmp_path / "a.zip")) == 1
    assert not (tmp_path.parent / "escaped.csv").exists()


def test_kml_reads_names_and_shapes(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        "<Document><name>网格</name><Placemark><name>警务室</name>"
        "<Point><coordinates>117.2,28.3,5</coordinates></Point></Placemark></Document></kml>",
        "utf-8",
    )
    raw = read(tmp_path / "a.kml")
    assert raw.frame["Name"].tolist() == ["警务室"]
    assert raw.geometry is not None
    assert raw.geometry[0].equals(shapely.Point(117.2, 28.3))
    assert raw.system == "EPSG:4326"


def test_every_odd_gpx_reads_and_its_faults_are_named(sample_data: Path) -> None:
    files = sorted((sample_data / "odd_gpx").glob("*.gpx"))
    assert len(files) == 30
    for path in files:
        raw = read(path)
        assert raw.geometry is not None
        missing = raw.rows[shapely.is_missing(raw.geometry)]
        np.testing.assert_array_equal(missing, raw.problems.bad_rows(), err_msg=path.name)
        assert set(raw.problems.counts()) <= {"track-too-short", "no-rows"}


def test_a_track_keeps_its_long_segments(tmp_path: Path) -> None:
    def points(*numbers: int) -> str:
        inner = "".join(f'<trkpt lat="{n}" lon="1"/>' for n in numbers)
        return f"<trkseg>{inner}</trkseg>"

    (tmp_path / "a.gpx").write_text(
        '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
        f'<wpt lat="9" lon="8"/><trk><name>巡逻</name>{points(1)}{points(2, 3)}{points(4, 5, 6)}'
        f"</trk><trk>{points(7)}</trk></gpx>",
        "utf-8",
    )
    raw = read(tmp_path / "a.gpx")
    assert raw.frame["gpx"].tolist() == ["waypoints", "tracks", "tracks"]
    assert raw.geometry is not None
    assert raw.geometry[1].wkt == "MULTILINESTRING ((1 2, 1 3), (1 4, 1 5, 1 6))"
    assert raw.problems.bad_rows().tolist() == [3]
    shutil.copy(tmp_path / "a.gpx", tmp_path / "b.gpx")
    assert len(read(tmp_path / "b.gpx", layer="waypoints")) == 1


def test_great_identifiers_keep_their_digits_beside_missing_ones(tmp_path: Path) -> None:
    """As floats, 2^53 + 1 and 2^53 would become one identifier."""
    ids = [2**53 + 1, None, 2**53]
    features = ", ".join(
        f'{{"type": "Feature", "properties": {{"id": {json.dumps(number)}}}, "geometry": null}}'
        for number in ids
    )
    path = tmp_path / "a.geojson"
    path.write_text(f'{{"type": "FeatureCollection", "features": [{features}]}}')
    column = pd.array(ids, dtype="Int64")
    shapes = gpd.GeoDataFrame({"id": column}, geometry=[shapely.Point(1, 2)] * 3, crs="EPSG:4326")
    shapes.to_file(tmp_path / "a.gpkg")
    for file in (path, tmp_path / "a.gpkg"):
        found = read(file).frame["id"].astype("object")
        assert found.where(found.notna(), None).tolist() == ids


def test_text_that_no_database_can_hold_is_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type": "Feature", "properties": {"name": "a\\u0000b\\ud800", "list": ["\\udc00"]},'
        ' "geometry": null}'
    )
    assert read(path).frame["name"][0] == "ab?"


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
def test_extended_data_of_kml_become_columns(tmp_path: Path, encoding: str) -> None:
    marks = "".join(
        f"<Placemark><name>{name}</name><ExtendedData>"
        f'<Data name="类型"><value>{kind}</value></Data>'
        f'<SchemaData schemaUrl="#s"><SimpleData name="层数">{floors}</SimpleData></SchemaData>'
        "</ExtendedData><Point><coordinates>117.2,28.3</coordinates></Point></Placemark>"
        for name, kind, floors in (("一小", "学校", "3"), ("二院", "医院", ""))
    )
    (tmp_path / "a.kml").write_text(
        f'<?xml version="1.0" encoding="{encoding}"?>'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<Folder><name>场所</name>{marks}</Folder></Document></kml>",
        encoding=encoding,
    )
    raw = read(tmp_path / "a.kml")
    assert raw.frame["Name"].tolist() == ["一小", "二院"]
    assert raw.frame["类型"].tolist() == ["学校", "医院"]
    assert raw.frame["层数"][0] == "3"
    assert raw.frame["层数"].isna().tolist() == [False, True]
