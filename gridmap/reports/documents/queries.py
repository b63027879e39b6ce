"""Reads of reports, for the people who may read them.

Who writes reports sees those of the units of the own area in whatever state; all others see what is
published there. A bulletin is made for the notice board, so that a published one of a unit above
is also for whoever works below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError, ParameterError
from gridmap.reports.documents.models import (
    ReportComment,
    ReportEvent,
    ReportPicture,
    ReportRemark,
)
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Action, Actor

Rows = Sequence[Row[Any]]
PAGE = 30
_COLUMNS = """
    r.id, r.kind, r.name, r.unit_id, r.cell_id, r.first, r.last, r.state, r.owner_id, r.job_id,
    r.scheduled, r.asked_at, r.frozen_at, r.program, r.edition, u.name AS unit,
    u.name_en AS unit_en, c.name AS cell, c.code AS cell_code, o.display_name AS owner,
    job.state AS job_state, job.progress, job.message, job.error
"""
_FROM = """
    FROM report r JOIN unit u ON u.id = r.unit_id LEFT JOIN cell c ON c.id = r.cell_id
    LEFT JOIN app_user o ON o.id = r.owner_id LEFT JOIN job ON job.id = r.job_id
"""
_ABOVE = """(
    WITH RECURSIVE above AS (
        SELECT parent_id AS id FROM unit WHERE id = ANY(:units) AND parent_id IS NOT NULL
        UNION SELECT u.parent_id FROM unit u JOIN above ON u.id = above.id
        WHERE u.parent_id IS NOT NULL
    ) SELECT id FROM above
)"""
Sort = Literal["kind", "unit", "period", "state", "asked"]
_ORDERS: Mapping[Sort, str] = {
    "kind": "r.kind {way}, r.id DESC",
    "unit": "u.code {way}, r.id DESC",
    "period": "r.last {way}, r.first {way}, r.id DESC",
    "state": "r.state {way}, r.id DESC",
    "asked": "r.id {way}",
}
SORTS: tuple[Sort, ...] = ("kind", "unit", "period", "state", "asked")


@dataclass(frozen=True)
class Wanted:
    """Which reports a list shows, and in which order.

    Attributes
    ----------
    words : str
        Each stands in the name, in that of the area, or is the beginning of its code.
    kind, state : str or None
    unit_id : int or None
        The unit with all below it.
    sort : Sort
    descending : bool
    """

    words: str = ""
    kind: str | None = None
    state: str | None = None
    unit_id: int | None = None
    sort: Sort = "asked"
    descending: bool = True


def readable(actor: Actor) -> str:
    """Return the SQL condition that a person may read a report ``r``; see `unit_params`."""
    inside = unit_condition(actor, "r.unit_id")
    if actor.units is None and actor.may(Action.WRITE_REPORT):
        return "true"
    if not actor.may(Action.WRITE_REPORT):
        inside = f"r.state = 'published' AND {inside}"
    if actor.units is None:
        return f"({inside})"
    board = f"r.state = 'published' AND r.kind = 'bulletin' AND r.unit_id IN {_ABOVE}"
    return f"({inside} OR {board})"


def list_reports(session: Session, actor: Actor, wanted: Wanted, page: int = 1) -> tuple[Rows, int]:
    """Return a page of reports and how many there are in all.

    Parameters
    ----------
    session : Session
    actor : Actor
    wanted : Wanted
    page : int
        The first is 1.
    """
    where, values = _where(actor, wanted)
    order = _ORDERS[wanted.sort].format(way="DESC" if wanted.descending else "ASC")
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset"
        ),
        {**values, "limit": PAGE, "offset": (page - 1) * PAGE},
    ).all()
    total = session.execute(text(f"SELECT count(*) {_FROM} WHERE {where}"), values).scalar_one()
    return rows, total


def find_report(session: Session, actor: Actor, report_id: int) -> Row[Any]:
    """Return a report as a list shows it.

    Raises
    ------
    NotFoundError
        If there is none, or it is not for this person.
    """
    row = session.execute(
        text(f"SELECT {_COLUMNS} {_FROM} WHERE r.id = :id AND {readable(actor)}"),
        {"id": report_id, **unit_params(actor)},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no such report."))
    return row


def cell_by_code(session: Session, actor: Actor, code: str) -> int:
    """Return the id of the cell that is valid now and has a code.

    Raises
    ------
    ParameterError
        If there is none in the actor's area.
    """
    found: int | None = session.execute(
        text(
            "SELECT id FROM cell WHERE code = :code AND valid_to IS NULL AND "
            + actor.scope.condition("community_id")
        ),
        {"code": code.strip(), **actor.scope.params},
    ).scalar()
    if found is None:
        raise ParameterError(
            "cell",
            Message(
                "There is no cell with the code {code} in your area. Its page shows its code.",
                code=code.strip() or "–",
            ),
        )
    return found


def latest_published(session: Session, actor: Actor, kind: str, unit_id: int) -> int | None:
    """Return the newest published report of a kind about a unit, if there is one to be read."""
    found: int | None = session.execute(
        text(f"""
            SELECT r.id FROM report r
            WHERE r.kind = :kind AND r.unit_id = :unit AND r.state = 'published'
              AND {readable(actor)} ORDER BY r.last DESC, r.id DESC LIMIT 1
        """),
        {"kind": kind, "unit": unit_id, **unit_params(actor)},
    ).scalar()
    return found


def picture_of(session: Session, report_id: int, key: str) -> bytes:
    """Return a picture of a report that the caller has seen.

    Raises
    ------
    NotFoundError
        If there is none of this key.
    """
    found = session.scalar(
        select(ReportPicture.content).where(
            ReportPicture.report_id == report_id, ReportPicture.key == key
        )
    )
    if found is None:
        raise NotFoundError(Message("There is no such picture."))
    return found


def pictures_of(session: Session, report_id: int) -> dict[str, bytes]:
    """Return all pictures of a report that the caller has seen, by key."""
    rows = session.execute(
        select(ReportPicture.key, ReportPicture.content).where(ReportPicture.report_id == report_id)
    )
    return {row.key: row.content for row in rows}


def remarks_of(session: Session, report_id: int) -> Sequence[ReportRemark]:
    """Return what people added to a report."""
    return session.scalars(
        select(ReportRemark)
        .where(ReportRemark.report_id == report_id)
        .order_by(ReportRemark.section, ReportRemark.language)
    ).all()


def comments_of(session: Session, report_id: int) -> Sequence[ReportComment]:
    """Return what was said about a draft, the oldest first."""
    return session.scalars(
        select(ReportComment).where(ReportComment.report_id == report_id).order_by(ReportComment.id)
    ).all()


def events_of(session: Session, report_id: int) -> Sequence[ReportEvent]:
    """Return the states that a report came into, the oldest first."""
    return session.scalars(
        select(ReportEvent).where(ReportEvent.report_id == report_id).order_by(ReportEvent.id)
    ).all()


def _where(actor: Actor, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    parts, values = [readable(actor)], dict[str, Any](unit_params(actor))
    for column in ("kind", "state"):
        value = getattr(wanted, column)
        if value is not None:
            parts.append(f"r.{column} = :{column}")
            values[column] = value
    if wanted.unit_id is not None:
        parts.append("""r.unit_id IN (
            WITH RECURSIVE below AS (
                SELECT id FROM unit WHERE id = :unit
                UNION SELECT u.id FROM unit u JOIN below ON u.parent_id = below.id
            ) SELECT id FROM below)""")
        values["unit"] = wanted.unit_id
    for number, word in enumerate(wanted.words.split()):
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parts.append(
            f"(r.name ILIKE :word{number} OR u.name ILIKE :word{number} OR u.name_en ILIKE "
            f":word{number} OR c.name ILIKE :word{number} OR u.code LIKE :code{number})"
        )
        values |= {f"word{number}": f"%{escaped}%", f"code{number}": f"{escaped}%"}
    return " AND ".join(parts), values
