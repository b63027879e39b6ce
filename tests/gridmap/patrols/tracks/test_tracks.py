"""From positions to what was walked, in a town of three streets drawn by hand.

The field is 4 by 2 squares of about 100 m. East Street runs along y = 1 from x = 0 to 4, in four
segments; North Lane goes up from its middle. The route is East Street from end to end.
"""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.exchange import dashboard
from gridmap.exchange.area import find_area
from gridmap.exchange.cell_page import cell_shapes
from gridmap.exchange.dashboard import Coverage
from gridmap.incidents.models import Category, Incident
from gridmap.incidents.statistics import Span
from gridmap.jobs.running import do_waiting
from gridmap.patrols.models import PatrolCheckIn
from gridmap.patrols.shifts.models import Shift
from gridmap.patrols.tracks import overview, queries
from gridmap.patrols.tracks.overview import Months
from gridmap.patrols.tracks.refreshing import refresh
from gridmap.patrols.tracks.rules import change_settings, patrol_settings
from gridmap.patrols.tracks.running import HANDLERS
from gridmap.patrols.tracks.service import (
    MOST_POSITIONS,
    NewTrack,
    add_track,
    delete_track,
    forget_positions,
)
from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.models import Team
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.conftest import point, wkb
from tests.gridmap.patrols.street_town import Town, make_town

DAY = date(2026, 5, 4)
# Eight in the evening in the town.
START = pd.Timestamp("2026-05-04T12:00:00Z")
NAMES = ("东街", "北巷")
MONTHS = Months(date(2026, 5, 1), date(2026, 5, 1))


@pytest.fixture
def town(own_engine: Engine) -> Town:
    return make_town(own_engine)


def walk(
    x0: float, x1: float, y: float = 1.0, start: pd.Timestamp = START, step: float = 0.01
) -> gpd.GeoDataFrame:
    """Positions along a line of the field, some metre each second."""
    x = np.arange(x0, x1 + step / 2, step)
    at = start + pd.to_timedelta(np.arange(len(x)), unit="s")
    points = [point(each, y) for each in x]
    return gpd.GeoDataFrame({"at": at, "accuracy_m": np.nan}, geometry=points, crs="EPSG:4326")


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """The tile that a place lies in (OpenStreetMap wiki, Slippy map tilenames)."""
    north = math.asinh(math.tan(math.radians(lat)))
    return int((lon + 180) / 360 * 2**zoom), int((1 - north / math.pi) / 2 * 2**zoom)


def matched(town: Town, positions: gpd.GeoDataFrame, **new: object) -> int:
    given = {"route_id": town.route_id, **new}
    with Session(town.engine) as session, session.begin():
        track_id = add_track(session, SYSTEM, NewTrack("gpx", **given), positions).id  # type: ignore[arg-type]
    assert do_waiting(town.engine, HANDLERS) == 1
    return track_id


def found(town: Town, track_id: int) -> object:
    with Session(town.engine) as session:
        return queries.find_track(session, SYSTEM, track_id)


def test_three_quarters_of_the_route_and_one_stop_missed(town: Town) -> None:
    track = found(town, matched(town, walk(0, 3)))
    assert track.job_state == "done", track.error  # type: ignore[attr-defined]
    assert track.route_share == pytest.approx(0.75, abs=0.06)  # type: ignore[attr-defined]
    assert track.on_streets == pytest.approx(1)  # type: ignore[attr-defined]
    with Session(town.engine) as session:
        visits = queries.visits_of(session, track.id)  # type: ignore[attr-defined]
    assert [(each.name, each.verdict) for each in visits] == [
        ("点1", "visited"), ("点2", "visited"), ("点3", "missed"),
    ]  # fmt: skip
    with town.engine.connect() as connection:
        shapes = queries.map_of(connection, SYSTEM, track.id)  # type: ignore[attr-defined]
    assert '"missed"' in shapes


def test_outside_their_hours_stops_are_missed(town: Town) -> None:
    morning = START - pd.Timedelta(hours=12)
    track = found(town, matched(town, walk(0, 4, start=morning)))
    assert track.route_share == pytest.approx(1, abs=0.02)  # type: ignore[attr-defined]
    assert track.missed == 3  # type: ignore[attr-defined]


def test_a_track_that_follows_no_part_of_its_route_tells_how_far_it_was(town: Town) -> None:
    # The route lies a thousandth of a degree north of zero, and the track four of them further.
    track = found(town, matched(town, walk(0, 3, y=5)))
    assert track.route_share == 0  # type: ignore[attr-defined]
    assert track.report["away_m"] == pytest.approx(4 * 110.8, abs=2)  # type: ignore[attr-defined]
    near = found(town, matched(town, walk(0, 3, start=START + pd.Timedelta(hours=1))))
    assert "away_m" not in near.report  # type: ignore[attr-defined]


