"""The form for a plan."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.incidents.statistics import clock
from gridmap.patrols.models import MODES
from gridmap.patrols.plans import choices
from gridmap.patrols.plans.queries import find_plan
from gridmap.patrols.plans.service import ask_plan, read_wish
from gridmap.patrols.plans.wishes import EFFORTS
from gridmap.patrols.tracks.overview import bounds
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, id_of, optional_id
from webui.database import reading, writing
from webui.language import say
from webui.plans import words
from webui.plans.blueprint import blueprint
from webui.plans.typed import POINT, typed
from webui.tracks.map_page import map_page, map_values

_TEAM_FIELDS = (
    "team", "mode", "begins", "ends", "starts_at", "start_point", "ends_at", "end_point",
    "break_min",
)  # fmt: skip
#: Rows that the form begins with.
_ROWS = 2


@blueprint.get("/new")
@needs(Action.PLAN_PATROLS)
def ask_new() -> ResponseReturnValue:
    """Ask for teams, places and hours, which may be those of an earlier plan."""
    earlier = optional_id(request.args.get("like"), gettext("Plan"))
    if earlier is None:
        return _form(MultiDict())
    with reading() as connection, Session(connection) as session:
        return _form(typed(find_plan(session, current_actor(), earlier)))


@blueprint.post("/new")
@needs(Action.PLAN_PATROLS)
def add() -> ResponseReturnValue:
    """Put a plan into the queue, and lead to its page."""
    try:
        wish = read_wish(_wish())
        unit_id = id_of(request.form.get("unit"), gettext("Unit"))
        day = day_of(request.form.get("day"))
        with writing() as session:
            plan = ask_plan(
                session, current_actor(), request.form.get("name", ""), unit_id, day, wish
            )
    except GridmapError as refused:
        if refused.status not in (400, 409, 503):
            raise
        return _form(request.form, say(refused.message)), refused.status
    return redirect(url_for("plans.show", plan_id=plan.id))


def _wish() -> dict[str, Any]:
    """Return the wish as it was typed; what it means is checked where it is read."""
    form = request.form
    given = {
        "teams": [_team(row) for row in _rows(form) if row["team"]],
        "musts": [
            {
                "place_id": place,
                "dwell_min": form.get(f"dwell-{place}") or 10,
                "opens": form.get(f"opens-{place}") or None,
                "closes": form.get(f"closes-{place}") or None,
            }
            for place in form.getlist("must")
        ],
        "run_id": form.get("run") or None,
        "streets": [line for line in form.getlist("street") if line],
        "balance": 0.02 if form.get("balance") == "1" else 0.0,
        "divide": form.get("divide") == "1",
        "seed": None,
        "effort": form.get("effort", "usual"),
    }
    for name in ("most_places", "dwell_min", "every_h"):
        if form.get(name):
            given[name] = form[name]
    if form.get("different") == "1":
        given["seed"] = day_of(form.get("day")).toordinal()
    return given


def _rows(given: MultiDict[str, str]) -> list[dict[str, str]]:
    """Return the rows of teams as they were typed."""
    count = len(given.getlist("team"))
    columns = [given.getlist(name) or [""] * count for name in _TEAM_FIELDS]
    return [dict(zip(_TEAM_FIELDS, row, strict=True)) for row in zip(*columns, strict=False)]


def _team(row: dict[str, str]) -> dict[str, Any]:
    return {
        "team_id": row["team"],
        "mode": row["mode"],
        "begins": row["begins"],
        "ends": row["ends"],
        **_post("starts_at", "start_point", row),
        **_post("ends_at", "end_point", row),
        "break_min": row["break_min"] or 0,
    }


def _post(place: str, point: str, row: dict[str, str]) -> dict[str, Any]:
    """Return where a team starts or ends: at a place, or at a point as longitude and latitude."""
    if row[place] != POINT:
        return {place: row[place] or None}
    parts = re.split(r"[,，;；\s]+", row[point].strip())
    try:
        lon, lat = (float(part) for part in parts)
    except ValueError:
        lon = lat = math.nan
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise GridmapError(
            Message("Click where the team starts or ends on the map, or type longitude, latitude.")
        )
    return {point: (lon, lat)}


def _post_of(unit_id: int, posts: choices.Rows) -> str:
    """Return the post of a team's own unit, else the first one, else that a point is to be set."""
    own = next((post for post in posts if post.unit_id == unit_id), posts[0] if posts else None)
    return str(own.id) if own else POINT


def _form(given: MultiDict[str, str], fault: str | None = None) -> str:
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        teams = choices.teams(session, actor)
        posts = choices.places(session, actor, choices.POSTS)
        rows = _rows(given) or [
            {
                "team": str(team.id), "mode": "foot", "begins": "19:00", "ends": "23:00",
                "starts_at": _post_of(team.unit_id, posts), "start_point": "",
                "ends_at": "", "end_point": "", "break_min": "",
            }
            for team in teams[:_ROWS]
        ]  # fmt: skip
        reach = bounds(connection, actor.scope)
        today = clock(session.connection()).today
        return render_template(
            "plans/new.html",
            **map_values(),
            page=map_page(words.SCRIPT, bounds=reach),
            fault=fault,
            given=given,
            rows=rows,
            teams=teams,
            posts=posts,
            sights=choices.places(session, actor, choices.SIGHTS),
            runs=choices.runs(session, actor),
            streets=choices.street_names(session, actor),
            units=unit_choices(session, actor),
            modes=MODES,
            efforts=EFFORTS,
            today=today,
            tomorrow=today + timedelta(days=1),
        )
