"""Counts anew, by cell and month, how many incidents patrols came near to."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine, Row, text

from gridmap.hotspots.analyses.busiest import hours_of
from gridmap.hotspots.analyses.events import Area, Events, transformers
from gridmap.hotspots.faults import Unsuitable
from gridmap.hotspots.reading import Choice, read_area, read_events, reading_moment
from gridmap.incidents.statistics import Span
from gridmap.patrols.network import Floats
from gridmap.patrols.tracks.coverage import HOURS, Near, find_near, hours_of_span, lengths_within

_CELLS = """
    SELECT id, community_id, ST_AsBinary(geom) AS shape FROM cell
    WHERE community_id = :community AND kind <> 'micro' AND valid @> CAST(:day AS date) ORDER BY id
"""
_BOX = "geom && (SELECT ST_Expand(u.geom, :degrees) FROM unit u WHERE u.id = :community)"
_WALKS = f"""
    SELECT ST_AsBinary(geom) AS shape, entered_at AT TIME ZONE :zone AS entered,
           left_at AT TIME ZONE :zone AS gone
    FROM patrol_walk
    WHERE left_at >= (CAST(:first AS timestamp) AT TIME ZONE :zone)
      AND left_at < (CAST(:after AS timestamp) AT TIME ZONE :zone) AND {_BOX}
"""
# A route without a shift in the month is planned for no hour.
_ROUTES = f"""
    SELECT ST_AsBinary(r.geom) AS shape, s.starts AT TIME ZONE :zone AS entered,
           (s.ends - interval '1 second') AT TIME ZONE :zone AS gone
    FROM patrol_route r LEFT JOIN shift s ON s.route_id = r.id AND s.cancelled_at IS NULL
        AND s.starts >= (CAST(:first AS timestamp) AT TIME ZONE :zone)
        AND s.starts < (CAST(:after AS timestamp) AT TIME ZONE :zone)
    WHERE r.archived_at IS NULL AND r.{_BOX}
"""
# What was walked twice counts once: the stretches of a segment are joined.
_STREETS = f"""
    SELECT ST_AsBinary(s.geom) AS shape, s.length_m, coalesce(w.walked_m, 0) AS walked_m
    FROM street_segment s LEFT JOIN LATERAL (
        SELECT sum(upper(part) - lower(part))::float8 AS walked_m
        FROM (SELECT unnest(range_agg(numrange(
                  least(from_m, to_m)::numeric, greatest(from_m, to_m)::numeric))) AS part
              FROM patrol_walk WHERE segment_id = s.id
                AND left_at >= (CAST(:first AS timestamp) AT TIME ZONE :zone)
                AND left_at < (CAST(:after AS timestamp) AT TIME ZONE :zone)) AS parts
    ) w ON true
    WHERE s.{_BOX}
"""
_STORE = """
    INSERT INTO patrol_coverage (cell_id, month, community_id, incidents, walked, walked_in_hour,
                                 planned, planned_in_hour, street_m, walked_m)
    SELECT * FROM unnest(
        CAST(:cell AS bigint[]), CAST(:month AS date[]), CAST(:community AS bigint[]),
        CAST(:incidents AS int[]), CAST(:walked AS int[]), CAST(:walked_in_hour AS int[]),
        CAST(:planned AS int[]), CAST(:planned_in_hour AS int[]), CAST(:street_m AS float8[]),
        CAST(:walked_m AS float8[]))
"""
_STALE = """
    WITH months AS (
        SELECT date_trunc('month', local_date(now()))::date AS month
        UNION SELECT (date_trunc('month', local_date(now())) - interval '1 month')::date
    ), patrolled AS (
        SELECT community_id AS id FROM patrol_route WHERE archived_at IS NULL
        UNION SELECT s.community_id FROM patrol_walk w JOIN street_segment s ON s.id = w.segment_id
        WHERE w.left_at > now() - interval '62 days'
    )
    SELECT p.id, m.month FROM patrolled p CROSS JOIN months m
    WHERE p.id IS NOT NULL AND NOT EXISTS (
        SELECT FROM patrol_coverage c WHERE c.community_id = p.id AND c.month = m.month
          AND c.counted_at > now() - interval '1 day')
    ORDER BY m.month DESC, p.id
"""
# Some 200 m beyond a community, for streets along its edge.
_DEGREES = 0.002


@dataclass(frozen=True)
class _Month:
    """What is counted: a community's month."""

    community: int
    first: date
    last: date
    zone: str
    near_m: float

    @property
    def values(self) -> dict[str, Any]:
        after = self.last.toordinal() + 1
        return {
            "community": self.community, "day": self.last, "zone": self.zone,
            "first": self.first, "after": date.fromordinal(after), "degrees": _DEGREES,
        }  # fmt: skip


