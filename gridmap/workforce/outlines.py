"""Changes of cells' outlines on behalf of a person: within the area, by right, and in the log.

What is drawn is never stored as it is. A line cuts the cell, and an area is added to it and taken
from its neighbours, so that no gap or overlap can come of a hand that was not steady.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import cos, radians
from typing import Any

import shapely
from shapely import Geometry, MultiPolygon, Polygon
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.territory import service
from gridmap.territory.codes import code_scheme
from gridmap.territory.models import Cell
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

#: A cell smaller than this comes of a slip of the hand.
LEAST_M2 = 100
#: Splinters of less than this are left where they are.
_SPLINTER_M2 = 1
_METRES = 111_320


@dataclass(frozen=True)
class Redraw:
    """An area that comes to the cell, or its whole new outline; neighbours lose what it takes."""

    area: Geometry
    whole: bool = False


@dataclass(frozen=True)
class Split:
    """A line across the cell, and the names of the parts from west to east."""

    line: Geometry
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Merge:
    """The cells that are joined with the cell, and what the whole is called."""

    others: Sequence[int]
    name: str = ""


def change_outline(
    session: Session,
    actor: Actor,
    cell_id: int,
    change: Redraw | Split | Merge,
    on: date,
    *,
    scheme: str = "digits15",
) -> list[Cell]:
    """Redraw, split or merge a cell from a day on; the rows before keep what was.

    Parameters
    ----------
    session : Session
        Nothing is committed; to look at what would be, roll back.
    actor : Actor
    cell_id : int
    change : Redraw, Split or Merge
    on : date
        The first day of the new outlines.
    scheme : str
        What numbers new cells.

    Returns
    -------
    list of Cell
        The new cells.

    Raises
    ------
    ForbiddenError
        If the actor may not change cells.
    NotFoundError
        If a cell does not exist in the actor's area.
    GridmapError, ConflictError
        If what was drawn makes no cells, or as `territory.service`.
    """
    require(actor, Action.EDIT_CELLS)
    others = change.others if isinstance(change, Merge) else ()
    found = _found(session, actor, [cell_id, *others])
    if isinstance(change, Merge):
        opened = [
            service.merge(
                session, list(found), on, code_scheme(scheme), name=change.name.strip()
            )
        ]  # fmt: skip
    elif isinstance(change, Split):
        parts = _parts(found[cell_id], change)
        opened = service.split(session, cell_id, parts, on, code_scheme(scheme))
    else:
        outlines = _moved(session, found[cell_id], change)
        found = _found(session, actor, list(outlines))
        opened = service.redraw(session, outlines, on)
    act = f"cell.{type(change).__name__.lower()}"
    before = {"cells": [row.code for row in found.values()]}
    after = {"cells": [cell.code for cell in opened], "starts": on}
    audit.record(session, actor, act, ("cell", cell_id), before, after)
    return opened


def outcome(session: Session, ids: Sequence[int], day: date) -> Sequence[Row[Any]]:
    """Return new cells as people compare them: outline, area, buildings and who answers."""
    return session.execute(
        text("""
            SELECT c.id, c.code, c.name, ST_AsGeoJSON(c.geom, 6) AS geojson,
                   ST_Area(c.geom::geography) AS area_m2, b.buildings, b.households, d.name AS cadre
            FROM cell c
            CROSS JOIN LATERAL (
                SELECT count(*) AS buildings, coalesce(sum(n.households), 0) AS households
                FROM building b LEFT JOIN LATERAL (
                    SELECT households FROM building_count WHERE building_id = b.id
                    ORDER BY month DESC LIMIT 1
                ) n ON true WHERE b.cell_id = c.id
            ) b
            LEFT JOIN assignment a ON a.cell_id = c.id AND a.role = 'responsible'
                AND a.starts <= :day AND (a.ends IS NULL OR a.ends > :day)
            LEFT JOIN cadre d ON d.id = a.cadre_id
            WHERE c.id = ANY(:ids) ORDER BY c.code
        """),
        {"ids": list(ids), "day": day},
    ).all()


def neighbours(session: Session, actor: Actor, cell_id: int) -> Sequence[Row[Any]]:
    """Return the cells that a cell can be merged with: of its community and kind, and beside it."""
    return session.execute(
        text(f"""
            SELECT n.id, n.code, n.name FROM cell c
            JOIN cell n ON n.community_id = c.community_id AND n.kind = c.kind AND n.id <> c.id
                AND n.valid_to IS NULL AND ST_DWithin(n.geom, c.geom, 0.00001)
            WHERE c.id = :cell AND {actor.scope.condition("c.community_id")} ORDER BY n.code
        """),  # noqa: S608 - The condition is written by us.
        {"cell": cell_id, **actor.scope.params},
    ).all()


def _found(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Return cells of the actor's area with their outlines, in the order of the ids."""
    rows = session.execute(
        text(f"""
            SELECT c.id, c.code, c.name, c.kind, c.community_id, ST_AsBinary(c.geom) AS outline
            FROM cell c WHERE c.id = ANY(:ids) AND {actor.scope.condition("c.community_id")}
        """),  # noqa: S608 - The condition is written by us.
        {"ids": list(ids), **actor.scope.params},
    )
    by_id = {row.id: row for row in rows}
    for each in ids:
        if each not in by_id:
            raise NotFoundError(Message("There is no cell with the id {id}.", id=each))
    return {each: by_id[each] for each in dict.fromkeys(ids)}


