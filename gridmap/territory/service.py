"""Acts on cells that keep their history: redraw, split and merge.

Each closes the old rows on a day and opens new ones that know their parents; triggers then link
what happened from that day on. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np
import shapely
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Polygon
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, guarded
from gridmap.territory.codes import CodeScheme
from gridmap.territory.models import Cell, CellLineage, TerritorySettings, Unit

Outline = Polygon | MultiPolygon


@dataclass(frozen=True)
class Part:
    """One of the cells that a cell is split into; without a code it gets the next one."""

    outline: Outline
    name: str = ""
    code: str | None = None


def redraw(session: Session, outlines: Mapping[int, Outline], on: date) -> list[Cell]:
    """Give cells new outlines from a day on; codes and names stay.

    Parameters
    ----------
    session : Session
        The transaction of the act.
    outlines : Mapping[int, Outline]
        The new outline of each cell by its id, lon/lat in WGS 84. A border between neighbours
        is moved by naming both.
    on : date
        The first day of the new outlines; today or earlier.

    Returns
    -------
    list of Cell
        The new cells, in the order of ``outlines``.

    Raises
    ------
    NotFoundError
        If a cell does not exist.
    ConflictError
        If a cell is closed, or the outlines overlap others or leave their community.
    """
    parents = _open_cells(session, list(outlines), on)
    children = [
        _successor(parent, outline, parent.code, parent.name)
        for parent, outline in zip(parents, outlines.values(), strict=True)
    ]
    pairs = [(number, number) for number in range(len(parents))]
    return _replace(session, parents, children, pairs, "redraw", on)


def split(
    session: Session, cell_id: int, parts: Sequence[Part], on: date, scheme: CodeScheme
) -> list[Cell]:
    """Divide a cell into parts that together cover it, from a day on.

    Raises
    ------
    GridmapError
        If there are fewer than two parts, or they do not cover the cell within the tolerance.
    NotFoundError, ConflictError
        As for :func:`redraw`.
    """
    if len(parts) < 2:
        raise GridmapError(Message("A cell is split into two parts or more."))
    parents = _open_cells(session, [cell_id], on)
    _check_cover(session, parents[0], parts)
    codes = _complete_codes(session, parents[0].community_id, parts, scheme)
    children = [
        _successor(parents[0], part.outline, code, part.name)
        for part, code in zip(parts, codes, strict=True)
    ]
    pairs = [(0, number) for number in range(len(children))]
    return _replace(session, parents, children, pairs, "split", on)


def merge(
    session: Session,
    cell_ids: Sequence[int],
    on: date,
    scheme: CodeScheme,
    *,
    name: str = "",
    code: str | None = None,
) -> Cell:
    """Join cells of one community and kind into one, from a day on.

    Raises
    ------
    GridmapError
        If there are fewer than two cells, or they differ in community or kind.
    NotFoundError, ConflictError
        As for :func:`redraw`.
    """
    if len(set(cell_ids)) < 2:
        raise GridmapError(Message("Two cells or more are needed for a merge."))
    parents = _open_cells(session, cell_ids, on)
    if len({(parent.community_id, parent.kind) for parent in parents}) > 1:
        raise GridmapError(Message("Only cells of one community and of one kind can be merged."))
    union = select(func.ST_AsBinary(func.ST_Multi(func.ST_Union(Cell.geom))))
    outline = shapely.from_wkb(session.scalars(union.where(Cell.id.in_(cell_ids))).one())
    part = Part(cast(MultiPolygon, outline), name, code)
    [code] = _complete_codes(session, parents[0].community_id, [part], scheme)
    child = _successor(parents[0], part.outline, code, name)
    pairs = [(number, 0) for number in range(len(parents))]
    return _replace(session, parents, [child], pairs, "merge", on)[0]


def _open_cells(session: Session, cell_ids: Sequence[int], on: date) -> list[Cell]:
    """Lock the cells and make sure that each can be closed on the day."""
    today = session.scalar(select(func.local_date(func.now())))
    if today is not None and on > today:
        raise GridmapError(
            Message("{day} lies in the future: make the change on that day or after it.", day=on)
        )
    rows = session.scalars(
        select(Cell).where(Cell.id.in_(cell_ids)).order_by(Cell.id).with_for_update()
    )
    found = {cell.id: cell for cell in rows}
    for cell_id in cell_ids:
        cell = found.get(cell_id)
        if cell is None:
            raise NotFoundError(Message("There is no cell with the id {id}.", id=cell_id))
        if cell.valid_to is not None:
            raise ConflictError(
                Message(
                    "Cell {code} was closed on {day}. Work with the cell that followed it.",
                    code=cell.code,
                    day=cell.valid_to,
                )
            )
        if cell.valid_from is not None and on <= cell.valid_from:
            raise ConflictError(
                Message(
                    "Cell {code} is valid only since {day}: choose a later day.",
                    code=cell.code,
                    day=cell.valid_from,
                )
            )
    return [found[cell_id] for cell_id in cell_ids]


def _check_cover(session: Session, parent: Cell, parts: Sequence[Part]) -> None:
    together = from_shape(shapely.union_all([part.outline for part in parts]), srid=4326)
    area = session.scalar(
        select(func.ST_Area(func.geography(func.ST_SymDifference(Cell.geom, together)))).where(
            Cell.id == parent.id
        )
    )
    tolerance = session.scalars(select(TerritorySettings.overlap_tolerance_m2)).one()
    if area is not None and area > tolerance:
        raise GridmapError(
            Message(
                "The parts differ from cell {code} by {area_m2} m²; up to {tolerance_m2} m² is "
                "tolerated. Draw them so that together they cover the cell exactly.",
                code=parent.code,
                area_m2=round(area, 1),
                tolerance_m2=tolerance,
            )
        )


def _complete_codes(
    session: Session, community_id: int, parts: Sequence[Part], scheme: CodeScheme
) -> list[str]:
    """Check the codes given and number the parts that have none."""
    community = session.scalars(select(Unit.code).where(Unit.id == community_id)).one()
    for part in parts:
        fault = scheme.fault(part.code, community) if part.code is not None else None
        if fault is not None:
            raise GridmapError(fault)
    given = [part.code for part in parts if part.code is not None]
    taken = session.scalars(select(Cell.code).where(Cell.community_id == community_id))
    points = shapely.get_coordinates(
        [shapely.point_on_surface(part.outline) for part in parts if part.code is None]
    )
    new = iter(scheme.number(community, points.astype(np.float64), {*taken, *given}))
    return [part.code if part.code is not None else next(new) for part in parts]


def _successor(parent: Cell, outline: Outline, code: str, name: str) -> dict[str, Any]:
    whole = outline if isinstance(outline, MultiPolygon) else MultiPolygon([outline])
    if not whole.is_valid or whole.is_empty:
        raise GridmapError(
            Message(
                "The outline of cell {code} is not a valid area: {reason}.",
                code=code,
                reason=shapely.is_valid_reason(whole),
            )
        )
    return {
        "code": code,
        "kind": parent.kind,
        "name": name,
        "community_id": parent.community_id,
        "geom": from_shape(whole, srid=4326),
    }


def _replace(
    session: Session,
    parents: Sequence[Cell],
    children: Sequence[dict[str, Any]],
    pairs: Sequence[tuple[int, int]],
    act: str,
    on: date,
) -> list[Cell]:
    """Close the parents, open the children and record who came from whom."""
    with guarded():
        for parent in parents:
            parent.valid_to = on
        session.flush()
        opened = list(
            session.scalars(
                insert(Cell).returning(Cell, sort_by_parameter_order=True),
                [{**child, "valid_from": on} for child in children],
            )
        )
        session.execute(
            insert(CellLineage),
            [{"parent_id": parents[p].id, "child_id": opened[c].id, "act": act} for p, c in pairs],
        )
    return opened
