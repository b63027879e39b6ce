"""Plans from the wish to the tours, in a town of three streets drawn by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise

import pytest
from geoalchemy2.shape import from_shape
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.hotspots.models import HotspotFeature, HotspotRun
from gridmap.incidents.statistics import clock
from gridmap.jobs.running import do_waiting
from gridmap.patrols.planning.problem import Window
from gridmap.patrols.plans import queries
from gridmap.patrols.plans.making import HotPlace, Place, expected
from gridmap.patrols.plans.routes import make_route
from gridmap.patrols.plans.running import HANDLERS
from gridmap.patrols.plans.service import (
    MOST_WAITING,
    ask_plan,
    delete_plan,
    plan_again,
    read_wish,
)
from gridmap.patrols.plans.wishes import Keep, TeamWish
from gridmap.territory.models import Place as PlaceRow
from gridmap.territory.scope import Scope
from gridmap.workforce.models import Team
from gridmap.workforce.rights import SYSTEM, Actor, Role
from tests.gridmap.conftest import point
from tests.gridmap.patrols.street_town import Town, make_town

DAY = date(2026, 6, 1)
# A Monday too, as plans are made for days to come.
AHEAD = date(2099, 6, 1)
HOUR = 3600.0
SPOT = Place(1, "东街", 116.0, 28.0)


@pytest.fixture
def town(own_engine: Engine) -> Town:
    """The town with a police room at the western end, two teams, and two hot places."""
    made = make_town(own_engine)
    with Session(own_engine) as session, session.begin():
        session.add(
            PlaceRow(name="警务室", kind="police_room", external_id="p1", source="t",
                     geom=from_shape(point(0, 1), srid=4326))
        )  # fmt: skip
        for name in ("一队", "二队"):
            session.add(Team(name=name, kind="patrol", unit_id=made.unit_id))
        run = HotspotRun(
            name="x", analysis="gi_star", first=DAY, last=DAY, shared=True, summary={"hotspots": 2}
        )
        session.add(run)
        session.flush()
        # In the middle of East Street, hot from eight in the evening; and at the end of the lane.
        for rank, (x, y, n) in enumerate(((2.5, 1, 80), (2, 2, 20)), 1):
            busiest = {"busiest": {"from": 20, "to": 23, "share": 0.75}} if rank == 1 else {}
            session.add(
                HotspotFeature(
                    run_id=run.id, rank=rank, kind="hot99", count=n, place=f"热点{rank}",
                    geom=from_shape(Point(point(x, y)), srid=4326), values=busiest,
                )
            )  # fmt: skip
        session.execute(text("UPDATE hotspot_run SET finished_at = now()"))
    return made


def wish(town: Town, **changes: object) -> dict[str, object]:
    with town.engine.connect() as connection:
        teams = connection.execute(text("SELECT id FROM team ORDER BY name DESC")).scalars().all()
        room = connection.execute(text("SELECT id FROM place")).scalar_one()
        run = connection.execute(text("SELECT id FROM hotspot_run")).scalar_one()
    return {
        "teams": [{"team_id": teams[0], "begins": "19:00", "ends": "23:00", "starts_at": room}],
        "run_id": run,
        "effort": "quick",
        **changes,
    }


def made(town: Town, given: dict[str, object], actor: Actor = SYSTEM) -> int:
    with Session(town.engine) as session, session.begin():
        plan_id = ask_plan(session, actor, "", town.unit_id, AHEAD, read_wish(given)).id
    assert do_waiting(town.engine, HANDLERS) == 1
    return plan_id


def tours(town: Town, plan_id: int) -> tuple[object, list[object]]:
    with Session(town.engine) as session:
        plan = queries.find_plan(session, SYSTEM, plan_id)
        return plan, list(queries.tours_of(session, plan_id))


def test_a_tour_from_one_point_of_the_map_to_another_with_a_break_on_the_way(town: Town) -> None:
    """From beside the first quarter of East Street to its eastern end, with half an hour's rest."""
    given = wish(town)
    start, end = point(1, 1.1), point(4, 1)
    given["teams"][0] |= {  # type: ignore[index]
        "starts_at": None, "start_point": (start.x, start.y), "end_point": (end.x, end.y),
        "break_min": 30,
    }  # fmt: skip
    _, (tour,) = tours(town, made(town, given))
    with town.engine.connect() as connection:
        ends = connection.execute(
            text("""
                SELECT ST_X(ST_StartPoint(geom)), ST_X(ST_EndPoint(geom)) FROM patrol_plan_tour
            """)
        ).one()
    assert list(ends) == pytest.approx([start.x, end.x], abs=1e-5)
    visits = tour.visits  # type: ignore[attr-defined]
    (at,) = (i for i, visit in enumerate(visits) if visit["kind"] == "break")
    rest = visits[at]
    # In the middle half of the shift from 19 to 23, and where the team is anyway.
    assert rest["begins"] >= 20 * HOUR
    assert rest["ends"] == rest["begins"] + 1800 <= 22 * HOUR
    places = [(v["lon"], v["lat"]) for v in visits if v["kind"] != "break"]
    places += [(start.x, point(1, 1).y), (end.x, end.y)]
    assert any((rest["lon"], rest["lat"]) == pytest.approx(each, abs=1e-5) for each in places)
    assert rest["name"]


