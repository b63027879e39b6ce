"""Cells with their responsible cadre, for a map's view, for a list, and for one act."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]
#: West, south, east and north in degrees.
Box = tuple[float, float, float, float]
SortKey = Literal["code", "name", "community", "cadre", "since", "households"]

#: More cells than a screen shows where the map draws them at all.
MOST_IN_VIEW = 6000

_SORTS: Mapping[SortKey, str] = {
    "code": "c.code",
    "name": "c.name",
    "community": "u.code",
    "cadre": "d.name",
    "since": "a.starts",
    "households": "households",
}
_VERSION = """coalesce((SELECT max(h.act_id) FROM assignment_change h WHERE h.cell_id = c.id), 0)"""
_HOUSEHOLDS = """(
    SELECT coalesce(sum(n.households), 0)::bigint FROM people_count n WHERE n.cell_id = c.id)"""
# Micro cells divide basic ones and need no cadre of their own.
_CELLS = """
    FROM cell c JOIN unit u ON u.id = c.community_id
    LEFT JOIN assignment a ON a.cell_id = c.id AND a.role = 'responsible'
        AND a.period @> CAST(:day AS date)
    LEFT JOIN cadre d ON d.id = a.cadre_id
    WHERE (c.valid @> CAST(:day AS date)) IS TRUE AND c.kind <> 'micro'
"""


@dataclass(frozen=True)
class CellsWanted:
    """Which cells a list shows, and in which order; what is left out does not matter.

    Attributes
    ----------
    cadres : collection of int or None
        Only cells of these cadres.
    vacant : bool
        Only cells without a responsible cadre.
    search : str
        A part of the code or the name.
    """

    community_id: int | None = None
    cadres: Collection[int] | None = None
    vacant: bool = False
    search: str = ""
    sort: SortKey = "code"
    descending: bool = False


def today(session: Session) -> date:
    """Return the present day in the town."""
    day: date = session.execute(text("SELECT local_date(now())")).scalar_one()
    return day


def cell_bounds(session: Session, actor: Actor) -> list[float] | None:
    """Return west, south, east and north of the actor's cells; None if there are none."""
    row = session.execute(
        text(f"""
            SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
                SELECT ST_Extent(geom) AS box FROM cell
                WHERE valid_to IS NULL AND {actor.scope.condition("community_id")}
            ) AS extent WHERE box IS NOT NULL
        """),  # noqa: S608 - The condition is written by us.
        actor.scope.params,
    ).one_or_none()
    return None if row is None else [float(value) for value in row]


def cells_in_view(session: Session, actor: Actor, day: date, box: Box) -> Rows:
    """Return the cells of the actor's area that touch a box, at most `MOST_IN_VIEW`.

    Returns
    -------
    sequence of rows
        ``id``, ``code``, ``cadre_id`` (None without one), ``version``, ``lon`` and ``lat`` of a
        point inside, in degrees.
    """
    scope = actor.scope.condition("c.community_id")
    return session.execute(
        text(f"""
            SELECT c.id, c.code, a.cadre_id, {_VERSION} AS version,
                   ST_X(p.point) AS lon, ST_Y(p.point) AS lat
            {
            _CELLS.replace(
                "WHERE",
                "CROSS JOIN LATERAL (SELECT ST_PointOnSurface(c.geom) AS point OFFSET 0) p WHERE",
                1,
            )
        }
              AND c.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) AND {scope}
            LIMIT {MOST_IN_VIEW}
        """),
        {
            "day": day,
            **dict(zip(("west", "south", "east", "north"), box, strict=True)),
            **actor.scope.params,
        },
    ).all()


