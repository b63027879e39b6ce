"""Reads of plans, for planners within whose units they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Action, Actor, require

Rows = Sequence[Row[Any]]
PAGE = 30
_COLUMNS = """
    p.id, p.name, p.day, p.unit_id, p.wish, p.summary, p.asked_at, p.finished_at, p.job_id,
    u.name AS unit, u.name_en AS unit_en, o.display_name AS owner,
    job.state AS job_state, job.progress, job.message, job.error,
    (SELECT count(*) FROM patrol_plan_tour t WHERE t.plan_id = p.id) AS tours
"""
_FROM = """
    FROM patrol_plan p JOIN unit u ON u.id = p.unit_id
    LEFT JOIN app_user o ON o.id = p.owner_id LEFT JOIN job ON job.id = p.job_id
"""


def list_plans(session: Session, actor: Actor, page: int) -> tuple[Rows, int]:
    """Return a page of plans, the newest first, and how many there are in all."""
    where, values = unit_condition(actor, "p.unit_id"), unit_params(actor)
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} {_FROM} WHERE {where} "
            "ORDER BY p.id DESC LIMIT :limit OFFSET :offset"
        ),
        {**values, "limit": PAGE, "offset": (page - 1) * PAGE},
    ).all()
    total = session.execute(
        text(f"SELECT count(*) FROM patrol_plan p WHERE {where}"), values
    ).scalar_one()
    return rows, total


def find_plan(session: Session, actor: Actor, plan_id: int) -> Row[Any]:
    """Return a plan.

    Raises
    ------
    ForbiddenError
        If the actor plans no patrols.
    NotFoundError
        If there is none in the actor's area.
    """
    require(actor, Action.PLAN_PATROLS)
    row = session.execute(
        text(
            f"SELECT {_COLUMNS} {_FROM} WHERE p.id = :id AND {unit_condition(actor, 'p.unit_id')}"
        ),
        {"id": plan_id, **unit_params(actor)},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no plan with the id {id}.", id=plan_id))
    return row


def tours_of(session: Session, plan_id: int) -> Rows:
    """Return the tours of a plan, in the order of its teams."""
    return session.execute(
        text("""
            SELECT t.number, t.team_id, t.team, t.mode, t.sets_off, t.back, t.length_m,
                   t.working_s, t.visits, t.route_id, r.name AS route
            FROM patrol_plan_tour t LEFT JOIN patrol_route r ON r.id = t.route_id
            WHERE t.plan_id = :id ORDER BY t.number
        """),
        {"id": plan_id},
    ).all()


_MAP = """
    SELECT '{"type":"FeatureCollection","features":[' || coalesce(string_agg(
        '{"type":"Feature","geometry":' || ST_AsGeoJSON(t.geom, 6) || ',"properties":'
        || jsonb_build_object('tour', t.number, 'team', t.team, 'visits', t.visits)::text
        || '}', ',' ORDER BY t.number), '') || ']}'
    FROM patrol_plan_tour t WHERE t.plan_id = :id
"""


def map_of(connection: Connection, plan_id: int) -> str:
    """Return the tours of a plan as GeoJSON, each with its visits."""
    found: str = connection.execute(text(_MAP), {"id": plan_id}).scalar_one()
    return found
