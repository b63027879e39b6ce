"""Who answers for a cell: on a day, in the past, and what a page must know to change it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]

# An assignment counts as long as the cell itself is valid.
_HISTORY = """
    SELECT a.id, a.cell_id, c.code, c.name AS cell_name, a.cadre_id, d.name, a.role,
           lower(a.period * c.valid) AS starts, upper(a.period * c.valid) AS ends, a.inherited
    FROM assignment a JOIN cell c ON c.id = a.cell_id JOIN cadre d ON d.id = a.cadre_id
    WHERE a.period && c.valid AND {condition} AND {scope}
    ORDER BY starts DESC, a.role, d.name, a.id
"""

# Follows substitutes who are away themselves; the path keeps two who stand in for each other
# from going round for ever.
_STAND_INS = """
    away AS (
        SELECT cadre_id, substitute_id FROM absence WHERE period @> CAST(:day AS date)
    ), chain AS (
        SELECT cadre_id AS origin, substitute_id AS person, ARRAY[cadre_id] AS path FROM away
        UNION ALL
        SELECT c.origin, w.substitute_id, c.path || c.person
        FROM chain c JOIN away w ON w.cadre_id = c.person
        WHERE NOT c.person = ANY(c.path)
    ), stand_in AS (
        SELECT c.origin, c.person FROM chain c JOIN cadre d ON d.id = c.person AND d.active
        WHERE NOT EXISTS (SELECT FROM away w WHERE w.cadre_id = c.person)
    )
