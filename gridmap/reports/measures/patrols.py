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

    Months in which nothing was walked anywhere in the area have no coverage: patrols that nobody
    recorded are no patrols that were not walked.
    """
    placed = placing(group, "p", "(p.month + interval '1 month - 1 day')::date")
    statement = f"""
        WITH coverage AS (
            SELECT * FROM patrol_coverage t WHERE t.month BETWEEN :first AND :last
              AND {scope.condition("t.community_id")}
        )
        SELECT {placed.member} AS member, 'patrols.covered' AS measure,
               sum(p.walked) AS numerator, sum(p.incidents) AS denominator
        FROM coverage p {placed.joins}
        WHERE p.month IN (SELECT month FROM coverage GROUP BY month HAVING sum(walked_m) > 0)
        GROUP BY 1 HAVING sum(p.incidents) > 0
    """
    values = {"first": span.first.replace(day=1), "last": span.last, **scope.params}
    return read(session, statement, values)
