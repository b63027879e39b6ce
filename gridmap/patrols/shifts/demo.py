"""A month's rota for the demo town: 24-hour duty in turns, and volunteers at their hours."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Row, insert, select, text
from sqlalchemy.orm import Session

from gridmap.patrols.shifts.models import Shift, ShiftMember, ShiftPattern, ShiftSwap
from gridmap.patrols.shifts.patterns import (
    Days,
    Planned,
    Rule,
    Slot,
    Turn,
    occurrences,
    to_json,
)
from gridmap.patrols.shifts.rules import town_calendar, town_zone

_TEAMS = """
    SELECT t.id, t.kind, array_agg(m.cadre_id ORDER BY m.captain DESC, m.cadre_id) AS members,
           bool_or(u.login = 'cadre') AS own,
           EXISTS (SELECT FROM team v WHERE v.unit_id = t.unit_id AND v.kind = 'volunteer') AS home,
           (SELECT array_agg(r.id ORDER BY r.id) FROM patrol_route r
            WHERE t.kind = 'volunteer' AND r.unit_id = t.unit_id) AS routes
    FROM team t JOIN team_member m ON m.team_id = t.id JOIN cadre d ON d.id = m.cadre_id
    LEFT JOIN app_user u ON u.id = d.user_id
    WHERE t.active GROUP BY t.id ORDER BY t.id
"""
#: Of a hundred who were due.
_STATES, _SHARES = ("present", "late", "absent", "leave"), (0.91, 0.05, 0.02, 0.02)
#: So many days ahead of today there are shifts at least.
_AHEAD = 14


def load_shifts(session: Session, seed: int, now: datetime) -> int:
    """Give the demo town shifts of the month with attendance until now, unless it has some.

    Where volunteers walk, they and the patrol team have shifts since the beginning of the last
    whole quarter.

    A patrol team of a captain and seven does duty of 24 hours in four groups of two; ten teams of
    volunteers walk the routes of their community in turn three times a week, thirty patrols in
    all. Nobody is in conflict with anybody.

    Parameters
    ----------
    session : Session
        Of a database with the demo town and its staff.
    seed : int
        Another number gives another attendance.
    now : datetime

    Returns
    -------
    int
        How many shifts; none if there are any already.
    """
    if session.scalar(select(Shift.id).limit(1)) is not None:
        return 0
    zone = town_zone(session)
    today = now.astimezone(zone).date()
    first = today.replace(day=1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    last = max(last, today + timedelta(days=_AHEAD))
    teams = session.execute(text(_TEAMS)).all()
    if not teams:
        return 0
    begins = [_quarter_before(today) if team.home else first for team in teams]
    rules = [_rule(team, day) for team, day in zip(teams, begins, strict=True)]
    patterns = session.scalars(
        insert(ShiftPattern).returning(ShiftPattern.id, sort_by_parameter_order=True),
        [
            {"name": name, "team_id": team.id, "rule": to_json(rule), "made_until": last}
            for team, (name, rule) in zip(teams, rules, strict=True)
        ],
    ).all()
    shifts: list[dict[str, Any]] = []
    members: list[tuple[int, ...]] = []
    calendar = town_calendar(session)
    for team, pattern, day, (_, rule) in zip(teams, patterns, begins, rules, strict=True):
        for one in occurrences(rule, day, last, zone, calendar.is_workday):
            shifts.append(_shift(team, pattern, one))
            members.append(one.members)
    ids = session.scalars(
        insert(Shift).returning(Shift.id, sort_by_parameter_order=True), shifts
    ).all()
    rows = _attendance(np.random.default_rng([seed, 2027]), ids, shifts, members, now)
    session.execute(insert(ShiftMember), rows)
    _ask_for_a_swap(session, teams, ids, shifts, members, now)
    return len(ids)


def _shift(team: Row[Any], pattern: int, one: Planned) -> dict[str, Any]:
    """Return a shift of a team that a pattern makes, on the route of its day."""
    return {
        "team_id": team.id, "pattern_id": pattern, "planned_day": one.day, "slot": one.slot,
        "nth": one.nth, "starts": one.starts, "ends": one.ends, "route_id": _route(team, one.day),
    }  # fmt: skip


def _quarter_before(day: date) -> date:
    """Return the first day of the quarter before that of a day."""
    last = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
    return last.replace(month=last.month - 2, day=1)


def _route(team: Row[Any], day: date) -> int | None:
    """Return the route of a day: each team another one, and each the next day another."""
    return team.routes[(day.toordinal() + team.id) % len(team.routes)] if team.routes else None


def _rule(team: Row[Any], first: date) -> tuple[str, Rule]:
    if team.kind == "patrol":
        groups = tuple(tuple(team.members[n : n + 2]) for n in range(0, len(team.members), 2))
        return "24小时轮值", Rule(first, (Slot(time(8), 24 * 60),), groups)
    # Ten teams at three evenings a week are thirty patrols.
    parts = [tuple(int(each) for each in part) for part in np.array_split(team.members, 3)]
    evenings = frozenset({2, 5, 6})
    slot = Slot(time(19), 120)
    groups = tuple(part for part in parts if part)
    return "志愿夜巡", Rule(first, (slot,), groups, Days.WEEKDAYS, evenings, Turn.SHIFT)


def _attendance(
    rng: np.random.Generator,
    ids: Sequence[int],
    shifts: Sequence[dict[str, Any]],
    members: Sequence[tuple[int, ...]],
    now: datetime,
) -> list[dict[str, Any]]:
    """Return who is on which shift, and of those that are over who came when."""
    rows: list[dict[str, Any]] = []
    for shift_id, shift, people in zip(ids, shifts, members, strict=True):
        for cadre in people:
            row: dict[str, Any] = {
                "shift_id": shift_id, "cadre_id": cadre, "state": None, "checked_in_at": None,
                "checked_out_at": None, "noted_by": "",
            }  # fmt: skip
            if shift["ends"] < now:
                row |= _came(rng, shift["starts"], shift["ends"])
            rows.append(row)
    return rows


def _came(rng: np.random.Generator, starts: datetime, ends: datetime) -> dict[str, Any]:
    state = str(rng.choice(_STATES, p=_SHARES))
    if state not in ("present", "late"):
        return {"state": state, "noted_by": "gridmap"}
    after = int(rng.integers(-20, 9) if state == "present" else rng.integers(12, 50))
    return {
        "state": state,
        "checked_in_at": starts + timedelta(minutes=after),
        "checked_out_at": ends + timedelta(minutes=int(rng.integers(0, 20))),
    }


def _ask_for_a_swap(
    session: Session,
    teams: Sequence[Row[Any]],
    ids: Sequence[int],
    shifts: Sequence[dict[str, Any]],
    members: Sequence[tuple[int, ...]],
    now: datetime,
) -> None:
    """Let a member of the demo cadre's team ask him to take a shift."""
    own = next((team for team in teams if team.own), None)
    if own is None:
        return
    me = session.scalar(
        text("SELECT d.id FROM cadre d JOIN app_user u ON u.id = d.user_id WHERE login = 'cadre'")
    )
    soon = now + timedelta(days=1)
    for shift_id, shift, people in zip(ids, shifts, members, strict=True):
        if shift["team_id"] == own.id and shift["starts"] > soon and me not in people:
            session.add(
                ShiftSwap(
                    shift_id=shift_id, cadre_id=people[0], other_id=me, reason="家里有事，想换班",
                    asked_at=now,
                )
            )  # fmt: skip
            session.flush()
            return