"""


def answering(
    session: Session, actor: Actor, day: date, cell_ids: Collection[int] | None = None
) -> Rows:
    """Tell who answers for each cell on a day.

    That is the responsible cadre; on leave his substitute, or the substitute's if that one is away
    too; where there is none, the deputy who was so first and is not away himself.

    Parameters
    ----------
    session : Session
    actor : Actor
    day : date
    cell_ids : collection of int, optional
        Without them all cells of the actor's area.

    Returns
    -------
    sequence of rows
        ``cell_id``, ``code``, ``cell_name``, ``responsible_id``, ``cadre_id`` and ``name`` of who
        answers (None if nobody does), and ``why``: 'responsible', 'substitute', 'deputy' or None;
        by code.
    """
    chosen = "true" if cell_ids is None else "c.id = ANY(:cells)"
    return session.execute(
        text(f"""
            WITH RECURSIVE {_STAND_INS}, valid AS (
                SELECT c.id, c.code, c.name, r.cadre_id AS responsible_id
                FROM cell c LEFT JOIN assignment r
                    ON r.cell_id = c.id AND r.role = 'responsible'
                        AND r.period @> CAST(:day AS date)
                WHERE (c.valid @> CAST(:day AS date)) IS TRUE AND {chosen}
                  AND {actor.scope.condition("c.community_id")}
            ), answered AS (
                SELECT v.*, CASE WHEN w.cadre_id IS NULL THEN v.responsible_id END AS present,
                       s.person AS substitute
                FROM valid v LEFT JOIN away w ON w.cadre_id = v.responsible_id
                LEFT JOIN stand_in s ON s.origin = v.responsible_id
            )
            SELECT a.id AS cell_id, a.code, a.name AS cell_name, a.responsible_id,
                   d.id AS cadre_id, d.name,
                   CASE WHEN a.present IS NOT NULL THEN 'responsible'
                        WHEN a.substitute IS NOT NULL THEN 'substitute'
                        WHEN p.cadre_id IS NOT NULL THEN 'deputy' END AS why
            FROM answered a LEFT JOIN LATERAL (
                SELECT x.cadre_id FROM assignment x
                WHERE a.present IS NULL AND a.substitute IS NULL
                  AND x.cell_id = a.id AND x.role = 'deputy' AND x.period @> CAST(:day AS date)
                  AND NOT EXISTS (SELECT FROM away w WHERE w.cadre_id = x.cadre_id)
                ORDER BY x.starts, x.id LIMIT 1
            ) p ON true
            LEFT JOIN cadre d ON d.id = coalesce(a.present, a.substitute, p.cadre_id)
            ORDER BY a.code
        """),  # noqa: S608
        {"day": day, "cells": list(cell_ids or ()), **actor.scope.params},
    ).all()


def held_on(session: Session, actor: Actor, day: date, cell_ids: Collection[int]) -> Rows:
    """List who holds which role in cells of the actor's area on a day.

    Returns
    -------
    sequence of rows
        ``cell_id``, ``code``, ``role``, ``cadre_id`` and ``name``; the responsible cadre first.
    """
    return session.execute(
        text(f"""
            SELECT a.cell_id, c.code, a.role, a.cadre_id, d.name
            FROM assignment a JOIN cell c ON c.id = a.cell_id JOIN cadre d ON d.id = a.cadre_id
            WHERE a.cell_id = ANY(:cells) AND a.period @> CAST(:day AS date)
              AND {actor.scope.condition("c.community_id")}
            ORDER BY a.role <> 'responsible', a.role <> 'deputy', a.role, c.rank, c.code, a.id
        """),  # noqa: S608
        {"day": day, "cells": list(cell_ids), **actor.scope.params},
    ).all()


def cell_history(session: Session, actor: Actor, cell_id: int) -> Rows:
    """List who held which role in a cell and when, also in the cells it came from.

    Returns
    -------
    sequence of rows
        ``id``, ``cell_id``, ``code``, ``cell_name``, ``cadre_id``, ``name``, ``role``, ``starts``,
        ``ends``, ``inherited``; the newest first.

    Raises
    ------
    NotFoundError
        If the cell does not lie in the actor's area.
    """
    scope = actor.scope
    known = session.scalar(
        text(f"SELECT id FROM cell WHERE id = :cell AND {scope.condition('community_id')}"),  # noqa: S608
        {"cell": cell_id, **scope.params},
    )
    if known is None:
        raise NotFoundError(Message("There is no cell with the id {id}.", id=cell_id))
    kin = """a.cell_id IN (
        WITH RECURSIVE before AS (
            SELECT CAST(:cell AS bigint) AS id
            UNION SELECT l.parent_id FROM cell_lineage l JOIN before b ON l.child_id = b.id
        ) SELECT id FROM before)"""
    statement = _HISTORY.format(condition=kin, scope=scope.condition("c.community_id"))
    return session.execute(text(statement), {"cell": cell_id, **scope.params}).all()


def cadre_history(session: Session, actor: Actor, cadre_id: int) -> Rows:
    """List which cells of the actor's area a cadre held and when; rows as `cell_history`.

    Raises
    ------
    NotFoundError
        If the cadre does not belong to the actor's area.
    """
    known = session.scalar(
        text(f"SELECT id FROM cadre WHERE id = :cadre AND {unit_condition(actor, 'unit_id')}"),  # noqa: S608
        {"cadre": cadre_id, **unit_params(actor)},
    )
    if known is None:
        raise NotFoundError(Message("There is no cadre with the id {id}.", id=cadre_id))
    statement = _HISTORY.format(
        condition="a.cadre_id = :cadre", scope=actor.scope.condition("c.community_id")
    )
    return session.execute(text(statement), {"cadre": cadre_id, **actor.scope.params}).all()


def held_cells(session: Session, actor: Actor, cadre_id: int, day: date) -> Rows:
    """List what a cadre holds in open cells of the actor's area, on a day or later.

    Returns
    -------
    sequence of rows
        ``assignment_id``, ``cell_id``, ``code``, ``cell_name``, ``community``, ``community_en``,
        ``role``, ``starts`` and ``ends``; by code.
    """
    return session.execute(
        text(f"""
            SELECT a.id AS assignment_id, a.cell_id, c.code, c.name AS cell_name,
                   u.name AS community, u.name_en AS community_en, a.role, a.starts, a.ends
            FROM assignment a JOIN cell c ON c.id = a.cell_id JOIN unit u ON u.id = c.community_id
            WHERE a.cadre_id = :cadre AND (a.ends IS NULL OR a.ends > :day)
              AND c.valid_to IS NULL AND {actor.scope.condition("c.community_id")}
            ORDER BY c.code, a.role <> 'responsible', a.role, a.starts
        """),  # noqa: S608
        {"cadre": cadre_id, "day": day, **actor.scope.params},
    ).all()


def versions(session: Session, actor: Actor, cell_ids: Collection[int]) -> dict[int, int]:
    """Return the version of each cell of the actor's area: its last act, or 0.

    A page remembers it and names it when it changes the cell.
    """
    rows = session.execute(
        text(f"""
            SELECT c.id, coalesce((SELECT max(h.act_id) FROM assignment_change h
                                   WHERE h.cell_id = c.id), 0) AS version
            FROM cell c WHERE c.id = ANY(:cells) AND {actor.scope.condition("c.community_id")}
        """),  # noqa: S608
        {"cells": list(cell_ids), **actor.scope.params},
    )
    return {row.id: row.version for row in rows}


def uncovered(session: Session, actor: Actor, day: date) -> Rows:
    """List the cells without a responsible cadre on a day.

    Micro cells divide basic ones and need none of their own.

    Returns
    -------
    sequence of rows
        ``id``, ``code``, ``name``, ``kind``, ``community_id``, ``community`` and
        ``community_en``; by code.
    """
    return session.execute(
        text(f"""
            SELECT c.id, c.code, c.name, c.kind, c.community_id, u.name AS community,
                   u.name_en AS community_en
            FROM cell c JOIN unit u ON u.id = c.community_id
            WHERE (c.valid @> CAST(:day AS date)) IS TRUE AND c.kind <> 'micro'
              AND {actor.scope.condition("c.community_id")}
              AND NOT EXISTS (SELECT FROM assignment a
                              WHERE a.cell_id = c.id AND a.role = 'responsible'
                                AND a.period @> CAST(:day AS date))
            ORDER BY c.code
        """),  # noqa: S608
        {"day": day, **actor.scope.params},
    ).all()
