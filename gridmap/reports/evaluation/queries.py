"""Reads of evaluations: the list, a page of members, one member with its parts, comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.statistics import Span
from gridmap.reports.evaluation.access import LARGEST, Reader
from gridmap.reports.evaluation.models import Evaluation
from gridmap.reports.evaluation.spans import before as span_before
from gridmap.reports.measures import MEASURES

Rows = Sequence[Row[Any]]
PAGE = 50
_SORTS = {"code": "m.code, m.name", "name": "m.name", "due": "m.due", "score": "m.score",
          "rank": "m.rank", "change": "m.score - f.score"}  # fmt: skip


@dataclass(frozen=True)
class MembersWanted:
    """Which members of an evaluation a page shows, and in which order.

    Attributes
    ----------
    group : str
    unit_id : int or None
        Only what lies in this unit.
    search : str
        A part of the code or the name.
    sort : str
        ``code``, ``name``, ``due``, ``score``, ``rank``, ``change`` or a measure.
    descending : bool
    """

    group: str
    unit_id: int | None = None
    search: str = ""
    sort: str = "code"
    descending: bool = False


def list_evaluations(session: Session, reader: Reader, page: int) -> tuple[Rows, int]:
    """Return a page of the evaluations, the newest period first, and how many there are.

    Returns
    -------
    sequence of rows
        The columns of ``evaluation``, ``unit``, ``unit_en``, ``comments`` (how many) and
        ``job_state`` of the count.
    """
    where, values = reader.evaluations()
    rows = session.execute(
        text(f"""
            SELECT e.*, u.name AS unit, u.name_en AS unit_en, j.state AS job_state,
                   (SELECT count(*) FROM evaluation_comment c WHERE c.evaluation_id = e.id)
                       AS comments, count(*) OVER () AS total
            FROM evaluation e JOIN unit u ON u.id = e.unit_id LEFT JOIN job j ON j.id = e.job_id
            WHERE {where} ORDER BY e.last DESC, e.first DESC, u.code LIMIT :limit OFFSET :offset
        """),
        {**values, "limit": PAGE, "offset": (page - 1) * PAGE},
    ).all()
    return rows, rows[0].total if rows else 0


def former(session: Session, evaluation: Evaluation) -> int | None:
    """Return the published evaluation of the same unit for the period before, if there is one."""
    kind: Any = evaluation.kind
    day = span_before(kind, _span(evaluation)).first
    found: int | None = session.scalar(
        text("""
            SELECT id FROM evaluation WHERE unit_id = :unit AND kind = :kind AND first = :first
            AND state = 'published'
        """),
        {"unit": evaluation.unit_id, "kind": evaluation.kind, "first": day},
    )
    return found


def count_groups(session: Session, reader: Reader, evaluation_id: int) -> dict[str, int]:
    """Return how many members of each group the reader sees."""
    where, values = reader.members()
    rows = session.execute(
        text(f"""
            SELECT m.grp, count(*) AS n FROM evaluation_member m
            WHERE m.evaluation_id = :evaluation AND {where} GROUP BY m.grp
        """),
        {"evaluation": evaluation_id, **values},
    )
    return {row.grp: row.n for row in rows}


def list_members(
    session: Session,
    reader: Reader,
    evaluation_id: int,
    former_id: int | None,
    wanted: MembersWanted,
    *,
    limit: int | None = PAGE,
    offset: int = 0,
) -> tuple[Rows, int]:
    """Return members of a group that the reader sees, and how many there are.

    Returns
    -------
    sequence of rows
        The columns of ``evaluation_member``, ``community`` and ``community_en`` (of the unit in
        which it lies), ``former`` (the score of the period before), ``change``, ``unit_code``.
    """
    where, values = reader.members()
    within, more = _within(wanted)
    # What lies in no order comes last both ways.
    way = "DESC NULLS LAST" if wanted.descending else "ASC NULLS LAST"
    order = _SORTS.get(wanted.sort)
    if order is None:
        order = f"(m.parts -> '{wanted.sort}' ->> 'v')::numeric" if wanted.sort in MEASURES else "1"
    ordered = f"{order} {way}, m.code, m.name, m.member_id"
    rows = session.execute(
        text(f"""
            SELECT m.*, u.name AS community, u.name_en AS community_en, u.code AS unit_code,
                   f.score AS former, m.score - f.score AS change, count(*) OVER () AS total
            FROM evaluation_member m LEFT JOIN unit u ON u.id = m.unit_id
            LEFT JOIN evaluation_member f ON f.evaluation_id = :former AND f.grp = m.grp
                AND f.member_id = m.member_id
            WHERE m.evaluation_id = :evaluation AND m.grp = :grp AND {where} AND {within}
            ORDER BY {ordered} LIMIT :limit OFFSET :offset
        """),
        {
            "evaluation": evaluation_id, "former": former_id, "grp": wanted.group,
            "limit": limit, "offset": offset, **values, **more,
        },
    ).all()  # fmt: skip
    return rows, rows[0].total if rows else 0


def all_members(
    session: Session, reader: Reader, evaluation_id: int, former_id: int | None,
    wanted: MembersWanted,
) -> Iterator[Row[Any]]:  # fmt: skip
    """Yield all members of a choice, as `list_members`."""
    yield from list_members(session, reader, evaluation_id, former_id, wanted, limit=None)[0]


def find_member(
    session: Session, reader: Reader, evaluation_id: int, group: str, member_id: int
) -> Row[Any]:
    """Return one member with ``unit_name``, ``unit_name_en`` and ``unit_code``.

    Raises
    ------
    NotFoundError
        If the reader does not see it.
    """
    where, values = reader.members()
    found = session.execute(
        text(f"""
            SELECT m.*, u.name AS unit_name, u.name_en AS unit_name_en, u.code AS unit_code
            FROM evaluation_member m LEFT JOIN unit u ON u.id = m.unit_id
            WHERE m.evaluation_id = :evaluation AND m.grp = :grp AND m.member_id = :member
              AND {where}
        """),
        {"evaluation": evaluation_id, "grp": group, "member": min(member_id, LARGEST), **values},
    ).one_or_none()
    if found is None:
        raise NotFoundError(Message("This evaluation tells nothing of that."))
    return found


def former_member(
    session: Session, former_id: int | None, group: str, member: int
) -> Row[Any] | None:
    """Return ``score``, ``rank`` and ``parts`` of a member in the former evaluation."""
    return session.execute(
        text("""
            SELECT score, rank, parts FROM evaluation_member
            WHERE evaluation_id = :former AND grp = :grp AND member_id = :member
        """),
        {"former": former_id, "grp": group, "member": member},
    ).one_or_none()


def compared(session: Session, evaluation_id: int, group: str) -> int:
    """Return how many members of a group have a rank."""
    found: int = session.execute(
        text("""
            SELECT count(rank) FROM evaluation_member
            WHERE evaluation_id = :evaluation AND grp = :grp
        """),
        {"evaluation": evaluation_id, "grp": group},
    ).scalar_one()
    return found


def comments(session: Session, evaluation_id: int, group: str, member_id: int) -> Rows:
    """List what was said of a member: ``at``, ``user_name`` and ``text``, the first first."""
    return session.execute(
        text("""
            SELECT at, user_name, text FROM evaluation_comment
            WHERE evaluation_id = :evaluation AND grp = :grp AND member_id = :member ORDER BY id
        """),
        {"evaluation": evaluation_id, "grp": group, "member": member_id},
    ).all()


def all_comments(session: Session, reader: Reader, evaluation_id: int) -> Rows:
    """List what was said of the members that the reader sees, the newest first.

    Returns
    -------
    sequence of rows
        As `comments`, with ``grp``, ``member_id``, ``code``, ``name`` and ``name_en``.
    """
    where, values = reader.members()
    return session.execute(
        text(f"""
            SELECT c.at, c.user_name, c.text, c.grp, c.member_id, m.code, m.name, m.name_en
            FROM evaluation_comment c JOIN evaluation_member m USING (evaluation_id, grp, member_id)
            WHERE c.evaluation_id = :evaluation AND {where} ORDER BY c.id DESC LIMIT 100
        """),
        {"evaluation": evaluation_id, **values},
    ).all()


def own_members(session: Session, reader: Reader) -> Rows:
    """List what evaluations say of the reader's own area and teams, the newest first.

    Returns
    -------
    sequence of rows
        The columns of ``evaluation_member`` with ``kind``, ``first``, ``last`` and ``state``.
    """
    where, values = reader.evaluations()
    own, more = reader.own()
    return session.execute(
        text(f"""
            SELECT m.*, e.kind, e.first, e.last, e.state
            FROM evaluation_member m JOIN evaluation e ON e.id = m.evaluation_id
            WHERE {own} AND e.state <> 'draft' AND {where}
            ORDER BY e.last DESC, e.first DESC, m.name, m.member_id LIMIT 48
        """),
        {**more, **values},
    ).all()


def cells_held(session: Session, cadre_id: int, evaluation: Evaluation) -> Rows:
    """List the cells for which a cadre answered in the period, with what it says of them.

    Returns
    -------
    sequence of rows
        The columns of ``evaluation_member``, ``starts`` and ``ends`` of the assignment.
    """
    return session.execute(
        text("""
            SELECT m.*, a.starts, a.ends
            FROM assignment a JOIN evaluation_member m ON m.evaluation_id = :evaluation
                AND m.grp = 'cell' AND m.member_id = a.cell_id
            WHERE a.cadre_id = :cadre AND a.role = 'responsible'
              AND a.period && daterange(:first, :last, '[]')
            ORDER BY m.code, a.starts
        """),
        {
            "evaluation": evaluation.id, "cadre": cadre_id, "first": evaluation.first,
            "last": evaluation.last,
        },
    ).all()  # fmt: skip


def _span(evaluation: Evaluation) -> Span:
    return Span(evaluation.first, evaluation.last)


def _within(wanted: MembersWanted) -> tuple[str, dict[str, Any]]:
    """Return the condition of a choice, and its values."""
    parts = ["true"]
    values: dict[str, Any] = {}
    if wanted.unit_id is not None:
        parts.append("""m.unit_id IN (
            WITH RECURSIVE below AS (
                SELECT CAST(:unit AS bigint) AS id
                UNION ALL SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id
            ) SELECT id FROM below)""")
        values["unit"] = wanted.unit_id
    if wanted.search:
        parts.append("(strpos(lower(m.code), :words) > 0 OR strpos(lower(m.name), :words) > 0)")
        values["words"] = wanted.search.lower()
    return " AND ".join(parts), values
