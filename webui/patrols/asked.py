"""What the editor asks while a route is drawn, as JSON."""

from __future__ import annotations

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.routes.drafts import read_line
from gridmap.patrols.routes.near import (
    LEAST_M,
    MOST_M,
    Share,
    nearness,
    place_at,
    places_beside,
)
from gridmap.patrols.routes.queries import Filter, find_route, list_routes, stops_of
from gridmap.workforce.rights import Action, require_unit
from webui.access import current_actor, needs
from webui.asking import body, optional_id
from webui.database import reading
from webui.patrols.blueprint import blueprint
from webui.patrols.shared import route_json


@blueprint.post("/near")
@needs(Action.PLAN_PATROLS)
def near() -> ResponseReturnValue:
    """Tell the share of hotspots and incidents within ``metres`` of a ``line``.

    With ``unit`` only of that unit.
    """
    given, actor = body(), current_actor()
    line, metres = read_line(given.get("line")), _metres(given.get("metres"))
    unit = optional_id(given.get("unit"), _("Unit"))
    if unit is not None:
        require_unit(actor, unit)
    with reading() as connection:
        found = nearness(connection, actor, line, metres, unit)
    return jsonify(
        metres=metres,
        hotspots=_share(found.hotspots),
        run=None
        if found.run_id is None
        else {"name": found.run_name, "last": found.run_last and found.run_last.isoformat()},
        incidents=_share(found.incidents),
        first=found.span.first.isoformat(),
        last=found.span.last.isoformat(),
    )


@blueprint.post("/beside")
@needs(Action.PLAN_PATROLS)
def beside() -> ResponseReturnValue:
    """List the places within ``metres`` of a ``line``, in the order in which it passes them."""
    given = body()
    line, metres = read_line(given.get("line")), _metres(given.get("metres"))
    with reading() as connection:
        return jsonify(places=places_beside(connection, current_actor(), line, metres))


@blueprint.get("/place")
@needs(Action.PLAN_PATROLS)
def place() -> ResponseReturnValue:
    """Name the place at ``lon`` and ``lat``, where a stop is set; null if there is none."""
    try:
        lon, lat = float(request.args["lon"]), float(request.args["lat"])
    except (KeyError, ValueError):
        lon = lat = 999.0
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise GridmapError(Message("The line has coordinates that are not on the globe."))
    with reading() as connection:
        return jsonify(place=place_at(connection, current_actor(), lon, lat))


@blueprint.get("/found")
@needs(Action.PLAN_PATROLS)
def found() -> ResponseReturnValue:
    """List routes by part of their name ``q``, to be joined with."""
    wanted = Filter(words=request.args.get("q", "").strip()[:100])
    with reading() as connection, Session(connection) as session:
        rows, _total = list_routes(session, current_actor(), wanted, 1)
    return jsonify(
        routes=[{"id": row.id, "name": row.name, "length_m": row.length_m} for row in rows]
    )


@blueprint.get("/<int:route_id>/route.json")
@needs(Action.VIEW_MAP)
def state(route_id: int) -> ResponseReturnValue:
    """Answer with a route as scripts read it."""
    with reading() as connection, Session(connection) as session:
        route = find_route(session, current_actor(), route_id)
        told = route_json(route, stops_of(session, route_id))
    return jsonify(told | {"url": url_for("patrols.show", route_id=route_id)})


def _share(share: Share | None) -> dict[str, int] | None:
    return None if share is None else {"near": share.near, "of": share.of}


def _metres(given: object) -> int:
    try:
        metres = int(str(given))
    except ValueError:
        metres = 0
    if not LEAST_M <= metres <= MOST_M:
        raise GridmapError(
            Message("{name} must be a number from {least} to {most}.",
                    name="X", least=LEAST_M, most=MOST_M)
        )  # fmt: skip
    return metres
