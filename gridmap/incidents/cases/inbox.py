"""Lists of cases, the counts beside them, and one case in full; each list is one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.access import find_case
from gridmap.incidents.cases.filters import ASKED, OVERDUE, TODAY, Wanted, conditions, mine
from gridmap.incidents.cases.models import Case, CasePhoto
from gridmap.workforce.rights import Actor

Sort = Literal["due", "newest", "oldest", "entered"]
#: The place of a case in the order of a list: what it is sorted by, and its number.
Place = tuple[datetime, int]

_ORDERS: dict[Sort, tuple[str, str, str]] = {
    "due": ("next_due_at", "ASC", ">"),
    "newest": ("opened_at", "DESC", "<"),
    "oldest": ("opened_at", "ASC", ">"),
    "entered": ("step_entered_at", "DESC", "<"),
}

# The page is cut before names are looked up, so that they are looked up for its rows only.
_LIST = """
    SELECT c.id, c.incident_id, c.version, c.step, c.level, c.description, c.address, c.reporter,
           c.reported_by, c.occurred_at, c.opened_at, c.step_entered_at, c.step_due_at, c.due_at,
           c.next_due_at, c.ended_at, c.returned, c.extended, c.reopened, c.cell_id,
           c.community_id, c.assignee_id, c.unit_id, {overdue} AS overdue, {asked} AS asked,
           ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat,
           v.code AS category, v.name AS category_name, v.name_en AS category_name_en,
           (SELECT l.code FROM cell l WHERE l.id = c.cell_id) AS cell,
           o.name AS community, o.name_en AS community_en,
           (SELECT d.name FROM cadre d WHERE d.id = c.assignee_id) AS assignee,
           u.name AS unit, u.name_en AS unit_en,
           (SELECT count(*) FROM case_photo p WHERE p.case_id = c.id) AS photos
    FROM (
        SELECT c.* FROM incident_case c WHERE {where} {after}
        ORDER BY c.{column} {direction}, c.id {direction} LIMIT :limit
    ) c JOIN category_version v ON v.id = c.category_version_id
    LEFT JOIN unit o ON o.id = c.community_id LEFT JOIN unit u ON u.id = c.unit_id
    ORDER BY c.{column} {direction}, c.id {direction}
