"""First sketches of areas and cells: whole, valid, without gaps or overlaps."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.blocks import sketch_areas, sketch_cells
from geodata.merging import merge_small
from geodata.messages import GeodataError
from geodata.metric import metres_per_degree
from tests.geodata.all_faults import all_faults

LON, LAT = 117.2, 28.3
SCALE = metres_per_degree(LAT)
SAMPLES = Path(
    os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")
)


def metres(geometry: shapely.Geometry) -> shapely.Geometry:
    """Put a shape drawn in metres down at 117.2° E, 28.3° N."""
    return shapely.transform(geometry, lambda xy: xy / SCALE + [LON, LAT])


def frame(*shapes: shapely.Geometry | None, **columns: object) -> gpd.GeoDataFrame:
    geometry = [None if s is None else metres(s) for s in shapes]
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=4326)


def assert_covers(found: gpd.GeoDataFrame, outline: shapely.Geometry) -> None:
    areas = found.geometry[found.geometry.notna()].to_numpy()
    assert shapely.is_valid(areas).all()
    # The borders agree corner by corner, so there are neither gaps nor overlaps inside.
    assert shapely.coverage_is_valid(areas)
    union = shapely.coverage_union_all(areas)
    assert abs(shapely.area(union) - shapely.area(outline)) * SCALE.prod() < 0.01
    assert shapely.hausdorff_distance(union.boundary, outline.boundary) < 1e-11


def assert_no_findings(found: gpd.GeoDataFrame, outline: shapely.Geometry) -> None:
    areas = found[found.geometry.notna()]
    areas = areas.assign(code=np.arange(len(areas)), community_code="P")
    parent = gpd.GeoDataFrame({"code": ["P"]}, geometry=[outline], crs=4326)
    assert all_faults(areas, parent, tolerance_m2=0.1) == 0


SQUARE = metres(shapely.box(0, 0, 1000, 1000))
CROSS = frame(
    shapely.LineString([(-50, 500), (1050, 500)]),
    shapely.LineString([(300, -50), (300, 1050)]),
    shapely.LineString([(600, 500), (600, 700)]),  # A dead end.
    kind=["residential", "residential", "service"],
)


def test_areas_take_what_is_nearest() -> None:
    points = frame(
        shapely.Point(200, 500), None, shapely.Point(600, 500), shapely.Point(9000, 500),
        code=["w", "unknown", "e", "far"],
    )  # fmt: skip
    points.index = [7, 5, 5, 9]
    areas = sketch_areas(points, SQUARE)
    assert areas["code"].tolist() == ["w", "unknown", "e", "far"]
    assert areas.index.tolist() == [7, 5, 5, 9]
    assert areas.geometry.isna().tolist() == [False, True, False, True]
    # The border runs half-way, at 400 m.
    assert (shapely.area(areas.geometry.to_numpy()[[0, 2]]) * SCALE.prod()).tolist() == (
        pytest.approx([400_000, 600_000], rel=1e-3)
    )
    assert_covers(areas, SQUARE)


def test_areas_of_one_point_of_twins_and_of_none() -> None:
    lone = sketch_areas(frame(shapely.Point(1, 1)), SQUARE)
    assert_covers(lone, SQUARE)
    twins = sketch_areas(frame(*[shapely.Point(500, 500)] * 3), SQUARE)
    assert twins.geometry.notna().all()
    assert_covers(twins, SQUARE)
    assert sketch_areas(frame(None), SQUARE).geometry.isna().all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-200, 1200), st.floats(-200, 1200)), min_size=1, max_size=12),
    st.integers(0, 1000),
)
def test_areas_cover_the_outline(sites: list[tuple[float, float]], seed: int) -> None:
    outline = metres(star(seed))
    areas = sketch_areas(frame(*shapely.points(np.atleast_2d(sites))), outline)
    assert_covers(areas, outline)


def star(seed: int) -> shapely.Polygon:
    """Draw a ragged outline with a hole, some 1,000 m across."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = rng.uniform(250, 500, 24)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None] + 500
    return shapely.Polygon(ring, [[(450, 450), (450, 550), (550, 550), (550, 450)]])


def test_roads_make_the_blocks() -> None:
    cells = sketch_cells(SQUARE, CROSS, target=250_000)
    # 300 x 500 and 700 x 500 m twice; three fifths of the target is joined if that fits, and
    # the two small blocks fit with each other: 300,000 m2.
    assert sorted(cells["area_m2"]) == pytest.approx([300_000, 350_000, 350_000], rel=2e-3)
    assert list(cells.columns) == ["holds", "area_m2", "geometry"]
    assert cells.crs.to_epsg() == 4326
    assert_covers(cells, SQUARE)


def test_main_roads_are_the_last_borders_to_go() -> None:
    # Three strips; the middle one is too small and has a long border on either side.
    lines = [shapely.LineString([(x, -9), (x, 1009)]) for x in (450, 550)]
    for kinds, west in ((["primary", "residential"], 450), (["residential", "trunk_link"], 550)):
        cells = sketch_cells(SQUARE, frame(*lines, kind=kinds), target=450_000)
        assert min(cells["area_m2"]) == pytest.approx(450_000, rel=2e-3)
        corner = metres(shapely.Point(1, 1))
        first = cells[cells.covers(corner)]["area_m2"].item()
        assert first == pytest.approx(west * 1000, rel=2e-3)


