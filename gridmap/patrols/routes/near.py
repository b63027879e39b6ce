"""How much of what is known of the town lies within some metres of a line, while it is drawn.

Distances are measured on a plane whose axes are degrees times the length of a degree at the
line's middle (`geodata.metric.metres_per_degree`): over 20 km from north to south that is wrong by
about a thousandth, so by a tenth of a metre in a hundred. What is near is a band around the line,
whose round corners are 16 straight edges a quarter, at most an eighth of a percent within the
circle. The band is cut into pieces that do not overlap and that the index on place serves; so a
million incidents cost no more than those beside the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from geodata.metric import metres_per_degree
from gridmap.incidents.statistics import Question, Span, clock, total
from gridmap.patrols.routes.drafts import Points
from gridmap.patrols.routes.ground import wkb
from gridmap.territory.scope import Scope
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

LEAST_M, USUAL_M, MOST_M = 10, 50, 500
DAYS = 365
#: The line is drawn to centimetres, and nobody walks so.
_SIMPLE_M = 0.2
_PIECES = f"""
    pieces AS MATERIALIZED (
        SELECT ST_Scale(p, 1 / CAST(:kx AS float), 1 / CAST(:ky AS float)) AS area
        FROM ST_Subdivide(ST_Buffer(ST_Simplify(
            ST_Scale(ST_GeomFromWKB(:line, 4326), :kx, :ky), {_SIMPLE_M}
        ), :metres, 'quad_segs=16'), 48) AS p)
"""
# The newest finished run of which a hotspot can be seen in the area.
_HOTSPOTS = """
    WITH {pieces}, run AS (
        SELECT r.id, r.name, r.analysis, r.last FROM hotspot_run r
        WHERE r.shared AND r.finished_at IS NOT NULL
          AND EXISTS (SELECT FROM hotspot t WHERE t.run_id = r.id AND t.kind NOT LIKE 'cold%'
                      AND {scope})
        ORDER BY r.finished_at DESC LIMIT 1)
    SELECT run.id, run.name, run.analysis, run.last, count(*) AS n,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM pieces WHERE ST_Intersects(t.geom, pieces.area))) AS near
    FROM run JOIN hotspot t ON t.run_id = run.id AND t.kind NOT LIKE 'cold%' AND {scope}
    GROUP BY run.id, run.name, run.analysis, run.last
"""
# A piece of the band is looked up by place: the fence and IS TRUE keep the planner from reading all
# of the year by the index on time, once for every piece. Partitions begin with a year, and that
# condition leaves out the former ones.
_INCIDENTS = """
    WITH {pieces}
    SELECT count(DISTINCT near.id) FROM pieces CROSS JOIN LATERAL (
        SELECT t.id FROM incident t
        WHERE ST_Intersects(pieces.area, t.geom) AND t.occurred_at >= :year
          AND (t.occurred_at >= :first AND t.occurred_at < :after) IS TRUE AND {scope}
        OFFSET 0) near
