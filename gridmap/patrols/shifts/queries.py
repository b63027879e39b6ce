"""Shifts as pages read them: calendar, list, one shift, a person's own, swaps, patterns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.patrols.shifts.conflicts import Conflict
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Action, Actor

Rows = Sequence[Row[Any]]
SortKey = Literal["starts", "team", "route", "members"]
PAGE = 50

_SORTS: Mapping[SortKey, str] = {
    "starts": "s.day {0}, s.starts {0}, s.id {0}",
    "team": "t.name {0}, s.day, s.starts, s.id",
    "route": "r.name {0}, s.day, s.starts, s.id",
    "members": "members {0}, s.day, s.starts, s.id",
}


@dataclass(frozen=True)
class Wanted:
    """Which shifts a calendar or list shows; what is left out does not matter.

    Attributes
    ----------
    first, last : date
        The days on which they begin, both included.
    state : {"", "planned", "over", "done", "cancelled", "unrecorded"}
        Not cancelled, of these over, of these somebody came, cancelled, or over with somebody of
        whom nothing was noted.
    """

    first: date
    last: date
    team_id: int | None = None
    cadre_id: int | None = None
    route_id: int | None = None
    state: str = ""
    sort: SortKey = "starts"
    descending: bool = False


def calendar(session: Session, actor: Actor, wanted: Wanted, most: int) -> Rows:
    """Return the shifts of each day, at most so many of a day.

    Returns
    -------
    sequence of rows
        ``id``, ``day``, ``starts``, ``ends``, ``team_id``, ``team``, ``route``, ``cancelled``,
        ``names`` (of the members), ``in_day`` (how many the day has in all).
    """
    where, params = _conditions(actor, wanted)
    return session.execute(
        text(f"""
            SELECT x.*, {_NAMES.format("x.id")} AS names FROM (
                SELECT s.id, s.day, s.starts, s.ends, s.team_id, t.name AS team, r.name AS route,
                       s.cancelled_at IS NOT NULL AS cancelled,
                       row_number() OVER (PARTITION BY s.day ORDER BY s.starts, s.id) AS nth,
                       count(*) OVER (PARTITION BY s.day) AS in_day
                FROM shift s JOIN team t ON t.id = s.team_id
                LEFT JOIN patrol_route r ON r.id = s.route_id
                WHERE {where}
            ) AS x WHERE x.nth <= :most ORDER BY x.day, x.nth
        """),
        {**params, "most": most},
    ).all()


def search(
    session: Session, actor: Actor, wanted: Wanted, *, limit: int = PAGE, offset: int = 0
) -> tuple[Rows, int]:
    """List shifts page by page.

    Returns
    -------
    rows : sequence of rows
        As `calendar` without ``in_day``, and ``members``, ``came``, ``known`` (counts of members,
        of those who came, of those of whom something was noted), ``touched``, ``pattern_id``.
    total : int
        How many there are on all pages.
    """
    where, params = _conditions(actor, wanted)
    total: int = session.execute(
        text(f"SELECT count(*) FROM shift s JOIN team t ON t.id = s.team_id WHERE {where}"), params
    ).scalar_one()
    order = _SORTS[wanted.sort].format("DESC" if wanted.descending else "ASC")
    rows = session.execute(
        text(f"""
            SELECT s.id, s.day, s.starts, s.ends, s.team_id, t.name AS team, r.name AS route,
                   s.cancelled_at IS NOT NULL AS cancelled, s.touched, s.pattern_id,
                   (SELECT count(*) FROM shift_member m WHERE m.shift_id = s.id) AS members,
                   (SELECT count(*) FROM shift_member m WHERE m.shift_id = s.id
                      AND m.{CAME}) AS came,
                   (SELECT count(m.state) FROM shift_member m WHERE m.shift_id = s.id) AS known,
                   {_NAMES.format("s.id")} AS names
            FROM shift s JOIN team t ON t.id = s.team_id
            LEFT JOIN patrol_route r ON r.id = s.route_id
            WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset
        """),
        {**params, "limit": limit, "offset": offset},
    ).all()
    return rows, total


def members(session: Session, shift_id: int) -> Rows:
    """Return who is on a shift, the captain first, with attendance and whether away that day."""
    return session.execute(
        text("""
            SELECT m.cadre_id, d.name, d.phone, d.active, coalesce(tm.captain, false) AS captain,
                   tm.cadre_id IS NOT NULL AS of_team, m.state, m.checked_in_at, m.checked_out_at,
                   m.noted_by, m.note,
                   EXISTS (SELECT FROM absence a WHERE a.cadre_id = m.cadre_id
                       AND a.period @> s.day) AS away
            FROM shift_member m JOIN shift s ON s.id = m.shift_id JOIN cadre d ON d.id = m.cadre_id
            LEFT JOIN team_member tm ON tm.team_id = s.team_id AND tm.cadre_id = m.cadre_id
            WHERE m.shift_id = :shift
            ORDER BY coalesce(tm.captain, false) DESC, d.name, d.id
        """),
        {"shift": shift_id},
    ).all()


def own_shifts(session: Session, cadre_id: int, since: datetime, until: datetime) -> Rows:
    """Return a person's shifts that end after a moment and begin before another, in their order.

    ``own_state``, ``checked_in_at`` and ``checked_out_at`` tell of the person himself.
    """
    return session.execute(
        text(f"""
            SELECT s.id, s.day, s.starts, s.ends, s.team_id, t.name AS team, r.name AS route,
                   s.note, s.cancelled_at IS NOT NULL AS cancelled, m.state AS own_state,
                   m.checked_in_at, m.checked_out_at, {_NAMES.format("s.id")} AS names
            FROM shift_member m JOIN shift s ON s.id = m.shift_id JOIN team t ON t.id = s.team_id
            LEFT JOIN patrol_route r ON r.id = s.route_id
            WHERE m.cadre_id = :cadre AND m.starts < :until AND m.starts > :early
              AND m.ends > :since
            ORDER BY m.starts LIMIT 200
        """),
        {"cadre": cadre_id, "since": since, "until": until, "early": since - timedelta(days=3)},
    ).all()


def next_shift(session: Session, cadre_id: int, now: datetime) -> Row[Any] | None:
    """Return ``starts``, ``ends`` and ``team`` of a person's shift, under way or the next one."""
    return session.execute(
        text("""
            SELECT m.starts, m.ends, t.name AS team
            FROM shift_member m JOIN shift s ON s.id = m.shift_id JOIN team t ON t.id = s.team_id
            WHERE m.cadre_id = :cadre AND m.active AND m.starts > :early AND m.ends > :now
            ORDER BY m.starts LIMIT 1
        """),
        {"cadre": cadre_id, "now": now, "early": now - timedelta(days=3)},
    ).first()