def test_streets_that_nobody_walked(town: Town) -> None:
    matched(town, walk(0, 3, start=pd.Timestamp.now("UTC").floor("s") - pd.Timedelta(hours=1)))
    with town.engine.connect() as connection:
        rows = overview.unwalked(connection, EVERYTHING, 30, 1)
        tile = overview.tile(connection, EVERYTHING, 14, *tile_of(116.002, 28.001, 14))
    # The lane and the last quarter of East Street: 0.001 degrees of latitude and of longitude.
    assert {row.name: round(row.length_m) for row in rows} == {"北巷": 111, "东街": 99}
    assert {row.total for row in rows} == {2}
    assert b"street" in tile


def test_incidents_near_the_patrol(town: Town) -> None:
    with Session(town.engine) as session, session.begin():
        category = Category(code="B1", name="邻里纠纷")
        session.add(category)
        session.flush()
        # On the walked street at eight; there at noon; 60 m north of it at eight; unwalked end.
        for x, y, hour in ((0.5, 1, 12), (2.5, 1, 4), (0.5, 1.6, 12), (3.9, 1, 12)):
            session.add(Incident(
                occurred_at=datetime(2026, 5, 20, hour, 2, tzinfo=UTC),
                category_id=category.id, geom=wkb(point(x, y)),
            ))  # fmt: skip
    matched(town, walk(0, 3))
    with town.engine.connect() as connection:
        sums = overview.figures(connection, EVERYTHING, MONTHS)
        cells, total = overview.cells(connection, EVERYTHING, MONTHS, 1, "code")
        west = overview.of_cell(connection, town.cells[0])
        trend = overview.trend(connection, EVERYTHING, MONTHS)
    assert (sums.incidents, sums.walked, sums.walked_in_hour, sums.planned) == (4, 2, 1, 3)
    assert [(row.month, row.incidents, row.walked_in_hour) for row in trend] == [
        (date(2026, 5, 1), 4, 1)
    ]
    assert [(row.month, row.walked_in_hour) for row in west.months] == [(date(2026, 5, 1), 1)]
    assert [(row.incidents, row.walked_in_hour) for row in cells] == [(2, 1), (2, 0)]
    assert total == 2
    # West: half of East Street, all walked, and the border runs along the lane.
    assert cells[0].walked_m == pytest.approx(2 * 98.5, rel=0.05)
    assert [route.name for route in west.routes] == ["东街巡逻"]
    assert west.newest is not None


def test_what_the_dashboard_tells_of_them(town: Town) -> None:
    """Of a community by cell, of all by community, and each street with its days."""
    with Session(town.engine) as session, session.begin():
        category = Category(code="B1", name="邻里纠纷")
        session.add(category)
        session.flush()
        for x, hour in ((0.5, 12), (0.6, 3), (3.9, 12)):
            session.add(Incident(
                occurred_at=datetime(2026, 5, 20, hour, 2, tzinfo=UTC),
                category_id=category.id, geom=wkb(point(x, 1)),
            ))  # fmt: skip
    matched(town, walk(0, 3))
    span = Span(date(2026, 5, 20), date(2026, 5, 21))
    with Session(town.engine) as session:
        community = find_area(session, SYSTEM, None, DAY)
        while not community.parts_are_cells:
            everything = community
            community = find_area(session, SYSTEM, community.parts[0].code, DAY)
        cells = dashboard.patrols(session, community, span)
        units = dashboard.patrols(session, everything, span)
        shapes = json.loads(cell_shapes(session, SYSTEM, town.cells[0]))["features"]
    # At the east end nobody walked, and at eleven in the morning nobody did.
    assert cells.parts == {
        town.cells[0]: Coverage(2, 1, 0), town.cells[1]: Coverage(1, 0, 0),
    }  # fmt: skip
    assert units.parts == {town.unit_id: Coverage(3, 1, 0)}
    assert units.whole == cells.whole
    assert units.whole.without == 2
    assert units.months == {date(2026, 5, 1): units.whole}
    streets = [each["properties"] for each in shapes if each["properties"]["what"] == "street"]
    # Both western segments of East Street, and what touches the border: the next one and the lane.
    days = {name: {each["days"] for each in streets if each["name"] == name} for name in NAMES}
    assert days["北巷"] == {-1}
    assert len(days["东街"]) == 1
    assert min(days["东街"]) >= 0


def test_a_month_is_counted_by_two_at_once(town: Town) -> None:
    month = [(town.unit_id, date(2026, 5, 1))] * 5
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(refresh, town.engine, month) for _ in range(2)]:
            done.result()
    with town.engine.connect() as connection:
        rows = connection.execute(text("SELECT cell_id FROM patrol_coverage")).scalars().all()
    assert sorted(rows) == sorted(town.cells)


