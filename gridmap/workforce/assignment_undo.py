"""Take an act on assignments back."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, NotFoundError
from gridmap.workforce import audit
from gridmap.workforce.assignment_acts import act_of, locked_cells, raise_changed
from gridmap.workforce.rights import Action, Actor, require


def undo(session: Session, actor: Actor) -> int:
    """Take back the actor's last act on assignments of this day, as a whole.

    Returns
    -------
    int
        The act of taking back.

    Raises
    ------
    NotFoundError
        If there is none today: what held for a day is history and is changed by a new act.
    ConflictError
        If somebody changed one of its cells since.
    """
    require(actor, Action.ASSIGN)
    # Only one's own acts are looked at, so that the area was checked when the act was done;
    # it is checked again because the area may have been taken away since.
    last = session.execute(
        text("""
            SELECT id FROM assignment_act
            WHERE user_id IS NOT DISTINCT FROM :user_id AND kind IN ('assign', 'end', 'hand_over')
              AND undone_by IS NULL AND local_date(at) = local_date(now())
            ORDER BY id DESC LIMIT 1 FOR UPDATE
        """),
        {"user_id": actor.user_id},
    ).scalar()
    if last is None:
        raise NotFoundError(Message("There is nothing of today to undo."))
    touched = session.execute(
        text("SELECT DISTINCT cell_id FROM assignment_change WHERE act_id = :act"), {"act": last}
    )
    cells = locked_cells(session, actor, set(touched.scalars()), None)
    _check_untouched(session, last, cells)
    with act_of(session, actor, "undo") as act:
        for statement in _REVERSE:
            session.execute(text(statement), {"act": last})
    _check_active(session, act)
    session.execute(
        text("UPDATE assignment_act SET undone_by = :act WHERE id = :last"),
        {"act": act, "last": last},
    )
    audit.record_assignments(session, actor, act, "assignment.undo")
    session.expire_all()
    return act


# A row that was written twice in one act counts by its first state and its last.
_NET = """
    SELECT assignment_id AS id, cell_id, (array_agg(before ORDER BY id))[1] AS before,
           (array_agg(after ORDER BY id DESC))[1] AS after
    FROM assignment_change WHERE act_id = :act GROUP BY 1, 2
"""

_REVERSE = (
    f"""
    DELETE FROM assignment a USING ({_NET}) c WHERE c.before IS NULL AND a.id = c.id
    """,  # noqa: S608
    f"""
    UPDATE assignment a
    SET starts = (c.before ->> 'starts')::date, ends = (c.before ->> 'ends')::date
    FROM ({_NET}) c WHERE c.before IS NOT NULL AND c.after IS NOT NULL AND a.id = c.id
    """,  # noqa: S608
    f"""
    INSERT INTO assignment (id, cell_id, cadre_id, role, starts, ends, inherited)
    SELECT c.id, c.cell_id, (c.before ->> 'cadre_id')::bigint, c.before ->> 'role',
           (c.before ->> 'starts')::date, (c.before ->> 'ends')::date,
           (c.before ->> 'inherited')::boolean
    FROM ({_NET}) c WHERE c.before IS NOT NULL AND c.after IS NULL
    """,  # noqa: S608
)


def _check_active(session: Session, act: int) -> None:
    """Refuse to give cells back to a cadre who left meanwhile."""
    name = session.scalar(
        text("""
            SELECT d.name FROM assignment_change h JOIN assignment a ON a.id = h.assignment_id
            JOIN cadre d ON d.id = a.cadre_id
            WHERE h.act_id = :act AND NOT d.active LIMIT 1
        """),
        {"act": act},
    )
    if name is not None:
        raise ConflictError(Message("{name} is no longer active: choose another cadre.", name=name))


def _check_untouched(session: Session, act: int, cells: Mapping[int, object]) -> None:
    """Refuse to undo an act over a later one; a later one that was undone does not count."""
    later = session.execute(
        text("""
            SELECT c.code, a.user_name,
                   to_char(a.at AT TIME ZONE s.time_zone, 'MM-DD HH24:MI') AS at
            FROM assignment_change h JOIN assignment_act a ON a.id = h.act_id
            JOIN cell c ON c.id = h.cell_id CROSS JOIN territory_settings s
            WHERE h.cell_id = ANY(:cells) AND h.act_id > :act
              AND a.kind <> 'undo' AND a.undone_by IS NULL
            ORDER BY a.id DESC LIMIT 1
        """),
        {"cells": list(cells), "act": act},
    ).one_or_none()
    raise_changed(later)
