"""The demo town keeps what its docstring promises, in the sizes that tests can afford."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from geodata.town import Town, make_town
from geodata.town.incidents import last_full_half, last_full_year, period_start
from geodata.town.names import numeral

FRAMES = (
    "units", "cells", "buildings", "building_counts", "places", "roads", "ground", "categories",
    "incidents",
)  # fmt: skip
GEOD = Geod(ellps="WGS84")
SMALL, TOWN = ("small", 7), ("town", 1)


@pytest.fixture(scope="module", params=[SMALL, TOWN], ids=["small", "town"])
def town(request: pytest.FixtureRequest) -> Town:
    return make_town(*request.param)


def digest(town: Town) -> str:
    result = hashlib.sha256()
    for name in FRAMES:
        frame = pd.DataFrame(getattr(town, name))
        for column in frame:
            values = frame[column]
            if column == "geometry":
                values = pd.Series(shapely.to_wkb(values.to_numpy(), hex=True))
            result.update(pd.util.hash_pandas_object(values.astype(str)).to_numpy().tobytes())
    return result.hexdigest() + repr(town.truth)


def square_metres(shape: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shape)[0])


def community(town: Town, code: str) -> shapely.Geometry:
    return town.units.set_index("code").geometry[code]


def within(frame: gpd.GeoDataFrame, shape: shapely.Geometry) -> gpd.GeoDataFrame:
    return frame[shapely.contains(shape, frame.geometry.representative_point().to_numpy())]


def incidents_in(town: Town, shape: shapely.Geometry) -> pd.DataFrame:
    shapely.prepare(shape)
    return town.incidents[shapely.contains_xy(shape, town.incidents["lon"], town.incidents["lat"])]


def test_the_same_seed_gives_the_same_town() -> None:
    assert digest(make_town("small", 3)) == digest(make_town("small", 3))
    assert digest(make_town("small", 3)) != digest(make_town("small", 4))


def test_community_a_has_the_figures_of_its_report(town: Town) -> None:
    shape = community(town, town.community_a)
    assert square_metres(shape) == pytest.approx(1_200_000, rel=0.005)
    homes = within(town.buildings, shape)
    homes = homes[homes["kind"] == "residential"]
    assert len(homes) == 48
    sums = homes[["households", "residents", "temporary_residents"]].sum()
    assert sums.tolist() == [2_530, 7_425, 662]
    assert homes["name"].str.extract(r"(\D+)\d+号楼")[0].nunique() == 5
    places = within(town.places, shape)
    assert (places["kind"] == "enterprise").sum() == 12
    assert places["name"].str.endswith("门岗").sum() == 4
    assert places["name"].str.endswith("物业服务处").sum() == 3
    mine = town.cells[town.cells["community_code"] == town.community_a]
    assert mine["kind"].value_counts().to_dict() == {"basic": 4, "dedicated": 3, "micro": 5}


def test_community_b_has_the_figures_of_its_report(town: Town) -> None:
    shape = community(town, town.community_b)
    homes = within(town.buildings, shape)
    assert len(homes) == 67
    assert set(homes["kind"]) == {"residential"}
    sums = homes[["residents", "temporary_residents", "rented_homes"]].sum()
    assert sums.tolist() == [4_200, 1_125, 220]
    assert homes["name"].str.extract(r"(\D+)\d+号楼")[0].nunique() == 5
    assert (within(town.places, shape)["kind"] == "police_room").sum() == 1
    mine = town.cells[town.cells["community_code"] == town.community_b]
    assert (mine["kind"] == "micro").sum() == 5


def test_community_b_has_the_incidents_of_its_report(town: Town) -> None:
    mine = incidents_in(town, community(town, town.community_b))
    by_year = {year: mine[mine["occurred_at"].dt.year == year]["category"] for year in (2024, 2025)}
    last, before = by_year[2025], by_year[2024]
    assert last.str.startswith("A1").sum() == 16
    assert last.str.startswith("A2").sum() == 32
    assert last.str.startswith("B").sum() == 36
    thefts = last[last.isin(["A11", "A12", "A15", "A24"])]
    assert (thefts == "A11").mean() == 0.30
    assert (thefts == "A12").mean() == 0.25
    for prefix in ("A1", "A2", "B"):
        assert before.str.startswith(prefix).sum() > last.str.startswith(prefix).sum()


def test_community_a_has_four_disputes_in_the_last_half_year(town: Town) -> None:
    mine = incidents_in(town, community(town, town.community_a))
    disputes = mine[mine["category"].str.startswith("B")]["occurred_at"]
    half = disputes[disputes.dt.year.eq(2025) & disputes.dt.month.gt(6)]
    assert len(half) == 4
    # Its report tells that all were settled.
    assert half.max() < pd.Timestamp("2025-12-01", tz="Asia/Shanghai")


@pytest.mark.parametrize(
    ("until", "half", "year"),
    [
        (date(2026, 6, 30), (date(2025, 7, 1), date(2025, 12, 31)), 2025),
        (date(2026, 11, 30), (date(2026, 1, 1), date(2026, 6, 30)), 2025),
        (date(2026, 12, 31), (date(2026, 1, 1), date(2026, 6, 30)), 2025),
        (date(2027, 1, 31), (date(2026, 7, 1), date(2026, 12, 31)), 2026),
    ],
)
def test_the_last_year_and_half_year_are_told_with_the_year_before(
    until: date, half: tuple[date, date], year: int
) -> None:
    assert last_full_half(until) == half
    assert last_full_year(until) == year
    town = make_town("small", 7, until)
    assert period_start(until) <= date(year - 1, 1, 1)
    shape = community(town, town.community_b)
    happened = incidents_in(town, shape)
    crimes = happened[happened["category"].str.startswith("A1")]["occurred_at"].dt.year
    assert (crimes == year).sum() == 16
    assert (crimes == year - 1).sum() == 19
    homes = within(town.buildings, shape)["external_id"]
    counted = town.building_counts[town.building_counts["external_id"].isin(homes)]
    sums = counted.groupby("month")[["residents", "temporary_residents", "rented_homes"]].sum()
    steady = sums[sums.index >= pd.Timestamp(year, 12, 1)]
    assert (steady == [4_200, 1_125, 220]).all(axis=None)
    assert not (sums == [4_200, 1_125, 220]).all(axis=None)


def test_units_cover_each_other_exactly(town: Town) -> None:
    units = town.units
    for level, parent in (("town", "county"), ("community", "town")):
        children = units[units["level"] == level]
        assert shapely.coverage_is_valid(flat(children))
        for code, shape in units[units["level"] == parent].set_index("code").geometry.items():
            mine = children[children["parent_code"] == code]
            assert shapely.union_all(mine.geometry.to_numpy()).equals(shape)
    assert units["code"].is_unique
    assert units["code"].str.fullmatch(r"99\d{10}").all()


def flat(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Return the only polygon of each multipolygon."""
    shapes = frame.geometry.to_numpy()
    assert (shapely.get_num_geometries(shapes) == 1).all()
    return shapely.get_geometry(shapes, 0)


