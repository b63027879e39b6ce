"""A route on a sheet of A4: map, legend, streets in order, stops and times."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.patrols.routes.drafts import Waypoint
from gridmap.patrols.routes.queries import find_route, stops_of
from gridmap.patrols.routes.timetable import street_names
from gridmap.territory.models import Unit
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading
from webui.language import named
from webui.patrols.blueprint import blueprint
from webui.patrols.shared import map_values, page_of, route_json
from webui.patrols.single import named_team, start_of, timetable


@blueprint.get("/<int:route_id>/print")
@needs(Action.VIEW_MAP)
def paper(route_id: int) -> ResponseReturnValue:
    """Show the sheet; with ``start`` the stops have hours of the day."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        route = find_route(session, actor, route_id)
        told = route_json(route, stops_of(session, route_id))
        page = page_of(session, actor) | {"route": told}
        team = named_team(session, route.team_id)
        unit = named(session.get_one(Unit, route.unit_id))
    clicks = [Waypoint(**each | {"streets": tuple(each["streets"])}) for each in told["waypoints"]]
    return render_template(
        "patrols/paper.html",
        route=route,
        page=page,
        start=start_of(),
        rows=timetable(told, start_of()),
        streets=street_names(clicks),
        team=team,
        unit=unit,
        **map_values(),
    )
