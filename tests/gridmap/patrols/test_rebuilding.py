"""The network is built when roads were imported, by the job or by the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geodata.files.osm import read_osm
from gridmap.exchange.imports import import_osm
from gridmap.jobs.models import Job
from gridmap.jobs.running import do_waiting
from gridmap.patrols.models import StreetNetwork
from gridmap.patrols.streets.asking import KIND
from gridmap.patrols.streets.service import HANDLERS, build_first
from gridmap.territory.importing.layer import Choices
from gridmap.workforce.rights import SYSTEM
from tests.gridmap.small_town import call

#: A square with a path closed to cars, and two lines above and below it.
OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lon="117.000" lat="28.000"/><node id="2" lon="117.001" lat="28.000"/>
 <node id="3" lon="117.001" lat="28.001"/><node id="4" lon="117.000" lat="28.001"/>
 <node id="5" lon="117.0005" lat="27.999"/><node id="6" lon="117.0005" lat="28.002"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="service"/>
  <tag k="access" v="private"/></way>
 <way id="11"><nd ref="3"/><nd ref="4"/><tag k="highway" v="residential"/>
  <tag k="motor_vehicle" v="no"/></way>
 <way id="12"><nd ref="4"/><nd ref="1"/><tag k="highway" v="track"/><tag k="access" v="no"/>
  <tag k="foot" v="yes"/></way>
 <way id="13"><nd ref="5"/><nd ref="6"/><tag k="highway" v="footway"/><tag k="layer" v="-1"/>
  <tag k="bicycle" v="designated"/></way>
</osm>
"""


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path = tmp_path / "a.osm"
    path.write_text(OSM, "utf-8")
    return path


def test_the_tags_tell_who_may_use_a_road(extract: Path) -> None:
    roads = read_osm(extract)["roads"].set_index("external_id")
    marks = roads[["foot", "bicycle", "car"]].astype(object).where(lambda at: at.notna(), None)
    assert marks.loc["way/10"].tolist() == [None, None, None]
    assert marks.loc["way/11"].tolist() == [None, None, False]
    assert marks.loc["way/12"].tolist() == [True, False, False]
    assert marks.loc["way/13"].tolist() == [None, True, None]
    assert roads["tunnel"].tolist() == [False, False, False, True]
    assert not roads["bridge"].any()


def test_an_import_of_roads_asks_once_for_the_building(session: Session, extract: Path) -> None:
    for _ in range(2):
        import_osm(session, SYSTEM, extract, ("roads",), Choices(source="osm"))
    assert len(session.scalars(select(Job).where(Job.kind == KIND)).all()) == 1
    marks = session.execute(
        text("SELECT tunnel, foot, bicycle, car FROM road WHERE external_id = 'way/13'")
    ).one()
    assert tuple(marks) == (True, None, True, None)


def test_a_dry_run_asks_for_nothing(session: Session, extract: Path) -> None:
    import_osm(session, SYSTEM, extract, ("roads",), Choices(source="osm", dry_run=True))
    assert session.scalars(select(Job)).all() == []


def test_the_first_network_is_built_where_there_are_roads(session: Session, extract: Path) -> None:
    import_osm(session, SYSTEM, extract, ("roads",), Choices(source="osm"))
    assert build_first(session) is True
    assert build_first(session) is False
    report = session.execute(select(StreetNetwork.report)).scalar_one()
    # The way below the square meets nothing, and two of its sides cross above it.
    assert (report["roads"], report["segments"], report["parts"]) == (4, 4, 2)


def test_the_job_and_the_command_build_it(
    own_engine: Engine, own_database_url: str, extract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(own_engine) as session, session.begin():
        import_osm(session, SYSTEM, extract, ("roads",), Choices(source="osm"))
    assert do_waiting(own_engine, HANDLERS) == 1
    with Session(own_engine) as session:
        built = session.execute(select(StreetNetwork)).scalar_one()
        assert (built.version, built.outdated) == (1, False)
        assert session.execute(select(Job.state)).scalar_one() == "done"
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    result = call("streets")
    assert result.exit_code == 0
    assert "4 roads made 4 segments" in result.output
    with Session(own_engine) as session:
        assert session.execute(select(StreetNetwork.version)).scalar_one() == 2
