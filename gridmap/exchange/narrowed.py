"""What a list of incidents is narrowed to, found in the reader's area and with its names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.records import Narrowing
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class Narrowed:
    """A narrowing with the names of what it speaks of; rows with ``name`` and ``name_en``.

    Attributes
    ----------
    narrowing : Narrowing
    categories, without : sequence of rows
        The categories that are wanted, and those left out.
    units, cells : sequence of rows
        What is left out.
    """

    narrowing: Narrowing
    categories: Rows = ()
    without: Rows = ()
    units: Rows = ()
    cells: Rows = ()


def name_narrowing(
    session: Session, actor: Actor, narrowing: Narrowing, without_units: Sequence[str] = ()
) -> Narrowed:
    """Find what a narrowing speaks of.

    Parameters
    ----------
    session : Session
    actor : Actor
    narrowing : Narrowing
    without_units : sequence of str
        Codes of units; what happened in their communities is left out.

    Raises
    ------
    NotFoundError
        If a category does not exist, or a unit or a cell does not lie in the actor's area.
    """
    categories = _categories(session, (*narrowing.categories, *narrowing.without))
    units, communities = _units(session, actor, without_units)
    return Narrowed(
        replace(narrowing, without_communities=communities),
        [categories[code] for code in narrowing.categories],
        [categories[code] for code in narrowing.without],
        units,
        _cells(session, actor, narrowing.without_cells),
    )


def _categories(session: Session, codes: Sequence[str]) -> dict[str, Row[Any]]:
    if not codes:
        return {}
    rows = session.execute(
        text("SELECT code, name, name_en FROM category WHERE code = ANY(:codes)"),
        {"codes": list(codes)},
    )
    found = {row.code: row for row in rows}
    for code in codes:
        if code not in found:
            raise NotFoundError(Message("There is no category {code}.", code=code))
    return found


def _units(session: Session, actor: Actor, codes: Sequence[str]) -> tuple[Rows, tuple[int, ...]]:
    if not codes:
        return (), ()
    rows = session.execute(
        text(f"""
            SELECT code, name, name_en, ARRAY(
                WITH RECURSIVE below AS (
                    SELECT u.id, u.level
                    UNION ALL
                    SELECT l.id, l.level FROM unit l JOIN below b ON l.parent_id = b.id
                ) SELECT id FROM below WHERE level = 'community') AS communities
            FROM unit u WHERE code = ANY(:codes) AND {unit_condition(actor, "id")} ORDER BY code
        """),
        {"codes": list(codes), **unit_params(actor)},
    ).all()
    found = {row.code for row in rows}
    for code in codes:
        if code not in found:
            raise NotFoundError(Message("There is no unit with the code {code}.", code=code))
    return rows, tuple(sorted({each for row in rows for each in row.communities}))


def _cells(session: Session, actor: Actor, ids: Sequence[int]) -> Rows:
    if not ids:
        return ()
    rows = session.execute(
        text(f"""
            SELECT c.id, coalesce(c.name, c.code) AS name, c.code AS name_en
            FROM cell c WHERE c.id = ANY(:ids) AND {actor.scope.condition("c.community_id")}
            ORDER BY c.code
        """),
        {"ids": list(ids), **actor.scope.params},
    ).all()
    found = {row.id for row in rows}
    for each in ids:
        if each not in found:
            raise NotFoundError(Message("There is no cell with the id {id}.", id=each))
    return rows
