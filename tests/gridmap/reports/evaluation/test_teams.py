"""What is told of patrol teams, counted by hand.

Team 甲 has seven shifts in January 2025, five of which are due: the sixth is cancelled, and the
last is of February. Its route is 1,000 m with 2 stops until the 14th, then 2,000 m with 3 stops.

| day | who came | on record of the route |
|---|---|---|
| 3 | Wang, Li late | half of it walked, stop 1 kept, Wang checked in at stop 2 |
| 10 | Wang; Li absent | nothing |
| 17 | Wang on leave; Li absent | nothing |
| 20 | nothing noted | nothing |
| 25 | both | (no route) |
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from sqlalchemy import text

from gridmap.incidents.statistics import Span
from gridmap.patrols.shifts.queries import Wanted, search
from gridmap.patrols.tracks.service import NewTrack, add_track
from gridmap.reports.evaluation import queries, service
from gridmap.reports.evaluation.access import reader_of
from gridmap.reports.evaluation.filling import fill
from gridmap.reports.evaluation.models import Evaluation
from gridmap.reports.evaluation.queries import MembersWanted
from gridmap.reports.measures import MEASURES, measured, records_of
from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.models import Team, TeamMember
from gridmap.workforce.rights import SYSTEM, Actor
from tests.gridmap.incidents.conftest import Desk
from tests.gridmap.reports.evaluation.test_measures import of

JANUARY = Span(date(2025, 1, 1), date(2025, 1, 31))
FEBRUARY = Span(date(2025, 2, 1), date(2025, 2, 28))
KEYS = ("shifts.due", "shifts.done", "shifts.attended", "stops.visited", "routes.walked")


def team(desk: Desk, name: str, unit: int, *names: str) -> int:
    made = Team(name=name, kind="volunteer", unit_id=unit)
    desk.session.add(made)
    desk.session.flush()
    for each in names:
        cadre = desk.office.cadres[each]
        desk.session.add(TeamMember(team_id=made.id, cadre_id=cadre, captain=each == names[0]))
    desk.session.flush()
    return made.id


def route(desk: Desk, unit: int, *versions: tuple[str, int, int]) -> int:
    """A route with stops 1 to 3 as of the last of its versions: since when, metres, stops."""
    [found] = desk.session.scalars(
        text("""
            INSERT INTO patrol_route (name, unit_id, length_m, moving_s, geom)
            VALUES ('夜巡线', :unit, 1000, 900,
                    ST_SetSRID(ST_MakeLine(ST_MakePoint(116, 28), ST_MakePoint(116.01, 28)), 4326))
            RETURNING id
        """),
        {"unit": unit},
    )
    for number, (since, metres, stops) in enumerate(versions, start=1):
        state = {"length_m": metres, "stops": [{}] * stops}
        desk.session.execute(
            text("""
                INSERT INTO patrol_route_version (route_id, number, at, user_name, state)
                VALUES (:route, :number, CAST(:since AS timestamptz), '', CAST(:state AS jsonb))
            """),
            {"route": found, "number": number, "since": since, "state": json.dumps(state)},
        )
    desk.session.execute(
        text("""
            INSERT INTO patrol_stop (route_id, position, geom)
            SELECT :route, n, ST_SetSRID(ST_MakePoint(116, 28), 4326) FROM generate_series(1, 3) n
        """),
        {"route": found},
    )
    return int(found)


def shift(
    desk: Desk, team_id: int, day: str, route_id: int | None = None, *, cancelled: bool = False,
    **states: str | None,
) -> None:  # fmt: skip
    """A shift from 19 to 21 hours with people and what is noted of them."""
    [found] = desk.session.scalars(
        text("""
            INSERT INTO shift (team_id, route_id, starts, ends, cancelled_at)
            VALUES (:team, :route, CAST(:starts AS timestamptz),
                    CAST(:starts AS timestamptz) + interval '2 hours',
                    CASE WHEN :cancelled THEN now() END)
            RETURNING id
        """),
        {"team": team_id, "route": route_id, "starts": f"{day} 19:00+08", "cancelled": cancelled},
    )
    for name, state in states.items():
        desk.session.execute(
            text("INSERT INTO shift_member (shift_id, cadre_id, state) "
                 "VALUES (:shift, :cadre, :state)"),
            {"shift": found, "cadre": desk.office.cadres[name], "state": state},
        )  # fmt: skip


def track(desk: Desk, team_id: int, route_id: int, at: str, share: float, *verdicts: str) -> None:
    [found] = desk.session.scalars(
        text("""
            INSERT INTO patrol_track (unit_id, route_id, team_id, mode, source, started_at,
                                      ended_at, positions, matched_at, route_share)
            SELECT unit_id, id, :team, mode, 'gpx', CAST(:at AS timestamptz),
                   CAST(:at AS timestamptz) + interval '1 hour', 2, now(), :share
            FROM patrol_route WHERE id = :route RETURNING id
        """),
        {"team": team_id, "route": route_id, "at": at, "share": share},
    )
    for position, verdict in enumerate(verdicts, start=1):
        desk.session.execute(
            text("""
                INSERT INTO patrol_visit (track_id, position, stop_id, name, dwell_s, stayed_s,
                                          verdict)
                SELECT :track, position, id, '', 600, 600, :verdict
                FROM patrol_stop WHERE route_id = :route AND position = :position
            """),
            {"track": found, "position": position, "route": route_id, "verdict": verdict},
        )


def january(desk: Desk) -> int:
    """What the module's table tells; return the team."""
    made = team(desk, "甲", desk.office.here, "wang", "li")
    walked = route(desk, desk.office.here, ("2025-01-01", 1000, 2), ("2025-01-15", 2000, 3))
    shift(desk, made, "2025-01-03", walked, wang="present", li="late")
    shift(desk, made, "2025-01-10", walked, wang="present", li="absent")
    shift(desk, made, "2025-01-17", walked, wang="leave", li="absent")
    shift(desk, made, "2025-01-20", walked, wang=None, li=None)
    shift(desk, made, "2025-01-24", walked, cancelled=True, wang="present", li="present")
    shift(desk, made, "2025-01-25", None, wang="present", li="present")
    shift(desk, made, "2025-02-03", walked, wang="present", li="present")
    track(desk, made, walked, "2025-01-03 18:45+08", 0.3, "missed", "missed")
    track(desk, made, walked, "2025-01-03 19:10+08", 0.5, "visited", "too_short")
    # Too late for the shift.
    track(desk, made, walked, "2025-01-03 21:31+08", 1.0, "visited", "visited", "visited")
    desk.session.execute(
        text("""
            INSERT INTO patrol_check_in (route_id, stop_id, user_id, user_name, at)
            SELECT route_id, id, CAST(:user AS bigint), '', CAST(:at AS timestamptz)
            FROM patrol_stop WHERE route_id = :route AND position IN (1, 2)
            UNION ALL
            -- Of somebody who was not on the shift.
            SELECT route_id, id, :other, '', CAST(:at AS timestamptz)
            FROM patrol_stop WHERE route_id = :route AND position = 3
        """),
        {"route": walked, "user": desk.cadre.user_id, "other": desk.analyst.user_id,
         "at": "2025-01-03 20:00+08"},
    )  # fmt: skip
    return made