def team_shifts(
    session: Session, teams: Collection[int], since: date, until: date, limit: int = 60
) -> Rows:
    """Return the shifts of teams that begin in a span of days, both included; the newest first."""
    return session.execute(
        text("""
            SELECT s.id, s.day, s.starts, s.ends, s.team_id, t.name AS team,
                   count(m.cadre_id) AS members, count(m.state) AS known
            FROM shift s JOIN team t ON t.id = s.team_id
            LEFT JOIN shift_member m ON m.shift_id = s.id
            WHERE s.team_id = ANY(:teams) AND s.day BETWEEN :since AND :until
              AND s.cancelled_at IS NULL
            GROUP BY s.id, t.name ORDER BY s.day DESC, s.starts DESC, s.id LIMIT :limit
        """),
        {"teams": sorted(teams), "since": since, "until": until, "limit": limit},
    ).all()


def colleagues(session: Session, team_id: int, shift_id: int, now: datetime) -> Rows:
    """Return whom a member may ask to take a shift, and each one's shifts to come in return.

    Returns
    -------
    sequence of rows
        ``id``, ``name`` of somebody of the team who is not on the shift, and ``shift_id``,
        ``starts``, ``ends`` of one of the next shifts of his in this team, or None.
    """
    return session.execute(
        text("""
            SELECT d.id, d.name, o.shift_id, o.starts, o.ends
            FROM team_member tm JOIN cadre d ON d.id = tm.cadre_id AND d.active
            LEFT JOIN LATERAL (
                SELECT m.shift_id, m.starts, m.ends FROM shift_member m
                JOIN shift s ON s.id = m.shift_id AND s.team_id = :team
                WHERE m.cadre_id = d.id AND m.active AND m.starts > :now
                ORDER BY m.starts LIMIT 8
            ) AS o ON true
            WHERE tm.team_id = :team AND NOT EXISTS (
                SELECT FROM shift_member m WHERE m.shift_id = :shift AND m.cadre_id = d.id)
            ORDER BY d.name, d.id, o.starts
        """),
        {"team": team_id, "shift": shift_id, "now": now},
    ).all()