@pytest.mark.parametrize(
    "changes",
    [
        {"start_point": (116.0, 28.0)},  # A place as well.
        {"starts_at": None},
        {"ends_at": 1, "end_point": (116.0, 28.0)},
        {"starts_at": None, "start_point": (196.0, 28.0)},
        {"starts_at": None, "start_point": (float("nan"), 28.0)},
    ],
)
def test_a_team_starts_at_one_place_and_ends_at_one(changes: dict[str, object]) -> None:
    team = {"team_id": 1, "begins": "19:00", "ends": "23:00", "starts_at": 1}
    with pytest.raises(GridmapError, match="a time and a place to begin"):
        read_wish({"teams": [{**team, **changes}]})


def test_a_start_far_from_every_street_is_told(town: Town) -> None:
    given = wish(town)
    given["teams"][0] |= {"starts_at": None, "start_point": (116.0, 28.05)}  # type: ignore[index]
    with Session(town.engine) as session, session.begin():
        plan_id = ask_plan(session, SYSTEM, "", town.unit_id, AHEAD, read_wish(given)).id
    do_waiting(town.engine, HANDLERS)
    plan, _ = tours(town, plan_id)
    said = plan.error["template"].format(**plan.error["params"])  # type: ignore[attr-defined]
    assert said.startswith("116.00000, 28.05000 is too far from every street")


def test_hot_places_are_visited_every_two_hours(town: Town) -> None:
    plan, (tour,) = tours(town, made(town, wish(town)))
    # Two windows of two hours at two places.
    assert plan.summary["hot_visits"] == plan.summary["hot_visits_kept"] == 4  # type: ignore[attr-defined]
    visits = [(v["name"], v["begins"] / HOUR) for v in tour.visits]  # type: ignore[attr-defined]
    for name in ("热点1", "热点2"):
        first, second = (at for place, at in visits if place == name)
        assert 19 <= first <= 21 <= second <= 23
        assert second - first >= 1
    assert tour.sets_off.hour >= 11  # type: ignore[attr-defined]
    with Session(town.engine) as session, session.begin():
        route = make_route(session, SYSTEM, plan.id, tour.number)  # type: ignore[attr-defined]
        assert route.length_m == pytest.approx(tour.length_m, rel=0.01)  # type: ignore[attr-defined]
        stops = session.execute(
            text("SELECT name, dwell_min FROM patrol_stop WHERE route_id = :id"), {"id": route.id}
        ).all()
        assert len(stops) == 4
        assert {stop.dwell_min for stop in stops} == {12}
        with pytest.raises(ConflictError):
            make_route(session, SYSTEM, plan.id, tour.number)  # type: ignore[attr-defined]


