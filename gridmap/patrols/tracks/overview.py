"""Reads of what patrols cover: against incidents, against hot places, and street by street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, text
from sqlalchemy.orm import Session

from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import within
from gridmap.territory.scope import Scope
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]
PAGE = 30
#: Of a run so many places are looked at.
MOST_PLACES = 200
CELL_SORTS = {
    "code": "c.code",
    "incidents": "sum(p.incidents)",
    "walked": "sum(p.walked)::float8 / nullif(sum(p.incidents), 0)",
    "hour": "sum(p.walked_in_hour)::float8 / nullif(sum(p.incidents), 0)",
    "planned": "sum(p.planned)::float8 / nullif(sum(p.incidents), 0)",
    "planned_hour": "sum(p.planned_in_hour)::float8 / nullif(sum(p.incidents), 0)",
    "streets": "sum(p.walked_m) / nullif(sum(p.street_m), 0)",
}
_SUMS = """
    coalesce(sum(p.incidents), 0) AS incidents, coalesce(sum(p.walked), 0) AS walked,
    coalesce(sum(p.walked_in_hour), 0) AS walked_in_hour,
    coalesce(sum(p.planned), 0) AS planned,
    coalesce(sum(p.planned_in_hour), 0) AS planned_in_hour,
    coalesce(sum(p.street_m), 0) AS street_m,
    coalesce(sum(p.walked_m), 0) AS walked_m
"""


@dataclass(frozen=True)
class Months:
    """First days of months, both included."""

    first: date
    last: date


def _where(scope: Scope, months: Months) -> tuple[str, dict[str, Any]]:
    condition = f"p.month BETWEEN :first AND :last AND {scope.condition('p.community_id')}"
    return condition, {"first": months.first, "last": months.last, **scope.params}


def figures(connection: Connection, scope: Scope, months: Months) -> Row[Any]:
    """Return the sums of some months: incidents and those covered, metres of street and walked.

    A street counts once for each month.
    """
    where, values = _where(scope, months)
    return connection.execute(
        text(f"SELECT {_SUMS} FROM patrol_coverage p WHERE {where}"), values
    ).one()


def trend(connection: Connection, scope: Scope, months: Months) -> Rows:
    """Return the sums of each month in turn."""
    where, values = _where(scope, months)
    return connection.execute(
        text(f"""
            SELECT p.month, {_SUMS} FROM patrol_coverage p WHERE {where}
            GROUP BY p.month ORDER BY p.month
        """),
        values,
    ).all()


def by_part(connection: Connection, scope: Scope, months: Months, *, cells: bool) -> Rows:
    """Return the sums of each month and community, or cell, with its id as ``part_id``."""
    where, values = _where(scope, months)
    part = "p.cell_id" if cells else "p.community_id"
    return connection.execute(
        text(f"""
            SELECT p.month, {part} AS part_id, {_SUMS} FROM patrol_coverage p WHERE {where}
            GROUP BY p.month, {part} ORDER BY p.month
        """),
        values,
    ).all()


def cells(
    connection: Connection,
    scope: Scope,
    months: Months,
    page: int,
    sort: str = "hour",
    *,
    descending: bool = False,
) -> tuple[Rows, int]:
    """Return a page of cells with their sums, and how many there are with incidents."""
    where, values = _where(scope, months)
    order = CELL_SORTS.get(sort, CELL_SORTS["hour"])
    way = "DESC NULLS LAST" if descending else "ASC NULLS LAST"
    found = connection.execute(
        text(f"""
            SELECT c.id, c.code, {_SUMS}, count(*) OVER () AS total
            FROM patrol_coverage p JOIN cell c ON c.id = p.cell_id WHERE {where}
            GROUP BY c.id, c.code HAVING sum(p.incidents) > 0
            ORDER BY {order} {way}, sum(p.incidents) DESC, c.code LIMIT :limit OFFSET :offset
        """),
        {**values, "limit": PAGE, "offset": (page - 1) * PAGE},
    ).all()
    return found, found[0].total if found else 0


def newest_run(session: Session, actor: Actor) -> HotspotRun | None:
    """Return the newest finished run that is shared and lists places, within the actor's area."""
    return session.scalars(
        select(HotspotRun)
        .where(
            HotspotRun.shared,
            HotspotRun.finished_at.is_not(None),
            HotspotRun.summary["hotspots"].as_integer() > 0,
            within(actor),
        )
        .order_by(HotspotRun.finished_at.desc())
        .limit(1)
    ).one_or_none()