def test_a_team_is_told_by_its_shifts_its_stops_and_the_length_of_its_routes(desk: Desk) -> None:
    made = january(desk)
    found = measured(desk.session, KEYS, JANUARY, "team", EVERYTHING)
    assert of(found, made, "shifts.due")["value"] == 5
    told = {key: tuple(of(found, made, key).values()) for key in KEYS[1:]}
    assert told == {
        "shifts.done": (3, 5, Decimal("60.00")),
        # Leave is no absence, and what nobody noted is not known: 5 of 7.
        "shifts.attended": (5, 7, Decimal("71.43")),
        # As the route was at each shift: 2 + 2 + 3 + 3 stops, 1,000 + 1,000 + 2,000 + 2,000 m.
        "stops.visited": (2, 10, Decimal("20.00")),
        "routes.walked": (500, 6000, Decimal("8.33")),
    }


def test_a_months_walks_count_where_the_town_recorded_any(desk: Desk) -> None:
    made = january(desk)
    there = team(desk, "乙", desk.office.there, "chen", "zhao")
    walked = route(desk, desk.office.there, ("2025-01-01", 800, 1))
    for day in ("2025-01-05", "2025-02-05"):
        shift(desk, there, day, walked, chen="present", zhao="present")
    found = measured(desk.session, KEYS, JANUARY, "team", EVERYTHING)
    assert of(found, there, "stops.visited") == {
        "numerator": 0, "denominator": 1, "value": Decimal("0.00"),
    }  # fmt: skip
    # In February nobody recorded anything, neither there nor here.
    found = measured(desk.session, KEYS, FEBRUARY, "team", EVERYTHING)
    for member in (made, there):
        assert of(found, member, "shifts.done")["value"] == Decimal("100.00")
        assert of(found, member, "stops.visited")["value"] is None
        assert of(found, member, "routes.walked")["value"] is None
    # A team's value does not depend on whose evaluation it is.
    whole = measured(desk.session, KEYS, JANUARY, "team", EVERYTHING)
    own = measured(desk.session, KEYS, JANUARY, "team", Scope((desk.office.there,)))
    assert set(own["member"]) == {there}
    for key in KEYS:
        assert of(own, there, key) == of(whole, there, key), key


