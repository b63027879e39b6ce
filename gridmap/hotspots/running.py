"""Does the runs that wait: reads the incidents, calls the analysis, and stores what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from math import isfinite
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import shapely
from sqlalchemy import Connection, Engine, delete, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from geodata.metric import local_metric_crs
from gridmap.hotspots.analyses.busiest import months, week
from gridmap.hotspots.analyses.events import Area, Context, Events, Households
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.analyses.result import Found, Result
from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.models import BESIDE_M, HotspotFeature, HotspotRun
from gridmap.hotspots.reading import (
    Choice,
    homes_meanwhile,
    make_context,
    read_area,
    read_events,
    reading_moment,
)
from gridmap.hotspots.rhythm import busiest_weekday
from gridmap.hotspots.scheduling import prune_runs
from gridmap.hotspots.service import KIND, KIND_AGAIN, run_scheduled
from gridmap.hotspots.surfaces import pack
from gridmap.incidents.statistics import Span, clock
from gridmap.jobs.running import Cancelled, Doing, Handlers
from gridmap.settings import Settings
from gridmap.territory.preferences import territory_settings

#: What a run is at, for the page that waits.
READING, ANALYSING, STORING = (
    N_("Reading incidents"),
    N_("Analysing"),
    N_("Storing the result"),
)
#: Degrees, some 300 m: streets further away give a hotspot no name.
_NEAR = 0.003


def compute(doing: Doing) -> None:
    """Make the run that a job names."""
    _compute(doing, int(doing.parameters["run"]))


def compute_again(doing: Doing) -> None:
    """Make a scheduled run anew, or end its schedule."""
    with Session(doing.engine) as session, session.begin():
        made = run_scheduled(session, int(doing.parameters["run"]), doing.job.id)
        prune_runs(session, Settings().run_days)
    if made is None:
        raise Cancelled
    _compute(doing, made)


HANDLERS: Handlers = {KIND: compute, KIND_AGAIN: compute_again}


def load() -> None:
    """Load the libraries of all analyses."""
    for each in ANALYSES.values():
        each.load()


def warm(engine: Engine | None = None) -> None:
    """Have compiled and loaded what the first person would wait for.

    Parameters
    ----------
    engine : Engine, optional
        Whose connections load PostGIS and the tables that a run reads.
    """
    load()
    rng = np.random.default_rng(0)
    grid = ANALYSES["gi_star"]
    day = datetime(2026, 1, 1, tzinfo=UTC).date()
    x, y = rng.uniform(0, 3000, (2, 200))
    events = Events(x, y, np.full(200, np.datetime64("2026-01-01T00:00:00", "s")), day, day)
    area = Area(shapely.box(0, 0, 3000, 3000), local_metric_crs(114, 30))
    homes = cast(Context, SimpleNamespace(households=lambda: Households(x, y, np.ones(200))))
    found = grid.load()(events, area, homes, grid.parameters(), lambda share: None).found
    area.to_degrees(found.shapes)
    if engine is not None:
        # A town without outlines or homes has nothing to wait for.
        with suppress(Unsuitable):
            _read_a_little(engine)


def _read_a_little(engine: Engine) -> None:
    """Read as the first run will, so that tables are at hand and connections know PostGIS."""
    with reading_moment(engine) as connection:
        zone = clock(connection).zone
        area = read_area(connection, None)
        choice = Choice(None, (), zone)
        context = homes_meanwhile(make_context(engine, area, choice))
        today = datetime.now(zone).date()
        read_events(connection, area, choice, Span(today - timedelta(days=7), today))
        context.households()


def _compute(doing: Doing, run_id: int) -> None:
    with Session(doing.engine, expire_on_commit=False) as session, session.begin():
        run = session.get(HotspotRun, run_id)
        if run is None:
            raise Cancelled
        zone = ZoneInfo(territory_settings(session).time_zone)
        session.execute(delete(HotspotFeature).where(HotspotFeature.run_id == run_id))
    doing.step(READING, 0.0)
    entry = ANALYSES[run.analysis]
    communities = None if run.communities is None else tuple(run.communities)
    parameters = entry.parameters.model_validate(run.parameters)
    choice = Choice(
        communities, tuple(run.categories), zone, with_category=entry.asks_categories(parameters)
    )
    # No transaction stays open while an analysis computes: it would keep what others delete.
    with reading_moment(doing.engine) as connection:
        area = read_area(connection, communities)
        context = make_context(doing.engine, area, choice)
        if entry.asks_homes(parameters):
            context = homes_meanwhile(context)
        events = read_events(connection, area, choice, Span(run.first, run.last))
    if len(events) < entry.least:
        raise Unsuitable(Reason.TOO_FEW, events=len(events), least=entry.least)
    if entry.of_places and np.ptp(events.x) == 0 and np.ptp(events.y) == 0:
        raise Unsuitable(Reason.ONE_PLACE, events=len(events))
    doing.step(ANALYSING, 0.2)
    result = entry.load()(
        events, area, context, parameters, lambda share: doing.tick(0.2 + 0.7 * share)
    )
    doing.step(STORING, 0.9)
    with Session(doing.engine) as session, session.begin():
        _store(session, run_id, area, events, result)
        doing.tick(1.0)


def _store(session: Session, run_id: int, area: Area, events: Events, result: Result) -> None:
    # Locked first, for it may be deleted at any time and its rows refer to it.
    run = session.get(HotspotRun, run_id, with_for_update=True)
    if run is None:
        raise Cancelled
    connection = session.connection()
    _copy(connection, run_id, area, result.found)
    _name(connection, run_id)
    _house(connection, run_id)
    if result.painted is not None:
        session.merge(pack(run_id, area, result.painted))
    labels, counts = months(events)
    figures = _plain(result.figures)
    # Where only spans are known, the hours are those that the analysis spread them over.
    hours = figures.get("week") or week(events.time)
    first, last = np.datetime64(events.first, "D"), np.datetime64(events.last, "D")
    series: dict[str, Any] = {
        "week": hours,
        "months": {"labels": labels, "counts": counts},
        "weekday": busiest_weekday(np.sum(hours, axis=1), first, last),
        # What the map must know before it asks for tiles.
        "drawn": bool((~result.found.listed).any()),
    }
    if result.painted is not None:
        levels = [float(level) for level in result.painted.levels]
        series["surface"] = {"palette": result.painted.palette, "levels": levels}
    run.summary = figures | series
    run.incidents = len(events)
    zone = ZoneInfo(territory_settings(session).time_zone)
    newest = events.time.max().astype(datetime).replace(tzinfo=zone)
    run.newest, run.program, run.finished_at = newest, version("gridmap"), datetime.now(UTC)


def _plain(value: Any) -> Any:
    """Return figures as JSON has them, which knows neither infinity nor what is no number."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _copy(connection: Connection, run_id: int, area: Area, found: Found) -> None:
    """Write the rows of a result; those that are listed are numbered by their scores."""
    n = len(found.shapes)
    order = np.lexsort((-found.score, ~found.listed))
    rank = np.zeros(n, dtype=np.int64)
    rank[order] = np.arange(1, n + 1)
    shapes = shapely.to_wkb(
        shapely.set_srid(area.to_degrees(found.shapes), 4326), include_srid=True
    )
    rows = zip(
        _or_null(np.where(found.listed, rank, np.nan), n, int),
        [shape.hex() for shape in shapes],
        found.kind.tolist(),
        found.count.tolist(),
        *(_or_null(each, n, float) for each in (found.expected, found.p, found.score)),
        ["{}"] * n if found.values is None else [json.dumps(_plain(one)) for one in found.values],
        strict=True,
    )
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    statement = (
        "COPY hotspot_feature (run_id, rank, geom, kind, count, expected, p, score, values)"
        " FROM STDIN"
    )
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row((run_id, *row))


