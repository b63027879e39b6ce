"""Incidents that may be the same as one somebody reports now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.categories import find_category
from gridmap.workforce.rights import Action, Actor, require

# The box is made around the new place and not around the stored ones, so that the index serves;
# the distance of the few in it is worked out on the ellipsoid.
_SQL = """
    SELECT f.id AS incident_id, f.occurred_at, f.category_id, k.code AS category,
           k.name AS category_name, k.name_en AS category_name_en, round(f.metres) AS metres,
           f.category_id = :category AS same_category, c.id AS case_id, c.step, c.description
    FROM (
        SELECT i.id, i.occurred_at, i.category_id, ST_Distance(
            i.geom::geography, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography) AS metres
        FROM incident i
        WHERE i.geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),
                  :metres / (111000 * greatest(cos(radians(:lat)), 0.01)), :metres / 110000.0)
          AND i.occurred_at >= CAST(:since AS timestamptz)
          AND i.occurred_at <= CAST(:until AS timestamptz)
          AND i.category_id IN (
              SELECT o.id FROM category o JOIN category mine ON mine.id = :category
              WHERE o.id = mine.id OR o.parent_id = mine.parent_id OR o.id = mine.parent_id
                 OR o.parent_id = mine.id)
          AND {scope}
    ) f
    JOIN category k ON k.id = f.category_id
    LEFT JOIN incident_case c ON c.incident_id = f.id
    WHERE f.metres <= :metres AND c.step IS DISTINCT FROM 'withdrawn'
    ORDER BY f.category_id <> :category, c.id IS NULL,
             f.metres / :metres + abs(extract(epoch FROM f.occurred_at - CAST(:at AS timestamptz)))
                                  / (3600.0 * :hours), f.id
    LIMIT :limit
"""


def likely_duplicates(
    session: Session,
    actor: Actor,
    category: str,
    lon: float,
    lat: float,
    at: datetime | None = None,
    *,
    limit: int = 5,
) -> Sequence[Row[Any]]:
    """Find incidents near in place, time and category, in the actor's area; the likeliest first.

    How near is a setting of the town. The same category comes before its kin (the same category
    above, or one the other's), those with a case before those without.

    Parameters
    ----------
    session : Session
    actor : Actor
    category : str
        A code.
    lon, lat : float
        WGS 84 degrees.
    at : datetime, optional
        When it happened; now if left out.
    limit : int

    Returns
    -------
    sequence of rows
        ``incident_id``, ``occurred_at``, ``category_id``, ``category``, ``category_name``,
        ``category_name_en``, ``metres``, ``same_category``, ``case_id`` (None without a case),
        ``step`` and ``description``.

    Raises
    ------
    NotFoundError
        If there is no such category.
    """
    require(actor, Action.REPORT_INCIDENT)
    at = at or datetime.now(UTC)
    near = session.execute(
        text("""
            SELECT duplicate_metres AS metres, duplicate_hours AS hours,
                   CAST(:at AS timestamptz) - make_interval(hours => duplicate_hours) AS since,
                   CAST(:at AS timestamptz) + make_interval(hours => duplicate_hours) AS until
            FROM case_settings
        """),
        {"at": at},
    ).one()
    return session.execute(
        text(_SQL.format(scope=actor.scope.condition("i.community_id"))),
        {
            "category": find_category(session, category).id,
            "lon": lon,
            "lat": lat,
            "at": at,
            "limit": limit,
            **near._mapping,
            **actor.scope.params,
        },
    ).all()
