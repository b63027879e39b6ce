"""The form for a plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.incidents.statistics import clock
from gridmap.patrols.models import MODES
from gridmap.patrols.plans import choices
from gridmap.patrols.plans.service import ask_plan, read_wish
from gridmap.patrols.plans.wishes import EFFORTS
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import day_of, id_of
from webui.database import reading, writing
from webui.language import say
from webui.plans.blueprint import blueprint

_TEAM_FIELDS = ("team", "mode", "begins", "ends", "starts_at", "ends_at", "break_min")
#: Rows that the form begins with.
_ROWS = 2


@blueprint.get("/new")
@needs(Action.PLAN_PATROLS)
def ask_new() -> ResponseReturnValue:
    """Ask for teams, places and hours."""
    return _form(None)


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
        return _form(say(refused.message)), refused.status
    return redirect(url_for("plans.show", plan_id=plan.id))


def _wish() -> dict[str, Any]:
    """Return the wish as it was typed; what it means is checked where it is read."""
    form = request.form
    given = {
        "teams": [_team(row) for row in _rows() if row["team"]],
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


def _rows() -> list[dict[str, str]]:
    """Return the rows of teams as they were typed."""
    columns = [request.form.getlist(name) for name in _TEAM_FIELDS]
    return [dict(zip(_TEAM_FIELDS, row, strict=True)) for row in zip(*columns, strict=False)]


def _team(row: dict[str, str]) -> dict[str, Any]:
    return {
        "team_id": row["team"],
        "mode": row["mode"],
        "begins": row["begins"],
        "ends": row["ends"],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"] or None,
        "break_min": row["break_min"] or 0,
    }


def _form(fault: str | None) -> str:
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        teams = choices.teams(session, actor)
        posts = choices.places(session, actor, choices.POSTS)
        rows = _rows() or [
            {
                "team": str(team.id), "mode": "foot", "begins": "19:00", "ends": "23:00",
                "starts_at": str(posts[0].id) if posts else "", "ends_at": "", "break_min": "",
            }
            for team in teams[:_ROWS]
        ]  # fmt: skip
        tomorrow = clock(session.connection()).today + timedelta(days=1)
        return render_template(
            "plans/new.html",
            fault=fault,
            given=request.form,
            rows=rows,
            teams=teams,
            posts=posts,
            sights=choices.places(session, actor, choices.SIGHTS),
            runs=choices.runs(session, actor),
            streets=choices.street_names(session, actor),
            units=unit_choices(session, actor),
            modes=MODES,
            efforts=EFFORTS,
            tomorrow=tomorrow,
        )