"""


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    near: int
    of: int

    @property
    def part(self) -> float | None:
        """Return the share, None of nothing."""
        return self.near / self.of if self.of else None


@dataclass(frozen=True)
class Nearness:
    """What lies beside a line.

    Attributes
    ----------
    hotspots : Share or None
        Of the newest shared run; None if no shared run found any in the area.
    run_id, run_name, run_last
        That run.
    incidents : Share
        Of the span.
    span : Span
        The year up to the newest incident.
    """

    metres: int
    hotspots: Share | None
    run_id: int | None
    run_name: str
    run_last: date | None
    incidents: Share
    span: Span


def nearness(
    connection: Connection, actor: Actor, line: Points, metres: int, unit_id: int | None = None
) -> Nearness:
    """Count hotspots and incidents within some metres of a line, and all there are in an area.

    Parameters
    ----------
    connection : Connection
        Only read.
    actor : Actor
        Sees the area.
    line : ndarray of float64, shape (n, 2)
        WGS 84, two points at least.
    metres : int
    unit_id : int, optional
        Only this unit and those below it.
    """
    scope = area_of(connection, actor, unit_id)
    now = clock(connection)
    last = now.newest or now.today
    span = Span(last - timedelta(days=DAYS - 1), last)
    first, after = span.moments(now.zone)
    kx, ky = (float(each) for each in metres_per_degree(float(np.mean(line[:, 1]))))
    values: dict[str, Any] = {
        "line": wkb(line), "metres": float(metres), "kx": kx, "ky": ky, "first": first,
        "after": after, **scope.params,
    }  # fmt: skip
    values["year"] = datetime(first.astimezone(UTC).year, 1, 1, tzinfo=UTC)
    parts = {"pieces": _PIECES, "scope": scope.condition("t.community_id")}
    run = connection.execute(text(_HOTSPOTS.format(**parts)), values).one_or_none()
    near = connection.execute(text(_INCIDENTS.format(**parts)), values).scalar_one()
    return Nearness(
        metres=metres,
        hotspots=None if run is None else Share(run.near, run.n),
        run_id=None if run is None else run.id,
        run_name="" if run is None else run.name or run.analysis,
        run_last=None if run is None else run.last,
        incidents=Share(near, total(connection, Question(scope, span, now.zone))),
        span=span,
    )


def area_of(connection: Connection, actor: Actor, unit_id: int | None) -> Scope:
    """Return the communities of a unit that the actor sees; without a unit all of them."""
    if unit_id is None:
        return actor.scope
    rows = connection.execute(
        text(f"""
            WITH RECURSIVE below AS (
                SELECT id, level FROM unit WHERE id = :unit
                UNION SELECT u.id, u.level FROM unit u JOIN below b ON u.parent_id = b.id
            ) SELECT id FROM below
            WHERE level = 'community' AND {unit_condition(actor, "id")} ORDER BY id
        """),
        {"unit": unit_id, **unit_params(actor)},
    ).scalars()
    return Scope(tuple(rows))


def places_beside(
    connection: Connection, actor: Actor, line: Points, metres: int, most: int = 100
) -> list[dict[str, Any]]:
    """List the places within some metres of a line, in the order in which it passes them.

    Returns
    -------
    list of dict
        ``id``, ``name``, ``kind``, ``lon``, ``lat`` and ``metres`` from the line.
    """
    kx, ky = (float(each) for each in metres_per_degree(float(np.mean(line[:, 1]))))
    rows = connection.execute(
        text(f"""
            WITH {_PIECES}, whole AS (SELECT ST_Scale(ST_GeomFromWKB(:line, 4326), :kx, :ky) AS w)
            SELECT t.id, t.name, t.kind, ST_X(t.geom) AS lon, ST_Y(t.geom) AS lat,
                   round(ST_Distance(ST_Scale(t.geom, :kx, :ky), w))::integer AS metres
            FROM place t, whole
            WHERE t.name <> '' AND {actor.scope.condition("t.community_id")} AND EXISTS (
                SELECT FROM pieces WHERE ST_Intersects(pieces.area, t.geom))
            ORDER BY ST_LineLocatePoint(w, ST_Scale(t.geom, :kx, :ky)), t.id LIMIT :most
        """),
        {
            "line": wkb(line), "metres": float(metres), "kx": kx, "ky": ky, "most": most,
            **actor.scope.params,
        },
    )  # fmt: skip
    return [dict(row._mapping) for row in rows]


def place_at(
    connection: Connection, actor: Actor, lon: float, lat: float, metres: float = 30
) -> dict[str, Any] | None:
    """Return the nearest place within some metres of a point, as `places_beside` tells it."""
    kx, ky = (float(each) for each in metres_per_degree(lat))
    row = connection.execute(
        text(f"""
            SELECT t.id, t.name, t.kind, ST_X(t.geom) AS lon, ST_Y(t.geom) AS lat,
                   round(ST_Distance(ST_Scale(t.geom, :kx, :ky), ST_Scale(at, :kx, :ky)))::integer
                       AS metres
            FROM place t, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS at
            WHERE t.geom && ST_Expand(at, :metres / :kx, :metres / :ky) AND t.name <> ''
              AND ST_DWithin(ST_Scale(t.geom, :kx, :ky), ST_Scale(at, :kx, :ky), :metres)
              AND {actor.scope.condition("t.community_id")}
            ORDER BY 6, t.id LIMIT 1
        """),
        {"lon": lon, "lat": lat, "kx": kx, "ky": ky, "metres": metres, **actor.scope.params},
    ).one_or_none()
    return None if row is None else dict(row._mapping)
