"""How much each cadre answers for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.models import WorkforceSettings
from gridmap.workforce.rights import Actor


class Band(StrEnum):
    """Where a load lies against the band of the settings."""

    NONE = "none"
    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"


@dataclass(frozen=True)
class Tasks:
    """What counts as open work in a cell, told by the capability that knows it.

    Attributes
    ----------
    sql : str
        A query of ``cell_id`` and ``n``, one row for each cell that has any.
    params : dict
        Its values; names begin with ``task_``.
    """

    sql: str = "SELECT NULL::bigint AS cell_id, 0 AS n WHERE false"
    params: dict[str, object] | None = None


@dataclass(frozen=True)
class Load:
    """What one cadre answers for, in the reader's area; area in m²."""

    cadre_id: int
    name: str
    kind: str
    unit_id: int
    unit: str
    unit_en: str | None
    cells: int
    households: int
    residents: int
    tasks: int
    area_m2: float
    band: Band


def workload(
    session: Session,
    actor: Actor,
    day: date,
    tasks: Tasks | None = None,
    *,
    cadre_ids: Collection[int] | None = None,
    band: Band | None = None,
) -> Sequence[Load]:
    """Return the load of each cadre of the actor's area, by unit and name.

    Counted are the cells for which the cadre is responsible on the day, with the newest counts of
    the buildings in them. Part-time cadres and volunteers are listed only if they hold a cell.

    Parameters
    ----------
    session : Session
    actor : Actor
    day : date
    tasks : Tasks, optional
        What counts as open work.
    cadre_ids : collection of int, optional
        Only these, as a page of a list needs.
    band : Band, optional
        Only loads that lie there.

    Returns
    -------
    sequence of Load
    """
    tasks = tasks or Tasks()
    params: dict[str, Any] = {"band": band and band.value}
    if cadre_ids is not None:
        params["cadres"] = list(cadre_ids)

    def chosen(column: str) -> str:
        return "true" if cadre_ids is None else f"{column} = ANY(:cadres)"

    # Without a choice nearly all cells are held: adding all up is quicker than looking for each.
    chosen_cells = "true" if cadre_ids is None else "cell_id IN (SELECT cell_id FROM held)"
    rows = session.execute(
        text(f"""
            WITH held AS MATERIALIZED (
                SELECT a.cadre_id, c.id AS cell_id, c.area_m2
                FROM assignment a JOIN cell c ON c.id = a.cell_id
                WHERE a.role = 'responsible' AND a.period @> CAST(:day AS date)
                  AND (c.valid @> CAST(:day AS date)) IS TRUE
                  AND {actor.scope.condition("c.community_id")} AND {chosen("a.cadre_id")}
            ), people AS (
                SELECT cell_id, sum(households) AS households, sum(residents) AS residents
                FROM people_count WHERE {chosen_cells} GROUP BY cell_id
            ), tasks AS ({tasks.sql}
            )
            SELECT * FROM (SELECT d.id AS cadre_id, d.name, d.kind, d.unit_id, u.name AS unit,
                   u.name_en AS unit_en,
                   count(h.cell_id) AS cells, coalesce(sum(p.households), 0)::bigint AS households,
                   coalesce(sum(p.residents), 0)::bigint AS residents,
                   coalesce(sum(t.n), 0)::bigint AS tasks,
                   coalesce(sum(h.area_m2), 0) AS area_m2,
                   CASE WHEN count(h.cell_id) = 0 THEN 'none'
                        WHEN coalesce(sum(p.households), 0) > s.band_high THEN 'above'
                        WHEN coalesce(sum(p.households), 0) < s.band_low THEN 'below'
                        ELSE 'within' END AS band
            FROM cadre d JOIN unit u ON u.id = d.unit_id CROSS JOIN workforce_settings s
            LEFT JOIN held h ON h.cadre_id = d.id
            LEFT JOIN people p USING (cell_id) LEFT JOIN tasks t USING (cell_id)
            WHERE {unit_condition(actor, "d.unit_id")} AND {chosen("d.id")}
              AND (h.cell_id IS NOT NULL OR (d.active AND d.kind = 'full_time'))
            GROUP BY d.id, u.id, s.id ORDER BY u.code, d.name, d.id
            ) AS loads WHERE {"true" if band is None else "band = :band"}
        """),  # noqa: S608 - All parts are written by us.
        {"day": day, **actor.scope.params, **unit_params(actor), **(tasks.params or {})} | params,
    ).all()
    bands = {band.value: band for band in Band}
    # The columns are those of a load; by name, thousands of them would take three times as long.
    return [Load(*(*row[:-1], bands[row.band])) for row in rows]


def load_band(session: Session) -> tuple[int, int]:
    """Return how many households a cadre should answer for: at least, and at most."""
    settings = session.scalars(select(WorkforceSettings)).one()
    return settings.band_low, settings.band_high
