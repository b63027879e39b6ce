"""What pages offer to choose from, and cases as a map and a board want them; one query each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.filters import OVERDUE, TODAY, Wanted, conditions
from gridmap.incidents.cases.inbox import rows_where
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]
#: More points than a person tells apart.
MOST_POINTS = 3000


def town_zone(session: Session) -> ZoneInfo:
    """Return the town's time zone."""
    return ZoneInfo(session.execute(text("SELECT time_zone FROM territory_settings")).scalar_one())


def unit_choices(session: Session, actor: Actor) -> Rows:
    """List the units of the actor's areas: ``id``, ``name``, ``name_en`` and ``level``, by code."""
    return session.execute(
        text(f"""
            SELECT u.id, u.name, u.name_en, u.level FROM unit u
            WHERE {unit_condition(actor, "u.id")} ORDER BY u.code
        """),
        unit_params(actor),
    ).all()


def receivers(session: Session, actor: Actor, communities: Collection[int]) -> Rows:
    """List who may be given cases of some communities.

    Returns
    -------
    sequence of rows
        ``id`` and ``name`` of active cadres of these communities and the units above, ``unit``,
        ``unit_en`` and ``open``: how many open cases each has now. Part-time cadres and volunteers
        count only if they hold a cell.
    """
    return session.execute(
        text(f"""
            WITH RECURSIVE up AS (
                SELECT id, parent_id FROM unit WHERE id = ANY(:communities)
                UNION SELECT u.id, u.parent_id FROM unit u JOIN up ON u.id = up.parent_id
            )
            SELECT d.id, d.name, u.name AS unit, u.name_en AS unit_en,
                   (SELECT count(*) FROM incident_case c
                    WHERE c.assignee_id = d.id AND c.ended_at IS NULL) AS open
            FROM cadre d JOIN unit u ON u.id = d.unit_id
            WHERE d.active AND d.unit_id IN (SELECT id FROM up)
              AND {unit_condition(actor, "d.unit_id")}
              AND (d.kind = 'full_time' OR EXISTS (
                  SELECT FROM assignment a WHERE a.cadre_id = d.id
                  AND a.period @> local_date(now())))
            ORDER BY u.code DESC, d.name, d.id
        """),
        {"communities": list(communities), **unit_params(actor)},
    ).all()


def cases_by_id(session: Session, actor: Actor, ids: Collection[int]) -> Rows:
    """Return cases of the actor's area, as in a list, the next due first."""
    where = f"c.id = ANY(:ids) AND {actor.scope.condition('c.community_id')}"
    values = {"ids": list(ids), "limit": len(ids), **actor.scope.params}
    return rows_where(session, where, values)


def board_cards(
    session: Session, actor: Actor, wanted: Wanted, each: int, *, now: datetime | None = None
) -> Rows:
    """Return the open cases of a choice that are due next, so many of each step, as in a list."""
    where, values = conditions(wanted, actor)
    first = f"""c.id IN (SELECT r.id FROM (
        SELECT c.id, row_number() OVER (PARTITION BY c.step ORDER BY c.next_due_at, c.id) AS n
        FROM incident_case c WHERE {where} AND c.ended_at IS NULL) r WHERE r.n <= :each)"""
    return rows_where(session, first, values | {"each": each, "limit": 9 * each}, now=now)


def case_points(
    session: Session, actor: Actor, wanted: Wanted, *, now: datetime | None = None
) -> Rows:
    """Return the open cases of a choice as points, the next due first.

    Returns
    -------
    sequence of rows
        ``id``, ``lon``, ``lat`` (WGS 84), ``step``, ``next_due_at``, ``overdue``, ``today``,
        ``category_name``, ``category_name_en`` and the beginning of ``description``; one more
        than `MOST_POINTS` if there are more.
    """
    where, values = conditions(wanted, actor)
    return session.execute(
        text(f"""
            SELECT c.id, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, c.step, c.next_due_at,
                   {OVERDUE} AS overdue, {TODAY} AS today, left(c.description, 80) AS description,
                   v.name AS category_name, v.name_en AS category_name_en
            FROM incident_case c JOIN category_version v ON v.id = c.category_version_id
            WHERE {where} AND c.ended_at IS NULL ORDER BY c.next_due_at, c.id LIMIT :limit
        """),
        values | {"now": now or datetime.now(UTC), "limit": MOST_POINTS + 1},
    ).all()


def own_bounds(session: Session, actor: Actor) -> list[float] | None:
    """Return west, south, east and north of the actor's cells in degrees; None without any."""
    row = session.execute(
        text(f"""
            SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
                SELECT ST_Extent(geom) AS box FROM cell
                WHERE valid_to IS NULL AND {actor.scope.condition("community_id")}
            ) AS extent WHERE box IS NOT NULL
        """),
        actor.scope.params,
    ).one_or_none()
    return None if row is None else [float(value) for value in row]
