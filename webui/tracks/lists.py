"""The list of tracks."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.patrols.tracks.choices import route_choices, team_choices
from gridmap.patrols.tracks.queries import PAGE, SORTS, Filter, list_tracks
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import one_of, optional_day, optional_id, page_number
from webui.database import reading
from webui.paging import Pages
from webui.tracks.blueprint import blueprint


@blueprint.get("/tracks")
@needs(Action.REPORT_INCIDENT)
def tracks() -> ResponseReturnValue:
    """Show the tracks that a person may see, the newest first."""
    actor = current_actor()
    wanted = Filter(
        route_id=optional_id(request.args.get("route"), "route"),
        team_id=optional_id(request.args.get("team"), "team"),
        first=optional_day(request.args.get("from")),
        last=optional_day(request.args.get("to")),
        sort=one_of("sort", SORTS, "started"),
        descending=request.args.get("order", "desc" if "sort" not in request.args else "")
        == "desc",
    )
    with reading() as connection, Session(connection) as session:
        rows, total = list_tracks(session, actor, wanted, page_number())
        routes, teams = route_choices(session, actor), team_choices(session, actor)
    return render_template(
        "tracks/list.html",
        rows=rows,
        pages=Pages(total, PAGE),
        wanted=wanted,
        routes=routes,
        teams=teams,
        filtered=any((wanted.route_id, wanted.team_id, wanted.first, wanted.last)),
        plans=actor.may(Action.PLAN_PATROLS),
    )