def test_basic_and_dedicated_cells_cover_each_community(town: Town) -> None:
    ground = town.cells[town.cells["kind"] != "micro"]
    assert shapely.coverage_is_valid(flat(ground))
    for code, mine in ground.groupby("community_code"):
        shape = community(town, str(code))
        assert shapely.union_all(mine.geometry.to_numpy()).equals(shape)
        area = sum(square_metres(cell) for cell in mine.geometry)
        assert area == pytest.approx(square_metres(shape), rel=1e-6)


def test_micro_cells_lie_in_one_basic_cell(town: Town) -> None:
    basic = town.cells[town.cells["kind"] == "basic"]
    micro = town.cells[town.cells["kind"] == "micro"]
    assert len(micro) == 10
    for shape in micro.geometry:
        shares = shapely.area(shapely.intersection(basic.geometry.to_numpy(), shape)) / shape.area
        assert shares.max() == pytest.approx(1, abs=1e-6)
    assert shapely.coverage_is_valid(flat(micro))


def test_cells_are_numbered_from_west_to_east(town: Town) -> None:
    cells = town.cells
    assert cells["code"].is_unique
    assert (cells["code"].str[:12] == cells["community_code"]).all()
    for _, mine in cells.groupby("community_code"):
        assert mine["code"].str[12:].astype(int).tolist() == list(range(1, len(mine) + 1))
        assert mine.geometry.representative_point().x.is_monotonic_increasing


