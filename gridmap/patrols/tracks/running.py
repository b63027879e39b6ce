"""Matches tracks to streets, tells what of the plan was walked, and keeps the counts up to date."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from shapely.ops import substring
from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.jobs.running import Cancelled, Doing, Handlers
from gridmap.patrols.matching.cleaning import Cleaned, Cleaning, Fate, clean
from gridmap.patrols.matching.coverage import compare_line, track_lines, walk_lines
from gridmap.patrols.matching.hidden_markov import Match, match
from gridmap.patrols.network import Mode
from gridmap.patrols.streets.placed import Placed
from gridmap.patrols.streets.reading import read_network
from gridmap.patrols.tracks.judging import Stop, judge
from gridmap.patrols.tracks.models import PatrolTrack
from gridmap.patrols.tracks.refreshing import refresh, stale_months
from gridmap.patrols.tracks.service import KIND, forget_positions

log = logging.getLogger(__name__)

CLEANING, MATCHING, STORING, COUNTING = (
    N_("Cleaning positions"),
    N_("Matching to streets"),
    N_("Storing the result"),
    N_("Counting what is covered"),
)
#: Half the width of the corridor in which a route counts as walked, in metres.
CORRIDOR_M = 20.0
_LOOK_EVERY_S = 600.0
_POSITIONS = """
    SELECT ST_X(geom), ST_Y(geom), extract(epoch FROM at)::float8, coalesce(accuracy_m, 'NaN')
    FROM patrol_position WHERE track_id = :id ORDER BY number
"""
_STOPS = """
    SELECT s.id, s.position, s.name, s.dwell_min, s.opens, s.closes, ST_X(s.geom) AS lon,
           ST_Y(s.geom) AS lat
    FROM patrol_stop s WHERE s.route_id = :route ORDER BY s.position
"""
_MONTHS = """
    SELECT DISTINCT s.community_id AS community,
           date_trunc('month', w.left_at AT TIME ZONE :zone)::date AS month
    FROM patrol_walk w JOIN street_segment s ON s.id = w.segment_id
    WHERE w.track_id = :id AND s.community_id IS NOT NULL
