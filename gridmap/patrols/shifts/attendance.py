"""Who came: by the phone within the shift's window, or noted by the captain or planner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import (
    ConflictError,
    ForbiddenError,
    GridmapError,
    NotFoundError,
    refuse_identity_number,
)
from gridmap.patrols.shifts.access import captained, find_shift, own_cadre, plans
from gridmap.patrols.shifts.models import STATES, Shift, ShiftMember
from gridmap.patrols.shifts.rules import shift_settings
from gridmap.workforce import audit
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Actor


def check_in(
    session: Session, actor: Actor, shift_id: int, now: datetime | None = None
) -> ShiftMember:
    """Note that the actor has come to a shift of his.

    Raises
    ------
    ConflictError
        Before the window opens, after the shift's end, twice, or where it is cancelled.
    ForbiddenError, NotFoundError
        If the shift is not his.
    """
    now = now or datetime.now(UTC)
    shift, member = _own(session, actor, shift_id)
    settings = shift_settings(session)
    if member.checked_in_at is not None:
        raise ConflictError(Message("You have checked in already."))
    opens = shift.starts - timedelta(minutes=settings.window_minutes)
    if now < opens:
        raise ConflictError(
            Message(
                "Checking in opens {minutes} minutes before the shift.",
                minutes=settings.window_minutes,
            )
        )
    if now >= shift.ends:
        raise ConflictError(Message("The shift is over. The captain can still note your coming."))
    late = now > shift.starts + timedelta(minutes=settings.late_minutes)
    former = member.state
    member.checked_in_at, member.state = now, "late" if late else "present"
    member.noted_by = ""
    session.flush()
    after = {"cadre_id": member.cadre_id, "state": member.state}
    audit.record(session, actor, "shift.check_in", ("shift", shift_id), {"state": former}, after)
    return member


def check_out(
    session: Session, actor: Actor, shift_id: int, now: datetime | None = None
) -> ShiftMember:
    """Note that the actor has left a shift to which he came.

    Raises
    ------
    ConflictError
        If he has not checked in, has checked out, or the window after the end is over.
    ForbiddenError, NotFoundError
        If the shift is not his.
    """
    now = now or datetime.now(UTC)
    shift, member = _own(session, actor, shift_id)
    if member.checked_in_at is None:
        raise ConflictError(Message("You have not checked in yet."))
    if member.checked_out_at is not None:
        raise ConflictError(Message("You have checked out already."))
    minutes = shift_settings(session).window_minutes
    if now > shift.ends + timedelta(minutes=minutes):
        raise ConflictError(
            Message("Checking out closes {minutes} minutes after the shift.", minutes=minutes)
        )
    member.checked_out_at = now
    session.flush()
    after = {"cadre_id": member.cadre_id}
    audit.record(session, actor, "shift.check_out", ("shift", shift_id), after=after)
    return member


def may_record(session: Session, actor: Actor, team: Team) -> bool:
    """Tell whether somebody notes the attendance of a team: its planner or its captain."""
    if plans(actor, team.unit_id):
        return True
    return team.id in captained(session, own_cadre(session, actor))


def record(
    session: Session,
    actor: Actor,
    shift_id: int,
    marks: Mapping[int, tuple[str | None, str]],
    now: datetime | None = None,
) -> int:
    """Note by hand who came to a shift.

    Parameters
    ----------
    session : Session
    actor : Actor
        The planner of the area or the captain of the team.
    shift_id : int
    marks : mapping of int to tuple
        By cadre the state, or None for nothing known, and a note.
    now : datetime, optional

    Returns
    -------
    int
        Of how many members it changed.

    Raises
    ------
    ConflictError
        If the shift has not begun, other than for a leave, or is cancelled.
    ForbiddenError, NotFoundError, GridmapError
        If the actor may not, a cadre is not on the shift, or a state is unknown.
    """
    now = now or datetime.now(UTC)
    shift, team = find_shift(session, actor, shift_id, lock=True)
    if not may_record(session, actor, team):
        raise ForbiddenError(Message("You do not have the right to do this."))
    if shift.cancelled_at is not None:
        raise ConflictError(Message("The shift is cancelled."))
    rows = session.scalars(
        select(ShiftMember).where(ShiftMember.shift_id == shift_id).with_for_update()
    )
    members = {member.cadre_id: member for member in rows}
    changed = 0
    for cadre, (state, note) in marks.items():
        if cadre not in members:
            raise NotFoundError(Message("There is no cadre with the id {id}.", id=cadre))
        if state is not None and state not in STATES:
            raise GridmapError(Message("There is no state {state}.", state=state))
        changed += _mark(session, actor, shift, members[cadre], state, note, now)
    return changed


def _mark(
    session: Session,
    actor: Actor,
    shift: Shift,
    member: ShiftMember,
    state: str | None,
    note: str,
    now: datetime,
) -> bool:
    former = {"cadre_id": member.cadre_id, "state": member.state, "note": member.note}
    becomes = {"cadre_id": member.cadre_id, "state": state, "note": note.strip()[:200]}
    if former == becomes:
        return False
    refuse_identity_number(note)
    if shift.starts > now and state not in (None, "leave", member.state):
        raise ConflictError(Message("The shift has not begun: only a leave can be noted before."))
    member.state, member.note = state, note.strip()[:200]
    member.noted_by = actor.name
    if state not in ("present", "late"):
        # Whoever did not come did not check in either.
        member.checked_in_at = member.checked_out_at = None
    session.flush()
    audit.record(session, actor, "shift.attendance", ("shift", shift.id), former, becomes)
    return True


def _own(session: Session, actor: Actor, shift_id: int) -> tuple[Shift, ShiftMember]:
    shift, _ = find_shift(session, actor, shift_id)
    me = own_cadre(session, actor)
    member = session.scalars(
        select(ShiftMember)
        .where(ShiftMember.shift_id == shift_id, ShiftMember.cadre_id == me)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if member is None:
        raise ForbiddenError(Message("You do not have the right to do this."))
    if shift.cancelled_at is not None:
        raise ConflictError(Message("The shift is cancelled."))
    return shift, member