def _parts(cell: Row[Any], change: Split) -> list[service.Part]:
    """Cut a cell along a line; ends of the line that reach out or stay within do no harm."""
    outline = shapely.from_wkb(cell.outline)
    lines = shapely.union_all([outline.boundary, change.line])
    pieces = [
        piece
        for piece in shapely.polygonize([lines]).geoms
        if isinstance(piece, Polygon) and outline.contains(piece.representative_point())
    ]
    if len(pieces) < 2:
        raise GridmapError(
            Message("The line does not divide the cell: draw it from one edge to another.")
        )
    if min(map(_square_metres, pieces)) < LEAST_M2:
        raise GridmapError(
            Message(
                "A part would have less than {least} m²: draw the line farther from the edge.",
                least=LEAST_M2,
            )
        )
    pieces.sort(key=lambda piece: (piece.centroid.x, piece.centroid.y))
    names = [*change.names, *[""] * len(pieces)]
    return [
        service.Part(MultiPolygon([piece]), name.strip())
        for piece, name in zip(pieces, names, strict=False)
    ]


def _moved(session: Session, cell: Row[Any], change: Redraw) -> Mapping[int, MultiPolygon]:
    """Return the new outlines of a cell and of those that lose something to it."""
    former = shapely.from_wkb(cell.outline)
    community = shapely.from_wkb(
        session.execute(
            text("SELECT ST_AsBinary(geom) FROM unit WHERE id = :id"), {"id": cell.community_id}
        ).scalar_one()
    )
    wanted = change.area if change.whole else shapely.union(former, change.area)
    outline = _areas(shapely.intersection(wanted, community))
    if _square_metres(outline) < LEAST_M2:
        raise GridmapError(Message("What was drawn does not lie in the cell's community."))
    if _square_metres(shapely.symmetric_difference(former, outline)) < _SPLINTER_M2:
        raise GridmapError(
            Message("The outline would stay as it is: draw an area beside the cell.")
        )
    beside = session.execute(
        text("""
            SELECT id, code, ST_AsBinary(geom) AS outline FROM cell
            WHERE community_id = :community AND kind = :kind AND valid_to IS NULL AND id <> :id
              AND ST_Intersects(geom, ST_GeomFromWKB(:outline, 4326)) ORDER BY id
        """),
        {"community": cell.community_id, "kind": cell.kind, "id": cell.id,
         "outline": shapely.to_wkb(outline)},
    ).all()  # fmt: skip
    outlines = {cell.id: outline}
    for row in beside:
        other = shapely.from_wkb(row.outline)
        if _square_metres(shapely.intersection(other, outline)) < _SPLINTER_M2:
            continue
        outlines[row.id] = _areas(shapely.difference(other, outline))
        if _square_metres(outlines[row.id]) < LEAST_M2:
            raise GridmapError(
                Message("Nothing of cell {code} would be left: merge the cells.", code=row.code)
            )
    return outlines


def _areas(shape: Geometry) -> MultiPolygon:
    """Return the areas of a shape without lines, points and splinters."""
    polygons = [
        part
        for part in shapely.get_parts(shapely.make_valid(shape))
        if isinstance(part, Polygon) and _square_metres(part) >= _SPLINTER_M2
    ]
    return MultiPolygon(polygons)


def _square_metres(shape: Geometry) -> float:
    """Return about how large a shape is, which is enough to tell splinters from cells."""
    if shapely.is_empty(shape):
        return 0.0
    latitude = float(shapely.get_y(shapely.centroid(shape)))
    return float(shapely.area(shape)) * _METRES**2 * cos(radians(latitude))
