"""Give cells to cadres, take them back, and hand them over.

`assignment_acts` tells what all acts have in common, `assignment_undo` takes one back. Nothing here
commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError
from gridmap.workforce.assignment_acts import (
    Versions,
    act_of,
    check_versions,
    finished,
    locked_cells,
)
from gridmap.workforce.assignment_spans import Share, cut, place
from gridmap.workforce.cadres import find_cadres
from gridmap.workforce.models import ROLES
from gridmap.workforce.rights import Action, Actor, require


def assign(
    session: Session,
    actor: Actor,
    cell_ids: Collection[int],
    cadre_id: int,
    role: str,
    on: date,
    *,
    until: date | None = None,
    expected: Versions | None = None,
) -> int | None:
    """Give cells to a cadre from a day on.

    A responsible cadre replaces the one before: whose time in the cell is cut, and goes on after
    ``until``. The other roles may be held by several cadres; one is added.

    Parameters
    ----------
    session : Session
    actor : Actor
    cell_ids : collection of int
    cadre_id : int
    role : str
        One of `gridmap.workforce.models.ROLES`.
    on : date
        The first day; a past one corrects the record.
    until : date, optional
        The first day on which it no longer holds.
    expected : mapping of int to int, optional
        The version of each cell as the person saw it, see `responsibility.versions`.

    Returns
    -------
    int or None
        The act, for `undo`; None if everything is so already.

    Raises
    ------
    ForbiddenError
        If the actor may not assign.
    NotFoundError
        If a cell or the cadre does not exist in the actor's area.
    ConflictError
        If somebody changed a cell meanwhile, a cell was closed, or the cadre is not active.
    """
    require(actor, Action.ASSIGN)
    _check_role(role)
    _check_span(on, until)
    cells = locked_cells(session, actor, cell_ids, on)
    check_versions(session, cells, expected)
    [cadre] = find_cadres(session, actor, [cadre_id])
    if not cadre.active:
        raise ConflictError(
            Message("{name} is no longer active: choose another cadre.", name=cadre.name)
        )
    shares = [Share(cell, cadre_id, role, on, until) for cell in cells]
    with act_of(session, actor, "assign") as act:
        place(session, shares)
    return finished(session, actor, act, "assignment.assign")


def end(
    session: Session,
    actor: Actor,
    cell_ids: Collection[int],
    role: str,
    on: date,
    *,
    cadre_id: int | None = None,
    expected: Versions | None = None,
) -> int | None:
    """End a role in cells on a day, of one cadre or of all who hold it.

    Parameters, returns and raises are those of `assign`; ``on`` is the first day without.
    """
    require(actor, Action.ASSIGN)
    _check_role(role)
    cells = locked_cells(session, actor, cell_ids, on)
    check_versions(session, cells, expected)
    with act_of(session, actor, "end") as act:
        cut(session, [(cell, cadre_id) for cell in cells], role, on)
    return finished(session, actor, act, "assignment.end")


def hand_over(
    session: Session,
    actor: Actor,
    cadre_id: int,
    to: int | Mapping[int, int],
    on: date,
    *,
    expected: Versions | None = None,
) -> int | None:
    """Give everything that a cadre holds in the actor's area to others from a day on.

    All roles go over. A cell in which the successor holds the role already only loses the former.

    Parameters
    ----------
    session : Session
    actor : Actor
    cadre_id : int
        Who gives.
    to : int or mapping of int to int
        The successor, or the successor of each cell by the cell's id; none may be left out.
    on : date
        The successors' first day.
    expected : mapping of int to int, optional
        See `assign`.

    Returns
    -------
    int or None
        The act, for `undo`; None if the cadre holds nothing.

    Raises
    ------
    GridmapError
        If a cell is left out, naming it.
    ForbiddenError, NotFoundError, ConflictError
        As for `assign`.
    """
    require(actor, Action.ASSIGN)
    find_cadres(session, actor, [cadre_id])
    held = _held(session, actor, cadre_id, on)
    cells = locked_cells(session, actor, {row.cell_id for row in held}, on)
    # Who waited for another's act reads again what is left.
    held = [row for row in _held(session, actor, cadre_id, on) if row.cell_id in cells]
    check_versions(session, cells, expected)
    receivers = dict.fromkeys(cells, to) if isinstance(to, int) else dict(to)
    missing = [cells[row.cell_id].code for row in held if row.cell_id not in receivers]
    if missing:
        raise GridmapError(Message("Nobody is named for cell {code}.", code=missing[0]))
    wanted = {receivers[row.cell_id] for row in held}
    if cadre_id in wanted:
        raise GridmapError(Message("The cells would go to the cadre who hands them over."))
    for cadre in find_cadres(session, actor, wanted):
        if not cadre.active:
            raise ConflictError(
                Message("{name} is no longer active: choose another cadre.", name=cadre.name)
            )
    shares = [
        Share(row.cell_id, receivers[row.cell_id], row.role, max(on, row.starts), row.ends)
        for row in held
    ]
    with act_of(session, actor, "hand_over") as act:
        for role in {row.role for row in held}:
            cut(session, [(row.cell_id, cadre_id) for row in held if row.role == role], role, on)
        place(session, shares)
    return finished(session, actor, act, "assignment.hand_over")


def _held(session: Session, actor: Actor, cadre_id: int, on: date) -> Sequence[Row[tuple[int]]]:
    """Return what a cadre holds from a day on, in open cells of the actor's area."""
    return session.execute(
        text(f"""
            SELECT a.cell_id, a.role, a.starts, a.ends
            FROM assignment a JOIN cell c ON c.id = a.cell_id
            WHERE a.cadre_id = :cadre AND (a.ends IS NULL OR a.ends > :on)
              AND c.valid_to IS NULL AND {actor.scope.condition("c.community_id")}
            ORDER BY a.id
        """),  # noqa: S608
        {"cadre": cadre_id, "on": on, **actor.scope.params},
    ).all()


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise GridmapError(Message("There is no role {role}.", role=role))


def _check_span(on: date, until: date | None) -> None:
    if until is not None and until <= on:
        raise GridmapError(Message("The last day lies before the first."))