def cadres_in_view(session: Session, actor: Actor, day: date, box: Box) -> list[int]:
    """Return who holds cells that touch a box, and whose home unit has such cells.

    Those of the units above belong to them.
    """
    found = session.scalars(
        text(f"""
            WITH seen AS (
                SELECT c.id, c.community_id FROM cell c
                WHERE (c.valid @> CAST(:day AS date)) IS TRUE
                  AND c.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
                  AND {actor.scope.condition("c.community_id")}
            ), units AS (
                SELECT u.id, u.parent_id FROM unit u
                WHERE u.id IN (SELECT community_id FROM seen)
            )
            SELECT d.id FROM cadre d
            WHERE d.active AND d.unit_id IN (
                SELECT id FROM units UNION SELECT parent_id FROM units)
            UNION
            SELECT a.cadre_id FROM assignment a JOIN seen s ON s.id = a.cell_id
            WHERE a.role = 'responsible' AND a.period @> CAST(:day AS date)
        """),  # noqa: S608 - The condition is written by us.
        {
            "day": day,
            **dict(zip(("west", "south", "east", "north"), box, strict=True)),
            **actor.scope.params,
        },
    )
    return list(found)


def cadres_near(session: Session, actor: Actor, cadre_id: int, day: date) -> list[int]:
    """Return who may follow a cadre: those of the towns he works in, and of the unit above them.

    He works in the town of his home unit and in those of the cells he holds from the day on.
    """
    found = session.scalars(
        text(f"""
            WITH town AS (
                SELECT CASE level WHEN 'community' THEN parent_id ELSE id END AS id FROM unit
                WHERE id IN (
                    SELECT unit_id FROM cadre WHERE id = :cadre
                    UNION ALL
                    SELECT c.community_id FROM assignment a JOIN cell c ON c.id = a.cell_id
                    WHERE a.cadre_id = :cadre AND (a.ends IS NULL OR a.ends > CAST(:day AS date))
                      AND c.valid_to IS NULL)
            )
            SELECT d.id FROM cadre d JOIN unit u ON u.id = d.unit_id
            WHERE d.active AND {unit_condition(actor, "d.unit_id")} AND (
                u.id IN (SELECT id FROM town) OR u.parent_id IN (SELECT id FROM town)
                OR u.id IN (SELECT parent_id FROM unit WHERE id IN (SELECT id FROM town)))
        """),  # noqa: S608 - The condition is written by us.
        {"cadre": cadre_id, "day": day, **unit_params(actor)},
    )
    return list(found)


def holders(session: Session, actor: Actor, day: date, community_id: int | None) -> Rows:
    """Return ``id``, ``name``, ``unit`` and ``unit_en`` of those responsible, by unit and name."""
    chosen = "true" if community_id is None else "c.community_id = :community"
    return session.execute(
        text(f"""
            SELECT d.id, d.name, u.name AS unit, u.name_en AS unit_en
            FROM cadre d JOIN unit u ON u.id = d.unit_id
            WHERE d.id IN (
                SELECT a.cadre_id FROM assignment a JOIN cell c ON c.id = a.cell_id
                WHERE a.role = 'responsible' AND a.period @> CAST(:day AS date) AND {chosen}
                  AND {actor.scope.condition("c.community_id")})
              AND {unit_condition(actor, "d.unit_id")}
            ORDER BY u.code, d.name, d.id LIMIT 1000
        """),  # noqa: S608
        {
            "day": day,
            "community": community_id,
            **actor.scope.params,
            **unit_params(actor),
        },
    ).all()


def cells_by_id(session: Session, actor: Actor, day: date, ids: Collection[int]) -> Rows:
    """Return cells of the actor's area as they are now.

    Returns
    -------
    sequence of rows
        ``id``, ``code``, ``cadre_id`` and ``version``, by code.
    """
    return session.execute(
        text(f"""
            SELECT c.id, c.code, a.cadre_id, {_VERSION} AS version {_CELLS}
              AND c.id = ANY(:ids) AND {actor.scope.condition("c.community_id")}
            ORDER BY c.code
        """),
        {"day": day, "ids": list(ids), **actor.scope.params},
    ).all()


