"""Who belongs to a group, and to which member a row of the records belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.departments import ANSWERS_FOR
from gridmap.incidents.statistics import Span
from gridmap.patrols.shifts.queries import OVER
from gridmap.reports.activities.figures import units_in
from gridmap.reports.measures.registry import Group
from gridmap.territory.scope import Scope

_SPAN = "daterange(CAST(:first AS date), CAST(:last AS date), '[]')"
#: The condition on teams ``t`` of an area, with ``units`` from `figures.units_in`.
TEAMS_IN = "(CAST(:units AS bigint[]) IS NULL OR t.unit_id = ANY(:units))"
# Micro cells divide basic ones, which hold what happens in them.
_MEMBERS: dict[Group, str] = {
    "cell": f"""SELECT c.id FROM cell c
        WHERE c.kind <> 'micro' AND (c.valid && {_SPAN}) IS TRUE AND {{scope}}""",
    "cadre": f"""SELECT DISTINCT a.cadre_id FROM assignment a JOIN cell c ON c.id = a.cell_id
        WHERE a.role = 'responsible' AND a.period * c.valid && {_SPAN} AND {{scope}}""",
    # Closed ones too; a team of one is a person, whom nobody evaluates.
    "team": f"""SELECT s.team_id FROM shift s JOIN team t ON t.id = s.team_id
        JOIN shift_member m ON m.shift_id = s.id
        WHERE {OVER} AND s.day BETWEEN :first AND :last AND {TEAMS_IN}
        GROUP BY s.team_id HAVING count(DISTINCT m.cadre_id) > 1""",
    "community": "SELECT c.community_id FROM ({units}) c WHERE {scope}",
    "town": "SELECT DISTINCT c.town_id FROM ({units}) c WHERE {scope}",
    # Those too that were closed since, if they answered for anything then.
    "department": f"""SELECT id FROM department d WHERE active OR EXISTS (
        SELECT FROM department_category c WHERE c.department_id = d.id AND c.period && {_SPAN})""",
    "all": "SELECT 0",
}
_UNITS = "SELECT id AS community_id, parent_id AS town_id FROM unit WHERE level = 'community'"


@dataclass(frozen=True)
class Placing:
    """How rows find their member: what is joined to them, and the member's id."""

    joins: str
    member: str


def members(session: Session, span: Span, group: Group, scope: Scope) -> Sequence[int]:
    """Return the ids of a group's members in an area at any time of a span, in order."""
    statement = _MEMBERS[group].format(units=_UNITS, scope=scope.condition("c.community_id"))
    values = {"first": span.first, "last": span.last, **scope.params}
    if group == "team":
        values["units"] = units_in(session, scope)
    return session.scalars(text(f"{statement} ORDER BY 1"), values).all()


def placing(group: Group, row: str, day: str) -> Placing:
    """Tell how rows find their member.

    Parameters
    ----------
    group : Group
        Not teams, whose records name them.
    row : str
        Their name in the statement; with ``cell_id``, ``community_id`` and, for departments,
        ``category_id``.
    day : str
        The local day, in SQL, on which a cadre or a department answers for them.
    """
    if group == "town":
        return Placing(f"JOIN unit lies ON lies.id = {row}.community_id", "lies.parent_id")
    if group == "cadre":
        held = f"held.cell_id = {row}.cell_id AND held.role = 'responsible'"
        return Placing(f"JOIN assignment held ON {held} AND held.period @> {day}", "held.cadre_id")
    if group == "department":
        answers = f"JOIN ({ANSWERS_FOR}) answers ON answers.category_id = {row}.category_id"
        return Placing(f"{answers} AND answers.period @> {day}", "answers.department_id")
    column = {"cell": "cell_id", "community": "community_id"}.get(group)
    return Placing("", f"{row}.{column}" if column else "0")


def read(session: Session, statement: str, values: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of a statement as a frame."""
    result = session.execute(text(statement), values)
    return pd.DataFrame(result.all(), columns=list(result.keys()))
