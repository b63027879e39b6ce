"""The frame of every act on assignments: cells locked, conflicts told, changes booked.

Every act locks its cells first, so that two people at once come one after the other; whoever
names the version of a cell that he saw is told who changed it meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Row, insert, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, NotFoundError
from gridmap.workforce import audit
from gridmap.workforce.models import AssignmentAct
from gridmap.workforce.rights import Actor

Versions = Mapping[int, int]


@contextmanager
def act_of(session: Session, actor: Actor, kind: str) -> Iterator[int]:
    """Open an act to which the database books every change of assignments made meanwhile."""
    act = session.scalars(
        insert(AssignmentAct)
        .values(user_id=actor.user_id, user_name=actor.name, kind=kind)
        .returning(AssignmentAct.id)
    ).one()
    setting = text("SELECT set_config('gridmap.assignment_act', :act, true)")
    session.execute(setting, {"act": str(act)})
    yield act
    session.execute(setting, {"act": ""})


def finished(session: Session, actor: Actor, act: int, name: str) -> int | None:
    """Tell the log of the act; one that changed nothing is not kept."""
    changed = session.scalar(
        text("SELECT EXISTS (SELECT FROM assignment_change WHERE act_id = :act)"), {"act": act}
    )
    if not changed:
        session.execute(text("DELETE FROM assignment_act WHERE id = :act"), {"act": act})
        return None
    audit.record_assignments(session, actor, act, name)
    session.expire_all()
    return act


def locked_cells(
    session: Session, actor: Actor, cell_ids: Collection[int], on: date | None
) -> dict[int, Row[tuple[int, str]]]:
    """Lock the cells in one order, and make sure that they are the actor's and open, on the day."""
    rows = session.execute(
        text(f"""
            SELECT id, code, valid_from, valid_to FROM cell
            WHERE id = ANY(:ids) AND {actor.scope.condition("community_id")}
            ORDER BY id FOR NO KEY UPDATE
        """),  # noqa: S608 - The condition is written by us.
        {"ids": list(cell_ids), **actor.scope.params},
    ).all()
    found = {row.id: row for row in rows}
    for cell_id in cell_ids:
        if cell_id not in found:
            raise NotFoundError(Message("There is no cell with the id {id}.", id=cell_id))
    for row in rows:
        if row.valid_to is not None:
            raise ConflictError(
                Message(
                    "Cell {code} was closed on {day}. Work with the cell that followed it.",
                    code=row.code,
                    day=row.valid_to,
                )
            )
        if row.valid_from is not None and on is not None and on < row.valid_from:
            raise ConflictError(
                Message(
                    "Cell {code} is valid only since {day}: choose that day or a later one.",
                    code=row.code,
                    day=row.valid_from,
                )
            )
    return found


_SINCE = """
    SELECT c.code, act.user_name, to_char(act.at AT TIME ZONE s.time_zone, 'MM-DD HH24:MI') AS at
    FROM {seen} JOIN cell c ON c.id = seen.cell_id
    CROSS JOIN LATERAL (
        SELECT a.id, a.user_name, a.at FROM assignment_change h JOIN assignment_act a
            ON a.id = h.act_id
        WHERE h.cell_id = c.id ORDER BY h.act_id DESC LIMIT 1
    ) AS act
    CROSS JOIN territory_settings s
    WHERE {changed} ORDER BY act.id DESC LIMIT 1
"""


def check_versions(
    session: Session, cells: Mapping[int, object], expected: Versions | None
) -> None:
    """Tell of a cell that was changed since the version that a person saw.

    Raises
    ------
    ConflictError
        Naming who changed it last, and when.
    """
    seen = {cell: version for cell, version in (expected or {}).items() if cell in cells}
    if not seen:
        return
    statement = _SINCE.format(
        seen="unnest(CAST(:cells AS bigint[]), CAST(:versions AS bigint[])) AS seen "
        "(cell_id, version)",
        changed="act.id <> seen.version",
    )
    params = {"cells": list(seen), "versions": list(seen.values())}
    raise_changed(session.execute(text(statement), params).one_or_none())


def raise_changed(row: Row[tuple[str, str, str]] | None) -> None:
    """Refuse to go on where there is a change: ``code`` of the cell, ``user_name`` and ``at``."""
    if row is not None:
        raise ConflictError(
            Message(
                "Cell {code} was changed by {name} at {time}. Look at it again before you go on.",
                code=row.code,
                name=row.user_name,
                time=row.at,
            )
        )
