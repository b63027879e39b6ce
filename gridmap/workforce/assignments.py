"""Give cells to cadres, take them back, hand them over, and undo.

Every act locks its cells first, so that two people at once come one after the other; whoever
names the version of a cell that he saw is told who changed it meanwhile. Nothing here commits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, insert, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError
from gridmap.workforce import audit
from gridmap.workforce.cadres import find_cadres
from gridmap.workforce.models import ROLES, AssignmentAct
from gridmap.workforce.rights import Action, Actor, require

RESPONSIBLE = "responsible"
Versions = Mapping[int, int]


@dataclass(frozen=True)
class _Share:
    """A task wanted in a cell for a span of days; ``ends`` is the first day after it."""

    cell_id: int
    cadre_id: int
    role: str
    starts: date
    ends: date | None


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
    cells = _locked_cells(session, actor, cell_ids, on)
    _check_versions(session, cells, expected)
    [cadre] = find_cadres(session, actor, [cadre_id])
    if not cadre.active:
        raise ConflictError(
            Message("{name} is no longer active: choose another cadre.", name=cadre.name)
        )
    shares = [_Share(cell, cadre_id, role, on, until) for cell in cells]
    with _act(session, actor, "assign") as act:
        _place(session, shares)
    return _finished(session, actor, act, "assignment.assign")


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
    cells = _locked_cells(session, actor, cell_ids, on)
    _check_versions(session, cells, expected)
    with _act(session, actor, "end") as act:
        _cut(session, [(cell, cadre_id) for cell in cells], role, on)
    return _finished(session, actor, act, "assignment.end")


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
    cells = _locked_cells(session, actor, {row.cell_id for row in held}, on)
    # Who waited for another's act reads again what is left.
    held = [row for row in _held(session, actor, cadre_id, on) if row.cell_id in cells]
    _check_versions(session, cells, expected)
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
        _Share(row.cell_id, receivers[row.cell_id], row.role, max(on, row.starts), row.ends)
        for row in held
    ]
    with _act(session, actor, "hand_over") as act:
        for role in {row.role for row in held}:
            _cut(session, [(row.cell_id, cadre_id) for row in held if row.role == role], role, on)
        _place(session, shares)
    return _finished(session, actor, act, "assignment.hand_over")


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
    cells = _locked_cells(session, actor, set(touched.scalars()), None)
    _check_untouched(session, last, cells)
    with _act(session, actor, "undo") as act:
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


def _locked_cells(
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


def _check_versions(
    session: Session, cells: Mapping[int, object], expected: Versions | None
) -> None:
    seen = {cell: version for cell, version in (expected or {}).items() if cell in cells}
    if not seen:
        return
    statement = _SINCE.format(
        seen="unnest(CAST(:cells AS bigint[]), CAST(:versions AS bigint[])) AS seen "
        "(cell_id, version)",
        changed="act.id <> seen.version",
    )
    params = {"cells": list(seen), "versions": list(seen.values())}
    _raise_changed(session.execute(text(statement), params).one_or_none())


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
    _raise_changed(later)


def _raise_changed(row: Row[tuple[str, str, str]] | None) -> None:
    if row is not None:
        raise ConflictError(
            Message(
                "Cell {code} was changed by {name} at {time}. Look at it again before you go on.",
                code=row.code,
                name=row.user_name,
                time=row.at,
            )
        )


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


def _cut(session: Session, whose: Sequence[tuple[int, int | None]], role: str, on: date) -> None:
    """End a role in cells on a day: of the cadre named, or of everybody."""
    params = {
        "cells": [cell for cell, _ in whose],
        "cadres": [cadre for _, cadre in whose],
        "role": role,
        "on": on,
    }
    match = """
        FROM unnest(CAST(:cells AS bigint[]), CAST(:cadres AS bigint[])) AS w (cell_id, cadre_id)
        WHERE a.cell_id = w.cell_id AND a.role = :role
          AND a.cadre_id = coalesce(w.cadre_id, a.cadre_id)
    """
    using = match.replace("FROM", "USING", 1)
    session.execute(text(f"DELETE FROM assignment a {using} AND a.starts >= :on"), params)  # noqa: S608
    session.execute(
        text(
            f"UPDATE assignment a SET ends = :on {match} "  # noqa: S608
            "AND a.starts < :on AND (a.ends IS NULL OR a.ends > :on)"
        ),
        params,
    )


def _place(session: Session, shares: Sequence[_Share]) -> None:
    """Write what is wanted, making room for it: the heart of all acts."""
    # One round for each span wanted of the same cell, role and cadre: each sees the one before.
    rounds: list[list[_Share]] = []
    seen: Counter[tuple[int, str, int]] = Counter()
    for share in shares:
        key = (share.cell_id, share.role, share.cadre_id)
        if seen[key] == len(rounds):
            rounds.append([])
        rounds[seen[key]].append(share)
        seen[key] += 1
    for each in rounds:
        _place_apart(session, each)


def _place_apart(session: Session, shares: Sequence[_Share]) -> None:
    """Write spans that do not touch each other.

    A row that already says it stays untouched. What stands in the way is cut at both ends.
    """
    in_the_way = _in_the_way(session, shares)
    fresh: list[_Share] = []
    gone: list[int] = []
    shortened: dict[int, date] = {}
    for number, share in enumerate(shares):
        rows = in_the_way.get(number, [])
        if any(row.cadre_id == share.cadre_id and _covers(row, share) for row in rows):
            continue
        fresh.append(share)
        for row in rows:
            if share.ends is not None and (row.ends is None or row.ends > share.ends):
                fresh.append(_Share(row.cell_id, row.cadre_id, row.role, share.ends, row.ends))
            if row.starts < share.starts:
                shortened[row.id] = share.starts
            else:
                gone.append(row.id)
    session.execute(text("DELETE FROM assignment WHERE id = ANY(:ids)"), {"ids": gone})
    session.execute(
        text("""
            UPDATE assignment a SET ends = s.ends
            FROM unnest(CAST(:ids AS bigint[]), CAST(:ends AS date[])) AS s (id, ends)
            WHERE a.id = s.id
        """),
        {"ids": list(shortened), "ends": list(shortened.values())},
    )
    session.execute(
        text("""
            INSERT INTO assignment (cell_id, cadre_id, role, starts, ends)
            SELECT * FROM unnest(CAST(:cells AS bigint[]), CAST(:cadres AS bigint[]),
                CAST(:roles AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
        """),
        _columns(fresh),
    )


def _in_the_way(
    session: Session, shares: Sequence[_Share]
) -> dict[int, list[Row[tuple[int, int, int, str, date, date]]]]:
    rows = session.execute(
        text("""
            SELECT w.n - 1 AS n, a.id, a.cell_id, a.cadre_id, a.role, a.starts, a.ends
            FROM unnest(CAST(:cells AS bigint[]), CAST(:cadres AS bigint[]),
                CAST(:roles AS text[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
                WITH ORDINALITY AS w (cell_id, cadre_id, role, starts, ends, n)
            JOIN assignment a ON a.cell_id = w.cell_id AND a.role = w.role
                AND a.period && daterange(w.starts, w.ends)
                AND (w.role = 'responsible' OR a.cadre_id = w.cadre_id)
        """),
        _columns(shares),
    ).all()
    found: dict[int, list[Row[tuple[int, int, int, str, date, date]]]] = {}
    for row in rows:
        found.setdefault(row.n, []).append(row)
    return found


def _covers(row: Row[tuple[int, int, int, str, date, date]], share: _Share) -> bool:
    late_enough = row.ends is None or (share.ends is not None and row.ends >= share.ends)
    return bool(row.starts <= share.starts and late_enough)


def _columns(shares: Sequence[_Share]) -> dict[str, list[object]]:
    return {
        "cells": [share.cell_id for share in shares],
        "cadres": [share.cadre_id for share in shares],
        "roles": [share.role for share in shares],
        "starts": [share.starts for share in shares],
        "ends": [share.ends for share in shares],
    }


@contextmanager
def _act(session: Session, actor: Actor, kind: str) -> Iterator[int]:
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


def _finished(session: Session, actor: Actor, act: int, name: str) -> int | None:
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


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise GridmapError(Message("There is no role {role}.", role=role))


def _check_span(on: date, until: date | None) -> None:
    if until is not None and until <= on:
        raise GridmapError(Message("The last day lies before the first."))
