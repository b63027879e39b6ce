"""Coordinate systems: names, the known values of the datums, and ways there and back."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import chinese_datums as datums
from geodata.crs import (
    CoordinateSystem,
    from_wgs84,
    to_wgs84,
)
from geodata.crs_frames import frame_from_wgs84, frame_to_wgs84
from geodata.gauss_kruger import epsg_code, gauss_kruger_zone
from geodata.messages import GeodataError
from geodata.metric import local_metric_crs, metres_per_degree

MILLIMETRE = 1e-3 / 111_320  # In degrees of latitude; of longitude it is more degrees, never less.
in_china = st.tuples(st.floats(73.4, 135.2), st.floats(3.4, 53.6))
parse = CoordinateSystem.parse
SAMPLES = Path(
    os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")
)


# The values of the widely used converter coordtransform for its example, 116.404, 39.915.
def test_forward_datums_give_published_values() -> None:
    gcj = datums.wgs84_to_gcj02(116.404, 39.915)
    assert np.allclose(gcj, (116.41024449916938, 39.91640428150164), rtol=0, atol=1e-12)
    bd = datums.gcj02_to_bd09(116.404, 39.915)
    assert np.allclose(bd, (116.41036949371029, 39.92133699351021), rtol=0, atol=1e-12)
    both = datums.wgs84_to_bd09(116.404, 39.915)
    assert np.allclose(both, datums.gcj02_to_bd09(*gcj), rtol=0, atol=1e-13)


@settings(deadline=None)
@given(st.lists(in_china, min_size=1, max_size=50))
def test_datum_round_trips_are_below_a_millimetre(points: list[tuple[float, float]]) -> None:
    lon, lat = np.array(points).T
    for there, back in (
        (datums.wgs84_to_gcj02, datums.gcj02_to_wgs84),
        (datums.wgs84_to_bd09, datums.bd09_to_wgs84),
    ):
        shifted = there(lon, lat)
        again = back(*shifted)
        assert np.abs(again[0] - lon).max() < MILLIMETRE
        assert np.abs(again[1] - lat).max() < MILLIMETRE
        # The other order: what is read from a file and written again has not moved.
        once_more = there(*back(lon, lat))
        assert np.abs(once_more[0] - lon).max() < MILLIMETRE
        assert np.abs(once_more[1] - lat).max() < MILLIMETRE


@settings(deadline=None)
@given(in_china)
def test_gcj02_shift_is_some_hundred_metres(point: tuple[float, float]) -> None:
    moved = datums.wgs84_to_gcj02(*point)
    metres = pyproj.Geod(ellps="WGS84").inv(*point, *moved)[2]
    assert 20 < metres < 1500


@pytest.mark.parametrize(
    "point", [(-114.6, 32.7), (0.0, 0.0), (140.0, 36.0), (72.0, 30.0), (110.0, 0.8), (110.0, 56.0)]
)
def test_outside_the_box_nothing_moves(point: tuple[float, float]) -> None:
    for convert in (
        datums.wgs84_to_gcj02,
        datums.gcj02_to_wgs84,
        datums.wgs84_to_bd09,
        datums.bd09_to_wgs84,
    ):
        assert tuple(float(v) for v in convert(*point)) == point


def test_nan_and_empty_pass_through() -> None:
    lon, _ = datums.gcj02_to_wgs84([np.nan, 116.4], [39.9, 39.9])
    assert np.isnan(lon[0])
    assert np.isfinite(lon[1])
    assert datums.bd09_to_wgs84([], [])[0].shape == (0,)


def test_shapes_are_kept_across_chunks() -> None:
    lon = np.linspace(100, 120, 20_000).reshape(2, -1)
    shifted = datums.wgs84_to_gcj02(lon, np.full(lon.shape, 30.0))
    alone = datums.wgs84_to_gcj02(lon[1, -1], 30.0)
    assert shifted[0].shape == lon.shape
    assert shifted[0][1, -1] == pytest.approx(float(alone[0]), abs=1e-13)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wgs84", "WGS 84"),
        ("WGS-84", "WGS 84"),
        ("EPSG:4326", "WGS 84"),
        ("gcj02", "GCJ-02"),
        ("GCJ-02", "GCJ-02"),
        ("火星坐标系", "GCJ-02"),
        ("bd09", "BD-09"),
        ("百度", "BD-09"),
        ("cgcs2000", "EPSG:4490"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"),
        ("epsg: 27700", "EPSG:27700"),
        ("ESRI:102696", "ESRI:102696"),
        ("cgcs2000 gk", "CGCS2000 GK"),
        ("cgcs2000 gk 3 zone 39", "CGCS2000 GK zone 39"),
        ("CGCS2000 / 3-degree Gauss-Kruger zone 39", "CGCS2000 GK zone 39"),
        ("CGCS2000 Gauss-Krüger zone 20", "CGCS2000 GK zone 20"),
        ("国家2000 高斯克吕格 39带", "CGCS2000 GK zone 39"),
        ("CGCS2000_3_Degree_GK_CM_117E", "EPSG:4548"),
        ("CGCS2000 / Gauss-Kruger CM 117E", "EPSG:4548"),
    ],
)
def test_names_are_understood_and_found_again(text: str, name: str) -> None:
    system = parse(text)
    assert system.name == name
    assert parse(system.name) == system


@pytest.mark.parametrize(
    "text",
    ["", "moon", "EPSG:99999", "ESRI:1", "cgcs2000 gk zone 24", "cgcs2000 gk 6 zone 39",
     "cgcs2000 gk cm 118e", "+proj=longlat"],
)  # fmt: skip
def test_unknown_names_are_refused_with_the_list(text: str) -> None:
    with pytest.raises(GeodataError, match=r"wgs84, gcj02, bd09, cgcs2000"):
        parse(text)


def test_systems_without_a_map_plane_are_refused() -> None:
    with pytest.raises(GeodataError, match="WGS 84 has no longitude"):
        parse("EPSG:4978")


def test_cgcs2000_declares_latitude_first_and_is_read_longitude_first() -> None:
    assert [axis.direction for axis in pyproj.CRS("EPSG:4490").axis_info] == ["north", "east"]
    lon, lat = to_wgs84([117.2], [28.3], parse("cgcs2000"))
    assert (lon[0], lat[0]) == (117.2, 28.3)
    assert [v[0] for v in from_wgs84([117.2], [28.3], parse("EPSG:4490"))] == [117.2, 28.3]


@pytest.mark.parametrize("text", ["cgcs2000 gk", "cgcs2000 gk zone 39", "cgcs2000 gk zone 20"])
def test_zones_are_told_by_the_eastings_prefix(text: str) -> None:
    x, y = from_wgs84([117.2, 117.3], [28.3, 28.2], parse(text))
    assert set(x // 1e6) == ({20} if text.endswith("20") else {39})
    for named in (text, "cgcs2000 gk"):
        lon, lat = to_wgs84(x, y, parse(named))
        assert np.allclose(lon, [117.2, 117.3], rtol=0, atol=1e-9)
        assert np.allclose(lat, [28.3, 28.2], rtol=0, atol=1e-9)


def test_a_named_zone_is_read_without_prefix_too() -> None:
    x, y = from_wgs84([117.2], [28.3], parse("EPSG:4548"))
    assert 500_000 < x[0] < 600_000
    for name in ("cgcs2000 gk zone 39", "EPSG:4527"):
        lon, _ = to_wgs84(np.append(x, 0.0), np.append(y, 0.0), parse(name))
        assert lon[0] == pytest.approx(117.2, abs=1e-9)
    assert from_wgs84([117.2], [28.3], parse("EPSG:4527"))[0][0] // 1e6 == 39


@pytest.mark.parametrize(
    ("x", "name", "fault"),
    [
        ([519_617.6], "cgcs2000 gk", "do not start with a zone number"),
        ([3_131_704.5], "cgcs2000 gk", "change places"),
        ([39_519_617.6, 40_400_000.0], "cgcs2000 gk", "zone 39, 40"),
        ([39_519_617.6], "cgcs2000 gk zone 40", "name zone 39"),
        ([np.nan], "cgcs2000 gk", "name the zone"),
    ],
)
def test_eastings_that_contradict_are_refused(x: list[float], name: str, fault: str) -> None:
    with pytest.raises(GeodataError, match=fault):
        to_wgs84(x, np.full(len(x), 3e6), parse(name))


def test_codes_of_the_zones() -> None:
    for zone, prefixed, code, meridian in (
        (13, True, "EPSG:4491", 75), (23, True, "EPSG:4501", 135), (13, False, "EPSG:4502", 75),
        (25, True, "EPSG:4513", 75), (45, True, "EPSG:4533", 135), (45, False, "EPSG:4554", 135),
    ):  # fmt: skip
        assert epsg_code(zone, prefixed=prefixed) == code
        operation = pyproj.CRS(code).coordinate_operation
        assert operation is not None
        values = {p.name: p.value for p in operation.params}
        assert values["Longitude of natural origin"] == meridian
        assert values["False easting"] == 500_000 + (zone * 1e6 if prefixed else 0)
        width = 6 if zone < 24 else 3
        assert gauss_kruger_zone(meridian, width) == zone


# The corner stone of plane 102696 is 250,000 m in US feet east of 90.5 W and 0 north of 35 50 N.
def test_us_feet() -> None:
    lon, lat = to_wgs84([250_000 * 3937 / 1200], [0.0], parse("ESRI:102696"))
    assert lon[0] == pytest.approx(-90.5, abs=1e-4)
    assert lat[0] == pytest.approx(35 + 50 / 60, abs=1e-4)


def test_points_off_the_globe_become_nan_and_none() -> None:
    lon, _ = to_wgs84([1e12, 5e5], [1e12, 5e6], parse("EPSG:26910"))
    assert np.isnan(lon).tolist() == [True, False]
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1e12, 5e5], [1e12, 5e6]))
    assert frame_to_wgs84(frame, parse("EPSG:26910")).geometry.isna().tolist() == [True, False]


def test_frames_go_there_and_back() -> None:
    square = shapely.box(117.2, 28.2, 117.3, 28.3)
    frame = gpd.GeoDataFrame(
        {"code": ["a", "b", "c"]}, geometry=[square, None, shapely.Point(117, 28)], crs=4326
    )
    for text in ("wgs84", "gcj02", "bd09", "cgcs2000", "cgcs2000 gk", "EPSG:32650"):
        written = frame_from_wgs84(frame, parse(text))
        again = frame_to_wgs84(written, parse(text))
        assert again.crs == pyproj.CRS("EPSG:4326")
        assert (written.crs is None) == (text in ("gcj02", "bd09"))
        assert again.geometry.isna().tolist() == [False, True, False]
        kept = frame.geometry.notna()
        assert (shapely.hausdorff_distance(again.geometry[kept], frame.geometry[kept]) < 1e-8).all()
    assert frame_from_wgs84(frame, parse("cgcs2000 gk")).crs.to_epsg() == 4527


def test_unpublished_datums_carry_a_caution() -> None:
    assert "Xian 1980" in str(parse("EPSG:2362").caution())
    for text in ("wgs84", "gcj02", "cgcs2000", "EPSG:4527", "EPSG:27700", "ESRI:102696"):
        assert parse(text).caution() is None


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [(117.2, 28.3, 4548), (73.0, 39.0, 4534), (-114.6, 32.7, 32611), (18.4, -33.9, 32734),
     (180.0, 10.0, 32660)],
)  # fmt: skip
def test_local_metric_crs(lon: float, lat: float, code: int) -> None:
    assert local_metric_crs(lon, lat).to_epsg() == code


def test_metres_per_degree_agree_with_the_geodesic() -> None:
    for lat in (0.0, 28.3, 60.0):
        geod = pyproj.Geod(ellps="WGS84")
        east = geod.inv(117, lat, 117.001, lat)[2] * 1000
        north = geod.inv(117, lat - 5e-4, 117, lat + 5e-4)[2] * 1000
        assert metres_per_degree(lat) == pytest.approx([east, north], rel=1e-6)


def test_local_metric_crs_needs_a_place_on_the_globe() -> None:
    with pytest.raises(GeodataError, match="no longitude and latitude"):
        local_metric_crs(float("nan"), 0)


@pytest.mark.skipif(
    not (SAMPLES / "guixi").is_dir(), reason="GRIDMAP_SAMPLE_DATA has no folder guixi"
)
def test_a_real_county_border_comes_to_lie_on_that_of_openstreetmap() -> None:
    county = shapely.from_geojson((SAMPLES / "guixi" / "guixi_county_gcj02.json").read_text())
    lines = gpd.read_file(SAMPLES / "guixi" / "guixi.osm.pbf", layer="lines", on_invalid="ignore")
    borders = lines[lines["other_tags"].str.contains("admin_level", na=False)]
    scale = metres_per_degree(28.3)
    corners = shapely.points(shapely.get_coordinates(borders.geometry.to_numpy()) * scale)

    def nearest_quarter(xy: np.ndarray) -> float:
        ring = shapely.transform(county, lambda _: xy * scale).boundary
        return float(np.quantile(shapely.distance(corners, ring), 0.25))

    # Only part of the borders in the extract are the county's: its own is the nearest quarter.
    as_given = shapely.get_coordinates(county)
    assert nearest_quarter(as_given) > 300
    assert nearest_quarter(np.column_stack(datums.gcj02_to_wgs84(*as_given.T))) < 10