"""


@dataclass(frozen=True)
class Page:
    """Rows of a list, and the place after which the next page begins; None at the end."""

    rows: Sequence[Row[Any]]
    end: Place | None


@dataclass(frozen=True)
class Counts:
    """What waits for the reader, and what is open in his area."""

    mine: int
    mine_today: int
    mine_overdue: int
    open: int
    today: int
    overdue: int
    asked: int


@dataclass(frozen=True)
class CaseFile:
    """A case with its history.

    Attributes
    ----------
    row : row
        As in a list.
    steps : sequence of rows
        ``at``, ``user_name``, ``act``, ``from_step``, ``to_step``, ``level``, ``assignee``,
        ``unit``, ``unit_en``, ``was_due_at``, ``due_at``, ``late`` and ``note``; the first first.
    extensions : sequence of rows
        ``amount``, ``unit``, ``reason``, ``requested_at``, ``requested_by``, ``decided_at``,
        ``decided_by`` and ``granted``.
    photos : sequence of CasePhoto
    """

    case: Case
    row: Row[Any]
    steps: Sequence[Row[Any]]
    extensions: Sequence[Row[Any]]
    photos: Sequence[CasePhoto]


def list_cases(
    session: Session,
    actor: Actor,
    wanted: Wanted | None = None,
    *,
    sort: Sort = "due",
    after: Place | None = None,
    limit: int = 50,
    now: datetime | None = None,
) -> Page:
    """List cases of the actor's area.

    Parameters
    ----------
    session : Session
    actor : Actor
    wanted : Wanted, optional
        Everything if left out.
    sort : {"due", "newest", "oldest", "entered"}
        By the next deadline, by opening, or by when the step was entered.
    after : tuple, optional
        What the page before returned as its end.
    limit : int
    now : datetime, optional

    Returns
    -------
    Page
        Rows with the columns of ``incident_case``, ``category``, ``category_name``,
        ``category_name_en`` (as the case was opened), ``cell`` (code), ``community``,
        ``assignee``, ``unit`` (names), ``community_en``, ``unit_en``, ``overdue``, ``asked`` (for
        more time), ``photos`` (count), ``lon`` and ``lat`` (WGS 84).
    """
    where, values = conditions(wanted or Wanted(), actor)
    column, direction, beyond = _ORDERS[sort]
    rows = _rows(
        session, where, values | {"limit": limit + 1}, column, direction, beyond, after, now
    )
    page = rows[:limit]
    end = (getattr(page[-1], column), page[-1].id) if len(rows) > limit else None
    return Page(page, end)


def count_cases(
    session: Session, actor: Actor, wanted: Wanted, *, now: datetime | None = None
) -> int:
    """Count the cases that a list has on all its pages."""
    where, values = conditions(wanted, actor)
    found = session.execute(
        text(f"SELECT count(*) FROM incident_case c WHERE {where}"),
        values | {"now": now or datetime.now(UTC)},
    )
    return int(found.scalar_one())


def rows_where(
    session: Session, where: str, values: dict[str, Any], *, now: datetime | None = None
) -> Sequence[Row[Any]]:
    """Return rows as in a list for a condition over ``c``, the next due first.

    ``values`` names ``limit``; the condition keeps to the actor's area.
    """
    return _rows(session, where, values, "next_due_at", "ASC", ">", None, now)


def _rows(
    session: Session,
    where: str,
    values: dict[str, Any],
    column: str,
    direction: str,
    beyond: str,
    after: Place | None,
    now: datetime | None,
) -> Sequence[Row[Any]]:
    cut = ""
    if after is not None:
        cut = f"AND (c.{column}, c.id) {beyond} (CAST(:place AS timestamptz), :place_id)"
        values = values | {"place": after[0], "place_id": after[1]}
    statement = _LIST.format(
        where=where, after=cut, column=column, direction=direction, overdue=OVERDUE, asked=ASKED
    )
    return session.execute(text(statement), values | {"now": now or datetime.now(UTC)}).all()


def counts(session: Session, actor: Actor, *, now: datetime | None = None) -> Counts:
    """Count what waits for the actor and what is open in his area; one query."""
    own = mine(actor)
    row = session.execute(
        text(f"""
            SELECT count(*) FILTER (WHERE own) AS mine,
                   count(*) FILTER (WHERE own AND today) AS mine_today,
                   count(*) FILTER (WHERE own AND overdue) AS mine_overdue,
                   count(*) AS open, count(*) FILTER (WHERE today) AS today,
                   count(*) FILTER (WHERE overdue) AS overdue,
                   count(*) FILTER (WHERE asked) AS asked
            FROM (
                SELECT ({own}) IS TRUE AS own, {TODAY} AS today, {OVERDUE} AS overdue,
                       {ASKED} AS asked
                FROM incident_case c
                WHERE c.ended_at IS NULL AND {actor.scope.condition("c.community_id")}
            ) AS open_cases
        """),
        {
            "me": actor.user_id,
            "my_units": sorted(actor.units or ()),
            "now": now or datetime.now(UTC),
            **actor.scope.params,
        },
    ).one()
    return Counts(**row._mapping)


def board(
    session: Session, actor: Actor, wanted: Wanted | None = None, *, now: datetime | None = None
) -> Sequence[Row[Any]]:
    """Count the open cases by step; one query.

    Returns
    -------
    sequence of rows
        ``step``, ``total``, ``today``, ``overdue`` and ``asked``; steps without a case are
        left out.
    """
    where, values = conditions(wanted or Wanted(state="open"), actor)
    return session.execute(
        text(f"""
            SELECT c.step, count(*) AS total, count(*) FILTER (WHERE {TODAY}) AS today,
                   count(*) FILTER (WHERE {OVERDUE}) AS overdue,
                   count(*) FILTER (WHERE {ASKED}) AS asked
            FROM incident_case c WHERE {where} AND c.ended_at IS NULL
            GROUP BY c.step
        """),
        values | {"now": now or datetime.now(UTC)},
    ).all()


def case_file(
    session: Session, actor: Actor, case_id: int, *, now: datetime | None = None
) -> CaseFile:
    """Return one case with all that happened to it.

    Raises
    ------
    NotFoundError
        If there is none in the actor's area.
    """
    case = find_case(session, actor, case_id)
    values = {"case": case_id}
    [row] = _rows(session, "c.id = :case", values | {"limit": 1}, "id", "ASC", ">", None, now)
    steps = session.execute(
        text("""
            SELECT s.id, s.at, s.user_name, s.act, s.from_step, s.to_step, s.level, d.name AS
                   assignee, u.name AS unit, u.name_en AS unit_en, s.was_due_at, s.due_at,
                   s.from_step <> s.to_step AND s.at > s.was_due_at AS late, s.note
            FROM case_step s LEFT JOIN cadre d ON d.id = s.assignee_id
            LEFT JOIN unit u ON u.id = s.unit_id
            WHERE s.case_id = :case ORDER BY s.id
        """),
        values,
    ).all()
    extensions = session.execute(
        text("SELECT * FROM case_extension WHERE case_id = :case ORDER BY id"), values
    ).all()
    photos = session.query(CasePhoto).filter_by(case_id=case_id).order_by(CasePhoto.id).all()
    return CaseFile(case, row, steps, extensions, photos)