def test_without_roads_the_area_is_cut_evenly() -> None:
    for roads in (None, CROSS.iloc[:0]):
        cells = sketch_cells(SQUARE, roads, target=100_000)
        assert 8 <= len(cells) <= 12
        assert cells["area_m2"].min() > 50_000
        assert_covers(cells, SQUARE)


def test_buildings_and_households_are_counted() -> None:
    rng = np.random.default_rng(3)
    spots = shapely.points(rng.uniform(0, 1000, (300, 2)))
    nothing = [None, shapely.Polygon()]
    buildings = frame(*nothing, *spots, households=[5.0, 7.0] + [2.0] * 299 + [None])
    cells = sketch_cells(SQUARE, CROSS, buildings, target=40, measure="buildings")
    assert cells["holds"].sum() == 300
    assert cells["holds"].between(16, 80).all()
    assert_covers(cells, SQUARE)
    homes = sketch_cells(SQUARE, None, buildings, target=100, measure="households")
    assert homes["holds"].sum() == 598
    assert 4 <= len(homes) <= 8
    # Where nothing stands there is nothing to cut for.
    far = frame(shapely.Point(5000, 5000))
    assert len(sketch_cells(SQUARE, CROSS, far, target=5, measure="buildings")) == 1


def test_one_great_building_cannot_be_cut() -> None:
    tower = frame(shapely.box(10, 10, 60, 60), households=[900])
    assert len(sketch_cells(SQUARE, None, tower, target=300, measure="households")) == 1


def test_islands_are_cut_by_themselves() -> None:
    islands = metres(
        shapely.MultiPolygon([shapely.box(0, 0, 900, 900), shapely.box(2e3, 0, 2100, 90)])
    )
    cells = sketch_cells(islands, CROSS, target=400_000)
    assert cells.geom_type.unique().tolist() == ["Polygon"]
    assert min(cells["area_m2"]) == pytest.approx(9_000, rel=2e-3)
    assert_covers(cells, islands)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(-100, 1100), st.integers(-100, 1100)), min_size=2, max_size=5
        ),
        max_size=10,
    ),
    st.integers(0, 1000),
    st.sampled_from([20_000, 60_000, 200_000, 10_000_000]),
)
def test_cells_cover_the_outline(
    roads: list[list[tuple[int, int]]], seed: int, target: float
) -> None:
    outline = metres(star(seed))
    lines = frame(*[shapely.LineString(r) for r in roads]) if roads else None
    cells = sketch_cells(outline, lines, target=target)
    assert (cells.geom_type == "Polygon").all()
    assert cells.is_valid.all()
    assert_covers(cells, outline)


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(GeodataError, match="more than 0"):
        sketch_cells(SQUARE, None, target=0)
    with pytest.raises(GeodataError, match="give the buildings"):
        sketch_cells(SQUARE, None, target=5, measure="households")
    with pytest.raises(GeodataError, match="that tell theirs"):
        sketch_cells(SQUARE, None, frame(None), target=5, measure="households")
    with pytest.raises(GeodataError, match="no valid polygon"):
        sketch_cells(shapely.Point(1, 1), None, target=5)
    with pytest.raises(GeodataError, match="no valid polygon"):
        sketch_areas(frame(None), shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))


def test_merging_by_hand() -> None:
    # A row 1 - 2 - 3 - 10 with borders 5, 7, 100 and a target of 4: 1 joins 2, the 3 is enough.
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    holds, borders = np.array([1.0, 2, 3, 10]), np.array([5.0, 7, 100])
    assert np.unique(merge_small(holds, pairs, borders, 4), return_inverse=True)[1].tolist() == [
        0,
        0,
        1,
        2,
    ]
    # Of a target of 10 the three small ones together hold 6, and the great one would be too much.
    assert len(np.unique(merge_small(holds, pairs, borders, 10))) == 2
    # Nothing holds anything: all join.
    assert len(np.unique(merge_small(np.zeros(4), pairs, borders, 10))) == 1


@pytest.mark.skipif(
    not (SAMPLES / "yuma").is_dir(), reason="GRIDMAP_SAMPLE_DATA has no folder yuma"
)
def test_a_whole_city() -> None:
    file = SAMPLES / "yuma" / "yuma.osm.pbf"
    lines = gpd.read_file(file, layer="lines", on_invalid="ignore")
    roads = lines[lines["highway"].notna()].rename(columns={"highway": "kind"})
    outline = shapely.box(*roads.total_bounds)
    cells = sketch_cells(outline, roads, target=500_000)
    assert cells["area_m2"].median() == pytest.approx(500_000, rel=0.2)
    assert cells["area_m2"].between(200_000, 800_000).mean() > 0.95
    assert_covers(cells, outline)
    assert_no_findings(cells, outline)
