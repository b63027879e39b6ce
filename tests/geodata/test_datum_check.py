"""A warning where a file is in GCJ-02 or BD-09, and none where it is not."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.blocks import sketch_areas
from geodata.chinese_datums import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from geodata.datum_check import suspect_datum

SAMPLES = Path(
    os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")
)
needs_guixi = pytest.mark.skipif(
    not (SAMPLES / "guixi").is_dir(), reason="GRIDMAP_SAMPLE_DATA has no folder guixi"
)


def town(n: int = 4000, west: float = 117.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give points in sixteen squares of about a kilometre, the squares and the points' square."""
    xy = np.random.default_rng(1).uniform([west, 28.2], [west + 0.04, 28.24], (n, 2))
    column, row = ((xy - [west, 28.2]) // 0.01).astype(int).T
    k = np.arange(16)
    squares = shapely.box(
        west + k % 4 * 0.01, 28.2 + k // 4 * 0.01,
        west + k % 4 * 0.01 + 0.01, 28.2 + k // 4 * 0.01 + 0.01,
    )  # fmt: skip
    return xy, squares, row * 4 + column


@pytest.mark.parametrize(("shift", "datum"), [(wgs84_to_gcj02, "GCJ-02"), (wgs84_to_bd09, "BD-09")])
@pytest.mark.parametrize("with_claims", [True, False])
def test_shifted_files_are_named(shift, datum, with_claims) -> None:
    xy, squares, claims = town()
    shifted = np.column_stack(shift(*xy.T))
    message = suspect_datum(shifted, squares, claims if with_claims else None)
    assert message is not None
    assert message.params["datum"] == datum
    assert message.params["checked"] == len(xy)
    # One thousandth of a degree of latitude is 111 m.
    moved = np.median(np.hypot(*((shifted - xy) * [98_000, 111_000]).T))
    assert message.params["metres"] == pytest.approx(moved, rel=0.02)


@pytest.mark.parametrize("west", [117.2, -114.6])
def test_no_false_alarm(west: float) -> None:
    xy, squares, claims = town(west=west)
    rng = np.random.default_rng(2)
    assert suspect_datum(xy, squares, claims) is None
    assert suspect_datum(xy, squares) is None
    # Inaccurate points, a third with a wrong claim, and outlines a little too small.
    noisy = xy + rng.normal(0, 0.001, xy.shape)
    wrong = np.where(rng.random(len(xy)) < 0.3, rng.integers(0, 16, len(xy)), claims)
    assert suspect_datum(noisy, squares, wrong) is None
    assert suspect_datum(xy, shapely.buffer(squares, -0.0005), claims) is None


def test_unknown_places_and_few_points_raise_no_alarm() -> None:
    xy, squares, claims = town(8)
    assert suspect_datum(np.column_stack(wgs84_to_gcj02(*xy.T)), squares, claims) is None
    assert suspect_datum(np.empty((0, 2)), squares) is None
    assert suspect_datum(np.full((50, 2), np.nan), squares) is None
    assert suspect_datum(np.zeros((50, 2)), squares) is None
    assert suspect_datum(xy, squares, np.full(8, -1)) is None


def test_a_million_points_are_sampled() -> None:
    xy, squares, claims = town(1_000_000)
    shifted = np.column_stack(wgs84_to_gcj02(*xy.T))
    message = suspect_datum(shifted, squares, claims)
    assert message is not None
    assert message.params["checked"] == 20_000


@needs_guixi
def test_guixi() -> None:
    table = pd.read_csv(SAMPLES / "guixi" / "guixi_codes.csv", header=None).dropna(subset=[12, 13])
    # The county's own point is that of its town hall, which lies in one of the towns.
    table = table[table[3] == "town"]
    raw = table[[12, 13]].to_numpy(float)
    read_rightly = np.column_stack(gcj02_to_wgs84(*raw.T))
    county_gcj = shapely.from_geojson((SAMPLES / "guixi" / "guixi_county_gcj02.json").read_text())
    county = shapely.transform(county_gcj, lambda c: np.column_stack(gcj02_to_wgs84(*c.T)))
    # All seats lie too far inside the county for its outline to tell the datums apart.
    assert suspect_datum(read_rightly, [county]) is None
    assert suspect_datum(raw, [county]) is None

    seats = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*read_rightly.T), crs=4326)
    areas = sketch_areas(seats, county).geometry.to_numpy()
    buildings = gpd.read_file(
        SAMPLES / "guixi" / "guixi.osm.pbf", layer="multipolygons", on_invalid="ignore"
    )
    buildings = buildings[buildings["building"].notna()]
    xy = shapely.get_coordinates(shapely.point_on_surface(buildings.geometry.to_numpy()))
    claims = np.full(len(xy), -1)
    which, area = shapely.STRtree(areas).query(shapely.points(xy), predicate="intersects")
    claims[which] = area
    assert (claims >= 0).sum() > 100
    assert suspect_datum(xy, areas, claims) is None
    shifted = np.column_stack(wgs84_to_gcj02(*xy.T))
    message = suspect_datum(shifted, areas, claims)
    assert message is not None
    assert message.params["datum"] == "GCJ-02"
    assert 400 < message.params["metres"] < 700
    again = np.column_stack(bd09_to_wgs84(*np.column_stack(wgs84_to_bd09(*xy.T)).T))
    assert suspect_datum(again, areas, claims) is None
