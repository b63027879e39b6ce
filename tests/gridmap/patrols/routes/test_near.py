"""Shares of hotspots and incidents beside a line, with counts that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.metric import metres_per_degree
from gridmap.patrols.routes.near import nearness, place_at, places_beside
from gridmap.territory.models import Unit
from gridmap.territory.scope import Scope
from gridmap.workforce.rights import Actor
from tests.gridmap.conftest import SOUTH, STEP, Field, rectangle
from tests.gridmap.patrols.routes.conftest import at

TODAY = date(2026, 3, 31)
KX, KY = metres_per_degree(SOUTH + STEP)
#: Along the middle of the field from west to east.
LINE = np.array([at(0, 1), at(4, 1)])


def share(session: Session, actor: Actor, metres: int, unit: int | None = None) -> tuple[int, int]:
    found = nearness(session.connection(), actor, LINE, metres, unit)
    return found.incidents.near, found.incidents.of


def north(metres: float) -> float:
    """So many metres north of the line, in steps of the field."""
    return 1 + metres / (KY * STEP)


def test_incidents_within_the_distance_are_counted_once(
    session: Session, planner: Actor, field: Field
) -> None:
    for metres in (0, 49, 51, 99, 101):
        field.incident(2, north(metres), TODAY)
    # A year and a day before the newest is no part of the year.
    field.incident(2, 1, TODAY - timedelta(days=364))
    field.incident(2, 1, TODAY - timedelta(days=365))
    assert share(session, planner, 50) == (3, 6)
    assert share(session, planner, 100) == (5, 6)
    assert share(session, planner, 10) == (2, 6)


def test_what_another_community_has_counts_neither_way(
    session: Session, planner: Actor, field: Field, other_unit: Unit
) -> None:
    field.incident(3.9, 1, TODAY)
    field.incident(4.1, 1, TODAY)
    both = replace(planner, scope=Scope((field.community.id, other_unit.id)), units=None)
    assert share(session, both, 50) == (2, 2)
    assert share(session, both, 50, other_unit.id) == (1, 1)
    assert share(session, both, 50, field.community.parent_id) == (2, 2)
    assert share(session, planner, 50) == (1, 1)


def test_the_newest_shared_run_is_taken_and_cold_spots_are_none(
    session: Session, planner: Actor, field: Field
) -> None:
    assert nearness(session.connection(), planner, LINE, 50).hotspots is None
    spots = {
        "old": [("hot_99", rectangle(0, 0.9, 1, 1.1))],
        "new": [
            ("hot_99", rectangle(0, 0.9, 1, 1.1)),
            ("hot_90", rectangle(1, north(40), 2, 2)),
            ("hot_90", rectangle(2, north(60), 3, 2)),
            ("cold_99", rectangle(3, 0.9, 4, 1.1)),
        ],
        "secret": [("hot_99", rectangle(0, 0, 1, 1))],
    }
    for number, (name, shapes) in enumerate(spots.items()):
        run = session.execute(
            text("""INSERT INTO hotspot_run (name, analysis, first, last, shared, finished_at)
                    VALUES (:name, 'gi_star', '2026-01-01', '2026-03-31', :shared,
                            timestamptz '2026-04-01' + :n * interval '1 day') RETURNING id"""),
            {"name": name, "shared": name != "secret", "n": number},
        ).scalar_one()
        for kind, shape in shapes:
            session.execute(
                text("""INSERT INTO hotspot (run_id, rank, kind, incidents, community_id, geom)
                        VALUES (:run, 1, :kind, 5, :unit, ST_GeomFromText(:shape, 4326))"""),
                {"run": run, "kind": kind, "unit": field.community.id, "shape": shape.wkt},
            )
    found = nearness(session.connection(), planner, LINE, 50)
    assert found.run_name == "new"
    assert found.hotspots is not None
    assert (found.hotspots.near, found.hotspots.of) == (2, 3)
    assert found.hotspots.part == pytest.approx(2 / 3)


def test_places_come_in_the_order_of_the_line(
    session: Session, planner: Actor, field: Field
) -> None:
    for name, x, y in (("学校", 3, 1.2), ("警务室", 1, 1), ("远处", 2, 1.9)):
        lon, lat = at(x, y)
        session.execute(
            text("""INSERT INTO place (name, kind, geom, source) VALUES
                    (:name, 'school', ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 's')"""),
            {"name": name, "lon": lon, "lat": lat},
        )
    found = places_beside(session.connection(), planner, LINE, 50)
    assert [(each["name"], each["metres"]) for each in found] == [("警务室", 0), ("学校", 22)]
    back = places_beside(session.connection(), planner, LINE[::-1], 50)
    assert [each["name"] for each in back] == ["学校", "警务室"]
    near = place_at(session.connection(), planner, *at(1.1, 1))
    assert near is not None
    assert (near["name"], near["metres"]) == ("警务室", 10)
    assert place_at(session.connection(), planner, *at(2, 1)) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=2, max_size=30, unique=True
    )
)
def test_the_count_is_that_of_a_plane(
    session: Session, planner: Actor, field: Field, corners: list[tuple[int, int]]
) -> None:
    """Against shapely on the same plane, for lines of many pieces."""
    line = np.array([at(x / 10, y / 10) for x, y in corners])
    points = [(x / 2, y / 2) for x in range(9) for y in range(5)]
    with session.begin_nested() as nested:
        for x, y in points:
            field.incident(x, y, TODAY)
        found = nearness(session.connection(), planner, line, 60)
        nested.rollback()
    scale = metres_per_degree(float(line[:, 1].mean()))
    plane = LineString(line * scale)
    far = [plane.distance(Point(np.array(at(x, y)) * scale)) for x, y in points]
    sure = sum(each < 59.99 for each in far)
    assert sure <= found.incidents.near <= sum(each < 60.01 for each in far)
