"""The list of routes."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from gridmap.patrols.models import MODES, ROUTE_KINDS
from gridmap.patrols.routes.queries import PAGE, Filter, list_routes, teams
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import one_of, page_number
from webui.database import reading
from webui.paging import Pages
from webui.patrols.blueprint import blueprint


@blueprint.get("")
@needs(Action.VIEW_MAP)
def index() -> ResponseReturnValue:
    """Show the routes of the area; a cadre sees those of the own teams."""
    actor = current_actor()
    team = request.args.get("team", "")
    wanted = Filter(
        words=request.args.get("q", "").strip()[:100],
        kind=one_of("kind", ROUTE_KINDS, "") or None,
        mode=one_of("mode", MODES, "") or None,
        team_id=int(team) if team.isdecimal() and len(team) < 18 else None,
        archived=request.args.get("state") == "archived",
        sort=request.args.get("sort", "name"),
        descending=request.args.get("order") == "desc",
    )
    with reading() as connection, Session(connection) as session:
        rows, total = list_routes(session, actor, wanted, page_number())
        offered = teams(session, actor) if actor.may(Action.VIEW_WORKFORCE) else []
    return render_template(
        "patrols/list.html",
        rows=rows,
        pages=Pages(total, PAGE),
        wanted=wanted,
        teams=offered,
        may_plan=actor.may(Action.PLAN_PATROLS),
        filtered=bool(
            wanted.words or wanted.kind or wanted.mode or wanted.team_id or wanted.archived
        ),
    )
