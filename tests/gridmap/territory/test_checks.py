from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import update

from gridmap.incidents import checks as incident_checks
from gridmap.territory.checks import CHECKS, findings
from gridmap.territory.models import Building, Place, TerritorySettings
from tests.gridmap.conftest import Field, point, rectangle, wkb

ALL = {check.name: check for check in (*CHECKS, *incident_checks.CHECKS)}


def subjects(field: Field, name: str, tolerance_m2: float = 1) -> list[tuple[str, str]]:
    field.session.flush()
    return [
        (finding.subject, finding.other)
        for finding in findings(field.session, ALL[name], tolerance_m2)
    ]


def test_a_gap_is_measured_and_drawn(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    field.cell(2, rectangle(3, 0, 4, 2))
    [gap] = findings(field.session, ALL["gap"], 1)
    # One step of 0.001° is 98.4 m along the parallel of 28° and 110.8 m along the meridian.
    assert gap.area_m2 == pytest.approx(98.4 * 2 * 110.8, rel=1e-3)
    longitudes = [lon for lon, _ in json.loads(gap.geojson)["coordinates"][0]]
    assert (min(longitudes), max(longitudes)) == (116.002, 116.003)


def test_an_overlap_within_the_tolerance_is_still_listed(field: Field) -> None:
    field.session.execute(update(TerritorySettings).values(overlap_tolerance_m2=1000))
    field.cell(1, rectangle(0, 0, 2, 2))
    field.cell(2, rectangle(1.99, 0, 4, 2))
    assert subjects(field, "overlap") == [("990001001001001", "990001001001002")]
    assert subjects(field, "overlap", 500) == []


def test_what_is_in_no_cell_or_has_no_kind(field: Field) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    field.session.add_all(
        [
            Building(name="1号楼", geom=wkb(point(1, 1))),
            Building(name="9号楼", address="人民路9号", geom=wkb(point(3, 1))),
            Place(name="小学", kind="school", geom=wkb(point(3, 1))),
            Place(name="无类", geom=wkb(point(1, 1))),
        ]
    )
    assert subjects(field, "building_outside") == [("9号楼", "人民路9号")]
    assert subjects(field, "place_outside") == [("小学", "")]
    assert subjects(field, "place_without_kind") == [("无类", "")]


def test_an_incident_in_no_cell_is_listed(field: Field) -> None:
    field.incident(3, 1, date(2025, 6, 1), external_id="A7")
    assert subjects(field, "incident_outside")[0][0] == "A7"


@pytest.mark.parametrize("name", ALL)
def test_a_town_in_order_has_no_findings(field: Field, name: str) -> None:
    field.cell(1, rectangle(0, 0, 2, 2))
    field.cell(2, rectangle(2, 0, 4, 2))
    assert subjects(field, name) == []
