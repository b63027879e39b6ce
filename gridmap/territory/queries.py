"""Reads of the territory: cells as of a day, and where they came from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

from sqlalchemy import ColumnElement, Row, Select, literal, select, text, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from gridmap.territory.models import Cell, CellLineage


def valid_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a cell is valid on a day.

    ``IS TRUE`` keeps the planner from the index on validity, which nearly every cell matches.
    """
    return Cell.valid.contains(day).is_(True)


def cells_as_of(day: date) -> Select[Cell]:
    """Select the cells as they were on a day, by code."""
    return select(Cell).where(valid_on(day)).order_by(Cell.code)


def lineage(session: Session, cell_id: int) -> list[Row[tuple[int, str, date, date, str, int]]]:
    """Trace what a cell came from and what became of it.

    Returns
    -------
    list of rows
        ``id``, ``code``, ``valid_from``, ``valid_to``, ``act`` and ``generation``: -1 for its
        parents, 1 for its children, and so on; oldest first.
    """
    up, down = (
        _kin(cell_id, CellLineage.child_id, CellLineage.parent_id, -1),
        _kin(cell_id, CellLineage.parent_id, CellLineage.child_id, 1),
    )
    kin = union_all(up, down).subquery()
    rows = session.execute(
        select(Cell.id, Cell.code, Cell.valid_from, Cell.valid_to, kin.c.act, kin.c.generation)
        .join(kin, kin.c.id == Cell.id)
        .order_by(kin.c.generation, Cell.code)
    )
    return list(rows)


def ancestors(session: Session, cell_id: int) -> list[int]:
    """Return the ids of the cells that a cell came from, over all generations."""
    return [row.id for row in lineage(session, cell_id) if row.generation < 0]


def _kin(
    cell_id: int, known: InstrumentedAttribute[int], sought: InstrumentedAttribute[int], step: int
) -> Select[int, str, int]:
    found = (
        select(sought.label("id"), CellLineage.act.label("act"), literal(step).label("generation"))
        .where(known == cell_id)
        .cte(recursive=True)
    )
    found = found.union(
        select(sought, CellLineage.act, found.c.generation + step).join(found, known == found.c.id)
    )
    return select(found.c.id, found.c.act, found.c.generation)


def outline_collection(
    session: Session, kind: Literal["cell", "unit"], ids: Collection[int]
) -> str:
    """Return the outlines of units or cells as GeoJSON, fit for a map of all of them.

    Parameters
    ----------
    session : Session
    kind : {"cell", "unit"}
    ids : collection of int
        One without an outline is left out.

    Returns
    -------
    str
        A FeatureCollection; features have an ``id``, coordinates five digits (WGS 84).
    """
    return str(
        session.execute(
            text(f"""
                WITH chosen AS (SELECT id, geom FROM {kind} WHERE id = ANY(:ids)
                                AND geom IS NOT NULL),
                extent AS (SELECT ST_Extent(geom) AS box FROM chosen)
                SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(
                    json_agg(json_build_object('type', 'Feature', 'id', id, 'properties',
                        json_build_object(), 'geometry', ST_AsGeoJSON(
                            ST_SimplifyPreserveTopology(geom,
                                greatest(ST_XMax(box) - ST_XMin(box), 0.001) / 2500), 5)::json)
                        ORDER BY id), '[]'))::text
                FROM chosen, extent
            """),  # noqa: S608
            {"ids": list(ids)},
        ).scalar_one()
    )
