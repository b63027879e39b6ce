"""Measures of cases: those due in a span, and the disputes among them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from gridmap.incidents.cases.rates import COUNTS, DUE
from gridmap.incidents.statistics import Span
from gridmap.reports.measures.members import placing, read
from gridmap.reports.measures.registry import DISPUTES, Group
from gridmap.territory.scope import Scope

_RATES = ("closed", "on_time", "returned", "reopened")
_TIMES = ("to_dispatch", "to_close")
# The first time that somebody was sent; where it is given to another later, the first counts.
_DISPATCHED = """
    LEFT JOIN LATERAL (
        SELECT min(s.at) AS at FROM case_step s WHERE s.case_id = c.id AND s.act = 'dispatch'
    ) sent ON true
"""
_HOURS = {
    "to_dispatch": "extract(epoch FROM sent.at - c.opened_at)::float8 / 3600",
    "to_close": """CASE WHEN c.ended_at <= CAST(:now AS timestamptz)
        THEN extract(epoch FROM c.ended_at - c.opened_at)::float8 / 3600 END""",
}


def count(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count the cases due; see `gridmap.reports.measures.counting.measured`."""
    times = [name for name in _TIMES if any(key.startswith(f"cases.{name}") for key in keys)]
    # Continuous percentiles, between two cases by proportion, as spreadsheets work them out.
    columns = [
        f"count({_HOURS[name]}) AS {name}_n, "
        f"percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {_HOURS[name]}) AS {name}"
        for name in times
    ]
    placed = placing(group, "c", "local_date(c.due_at)")
    statement = f"""
        SELECT {placed.member} AS member, {COUNTS}, count(*) FILTER (WHERE c.returned > 0)
               AS returned, count(*) FILTER (WHERE c.reopened > 0) AS reopened
               {"".join(f", {column}" for column in columns)}
        FROM incident_case c {placed.joins} {_DISPATCHED if "to_dispatch" in times else ""}
        WHERE {DUE} AND {scope.condition("c.community_id")} GROUP BY 1
    """
    found = read(session, statement, _values(span, scope))
    if found.empty:
        return found
    parts = []
    if "cases.due" in keys:
        parts.append(found[["member"]].assign(measure="cases.due", numerator=found["due"]))
    for name in _RATES:
        if f"cases.{name}" in keys:
            part = found[["member"]].assign(measure=f"cases.{name}", numerator=found[name])
            parts.append(part.assign(denominator=found["due"]))
    for name in times:
        for nth, share in enumerate(("p50", "p90")):
            key = f"cases.{name}_{share}"
            if key in keys:
                part = found[["member"]].assign(measure=key, numerator=found[f"{name}_n"])
                parts.append(part.assign(hours=found[name].str[nth].astype("float64")))
    return pd.concat(parts) if parts else found[["member"]].iloc[:0]


def count_disputes(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count the disputes due, and those of them that are settled by now."""
    placed = placing(group, "c", "local_date(c.due_at)")
    statement = f"""
        WITH RECURSIVE disputes AS (
            SELECT id FROM category WHERE code = :disputes
            UNION ALL SELECT k.id FROM category k JOIN disputes d ON k.parent_id = d.id
        )
        SELECT member, 'disputes.settled' AS measure, closed AS numerator, due AS denominator
        FROM (
            SELECT {placed.member} AS member, {COUNTS} FROM incident_case c {placed.joins}
            WHERE {DUE} AND c.category_id IN (SELECT id FROM disputes)
              AND {scope.condition("c.community_id")} GROUP BY 1
        ) AS counted
    """
    values = {**_values(span, scope), "disputes": DISPUTES}
    return read(session, statement, values)


def _values(span: Span, scope: Scope) -> dict[str, Any]:
    return {"first": span.first, "last": span.last, "now": datetime.now(UTC), **scope.params}
