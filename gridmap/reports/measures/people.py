"""Measures of people: the counts of buildings, as they were told last by the span's end.

What a building had before its first count is not known, and nothing is made up for it: it leaves
the sums, that of buildings too, which are those with a count.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.measures.members import placing, read
from gridmap.reports.measures.registry import Group
from gridmap.territory.scope import Scope

NAMES = ("buildings", "households", "residents", "temporary_residents", "rented_homes")
# The sums that triggers keep are the newest; for an earlier day each building is looked up. Of the
# two only the one is begun that is asked for.
_COUNTS = """
    WITH newer AS MATERIALIZED (
        SELECT EXISTS (SELECT FROM building_count WHERE month > :last) AS found
    )
    SELECT p.cell_id, p.community_id, p.buildings, p.households, p.residents,
           p.temporary_residents, p.rented_homes
    FROM people_count p WHERE NOT (SELECT found FROM newer) AND {scope}
    UNION ALL
    SELECT p.cell_id, p.community_id, 1, n.households, n.residents, n.temporary_residents,
           n.rented_homes
    FROM building p JOIN LATERAL (
        SELECT * FROM building_count n WHERE n.building_id = p.id AND n.month <= :last
        ORDER BY n.month DESC LIMIT 1) n ON true
    WHERE (SELECT found FROM newer) AND {scope}
"""


def count(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count people; see `gridmap.reports.measures.counting.measured`."""
    values = {"last": span.last, **scope.params}
    placed = placing(group, "p", "CAST(:last AS date)")
    sums = ", ".join(f"sum(p.{name})::bigint AS {name}" for name in NAMES)
    statement = f"""
        SELECT {placed.member} AS member, {sums}
        FROM ({_COUNTS.format(scope=scope.condition("p.community_id"))}) p {placed.joins}
        GROUP BY 1
    """
    found = read(session, statement, values)
    if found.empty:
        return found
    long = found.melt("member", NAMES, "measure", "numerator")
    long["measure"] = "people." + long["measure"]
    return long[long["measure"].isin(list(keys))]
