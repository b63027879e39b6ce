"""The networks of real towns: how far they hang together, and that ways lie on their streets."""

from __future__ import annotations

import os
from functools import cache
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from geodata.files.osm import read_osm
from gridmap.patrols.network import Mode
from gridmap.patrols.streets.building import Streets, build
from gridmap.patrols.streets.placed import Placed, place
from gridmap.patrols.streets.routing import Router
from gridmap.patrols.streets.tracing import Waypoint, trace_on

SAMPLES = Path(
    os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[3] / ".." / "shared" / "data")
)
FILES = {"guixi": "guixi/guixi", "yuma": "yuma/yuma", "tsinghua": "beijing_haidian/tsinghua"}
TOWNS = [
    name if (SAMPLES / f"{file}.osm.pbf").is_file()
    else pytest.param(name, marks=pytest.mark.skip(reason=f"GRIDMAP_SAMPLE_DATA lacks {file}"))
    for name, file in FILES.items()
]  # fmt: skip
#: Of the vertices of all roads, as the source of the data states it; measured in other ways it
#: is more, since no road that is only proposed counts here and ends that nearly meet are joined.
LARGEST = {"guixi": 0.995, "yuma": 0.955}


@cache
def town(name: str) -> tuple[gpd.GeoDataFrame, Streets, Placed]:
    roads = read_osm(SAMPLES / f"{FILES[name]}.osm.pbf")["roads"]
    streets = build(roads)
    placed = place(
        streets.lines, streets.start, streets.end, streets.length_m, streets.forward,
        streets.backward, np.arange(len(streets)), streets.name,
    )  # fmt: skip
    return roads, streets, placed


@pytest.mark.parametrize("name", TOWNS)
def test_the_streets_are_as_long_as_the_roads_and_lie_on_them(name: str) -> None:
    roads, streets, _ = town(name)
    open_roads = roads[~roads["kind"].isin(["busway", "bus_guideway"])]
    plane = open_roads.to_crs(open_roads.estimate_utm_crs())
    assert streets.length_m.sum() == pytest.approx(plane.length.sum(), rel=0.02)
    built = gpd.GeoSeries(streets.lines, crs="EPSG:4326").to_crs(plane.crs).to_numpy()
    points = shapely.points(shapely.get_coordinates(built))
    tree = shapely.STRtree(plane.geometry.to_numpy())
    _, away = tree.query_nearest(points, return_distance=True, all_matches=False)
    assert away.max() < 0.05, "a point of a street lies off all roads"


@pytest.mark.parametrize("name", [name for name in TOWNS if name in LARGEST])
def test_the_largest_part_is_as_large_as_the_source_states(name: str) -> None:
    _, streets, _ = town(name)
    graph = nx.Graph(zip(streets.start.tolist(), streets.end.tolist(), strict=True))
    largest = max(nx.connected_components(graph), key=len)
    inside = np.isin(streets.start, list(largest))
    units = np.round(shapely.get_coordinates(streets.lines) * 1e7).astype(np.int64)
    owner = shapely.get_coordinates(streets.lines, return_index=True)[1]
    vertices, mine = (
        len(np.unique(units[chosen], axis=0)) for chosen in (slice(None), inside[owner])
    )
    assert mine / vertices == pytest.approx(LARGEST[name], abs=0.007)


@pytest.mark.parametrize("name", TOWNS)
@pytest.mark.parametrize("mode", list(Mode))
def test_ways_lie_on_streets_everywhere_and_are_as_long_as_those_of_networkx(
    name: str, mode: Mode
) -> None:
    _, _, placed = town(name)
    network, router = placed.network, Router(placed.network, mode)
    rng = np.random.default_rng(4)
    usable = np.flatnonzero((network.forward | network.backward) & mode)
    at = shapely.line_interpolate_point(
        network.lines[rng.choice(usable, 16)], rng.random(16), normalized=True
    )
    spots = router.snap(shapely.get_x(at), shapely.get_y(at), 1.0)
    assert (spots.segment >= 0).all()
    assert spots.distance_m.max() < 1e-6
    _, metres = router.matrix(spots)
    tree = shapely.STRtree(network.lines[usable])
    graph = nx.MultiDiGraph()
    for k in usable.tolist():
        start, end, length = int(network.start[k]), int(network.end[k]), float(network.length_m[k])
        if network.forward[k] & mode:
            graph.add_edge(start, end, weight=length)
        if network.backward[k] & mode:
            graph.add_edge(end, start, weight=length)
    reached = 0
    for i in range(8):
        path = router.path(spots[i], spots[i + 8])
        assert path.length_m == pytest.approx(metres[i, i + 8])
        if not np.isfinite(path.length_m):
            continue
        reached += 1
        points = shapely.line_interpolate_point(path.line, np.linspace(0, 1, 2000), normalized=True)
        _, away = tree.query_nearest(points, return_distance=True, all_matches=False)
        assert away.max() < 1e-6
        # The plane of metres distorts lengths by less than a thousandth.
        assert path.line.length == pytest.approx(path.length_m, rel=1e-3)
        inner = path.segments[1:-1]
        if len(inner) > 1:
            first, last = path.segments[[1, -2]]
            a = network.start[first] if path.forward[1] else network.end[first]
            b = network.end[last] if path.forward[-2] else network.start[last]
            between = nx.shortest_path_length(graph, int(a), int(b), weight="weight")
            assert network.length_m[inner].sum() == pytest.approx(between)
    assert reached > 0


@pytest.mark.parametrize("name", [name for name in TOWNS if name == "tsinghua"])
def test_a_line_through_tsinghua_names_its_streets_in_chinese(name: str) -> None:
    _, streets, placed = town(name)
    named = np.flatnonzero((streets.name != "") & (streets.component == 0))
    middles = shapely.line_interpolate_point(streets.lines[named], 0.5, normalized=True)
    west, east = (
        middles[np.argmin(shapely.get_x(middles))],
        middles[np.argmax(shapely.get_x(middles))],
    )
    found = trace_on(placed, [Waypoint(west.x, west.y), Waypoint(east.x, east.y)], Mode.FOOT)
    assert found.length_m > 1000
    names = found.legs[0].streets
    assert len(names) > 2
    assert all(
        any("\u4e00" <= sign <= "\u9fff" for sign in name) for name in names[:1] + names[-1:]
    )
    assert all(one != other for one, other in pairwise(names))