# `hot` is the hours in which most happens there; none are told where too little happened.
_PLACES = """
    SELECT f.id, f.rank, f.place, f.cell_id, c.code, f.count, hot.first AS hot_from,
           hot.gone AS hot_to, w.passes, w.in_hours, w.newest, r.routes, r.shifts
    FROM hotspot_feature f
    LEFT JOIN cell c ON c.id = f.cell_id
    CROSS JOIN LATERAL (
        SELECT (f.values #>> '{busiest,from}')::int AS first,
               (f.values #>> '{busiest,to}')::int AS gone) hot
    CROSS JOIN LATERAL (SELECT ST_Expand(f.geom, :degrees) AS box) near
    LEFT JOIN LATERAL (
        SELECT count(DISTINCT w.track_id) AS passes, max(w.left_at) AS newest,
               count(DISTINCT w.track_id) FILTER (WHERE
                   mod(extract(hour FROM w.left_at AT TIME ZONE :zone)::int - hot.first + 24, 24)
                   < mod(hot.gone - hot.first + 24, 24)) AS in_hours
        -- By streets, for of those there are few, and of walks more every day.
        FROM street_segment s JOIN patrol_walk w ON w.segment_id = s.id AND w.left_at >= :since
        WHERE s.geom && near.box
          AND ST_DWithin(w.geom::geography, f.geom::geography, :near_m)) w ON true
    LEFT JOIN LATERAL (
        SELECT count(DISTINCT r.id) AS routes, count(s.id) AS shifts
        FROM patrol_route r LEFT JOIN shift s ON s.route_id = r.id AND s.cancelled_at IS NULL
            AND s.starts >= :since AND s.starts < now()
            AND (hot.first IS NULL
                 -- Hours from its beginning until the hot ones come round; at once if they are on.
                 OR mod(extract(hour FROM s.starts AT TIME ZONE :zone)::int - hot.first + 24, 24)
                    < mod(hot.gone - hot.first + 24, 24)
                 OR s.starts + mod(hot.first
                        - extract(hour FROM s.starts AT TIME ZONE :zone)::int + 24, 24)
                        * interval '1 hour' < s.ends)
        WHERE r.archived_at IS NULL AND r.geom && near.box
          AND ST_DWithin(r.geom::geography, f.geom::geography, :near_m)) r ON true
    WHERE f.run_id = :run AND f.rank IS NOT NULL AND f.kind NOT LIKE 'cold%'
    ORDER BY f.rank LIMIT :most
"""


def hot_places(connection: Connection, run_id: int, since: Any, zone: str) -> Rows:
    """Return the hot places of a run with how often patrols passed since a moment.

    Returns
    -------
    sequence of rows
        ``place``, ``cell_id``, ``code``, ``count``, ``hot_from`` and ``hot_to`` (hours, none
        where too little happened), ``passes`` (patrols that came near), ``in_hours`` (of these
        in the hot hours), ``newest`` (the last one), ``routes`` (of today near it) and ``shifts``
        (of these routes, in the hot hours).
    """
    near_m = near_metres(connection)
    return connection.execute(
        text(_PLACES),
        {
            "run": run_id, "since": since, "zone": zone, "near_m": near_m, "most": MOST_PLACES,
            # Wider than the metres are anywhere people live.
            "degrees": near_m / 40_000,
        },
    ).all()  # fmt: skip


# A street of many segments is one to people; those without a name are told one by one.
_UNWALKED = """
    WITH late AS (
        SELECT s.id, s.name, s.kind, s.length_m, s.community_id, w.newest
        FROM street_segment s LEFT JOIN LATERAL (
            SELECT max(left_at) AS newest FROM patrol_walk WHERE segment_id = s.id) w ON true
        WHERE {scope} AND s.forward & 1 = 1
          AND (w.newest IS NULL OR w.newest < now() - make_interval(days => :days))
    )
    SELECT l.name, min(l.kind) AS kind, u.name AS unit, u.name_en AS unit_en,
           sum(l.length_m) AS length_m, max(l.newest) AS newest,
           min(l.id) AS segment_id, count(*) OVER () AS total,
           sum(sum(l.length_m)) OVER () AS total_m
    FROM late l LEFT JOIN unit u ON u.id = l.community_id
    GROUP BY l.name, u.id, CASE WHEN l.name = '' THEN l.id END
    ORDER BY sum(l.length_m) DESC, min(l.id) LIMIT :limit OFFSET :offset
"""


