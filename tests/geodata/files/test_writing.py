"""Exports, read back."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.crs import CoordinateSystem, to_wgs84
from geodata.files.reading import read
from geodata.files.writing import write
from geodata.files.writing_geojson import iso_times
from geodata.files.writing_shapefile import short_names
from geodata.messages import GeodataError


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    """Two areas, one of them drawn clockwise, and a row without any."""
    return gpd.GeoDataFrame(
        {
            "name": pd.Series(["甲", "=HYPERLINK()", None], dtype="str"),
            "households": pd.Series([3, None, 5], dtype="Int64"),
            "valid_from": [dt.date(2024, 1, 2), None, dt.date(2025, 1, 1)],
        },
        geometry=[
            shapely.box(117.2, 28.2, 117.21, 28.21),
            shapely.box(117.3, 28.2, 117.31, 28.21).reverse(),
            None,
        ],
        crs="EPSG:4326",
    )


def test_geojson_keeps_rfc_7946(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    frame.loc[0, "geometry"] = shapely.transform(frame.geometry[0], lambda xy: xy + 1e-9)
    written = write(frame, tmp_path / "网格.geojson")
    assert written.notes == []
    document = json.loads((tmp_path / "网格.geojson").read_text("utf-8"))
    assert set(document) == {"type", "features"}
    first, second, third = document["features"]
    assert first["properties"] == {"name": "甲", "households": 3, "valid_from": "2024-01-02"}
    assert third["geometry"] is None
    for feature in (first, second):
        ring = feature["geometry"]["coordinates"][0]
        assert shapely.LinearRing(ring).is_ccw, "RFC 7946, 3.1.6: right-hand rule"
        assert all(len(repr(value).partition(".")[2]) <= 7 for pair in ring for value in pair)


def test_a_feature_tells_its_number_where_every_row_has_one(
    frame: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    for numbers, told in (([7, 3, 10**17 + 1], True), ([7, None, 3], False)):
        frame["id"] = pd.Series(numbers, dtype="Int64")
        write(frame, tmp_path / "a.geojson", system="GCJ-02")
        features = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"]
        assert [one["properties"]["id"] for one in features] == numbers
        assert [one.get("id") for one in features] == (numbers if told else [None] * 3)


@pytest.mark.parametrize("system", ["GCJ-02", "BD-09", "EPSG:4490", "EPSG:4527"])
@pytest.mark.parametrize("ending", ["geojson", "gpkg", "csv", "zip"])
def test_every_format_in_every_system_comes_back(
    frame: gpd.GeoDataFrame, tmp_path: Path, system: str, ending: str
) -> None:
    path = tmp_path / f"导出.{ending}"
    written = write(frame, path, system=system)
    raw = read(path)
    assert len(raw) == written.count == 3
    named = raw.system == system
    assert named == (ending == "geojson" or (ending != "csv" and system.startswith("EPSG")))
    assert named or written.notes
    shapes = raw.geometry if raw.geometry is not None else shapely.from_wkt(raw.frame["wkt"][:1])
    x, y = shapely.get_coordinates(shapes[:1]).T
    lon, lat = to_wgs84(x, y, CoordinateSystem.parse(system))
    np.testing.assert_allclose([lon.min(), lat.max()], [117.2, 28.21], atol=2e-7)


def test_csv_is_for_excel(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    points = pd.DataFrame(
        {
            "name": pd.Series(["-B", "-5", "x,y"], dtype="str"),
            "lon": [117.123456789, 117.2, 117.3],
            "lat": [28.1, 28.2, 28.3],
        }
    )
    write(points, tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    raw = read(tmp_path / "a.csv")
    assert raw.frame["name"].tolist() == ["'-B", "-5", "x,y"], "no text is run as a formula"
    assert raw.frame["lon"].tolist() == ["117.1234568", "117.2", "117.3"]


def test_shapefile_names_are_cut_and_told(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {
            "楼栋名称": pd.Series(["一"], dtype="str"),
            "楼栋名字": pd.Series(["二" * 100], dtype="str"),
        },
        geometry=[shapely.Point(117, 28)],
        crs="EPSG:4326",
    )
    written = write(frame, tmp_path / "楼栋.zip")
    raw = read(tmp_path / "楼栋.zip")
    assert list(raw.frame) == ["楼栋名", "楼栋名1"]
    assert raw.encoding == "UTF-8"
    assert raw.frame["楼栋名1"][0] == "二" * 84, "254 bytes hold 84 whole characters"
    assert len(written.notes) == 2
    with zipfile.ZipFile(tmp_path / "楼栋.zip") as archive:
        legend = archive.read("楼栋_fields.txt").decode("utf-8-sig")
    assert '"楼栋名1","楼栋名字"' in legend


def test_times_carry_the_offset_of_their_zone() -> None:
    texts = ["2026-03-08T01:59:59-06:00", "2026-03-08T03:00:00-05:00", None]
    times = pd.to_datetime(pd.Series(texts), utc=True).dt.tz_convert("America/Chicago")
    assert iso_times(times).astype("object").where(times.notna(), None).tolist() == texts
    half = pd.Series(pd.to_datetime(["2026-01-01T12:00Z"])).dt.tz_convert("Asia/Kolkata")
    assert iso_times(half).tolist() == ["2026-01-01T17:30:00+05:30"]
    assert iso_times(half[:0]).empty


def test_short_names_are_unique_and_fit() -> None:
    names = [f"一二三四{n}" for n in range(12)] + ["plain", "PLAIN"]
    short = short_names(names)
    assert len({value.casefold() for value in short.values()}) == len(names)
    assert all(len(value.encode()) <= 10 for value in short.values())
    assert short["plain"] == "plain"


def test_a_failed_export_leaves_the_old_file(frame: gpd.GeoDataFrame, tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text("old")
    with pytest.raises(GeodataError):
        write(frame, tmp_path / "a.geojson", system="no such system")
    with pytest.raises(GeodataError, match="are written as"):
        write(frame, tmp_path / "a.docx")
    with pytest.raises(GeodataError, match="cannot be written"):
        write(frame, tmp_path / "nowhere" / "a.geojson")
    assert (tmp_path / "a.geojson").read_text() == "old"
