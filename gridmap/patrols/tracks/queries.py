"""Reads of tracks, for people within whose units they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.patrols.shifts.models import Shift
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Action, Actor

Rows = Sequence[Row[Any]]
PAGE = 30
SORTS = {
    "started": "t.started_at",
    "route": "r.name",
    "team": "team.name",
    "length": "t.length_m",
    "share": "t.route_share",
    "missed": "missed",
}
_COLUMNS = """
    t.id, t.unit_id, t.route_id, t.team_id, t.mode, t.source, t.file_name, t.started_at,
    t.ended_at, t.positions, t.matched_at, t.length_m, t.on_streets, t.route_share, t.report,
    r.name AS route, r.version AS route_version, team.name AS team, u.name AS unit,
    u.name_en AS unit_en, job.state AS job_state, job.progress, job.message, job.error,
    v.stops, v.missed, v.too_short,
    EXISTS (SELECT FROM patrol_position p WHERE p.track_id = t.id) AS has_positions
"""
_FROM = """
    FROM patrol_track t JOIN unit u ON u.id = t.unit_id
    LEFT JOIN patrol_route r ON r.id = t.route_id LEFT JOIN team ON team.id = t.team_id
    LEFT JOIN job ON job.id = t.job_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS stops, count(*) FILTER (WHERE verdict = 'missed') AS missed,
               count(*) FILTER (WHERE verdict = 'too_short') AS too_short
        FROM patrol_visit WHERE track_id = t.id) v ON true
"""


@dataclass(frozen=True)
class Filter:
    """Which tracks a list shows; what is left out does not matter.

    Attributes
    ----------
    first, last : date or None
        Local days on which they began.
    sort : str
        A key of `SORTS`.
    """

    route_id: int | None = None
    team_id: int | None = None
    first: date | None = None
    last: date | None = None
    sort: str = "started"
    descending: bool = True


def visible(actor: Actor) -> str:
    """Return the SQL condition that a person may see a track.

    The office sees those of its units, cadres their own.
    """
    if actor.may(Action.VIEW_WORKFORCE):
        return unit_condition(actor, "t.unit_id")
    return "t.cadre_id IN (SELECT id FROM cadre WHERE user_id = :user_id)"


def _values(actor: Actor) -> dict[str, Any]:
    if actor.may(Action.VIEW_WORKFORCE):
        return dict(unit_params(actor))
    return {"user_id": actor.user_id}


def list_tracks(session: Session, actor: Actor, wanted: Filter, page: int) -> tuple[Rows, int]:
    """Return a page of tracks, and how many there are in all."""
    where = [visible(actor)]
    values: dict[str, Any] = _values(actor)
    for column, value in (("t.route_id", wanted.route_id), ("t.team_id", wanted.team_id)):
        if value is not None:
            where.append(f"{column} = :{column[2:]}")
            values[column[2:]] = value
    zone = "AT TIME ZONE (SELECT time_zone FROM territory_settings)"
    if wanted.first is not None:
        where.append(f"t.started_at >= (CAST(:first AS date)::timestamp {zone})")
        values["first"] = wanted.first
    if wanted.last is not None:
        where.append(f"t.started_at < ((CAST(:last AS date) + 1)::timestamp {zone})")
        values["last"] = wanted.last
    condition = " AND ".join(where)
    way = "DESC NULLS LAST" if wanted.descending else "ASC NULLS LAST"
    order = SORTS.get(wanted.sort, SORTS["started"])
    rows = session.execute(
        text(f"""
            SELECT {_COLUMNS} {_FROM} WHERE {condition}
            ORDER BY {order} {way}, t.id DESC LIMIT :limit OFFSET :offset
        """),
        {**values, "limit": PAGE, "offset": (page - 1) * PAGE},
    ).all()
    total = session.execute(
        text(f"SELECT count(*) FROM patrol_track t WHERE {condition}"), values
    ).scalar_one()
    return rows, total


def find_track(session: Session, actor: Actor, track_id: int) -> Row[Any]:
    """Return a track.

    Raises
    ------
    NotFoundError
        If there is none that the actor may see.
    """
    row = session.execute(
        text(f"SELECT {_COLUMNS} {_FROM} WHERE t.id = :id AND {visible(actor)}"),
        {"id": track_id, **_values(actor)},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no track with the id {id}.", id=track_id))
    return row


def of_shift(session: Session, actor: Actor, shift: Shift) -> Rows:
    """Return the tracks of a shift that the actor may see: of its team or route, within its time.

    Half an hour before it and after it is within.
    """
    return session.execute(
        text(f"""
            SELECT {_COLUMNS} {_FROM}
            WHERE {visible(actor)} AND (t.team_id = :team OR t.route_id = :route)
              AND t.started_at >= CAST(:starts AS timestamptz) - interval '30 minutes'
              AND t.started_at < CAST(:ends AS timestamptz) + interval '30 minutes'
            ORDER BY t.started_at LIMIT 10
        """),
        {
            "team": shift.team_id, "route": shift.route_id, "starts": shift.starts,
            "ends": shift.ends, **_values(actor),
        },
    ).all()  # fmt: skip


def visits_of(session: Session, track_id: int) -> Rows:
    """Return what a track says of the stops of its route, in their order."""
    return session.execute(
        text("""
            SELECT v.position, v.name, v.dwell_s, v.arrived_at, v.left_at, v.stayed_s, v.verdict,
                   s.kind, s.must
            FROM patrol_visit v LEFT JOIN patrol_stop s ON s.id = v.stop_id
            WHERE v.track_id = :id ORDER BY v.position
        """),
        {"id": track_id},
    ).all()


# What was walked, the route with its missed stretches, and the stops, in one collection.
_MAP = """
    SELECT '{"type":"FeatureCollection","features":[' || coalesce(string_agg(
        '{"type":"Feature","geometry":' || ST_AsGeoJSON(geom, 6) || ',"properties":'
        || properties::text || '}', ',' ORDER BY layer), '') || ']}'
    FROM (
        SELECT 1 AS layer, r.geom, jsonb_build_object('kind', 'route') AS properties
        FROM patrol_track t JOIN patrol_route r ON r.id = t.route_id WHERE t.id = :id
        UNION ALL
        SELECT 2, ST_Collect(w.geom ORDER BY w.number), jsonb_build_object('kind', 'walked')
        FROM patrol_walk w WHERE w.track_id = :id HAVING count(*) > 0
        UNION ALL
        SELECT 3, ST_SetSRID(ST_GeomFromGeoJSON(t.report -> 'missed'), 4326),
               jsonb_build_object('kind', 'missed')
        FROM patrol_track t WHERE t.id = :id AND t.report ? 'missed'
        UNION ALL
        SELECT 4, s.geom, jsonb_build_object(
            'kind', v.verdict, 'name', v.name, 'position', v.position)
        FROM patrol_visit v JOIN patrol_stop s ON s.id = v.stop_id WHERE v.track_id = :id
        UNION ALL
        SELECT 5, ST_Collect(p.geom ORDER BY p.number), jsonb_build_object('kind', 'raw')
        FROM patrol_position p WHERE p.track_id = :id AND :raw HAVING count(*) > 0
    ) AS parts
"""


def map_of(connection: Connection, actor: Actor, track_id: int) -> str:
    """Return the shapes of a track as GeoJSON; raw positions only for planners."""
    raw = actor.may(Action.PLAN_PATROLS)
    found: str = connection.execute(text(_MAP), {"id": track_id, "raw": raw}).scalar_one()
    return found
