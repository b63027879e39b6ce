"""The examples for partners, run as they stand against a running server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyogrio
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.exchange.agencies.service import AgencyWish, KeyWish, create_agency, create_key
from gridmap.exchange.collections import COLLECTIONS
from gridmap.exchange.grant import LayerGrant
from gridmap.workforce.rights import SYSTEM
from webui.ogc.examples import EXAMPLES, Example

#: What each example must have printed, or the file that it must have made.
EXPECTED = {
    EXAMPLES[0].title: '"type":"FeatureCollection"',
    EXAMPLES[1].title: "places.csv",
    EXAMPLES[2].title: "'code', 'community_code'",
    EXAMPLES[3].title: "incidents",
    EXAMPLES[4].title: "places.gpkg",
    EXAMPLES[5].title: "True",
}


@pytest.fixture(scope="module")
def key(app: Flask) -> Iterator[str]:
    engine = app.extensions["gridmap.engine"]
    with Session(engine) as session, session.begin():
        agency = create_agency(session, SYSTEM, AgencyWish("自然资源局")).id
        wish = KeyWish("示例", {one: LayerGrant() for one in COLLECTIONS}, None,
                       rate_per_minute=60_000)  # fmt: skip
        _, token = create_key(session, SYSTEM, agency, wish)
    yield token.secret
    # What waits of the log of requests names the key.
    app.extensions["gridmap.access_log"].flush()
    with Session(engine) as session, session.begin():
        session.execute(text("DELETE FROM agency WHERE id = :id"), {"id": agency})


def command(example: Example, filled: str) -> list[str]:
    """Return what runs an example; QGIS is there for the system's own Python."""
    if example.program == "python":
        return [sys.executable, "-c", filled]
    if example.program == "qgis":
        begin = "from qgis.core import QgsApplication\napp = QgsApplication([], False)\n"
        return ["/usr/bin/python3", "-c", f"{begin}app.initQgis()\n{filled}"]
    assert shutil.which(example.program), f"{example.program} is missing: make test installs it"
    return ["sh", "-c", filled]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.title)
def test_an_example_does_what_it_says(
    server: str, key: str, tmp_path: Path, example: Example
) -> None:
    filled = example.filled(f"{server}/ogc", key)
    run = subprocess.run(
        command(example, filled),
        cwd=tmp_path,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    expected = EXPECTED[example.title]
    if "." in expected:
        assert (tmp_path / expected).stat().st_size > 0, run.stderr
    else:
        assert expected in run.stdout, run.stdout + run.stderr
    if example.program == "qgis":
        # A layer is valid before any of its features came.
        assert int(run.stdout.split()[-1]) > 0


def test_the_files_hold_what_was_asked_for(server: str, key: str, tmp_path: Path) -> None:
    for number in (1, 4):
        filled = EXAMPLES[number].filled(f"{server}/ogc", key)
        subprocess.run(["sh", "-c", filled], cwd=tmp_path, capture_output=True, check=True)
    assert len(pd.read_csv(tmp_path / "places.csv")) > 0
    kinds = pyogrio.read_dataframe(tmp_path / "places.gpkg")["kind"].unique().tolist()
    assert kinds == ["school"]
    answer = subprocess.run(
        ["sh", "-c", EXAMPLES[0].filled(f"{server}/ogc", key)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    features = json.loads(answer)["features"]
    times = [one["properties"]["occurred_at"] for one in features]
    assert times == sorted(times, reverse=True)
    assert {one["properties"]["category"][0] for one in features} == {"A"}
