"""Tiles and counts of incidents, from the pyramid where it knows and from the rows elsewhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.exchange.filters import IncidentFilter
from gridmap.incidents.models import COARSEST_BINS, FINEST_BINS
from gridmap.incidents.months import whole_months
from gridmap.territory.scope import EVERYTHING, Scope

#: A tile of zoom z shows level z + 4 of the pyramid.
PER_TILE = 4
#: From this tile zoom on incidents are drawn one by one: the map's zoom 17, street level.
POINT_ZOOM = 16

_ZONE = text("SELECT time_zone FROM territory_settings")
_CATEGORIES = """
    WITH RECURSIVE below AS (
        SELECT id FROM category WHERE code = :category
        UNION ALL SELECT k.id FROM category k JOIN below ON k.parent_id = below.id
    ) SELECT coalesce(array_agg(id), '{}') FROM below"""

# Whole months from the pyramid; category 0 stands for all.
_BINS = """
    SELECT b.x, b.y, sum(b.upto[s.upto] - coalesce(b.upto[s.before], 0)) AS n
    FROM incident_bin b JOIN unnest(
        CAST(:years AS smallint[]), CAST(:befores AS integer[]), CAST(:uptos AS integer[])
    ) AS s (year, before, upto) USING (year)
    WHERE b.level = :level AND b.category_id = ANY(:bin_categories)
        AND b.x BETWEEN :x_min AND :x_max AND b.y BETWEEN :y_min AND :y_max
    GROUP BY b.x, b.y"""
_BINS_OF_ALL_TIME = """
    SELECT b.x, b.y, sum(b.upto[12]) AS n FROM incident_bin b
    WHERE b.level = :level AND b.category_id = ANY(:bin_categories)
        AND b.x BETWEEN :x_min AND :x_max AND b.y BETWEEN :y_min AND :y_max
    GROUP BY b.x, b.y"""

# A place in units of 1 / :side of the world's width from the north-west corner.
_X = "(ST_X(t.geom) + 180) / 360 * :side"
_Y = "(0.5 - asinh(tan(radians(ST_Y(t.geom)))) / (2 * pi())) * :side"


def incident_tile(
    connection: Connection,
    z: int,
    x: int,
    y: int,
    choice: IncidentFilter,
    scope: Scope = EVERYTHING,
    name: str = "incident_bin",
) -> bytes:
    """Make the tile layers `incident_bin` (with counts `n`) or `incident` (one by one).

    Parameters
    ----------
    connection : Connection
        Only read.
    z, x, y : int
        A tile that exists.
    choice : IncidentFilter
        Which incidents; a span of days is kept to the day.
    scope : Scope
        What the reader may see.
    name : str
        What the layer of counts is called.

    Raises
    ------
    NotFoundError
        If the category does not exist.
    """
    values = _values(connection, choice) | scope.params
    if z >= POINT_ZOOM:
        statement = _points(choice, scope)
        # Points within two pixels of each other are drawn as one.
        level, step = z + 8, 16
    else:
        level = max(z + PER_TILE, COARSEST_BINS)
        step = 4096 >> (level - z)
        statement = _binned(choice, scope, level)
        values |= {"level": level, "layer": name}
    across = 1 << (level - z)
    values |= {
        "side": 1 << level,
        "x_min": x * across,
        "x_max": (x + 1) * across - 1,
        "y_min": y * across,
        "y_max": (y + 1) * across - 1,
        "step": step,
        "z": z,
        "x": x,
        "y": y,
    }
    return bytes(connection.execute(text(statement), values).scalar_one())


def count_incidents(
    connection: Connection, choice: IncidentFilter, scope: Scope = EVERYTHING
) -> int:
    """Count the incidents of a choice.

    Raises
    ------
    NotFoundError
        If the category does not exist.
    """
    values = _values(connection, choice) | scope.params
    world = (1 << COARSEST_BINS) - 1
    values |= {"level": COARSEST_BINS, "x_min": 0, "y_min": 0, "x_max": world, "y_max": world}
    parts = [f"SELECT n FROM ({bins}) AS b" for bins in _whole(choice, scope)]
    parts += [
        f"SELECT {sign} * count(*) FROM incident t WHERE {condition}"
        for sign, condition in _row_conditions(choice, scope)
    ]
    statement = f"SELECT coalesce(sum(n), 0) FROM ({' UNION ALL '.join(parts)}) AS parts (n)"
    return int(connection.execute(text(statement), values).scalar_one())


def _binned(choice: IncidentFilter, scope: Scope, level: int) -> str:
    here = "t.geom && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326)"
    parts = _whole(choice, scope) if level <= FINEST_BINS else []
    if level <= FINEST_BINS:
        rows = _row_conditions(choice, scope)
    else:
        rows = [(1, _rows_of(choice, scope))]
    parts += [
        f"SELECT floor({_X})::integer AS x, floor({_Y})::integer AS y, {sign} AS n "
        f"FROM incident t WHERE {here} AND {condition}"
        for sign, condition in rows
    ]
    # A bin belongs to the tile it lies in and to no other.
    return f"""
        SELECT coalesce(ST_AsMVT(f, CAST(:layer AS text), 4096, 'geom'), '') FROM (
            SELECT sum(n)::integer AS n,
                   ST_MakePoint((x - :x_min + 0.5) * :step, (y - :y_min + 0.5) * :step) AS geom
            FROM ({" UNION ALL ".join(parts)}) AS bins
            WHERE x BETWEEN :x_min AND :x_max AND y BETWEEN :y_min AND :y_max
            GROUP BY x, y HAVING sum(n) > 0
        ) f"""


def _points(choice: IncidentFilter, scope: Scope) -> str:
    """Select incidents with the rank of their top category, from 0, and how many share a spot."""
    return f"""
        WITH RECURSIVE tree AS (
            SELECT id, (row_number() OVER (ORDER BY code COLLATE "C") - 1)::integer AS top
            FROM category WHERE parent_id IS NULL
            UNION ALL
            SELECT k.id, tree.top FROM category k JOIN tree ON k.parent_id = tree.id
        )
        SELECT coalesce(ST_AsMVT(f, 'incident', 4096, 'geom', 'id'), '') FROM (
            SELECT min(id) AS id, top, nullif(count(*), 1)::integer AS n,
                   ST_MakePoint((x - :x_min + 0.5) * :step, (y - :y_min + 0.5) * :step) AS geom
            FROM (
                SELECT t.id, tree.top, floor({_X})::integer AS x, floor({_Y})::integer AS y
                FROM incident t JOIN tree ON tree.id = t.category_id
                WHERE t.geom && ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326)
                    AND {_rows_of(choice, scope)}
            ) AS places
            WHERE x BETWEEN :x_min AND :x_max AND y BETWEEN :y_min AND :y_max
            GROUP BY x, y, top
        ) f"""


def _whole(choice: IncidentFilter, scope: Scope) -> list[str]:
    """Return the statement over the pyramid; it does not know communities."""
    if scope.communities is not None:
        return []
    return [_BINS if choice.first or choice.last else _BINS_OF_ALL_TIME]


def _row_conditions(choice: IncidentFilter, scope: Scope) -> list[tuple[int, str]]:
    """Return the conditions for rows that the pyramid lacks (1) or has too many (-1)."""
    if scope.communities is not None:
        return [(1, _rows_of(choice, scope))]
    if not (choice.first or choice.last):
        return []
    edges = whole_months(*_span(choice))[1]
    same = f" AND {_category(choice)}"
    return [
        (edge.sign, _between(f"edge{i}_from", f"edge{i}_to") + same) for i, edge in enumerate(edges)
    ]


def _rows_of(choice: IncidentFilter, scope: Scope) -> str:
    parts = [_category(choice), scope.condition("t.community_id")]
    if choice.first or choice.last:
        parts.append(_between("first", "after"))
    return " AND ".join(part for part in parts if part != "true") or "true"


def _category(choice: IncidentFilter) -> str:
    return "t.category_id = ANY(:categories)" if choice.category else "true"


def _between(first: str, after: str) -> str:
    # Moments as values, not made by the statement, for then the planner knows how few rows fit.
    return f"t.occurred_at >= :{first} AND t.occurred_at < :{after}"


def _span(choice: IncidentFilter) -> tuple[date, date]:
    return choice.first or date(1601, 1, 1), choice.last or date(2279, 12, 31)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _values(connection: Connection, choice: IncidentFilter) -> dict[str, Any]:
    values: dict[str, Any] = {"bin_categories": [0]}
    if choice.category:
        found = connection.execute(text(_CATEGORIES), {"category": choice.category}).scalar_one()
        if not found:
            raise NotFoundError(
                Message("There is no category {category}.", category=choice.category)
            )
        values |= {"categories": found, "bin_categories": found}
    if choice.first or choice.last:
        first, last = _span(choice)
        zone = ZoneInfo(connection.execute(_ZONE).scalar_one())
        months, edges = whole_months(first, last)
        values |= {
            "years": [span.year for span in months],
            "befores": [span.before for span in months],
            "uptos": [span.upto for span in months],
            "first": _midnight(first, zone),
            "after": _midnight(last + timedelta(days=1), zone),
        }
        for i, edge in enumerate(edges):
            values |= {
                f"edge{i}_from": _midnight(edge.start, zone),
                f"edge{i}_to": _midnight(edge.end, zone),
            }
    return values


def choose_rows(connection: Connection, choice: IncidentFilter) -> tuple[str, dict[str, Any]]:
    """Return the condition on rows ``t`` of a choice of incidents, and its parameters."""
    return _rows_of(choice, EVERYTHING), _values(connection, choice)
