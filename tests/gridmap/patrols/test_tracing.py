"""The network out of the database, and lines that follow it, in a small town drawn by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError, UnavailableError
from gridmap.patrols.models import StreetNetwork, StreetSegment
from gridmap.patrols.network import SPEED, Mode
from gridmap.patrols.streets.reading import read_network
from gridmap.patrols.streets.service import build_first, build_network
from gridmap.patrols.streets.tracing import MOST_POINTS, Waypoint, trace
from gridmap.territory.models import Road
from tests.gridmap.conftest import Field, point


def road(session: Session, *places: tuple[float, float], **columns: object) -> Road:
    """Add a road in steps of the field, each about 100 m."""
    line = LineString([point(*place) for place in places])
    number = session.query(Road).count()
    made = Road(source="s", external_id=str(number), geom=from_shape(line, srid=4326),
                **{"kind": "residential", "name": "", **columns})  # fmt: skip
    session.add(made)
    session.flush()
    return made


@pytest.fixture
def town(field: Field) -> Session:
    """A long street with one that leads north, and a second one-way street beside.

    ::

        1        +--二路--+ (3, 1)
                 |
        0  +--长街--+---------长街--------+ (4, 0)
    """
    session = field.session
    road(session, (0, 0), (1, 0), (4, 0), name="长街")
    road(session, (1, 0), (1, 1), (3, 1), name="二路", oneway=True)
    build_network(session)
    return session


def at(x: float, y: float, *, free: bool = False) -> Waypoint:
    place = point(x, y)
    return Waypoint(place.x, place.y, free)


def test_a_network_is_read_as_it_was_stored_and_kept(town: Session) -> None:
    placed = read_network(town)
    assert len(placed.network) == 3
    assert sorted(placed.network.name) == ["二路", "长街", "长街"]
    assert placed.network.segment_id.tolist() == sorted(placed.network.segment_id)
    lon, lat = placed.degrees(placed.network.x, placed.network.y)
    x, y = placed.metres(lon, lat)
    assert x == pytest.approx(placed.network.x)
    assert y == pytest.approx(placed.network.y)
    assert read_network(town) is placed
    build_network(town)
    assert read_network(town) is not placed


def test_without_a_network_the_sentence_says_so(session: Session) -> None:
    with pytest.raises(UnavailableError, match="no street network"):
        read_network(session)
    assert build_first(session) is False


def test_the_line_between_clicks_follows_the_streets(town: Session) -> None:
    found = trace(town, [at(0.2, 0.1), at(2, 0.9), at(3, 1)], Mode.FOOT)
    first, second = found.legs
    assert first.streets == ("长街", "二路")
    assert second.streets == ("二路",)
    corners = [point(0.2, 0), point(1, 0), point(1, 1), point(2, 1)]
    assert first.coordinates == [
        pytest.approx([corner.x, corner.y], abs=2e-7) for corner in corners
    ]
    assert first.coordinates[-1] == second.coordinates[0]
    # A thousandth of a degree at 28° is 98.4 m to the east and 110.8 m to the north.
    assert first.length_m == pytest.approx(1.8 * 98.4 + 110.8, rel=1e-3)
    assert found.seconds == pytest.approx(found.length_m / SPEED[Mode.FOOT])


def test_a_free_leg_is_straight_and_joins_the_routed_ones(town: Session) -> None:
    found = trace(town, [at(0, 0), at(2, 0.05), at(2, 0.8, free=True), at(3, 1)], Mode.FOOT)
    assert [leg.routed for leg in found.legs] == [True, False, True]
    assert len(found.legs[1].coordinates) == 2
    assert found.legs[1].length_m == pytest.approx(110.8, rel=1e-3)
    for before, after in pairwise(found.legs):
        assert before.coordinates[-1] == after.coordinates[0]


def test_free_legs_alone_need_no_street(town: Session) -> None:
    found = trace(town, [at(2, 5, free=True), at(4, 7, free=True)], Mode.FOOT)
    corners = [point(2, 5), point(4, 7)]
    assert found.legs[0].coordinates == [[c.x, c.y] for c in corners]
    assert found.legs[0].streets == ()


def test_points_that_cannot_be_joined_are_named(town: Session) -> None:
    with pytest.raises(GridmapError, match="within 100 m of point 2"):
        trace(town, [at(0, 0), at(2, 4)], Mode.FOOT)
    with pytest.raises(GridmapError, match="Point 1 lies outside"):
        trace(town, [at(900, 0, free=True), at(2, 0)], Mode.FOOT)
    with pytest.raises(GridmapError, match="Point 2 lies outside"):
        trace(town, [at(0, 0), Waypoint(float("nan"), 28)], Mode.FOOT)
    with pytest.raises(GridmapError, match="Point 2 cannot be reached from point 1"):
        trace(town, [at(3, 1), at(0, 0)], Mode.CAR)
    with pytest.raises(GridmapError, match="at most"):
        trace(town, [at(0, 0)] * (MOST_POINTS + 1), Mode.FOOT)


def test_one_point_and_none_have_no_legs(town: Session) -> None:
    assert trace(town, [], Mode.FOOT).legs == ()
    assert trace(town, [at(0, 0)], Mode.FOOT).legs == ()


def test_a_line_that_stays_keeps_its_id_when_roads_change(town: Session) -> None:
    before = {s.key: s.id for s in town.scalars(select(StreetSegment))}
    assert town.scalar(select(StreetNetwork.outdated)) is False
    road(town, (2, 0), (2, 0.5), name="新路")
    assert town.scalar(select(StreetNetwork.outdated)) is True
    report = build_network(town)
    assert (report["added"], report["removed"], report["kept"]) == (3, 1, 2)
    town.expire_all()
    after = {s.key: s.id for s in town.scalars(select(StreetSegment))}
    assert len(after) == 5
    assert all(after[key] == before[key] for key in before.keys() & after.keys())


def test_streets_are_told_the_community_of_their_middle(town: Session, field: Field) -> None:
    road(town, (5, 0), (9, 0), name="外路")
    build_network(town)
    found = town.execute(text("SELECT name, community_id FROM street_segment")).all()
    assert {tuple(row) for row in found} == {
        ("长街", field.community.id), ("二路", field.community.id), ("外路", None),
    }  # fmt: skip


def test_an_outline_that_changes_makes_the_network_outdated(town: Session, field: Field) -> None:
    town.execute(text("UPDATE unit SET geom = NULL WHERE id = :id"), {"id": field.community.id})
    assert town.scalar(select(StreetNetwork.outdated)) is True