def test_what_is_decided_by_hand_stays(town: Town) -> None:
    given = wish(town)
    with town.engine.connect() as connection:
        others = connection.execute(text("SELECT id FROM team ORDER BY name DESC")).scalars().all()
    given["teams"] = [{**given["teams"][0], "team_id": each} for each in others]  # type: ignore[index]
    first = made(town, given)
    _, (tour, *_) = tours(town, first)
    pinned, dropped = tour.visits[0], tour.visits[1]  # type: ignore[attr-defined]
    kept = [
        Keep(of=pinned["of"], number=pinned["number"], act="pin", team=tour.number,  # type: ignore[attr-defined]
             begins_s=pinned["begins"]),
        Keep(of=dropped["of"], number=dropped["number"], act="out"),
    ]  # fmt: skip
    with Session(town.engine) as session, session.begin():
        second = plan_again(session, SYSTEM, first, kept, None).id
    do_waiting(town.engine, HANDLERS)
    _, again = tours(town, second)
    visits = {(v["of"], v["number"]): (t.number, v["begins"]) for t in again for v in t.visits}  # type: ignore[attr-defined]
    number, begins = visits[pinned["of"], pinned["number"]]
    assert number == tour.number  # type: ignore[attr-defined]
    assert begins == pytest.approx(pinned["begins"], abs=1)
    assert (dropped["of"], dropped["number"]) not in visits


def test_a_plan_that_is_kept_whole_is_the_same_plan(town: Town) -> None:
    """What is shown is rounded to seconds, by which no visit may become one that is too far."""
    given = wish(town, streets=["东街", "北巷"])
    first = made(town, given)
    _, (tour,) = tours(town, first)
    visits = tour.visits  # type: ignore[attr-defined]
    kept = [
        Keep(of=each["of"], number=each["number"], act="pin", team=tour.number,  # type: ignore[attr-defined]
             begins_s=each["begins"])
        for each in visits if each["kind"] != "break"
    ]  # fmt: skip
    assert len(kept) == 9
    with Session(town.engine) as session, session.begin():
        second = plan_again(session, SYSTEM, first, kept, None).id
    do_waiting(town.engine, HANDLERS)
    plan, (again,) = tours(town, second)
    assert not plan.summary["unmet"]  # type: ignore[attr-defined]
    assert [each["of"] for each in again.visits] == [each["of"] for each in visits]  # type: ignore[attr-defined]
    begun = [each["begins"] for each in again.visits]  # type: ignore[attr-defined]
    assert begun == pytest.approx([each["begins"] for each in visits], abs=10)


def test_a_street_is_swept_whole(town: Town) -> None:
    plan, (tour,) = tours(town, made(town, wish(town, run_id=None, streets=["东街", "北巷"])))
    swept = [visit for visit in tour.visits if visit["kind"] == "street"]  # type: ignore[attr-defined]
    assert len(swept) == 5
    assert plan.summary["missed"] == []  # type: ignore[attr-defined]


def test_each_team_keeps_to_its_area(town: Town) -> None:
    """The two hot places lie apart: with areas no team visits both."""
    given = wish(town, divide=True)
    with town.engine.connect() as connection:
        both = connection.execute(text("SELECT id FROM team ORDER BY name DESC")).scalars().all()
    given["teams"] = [{**given["teams"][0], "team_id": each} for each in both]  # type: ignore[index]
    plan, made_tours = tours(town, made(town, given))
    assert plan.summary["hot_visits_kept"] == 4  # type: ignore[attr-defined]
    places = [{visit["of"] for visit in tour.visits} for tour in made_tours]  # type: ignore[attr-defined]
    assert len(places) == 2
    assert [len(each) for each in places] == [1, 1]
    assert places[0] != places[1]


def test_a_must_that_nobody_can_keep_is_told(town: Town) -> None:
    given = wish(town)
    room = given["teams"][0]["starts_at"]  # type: ignore[index]
    given["musts"] = [{"place_id": room, "opens": "08:00", "closes": "09:00"}]
    plan, _ = tours(town, made(town, given))
    assert plan.summary["unmet"]  # type: ignore[attr-defined]
    (missed,) = (each for each in plan.summary["missed"] if each["must"])  # type: ignore[attr-defined]
    assert (missed["name"], missed["reason"]) == ("警务室", "no_team_in_hours")


def test_the_same_seed_gives_the_same_plan(town: Town) -> None:
    one, two = (tours(town, made(town, wish(town, seed=7)))[1] for _ in range(2))
    assert [tour.visits for tour in one] == [tour.visits for tour in two]  # type: ignore[attr-defined]