def test_a_team_of_one_is_a_person_and_a_closed_one_still_counts(desk: Desk) -> None:
    alone = team(desk, "独", desk.office.here, "li")
    closed = team(desk, "旧", desk.office.here, "wang", "zhao")
    of_town = team(desk, "街道队", desk.office.town, "chen", "li")
    idle = team(desk, "闲", desk.office.here, "wang", "li")
    shift(desk, alone, "2025-01-03", li="present")
    shift(desk, closed, "2025-01-04", wang="present", zhao="present")
    shift(desk, of_town, "2025-01-05", chen="present", li="present")
    desk.session.execute(text("UPDATE team SET active = false WHERE id = :id"), {"id": closed})
    found = measured(desk.session, KEYS, JANUARY, "team", EVERYTHING)
    assert set(found["member"]) == {closed, of_town}
    assert {alone, idle} & set(found["member"]) == set()
    found = measured(desk.session, KEYS, JANUARY, "team", Scope((desk.office.here,)))
    assert set(found["member"]) == {closed}


@pytest.mark.parametrize(("started", "known"), [("19:05", True), ("18:31", True), ("22:00", False)])
def test_a_track_that_names_no_team_is_of_the_team_on_duty(
    desk: Desk, started: str, known: bool
) -> None:
    made = team(desk, "甲", desk.office.here, "wang", "li")
    walked = route(desk, desk.office.here, ("2025-01-01", 1000, 2))
    shift(desk, made, "2025-01-03", walked, wang="present", li="present")
    begin = pd.Timestamp(f"2025-01-03 {started}+08").tz_convert("UTC")
    positions = gpd.GeoDataFrame(
        {"at": [begin, begin + pd.Timedelta(minutes=20)], "accuracy_m": [5.0, 5.0]},
        geometry=gpd.points_from_xy([116.0, 116.01], [28.0, 28.0]), crs="EPSG:4326",
    )  # fmt: skip
    added = add_track(desk.session, SYSTEM, NewTrack("gpx", route_id=walked), positions)
    assert added.team_id == (made if known else None)


@pytest.mark.parametrize("numerator", [True, False])
def test_shifts_due_and_done_lead_to_as_many_shifts(desk: Desk, numerator: bool) -> None:
    made = january(desk)
    measure = MEASURES["shifts.done"]
    counted = of(measured(desk.session, [measure.key], JANUARY, "team", EVERYTHING), made,
                 measure.key)  # fmt: skip
    found = records_of(measure, JANUARY, "team", made, "", numerator=numerator)
    assert found is not None
    endpoint, asked = found
    assert endpoint == "shifts.list_page"
    wanted = Wanted(date.fromisoformat(asked["first"]), date.fromisoformat(asked["last"]),
                    asked["team"], state=asked["state"])  # fmt: skip
    _, total = search(desk.session, desk.admin, wanted)
    assert total == counted["numerator" if numerator else "denominator"]


def seen(desk: Desk, actor: Actor, evaluation: Evaluation) -> dict[int, Any]:
    reader = reader_of(desk.session, actor)
    rows, _ = queries.list_members(
        desk.session, reader, evaluation.id, None, MembersWanted("team", sort="rank")
    )
    return {row.member_id: row for row in rows}


def test_a_team_has_a_score_that_opens_and_is_seen_by_its_area_and_its_members(
    desk: Desk,
) -> None:
    here = january(desk)
    there = team(desk, "乙", desk.office.there, "chen", "zhao")
    for day in range(1, 16):
        shift(desk, there, f"2025-01-{day:02}", chen="present", zhao="present")
    evaluation = service.make_evaluation(
        desk.session, desk.town, desk.office.town, "month", date(2025, 1, 9)
    )
    fill(desk.session, evaluation)
    service.open_evaluation(desk.session, desk.town, evaluation.id)
    rows = seen(desk, desk.town, evaluation)
    # (40 x 60.00 + 20 x 71.43 + 20 x 20.00 + 20 x 8.33) / 100 = 43.952; five shifts are too few.
    assert (rows[here].score, rows[here].weight, rows[here].due) == (Decimal("43.95"), 100, 5)
    assert rows[here].rank is None
    # Without a route stops and length have no data: 40 + 20 of the weight.
    assert (rows[there].score, rows[there].weight, rows[there].rank) == (Decimal(100), 60, 1)
    assert rows[here].parts["routes.walked"] == {"n": 500, "d": 6000, "v": "8.33", "p": "8.33"}
    assert set(rows[here].parts) == set(KEYS[1:])

    assert set(seen(desk, desk.supervisor, evaluation)) == {here}
    assert set(seen(desk, desk.analyst, evaluation)) == {here}
    assert set(seen(desk, desk.stranger, evaluation)) == {there}
    # Wang is in the first team.
    assert set(seen(desk, desk.cadre, evaluation)) == {here}
    own = queries.own_members(desk.session, reader_of(desk.session, desk.cadre))
    assert {(row.grp, row.member_id) for row in own} == {
        ("team", here), ("cadre", desk.office.cadres["wang"]),
    }  # fmt: skip
    service.comment(desk.session, desk.cadre, evaluation.id, "team", here, "17日换防")
    said = queries.all_comments(desk.session, reader_of(desk.session, desk.town), evaluation.id)
    assert [(row.grp, row.name) for row in said] == [("team", "甲")]
