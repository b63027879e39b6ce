"""How many cases were due, closed, and closed in time: the rates divide by the cases due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.filters import Wanted, conditions
from gridmap.workforce.rights import Actor

Group = Literal["unit", "category", "assignee", "month"]

_GROUPS: dict[Group, str] = {
    "unit": "c.community_id",
    "category": "c.category_id",
    "assignee": "c.assignee_id",
    "month": "to_char(c.due_at AT TIME ZONE (SELECT time_zone FROM territory_settings), 'YYYY-MM')",
}

# A case is due 应结案 in the period in which its deadline lies, whenever it was opened; one that
# was withdrawn is nobody's to close. What is closed later still counts as closed, as of now.
#: Counts of cases ``c`` as of ``:now``.
COUNTS = """
    count(*) AS due,
    count(*) FILTER (WHERE c.ended_at <= CAST(:now AS timestamptz)) AS closed,
    count(*) FILTER (WHERE c.ended_at <= CAST(:now AS timestamptz) AND c.ended_at <= c.due_at)
        AS on_time
"""
#: Which cases ``c`` were due from the local day ``:first`` to ``:last``.
DUE = """c.step <> 'withdrawn'
    AND c.due_at >= CAST(:first AS date)::timestamp
        AT TIME ZONE (SELECT time_zone FROM territory_settings)
    AND c.due_at < (CAST(:last AS date) + 1)::timestamp
        AT TIME ZONE (SELECT time_zone FROM territory_settings)"""
_FROM = f"FROM incident_case c WHERE {DUE} AND {{where}}"


@dataclass(frozen=True)
class Rates:
    """The cases due in a period, and what became of them.

    Attributes
    ----------
    due, closed, on_time : int
        应结案数, 结案数, 按期结案数.
    """

    due: int
    closed: int
    on_time: int

    @property
    def closed_rate(self) -> Decimal | None:
        """Return 结案率 in per cent with two digits, rounded half up; None if none was due."""
        return percent(self.closed, self.due)

    @property
    def on_time_rate(self) -> Decimal | None:
        """Return 按期结案率, as `closed_rate`."""
        return percent(self.on_time, self.due)


def percent(part: int, whole: int) -> Decimal | None:
    """Return a share in per cent with two digits, rounded half up; None of nothing."""
    if whole == 0:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)


def rates(
    session: Session,
    actor: Actor,
    first: date,
    last: date,
    wanted: Wanted | None = None,
    *,
    now: datetime | None = None,
) -> Rates:
    """Count the cases of the actor's area that were due in a period.

    Parameters
    ----------
    session : Session
    actor : Actor
    first, last : date
        The first and the last day of the period, in the town.
    wanted : Wanted, optional
        Only these cases.
    now : datetime, optional
    """
    where, values = conditions(wanted or Wanted(), actor)
    row = session.execute(
        text(f"SELECT {COUNTS} {_FROM.format(where=where)}"),
        values | {"first": first, "last": last, "now": now or datetime.now(UTC)},
    ).one()
    return Rates(**row._mapping)


def rates_by(
    session: Session,
    actor: Actor,
    group: Group,
    first: date,
    last: date,
    wanted: Wanted | None = None,
    *,
    now: datetime | None = None,
) -> Sequence[Row[Any]]:
    """Count as `rates`, for each community, category, cadre or month.

    Returns
    -------
    sequence of rows
        ``key`` (an id, or the month as ``2026-11``), ``due``, ``closed``, ``on_time``,
        ``closed_rate`` and ``on_time_rate`` (per cent, rounded half up), by key.
    """
    where, values = conditions(wanted or Wanted(), actor)
    return session.execute(
        text(f"""
            SELECT key, due, closed, on_time, round(100.0 * closed / due, 2) AS closed_rate,
                   round(100.0 * on_time / due, 2) AS on_time_rate
            FROM (SELECT {_GROUPS[group]} AS key, {COUNTS} {_FROM.format(where=where)} GROUP BY 1)
            AS counted ORDER BY key
        """),
        values | {"first": first, "last": last, "now": now or datetime.now(UTC)},
    ).all()