def swaps(
    session: Session,
    actor: Actor,
    *,
    cadre_id: int | None,
    captained: Collection[int],
    open_only: bool = False,
    shift_id: int | None = None,
    limit: int = PAGE,
    offset: int = 0,
) -> tuple[Rows, int]:
    """List the swaps that concern somebody: in the area, of the own teams, or the own ones.

    Returns
    -------
    rows : sequence of rows
        The swap with names and spans of both sides, and ``lapsed`` where a shift has begun before
        anybody decided; open ones first, then the newest.
    total : int
    """
    area = unit_condition(actor, "t.unit_id") if actor.may(Action.VIEW_WORKFORCE) else "false"
    where = f"""({area} OR :me IN (w.cadre_id, w.other_id) OR s.team_id = ANY(:captained))
        AND (NOT :open OR (w.state IN ('asked', 'agreed') AND s.starts > now()))
        AND (CAST(:shift AS bigint) IS NULL OR :shift IN (w.shift_id, w.other_shift_id))"""
    params = {
        "me": cadre_id, "captained": sorted(captained), "open": open_only, "shift": shift_id,
        **unit_params(actor),
    }  # fmt: skip
    source = "FROM shift_swap w JOIN shift s ON s.id = w.shift_id JOIN team t ON t.id = s.team_id"
    total: int = session.execute(
        text(f"SELECT count(*) {source} WHERE {where}"), params
    ).scalar_one()
    rows = session.execute(
        text(f"""
            SELECT w.*, s.team_id, t.name AS team, t.unit_id, s.starts, s.ends, a.name AS asker,
                   b.name AS other, o.starts AS other_starts, o.ends AS other_ends,
                   w.state IN ('asked', 'agreed') AND s.starts <= now() AS lapsed
            {source} JOIN cadre a ON a.id = w.cadre_id JOIN cadre b ON b.id = w.other_id
            LEFT JOIN shift o ON o.id = w.other_shift_id
            WHERE {where}
            ORDER BY w.state IN ('asked', 'agreed') AND s.starts > now() DESC, w.id DESC
            LIMIT :limit OFFSET :offset
        """),
        {**params, "limit": limit, "offset": offset},
    ).all()
    return rows, total


def patterns(session: Session, actor: Actor) -> Rows:
    """Return the patterns of the actor's area with their team and shifts to come."""
    return session.execute(
        text(f"""
            SELECT p.id, p.name, p.team_id, t.name AS team, r.name AS route, p.rule, p.made_until,
                   p.ended_at,
                   (SELECT count(*) FROM shift s WHERE s.pattern_id = p.id
                      AND s.starts > now() AND s.cancelled_at IS NULL) AS ahead
            FROM shift_pattern p JOIN team t ON t.id = p.team_id
            LEFT JOIN patrol_route r ON r.id = p.route_id
            WHERE {unit_condition(actor, "t.unit_id")}
            ORDER BY p.ended_at IS NOT NULL, t.name, p.name, p.id LIMIT 500
        """),
        unit_params(actor),
    ).all()


def routes(session: Session, actor: Actor) -> Rows:
    """Return the routes of the actor's area to choose from: ``id``, ``name``, ``team_id``."""
    return session.execute(
        text(f"""
            SELECT id, name, team_id FROM patrol_route
            WHERE archived_at IS NULL AND {unit_condition(actor, "unit_id")}
            ORDER BY name, id LIMIT 1000
        """),
        unit_params(actor),
    ).all()


