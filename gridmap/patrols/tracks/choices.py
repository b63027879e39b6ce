"""What a person may choose a track's route and team from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]


def route_choices(session: Session, actor: Actor) -> Rows:
    """List the routes of the actor's units that are in use: ``id``, ``name`` and ``kind``."""
    return session.execute(
        text(f"""
            SELECT id, name, kind FROM patrol_route
            WHERE archived_at IS NULL AND {unit_condition(actor, "unit_id")} ORDER BY name, id
        """),
        unit_params(actor),
    ).all()


def team_choices(session: Session, actor: Actor) -> Rows:
    """List the active teams of the actor's units: ``id``, ``name``, ``unit`` and ``unit_en``."""
    return session.execute(
        text(f"""
            SELECT t.id, t.name, u.name AS unit, u.name_en AS unit_en
            FROM team t JOIN unit u ON u.id = t.unit_id
            WHERE t.active AND {unit_condition(actor, "t.unit_id")} ORDER BY u.code, t.name, t.id
        """),
        unit_params(actor),
    ).all()