def refresh(engine: Engine, months: Iterable[tuple[int, date]]) -> None:
    """Count months of communities anew, each in a transaction of its own.

    Parameters
    ----------
    engine : Engine
    months : iterable of (int, date)
        Communities and first days of months.
    """
    for community, first in months:
        with engine.begin() as connection:
            # Who counts later sees what an earlier one stored, and both store the same rows.
            connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtext('patrol_coverage'), :id)"),
                {"id": community},
            )
            counted = _counted(engine, community, first)
            connection.execute(
                text("DELETE FROM patrol_coverage WHERE community_id = :id AND month = :month"),
                {"id": community, "month": first},
            )
            if counted is not None:
                connection.execute(text(_STORE), counted)


def _counted(engine: Engine, community: int, first: date) -> dict[str, list[Any]] | None:
    """Count a month at one moment of the database."""
    with reading_moment(engine) as connection:
        zone, near_m = connection.execute(
            text("SELECT t.time_zone, p.near_m FROM territory_settings t, patrol_settings p")
        ).one()
        last = first.replace(day=monthrange(first.year, first.month)[1])
        return _count(connection, _Month(community, first, last, zone, float(near_m)))


def _count(connection: Connection, month: _Month) -> dict[str, list[Any]] | None:
    """Return the columns of the counts by cell, or None where there is no cell."""
    rows = connection.execute(text(_CELLS), month.values).all()
    try:
        area = read_area(connection, (month.community,))
    except Unsuitable:
        return None
    if not rows:
        return None
    choice = Choice((month.community,), (), ZoneInfo(month.zone))
    events = read_events(connection, area, choice, Span(month.first, month.last))
    cells = _plane(area, rows)
    walked, planned = _near(connection, area, events, month)
    n = len(rows)
    within = _cell_of(cells, events)

    def by_cell(chosen: np.ndarray[Any, Any]) -> list[int]:
        counted: list[int] = np.bincount(within[chosen & (within >= 0)], minlength=n).tolist()
        return counted

    street_m, walked_m = _streets(connection, area, cells, month)
    return {
        "cell": [row.id for row in rows],
        "month": [month.first] * n,
        "community": [month.community] * n,
        "incidents": by_cell(np.ones(len(events), bool)),
        "walked": by_cell(walked.place),
        "walked_in_hour": by_cell(walked.in_hour),
        "planned": by_cell(planned.place),
        "planned_in_hour": by_cell(planned.in_hour),
        "street_m": street_m.tolist(),
        "walked_m": walked_m.tolist(),
    }


def _near(connection: Connection, area: Area, events: Events, month: _Month) -> tuple[Near, Near]:
    """Return which incidents are near to what was walked, and to what is planned."""
    found = []
    for statement in (_WALKS, _ROUTES):
        rows = connection.execute(text(statement), month.values).all()
        hours = np.zeros((len(rows), HOURS), bool)
        dated = np.array([row.entered is not None for row in rows], bool)
        spans = (
            np.array([row[column] for row in rows if row.entered], dtype="datetime64[s]")
            for column in (1, 2)
        )
        hours[dated] = hours_of_span(*spans)
        lines = _plane(area, rows)
        found.append(
            find_near(events.x, events.y, hours_of(events.time), lines, hours, month.near_m)
        )
    return found[0], found[1]


def _streets(
    connection: Connection, area: Area, cells: np.ndarray[Any, Any], month: _Month
) -> tuple[Floats, Floats]:
    """Return by cell the metres of street, and those walked.

    A street that lies in several cells counts in each as walked by the same share.
    """
    rows = connection.execute(text(_STREETS), month.values).all()
    cell, line, length_m = lengths_within(cells, _plane(area, rows))
    share = np.array([min(row.walked_m / row.length_m, 1.0) for row in rows])
    whole = np.bincount(cell, weights=length_m, minlength=len(cells)).astype(np.float64)
    part = length_m * share[line] if len(rows) else length_m
    walked = np.bincount(cell, weights=part, minlength=len(cells)).astype(np.float64)
    return whole, walked


def _plane(area: Area, rows: Sequence[Row[Any]]) -> np.ndarray[Any, Any]:
    """Return the shapes of rows in metres."""
    forth, _ = transformers(area.crs)
    shapes = shapely.from_wkb(np.array([bytes(row.shape) for row in rows], dtype=object))
    plane: np.ndarray[Any, Any] = shapely.transform(
        shapes, lambda at: np.column_stack(forth.transform(at[:, 0], at[:, 1]))
    )
    return plane


def _cell_of(cells: np.ndarray[Any, Any], events: Events) -> np.ndarray[Any, Any]:
    """Return the number of the cell of each incident, -1 outside all."""
    points = shapely.points(events.x, events.y)
    at, cell = shapely.STRtree(cells).query(points, predicate="covered_by")
    first = pd.Series(cell).groupby(at).min()
    found = np.full(len(events), -1, dtype=np.int64)
    found[first.index.to_numpy()] = first.to_numpy()
    return found


def stale_months(engine: Engine) -> list[tuple[int, date]]:
    """Return communities and months to be counted anew: incidents and routes change by the day.

    This month and the one before of every community that has a route or was walked in then, if
    they were not counted for a day.
    """
    with engine.connect() as connection:
        return [(row.id, row.month) for row in connection.execute(text(_STALE))]