def names(session: Session, conflicts: Sequence[Conflict]) -> tuple[dict[int, str], dict[int, str]]:
    """Return the names of the cadres and teams that conflicts mention, by id."""
    if not conflicts:
        return {}, {}
    duties = [duty for each in conflicts for duty in (each.duty, each.other) if duty is not None]
    row = session.execute(
        text("""
            SELECT (SELECT json_object_agg(id, name) FROM cadre WHERE id = ANY(:cadres)) AS cadres,
                   (SELECT json_object_agg(id, name) FROM team WHERE id = ANY(:teams)) AS teams
        """),
        {
            "cadres": [each.cadre_id for each in conflicts if each.cadre_id is not None],
            "teams": sorted({duty.team_id for duty in duties}),
        },
    ).one()
    cadres, teams = (
        {int(number): name for number, name in (found or {}).items()}
        for found in (row.cadres, row.teams)
    )
    return cadres, teams


def cadre_names(
    session: Session, actor: Actor, ids: Collection[int], stored: Collection[int] = ()
) -> dict[int, str]:
    """Return what to call cadres: by name in the actor's area, by number outside it.

    Parameters
    ----------
    session : Session
    actor : Actor
    ids : collection of int
        As somebody sent them.
    stored : collection of int
        Those of them whom the actor was shown already, on a shift that he plans.
    """
    if not ids:
        return {}
    rows = session.execute(
        text(f"""
            SELECT id, name FROM cadre WHERE id = ANY(:ids)
              AND (id = ANY(:stored) OR {unit_condition(actor, "unit_id")}) ORDER BY name, id
        """),
        {"ids": sorted(ids), "stored": sorted(stored), **unit_params(actor)},
    )
    found = {row.id: row.name for row in rows}
    return found | {each: f"#{each}" for each in sorted(ids) if each not in found}


#: The conditions that somebody came to a shift he was on, and that it is noted whether he did;
#: whoever was on leave was not to come, and is left out of attendance everywhere.
CAME = "state IN ('present', 'late')"
NOTED = "state IN ('present', 'late', 'absent')"
#: The conditions that a shift ``s`` is over and was not cancelled, and that somebody came to it.
OVER = "s.cancelled_at IS NULL AND s.ends <= now()"
DONE = f"EXISTS (SELECT FROM shift_member m WHERE m.shift_id = s.id AND m.{CAME})"
#: The members' names as an array, of the shift that is named in the braces.
_NAMES = """ARRAY(SELECT d.name FROM shift_member m JOIN cadre d ON d.id = m.cadre_id
    WHERE m.shift_id = {} ORDER BY d.name, d.id)"""
_STATES = {
    "planned": "s.cancelled_at IS NULL",
    "cancelled": "s.cancelled_at IS NOT NULL",
    "over": OVER,
    "done": f"{OVER} AND {DONE}",
    "unrecorded": """s.cancelled_at IS NULL AND s.ends < now() AND EXISTS (
        SELECT FROM shift_member m WHERE m.shift_id = s.id AND m.state IS NULL)""",
}


def _conditions(actor: Actor, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    conditions = ["s.day BETWEEN :first AND :last", unit_condition(actor, "t.unit_id")]
    params: dict[str, Any] = {"first": wanted.first, "last": wanted.last, **unit_params(actor)}
    if wanted.team_id is not None:
        conditions.append("s.team_id = :team")
        params["team"] = wanted.team_id
    if wanted.route_id is not None:
        conditions.append("s.route_id = :route")
        params["route"] = wanted.route_id
    if wanted.cadre_id is not None:
        conditions.append(
            "s.id IN (SELECT m.shift_id FROM shift_member m WHERE m.cadre_id = :cadre)"
        )
        params["cadre"] = wanted.cadre_id
    if wanted.state in _STATES:
        conditions.append(_STATES[wanted.state])
    return " AND ".join(conditions), params
