"""Cadres, teams and units as pages list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]
SortKey = Literal["name", "unit", "number", "kind", "cells"]

_SORTS: Mapping[SortKey, str] = {
    "name": "d.name",
    "unit": "u.code",
    "number": "d.external_id",
    "kind": "d.kind",
    "cells": "cells",
}


@dataclass(frozen=True)
class CadresWanted:
    """Which cadres a list shows, and in which order.

    Attributes
    ----------
    search : str
        A part of the name, the number, the phone, a skill or a language.
    unit_id : int or None
        The home unit, or one above it.
    """

    search: str = ""
    unit_id: int | None = None
    kind: str | None = None
    active: bool = True
    sort: SortKey = "name"
    descending: bool = False


def search_cadres(
    session: Session, actor: Actor, day: date, wanted: CadresWanted, *, limit: int, offset: int
) -> tuple[Rows, int]:
    """List cadres with how many cells they are responsible for on a day.

    Returns
    -------
    rows : sequence of rows
        ``id``, ``name``, ``number``, ``phone``, ``kind``, ``unit``, ``unit_en``, ``skills``,
        ``languages``, ``cells`` and ``away_until`` (the first day back, None if not away).
    total : int
        How many there are on all pages.
    """
    where, params = _conditions(actor, wanted)
    params |= {"day": day, **actor.scope.params}
    total: int = session.execute(
        text(f"SELECT count(*) FROM cadre d WHERE {where}"),  # noqa: S608
        params,
    ).scalar_one()
    direction = "DESC NULLS LAST" if wanted.descending else "ASC NULLS FIRST"
    rows = session.execute(
        text(f"""
            SELECT d.id, d.name, d.external_id AS number, d.phone, d.kind, u.name AS unit,
                   u.name_en AS unit_en, d.skills, d.languages,
                   (SELECT count(*) FROM assignment a JOIN cell c ON c.id = a.cell_id
                    WHERE a.cadre_id = d.id AND a.role = 'responsible'
                      AND a.period @> CAST(:day AS date) AND (c.valid @> CAST(:day AS date)) IS TRUE
                      AND {actor.scope.condition("c.community_id")}) AS cells,
                   (SELECT w.ends FROM absence w WHERE w.cadre_id = d.id
                      AND w.period @> CAST(:day AS date)) AS away_until
            FROM cadre d JOIN unit u ON u.id = d.unit_id WHERE {where}
            ORDER BY {_SORTS[wanted.sort]} {direction}, d.name, d.id LIMIT :limit OFFSET :offset
        """),  # noqa: S608 - All parts are written by us.
        {**params, "limit": limit, "offset": offset},
    ).all()
    return rows, total


def list_units(session: Session, actor: Actor) -> Rows:
    """Return ``id``, ``code``, ``name``, ``name_en``, ``level`` of the actor's units, by code."""
    return session.execute(
        text(f"""
            SELECT id, code, name, name_en, level FROM unit
            WHERE {unit_condition(actor, "id")} ORDER BY code
        """),  # noqa: S608
        unit_params(actor),
    ).all()


def list_team_rows(session: Session, actor: Actor) -> Rows:
    """Return the active teams with ``unit``, ``members`` and ``captain``, by unit and name.

    A tenth team comes after the second.
    """
    return session.execute(
        text(f"""
            SELECT t.id, t.name, t.kind, u.name AS unit, u.name_en AS unit_en,
                   count(m.cadre_id) AS members,
                   max(d.name) FILTER (WHERE m.captain) AS captain
            FROM team t JOIN unit u ON u.id = t.unit_id
            LEFT JOIN team_member m ON m.team_id = t.id LEFT JOIN cadre d ON d.id = m.cadre_id
            WHERE t.active AND {unit_condition(actor, "t.unit_id")}
            GROUP BY t.id, u.id
            ORDER BY u.code, regexp_replace(t.name, '[0-9].*', ''),
                     lpad(coalesce(substring(t.name FROM '[0-9]+'), ''), 20, '0'), t.name
        """),  # noqa: S608
        unit_params(actor),
    ).all()


def list_absence_rows(
    session: Session, actor: Actor, since: date, cadre_id: int | None = None
) -> Rows:
    """Return the absences that end after a day: ``id``, who, the substitute, days and note."""
    chosen = "true" if cadre_id is None else "w.cadre_id = :cadre"
    return session.execute(
        text(f"""
            SELECT w.id, w.cadre_id, d.name, u.name AS unit, u.name_en AS unit_en, w.substitute_id,
                   s.name AS substitute, w.starts, w.ends, w.note
            FROM absence w JOIN cadre d ON d.id = w.cadre_id JOIN unit u ON u.id = d.unit_id
            LEFT JOIN cadre s ON s.id = w.substitute_id
            WHERE w.ends > :since AND {chosen} AND {unit_condition(actor, "d.unit_id")}
            ORDER BY w.starts, d.name LIMIT 500
        """),  # noqa: S608
        {"since": since, "cadre": cadre_id, **unit_params(actor)},
    ).all()


def cadres_below(session: Session, actor: Actor, unit_id: int) -> Rows:
    """Return the active cadres of a unit and below.

    Returns
    -------
    sequence of rows
        ``id``, ``name``, ``external_id``, ``kind``, ``unit`` and ``unit_en``; by unit and name.
    """
    return session.execute(
        text(f"""
            {_BELOW}
            SELECT d.id, d.name, d.external_id, d.kind, u.name AS unit, u.name_en AS unit_en
            FROM cadre d JOIN unit u ON u.id = d.unit_id
            WHERE d.active AND d.unit_id IN (SELECT id FROM below)
              AND {unit_condition(actor, "d.unit_id")}
            ORDER BY u.code, d.name, d.id LIMIT 2000
        """),  # noqa: S608
        {"unit": unit_id, **unit_params(actor)},
    ).all()


_BELOW = """WITH RECURSIVE below AS (
    SELECT CAST(:unit AS bigint) AS id
    UNION ALL SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id)"""


def _conditions(actor: Actor, wanted: CadresWanted) -> tuple[str, dict[str, Any]]:
    conditions = [unit_condition(actor, "d.unit_id"), "d.active = :active"]
    params: dict[str, Any] = {"active": wanted.active, **unit_params(actor)}
    if wanted.search:
        conditions.append(
            "position(lower(:search) IN lower(concat_ws(' ', d.name, d.external_id, d.phone, "
            "array_to_string(d.skills, ' '), array_to_string(d.languages, ' ')))) > 0"
        )
        params["search"] = wanted.search
    if wanted.unit_id is not None:
        conditions.append(f"d.unit_id IN ({_BELOW} SELECT id FROM below)")  # noqa: S608
        params["unit"] = wanted.unit_id
    if wanted.kind is not None:
        conditions.append("d.kind = :kind")
        params["kind"] = wanted.kind
    return " AND ".join(conditions), params
