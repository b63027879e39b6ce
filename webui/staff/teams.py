"""Teams with their captain and members."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from geodata.messages import N_
from gridmap.errors import GridmapError
from gridmap.workforce.cadre_list import cadres_below, list_team_rows, list_units
from gridmap.workforce.cadres import TeamData, disband_team, find_team, members, save_team
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import id_of, optional_id
from webui.assignments.shared import KINDS
from webui.database import writing
from webui.language import named, say
from webui.staff.blueprint import blueprint

TEAM_KINDS = {
    "grid": N_("Grid team"),
    "patrol": N_("Patrol team"),
    "volunteer": N_("Volunteer team"),
}


@blueprint.get("/teams")
@needs(Action.VIEW_WORKFORCE)
def teams() -> ResponseReturnValue:
    """List the teams of the area."""
    with writing() as session:
        rows = list_team_rows(session, current_actor())
    return render_template("staff/teams.html", rows=rows, kinds=TEAM_KINDS)


@blueprint.get("/teams/<int:team_id>")
@needs(Action.VIEW_WORKFORCE)
def team(team_id: int) -> ResponseReturnValue:
    """Show a team and its members."""
    actor = current_actor()
    with writing() as session:
        found = find_team(session, actor, team_id)
        people = members(session, actor, team_id)
        units = {unit.id: named(unit) for unit in list_units(session, actor)}
    return render_template(
        "staff/team.html",
        team=found,
        people=people,
        unit=units.get(found.unit_id, ""),
        kinds=TEAM_KINDS,
        cadre_kinds=KINDS,
        sees=actor.sees_unit,
    )


@blueprint.get("/teams/new")
@needs(Action.MANAGE_CADRES)
def new_team() -> ResponseReturnValue:
    """Ask for a team; its unit decides who can be a member."""
    return _form(request.args, set(), None, None)


@blueprint.post("/teams/new")
@needs(Action.MANAGE_CADRES)
def add_team() -> ResponseReturnValue:
    """Add a team; what was typed is kept when something is wrong."""
    return _save(None)


@blueprint.get("/teams/<int:team_id>/edit")
@needs(Action.MANAGE_CADRES)
def edit_team(team_id: int) -> ResponseReturnValue:
    """Show the form with the team as it is."""
    actor = current_actor()
    with writing() as session:
        found = find_team(session, actor, team_id)
        people = members(session, actor, team_id)
    known = {
        "name": found.name,
        "kind": found.kind,
        "unit": str(request.args.get("unit") or found.unit_id),
    }
    captain = next((cadre.id for cadre, leads in people if leads), None)
    return _form(known, {cadre.id for cadre, _ in people}, captain, team_id)


@blueprint.post("/teams/<int:team_id>/edit")
@needs(Action.MANAGE_CADRES)
def change_team(team_id: int) -> ResponseReturnValue:
    """Change a team; what was typed is kept when something is wrong."""
    return _save(team_id)


@blueprint.post("/teams/<int:team_id>/disband")
@needs(Action.MANAGE_CADRES)
def disband(team_id: int) -> ResponseReturnValue:
    """Take a team off the lists."""
    with writing() as session:
        disband_team(session, current_actor(), team_id)
    flash(gettext("The team was disbanded."), "done")
    return redirect(url_for("staff.teams"))


def _save(team_id: int | None) -> ResponseReturnValue:
    form = request.form
    people: set[int] = set()
    captain = None
    try:
        people = {id_of(each, gettext("Member")) for each in form.getlist("member")}
        captain = optional_id(form.get("captain"), gettext("Captain"))
        data = TeamData(
            name=form.get("name", "")[:100],
            kind=form.get("kind", ""),
            unit_id=id_of(form.get("unit"), gettext("Home unit")),
            members=people | ({captain} if captain is not None else set()),
            captain_id=captain,
        )
        with writing() as session:
            saved = save_team(session, current_actor(), data, team_id)
    except GridmapError as error:
        return _form(form, people, captain, team_id, say(error.message)), error.status
    flash(gettext("Saved."), "done")
    return redirect(url_for("staff.team", team_id=saved.id))


def _form(
    known: Mapping[str, str],
    people: Collection[int],
    captain: int | None,
    team_id: int | None,
    fault: str | None = None,
) -> str:
    actor = current_actor()
    with writing() as session:
        units = list_units(session, actor)
        given = known.get("unit", "")
        unit = next((row.id for row in units if str(row.id) == given), None)
        candidates = [] if unit is None else list(cadres_below(session, actor, unit))
        shown = {row.id for row in candidates}
        outside = (
            []
            if team_id is None
            else [cadre for cadre, _ in members(session, actor, team_id) if cadre.id not in shown]
        )
    return render_template(
        "staff/team_form.html",
        known=known,
        people=set(people),
        captain=captain,
        team_id=team_id,
        units=units,
        unit=unit,
        candidates=candidates,
        outside=outside,
        kinds=TEAM_KINDS,
        cadre_kinds=KINDS,
        fault=fault,
    )