def test_buildings_stand_inside_their_community_and_apart(town: Town) -> None:
    shapes = town.buildings.geometry.to_numpy()
    communities = town.units[town.units["level"] == "community"].geometry.to_numpy()
    tree = shapely.STRtree(communities)
    assert len(tree.query(shapes, predicate="within")[0]) == len(shapes)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    assert (left < right).sum() <= 0.01 * len(shapes)


def test_geometries_are_valid_and_have_metric_sizes(town: Town) -> None:
    for name in ("units", "cells", "buildings", "places", "roads", "ground"):
        frame = getattr(town, name)
        assert frame.crs.to_epsg() == 4326
        assert frame.geometry.is_valid.all()
        assert not frame.geometry.is_empty.any()
    homes = town.buildings[town.buildings["kind"] == "residential"]
    areas = np.array([square_metres(shape) for shape in homes.geometry[:200]])
    assert (areas > 80).all()
    assert (areas < 1_500).all()


def test_roads_are_connected_and_cross_the_river(town: Town) -> None:
    points, index = shapely.get_coordinates(town.roads.geometry.to_numpy(), return_index=True)
    node = np.unique(points, axis=0, return_inverse=True)[1].ravel()
    parent = np.arange(node.max() + 1 + len(town.roads))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    offset = node.max() + 1
    for n, road in zip(node.tolist(), (index + offset).tolist(), strict=True):
        parent[root(n)] = root(road)
    size = np.bincount([root(k + offset) for k in range(len(town.roads))])
    assert size.max() > 0.95 * len(town.roads)
    river = town.ground[(town.ground["kind"] == "water") & (town.ground["name"] == "安澜河")]
    crossing = town.roads[town.roads.intersects(river.geometry.union_all())]
    assert len(crossing) >= 1
    assert crossing["bridge"].all()


def test_streets_have_names_that_no_other_street_has(town: Town) -> None:
    named = town.roads[town.roads["kind"].isin(["primary", "secondary", "tertiary", "residential"])]
    assert (named["name"].str.len() > 1).all()
    # All stretches of one street lie along one line, so together they stay narrow.
    for _, stretches in named.groupby("name"):
        box = stretches.geometry.union_all().minimum_rotated_rectangle
        west, south, east, north = stretches.total_bounds
        assert box.area < 0.25 * max(east - west, north - south) ** 2 + 1e-9


def test_every_name_is_given(town: Town) -> None:
    for name in ("units", "cells", "buildings", "places"):
        assert (getattr(town, name)["name"].str.len() > 1).all()
    assert town.units["name_en"].str.isascii().all()
    assert (town.buildings["address"].str.len() > 4).all()
    assert town.buildings["external_id"].is_unique
    assert town.places["external_id"].is_unique
    assert set(town.places["kind"]) >= {"police_room", "school", "hospital", "market", "park"}


def test_history_ends_with_the_latest_counts_and_drifts_slowly(town: Town) -> None:
    history = town.building_counts
    assert history["month"].nunique() == 24
    assert not history.duplicated(["external_id", "month"]).any()
    last = history[history["month"] == history["month"].max()].set_index("external_id")
    columns = ["households", "residents", "temporary_residents", "rented_homes", "shops"]
    latest = town.buildings.set_index("external_id").loc[last.index]
    pd.testing.assert_frame_equal(last[columns], latest[columns])
    assert (town.buildings["month"] == pd.Timestamp(2026, 6, 1)).all()
    monthly = history.groupby("month")["residents"].sum()
    assert (monthly.pct_change().abs().dropna() < 0.02).all()
    assert (history[columns].to_numpy() >= 0).all()


