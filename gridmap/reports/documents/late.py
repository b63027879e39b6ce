"""Records that came after a report was made and belong to its period: entered, imported, closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.incidents.statistics import Span, clock
from gridmap.workforce.rights import Action, Actor, require

#: As many are listed of each kind; all are counted.
MOST = 50
_BELOW = """(
    WITH RECURSIVE below AS (
        SELECT id FROM unit WHERE id = :unit
        UNION SELECT u.id FROM unit u JOIN below ON u.parent_id = below.id
    ) SELECT id FROM below
)"""


@dataclass(frozen=True)
class _Kind:
    """Late records of one table.

    Attributes
    ----------
    title : str
    mark : str
        What is remembered at the freeze: the highest id.
    columns, origin, where : str
        Of the rows, beside ``id``, ``at``, ``what``, ``what_en`` and ``unit``.
    """

    title: str
    mark: str | None
    select: str
    where: str


_INCIDENT = """
    SELECT i.id, i.occurred_at AS at, k.name AS what, k.name_en AS what_en, u.name AS unit,
           u.name_en AS unit_en, ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat
    FROM incident i JOIN category k ON k.id = i.category_id
    LEFT JOIN unit u ON u.id = i.community_id
"""
_CASE = """
    SELECT c.id, c.ended_at AS at, k.name AS what, k.name_en AS what_en, u.name AS unit,
           u.name_en AS unit_en
    FROM incident_case c JOIN category k ON k.id = c.category_id
    LEFT JOIN unit u ON u.id = c.community_id
"""
KINDS: dict[str, _Kind] = {
    "incident": _Kind(
        N_("Incidents recorded later"),
        "SELECT coalesce(max(id), 0) FROM incident",
        _INCIDENT,
        "i.id > :mark AND i.occurred_at >= :first AND i.occurred_at < :after AND {scope}",
    ),
    "case": _Kind(
        N_("Cases due in the period and ended later"),
        None,
        _CASE,
        "c.ended_at > :frozen AND c.due_at >= :first AND c.due_at < :after AND {scope}",
    ),
}
_COMMUNITY = {"incident": "i.community_id", "case": "c.community_id"}


@dataclass(frozen=True)
class Late:
    """The late records of one kind.

    Attributes
    ----------
    kind, title : str
    rows : sequence of rows
        Up to `MOST`: ``id``, ``at``, ``what``, ``what_en``, ``unit``, ``unit_en``.
    total : int
    """

    kind: str
    title: str
    rows: Sequence[Row[Any]]
    total: int


def marks(connection: Connection) -> dict[str, int]:
    """Return of each table the highest id; what is entered from now on has a higher one."""
    return {
        key: connection.execute(text(kind.mark)).scalar_one()
        for key, kind in KINDS.items()
        if kind.mark is not None
    }


def late_records(session: Session, actor: Actor, report: Any, marked: dict[str, int]) -> list[Late]:
    """List what belongs to a report's period and area and came after it was made.

    Parameters
    ----------
    session : Session
    actor : Actor
        Who sees of it what lies in the own area.
    report : row
        A finished report that the caller has seen.
    marked : dict
        What `marks` returned when it was made.

    Raises
    ------
    ForbiddenError
        If the actor writes no reports.
    """
    require(actor, Action.WRITE_REPORT)
    zone = clock(session.connection()).zone
    first, after = Span(report.first, report.last).moments(zone)
    found = []
    for key, kind in KINDS.items():
        community = _COMMUNITY[key]
        inside = f"{community} IN {_BELOW} AND {actor.scope.condition(community)}"
        where = kind.where.format(scope=inside)
        values = {
            "unit": report.unit_id, "first": first, "after": after, "frozen": report.frozen_at,
            "mark": marked.get(key, 0), "limit": MOST, **actor.scope.params,
        }  # fmt: skip
        rows = session.execute(
            text(f"{kind.select} WHERE {where} ORDER BY at DESC, id LIMIT :limit"), values
        ).all()
        total = len(rows)
        if total == MOST:
            count = f"SELECT count(*) FROM ({kind.select} WHERE {where}) late"
            total = session.execute(text(count), values).scalar_one()
        found.append(Late(key, kind.title, rows, total))
    return found
