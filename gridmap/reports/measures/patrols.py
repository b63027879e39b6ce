"""The measure of patrols: incidents of each month that a patrol of the month came near to."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.measures.members import placing, read
from gridmap.reports.measures.registry import Group
from gridmap.territory.scope import Scope


def count(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count the coverage of the months that the span touches; see `counting.measured`.

    Months in which nothing was walked anywhere in the town of a community have no coverage:
    patrols that nobody recorded are no patrols that were not walked. The town decides, whatever
    area is asked for, so that a member's value is the same in every evaluation.
    """
    placed = placing(group, "p", "(p.month + interval '1 month - 1 day')::date")
    statement = f"""
        WITH walked AS (
            SELECT u.parent_id AS town, t.month
            FROM patrol_coverage t JOIN unit u ON u.id = t.community_id
            WHERE t.month BETWEEN :first AND :last GROUP BY 1, 2 HAVING sum(t.walked_m) > 0
        )
        SELECT {placed.member} AS member, 'patrols.covered' AS measure,
               sum(p.walked) AS numerator, sum(p.incidents) AS denominator
        FROM patrol_coverage p JOIN unit u ON u.id = p.community_id
        JOIN walked w ON w.town = u.parent_id AND w.month = p.month {placed.joins}
        WHERE {scope.condition("p.community_id")}
        GROUP BY 1 HAVING sum(p.incidents) > 0
    """
    values = {"first": span.first.replace(day=1), "last": span.last, **scope.params}
    return read(session, statement, values)
