"""Positions of a track, from the files that devices and programs write."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.messages import GeodataError
from geodata.positions import read_positions

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
ZONE = "Asia/Shanghai"
GPX = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="28.0" lon="117.0"><time>2026-05-01T12:00:00Z</time></trkpt>
<trkpt lat="28.001" lon="117.0"><time>2026-05-01T12:00:10Z</time></trkpt>
</trkseg></trk></gpx>"""


def test_gpx_times_are_utc(tmp_path: Path) -> None:
    path = tmp_path / "巡逻.gpx"
    path.write_text(GPX)
    frame, problems = read_positions(path, zone=ZONE, now=NOW)
    assert not len(problems)
    assert frame["at"].tolist() == [
        pd.Timestamp("2026-05-01T12:00:00Z"), pd.Timestamp("2026-05-01T12:00:10Z"),
    ]  # fmt: skip
    assert shapely.get_coordinates(frame.geometry).tolist() == [[117.0, 28.0], [117.0, 28.001]]


def test_table_times_are_local(tmp_path: Path) -> None:
    path = tmp_path / "轨迹.csv"
    path.write_text("定位时间,经度,纬度,精度\n2026-05-01 20:00:00,117.0,28.0,6\n", encoding="gbk")
    frame, _ = read_positions(path, zone=ZONE, now=NOW)
    assert frame["at"].iloc[0] == pd.Timestamp("2026-05-01T12:00:00Z")
    assert frame["accuracy_m"].iloc[0] == 6


def test_gcj02_is_moved_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,lon,lat\n2026-05-01 20:00:00,117.0,28.0\n")
    (plain, _), (moved, _) = (
        read_positions(path, system=system, zone=ZONE, now=NOW) for system in (None, "GCJ-02")
    )
    away = shapely.distance(plain.geometry.iloc[0], moved.geometry.iloc[0])
    assert 0.003 < away < 0.01


def line(times: list[str]) -> str:
    geometry = {"type": "LineString", "coordinates": [[117.0, 28.0], [117.001, 28.0]]}
    return json.dumps(
        {"type": "Feature", "properties": {"coordTimes": times}, "geometry": geometry}
    )


def test_lines_with_a_list_of_times(tmp_path: Path) -> None:
    path = tmp_path / "t.geojson"
    path.write_text(line(["2026-05-01T12:00:00Z", "2026-05-01T12:00:05Z"]))
    frame, _ = read_positions(path, zone=ZONE, now=NOW)
    assert np.diff(frame["at"].to_numpy()).astype("timedelta64[s]").tolist() == [
        dt.timedelta(seconds=5)
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "time,lon,lat\nyesterday,117,28\n", "cannot be read"),
        ("b.csv", "lon,lat\n117,28\n", "tells no times"),
        ("c.csv", "time,lon,lat\n2027-01-01 08:00,117,28\n", "still to come"),
        ("d.geojson", line(["2026-05-01T12:00:00Z"]), "1 times for 2 positions"),
        ("e.gpx", GPX.replace("trkpt", "rtept").replace("trkseg", "x").replace("trk>", "rte>"),
         "tells no times"),
        ("f.gpx", "<gpx", "f.gpx"),
    ],
)  # fmt: skip
def test_bad_files_get_a_sentence(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(GeodataError) as raised:
        read_positions(path, zone=ZONE, now=NOW)
    assert said in str(raised.value)
