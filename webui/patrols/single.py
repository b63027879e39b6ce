"""The page of one route, and of what it was in a former version."""

from __future__ import annotations

from datetime import time
from typing import Any

import numpy as np
from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.patrols.routes.check_ins import recent
from gridmap.patrols.routes.drafts import Waypoint
from gridmap.patrols.routes.near import USUAL_M, nearness
from gridmap.patrols.routes.queries import find_route, stops_of
from gridmap.patrols.routes.timetable import clock_time, in_window, passages, street_names
from gridmap.patrols.routes.versions import draft_of_state, list_versions, state_of_version
from gridmap.territory.models import Unit
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading
from webui.language import named
from webui.patrols.blueprint import blueprint
from webui.patrols.shared import map_values, page_of, route_json, state_json


@blueprint.get("/<int:route_id>")
@needs(Action.VIEW_MAP)
def show(route_id: int) -> ResponseReturnValue:
    """Show a route: map, figures, stops with their times, streets, versions and check-ins."""
    actor = current_actor()
    office = actor.may(Action.VIEW_WORKFORCE)
    with reading() as connection, Session(connection) as session:
        route = find_route(session, actor, route_id)
        stops = stops_of(session, route_id)
        told = route_json(route, stops)
        page = page_of(session, actor) | {"route": told}
        line = np.array(told["line"])
        near = nearness(connection, actor, line, USUAL_M, route.unit_id) if office else None
        shown = {
            "team": named_team(session, route.team_id),
            "unit": named(session.get_one(Unit, route.unit_id)),
            "versions": list_versions(session, route_id) if office else [],
            "check_ins": recent(session, route_id) if office else [],
        }
    return render_template(
        "patrols/route.html",
        route=route,
        near=near,
        metres=USUAL_M,
        page=page,
        start=start_of(),
        rows=timetable(told, start_of()),
        streets=street_names([Waypoint(**each) for each in _clicks(told)]),
        may_plan=actor.may(Action.PLAN_PATROLS),
        former=None,
        **shown,
        **map_values(),
    )


@blueprint.get("/<int:route_id>/versions/<int:number>")
@needs(Action.VIEW_WORKFORCE)
def version(route_id: int, number: int) -> ResponseReturnValue:
    """Show a route as it was in one of its versions."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        route = find_route(session, actor, route_id)
        state = state_of_version(session, route_id, number)
        draft, told = draft_of_state(state), state_json(state)
        page = page_of(session, actor) | {"route": told}
        team = named_team(session, draft.team_id)
        unit = named(session.get_one(Unit, route.unit_id))
        versions = list_versions(session, route_id)
    return render_template(
        "patrols/route.html",
        route=route,
        near=None,
        metres=USUAL_M,
        page=page,
        start=start_of(),
        rows=timetable(told, start_of()),
        streets=street_names(draft.waypoints),
        may_plan=actor.may(Action.PLAN_PATROLS),
        former=next(each for each in versions if each.number == number),
        versions=versions,
        check_ins=[],
        team=team,
        unit=unit,
        **map_values(),
    )


def timetable(told: dict[str, Any], start: time | None) -> list[dict[str, Any]]:
    """Return the stops of a route with when each is reached: minutes on, or hours of the day."""
    stops = told["stops"]
    found = passages(
        np.array(told["line"]),
        [(stop["lon"], stop["lat"]) for stop in stops],
        [stop["dwell_min"] for stop in stops],
        told["length_m"],
        told["moving_s"],
    )
    rows = []
    for number, (stop, passage) in enumerate(zip(stops, found, strict=True), start=1):
        opens, closes = (
            None if stop[name] is None else time.fromisoformat(stop[name])
            for name in ("opens", "closes")
        )
        rows.append({
            **stop,
            "position": number,
            "metres": passage.metres,
            "arrives": clock_time(start or time(0), passage.arrives_s),
            "leaves": clock_time(start or time(0), passage.leaves_s),
            "fits": start is None or in_window(start, passage, opens, closes),
        })  # fmt: skip
    return rows


def start_of() -> time | None:
    """Return when the patrol begins, if the address says so as ``start=20:00``."""
    try:
        return time.fromisoformat(request.args.get("start", "")).replace(tzinfo=None)
    except ValueError:
        return None


def named_team(session: Session, team_id: int | None) -> str:
    """Return a team's name, or nothing."""
    team = None if team_id is None else session.get(Team, team_id)
    return "" if team is None else team.name


def _clicks(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [each | {"streets": tuple(each["streets"])} for each in told["waypoints"]]
