"""The list of plans of activities that repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.reports.activities.queries import units_below
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

#: Plans on one page.
PAGE = 50
PlanSort = Literal["state", "kind", "unit", "starts", "ends"]
_ORDERS: Mapping[PlanSort, str] = {
    "state": "over {way}, u.code, p.kind, p.id",
    "kind": "p.kind {way}, u.code, p.id",
    "unit": "u.code {way}, p.kind, p.id",
    "starts": "p.starts {way}, p.id",
    # Without a last day a plan ends after all others.
    "ends": "coalesce(p.ends, 'infinity') {way}, p.id",
}
SORTS: tuple[PlanSort, ...] = ("state", "kind", "unit", "starts", "ends")


@dataclass(frozen=True)
class PlansWanted:
    """Which plans a list shows; what is left out does not matter.

    Attributes
    ----------
    words : str
        Part of the note or of the name or code of the unit.
    kind : str or None
    unit_id : int or None
        A unit, with all units below it.
    sort : {"state", "kind", "unit", "starts", "ends"}
        By state those under way come first.
    descending : bool
    """

    words: str = ""
    kind: str | None = None
    unit_id: int | None = None
    sort: PlanSort = "state"
    descending: bool = False


def list_plans(
    session: Session, actor: Actor, wanted: PlansWanted, page: int = 1
) -> tuple[Sequence[Row[Any]], int]:
    """Return a page of the plans of the actor's area, and how many there are in all.

    Parameters
    ----------
    session : Session
    actor : Actor
    wanted : PlansWanted
    page : int
        The first is 1.

    Returns
    -------
    sequence of rows, int
        The plan with ``unit`` and ``unit_en`` by name, and whether it is ``over``.
    """
    where, params = _conditions(session, actor, wanted)
    order = _ORDERS[wanted.sort].format(way="DESC" if wanted.descending else "ASC")
    rows = session.execute(
        text(f"""
            SELECT p.*, u.name AS unit, u.name_en AS unit_en,
                   coalesce(p.ends < local_date(now()), false) AS over
            FROM activity_plan p JOIN unit u ON u.id = p.unit_id
            WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset
        """),
        {**params, "limit": PAGE, "offset": (page - 1) * PAGE},
    ).all()
    total = session.execute(
        text(f"SELECT count(*) FROM activity_plan p JOIN unit u ON u.id = p.unit_id WHERE {where}"),
        params,
    ).scalar_one()
    return rows, total


def _conditions(session: Session, actor: Actor, wanted: PlansWanted) -> tuple[str, dict[str, Any]]:
    conditions = [unit_condition(actor, "p.unit_id")]
    params: dict[str, Any] = unit_params(actor)
    if wanted.kind is not None:
        conditions.append("p.kind = :kind")
        params["kind"] = wanted.kind
    if wanted.unit_id is not None:
        conditions.append("p.unit_id = ANY(:below)")
        params["below"] = units_below(session, wanted.unit_id)
    if words := wanted.words.strip().lower():
        conditions.append(
            "strpos(lower(concat_ws(E'\\n', u.name, u.name_en, u.code, p.note)), :words) > 0"
        )
        params["words"] = words
    return " AND ".join(conditions), params
