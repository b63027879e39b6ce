"""The measures of activities: sweeps and inspections done of those that were due."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.activities.figures import done_of_due
from gridmap.reports.measures.registry import Group
from gridmap.territory.scope import Scope

_KINDS = {"sweep": "sweeps.done", "inspection": "inspections.done"}


def count(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count activities; see `gridmap.reports.measures.counting.measured`."""
    rows = [
        (row.member, _KINDS[row.kind], row.done, row.due)
        for row in done_of_due(session, span, scope, group)
        if row.kind in _KINDS
    ]
    found = pd.DataFrame(rows, columns=["member", "measure", "numerator", "denominator"])
    return found[found["measure"].isin(list(keys))]
