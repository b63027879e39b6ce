"""The form of one shift; what speaks against it is shown before it is saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.shifts.access import find_planned
from gridmap.patrols.shifts.clock import moment
from gridmap.patrols.shifts.conflicts import Conflict
from gridmap.patrols.shifts.queries import cadre_names, names, routes
from gridmap.patrols.shifts.rules import town_zone
from gridmap.patrols.shifts.service import (
    ConflictsError,
    ShiftData,
    add_shift,
    change_shift,
    members_of,
)
from gridmap.workforce.cadre_list import cadres_below
from gridmap.workforce.cadres import list_teams, members
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import id_of, optional_day, optional_id
from webui.database import writing
from webui.language import say
from webui.shifts import words
from webui.shifts.blueprint import blueprint


@blueprint.get("/new")
@needs(Action.PLAN_PATROLS)
def new() -> ResponseReturnValue:
    """Ask for a new shift; its team decides who is offered as a member."""
    with writing() as session:
        day = optional_day(request.args.get("day")) or today(session)
    known = {
        "team": request.args.get("team", ""),
        "route": request.args.get("route", ""),
        "starts": request.args.get("starts") or f"{day}T08:00",
        "ends": request.args.get("ends") or f"{day}T20:00",
    }
    return _form(known, set(), None)


@blueprint.post("/new")
@needs(Action.PLAN_PATROLS)
def add() -> ResponseReturnValue:
    """Plan the shift; what was typed is kept when something speaks against it."""
    return _save(None)


@blueprint.get("/<int:shift_id>/edit")
@needs(Action.PLAN_PATROLS)
def edit(shift_id: int) -> ResponseReturnValue:
    """Show the form with the shift as it is."""
    with writing() as session:
        shift, _team = find_planned(session, current_actor(), shift_id)
        people = set(members_of(session, shift_id))
    known = {
        "team": request.args.get("team") or str(shift.team_id),
        "route": request.args.get("route", str(shift.route_id or "")),
        "starts": request.args.get("starts") or words.field(shift.starts),
        "ends": request.args.get("ends") or words.field(shift.ends),
        "note": shift.note,
        "version": str(shift.version),
    }
    return _form(known, people, shift_id, stored=people)


@blueprint.post("/<int:shift_id>/edit")
@needs(Action.PLAN_PATROLS)
def change(shift_id: int) -> ResponseReturnValue:
    """Change the shift; what was typed is kept when something speaks against it."""
    return _save(shift_id)


def local_moment(value: str | None, zone: ZoneInfo) -> datetime:
    """Read a moment as a field for date and time sends it, in the town's time.

    Raises
    ------
    GridmapError
        If it is none.
    """
    try:
        local = datetime.fromisoformat(value or "")
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None or not 1900 <= local.year <= 2200:
        raise GridmapError(
            Message("{value} is no time. Write it as 2026-03-31T08:00.", value=value or "")
        )
    at = local.time().replace(second=0, microsecond=0)
    return moment(local.date(), at, zone).astimezone(UTC)


def _save(shift_id: int | None) -> ResponseReturnValue:
    form = request.form
    people: set[int] = set()
    accept = form.get("accept") == "1"
    try:
        people = {id_of(each, _("Member")) for each in form.getlist("member")[:200]}
        with writing() as session:
            zone = town_zone(session)
            data = ShiftData(
                team_id=id_of(form.get("team"), _("Team")),
                starts=local_moment(form.get("starts"), zone),
                ends=local_moment(form.get("ends"), zone),
                members=tuple(sorted(people)),
                route_id=optional_id(form.get("route"), _("Route")),
                note=form.get("note", ""),
            )
            actor = current_actor()
            if shift_id is None:
                saved = add_shift(session, actor, data, accept=accept)
            else:
                version = id_of(form.get("version"), _("Version"))
                saved = change_shift(session, actor, shift_id, version, data, accept=accept)
    except ConflictsError as found:
        return _form(form, people, shift_id, conflicts=found.conflicts), found.status
    except GridmapError as error:
        if error.status == 404:
            raise
        return _form(form, people, shift_id, say(error.message)), error.status
    flash(_("Saved."), "done")
    return redirect(url_for("shifts.show", shift_id=saved.id))


def _form(
    known: Mapping[str, str],
    people: Collection[int],
    shift_id: int | None,
    fault: str | None = None,
    conflicts: Sequence[Conflict] = (),
    stored: Collection[int] = (),
) -> str:
    actor = current_actor()
    with writing() as session:
        teams = list_teams(session, actor)
        team = next((each for each in teams if str(each.id) == known.get("team")), None)
        crew = [] if team is None else list(members(session, actor, team.id))
        of_team = {cadre.id for cadre, _captain in crew}
        below = [] if team is None else cadres_below(session, actor, team.unit_id)
        others = [row for row in below if row.id not in of_team]
        offered = of_team | {row.id for row in others}
        lent = cadre_names(session, actor, set(people) - offered, stored)
        cadres, named_teams = names(session, conflicts)
        found_routes = routes(session, actor)
    return render_template(
        "shifts/form.html",
        known=known,
        people=people,
        shift_id=shift_id,
        teams=teams,
        team=team,
        crew=crew,
        others=others,
        lent=lent,
        routes=found_routes,
        fault=fault,
        conflicts=conflicts,
        forbidden=bool(conflicts) and ConflictsError(conflicts).forbidden,
        cadres=cadres,
        named_teams=named_teams,
    )
