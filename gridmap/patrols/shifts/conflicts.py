"""What speaks against shifts: one person twice, too little rest, absence, nobody, no team."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gridmap.patrols.shifts.clock import days_of


class Fault(StrEnum):
    """What speaks against a shift; the first two forbid it, the others may be put up with."""

    TWICE = "twice"
    INACTIVE = "inactive"
    REST = "rest"
    ABSENT = "absent"
    NOBODY = "nobody"


#: Nobody may save what has one of these.
FORBIDDING = frozenset({Fault.TWICE, Fault.INACTIVE})


@dataclass(frozen=True)
class Duty:
    """A shift as far as conflicts are concerned.

    Attributes
    ----------
    key : int or str
        The shift's id, or what tells a shift that is not stored yet.
    new : bool
        Whether it is about to be saved; conflicts among stored shifts alone are left out.
    """

    key: int | str
    team_id: int
    starts: datetime
    ends: datetime
    members: tuple[int, ...]
    new: bool = True


@dataclass(frozen=True)
class Conflict:
    """One thing that speaks against a shift.

    Attributes
    ----------
    fault : Fault
    duty : Duty
    cadre_id : int or None
        Whom it concerns; None where it is the team or nobody.
    other : Duty or None
        The other shift of the person.
    hours : float
        The rest that is left, where it is too short.
    day : date or None
        The first day of the shift on which the person is away.
    """

    fault: Fault
    duty: Duty
    cadre_id: int | None = None
    other: Duty | None = None
    hours: float = 0.0
    day: date | None = None


def clashes(duties: Iterable[Duty], rest: timedelta) -> list[Conflict]:
    """Find persons on two shifts at a time, or with too little rest between two.

    A person's shifts are gone through in the order of their beginnings; each is compared with the
    one of those before that ends last.

    Parameters
    ----------
    duties : iterable of Duty
    rest : timedelta
        The least time between the end of a shift and the next.

    Returns
    -------
    list of Conflict
        Each told at the later shift, or at the new one where only that is new.
    """
    of_person: dict[int, list[Duty]] = {}
    for duty in duties:
        for cadre in duty.members:
            of_person.setdefault(cadre, []).append(duty)
    found = []
    for cadre, own in of_person.items():
        own.sort(key=lambda duty: (duty.starts, duty.ends))
        latest = own[0]
        for duty in own[1:]:
            gap = duty.starts - latest.ends
            if gap < rest and (duty.new or latest.new):
                told, other = (duty, latest) if duty.new else (latest, duty)
                fault = Fault.TWICE if gap < timedelta() else Fault.REST
                hours = max(gap / timedelta(hours=1), 0.0)
                found.append(Conflict(fault, told, cadre, other, hours))
            latest = max(latest, duty, key=lambda each: each.ends)
    return found


def absences(
    duties: Iterable[Duty], away: Mapping[int, Sequence[tuple[date, date]]], zone: ZoneInfo
) -> list[Conflict]:
    """Find members who are away on a day of the shift.

    Parameters
    ----------
    duties : iterable of Duty
    away : mapping of int to sequence of tuple
        The first day away and the first day back, by cadre.
    zone : ZoneInfo
    """
    return [
        Conflict(Fault.ABSENT, duty, cadre, day=missed[0])
        for duty in duties
        if duty.new
        for cadre in duty.members
        if (
            missed := [
                day
                for day in days_of(duty.starts, duty.ends, zone)
                if any(first <= day < back for first, back in away.get(cadre, ()))
            ]
        )
    ]


def idle(
    duties: Iterable[Duty], active_cadres: Collection[int], active_teams: Collection[int]
) -> list[Conflict]:
    """Find teams and members that are no longer active, and shifts that nobody is on."""
    found = []
    for duty in duties:
        if duty.new and duty.team_id not in active_teams:
            found.append(Conflict(Fault.INACTIVE, duty))
        if duty.new and not duty.members:
            found.append(Conflict(Fault.NOBODY, duty))
        found += [
            Conflict(Fault.INACTIVE, duty, cadre)
            for cadre in duty.members
            if duty.new and cadre not in active_cadres
        ]
    return found


def forbidding(conflicts: Iterable[Conflict]) -> list[Conflict]:
    """Return those with which nothing may be saved."""
    return [conflict for conflict in conflicts if conflict.fault in FORBIDDING]
