"""Routes made of a plan's tours, to be walked, printed and followed like any other."""

from __future__ import annotations

from datetime import time
from typing import Any

import numpy as np
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, NotFoundError
from gridmap.patrols.models import PatrolRoute
from gridmap.patrols.network import Mode
from gridmap.patrols.plans.queries import find_plan, tours_of
from gridmap.patrols.routes.drafts import LONGEST_NAME, Draft, StopDraft, Waypoint
from gridmap.patrols.routes.service import create_route
from gridmap.patrols.streets import tracing
from gridmap.patrols.streets.tracing import trace
from gridmap.workforce.rights import Action, Actor, require

#: Minutes by which a patrol may be before or after its time at a stop.
SLACK_MIN = 15
_DAY_MIN = 1440


def make_route(session: Session, actor: Actor, plan_id: int, number: int) -> PatrolRoute:
    """Store a tour as a route, with its visits as stops in their hours.

    Raises
    ------
    ForbiddenError
        If the actor plans no patrols.
    NotFoundError
        If there is no such plan or tour in the actor's area.
    ConflictError
        If a route was made of it before.
    """
    require(actor, Action.PLAN_PATROLS)
    plan = find_plan(session, actor, plan_id)
    tour = next((row for row in tours_of(session, plan_id) if row.number == number), None)
    if tour is None:
        raise NotFoundError(Message("There is no plan with the id {id}.", id=plan_id))
    if tour.route_id is not None:
        raise ConflictError(Message("This tour is a route already: {name}.", name=tour.route))
    route = create_route(session, actor, _draft(session, plan, tour))
    session.execute(
        text("UPDATE patrol_plan_tour SET route_id = :route WHERE plan_id = :id AND number = :n"),
        {"route": route.id, "id": plan_id, "n": number},
    )
    return route


def _draft(session: Session, plan: Row[Any], tour: Row[Any]) -> Draft:
    visits = [visit for visit in tour.visits if visit["kind"] != "break"]
    first, last = session.execute(
        text("""
            SELECT ARRAY[ST_X(ST_StartPoint(geom)), ST_Y(ST_StartPoint(geom))],
                   ARRAY[ST_X(ST_EndPoint(geom)), ST_Y(ST_EndPoint(geom))]
            FROM patrol_plan_tour WHERE plan_id = :id AND number = :n
        """),
        {"id": plan.id, "n": tour.number},
    ).one()
    points = [first, *([visit["lon"], visit["lat"]] for visit in visits), last]
    traced = trace(session, [tracing.Waypoint(*point) for point in points], _mode(tour))
    line, waypoints = [traced.legs[0].coordinates[0]], [Waypoint(*points[0])]
    for point, leg in zip(points[1:], traced.legs, strict=True):
        line += leg.coordinates[1:]
        waypoints.append(Waypoint(point[0], point[1], False, len(line) - 1, leg.streets))
    name = f"{plan.day} {tour.team}"
    return Draft(
        name=name[:LONGEST_NAME],
        line=np.array(line),
        waypoints=tuple(waypoints),
        stops=tuple(_stop(visit) for visit in visits),
        kind="key_hours",
        mode=tour.mode,
        team_id=tour.team_id,
        unit_id=plan.unit_id,
    )


def _mode(tour: Row[Any]) -> Mode:
    return Mode[tour.mode.upper()]


def _stop(visit: dict[str, Any]) -> StopDraft:
    return StopDraft(
        lon=visit["lon"],
        lat=visit["lat"],
        name=visit["name"],
        kind="hotspot" if visit["kind"] == "hot" else "other",
        dwell_min=round((visit["ends"] - visit["begins"]) / 60),
        opens=_clock(visit["begins"] // 60 - SLACK_MIN),
        closes=_clock(visit["ends"] // 60 + SLACK_MIN),
        must=visit["must"],
    )


def _clock(minutes: float) -> time:
    whole = int(minutes) % _DAY_MIN
    return time(whole // 60, whole % 60)
