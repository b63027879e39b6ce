"""What a planner chooses from: teams, places to start from and to visit, runs, streets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import visible
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]
#: More places than a person looks through.
MOST_PLACES = 400
MOST_RUNS = 50
# A patrol begins where there is a room for it, and looks in where many people come.
_PLACES = """
    SELECT p.id, p.name, p.kind, u.id AS unit_id, u.name AS unit, u.name_en AS unit_en
    FROM place p LEFT JOIN unit u ON u.id = p.community_id
    WHERE p.kind = ANY(:kinds) AND {scope}
    ORDER BY array_position(CAST(:kinds AS text[]), p.kind), u.code, p.name, p.id LIMIT :most
"""
POSTS = ("police_room", "service_centre", "community_office")
SIGHTS = (
    *POSTS, "school", "kindergarten", "station", "market", "bank", "hospital", "park", "parking",
)  # fmt: skip


def places(session: Session, actor: Actor, kinds: Sequence[str]) -> Rows:
    """List places of some kinds within the actor's area, in the order of the kinds."""
    return session.execute(
        text(_PLACES.format(scope=actor.scope.condition("p.community_id"))),
        {"kinds": list(kinds), "most": MOST_PLACES, **actor.scope.params},
    ).all()


def teams(session: Session, actor: Actor) -> Rows:
    """List the active teams of the actor's units, patrol teams first."""
    return session.execute(
        text(f"""
            SELECT t.id, t.name, t.kind, u.id AS unit_id, u.name AS unit, u.name_en AS unit_en
            FROM team t JOIN unit u ON u.id = t.unit_id
            WHERE t.active AND {unit_condition(actor, "t.unit_id")}
            ORDER BY t.kind <> 'patrol', u.code, t.name, t.id
        """),
        unit_params(actor),
    ).all()


def runs(session: Session, actor: Actor) -> Sequence[HotspotRun]:
    """List finished runs that found places, the newest first."""
    return session.scalars(
        select(HotspotRun)
        .where(
            HotspotRun.finished_at.is_not(None),
            HotspotRun.summary["hotspots"].as_integer() > 0,
            visible(actor),
        )
        .order_by(HotspotRun.id.desc())
        .limit(MOST_RUNS)
    ).all()


def street_names(session: Session, actor: Actor) -> list[str]:
    """List the names of the streets of the actor's area."""
    return list(
        session.scalars(
            text(f"""
                SELECT DISTINCT name FROM street_segment s
                WHERE name <> '' AND {actor.scope.condition("s.community_id")} ORDER BY name
                LIMIT 2000
            """),
            actor.scope.params,
        )
    )