def test_incidents_span_thirty_months_and_nearly_all_lie_in_a_cell(town: Town) -> None:
    incidents = town.incidents
    assert len(incidents) == (60_000 if len(town.units) > 5 else 3_000)
    assert str(incidents["occurred_at"].dtype) == "datetime64[us, Asia/Shanghai]"
    assert incidents["occurred_at"].min() >= pd.Timestamp("2024-01-01", tz="Asia/Shanghai")
    assert incidents["occurred_at"].max() < pd.Timestamp("2026-07-01", tz="Asia/Shanghai")
    assert incidents["occurred_at"].is_monotonic_increasing
    assert incidents["external_id"].is_unique
    assert incidents["external_id"].str.fullmatch(r"20\d\d-\d{6}").all()
    county = town.units.geometry.iloc[0]
    assert len(incidents_in(town, county)) == round(0.999 * len(incidents))
    points = shapely.points(incidents["lon"], incidents["lat"])
    cells = town.cells[town.cells["kind"] != "micro"].geometry.to_numpy()
    hit = np.unique(shapely.STRtree(cells).query(points, predicate="intersects")[0])
    assert len(hit) == round(0.999 * len(incidents))
    leaves = set(town.categories["code"]) - set(town.categories["parent_code"])
    assert set(incidents["category"]) <= leaves


def test_incidents_keep_their_daily_and_weekly_rhythm() -> None:
    incidents = make_town("town", 5).incidents
    hour = incidents["occurred_at"].dt.hour
    free = incidents["occurred_at"].dt.day_of_week >= 5
    theft = incidents["category"] == "A11"
    assert hour[theft].between(17, 22).mean() > 0.6
    noise = incidents["category"] == "A22"
    assert hour[noise].isin([20, 21, 22, 23, 0]).mean() > 0.6
    assert free[noise].mean() > 2 / 7 + 0.05
    questions = incidents["category"] == "E2"
    assert hour[questions].between(8, 17).mean() > 0.7
    assert free[questions].mean() < 2 / 7 - 0.05
    crimes = incidents[incidents["category"].str.startswith("A1")]["category"]
    assert (crimes == "A11").mean() == pytest.approx(0.3, abs=0.05)
    assert (crimes == "A12").mean() == pytest.approx(0.25, abs=0.05)


def test_planted_hotspots_hold_as_many_incidents_as_the_truth_says(town: Town) -> None:
    incidents = town.incidents.set_index("external_id")
    assert town.truth
    for spot in town.truth:
        mine = incidents.loc[spot["external_ids"]]
        assert len(mine) == spot["planted"]
        assert set(mine["category"]) == set(spot["categories"])
        lon, lat = spot["centre"]
        away = GEOD.inv([lon] * len(mine), [lat] * len(mine), mine["lon"], mine["lat"])[2]
        assert away.max() <= spot["radius_m"]
        when = mine["occurred_at"].dt
        assert set(when.hour) <= set(spot["hours"])
        assert set(when.day_of_week) <= set(spot["weekdays"])
        assert min(when.date) >= date.fromisoformat(spot["from"])
        assert max(when.date) <= date.fromisoformat(spot["to"])


def test_the_period_ends_with_the_day_asked_for() -> None:
    town = make_town("small", 1, date(2025, 12, 31))
    times = town.incidents["occurred_at"]
    assert times.min().to_pydatetime().replace(tzinfo=None) >= datetime(2023, 1, 1)  # noqa: DTZ001
    assert times.max().date() <= date(2025, 12, 31)
    mine = incidents_in(town, community(town, town.community_b))
    last = mine[mine["occurred_at"].dt.year == 2024]["category"]
    assert last.str.startswith("A1").sum() == 16


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (35, "三十五"), (100, "一百"),
     (101, "一百零一"), (112, "一百一十二"), (230, "二百三十")],
)  # fmt: skip
def test_lanes_are_counted_in_chinese(number: int, text: str) -> None:
    assert numeral(number) == text