def find_cell(session: Session, actor: Actor, cell_id: int) -> Row[Any]:
    """Return a cell with its community.

    Returns
    -------
    row
        ``id``, ``code``, ``name``, ``kind``, ``community``, ``community_en``, ``valid_from`` and
        ``valid_to``.

    Raises
    ------
    NotFoundError
        If the cell does not lie in the actor's area.
    """
    row = session.execute(
        text(f"""
            SELECT c.id, c.code, c.name, c.kind, u.name AS community, u.name_en AS community_en,
                   c.valid_from, c.valid_to
            FROM cell c JOIN unit u ON u.id = c.community_id
            WHERE c.id = :cell AND {actor.scope.condition("c.community_id")}
        """),  # noqa: S608
        {"cell": cell_id, **actor.scope.params},
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("There is no cell with the id {id}.", id=cell_id))
    return row


def list_communities(session: Session, actor: Actor) -> Rows:
    """Return ``id``, ``code``, ``name`` and ``name_en`` of the actor's communities, by code."""
    return session.execute(
        text(f"""
            SELECT id, code, name, name_en FROM unit
            WHERE level = 'community' AND {actor.scope.condition("id")} ORDER BY code
        """),  # noqa: S608
        actor.scope.params,
    ).all()


def cells_of_act(session: Session, act_id: int) -> list[int]:
    """Return the cells that an act touched."""
    found = session.scalars(
        text("SELECT DISTINCT cell_id FROM assignment_change WHERE act_id = :act"),
        {"act": act_id},
    )
    return list(found)


def list_cells(
    session: Session,
    actor: Actor,
    day: date,
    wanted: CellsWanted,
    *,
    limit: int | None = 50,
    offset: int = 0,
) -> tuple[Rows, int]:
    """List cells with who is responsible.

    Parameters
    ----------
    session : Session
    actor : Actor
    day : date
    wanted : CellsWanted
    limit : int or None
        None for all, as an export wants them.
    offset : int

    Returns
    -------
    rows : sequence of rows
        ``id``, ``code``, ``name``, ``kind``, ``community``, ``community_en``, ``cadre_id``,
        ``cadre``, ``phone``, ``assignment_id``, ``since``, ``households`` and ``version``.
    total : int
        How many there are on all pages.
    """
    where, params = _conditions(wanted)
    params |= {"day": day, **actor.scope.params}
    cells = f"{_CELLS} AND {actor.scope.condition('c.community_id')} {where}"
    total: int = session.execute(text(f"SELECT count(*) {cells}"), params).scalar_one()
    order = _SORTS[wanted.sort]
    direction = "DESC NULLS LAST" if wanted.descending else "ASC NULLS FIRST"
    rows = session.execute(
        text(f"""
            SELECT c.id, c.code, c.name, c.kind, u.name AS community, u.name_en AS community_en,
                   a.cadre_id, d.name AS cadre, d.phone, a.id AS assignment_id, a.starts AS since,
                   {_HOUSEHOLDS} AS households, {_VERSION} AS version
            {cells} ORDER BY {order} {direction}, c.code LIMIT :limit OFFSET :offset
        """),
        {**params, "limit": limit, "offset": offset},
    ).all()
    return rows, total


def _conditions(wanted: CellsWanted) -> tuple[str, dict[str, Any]]:
    conditions: list[str] = []
    params: dict[str, Any] = {}
    if wanted.community_id is not None:
        conditions.append("c.community_id = :community")
        params["community"] = wanted.community_id
    if wanted.cadres is not None:
        conditions.append("a.cadre_id = ANY(:cadres)")
        params["cadres"] = list(wanted.cadres)
    if wanted.vacant:
        conditions.append("a.id IS NULL")
    if wanted.search:
        conditions.append("position(lower(:search) IN lower(c.code || ' ' || c.name)) > 0")
        params["search"] = wanted.search
    return "".join(f" AND {condition}" for condition in conditions), params
