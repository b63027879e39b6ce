"""Swaps: asked for by one, agreed to by the other, approved by the planner or the captain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
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
from gridmap.patrols.shifts.checking import find_conflicts
from gridmap.patrols.shifts.conflicts import Conflict, Duty, forbidding
from gridmap.patrols.shifts.models import Shift, ShiftMember, ShiftSwap
from gridmap.patrols.shifts.service import ConflictsError, members_of, once, touch
from gridmap.workforce import audit
from gridmap.workforce.models import Team, TeamMember
from gridmap.workforce.rights import Actor

_FORBIDDEN = Message("You do not have the right to do this.")


def ask(
    session: Session,
    actor: Actor,
    shift_id: int,
    other_id: int,
    *,
    other_shift_id: int | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> ShiftSwap:
    """Ask somebody of the team to take the actor's shift, perhaps for one of his.

    Raises
    ------
    ForbiddenError
        If the actor is not on the shift.
    NotFoundError
        If the other is not of the team, or not on the shift that is asked for.
    ConflictError
        If a shift has begun or is cancelled, the other is on it already, or a swap of it is open.
    """
    now = now or datetime.now(UTC)
    shift, _ = find_shift(session, actor, shift_id, lock=True)
    me = own_cadre(session, actor)
    members = members_of(session, shift_id)
    if me is None or me not in members:
        raise ForbiddenError(_FORBIDDEN)
    if other_id == me or other_id in members:
        raise ConflictError(Message("Choose somebody who is not on this shift."))
    _still_to_come(shift, now)
    if len(reason) > 200:
        raise GridmapError(Message("The reason is longer than 200 characters."))
    refuse_identity_number(reason)
    if session.get(TeamMember, (shift.team_id, other_id)) is None:
        raise NotFoundError(Message("There is no cadre with the id {id}.", id=other_id))
    if other_shift_id is not None:
        _check_return(session, shift, me, other_id, other_shift_id, now)
    swap = ShiftSwap(
        shift_id=shift_id, cadre_id=me, other_id=other_id, other_shift_id=other_shift_id,
        reason=reason.strip(),
    )  # fmt: skip
    session.add(swap)
    try:
        session.flush()
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        if name != "uq_shift_swap_open":
            raise
        raise ConflictError(
            Message("You have asked for a swap of this shift already. Withdraw that first.")
        ) from error
    audit.record(session, actor, "swap.ask", ("shift_swap", swap.id), after=_state(swap))
    return swap


def answer(
    session: Session, actor: Actor, swap_id: int, *, agree: bool, now: datetime | None = None
) -> ShiftSwap:
    """Agree to a swap that the actor was asked for, or decline it.

    Raises
    ------
    ConflictError
        If it is no longer waiting for an answer, or a shift has begun.
    ForbiddenError, NotFoundError
        If it was not the actor who was asked.
    """
    swap, shift, _ = find_swap(session, actor, swap_id)
    if swap.other_id != own_cadre(session, actor):
        raise ForbiddenError(_FORBIDDEN)
    _expect(swap, "asked")
    if agree:
        _still_to_come(shift, now or datetime.now(UTC))
    swap.state, swap.answered_at = ("agreed" if agree else "declined"), now or datetime.now(UTC)
    return _log(session, actor, swap, "swap.agree" if agree else "swap.decline")


def withdraw(
    session: Session, actor: Actor, swap_id: int, now: datetime | None = None
) -> ShiftSwap:
    """Withdraw a swap that the actor asked for; raises as `answer`."""
    swap, _, _ = find_swap(session, actor, swap_id)
    if swap.cadre_id != own_cadre(session, actor):
        raise ForbiddenError(_FORBIDDEN)
    _expect(swap, "asked", "agreed")
    swap.state, swap.answered_at = "withdrawn", now or datetime.now(UTC)
    return _log(session, actor, swap, "swap.withdraw")


def refuse(
    session: Session, actor: Actor, swap_id: int, note: str = "", now: datetime | None = None
) -> ShiftSwap:
    """Refuse a swap; raises as `approve`."""
    swap, _, team = find_swap(session, actor, swap_id)
    _may_decide(session, actor, swap, team)
    _expect(swap, "asked", "agreed")
    refuse_identity_number(note)
    swap.state, swap.decided_at = "refused", now or datetime.now(UTC)
    swap.decided_by, swap.decision_note = actor.name, note.strip()[:200]
    return _log(session, actor, swap, "swap.refuse")


def approve(
    session: Session,
    actor: Actor,
    swap_id: int,
    *,
    accept: bool = False,
    now: datetime | None = None,
) -> ShiftSwap:
    """Let two people exchange their shifts.

    Parameters
    ----------
    session : Session
    actor : Actor
        Who plans the team's shifts, or its captain unless it is his own swap.
    swap_id : int
    accept : bool
        Whether to put up with too little rest and absences.
    now : datetime, optional

    Raises
    ------
    ConflictsError
        If something speaks against it.
    ConflictError
        If the other has not agreed, or the shifts have begun or changed meanwhile.
    ForbiddenError, NotFoundError
        If the actor may not.
    """
    now = now or datetime.now(UTC)
    swap, _, team = find_swap(session, actor, swap_id)
    _may_decide(session, actor, swap, team)
    _expect(swap, "agreed")
    ids = [swap.shift_id] + ([swap.other_shift_id] if swap.other_shift_id is not None else [])
    query = select(Shift).where(Shift.id.in_(ids)).order_by(Shift.id).with_for_update()
    for each in session.scalars(query.execution_options(populate_existing=True)):
        _still_to_come(each, now)
    found = swap_conflicts(session, swap)
    if forbidding(found) or (found and not accept):
        raise ConflictsError(found)
    _exchange(session, swap)
    touch(session, ids)
    swap.state, swap.decided_at, swap.decided_by = "approved", now, actor.name
    return _log(session, actor, swap, "swap.approve")


def swap_conflicts(session: Session, swap: ShiftSwap) -> list[Conflict]:
    """Return what speaks against the shifts as they would be after the swap.

    Raises
    ------
    ConflictError
        If one of the two is no longer on the shift, or the other one is on it by now.
    """
    moves = [(swap.shift_id, swap.cadre_id, swap.other_id)]
    if swap.other_shift_id is not None:
        moves.append((swap.other_shift_id, swap.other_id, swap.cadre_id))
    duties = []
    for shift_id, leaves, comes in moves:
        members = set(members_of(session, shift_id))
        if leaves not in members or comes in members:
            raise ConflictError(
                Message("The members of the shifts have changed meanwhile: refuse this swap.")
            )
        shift = session.get_one(Shift, shift_id)
        duties.append(Duty(shift_id, shift.team_id, shift.starts, shift.ends, (comes,)))
    return find_conflicts(session, duties, [shift_id for shift_id, _, _ in moves])


def find_swap(session: Session, actor: Actor, swap_id: int) -> tuple[ShiftSwap, Shift, Team]:
    """Return a swap that concerns the actor, locked, with its shift and team.

    Raises
    ------
    NotFoundError
        If there is none for this person.
    """
    swap = session.scalars(
        select(ShiftSwap)
        .where(ShiftSwap.id == swap_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if swap is not None:
        try:
            return (swap, *find_shift(session, actor, swap.shift_id))
        except NotFoundError:
            pass
    raise NotFoundError(Message("There is no swap with the number {id}.", id=swap_id))


def _check_return(
    session: Session, shift: Shift, me: int, other_id: int, other_shift_id: int, now: datetime
) -> None:
    other = session.get(Shift, other_shift_id)
    members = () if other is None else members_of(session, other_shift_id)
    if other is None or other.team_id != shift.team_id or other_id not in members:
        raise NotFoundError(Message("There is no shift with the number {id}.", id=other_shift_id))
    if me in members:
        raise ConflictError(Message("You are on both shifts already."))
    _still_to_come(other, now)


def _may_decide(session: Session, actor: Actor, swap: ShiftSwap, team: Team) -> None:
    me = own_cadre(session, actor)
    party = me is not None and me in (swap.cadre_id, swap.other_id)
    if not party and (plans(actor, team.unit_id) or team.id in captained(session, me)):
        return
    raise ForbiddenError(_FORBIDDEN)


def _still_to_come(shift: Shift, now: datetime) -> None:
    if shift.cancelled_at is not None:
        raise ConflictError(Message("The shift is cancelled."))
    if shift.starts <= now:
        raise ConflictError(Message("The shift has begun: it can no longer be swapped."))


def _expect(swap: ShiftSwap, *states: str) -> None:
    if swap.state not in states:
        raise ConflictError(Message("This swap has gone on meanwhile. Look at it again."))


def _exchange(session: Session, swap: ShiftSwap) -> None:
    # The shifts may overlap, so that for a moment one person is on both.
    session.execute(text("SET CONSTRAINTS ex_shift_member_once DEFERRED"))
    moves = [(swap.shift_id, swap.cadre_id, swap.other_id)]
    if swap.other_shift_id is not None:
        moves.append((swap.other_shift_id, swap.other_id, swap.cadre_id))
    for shift_id, leaves, comes in moves:
        session.execute(
            update(ShiftMember)
            .where(ShiftMember.shift_id == shift_id, ShiftMember.cadre_id == leaves)
            .values(cadre_id=comes, state=None, noted_by="", note="")
            .execution_options(synchronize_session=False)
        )
    with once():
        session.execute(text("SET CONSTRAINTS ex_shift_member_once IMMEDIATE"))


def _log(session: Session, actor: Actor, swap: ShiftSwap, act: str) -> ShiftSwap:
    session.flush()
    audit.record(session, actor, act, ("shift_swap", swap.id), after=_state(swap))
    return swap


def _state(swap: ShiftSwap) -> dict[str, Any]:
    return {
        "shift_id": swap.shift_id,
        "cadre_id": swap.cadre_id,
        "substitute_id": swap.other_id,
        "other_shift_id": swap.other_shift_id,
        "note": swap.decision_note or swap.reason,
    }
