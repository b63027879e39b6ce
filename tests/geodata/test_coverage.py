"""Checks on polygon layers, on squares whose areas are worked out by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.coverage import (
    SAFE_CHANGE,
    gaps,
    outside_parent,
    overlaps,
    repair,
)
from geodata.messages import GeodataError
from geodata.metric import metres_per_degree
from tests.geodata.all_faults import all_faults

LON, LAT = 117.2, 28.3
SCALE = metres_per_degree(LAT)


def metres(geometry: shapely.Geometry) -> shapely.Geometry:
    """Put a shape drawn in metres down at 117.2° E, 28.3° N."""
    return shapely.transform(geometry, lambda xy: xy / SCALE + [LON, LAT])


def layer(*shapes: shapely.Geometry, parent: str = "P") -> gpd.GeoDataFrame:
    codes = [chr(ord("a") + k) for k in range(len(shapes))]
    return gpd.GeoDataFrame(
        {"code": codes, "community_code": parent},
        geometry=[None if s is None else metres(s) for s in shapes],
        crs=4326,
    )


def parents(**shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"code": list(shapes)}, geometry=[metres(s) for s in shapes.values()], crs=4326
    )


def test_overlap_has_both_codes_and_its_area() -> None:
    found = overlaps(
        layer(
            shapely.box(0, 0, 100, 100),
            shapely.box(90, 0, 200, 100),  # 10 m x 100 m of a
            shapely.box(200, 0, 300, 100),  # only a border with b
            shapely.box(250, 50, 260, 60),  # lies in c
            shapely.box(300, 100, 400, 200),  # only a corner with c
            None,
        )
    )
    assert found[["check", "left", "right"]].to_numpy().tolist() == [
        ["overlap", "a", "b"],
        ["overlap", "c", "d"],
    ]
    assert found["area_m2"].tolist() == pytest.approx([1000, 100], rel=2e-3)
    assert found.crs.to_epsg() == 4326
    assert set(found.geom_type) <= {"Polygon", "MultiPolygon"}


def test_twins_overlap_once_and_the_tolerance_counts() -> None:
    square = shapely.box(0, 0, 10, 10)
    twins = layer(square, square)
    assert overlaps(twins)["area_m2"].tolist() == pytest.approx([100], rel=2e-3)
    assert overlaps(twins, tolerance_m2=101).empty


def test_a_corner_on_a_long_straight_border_is_no_fault() -> None:
    # Ten kilometres east to west: in a projected plane the border would bend by decimetres.
    south = shapely.box(0, 0, 10_000, 100)
    north = [shapely.box(0, 100, 5_000, 200), shapely.box(5_000, 100, 10_000, 200)]
    frame = layer(south, *north)
    assert all_faults(frame, parents(P=shapely.box(0, 0, 10_000, 200))) == 0
    assert all_faults(frame) == 0


def test_gaps_inside_a_parent() -> None:
    frame = layer(shapely.box(0, 0, 100, 100), shapely.box(120, 0, 200, 100))
    outlines = parents(P=shapely.box(0, 0, 200, 105), Q=shapely.box(500, 0, 510, 10))
    found = gaps(frame, outlines)
    # The slit of 20 m x 100 m and the strip of 5 m x 200 m hang together.
    assert found[["check", "left", "right"]].to_numpy().tolist() == [
        ["gap", "P", None],
        ["gap", "Q", None],
    ]
    assert found["area_m2"].tolist() == pytest.approx([3000, 100], rel=2e-3)


def test_gaps_without_a_parent_are_holes_and_slits() -> None:
    ring = shapely.difference(shapely.box(0, 0, 100, 100), shapely.box(40, 40, 50, 50))
    found = gaps(layer(ring, shapely.box(101, 0, 200, 100), shapely.box(210, 0, 300, 100)))
    # The hole of 100 m2 and the slit 1 m wide; 10 m are a street that nobody has forgotten.
    assert found["area_m2"].tolist() == pytest.approx([100, 100], rel=2e-3)
    assert found["left"].isna().all()


def test_outside_parent() -> None:
    frame = layer(shapely.box(0, 0, 100, 100), shapely.box(50, 0, 150, 50), shapely.box(0, 0, 1, 1))
    frame.loc[2, "community_code"] = "unknown"
    found = outside_parent(frame, parents(P=shapely.box(0, 0, 120, 100)))
    assert found[["check", "left", "right"]].to_numpy().tolist() == [["outside_parent", "b", "P"]]
    assert found["area_m2"].tolist() == pytest.approx([1500], rel=2e-3)


def test_empty_layers_have_no_findings() -> None:
    for frame in (layer(), layer(None)):
        for result in (
            overlaps(frame), gaps(frame),
            outside_parent(frame, parents(P=shapely.box(0, 0, 1, 1))),
        ):  # fmt: skip
            assert result.empty
            assert list(result.columns) == ["check", "left", "right", "area_m2", "geometry"]
    assert len(gaps(layer(), parents(P=shapely.box(0, 0, 10, 10)))) == 1


def test_another_system_is_refused() -> None:
    with pytest.raises(GeodataError, match="WGS 84"):
        overlaps(layer(shapely.box(0, 0, 1, 1)).to_crs(3857))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_a_warped_mesh_has_no_faults(columns: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    nodes = np.stack([x, y], axis=-1) * 200 + rng.uniform(-60, 60, (rows + 1, columns + 1, 2))
    corners = [nodes[:-1, :-1], nodes[:-1, 1:], nodes[1:, 1:], nodes[1:, :-1]]
    cells = shapely.polygons(np.stack(corners, axis=2).reshape(-1, 4, 2))
    frame = layer(*cells)
    outline = gpd.GeoDataFrame(
        {"code": ["P"]}, geometry=[shapely.union_all(frame.geometry.to_numpy())], crs=4326
    )
    assert all_faults(frame, outline) == 0
    assert all_faults(frame) == 0


def test_safe_repairs() -> None:
    spike = shapely.Polygon([(0, 0), (10, 0), (10, 10), (10, 15), (10, 10), (0, 10)])
    touching = shapely.Polygon(
        [(0, 0), (10, 0), (5, 5), (10, 10), (0, 10), (5, 5), (0, 0)]
    )  # Two triangles that meet in a point, drawn in one line.
    result = repair([spike, touching, shapely.box(0, 0, 1, 1), None, shapely.Point(1, 1)])
    assert result.repaired.tolist() == [True, True, False, False, False]
    assert not result.refused.any()
    assert shapely.is_valid(result.geometries[:2]).all()
    assert shapely.area(result.geometries[:2]).tolist() == [100, 50]
    assert [f is not None for f in result.faults] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("shape", "fault"),
    [
        (shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), "crosses itself at 5, 5"),
        (
            shapely.Polygon(
                [(0, 0), (9, 0), (9, 9), (0, 9)], [[(20, 0), (29, 0), (29, 9), (20, 9)]]
            ),
            "a hole lies outside the outline at 20, 0",
        ),
        (
            shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(2, 2, 4, 4)]),
            "one part lies inside another part",
        ),
        (shapely.Polygon([(0, 0), (np.inf, 0), (1, 1)]), "a coordinate is no number"),
        (shapely.Polygon([(0, 0), (1, 1), (0, 0)]), "too few points"),
    ],
)
def test_doubtful_repairs_are_refused(shape: shapely.Geometry, fault: str) -> None:
    result = repair([shape])
    assert result.refused.tolist() == [True]
    assert not result.repaired.any()
    assert result.geometries[0] is shape
    assert fault in str(result.faults[0])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=9))
def test_a_repair_is_valid_and_keeps_the_area(ring: list[tuple[int, int]]) -> None:
    polygon = shapely.Polygon(ring)
    result = repair([polygon])
    assert result.repaired[0] + result.refused[0] + polygon.is_valid == 1
    if result.repaired[0]:
        assert shapely.is_valid(result.geometries[0])
        assert abs(shapely.area(result.geometries[0]) - polygon.area) <= SAFE_CHANGE * polygon.area
