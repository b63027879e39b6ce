"""One shift: who is on it and came, and what each reader may do with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.patrols.models import PatrolRoute
from gridmap.patrols.shifts import attendance
from gridmap.patrols.shifts.access import captained, find_shift, own_cadre, plans
from gridmap.patrols.shifts.checking import find_conflicts
from gridmap.patrols.shifts.conflicts import Duty
from gridmap.patrols.shifts.queries import colleagues, members, names, swaps
from gridmap.patrols.shifts.rules import shift_settings
from gridmap.patrols.shifts.swaps import ask
from gridmap.patrols.tracks.queries import of_shift
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import id_of, optional_id
from webui.database import writing
from webui.language import say
from webui.shifts.blueprint import blueprint


@blueprint.get("/<int:shift_id>")
@needs(Action.VIEW_MAP)
def show(shift_id: int) -> ResponseReturnValue:
    """Show a shift to the office of its area, its captain, and who is on it."""
    actor, now = current_actor(), datetime.now(UTC)
    with writing() as session:
        shift, team = find_shift(session, actor, shift_id)
        people = members(session, shift_id)
        route = None if shift.route_id is None else session.get(PatrolRoute, shift.route_id)
        me = own_cadre(session, actor)
        own = next((row for row in people if row.cadre_id == me), None)
        may_plan = plans(actor, team.unit_id)
        leads = team.id in captained(session, me)
        crew = tuple(row.cadre_id for row in people)
        duty = Duty(shift.id, shift.team_id, shift.starts, shift.ends, crew)
        check = (may_plan or leads) and shift.cancelled_at is None and shift.ends > now
        conflicts = find_conflicts(session, [duty], [shift.id]) if check else []
        cadres, teams = names(session, conflicts)
        found, _total = swaps(
            session, actor, cadre_id=me, captained=captained(session, me), shift_id=shift_id
        )
        to_come = shift.starts > now and shift.cancelled_at is None
        asked = any(
            row.shift_id == shift_id and row.cadre_id == me and row.state in ("asked", "agreed")
            for row in found
        )
        partners = (
            colleagues(session, team.id, shift_id, now)
            if own is not None and to_come and not asked
            else []
        )
        window = timedelta(minutes=shift_settings(session).window_minutes)
        walked = of_shift(session, actor, shift) if shift.starts <= now else []
    return render_template(
        "shifts/shift.html",
        walked=walked,
        shift=shift,
        team=team,
        route=route,
        people=people,
        own=own,
        may_plan=may_plan,
        may_record=(may_plan or leads) and shift.cancelled_at is None,
        begun=shift.starts <= now,
        over=shift.ends <= now,
        may_check_in=_open(shift.starts - window, shift.ends, now) and shift.cancelled_at is None,
        may_check_out=now <= shift.ends + window and shift.cancelled_at is None,
        opens=shift.starts - window,
        conflicts=conflicts,
        cadres=cadres,
        named_teams=teams,
        swaps=found,
        partners=partners,
        me=me,
        now=now,
    )


def _open(opens: datetime, closes: datetime, now: datetime) -> bool:
    return opens <= now < closes


@blueprint.post("/<int:shift_id>/check-in")
@needs(Action.VIEW_MAP)
def check_in(shift_id: int) -> ResponseReturnValue:
    """Note that the reader has come."""
    try:
        with writing() as session:
            member = attendance.check_in(session, current_actor(), shift_id)
    except GridmapError as refused:
        return _refused(shift_id, refused)
    late = member.state == "late"
    flash(_("Checked in, but late.") if late else _("Checked in."), "soon" if late else "done")
    return redirect(_next(shift_id))


@blueprint.post("/<int:shift_id>/check-out")
@needs(Action.VIEW_MAP)
def check_out(shift_id: int) -> ResponseReturnValue:
    """Note that the reader has left."""
    try:
        with writing() as session:
            attendance.check_out(session, current_actor(), shift_id)
    except GridmapError as refused:
        return _refused(shift_id, refused)
    flash(_("Checked out."), "done")
    return redirect(_next(shift_id))


@blueprint.post("/<int:shift_id>/attendance")
@needs(Action.VIEW_MAP)
def record(shift_id: int) -> ResponseReturnValue:
    """Note by hand who came."""
    form = request.form
    try:
        marks: dict[int, tuple[str | None, str]] = {
            id_of(cadre, _("Member")): (
                form.get(f"state-{cadre}") or None,
                form.get(f"note-{cadre}", ""),
            )
            for cadre in form.getlist("cadre")[:200]
        }
        with writing() as session:
            changed = attendance.record(session, current_actor(), shift_id, marks)
    except GridmapError as refused:
        return _refused(shift_id, refused)
    flash(_("Attendance saved.") if changed else _("Nothing was changed."), "done")
    return redirect(url_for("shifts.show", shift_id=shift_id))


@blueprint.post("/<int:shift_id>/swap")
@needs(Action.VIEW_MAP)
def ask_swap(shift_id: int) -> ResponseReturnValue:
    """Ask a colleague to take the shift, perhaps for one of his: ``12`` or ``12/345``."""
    other, _slash, back = request.form.get("partner", "").partition("/")
    try:
        with writing() as session:
            _ask(session, shift_id, other, back)
    except GridmapError as refused:
        return _refused(shift_id, refused)
    flash(_("The colleague is asked. When he agrees the planner or captain decides."), "done")
    return redirect(url_for("shifts.show", shift_id=shift_id))


def _ask(session: Session, shift_id: int, other: str, back: str) -> None:
    ask(
        session,
        current_actor(),
        shift_id,
        id_of(other, _("Colleague")),
        other_shift_id=optional_id(back, _("Shift")),
        reason=request.form.get("reason", ""),
    )


def _refused(shift_id: int, refused: GridmapError) -> ResponseReturnValue:
    """Say on the shift's page why not; what the person may not see stays unseen."""
    if refused.status in (403, 404):
        raise refused
    flash(say(refused.message), "fault")
    return redirect(_next(shift_id))


def _next(shift_id: int) -> str:
    if request.form.get("from") == "mine":
        return url_for("shifts.mine")
    return url_for("shifts.show", shift_id=shift_id)
