"""`gridmap export`: every layer in every format and system, and back again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import text

from geodata.crs import CoordinateSystem, to_wgs84
from geodata.files.reading import read
from gridmap.db import make_engine
from gridmap.embedded import Cluster
from tests.conftest import fresh_database
from tests.gridmap.small_town import COMMUNITY, COUNTS, call, import_all, write_files

ENDINGS = {"geojson": "geojson", "gpkg": "gpkg", "csv": "csv", "shapefile": "zip"}
WITHOUT_SHAPES = {"building_counts", "categories"}
SHAPE = "ST_AsText(ST_Normalize(geom), 7)"
#: What a row holds, apart from ids, sources and links.
ROWS = {
    "units": f"""SELECT code, level, name, name_en, {SHAPE},
        (SELECT code FROM unit p WHERE p.id = t.parent_id) FROM unit t""",
    "cells": f"""SELECT code, kind, name, valid_from, valid_to, {SHAPE},
        (SELECT code FROM unit u WHERE u.id = community_id) FROM cell""",
    "categories": """SELECT code, name, name_en,
        (SELECT code FROM category p WHERE p.id = t.parent_id) FROM category t""",
    "buildings": f"SELECT external_id, name, address, kind, storeys, {SHAPE} FROM building",
    "building_counts": """SELECT external_id, month, households, residents, temporary_residents,
        rented_homes, shops FROM building_count JOIN building b ON b.id = building_id""",
    "places": f"SELECT external_id, name, kind, address, area_m2, {SHAPE} FROM place",
    "roads": f"SELECT external_id, name, kind, oneway, bridge, {SHAPE} FROM road",
    "ground": f"SELECT external_id, name, kind, {SHAPE} FROM ground",
    "incidents": f"""SELECT external_id, occurred_at, ended_at, {SHAPE}, cell_code,
        (SELECT code FROM category c WHERE c.id = category_id) FROM (
            SELECT i.*, c.code AS cell_code FROM incident i LEFT JOIN cell c ON c.id = i.cell_id
        ) t""",
}


@contextmanager
def database(cluster: Cluster, patch: pytest.MonkeyPatch) -> Iterator[str]:
    with fresh_database(cluster) as url, patch.context() as context:
        context.setenv("GRIDMAP_DATABASE_URL", url)
        context.setenv("GRIDMAP_LANG", "en")
        yield url


@pytest.fixture(scope="module")
def town(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the small town's database, which the tests only read."""
    with pytest.MonkeyPatch.context() as patch, database(cluster, patch) as url:
        import_all(write_files(tmp_path_factory.mktemp("town")))
        yield url


