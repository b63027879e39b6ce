"""Records that came after a report was made and belong to its period: entered, imported, closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.incidents.statistics import Span, clock
from gridmap.workforce.rights import Action, Actor, require, require_unit

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
    unit : str
        The column of the unit, or of the community, that a record belongs to.
    select : str
        Rows with ``id``, ``at``, ``what``, ``what_en``, ``unit`` and ``unit_en``.
    where : str
        What makes them late, and belong to the period.
    mark : str or None
        What is remembered when a report is made: the highest id.
    cell : str or None
        The column of the cell; no sheet of a cell tells of what has none.
    """

    title: str
    unit: str
    select: str
    where: str
    mark: str | None = None
    cell: str | None = None


_WITHIN = "{0} >= :first AND {0} < :after"
KINDS: dict[str, _Kind] = {
    "incident": _Kind(
        N_("Incidents recorded later"),
        "i.community_id",
        """
        SELECT i.id, i.occurred_at AS at, k.name AS what, k.name_en AS what_en, u.name AS unit,
               u.name_en AS unit_en, ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat
        FROM incident i JOIN category k ON k.id = i.category_id
        JOIN unit u ON u.id = i.community_id
        """,
        f"i.id > :mark AND {_WITHIN.format('i.occurred_at')}",
        "SELECT coalesce(max(id), 0) FROM incident",
        "i.cell_id",
    ),
    "case": _Kind(
        N_("Cases due in the period and ended later"),
        "c.community_id",
        """
        SELECT c.id, c.ended_at AS at, k.name AS what, k.name_en AS what_en, u.name AS unit,
               u.name_en AS unit_en
        FROM incident_case c JOIN category k ON k.id = c.category_id
        JOIN unit u ON u.id = c.community_id
        """,
        f"c.ended_at > :frozen AND {_WITHIN.format('c.due_at')}",
        cell="c.cell_id",
    ),
    "activity": _Kind(
        N_("Activities entered later"),
        "a.unit_id",
        """
        SELECT a.id, a.recorded_at AS at, a.kind AS what, a.kind AS what_en, u.name AS unit,
               u.name_en AS unit_en
        FROM activity a JOIN unit u ON u.id = a.unit_id
        """,
        "a.id > :mark AND a.day BETWEEN :first_day AND :last_day",
        "SELECT coalesce(max(id), 0) FROM activity",
        "a.cell_id",
    ),
    "value": _Kind(
        N_("Values of indicators entered later"),
        "v.unit_id",
        """
        SELECT v.indicator_id AS id, v.entered_at AS at, n.name AS what, n.name_en AS what_en,
               u.name AS unit, u.name_en AS unit_en
        FROM indicator_value v JOIN indicator n ON n.id = v.indicator_id
        JOIN unit u ON u.id = v.unit_id
        """,
        "v.id > :mark AND v.last BETWEEN :first_day AND :last_day",
        "SELECT coalesce(max(id), 0) FROM indicator_value",
    ),
    "correction": _Kind(
        N_("Values of indicators corrected later"),
        "x.unit_id",
        """
        SELECT x.indicator_id AS id, x.at, n.name AS what, n.name_en AS what_en, u.name AS unit,
               u.name_en AS unit_en
        FROM indicator_change x JOIN indicator n ON n.id = x.indicator_id
        JOIN unit u ON u.id = x.unit_id
        """,
        "x.id > :mark AND x.last BETWEEN :first_day AND :last_day",
        "SELECT coalesce(max(id), 0) FROM indicator_change",
    ),
}


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
    report : row
        A finished report that the caller has seen.
    marked : dict
        What `marks` returned when it was made.

    Raises
    ------
    ForbiddenError
        If the actor writes no reports.
    NotFoundError
        If the report's area is not the actor's.
    """
    require(actor, Action.WRITE_REPORT)
    # A bulletin of a unit above is read by more people than its records.
    require_unit(actor, report.unit_id)
    zone = clock(session.connection()).zone
    first, after = Span(report.first, report.last).moments(zone)
    found = []
    of_cell = report.kind == "cell_sheet"
    for key, kind in KINDS.items():
        if of_cell and kind.cell is None:
            continue
        where = f"{kind.where} AND {kind.unit} IN {_BELOW}"
        if of_cell:
            where += f" AND {kind.cell} = :cell"
        values = {
            "unit": report.unit_id, "first": first, "after": after, "frozen": report.frozen_at,
            "first_day": report.first, "last_day": report.last, "mark": marked.get(key, 0),
            "limit": MOST, "cell": report.cell_id,
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
