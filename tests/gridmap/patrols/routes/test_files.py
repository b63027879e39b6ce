"""Routes leave as GPX 1.1 and GeoJSON, and come back from GPX, GeoJSON and KML."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from geodata.files.reading import read
from geodata.messages import GeodataError
from gridmap.patrols.routes import service
from gridmap.patrols.routes.drafts import MOST_POINTS
from gridmap.patrols.routes.files_in import MOST_CLICKS, read_routes
from gridmap.patrols.routes.files_out import geojson_of, gpx_of
from gridmap.patrols.routes.queries import stops_of
from gridmap.workforce.rights import Actor
from tests.gridmap.patrols.routes.conftest import at, draft, stop

DATA = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", Path(__file__).parents[5] / "shared" / "data"))
ODD = sorted((DATA / "odd_gpx").glob("*.gpx")) if DATA.is_dir() else []
MADE = datetime(2026, 4, 1, 8, tzinfo=UTC)


def test_a_route_goes_out_and_comes_back(session: Session, planner: Actor, tmp_path: Path) -> None:
    drawn = draft(
        (0.5, 1), (2, 1.5), (3.5, 1), notes="夜间 <巡查> & \x07铃",
        stops=[stop(1, 1.2, name="东门警务室", kind="police_room", opens="20:00", must=True)],
    )  # fmt: skip
    route = service.create_route(session, planner, drawn)
    stops = stops_of(session, route.id)
    for form, content in (
        ("gpx", gpx_of(route, stops, MADE)),
        ("geojson", geojson_of(route, stops)),
    ):
        path = tmp_path / f"东街巡线.{form}"
        path.write_bytes(content)
        found = read_routes(path)
        (line,) = found.lines
        assert line.name == "东街巡线"
        assert line.line.tolist() == [at(0.5, 1), at(2, 1.5), at(3.5, 1)]
        assert [(each.name, each.lon, each.lat, each.kind) for each in found.stops] == [
            ("东门警务室", *at(1, 1.2), "police_room")
        ]
        assert found.notes == ()


def test_gpx_is_that_of_the_standard(session: Session, planner: Actor) -> None:
    route = service.create_route(session, planner, draft(stops=[stop(1, 1)]))
    content = gpx_of(route, stops_of(session, route.id), MADE)
    root = ElementTree.fromstring(content)  # noqa: S314 - Our own.
    space = "{http://www.topografix.com/GPX/1/1}"
    assert root.tag == f"{space}gpx"
    assert root.attrib["version"] == "1.1"
    # The schema is a sequence: metadata, then points, then tracks.
    assert [each.tag.removeprefix(space) for each in root] == ["metadata", "wpt", "trk"]
    assert len(root.findall(f".//{space}trkpt")) == 2


def test_geojson_is_right_handed_and_says_what_it_is(session: Session, planner: Actor) -> None:
    route = service.create_route(session, planner, draft(stops=[stop(1, 1, dwell_min=15)]))
    content = json.loads(geojson_of(route, stops_of(session, route.id)))
    line, point = content["features"]
    assert line["geometry"] == json.loads(shapely.to_geojson(to_shape(route.geom)))
    assert line["properties"]["name"] == "东街巡线"
    assert (point["properties"]["position"], point["properties"]["dwell_min"]) == (1, 15)


@pytest.mark.parametrize("path", ODD, ids=lambda path: path.name)
def test_every_odd_gpx_is_read_or_refused_with_a_sentence(path: Path) -> None:
    refused = ""
    try:
        found = read_routes(path)
    except GeodataError as error:
        refused = str(error)
    if refused:
        assert len(refused) > 20
        assert path.name in refused
        return
    for line in found.lines:
        assert 2 <= len(line.clicks) <= MOST_CLICKS
        assert np.isfinite(line.line).all()
        assert line.length_m > 20
    # Nothing of the file is lost in silence.
    read_again = read(path)
    assert read_again.geometry is not None
    kept = shapely.union_all([shapely.LineString(line.line) for line in found.lines])
    for shape in read_again.geometry:
        if shape is not None and shape.length > 0.001:
            assert shapely.force_2d(shape).hausdorff_distance(kept.intersection(
                shapely.force_2d(shape).buffer(0.0005))) < 0.01  # fmt: skip


def test_the_odd_files_are_there_where_samples_are() -> None:
    assert not DATA.is_dir() or len(ODD) == 30


KML = """<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>夜巡</name>
<LineString><coordinates>{}</coordinates></LineString></Placemark></Document></kml>"""


def test_kml_with_a_chinese_name(tmp_path: Path) -> None:
    path = tmp_path / "夜巡.kml"
    spots = " ".join(f"{lon},{lat},30" for lon, lat in (at(0, 0), at(2, 0), at(2, 2)))
    path.write_text(KML.format(spots), encoding="utf-8")
    (line,) = read_routes(path).lines
    assert line.name == "夜巡"
    assert line.line.tolist() == [at(0, 0), at(2, 0), at(2, 2)]


def geojson(tmp_path: Path, *shapes: shapely.Geometry) -> Path:
    path = tmp_path / "f.geojson"
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)}
        for shape in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_a_hundred_thousand_points_become_few(tmp_path: Path) -> None:
    x = np.linspace(0, 30, 100_000)
    wave = np.column_stack([116 + x * 0.001, 28 + np.sin(x) * 0.001 + 2e-6 * np.sin(997 * x)])
    (line,) = read_routes(geojson(tmp_path, shapely.LineString(wave))).lines
    assert line.points == 100_000
    assert len(line.line) < MOST_POINTS
    assert len(line.clicks) <= MOST_CLICKS
    assert shapely.LineString(wave).hausdorff_distance(shapely.LineString(line.clicks)) < 0.0002


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        ([shapely.Point(116, 28)], "points and no line"),
        ([shapely.LineString([(116, 28), (116, 28.00001)])], "shorter than 20 m"),
        ([shapely.LineString([(500, 28), (600, 28)])], "not on the globe"),
    ],
)
def test_what_holds_no_route_is_refused(
    tmp_path: Path, shapes: list[shapely.Geometry], sentence: str
) -> None:
    with pytest.raises(GeodataError, match=sentence):
        read_routes(geojson(tmp_path, *shapes))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.txt", "1,2", "GPX, GeoJSON and KML"),
        ("x.gpx", "", "empty"),
        ("x.gpx", "<gpx", "x.gpx"),
        ("x.geojson", "{", "x.geojson"),
        ("x.kml", "<html/>", "x.kml"),
    ],
)
def test_what_is_no_such_file_is_refused(
    tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(GeodataError, match=sentence):
        read_routes(path)


def test_parts_and_rings_become_lines_of_their_own(tmp_path: Path) -> None:
    parts = shapely.MultiLineString([[at(0, 0), at(1, 0)], [at(2, 0), at(3, 0)]])
    ring = shapely.Polygon([at(0, 0), at(1, 0), at(1, 1)])
    tiny = shapely.LineString([at(0, 0), at(0.05, 0)])
    found = read_routes(geojson(tmp_path, parts, ring, tiny))
    assert [len(line.line) for line in found.lines] == [2, 2, 4]
    assert [str(note) for note in found.notes] == ["1 lines are shorter than 20 m and left out."]


def test_gcj02_is_shifted_back(tmp_path: Path) -> None:
    path = geojson(tmp_path, shapely.LineString([(116.404, 39.915), (116.414, 39.915)]))
    plain, shifted = (read_routes(path, system).lines[0].line for system in ("WGS84", "GCJ02"))
    # Some 500 m in Beijing.
    assert 0.004 < plain[0, 0] - shifted[0, 0] < 0.008
