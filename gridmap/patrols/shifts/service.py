"""Single shifts: planned, changed, cancelled and brought back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, refuse_identity_number
from gridmap.patrols.shifts.access import (
    find_planned,
    usable_members,
    usable_route,
    usable_team,
)
from gridmap.patrols.shifts.checking import find_conflicts
from gridmap.patrols.shifts.conflicts import Conflict, Duty, forbidding
from gridmap.patrols.shifts.models import Shift, ShiftMember
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

LONGEST = timedelta(hours=72)
#: How many members one shift has at most.
MOST_MEMBERS = 100


@dataclass(frozen=True)
class ShiftData:
    """A shift as somebody wants it; times have a zone."""

    team_id: int
    starts: datetime
    ends: datetime
    members: tuple[int, ...] = ()
    route_id: int | None = None
    note: str = ""


class ConflictsError(ConflictError):
    """Something speaks against saving; it may be put up with unless it forbids it."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__(
            Message("Conflicts that speak against this: {count}.", count=len(conflicts))
        )
        self.conflicts = conflicts

    @property
    def forbidden(self) -> bool:
        """Whether it cannot be saved in any case."""
        return bool(forbidding(self.conflicts))


def check_shift(
    session: Session, actor: Actor, data: ShiftData, shift_id: int | None = None
) -> list[Conflict]:
    """Return what speaks against a shift, before it is saved.

    Raises
    ------
    ForbiddenError, NotFoundError, GridmapError
        As `add_shift`.
    """
    require(actor, Action.PLAN_PATROLS)
    usable_team(session, actor, data.team_id)
    usable_route(session, actor, data.route_id)
    if not data.starts < data.ends:
        raise GridmapError(Message("The shift ends before it begins."))
    if data.ends - data.starts > LONGEST:
        raise GridmapError(Message("A shift lasts at most 72 hours."))
    if len(data.members) > MOST_MEMBERS:
        raise GridmapError(Message("A shift has at most {most} members.", most=MOST_MEMBERS))
    if len(data.note) > 500:
        raise GridmapError(Message("The note is longer than 500 characters."))
    refuse_identity_number(data.note)
    usable_members(session, actor, data.team_id, set(data.members))
    key = "new" if shift_id is None else shift_id
    duty = Duty(key, data.team_id, data.starts, data.ends, data.members)
    return find_conflicts(session, [duty], [] if shift_id is None else [shift_id])


def add_shift(session: Session, actor: Actor, data: ShiftData, *, accept: bool = False) -> Shift:
    """Plan a shift.

    Parameters
    ----------
    session : Session
    actor : Actor
    data : ShiftData
    accept : bool
        Whether to put up with too little rest, absences and nobody being on it.

    Raises
    ------
    ConflictsError
        If something speaks against it.
    ForbiddenError, NotFoundError
        If the actor does not plan, or the team, route or a member lies outside the area.
    GridmapError
        If a value breaks a rule.
    """
    _refuse(check_shift(session, actor, data), accept)
    shift = Shift(
        team_id=data.team_id, route_id=data.route_id, starts=data.starts, ends=data.ends,
        note=data.note.strip(), touched=True,
    )  # fmt: skip
    session.add(shift)
    session.flush()
    with once():
        _add_members(session, shift.id, data.members)
    session.refresh(shift)
    audit.record(session, actor, "shift.create", ("shift", shift.id), after=state_of(data))
    return shift


def change_shift(
    session: Session,
    actor: Actor,
    shift_id: int,
    version: int,
    data: ShiftData,
    *,
    accept: bool = False,
) -> Shift:
    """Change a shift; its pattern leaves it alone from now on.

    Who stays on it keeps his attendance.

    Raises
    ------
    ConflictError
        If it was changed since the version that the person saw, or is cancelled.
    ConflictsError, ForbiddenError, NotFoundError, GridmapError
        As `add_shift`.
    """
    shift, _ = find_planned(session, actor, shift_id)
    if shift.version != version:
        raise ConflictError(
            Message("The shift was changed meanwhile. Look at it again before you go on.")
        )
    if shift.cancelled_at is not None:
        raise ConflictError(Message("The shift is cancelled. Bring it back first."))
    _refuse(check_shift(session, actor, data, shift_id), accept)
    members = members_of(session, shift_id)
    former = ShiftData(shift.team_id, shift.starts, shift.ends, members, shift.route_id, shift.note)
    gone = set(members) - set(data.members)
    session.execute(
        delete(ShiftMember).where(ShiftMember.shift_id == shift_id, ShiftMember.cadre_id.in_(gone))
    )
    shift.team_id, shift.route_id, shift.note = data.team_id, data.route_id, data.note.strip()
    shift.starts, shift.ends, shift.touched = data.starts, data.ends, True
    shift.version += 1
    with once():
        session.flush()
        _add_members(session, shift_id, [one for one in data.members if one not in members])
    session.refresh(shift)
    audit.record_difference(
        session, actor, "shift.change", ("shift", shift_id), state_of(former), state_of(data)
    )
    return shift


