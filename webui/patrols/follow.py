"""A route on a phone: where one is on it, the next stop, and checking in there."""

from __future__ import annotations

from datetime import datetime

from flask import jsonify, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.routes.check_ins import check_in as store
from gridmap.patrols.routes.check_ins import own_today
from gridmap.patrols.routes.queries import find_route, stops_of
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import body, id_of
from webui.database import reading, writing
from webui.patrols.blueprint import blueprint
from webui.patrols.shared import map_values, page_of, route_json


@blueprint.get("/<int:route_id>/follow")
@needs(Action.VIEW_MAP)
def follow(route_id: int) -> ResponseReturnValue:
    """Show the route with the phone's own place on it."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        route = find_route(session, actor, route_id)
        page = page_of(session, actor) | {
            "route": route_json(route, stops_of(session, route_id)),
            "done": {
                stop: at.isoformat() for stop, at in own_today(session, actor, route_id).items()
            },
            "checkIn": url_for("patrols.check_in", route_id=route_id),
            "record": url_for("tracks.record"),
        }
    return render_template("patrols/follow.html", route=route, page=page, **map_values())


@blueprint.post("/<int:route_id>/check-in")
@needs(Action.VIEW_MAP)
def check_in(route_id: int) -> ResponseReturnValue:
    """Store that the person is at a ``stop``; ``at`` is when, ``lon`` and ``lat`` where."""
    given = body()
    with writing() as session:
        done = store(
            session,
            current_actor(),
            route_id,
            id_of(given.get("stop"), _("Stopping place")),
            at=_moment(given.get("at")),
            point=_point(given.get("lon"), given.get("lat")),
        )
        at = done.at
    return jsonify(at=at.isoformat())


def _moment(given: object) -> datetime | None:
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise GridmapError(
            Message("The time of the check-in is not of today. Check the phone's clock.")
        )
    return moment


def _point(lon: object, lat: object) -> tuple[float, float] | None:
    if lon is None or lat is None:
        return None
    try:
        x, y = float(str(lon)), float(str(lat))
    except ValueError:
        x = y = 999.0
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        raise GridmapError(Message("The line has coordinates that are not on the globe."))
    return x, y