"""


@dataclass(frozen=True, eq=False)
class _Read:
    """What the database says of a track."""

    track: PatrolTrack
    placed: Placed
    positions: NDArray[np.float64]
    route: shapely.LineString | None
    version: int | None
    stops: Sequence[Row[Any]]
    zone: ZoneInfo


def match_track(doing: Doing) -> None:
    """Match the track that a job names."""
    track_id = int(doing.parameters["track"])
    doing.step(CLEANING, 0.0)
    read = _read(doing.engine, track_id)
    mode = Mode[read.track.mode.upper()]
    x, y = read.placed.metres(read.positions[:, 0], read.positions[:, 1])
    cleaned = clean(x, y, read.positions[:, 2], read.positions[:, 3], Cleaning(mode=mode))
    doing.step(MATCHING, 0.2)
    matched = match(read.placed.network, cleaned, mode)
    doing.step(STORING, 0.7)
    with Session(doing.engine) as session, session.begin():
        _store(session, read, cleaned, matched)
    doing.step(COUNTING, 0.8)
    with doing.engine.connect() as connection:
        values = {"id": track_id, "zone": str(read.zone)}
        months = [tuple(row) for row in connection.execute(text(_MONTHS), values)]
    refresh(doing.engine, cast(list[tuple[int, date]], months))


HANDLERS: Handlers = {KIND: match_track}


def watch(engine: Engine, end: threading.Event) -> None:
    """Delete raw positions in time, and count anew what other changes touch, until the end."""
    while not end.wait(_LOOK_EVERY_S):
        try:
            with Session(engine) as session, session.begin():
                forget_positions(session)
            refresh(engine, stale_months(engine))
        except SQLAlchemyError:
            log.exception("Tracks could not be looked after")


def _read(engine: Engine, track_id: int) -> _Read:
    with Session(engine, expire_on_commit=False) as session:
        track = session.get(PatrolTrack, track_id)
        if track is None:
            raise Cancelled
        zone = session.execute(text("SELECT time_zone FROM territory_settings")).scalar_one()
        rows = session.execute(text(_POSITIONS), {"id": track_id}).all()
        route = session.execute(
            text("SELECT ST_AsBinary(geom) AS shape, version FROM patrol_route WHERE id = :id"),
            {"id": track.route_id},
        ).one_or_none()
        stops = session.execute(text(_STOPS), {"route": track.route_id}).all()
        return _Read(
            track,
            read_network(session),
            np.array(rows, dtype=np.float64).reshape(-1, 4),
            None if route is None else cast(shapely.LineString, shapely.from_wkb(route.shape)),
            None if route is None else route.version,
            stops,
            ZoneInfo(zone),
        )


def _store(session: Session, read: _Read, cleaned: Cleaned, matched: Match) -> None:
    track = session.get(PatrolTrack, read.track.id, with_for_update=True)
    if track is None:
        raise Cancelled
    connection, network = session.connection(), read.placed.network
    for table in ("patrol_walk", "patrol_visit"):
        connection.execute(text(f"DELETE FROM {table} WHERE track_id = :id"), {"id": track.id})
    lines = walk_lines(network.lines, network.length_m, matched.walk)
    _copy_walks(connection, read, matched, lines)
    _insert_visits(connection, read, cleaned)
    dropped = {fate.name.lower(): n for fate, n in cleaned.counts().items() if fate != Fate.KEPT}
    report: dict[str, Any] = {"dropped": dropped, "kept": len(cleaned.x)}
    track.route_share = None
    if read.route is not None:
        plan = _plane(read.placed, read.route)
        walked = np.concatenate([lines, track_lines(cleaned)])
        compared = compare_line(plan, walked, CORRIDOR_M)
        track.route_share = float(np.clip(compared.share, 0, 1))
        report["version"] = read.version
        if track.route_share == 0 and len(walked):
            # Who came near it nowhere did not leave it out: it may be the track of another route.
            report["away_m"] = round(float(shapely.distance(plan, walked).min()))
        if len(compared.missed):
            report["missed"] = _missed(read.placed, plan, compared.missed)
    track.length_m = matched.walk.length_m
    track.on_streets = float(matched.matched.mean()) if len(matched.segment) else 0.0
    track.report, track.matched_at = report, datetime.now(UTC)


def _copy_walks(
    connection: Connection, read: _Read, matched: Match, lines: NDArray[np.object_]
) -> None:
    walk, ids = matched.walk, read.placed.network.segment_id
    long = np.flatnonzero(shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING)
    shapes = shapely.to_wkb(_degrees(read.placed, lines[long]), hex=True, include_srid=True)
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    statement = (
        "COPY patrol_walk (track_id, number, segment_id, entered_at, left_at, from_m, to_m, geom)"
        " FROM STDIN"
    )
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for i, shape in zip(long, shapes, strict=True):
            moments = [datetime.fromtimestamp(s[i], UTC) for s in (walk.entered_s, walk.left_s)]
            copy.write_row((
                read.track.id, int(i), int(ids[walk.segment[i]]), *moments,
                float(walk.from_m[i]), float(walk.to_m[i]), shape,
            ))  # fmt: skip


def _insert_visits(connection: Connection, read: _Read, cleaned: Cleaned) -> None:
    rows = []
    for stop in read.stops:
        x, y = read.placed.metres(stop.lon, stop.lat)
        wanted = Stop(float(x), float(y), 60.0 * stop.dwell_min, stop.opens, stop.closes)
        found = judge(cleaned, wanted, read.zone)
        rows.append({
            "track": read.track.id, "position": stop.position, "stop": stop.id,
            "name": stop.name, "dwell": wanted.dwell_s, "arrived": found.arrived_at,
            "gone": found.left_at, "stayed": found.stayed_s, "verdict": str(found.verdict),
        })  # fmt: skip
    if rows:
        connection.execute(
            text("""
                INSERT INTO patrol_visit (track_id, position, stop_id, name, dwell_s, arrived_at,
                                          left_at, stayed_s, verdict)
                VALUES (:track, :position, :stop, :name, :dwell, :arrived, :gone, :stayed, :verdict)
            """),
            rows,
        )


def _missed(
    placed: Placed, plan: shapely.LineString, missed: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the stretches of a plan that were not walked, as a GeoJSON geometry in degrees."""
    parts = [substring(plan, begin, end) for begin, end in missed]
    shape = shapely.multilinestrings([part for part in parts if part.length > 0])
    found: dict[str, Any] = json.loads(shapely.to_geojson(_degrees(placed, shape)))
    return found


def _plane(placed: Placed, line: shapely.LineString) -> shapely.LineString:
    return shapely.transform(line, lambda at: np.column_stack(placed.metres(at[:, 0], at[:, 1])))


def _degrees(placed: Placed, shapes: Any) -> Any:
    def back(at: NDArray[np.float64]) -> NDArray[np.float64]:
        degrees: NDArray[np.float64] = np.column_stack(placed.degrees(at[:, 0], at[:, 1]))
        return degrees.round(7)

    return shapely.set_srid(shapely.transform(shapes, back), 4326)
