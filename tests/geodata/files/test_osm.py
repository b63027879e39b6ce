"""OpenStreetMap extracts, by a small file and by those of real towns."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from geodata.files.osm import read_osm
from geodata.messages import GeodataError

OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lon="117.0" lat="28.0"/><node id="2" lon="117.1" lat="28.0"/>
 <node id="3" lon="117.1" lat="28.1"/><node id="4" lon="117.0" lat="28.1"/>
 <node id="5" lon="117.05" lat="28.05"><tag k="amenity" v="police"/></node>
 <node id="6" lon="117.06" lat="28.05"><tag k="shop" v="books"/><tag k="name" v="书店"/></node>
 <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/>
  <tag k="oneway" v="-1"/><tag k="bridge" v="yes"/><tag k="name" v="Road"/>
  <tag k="name:zh" v="路"/></way>
 <way id="11"><nd ref="2"/><nd ref="3"/><tag k="highway" v="motorway"/></way>
 <way id="12"><nd ref="3"/><nd ref="4"/><tag k="highway" v="proposed"/></way>
 <way id="13"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
  <tag k="building" v="apartments"/><tag k="building:levels" v="6"/></way>
 <way id="14"><nd ref="1"/><nd ref="2"/><nd ref="4"/><nd ref="1"/></way>
 <relation id="20"><member type="way" ref="14" role="outer"/><tag k="type" v="boundary"/>
  <tag k="boundary" v="administrative"/><tag k="admin_level" v="8"/><tag k="name" v="街道"/>
  <tag k="name:en" v="Street"/></relation>
</osm>
"""


def test_the_canonical_frames_of_a_small_extract(tmp_path: Path) -> None:
    (tmp_path / "a.osm").write_text(OSM, "utf-8")
    frames = read_osm(tmp_path / "a.osm")
    roads = frames["roads"].set_index("external_id")
    assert roads.index.tolist() == ["way/10", "way/11"]
    assert roads.loc["way/10", ["name", "oneway", "bridge"]].tolist() == ["路", True, True]
    assert roads.geometry["way/10"].equals_exact(
        shapely.LineString([(117.1, 28.0), (117.0, 28.0)]), 1e-9
    ), "oneway=-1 runs against the drawn direction"
    assert roads["oneway"].tolist() == [True, True]
    assert frames["buildings"][["external_id", "kind", "storeys"]].iloc[0].tolist() == [
        "way/13", "apartments", 6,
    ]  # fmt: skip
    assert frames["places"]["kind"].tolist() == ["police_room", "enterprise"]
    unit = frames["units"].iloc[0]
    assert (unit["external_id"], unit["admin_level"], unit["name"], unit["name_en"]) == (
        "relation/20", 8, "街道", "Street",
    )  # fmt: skip
    assert all(frame.crs == "EPSG:4326" for frame in frames.values())


def test_what_is_no_extract_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.osm.pbf").write_bytes(b"something else")
    with pytest.raises(GeodataError, match="is no OSM file"):
        read_osm(tmp_path / "a.osm.pbf")


def test_towns(sample_data: Path) -> None:
    guixi = read_osm(sample_data / "guixi" / "guixi.osm.pbf")
    assert len(guixi["buildings"]) == 165
    assert guixi["units"]["name"].tolist() == ["东门街道"]
    assert "冶金大道" in set(guixi["roads"]["name"])
    haidian = read_osm(sample_data / "beijing_haidian" / "tsinghua.osm.pbf")
    assert len(haidian["buildings"]) == 521
    assert haidian["buildings"]["name"].notna().sum() >= 292