@pytest.mark.parametrize("minutes", [81, 300])
def test_a_break_longer_than_the_shift_allows_is_told(minutes: int) -> None:
    team = {"team_id": 1, "begins": "19:00", "ends": "23:00", "starts_at": 1, "break_min": minutes}
    with pytest.raises(GridmapError, match="A break takes a third of the shift"):
        read_wish({"teams": [team]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"teams": []}, "Choose between 1 and 30 teams"),
        ({"every_h": 0.1}, "every 0.5 to 24 hours"),
        ({"dwell_min": "x"}, "1 to 60 minutes"),
        ({"streets": ["无名路"]}, "There is no street called 无名路"),
        ({"run_id": None}, "nothing to visit"),
    ],
)
def test_bad_wishes_get_a_sentence(town: Town, changes: dict[str, object], said: str) -> None:
    try:
        plan, _ = tours(town, made(town, wish(town, **changes)))
    except GridmapError as refused:
        assert said in str(refused)  # noqa: PT017 - It is told at once, or by the job.
    else:
        assert said in plan.error["template"].format(**plan.error["params"])  # type: ignore[attr-defined]


def test_a_day_that_is_over_is_not_planned(town: Town) -> None:
    with Session(town.engine) as session:
        today = clock(session.connection()).today
        given = read_wish(wish(town))
        with pytest.raises(GridmapError, match="is over"):
            ask_plan(session, SYSTEM, "", town.unit_id, today - timedelta(days=1), given)
        assert ask_plan(session, SYSTEM, "", town.unit_id, today, given).day == today


def test_strangers_and_too_many_are_refused(town: Town) -> None:
    stranger = Actor(None, "x", Role.PLANNER, Scope(()), frozenset())
    given = read_wish(wish(town))
    plan_id = made(town, wish(town))
    with Session(town.engine) as session:
        with pytest.raises(NotFoundError):
            ask_plan(session, stranger, "", town.unit_id, AHEAD, given)
        with pytest.raises(NotFoundError):
            delete_plan(session, stranger, plan_id)
        with pytest.raises(ForbiddenError):
            ask_plan(session, replace(SYSTEM, role=Role.ANALYST), "", town.unit_id, AHEAD, given)
        foreign = given.model_copy(
            update={"teams": [TeamWish(team_id=999, begins=time(8), ends=time(9), starts_at=1)]}
        )
        with pytest.raises(NotFoundError):
            ask_plan(session, SYSTEM, "", town.unit_id, AHEAD, foreign)
        for _ in range(MOST_WAITING):
            ask_plan(session, SYSTEM, "", town.unit_id, AHEAD, given)
        with pytest.raises(ConflictError):
            ask_plan(session, SYSTEM, "", town.unit_id, AHEAD, given)


def test_three_quarters_fall_into_the_busiest_hours() -> None:
    hot = HotPlace(SPOT, 84, 20, 23, 0.75)
    # 63 of 84 in three hours are 21 an hour; 21 in the other 21 hours are one an hour.
    assert expected(hot, Window(20 * HOUR, 22 * HOUR)) == pytest.approx(42)
    assert expected(hot, Window(19 * HOUR, 21 * HOUR)) == pytest.approx(22)
    assert expected(hot, Window(44 * HOUR, 45 * HOUR)) == pytest.approx(21)


@given(
    st.integers(0, 23), st.integers(1, 23), st.floats(0, 1), st.integers(0, 500),
    st.integers(1, 12),
)  # fmt: skip
def test_the_windows_of_a_day_hold_all_incidents(
    first: int, hours: int, share: float, incidents: int, windows: int
) -> None:
    hot = HotPlace(SPOT, incidents, first, (first + hours) % 24, share)
    edges = [24 * HOUR * n / windows for n in range(windows + 1)]
    total = sum(expected(hot, Window(a, b)) for a, b in pairwise(edges))
    assert total == pytest.approx(incidents, abs=1e-6)


def test_a_night_shift_ends_on_the_next_day() -> None:
    night = TeamWish(team_id=1, begins=time(22), ends=time(6), starts_at=1)
    assert night.lasts_s == 8 * HOUR
    assert TeamWish(team_id=1, begins=time(8), ends=time(8), starts_at=1).lasts_s == 24 * HOUR
