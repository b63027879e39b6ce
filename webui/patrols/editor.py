"""The editor: a route is drawn on the map, and saved as its script sends it."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gridmap.incidents.cases.lookups import unit_choices
from gridmap.patrols.models import PatrolRoute
from gridmap.patrols.routes import service
from gridmap.patrols.routes.drafts import Draft, read_draft
from gridmap.patrols.routes.near import LEAST_M, MOST_M, USUAL_M
from gridmap.patrols.routes.queries import find_route, stops_of, teams
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.asking import body, id_of, optional_id
from webui.database import reading, writing
from webui.language import say
from webui.patrols.blueprint import blueprint
from webui.patrols.shared import map_values, page_of, route_json

_LAYERS = "ground,road,building,unit,cell,place,hotspot"


@blueprint.get("/new")
@needs(Action.PLAN_PATROLS)
def ask_new() -> ResponseReturnValue:
    """Show an empty map to draw on; ``after`` names a route at whose end the new one begins."""
    actor = current_actor()
    after = optional_id(request.args.get("after"), _("Route"))
    with reading() as connection, Session(connection) as session:
        before = None if after is None else find_route(session, actor, after)
        begin = None if before is None else route_json(before, [])["line"][-1]
        values = _editor(session, actor, None, begin)
    return render_template("patrols/edit.html", **values)


@blueprint.get("/<int:route_id>/edit")
@needs(Action.PLAN_PATROLS)
def edit(route_id: int) -> ResponseReturnValue:
    """Show a route to be drawn on."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        values = _editor(session, actor, find_route(session, actor, route_id), None)
    return render_template("patrols/edit.html", **values)


@blueprint.post("/new")
@needs(Action.PLAN_PATROLS)
def add() -> ResponseReturnValue:
    """Store a new route."""
    draft = _draft()
    with writing() as session:
        saved = service.create_route(session, current_actor(), draft)
        told = route_json(saved, stops_of(session, saved.id))
    return jsonify(_answer(saved, draft) | {"stops": told["stops"]})


@blueprint.post("/<int:route_id>/save")
@needs(Action.PLAN_PATROLS)
def save(route_id: int) -> ResponseReturnValue:
    """Store a route's next version.

    ``version`` is the one that was drawn on; with ``rest`` the route is split, and with
    ``absorbs`` another route goes to the archive.
    """
    draft, given, actor = _draft(), body(), current_actor()
    version = id_of(given.get("version"), _("Version"))
    other = optional_id(given.get("absorbs"), _("Route"))
    rest = read_draft(given["rest"]) if isinstance(given.get("rest"), dict) else None
    second: PatrolRoute | None = None
    with writing() as session:
        if rest is not None:
            saved, second = service.split_route(session, actor, route_id, version, (draft, rest))
        elif other is not None:
            saved = service.join_routes(session, actor, route_id, draft, version, other)
        else:
            saved = service.save_route(session, actor, route_id, draft, version)
        told = route_json(saved, stops_of(session, saved.id))
    return jsonify(
        _answer(saved, draft)
        | {
            "stops": told["stops"],
            "second": None if second is None else url_for("patrols.edit", route_id=second.id),
        }
    )


def _draft() -> Draft:
    return read_draft(body())


def _answer(route: PatrolRoute, draft: Draft) -> dict[str, Any]:
    return {
        "id": route.id,
        "version": route.version,
        "unit": route.unit_id,
        "notices": [say(notice) for notice in draft.notices],
        "urls": {
            "show": url_for("patrols.show", route_id=route.id),
            "edit": url_for("patrols.edit", route_id=route.id),
            "save": url_for("patrols.save", route_id=route.id),
        },
    }


def _editor(
    session: Session, actor: Actor, route: PatrolRoute | None, begin: list[float] | None
) -> dict[str, Any]:
    """Return what the template needs."""
    stops = [] if route is None else stops_of(session, route.id)
    page = page_of(session, actor, layers=_LAYERS) | {
        "route": None if route is None else route_json(route, stops),
        "begin": begin,
        "metres": USUAL_M,
        "urls": {
            "trace": url_for("streets.trace_line"),
            "near": url_for("patrols.near"),
            "beside": url_for("patrols.beside"),
            "place": url_for("patrols.place"),
            "found": url_for("patrols.found"),
            "add": url_for("patrols.add"),
            "route": url_for("patrols.state", route_id=0).replace("/0/", "/{id}/"),
            "save": url_for("patrols.save", route_id=route.id) if route is not None else None,
        },
    }
    return {
        "page": page,
        "route": route,
        "teams": teams(session, actor),
        "units": unit_choices(session, actor),
        "limits": (LEAST_M, USUAL_M, MOST_M),
        **map_values(),
    }