@pytest.fixture(autouse=True)
def environment(town: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", town)
    monkeypatch.setenv("GRIDMAP_LANG", "en")


def hashes(url: str) -> dict[str, str]:
    """Return a hash over the rows of each layer, whatever their order."""
    engine = make_engine(url)
    with engine.connect() as connection:
        found = {
            layer: connection.scalar(
                text(f"SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM ({rows}) r")
            )
            for layer, rows in ROWS.items()
        }
    engine.dispose()
    return found


@pytest.mark.parametrize("format_", ENDINGS)
def test_every_layer_goes_out_and_comes_back_the_same(
    format_: str, town: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = {}
    for layer, count in COUNTS.items():
        path = tmp_path / f"导出_{layer}.{ENDINGS[format_]}"
        result = call("export", layer, path)
        if format_ == "shapefile" and layer in WITHOUT_SHAPES:
            assert result.exit_code == 1
            assert "a shapefile needs positions; export CSV" in result.output
            path = tmp_path / f"{layer}.csv"
            result = call("export", layer, path)
        assert result.exit_code == 0, result.output
        # A road in two parts is two rows, and a building has counts of two months.
        rows = count + (layer in {"roads", "building_counts"})
        assert f"Wrote {rows} rows" in result.output
        files[layer] = path
    with database(cluster, monkeypatch) as other:
        # A table does not tell the datum of its well-known text.
        import_all(files, *(["--crs", "WGS84"] if format_ == "csv" else []))
        assert hashes(other) == hashes(town)


def test_geojson_keeps_rfc_7946(tmp_path: Path) -> None:
    call("export", "cells", tmp_path / "a.geojson")
    document = json.loads((tmp_path / "a.geojson").read_text("utf-8"))
    assert set(document) == {"type", "features"}, "RFC 7946, 4: no crs member"
    for feature in document["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            assert shapely.LinearRing(polygon[0]).is_ccw, "RFC 7946, 3.1.6: right-hand rule"
    call("export", "incidents", tmp_path / "b.geojson")
    digits = [
        len(repr(value).partition(".")[2])
        for feature in json.loads((tmp_path / "b.geojson").read_text("utf-8"))["features"]
        for value in feature["geometry"]["coordinates"]
    ]
    assert max(digits) == 7


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Chicago"])
def test_times_are_those_of_the_territory(
    zone: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with database(cluster, monkeypatch) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE territory_settings SET time_zone = :z"), {"z": zone})
        engine.dispose()
        files = write_files(tmp_path)
        for layer in ("units", "categories"):
            call("import", layer, files[layer], "--yes")
        call("import", "incidents", files["incidents"], "--yes", "--time-zone", zone)
        hour = {"Asia/Shanghai": "+08", "America/Chicago": "-06"}[zone]
        for name, system, expected in (
            ("a.geojson", "WGS84", f"2026-01-01T00:30:00{hour}:00"),
            ("b.geojson", "GCJ02", f"2026-01-01T00:30:00{hour}:00"),
            ("c.csv", "WGS84", f"2026-01-01 00:30:00{hour}00"),
            ("d.zip", "WGS84", f"2026-01-01T00:30:00{hour}:00"),
        ):
            path = tmp_path / name
            assert call("export", "incidents", path, "--crs", system).exit_code == 0
            frame = read(path).frame
            assert frame[frame.columns[2]].astype("str").min() == expected
        # Days begin and end there too.
        call("export", "incidents", tmp_path / "e.csv", "--from", "2026-02-01")
        assert set(read(tmp_path / "e.csv").frame["external_id"]) == {"3", "4"}


def test_csv_is_for_excel_and_columns_may_be_chinese(tmp_path: Path) -> None:
    path = tmp_path / "网格 2026（终稿）.csv"
    assert call("export", "places", path).exit_code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "城东警务室" in path.read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("system", "first"),
    [
        ("GCJ-02", (116.0, 28.0)),
        ("BD-09", (116.0, 28.0)),
        ("CGCS2000", (116.0, 28.0)),
        ("CGCS2000 GK zone 39", (39_402_000, 3_098_000)),
        ("CGCS2000 GK", (39_402_000, 3_098_000)),
        ("EPSG:4548", (402_000, 3_098_000)),
    ],
)
@pytest.mark.parametrize("ending", ENDINGS.values())
def test_systems_keep_east_before_north(
    system: str, first: tuple[float, float], ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"out.{ending}"
    assert call("export", "incidents", path, "--crs", system).exit_code == 0
    raw = read(path)
    if raw.geometry is not None:
        x, y = shapely.get_coordinates(raw.geometry).T
    else:
        x, y = raw.frame.iloc[:, -2:].to_numpy("float64").T
    # Gauss-Krüger gives metres, the others degrees; datums differ by some hundred metres.
    near = 3000 if first[0] > 180 else 0.05
    np.testing.assert_allclose([x[0], y[0]], first, atol=near)
    lon, lat = to_wgs84(x, y, CoordinateSystem.parse(system))
    order = np.lexsort((lat.round(6), lon.round(6)))
    known = np.array([[116.0005, 28.0005], [116.0005, 28.0015], [116.0034567, 28.0012345],
                      [116.0035, 28.0005]])  # fmt: skip
    np.testing.assert_allclose(np.column_stack([lon, lat])[order], known, atol=2e-7)
    if ending == "gpkg" and system.startswith(("CGCS", "EPSG")):
        assert pyogrio.read_info(path)["crs"].startswith("EPSG:4")


def test_only_what_was_chosen(tmp_path: Path) -> None:
    def exported(layer: str, *options: str) -> list[str]:
        path = tmp_path / "some.csv"
        result = call("export", layer, path, "--force", *options)
        assert result.exit_code == 0, result.output
        return sorted(read(path).frame.iloc[:, 0].tolist())

    assert exported("incidents", "--from", "2026-02-01") == ["3", "4"]
    assert exported("incidents", "--to", "2026-01-31") == ["1", "2"]
    assert exported("incidents", "--from", "2027-01-01") == []
    assert exported("places", "--community", COMMUNITY) == ["p1", "p2"]
    assert exported("places", "--community", "990002000000") == []
    assert exported("units", "--level", "town") == ["990001001000"]
    # A code of a town stands for all that is in it.
    assert len(exported("units", "--community", "990001001000")) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["roads", "a.csv", "--community", "99"], "roads belong to no community"),
        (["places", "a.csv", "--from", "2026-01-01"], "only incidents have a time, not places"),
        (["places", "a.csv", "--level", "town"], "only units have a level, not places"),
        (["places", "a.docx"], "exports are written as"),
        (["places", "a.csv", "--crs", "Atlantis"], "is no coordinate system known here"),
        (["places", "nowhere/a.geojson"], "cannot be written"),
    ],
)
def test_a_wrong_call_is_a_sentence_and_leaves_nothing(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    layer, name, *options = arguments
    result = call("export", layer, tmp_path / name, *options)
    assert result.exit_code == 1
    assert sentence in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    refused = call("export", "places", path)
    assert refused.exit_code == 2
    assert "give --force" in refused.output
    assert path.read_text() == "old"
    assert call("export", "places", path, "--force").exit_code == 0
    assert path.read_text("utf-8-sig").startswith('"external_id"')


@pytest.mark.parametrize("ending", ENDINGS.values())
def test_many_parts_make_one_file(
    ending: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gridmap.exchange.export._CHUNK", 1)
    for system in ("WGS84", "CGCS2000 GK"):
        for layer in ("incidents", "buildings", "ground"):
            path = tmp_path / f"{layer}.{ending}"
            assert call("export", layer, path, "--force", "--crs", system).exit_code == 0
            layers = ["incidents"]
            if ending == "zip" and layer != "incidents":
                layers = [f"{layer}_点", f"{layer}_面"]
                layers = [f"{layer}_线", f"{layer}_面"] if layer == "ground" else layers
            rows = [len(read(path, name if len(layers) > 1 else None)) for name in layers]
            assert sum(rows) == COUNTS[layer]
