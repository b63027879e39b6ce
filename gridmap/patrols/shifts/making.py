"""Patterns of shifts, and the making of the shifts that they stand for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, refuse_identity_number
from gridmap.patrols.shifts.access import plans, usable_members, usable_route, usable_team
from gridmap.patrols.shifts.checking import find_conflicts
from gridmap.patrols.shifts.conflicts import Conflict, Duty, Fault, forbidding
from gridmap.patrols.shifts.models import Shift, ShiftMember, ShiftPattern
from gridmap.patrols.shifts.patterns import Planned, Rule, check, from_json, occurrences, to_json
from gridmap.patrols.shifts.rules import town_calendar, town_zone
from gridmap.patrols.shifts.service import ConflictsError, once
from gridmap.workforce import audit
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Action, Actor, require

#: Shifts are made for at most so long at a time, and so many.
MOST_SPAN, MOST_SHIFTS = timedelta(days=366), 3000
#: Who has one of these is left out where that is wished.
_LEFT_OUT = frozenset({Fault.TWICE, Fault.INACTIVE, Fault.ABSENT})


@dataclass(frozen=True)
class PatternData:
    """A pattern as somebody wants it."""

    name: str
    team_id: int
    rule: Rule
    route_id: int | None = None


@dataclass(frozen=True)
class Preview:
    """What making would do.

    Attributes
    ----------
    wanted : tuple of Planned
        The shifts of the span from now on, those kept by hand left out.
    added : tuple of Planned
        Those of them that are not stored so yet.
    removed : tuple of int
        Stored shifts, untouched and yet to come, that the pattern no longer has.
    by_hand : int
        Stored shifts of the span that were changed by hand and stay as they are.
    conflicts : tuple of Conflict
        What speaks against those added.
    """

    wanted: tuple[Planned, ...]
    added: tuple[Planned, ...]
    removed: tuple[int, ...]
    by_hand: int
    conflicts: tuple[Conflict, ...]


def preview(
    session: Session,
    actor: Actor,
    data: PatternData,
    first: date,
    last: date,
    *,
    pattern_id: int | None = None,
    leave_out: bool = False,
    now: datetime | None = None,
) -> Preview:
    """Work out what making a pattern would do; nothing is written.

    Parameters
    ----------
    session : Session
    actor : Actor
    data : PatternData
    first, last : date
        Both included; what has begun is never made or changed.
    pattern_id : int, optional
        The stored pattern that is to become so.
    leave_out : bool
        Leave out persons who are away, no longer active, or on another shift at that time.
    now : datetime, optional

    Raises
    ------
    ForbiddenError, NotFoundError
        If the actor does not plan, or the team, route or a member lies outside the area.
    GridmapError
        If the rule or the span makes no sense.
    """
    require(actor, Action.PLAN_PATROLS)
    _check(session, actor, data, first, last)
    now = now or datetime.now(UTC)
    former = None if pattern_id is None else find_pattern(session, actor, pattern_id)
    stored = [] if former is None else _stored(session, former.id, now)
    zone, calendar = town_zone(session), town_calendar(session)
    wanted = [
        one
        for one in occurrences(data.rule, first, last, zone, calendar.is_workday)
        if one.starts > now
    ]
    if len(wanted) > MOST_SHIFTS:
        raise GridmapError(
            Message("These are more than {most} shifts: choose a shorter span.", most=MOST_SHIFTS)
        )
    by_hand = {row.key for row in stored if not row.free}
    wanted = [one for one in wanted if one.key not in by_hand]
    changed = former is not None and not _same(former, data)
    replaceable = [
        row for row in stored
        if row.free and first <= row.day and (changed or row.day <= last)
    ]  # fmt: skip
    without = [row.id for row in replaceable]
    if leave_out:
        wanted = _leave_out(wanted, find_conflicts(session, _duties(data, wanted), without))
    kept = _kept(replaceable, wanted, data)
    added = [one for one in wanted if one.key not in kept]
    removed = [row.id for row in replaceable if row.key not in kept]
    conflicts = find_conflicts(session, _duties(data, added), removed)
    hands = sum(1 for row in stored if not row.free and first <= row.day <= last)
    return Preview(tuple(wanted), tuple(added), tuple(removed), hands, tuple(conflicts))


def save_pattern(
    session: Session,
    actor: Actor,
    data: PatternData,
    first: date,
    last: date,
    *,
    pattern_id: int | None = None,
    version: int | None = None,
    leave_out: bool = False,
    accept: bool = False,
    now: datetime | None = None,
) -> tuple[ShiftPattern, Preview]:
    """Store a pattern and make its shifts for a span; done twice it changes nothing more.

    Parameters
    ----------
    session, actor, data, first, last, pattern_id, leave_out, now
        As for `preview`.
    version : int, optional
        The version of the stored pattern that the person saw.
    accept : bool
        Whether to put up with too little rest, absences and nobody being on a shift.

    Raises
    ------
    ConflictError
        If the pattern was changed meanwhile or has ended.
    ConflictsError
        If something speaks against the shifts.
    ForbiddenError, NotFoundError, GridmapError
        As `preview`.
    """
    pattern = ShiftPattern() if pattern_id is None else find_pattern(session, actor, pattern_id)
    if pattern_id is not None and pattern.ended_at is not None:
        raise ConflictError(Message("The pattern has ended. Make a new one."))
    if pattern_id is not None and version is not None and pattern.version != version:
        raise ConflictError(
            Message("The pattern was changed meanwhile. Look at it again before you go on.")
        )
    plan = preview(
        session, actor, data, first, last, pattern_id=pattern_id, leave_out=leave_out, now=now
    )
    if forbidding(plan.conflicts) or (plan.conflicts and not accept):
        raise ConflictsError(plan.conflicts)
    before = None if pattern_id is None else _state(pattern)
    changed = before is None or not _same(pattern, data)
    pattern.name, pattern.team_id = data.name.strip(), data.team_id
    pattern.route_id, pattern.rule = data.route_id, to_json(data.rule)
    if changed and before is not None:
        pattern.version += 1
    known = pattern.made_until if before is not None and not changed else None
    pattern.made_until = max(last, known or last)
    session.add(pattern)
    session.flush()
    _make(session, pattern, plan)
    subject = ("shift_pattern", pattern.id)
    if before is None:
        audit.record(session, actor, "pattern.create", subject, after=_state(pattern))
    else:
        audit.record_difference(session, actor, "pattern.change", subject, before, _state(pattern))
    if plan.added or plan.removed:
        made = {"first": first, "last": last, "inserted": len(plan.added),
                "removed": len(plan.removed)}  # fmt: skip
        audit.record(session, actor, "pattern.make", subject, after=made)
    return pattern, plan


def end_pattern(
    session: Session, actor: Actor, pattern_id: int, now: datetime | None = None
) -> int:
    """End a pattern: its shifts yet to come go, but for those that were changed by hand.

    Returns
    -------
    int
        How many shifts went.

    Raises
    ------
    ForbiddenError, NotFoundError
        If the actor does not plan it.
    """
    require(actor, Action.PLAN_PATROLS)
    pattern = find_pattern(session, actor, pattern_id)
    now = now or datetime.now(UTC)
    gone = [row.id for row in _stored(session, pattern_id, now) if row.free]
    session.execute(delete(Shift).where(Shift.id.in_(gone)))
    pattern.ended_at = now
    pattern.version += 1
    session.flush()
    subject = ("shift_pattern", pattern_id)
    audit.record(session, actor, "pattern.end", subject, after={"removed": len(gone)})
    return len(gone)


def find_pattern(session: Session, actor: Actor, pattern_id: int) -> ShiftPattern:
    """Return a pattern of the actor's area, locked; raises `NotFoundError` for any other."""
    found = session.execute(
        select(ShiftPattern, Team.unit_id)
        .join(Team, Team.id == ShiftPattern.team_id)
        .where(ShiftPattern.id == pattern_id)
        .with_for_update(of=ShiftPattern)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or not plans(actor, found.unit_id):
        raise NotFoundError(Message("There is no pattern with the number {id}.", id=pattern_id))
    pattern: ShiftPattern = found.ShiftPattern
    return pattern


def data_of(pattern: ShiftPattern) -> PatternData:
    """Return a stored pattern as somebody wanted it."""
    return PatternData(pattern.name, pattern.team_id, from_json(pattern.rule), pattern.route_id)


@dataclass(frozen=True)
class _Stored:
    id: int
    day: date
    key: tuple[date, int, int]
    starts: datetime
    ends: datetime
    team_id: int
    route_id: int | None
    members: tuple[int, ...]
    # Yet to come, and touched by nobody.
    free: bool


def _stored(session: Session, pattern_id: int, now: datetime) -> list[_Stored]:
    rows = session.execute(
        text("""
            SELECT s.id, s.planned_day, s.slot, s.nth, s.starts, s.ends, s.team_id, s.route_id,
                   array_remove(array_agg(m.cadre_id ORDER BY m.cadre_id), NULL) AS members,
                   s.starts > :now AND NOT s.touched AND count(m.state) = 0 AND NOT EXISTS (
                       SELECT FROM shift_swap w WHERE s.id IN (w.shift_id, w.other_shift_id)
                         AND w.state IN ('asked', 'agreed')) AS free
            FROM shift s LEFT JOIN shift_member m ON m.shift_id = s.id
            WHERE s.pattern_id = :pattern GROUP BY s.id
        """),
        {"pattern": pattern_id, "now": now},
    )
    return [_read(row) for row in rows]


def _read(row: Row[Any]) -> _Stored:
    return _Stored(
        row.id, row.planned_day, (row.planned_day, row.slot, row.nth), row.starts, row.ends,
        row.team_id, row.route_id, tuple(row.members), row.free,
    )  # fmt: skip


def _check(session: Session, actor: Actor, data: PatternData, first: date, last: date) -> None:
    if not data.name.strip():
        raise GridmapError(Message("The name is missing."))
    if len(data.name) > 100:
        raise GridmapError(Message("The name is longer than 100 characters."))
    refuse_identity_number(data.name)
    check(data.rule)
    if last < first:
        raise GridmapError(Message("The last day lies before the first."))
    if last - first > MOST_SPAN or last - data.rule.first > 30 * MOST_SPAN:
        raise GridmapError(Message("Shifts are made for at most a year at a time."))
    usable_team(session, actor, data.team_id)
    usable_route(session, actor, data.route_id)
    members = {cadre for group in data.rule.groups for cadre in group}
    usable_members(session, actor, data.team_id, members)


def _same(pattern: ShiftPattern, data: PatternData) -> bool:
    kept = (pattern.team_id, pattern.route_id, pattern.rule)
    return kept == (data.team_id, data.route_id, to_json(data.rule))


def _duties(data: PatternData, wanted: Sequence[Planned]) -> list[Duty]:
    return [Duty(_name(one), data.team_id, one.starts, one.ends, one.members) for one in wanted]


def _name(one: Planned) -> str:
    return f"{one.day}/{one.slot}/{one.nth}"


def _leave_out(wanted: Sequence[Planned], conflicts: Collection[Conflict]) -> list[Planned]:
    out = {(each.duty.key, each.cadre_id) for each in conflicts if each.fault in _LEFT_OUT}
    return [
        replace(
            one, members=tuple(cadre for cadre in one.members if (_name(one), cadre) not in out)
        )
        for one in wanted
    ]


def _kept(
    stored: Sequence[_Stored], wanted: Sequence[Planned], data: PatternData
) -> set[tuple[date, int, int]]:
    """Return which shifts are stored as they are wanted."""
    there = {
        row.key: (row.starts, row.ends, row.members, row.team_id, row.route_id) for row in stored
    }
    return {
        one.key
        for one in wanted
        if there.get(one.key)
        == (one.starts, one.ends, tuple(sorted(one.members)), data.team_id, data.route_id)
    }


def _make(session: Session, pattern: ShiftPattern, plan: Preview) -> None:
    if plan.removed:
        session.execute(delete(Shift).where(Shift.id.in_(plan.removed)))
    if not plan.added:
        return
    rows = [
        {
            "team_id": pattern.team_id, "route_id": pattern.route_id, "pattern_id": pattern.id,
            "planned_day": one.day, "slot": one.slot, "nth": one.nth, "starts": one.starts,
            "ends": one.ends,
        }
        for one in plan.added
    ]  # fmt: skip
    ids = session.scalars(insert(Shift).returning(Shift.id, sort_by_parameter_order=True), rows)
    members = [
        {"shift_id": shift, "cadre_id": cadre}
        for shift, one in zip(ids, plan.added, strict=True)
        for cadre in one.members
    ]
    if members:
        with once():
            session.execute(insert(ShiftMember), members)


def _state(pattern: ShiftPattern) -> dict[str, Any]:
    """Return a pattern as the audit log keeps it, the members in the order of their groups."""
    rule = from_json(pattern.rule)
    slots = " ".join(f"{slot.begins:%H:%M}+{slot.minutes / 60:g}h" for slot in rule.slots)
    cycle = "".join("-" if slot is None else str(slot + 1) for slot in rule.cycle)
    groups = "+".join(str(len(group)) for group in rule.groups)
    weekdays = "".join(str(number + 1) for number in sorted(rule.weekdays))
    parts = (rule.first.isoformat(), rule.days, weekdays, slots, rule.turn, cycle, groups)
    return {
        "name": pattern.name,
        "team_id": pattern.team_id,
        "route_id": pattern.route_id,
        "rule": " ".join(part for part in parts if part),
        "members": [cadre for group in rule.groups for cadre in group],
    }