def unwalked(connection: Connection, scope: Scope, days: int, page: int) -> Rows:
    """Return a page of the streets that nobody walked for some days, the longest first.

    Returns
    -------
    sequence of rows
        ``name``, ``kind``, ``unit`` and ``unit_en`` (the community), ``length_m``, ``newest``
        (None: never), ``segment_id`` of one of them, and ``total`` and ``total_m`` of all pages.
    """
    return connection.execute(
        text(_UNWALKED.format(scope=scope.condition("s.community_id"))),
        {"days": days, "limit": PAGE, "offset": (page - 1) * PAGE, **scope.params},
    ).all()


_TILE = """
    WITH box AS (SELECT ST_TileEnvelope(:z, :x, :y) AS mercator,
                        ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326) AS degrees)
    SELECT ST_AsMVT(t, 'street') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(s.geom, 3857), box.mercator) AS geom, s.id, s.name,
               coalesce(extract(day FROM now() - w.newest)::int, -1) AS days
        FROM box JOIN street_segment s ON s.geom && box.degrees
        LEFT JOIN LATERAL (
            SELECT max(left_at) AS newest FROM patrol_walk WHERE segment_id = s.id) w ON true
        WHERE {scope}
    ) t WHERE geom IS NOT NULL
"""


def tile(connection: Connection, scope: Scope, z: int, x: int, y: int) -> bytes:
    """Return a vector tile of the streets, with ``days`` since each was walked; -1 is never."""
    found = connection.execute(
        text(_TILE.format(scope=scope.condition("s.community_id"))),
        {"z": z, "x": x, "y": y, **scope.params},
    ).scalar_one()
    return bytes(found)


def near_metres(connection: Connection) -> int:
    """Return how near a patrol must pass to have covered a place."""
    found: int = connection.execute(text("SELECT near_m FROM patrol_settings")).scalar_one()
    return found


def bounds(connection: Connection, scope: Scope) -> list[float] | None:
    """Return west, south, east and north of communities in degrees; None without any outline."""
    row = connection.execute(
        text(f"""
            SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
                SELECT ST_Extent(geom) AS box FROM unit
                WHERE level = 'community' AND {scope.condition("id")}) AS extent
            WHERE box IS NOT NULL
        """),
        scope.params,
    ).one_or_none()
    return None if row is None else list(row)


@dataclass(frozen=True)
class CellPatrols:
    """What patrols are to a cell.

    Attributes
    ----------
    routes : sequence of rows
        ``id``, ``name``, ``kind`` and ``team`` of the routes of today that pass through it.
    months : sequence of rows
        The newest months, newest last, with the columns of ``patrol_coverage``.
    newest : datetime or None
        When somebody last walked in it.
    """

    routes: Rows
    months: Rows
    newest: Any


def of_cell(connection: Connection, cell_id: int, months: int = 12) -> CellPatrols:
    """Return the routes through a cell, and how its incidents were covered of late."""
    values = {"cell": cell_id, "months": months}
    routes = connection.execute(
        text("""
            SELECT r.id, r.name, r.kind, t.name AS team
            FROM cell c JOIN patrol_route r ON ST_Intersects(r.geom, c.geom)
            LEFT JOIN team t ON t.id = r.team_id
            WHERE c.id = :cell AND r.archived_at IS NULL ORDER BY r.name, r.id
        """),
        values,
    ).all()
    counted = connection.execute(
        text("""
            SELECT * FROM (
                SELECT * FROM patrol_coverage WHERE cell_id = :cell
                ORDER BY month DESC LIMIT :months) newest
            ORDER BY month
        """),
        values,
    ).all()
    newest = connection.execute(
        text("""
            SELECT max(w.left_at)
            FROM cell c JOIN street_segment s ON ST_Intersects(s.geom, c.geom)
            CROSS JOIN LATERAL (
                SELECT left_at FROM patrol_walk WHERE segment_id = s.id
                ORDER BY left_at DESC LIMIT 1) w
            WHERE c.id = :cell
        """),
        values,
    ).scalar_one()
    return CellPatrols(routes, counted, newest)