def test_what_the_rota_plans(town: Town) -> None:
    """Of three incidents on the route, one happens while a shift is to walk it."""
    with Session(town.engine) as session, session.begin():
        category = Category(code="B1", name="邻里纠纷")
        team = Team(name="一队", kind="patrol", unit_id=town.unit_id)
        session.add_all([category, team])
        session.flush()
        starts = datetime(2026, 5, 6, 12, tzinfo=UTC)
        session.add(Shift(
            team_id=team.id, route_id=town.route_id, starts=starts,
            ends=starts + timedelta(hours=2),
        ))  # fmt: skip
        # 20:30, 22:30 and noon in the town; the shift is from 20 to 22.
        for hour in (12, 14, 4):
            session.add(Incident(
                occurred_at=datetime(2026, 5, 20, hour, 30, tzinfo=UTC),
                category_id=category.id, geom=wkb(point(3.5, 1)),
            ))  # fmt: skip
    refresh(town.engine, [(town.unit_id, date(2026, 5, 1))])
    with town.engine.connect() as connection:
        sums = overview.figures(connection, EVERYTHING, MONTHS)
    assert (sums.planned, sums.planned_in_hour, sums.walked) == (3, 1, 0)


def test_a_month_counted_by_several_at_once_is_counted_once(town: Town) -> None:
    matched(town, walk(0, 3))
    month = [(town.unit_id, MONTHS.first)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(refresh, town.engine, month) for _ in range(8)]:
            done.result()
    with town.engine.connect() as connection:
        rows, cells = connection.execute(
            text("SELECT count(*), count(DISTINCT cell_id) FROM patrol_coverage")
        ).one()
    assert rows == cells > 0


def test_another_reader_sees_nothing(town: Town) -> None:
    track_id = matched(town, walk(0, 3))
    stranger = Actor(None, "x", Role.PLANNER, Scope(()), frozenset())
    with Session(town.engine) as session, session.begin():
        with pytest.raises(NotFoundError):
            queries.find_track(session, stranger, track_id)
        with pytest.raises(NotFoundError):
            delete_track(session, stranger, track_id)
        assert queries.list_tracks(session, stranger, queries.Filter(), 1) == ([], 0)
        assert queries.list_tracks(session, SYSTEM, queries.Filter(), 1)[1] == 1
        with pytest.raises(NotFoundError):
            add_track(session, stranger, NewTrack("gpx", route_id=town.route_id), walk(0, 1))
        with pytest.raises(ForbiddenError):
            add_track(session, replace(SYSTEM, role=Role.ANALYST), NewTrack("gpx"), walk(0, 1))


def test_raw_positions_are_deleted_in_time(town: Town) -> None:
    old = matched(town, walk(0, 3))
    fresh = matched(town, walk(0, 2, start=pd.Timestamp.now("UTC") - pd.Timedelta(days=1)))
    with Session(town.engine) as session, session.begin():
        for days in (40, 1):
            session.add(PatrolCheckIn(
                route_id=town.route_id, user_name="x", geom=wkb(point(1, 1)),
                at=datetime.now(UTC) - timedelta(days=days),
            ))  # fmt: skip
    with Session(town.engine) as session, session.begin():
        assert forget_positions(session) == 301
        left = session.execute(text("SELECT geom IS NULL FROM patrol_check_in ORDER BY at"))
        assert left.scalars().all() == [True, False]
    assert not found(town, old).has_positions  # type: ignore[attr-defined]
    assert found(town, fresh).has_positions  # type: ignore[attr-defined]
    # What it says stays.
    assert found(town, old).route_share == pytest.approx(0.75, abs=0.06)  # type: ignore[attr-defined]


def test_the_same_track_twice_is_refused(town: Town) -> None:
    matched(town, walk(0, 3))
    with Session(town.engine) as session, pytest.raises(ConflictError):
        add_track(session, SYSTEM, NewTrack("gpx", route_id=town.route_id), walk(0, 3))


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        (walk(0, 0), "two positions"),
        (walk(0, 1, step=1 / MOST_POSITIONS), "at most"),
        (
            pd.concat([walk(0, 1), walk(0, 1, start=START + timedelta(hours=30))]),
            "hours",
        ),
    ],
)
def test_tracks_that_are_none(session: Session, positions: gpd.GeoDataFrame, said: str) -> None:
    with pytest.raises(GridmapError) as raised:
        add_track(session, SYSTEM, NewTrack("gpx", unit_id=1), gpd.GeoDataFrame(positions))
    assert said in str(raised.value)


def test_a_track_thrown_away_leaves_nothing(town: Town) -> None:
    track_id = matched(town, walk(0, 3))
    with Session(town.engine) as session, session.begin():
        delete_track(session, SYSTEM, track_id)
    with town.engine.connect() as connection:
        for table in ("patrol_track", "patrol_walk", "patrol_visit", "patrol_position"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_settings_have_bounds_and_are_logged(session: Session) -> None:
    change_settings(session, SYSTEM, {"near_m": 80, "position_days": 7})
    assert patrol_settings(session).near_m == 80
    act = session.execute(text("SELECT act, after FROM audit_log ORDER BY id DESC LIMIT 1")).one()
    assert act == ("settings.patrols", {"near_m": 80, "position_days": 7})
    with pytest.raises(GridmapError):
        change_settings(session, SYSTEM, {"near_m": 2, "position_days": 7})
    with pytest.raises(ForbiddenError):
        change_settings(
            session, replace(SYSTEM, role=Role.PLANNER), {"near_m": 80, "position_days": 7}
        )
