"""The measure of incidents."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Question, Span, by_cell
from gridmap.reports.measures.members import placing, read
from gridmap.reports.measures.registry import Group
from gridmap.territory.scope import Scope


def count(
    session: Session, keys: Collection[str], span: Span, group: Group, scope: Scope
) -> pd.DataFrame:
    """Count incidents; see `gridmap.reports.measures.counting.measured`."""
    question = Question(scope, span, _zone(session))
    if group == "cadre":
        return _by_cadre(session, question)
    rows = by_cell(session.connection(), question, None)
    found = pd.DataFrame(
        [(row.cell_id, row.community_id, row.n) for row in rows],
        columns=["cell", "community", "numerator"],
    )
    if group == "town":
        towns = session.execute(text("SELECT id, parent_id FROM unit WHERE level = 'community'"))
        found["town"] = found["community"].map({row.id: row.parent_id for row in towns})
    found["all"] = 0
    summed = found.groupby(group)["numerator"].sum().rename_axis("member").reset_index()
    return summed.assign(measure="incidents.count")


def _zone(session: Session) -> ZoneInfo:
    """Return the town's zone, which one transaction asks for once and not with every span."""
    if "time_zone" not in session.info:
        found = session.execute(text("SELECT time_zone FROM territory_settings"))
        session.info["time_zone"] = ZoneInfo(found.scalar_one())
    zone: ZoneInfo = session.info["time_zone"]
    return zone


def _by_cadre(session: Session, question: Question) -> pd.DataFrame:
    placed = placing("cadre", "t", "local_date(t.occurred_at)")
    statement = f"""
        SELECT {placed.member} AS member, 'incidents.count' AS measure, count(*) AS numerator
        FROM incident t {placed.joins}
        WHERE t.occurred_at >= :first AND t.occurred_at < :after AND {question.condition()}
        GROUP BY 1
    """
    return read(session, statement, question.values())