def cancel_shifts(
    session: Session, actor: Actor, ids: Collection[int], reason: str = ""
) -> list[int]:
    """Cancel shifts that have not ended; they stay on the lists and can be brought back.

    Returns
    -------
    list of int
        Those that were cancelled now; others were so before.

    Raises
    ------
    ConflictError
        If one has ended.
    ForbiddenError, NotFoundError
        If the actor does not plan one of them.
    """
    require(actor, Action.PLAN_PATROLS)
    refuse_identity_number(reason)
    now = datetime.now(UTC)
    done = []
    for shift_id in sorted(set(ids)):
        shift, _ = find_planned(session, actor, shift_id)
        if shift.cancelled_at is not None:
            continue
        if shift.ends <= now:
            raise ConflictError(Message("A shift that has ended cannot be cancelled."))
        shift.cancelled_at, shift.cancelled_by = now, actor.name
        shift.cancel_reason, shift.touched = reason.strip()[:200], True
        shift.version += 1
        session.flush()
        after = {"team_id": shift.team_id, "starts": shift.starts, "note": shift.cancel_reason}
        audit.record(session, actor, "shift.cancel", ("shift", shift_id), after=after)
        done.append(shift_id)
    return done


def restore_shifts(session: Session, actor: Actor, ids: Collection[int]) -> list[int]:
    """Bring cancelled shifts back.

    Raises
    ------
    ConflictError
        If a member has another shift at that time by now.
    ForbiddenError, NotFoundError
        As `cancel_shifts`.
    """
    require(actor, Action.PLAN_PATROLS)
    done = []
    for shift_id in sorted(set(ids)):
        shift, _ = find_planned(session, actor, shift_id)
        if shift.cancelled_at is None:
            continue
        shift.cancelled_at, shift.cancelled_by, shift.cancel_reason = None, "", ""
        shift.version += 1
        with once():
            session.flush()
        after = {"team_id": shift.team_id, "starts": shift.starts}
        audit.record(session, actor, "shift.restore", ("shift", shift_id), after=after)
        done.append(shift_id)
    return done


def members_of(session: Session, shift_id: int) -> tuple[int, ...]:
    """Return who is on a shift, by id."""
    query = select(ShiftMember.cadre_id).where(ShiftMember.shift_id == shift_id)
    return tuple(session.scalars(query.order_by(ShiftMember.cadre_id)))


def touch(session: Session, ids: Collection[int]) -> None:
    """Mark shifts as changed by hand."""
    session.execute(
        update(Shift).where(Shift.id.in_(ids)).values(touched=True, version=Shift.version + 1)
    )


def state_of(data: ShiftData) -> dict[str, Any]:
    """Return a shift as the audit log keeps it."""
    return {
        "team_id": data.team_id,
        "route_id": data.route_id,
        "starts": data.starts.astimezone(UTC),
        "ends": data.ends.astimezone(UTC),
        "members": sorted(data.members),
        "note": data.note.strip(),
    }


@contextmanager
def once() -> Iterator[None]:
    """Say in a sentence that the database refused one person on two shifts at a time."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        if name == "ex_shift_member_once":
            raise ConflictError(
                Message("A member has another shift at this time by now. Look at the conflicts.")
            ) from error
        raise


def _refuse(conflicts: Sequence[Conflict], accept: bool) -> None:
    if forbidding(conflicts) or (conflicts and not accept):
        raise ConflictsError(conflicts)


def _add_members(session: Session, shift_id: int, members: Sequence[int]) -> None:
    rows = [{"shift_id": shift_id, "cadre_id": cadre} for cadre in members]
    if rows:
        session.execute(insert(ShiftMember), rows)
