"""Reads of routes: lists within a person's area, one route with its stops, what it may choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.patrols.models import PatrolRoute, PatrolStop
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Action, Actor

PAGE = 30
Rows = Sequence[Row[Any]]
SortKey = Literal["name", "kind", "team", "unit", "length", "time", "updated"]
_SORTS: Mapping[str, str] = {
    "name": "r.name",
    "kind": "r.kind",
    "team": "t.name",
    "unit": "u.code",
    "length": "r.length_m",
    "time": "r.moving_s + r.dwell_s",
    "updated": "r.updated_at",
}
_JOINED = """
    patrol_route r JOIN unit u ON u.id = r.unit_id LEFT JOIN team t ON t.id = r.team_id
"""
_COLUMNS = """
    r.id, r.name, r.kind, r.mode, r.colour, r.length_m, r.moving_s, r.dwell_s, r.version,
    r.updated_at, r.archived_at, r.team_id, r.unit_id, t.name AS team, u.name AS unit,
    u.name_en AS unit_en,
    (SELECT count(*) FROM patrol_stop s WHERE s.route_id = r.id) AS stops
"""


@dataclass(frozen=True)
class Filter:
    """Which routes a list shows, and in which order.

    Attributes
    ----------
    words : str
        Part of the name, the notes or the team's name.
    archived : bool
        Those in the archive instead of those in use.
    """

    words: str = ""
    kind: str | None = None
    mode: str | None = None
    team_id: int | None = None
    archived: bool = False
    sort: str = "name"
    descending: bool = False


def visible(actor: Actor) -> str:
    """Return the SQL condition that a person may see a route ``r``; see `visible_params`.

    Who has an office sees those of the area. A cadre sees those in use of the own teams.
    """
    if actor.may(Action.VIEW_WORKFORCE):
        return unit_condition(actor, "r.unit_id")
    return """r.archived_at IS NULL AND r.team_id IN (
        SELECT m.team_id FROM team_member m JOIN cadre d ON d.id = m.cadre_id
        WHERE d.user_id = :user_id)"""


def visible_params(actor: Actor) -> dict[str, Any]:
    """Return the values `visible` refers to."""
    if actor.may(Action.VIEW_WORKFORCE):
        return unit_params(actor)
    return {"user_id": actor.user_id}


def list_routes(session: Session, actor: Actor, wanted: Filter, page: int) -> tuple[Rows, int]:
    """List a page of routes, and count all.

    Returns
    -------
    rows : sequence of rows
        ``id``, ``name``, ``kind``, ``mode``, ``colour``, ``length_m``, ``moving_s``, ``dwell_s``,
        ``version``, ``updated_at``, ``archived_at``, ``team``, ``unit``, ``unit_en``, ``stops``.
    total : int
    """
    where, params = _conditions(actor, wanted)
    total: int = session.execute(
        text(f"SELECT count(*) FROM {_JOINED} WHERE {where}"), params
    ).scalar_one()
    direction = "DESC NULLS LAST" if wanted.descending else "ASC NULLS LAST"
    rows = session.execute(
        text(f"""
            SELECT {_COLUMNS} FROM {_JOINED} WHERE {where}
            ORDER BY {_SORTS.get(wanted.sort, "r.name")} {direction}, r.name, r.id
            LIMIT :limit OFFSET :offset
        """),
        {**params, "limit": PAGE, "offset": (page - 1) * PAGE},
    ).all()
    return rows, total


def find_route(session: Session, actor: Actor, route_id: int) -> PatrolRoute:
    """Return a route.

    Raises
    ------
    NotFoundError
        If there is none, or it is not for this person.
    """
    seen = text(f"id IN (SELECT r.id FROM patrol_route r WHERE r.id = :id AND {visible(actor)})")
    route = session.scalars(
        select(PatrolRoute).where(seen.bindparams(id=route_id, **visible_params(actor)))
    ).one_or_none()
    if route is None:
        raise NotFoundError(Message("There is no such route."))
    return route


def stops_of(session: Session, route_id: int) -> Sequence[PatrolStop]:
    """Return the stops of a route in their order; the caller has seen the route."""
    return session.scalars(
        select(PatrolStop).where(PatrolStop.route_id == route_id).order_by(PatrolStop.position)
    ).all()


def teams(session: Session, actor: Actor) -> Rows:
    """Return ``id``, ``name``, ``unit``, ``unit_en``, ``unit_id`` of the teams one may choose."""
    return session.execute(
        text(f"""
            SELECT t.id, t.name, t.unit_id, u.name AS unit, u.name_en AS unit_en
            FROM team t JOIN unit u ON u.id = t.unit_id
            WHERE t.active AND {unit_condition(actor, "t.unit_id")}
            ORDER BY t.kind <> 'patrol', u.code, t.name
        """),
        unit_params(actor),
    ).all()


def town_bounds(session: Session, actor: Actor) -> tuple[float, float, float, float] | None:
    """Return west, south, east and north of what a person sees, in degrees."""
    row = session.execute(
        text(f"""
            SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (
                SELECT ST_Extent(geom) AS e FROM unit
                WHERE level = 'community' AND {actor.scope.condition("id")}) s
        """),
        actor.scope.params,
    ).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


def _conditions(actor: Actor, wanted: Filter) -> tuple[str, dict[str, Any]]:
    conditions = [visible(actor), f"r.archived_at IS {'NOT ' if wanted.archived else ''}NULL"]
    params = visible_params(actor)
    for name, value in (
        ("kind", wanted.kind),
        ("mode", wanted.mode),
        ("team_id", wanted.team_id),
    ):
        if value is not None:
            conditions.append(f"r.{name} = :{name}")
            params[name] = value
    if wanted.words:
        conditions.append(
            "concat_ws(E'\\n', r.name, r.notes, t.name) ILIKE '%' || :words || '%' ESCAPE '!'"
        )
        params["words"] = wanted.words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return " AND ".join(conditions), params
