"""Figures of activities for evaluation and reports: done of due, and sums of counts.

A period of a plan is due in a span if it ends in it and is over, or ends in it and was done
already; it is done where an activity of the plan's kind lies in it, at that cell, community, unit
or place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.activities.due import duties, plans_of
from gridmap.reports.activities.kinds import COUNTS, KINDS
from gridmap.territory.scope import Scope
from gridmap.workforce.cell_list import today

Group = Literal["cell", "cadre", "team", "community", "town", "department", "all"]

# The member of each group, and what its duties are joined with.
_GROUPS: Mapping[str, tuple[str, str]] = {
    "cell": ("duty.cell_id", "WHERE duty.cell_id IS NOT NULL"),
    "cadre": (
        "r.cadre_id",
        """JOIN assignment r ON r.cell_id = duty.cell_id AND r.role = 'responsible'
            AND r.period @> duty.ends""",
    ),
    "community": ("u.id", "JOIN unit u ON u.id = duty.unit_id AND u.level = 'community'"),
    "town": (
        "CASE u.level WHEN 'town' THEN u.id ELSE u.parent_id END",
        "JOIN unit u ON u.id = duty.unit_id AND u.level <> 'county'",
    ),
    "all": ("CAST(0 AS bigint)", ""),
}


@dataclass(frozen=True)
class Done:
    """How much of what was due of a kind is done; ``member`` is an id of the group, 0 for all."""

    member: int
    kind: str
    due: int
    done: int


@dataclass(frozen=True)
class Total:
    """The activities of a kind and the sums of its counts, by keys of `kinds.COUNTS`."""

    kind: str
    activities: int
    counts: Mapping[str, int]


def done_of_due(session: Session, span: Span, scope: Scope, group: Group) -> Sequence[Done]:
    """Tell how much was due and done, by member of a group and kind.

    What is planned for communities counts for no cell and no cadre, since nobody knows whose it
    is; what is planned for places and cells counts for the cell and who was responsible for it on
    the period's last day. Departments and teams have no activities of their own: their rows
    are none.

    Parameters
    ----------
    session : Session
    span : Span
        Local days, both included.
    scope : Scope
        The communities; towns and counties count where all of theirs are in it.
    group : Group
    """
    if group not in _GROUPS:
        return []
    asked = duties(
        plans_of(session), span, today(session), _units("u.id"), "(d.ends < :today OR d.n > 0)"
    )
    member, source = _GROUPS[group]
    rows = session.execute(
        text(f"""
            {asked.sql} SELECT {member} AS member, duty.kind, count(*) AS due, count(n) AS done
            FROM duty {source} GROUP BY 1, 2 ORDER BY 1, 2
        """),
        {**asked.params, "units": units_in(session, scope)},
    )
    return [Done(*row) for row in rows]


def totals(session: Session, span: Span, scope: Scope) -> Sequence[Total]:
    """Count the activities of a span by kind, and sum their counts; kinds without any are left out.

    ``notices`` and ``corrected`` are those of the inspections of the span, whenever corrected.
    """
    sums = ", ".join(f"sum({name}) AS {name}" for name in COUNTS)
    rows = session.execute(
        text(f"""
            SELECT kind, count(*) AS activities, {sums} FROM activity a
            WHERE day BETWEEN :first AND :last AND {_units("a.unit_id")} GROUP BY kind ORDER BY kind
        """),
        {"first": span.first, "last": span.last, "units": units_in(session, scope)},
    )
    return [
        Total(
            row.kind,
            row.activities,
            {name: int(getattr(row, name) or 0) for name in KINDS[row.kind].counts},
        )
        for row in rows
    ]


def units_in(session: Session, scope: Scope) -> list[int] | None:
    """Return the communities of a scope and the units all of whose communities it has.

    None stands for all units there are.
    """
    if scope.communities is None:
        return None
    rows = session.scalars(
        text("""
            WITH RECURSIVE above AS (
                SELECT id, id AS community FROM unit WHERE level = 'community'
                UNION ALL
                SELECT u.parent_id, a.community FROM above a JOIN unit u ON u.id = a.id
                WHERE u.parent_id IS NOT NULL
            ) SELECT id FROM above GROUP BY id HAVING bool_and(community = ANY(:scope)) ORDER BY id
        """),
        scope.params,
    )
    return list(rows)


def _units(unit: str) -> str:
    return f"(CAST(:units AS bigint[]) IS NULL OR {unit} = ANY(:units))"
