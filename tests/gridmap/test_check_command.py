from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gridmap.cli import cli
from gridmap.db import make_engine, make_sessions
from gridmap.territory.models import Building, Cell
from tests.gridmap.conftest import add_units, point, rectangle, wkb


@pytest.fixture
def run(own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", own_database_url)
    monkeypatch.setenv("GRIDMAP_LANG", "en")
    return CliRunner()


def fill(url: str) -> None:
    engine = make_engine(url)
    with make_sessions(engine).begin() as session:
        community = add_units(session, rectangle(0, 0, 4, 2))
        session.add_all(
            [
                Cell(
                    code="990001001001001",
                    kind="basic",
                    community_id=community.id,
                    geom=wkb(rectangle(0, 0, 2, 2)),
                ),
                Building(name="9号楼", geom=wkb(point(3, 1))),
                Building(name="10号楼", geom=wkb(point(3, 1))),
            ]
        )
    engine.dispose()


def test_findings_are_told_and_written(
    run: CliRunner, own_database_url: str, tmp_path: Path
) -> None:
    fill(own_database_url)
    file = tmp_path / "问题.geojson"
    result = run.invoke(cli, ["check", "--rows", "1", "--geojson", str(file)])
    assert result.exit_code == 1
    assert "Part of a community lies in no cell: 1" in result.output
    assert "... and 1 more." in result.output
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    assert [(f["properties"]["check"], f["properties"]["subject"]) for f in features] == [
        ("gap", "990001001001"),
        ("building_outside", "10号楼"),
        ("building_outside", "9号楼"),
    ]
    assert [f["geometry"]["type"] for f in features] == ["Polygon", "Point", "Point"]


def test_a_town_in_order_leaves_a_clean_file(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "nothing.geojson"
    result = run.invoke(cli, ["check", "--geojson", str(file)])
    assert result.exit_code == 0
    assert "Nothing is wrong." in result.output
    assert json.loads(file.read_text())["features"] == []


def test_one_question_alone(run: CliRunner, own_database_url: str) -> None:
    fill(own_database_url)
    assert run.invoke(cli, ["check", "--only", "overlap"]).exit_code == 0
    assert run.invoke(cli, ["check", "--only", "typo"]).exit_code == 2
