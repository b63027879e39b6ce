"""Looks for what speaks against shifts, beside those that are stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.patrols.shifts.conflicts import Conflict, Duty, absences, clashes, idle
from gridmap.patrols.shifts.rules import shift_settings, town_zone
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

#: So many conflicts are listed at most.
MOST = 500
#: Before and after this a shift has nothing to do with another; none lasts longer than 3 days.
_REACH = timedelta(days=3)

# A person's shifts around those in question, told apart from them by id.
_STORED = """
    SELECT s.id, s.team_id, m.starts, m.ends, array_agg(m.cadre_id) AS members
    FROM shift_member m JOIN shift s ON s.id = m.shift_id
    WHERE m.active AND m.cadre_id = ANY(:cadres) AND m.starts < :until AND m.starts > :since
      AND s.id <> ALL(:without)
    GROUP BY s.id, m.starts, m.ends
"""


def find_conflicts(
    session: Session, duties: Sequence[Duty], without: Collection[int] = ()
) -> list[Conflict]:
    """Find what speaks against shifts that are about to be saved.

    Parameters
    ----------
    session : Session
    duties : sequence of Duty
        As they are to be.
    without : collection of int
        Stored shifts that these replace.

    Returns
    -------
    list of Conflict
        In the order of the shifts' beginnings.
    """
    if not duties:
        return []
    cadres = sorted({cadre for duty in duties for cadre in duty.members})
    rest = timedelta(hours=shift_settings(session).rest_hours)
    since = min(duty.starts for duty in duties) - rest - _REACH
    until = max(duty.ends for duty in duties) + rest
    rows = session.execute(
        text(_STORED),
        {"cadres": cadres, "since": since, "until": until, "without": list(without)},
    )
    stored = [
        Duty(row.id, row.team_id, row.starts, row.ends, tuple(row.members), new=False)
        for row in rows
    ]
    return _all(session, [*stored, *duties], rest, cadres)


def stored_conflicts(
    session: Session, actor: Actor, first: date, last: date, team_id: int | None = None
) -> list[Conflict]:
    """Find what speaks against the stored shifts of an area that begin in a span of days.

    Parameters
    ----------
    session : Session
    actor : Actor
    first, last : date
        Both included.
    team_id : int, optional
        Only this team's.
    """
    rest = timedelta(hours=shift_settings(session).rest_hours)
    rows = session.execute(
        text(f"""
            SELECT s.id, s.team_id, s.starts, s.ends,
                   array_remove(array_agg(m.cadre_id), NULL) AS members
            FROM shift s JOIN team t ON t.id = s.team_id
            LEFT JOIN shift_member m ON m.shift_id = s.id
            WHERE s.day BETWEEN :first AND :last AND s.cancelled_at IS NULL
              AND (CAST(:team AS bigint) IS NULL OR s.team_id = :team)
              AND {unit_condition(actor, "t.unit_id")}
            GROUP BY s.id
        """),
        {"first": first, "last": last, "team": team_id, **unit_params(actor)},
    ).all()
    duties = [Duty(row.id, row.team_id, row.starts, row.ends, tuple(row.members)) for row in rows]
    if not duties:
        return []
    cadres = sorted({cadre for duty in duties for cadre in duty.members})
    around = session.execute(
        text(_STORED),
        {
            "cadres": cadres,
            "since": min(duty.starts for duty in duties) - rest - _REACH,
            "until": max(duty.ends for duty in duties) + rest,
            "without": [duty.key for duty in duties],
        },
    )
    others = [
        Duty(row.id, row.team_id, row.starts, row.ends, tuple(row.members), new=False)
        for row in around
    ]
    return _all(session, [*others, *duties], rest, cadres)[:MOST]


def _all(
    session: Session, duties: Sequence[Duty], rest: timedelta, cadres: Sequence[int]
) -> list[Conflict]:
    new = [duty for duty in duties if duty.new]
    zone = town_zone(session)
    first = min(duty.starts for duty in new).astimezone(zone).date()
    last = max(duty.ends for duty in new).astimezone(zone).date()
    away: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for row in session.execute(
        text("""
            SELECT cadre_id, starts, ends FROM absence
            WHERE cadre_id = ANY(:cadres) AND period && daterange(:first, :last, '[]')
        """),
        {"cadres": list(cadres), "first": first, "last": last},
    ):
        away[row.cadre_id].append((row.starts, row.ends))
    active = session.execute(
        text("""
            SELECT ARRAY(SELECT id FROM cadre WHERE active AND id = ANY(:cadres)) AS cadres,
                   ARRAY(SELECT id FROM team WHERE active AND id = ANY(:teams)) AS teams
        """),
        {"cadres": list(cadres), "teams": sorted({duty.team_id for duty in new})},
    ).one()
    found = clashes(duties, rest) + absences(new, away, zone)
    found += idle(new, set(active.cadres), set(active.teams))
    return sorted(found, key=_order)


def _order(conflict: Conflict) -> tuple[datetime, str, str, int]:
    duty = conflict.duty
    return duty.starts, str(duty.key), conflict.fault, conflict.cadre_id or 0