def _or_null(column: Any, n: int, kind: type) -> list[Any]:
    """Return a column's values, and none where it is missing or no number."""
    if column is None:
        return [None] * n
    return [kind(one) if isfinite(one) else None for one in np.asarray(column).tolist()]


def _name(connection: Connection, run_id: int) -> None:
    """Give what is listed the cell it lies in and the nearest street's name.

    Shapes may reach beyond the communities that were looked at; cells there are not named.
    """
    connection.execute(
        text("""
            UPDATE hotspot_feature f SET cell_id = named.cell, place = named.place FROM (
                SELECT f.id, c.id AS cell, coalesce(r.name, u.name) AS place
                FROM hotspot_feature f CROSS JOIN LATERAL ST_PointOnSurface(f.geom) AS at
                JOIN hotspot_run run ON run.id = f.run_id
                LEFT JOIN LATERAL (
                    SELECT id, community_id FROM cell
                    WHERE ST_Covers(geom, at) AND valid_to IS NULL
                      AND (run.communities IS NULL OR community_id = ANY(run.communities))
                    ORDER BY (kind = 'basic') DESC, id LIMIT 1) c ON true
                LEFT JOIN unit u ON u.id = c.community_id
                LEFT JOIN LATERAL (
                    SELECT r.name FROM road r
                    WHERE r.name <> '' AND r.geom && ST_Expand(at, :near)
                    ORDER BY r.geom <-> at LIMIT 1) r ON true
                WHERE f.run_id = :run AND f.rank IS NOT NULL
            ) named WHERE f.id = named.id
        """),
        {"run": run_id, "near": _NEAR},
    )


def _house(connection: Connection, run_id: int) -> None:
    """Tell of what is listed how many households live there, with which any count can be compared.

    Along a street those count that live beside it; and buildings of communities that were not
    looked at never do.
    """
    connection.execute(
        text("""
            UPDATE hotspot_feature f
            SET values = f.values || jsonb_build_object('households', housed.households) FROM (
                SELECT f.id, coalesce(sum(n.households), 0) AS households
                FROM hotspot_feature f JOIN hotspot_run run ON run.id = f.run_id
                CROSS JOIN LATERAL (SELECT CASE ST_Dimension(f.geom) WHEN 2 THEN f.geom
                    ELSE ST_Buffer(f.geom::geography, 2 * :beside)::geometry END AS area) near
                LEFT JOIN building b ON ST_Covers(near.area, b.anchor)
                  AND (ST_Dimension(f.geom) = 2
                       OR ST_DWithin(f.geom::geography, b.anchor::geography, :beside))
                  AND (run.communities IS NULL OR b.community_id = ANY(run.communities))
                LEFT JOIN LATERAL (
                    SELECT households FROM building_count c WHERE c.building_id = b.id
                    ORDER BY month DESC LIMIT 1) n ON true
                WHERE f.run_id = :run AND f.rank IS NOT NULL
                GROUP BY f.id
            ) housed WHERE f.id = housed.id
        """),
        {"run": run_id, "beside": BESIDE_M},
    )
