"""Tracks for the demo town: some routes walked in the last months, not all of them to the end."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.metric import metres_per_degree
from gridmap.patrols.network import SPEED, Floats, Mode
from gridmap.patrols.tracks.service import NewTrack, add_track
from gridmap.workforce.rights import SYSTEM

#: Days ago, the hour, the share of the route that was walked, and which stop was not kept (-1:
#: none).
_WALKS = (
    (2, 19, 1.0, -1), (3, 9, 1.0, -1), (4, 16, 0.8, 1), (9, 20, 1.0, 0), (12, 8, 0.9, -1),
    (16, 18, 0.6, -1), (33, 19, 1.0, -1), (40, 10, 1.0, -1), (47, 17, 1.0, -1), (68, 8, 0.9, -1),
    (75, 19, 0.8, -1), (100, 11, 1.0, -1), (131, 20, 1.0, -1),
)  # fmt: skip
#: Seconds between positions, and how far a device is wrong, in metres.
_EVERY_S, _ERROR_M = 5.0, 4.0
#: From this hour on a walk is that of a shift on its route, if one was in these days.
_EVENING, _LOOKED_BACK = 16, timedelta(days=7)
_SHIFTS = text("""
    SELECT starts, team_id FROM shift
    WHERE route_id = :route AND cancelled_at IS NULL AND ends < :now ORDER BY starts, team_id
""")
_ROUTES = """
    SELECT r.id, r.mode, ST_AsBinary(r.geom) AS line FROM patrol_route r
    WHERE r.archived_at IS NULL ORDER BY r.id LIMIT 4
"""
_STOPS = """
    SELECT s.dwell_min, ST_LineLocatePoint(r.geom, s.geom) AS at
    FROM patrol_stop s JOIN patrol_route r ON r.id = s.route_id
    WHERE s.route_id = :route ORDER BY at
"""


def load_tracks(session: Session, seed: int, now: datetime) -> bool:
    """Give the demo town walked patrols, unless it has some; jobs match them to streets.

    Parameters
    ----------
    session : Session
        Of a database with the demo town's routes.
    seed : int
        Another number gives other errors of the devices.
    now : datetime
        No patrol ends after it.
    """
    if session.execute(text("SELECT EXISTS (SELECT FROM patrol_track)")).scalar_one():
        return False
    zone = ZoneInfo(session.execute(text("SELECT time_zone FROM territory_settings")).scalar_one())
    rng, walked = np.random.default_rng(seed), Counter[int]()
    for number, route in enumerate(session.execute(text(_ROUTES)).all()):
        stops = session.execute(text(_STOPS), {"route": route.id}).all()
        duties = list(session.execute(_SHIFTS, {"route": route.id, "now": now}))
        line = cast(shapely.LineString, shapely.from_wkb(bytes(route.line)))
        for days, hour, share, skipped in _WALKS:
            day = now.astimezone(zone) - timedelta(days=days + number % 3)
            start = day.replace(hour=hour, minute=10 * number, second=0, microsecond=0)
            duty = _duty(duties, start, walked) if hour >= _EVENING else None
            if duty is not None:
                start = duty.starts + timedelta(minutes=number)
                walked[duty.team_id] += 1
            kept = [(s.at, 60.0 * s.dwell_min) for n, s in enumerate(stops) if n != skipped]
            walk = _walk(line, share, kept, SPEED[Mode[route.mode.upper()]], rng)
            positions = _frame(walk, start)
            team = None if duty is None else duty.team_id
            new = NewTrack("demo", route_id=route.id, team_id=team)
            add_track(session, SYSTEM, new, positions)
    return True


def _duty(duties: list[Row[Any]], start: datetime, walked: Counter[int]) -> Row[Any] | None:
    """Return a shift of the days before that has no walk yet, of the team that walked least."""
    before = [each for each in duties if start - _LOOKED_BACK < each.starts <= start]
    if not before:
        return None
    duty = min(before, key=lambda each: (walked[each.team_id], start - each.starts))
    duties.remove(duty)
    return duty


def _walk(
    line: shapely.LineString,
    share: float,
    stops: list[tuple[float, float]],
    speed: float,
    rng: np.random.Generator,
) -> Floats:
    """Return longitude, latitude and seconds of a walk along a line, shape (n, 3)."""
    scale = metres_per_degree(float(line.centroid.y))
    plane = shapely.LineString(shapely.get_coordinates(line) * scale)
    end_m = share * plane.length
    moments, places = [0.0], [0.0]
    for at, dwell_s in (*stops, (1.0, 0.0)):
        metres = min(at * plane.length, end_m)
        moments.append(moments[-1] + (metres - places[-1]) / speed)
        places.append(metres)
        if at * plane.length <= end_m:
            moments.append(moments[-1] + dwell_s)
            places.append(metres)
    seconds = np.arange(0.0, moments[-1], _EVERY_S)
    points = shapely.line_interpolate_point(plane, np.interp(seconds, moments, places))
    xy = shapely.get_coordinates(points)
    # The error of a device wanders and does not jump.
    wander = np.zeros_like(xy)
    for i, push in enumerate(rng.normal(0, 0.3 * _ERROR_M, xy.shape)):
        wander[i] = 0.95 * wander[i - 1] + push if i else push
    return np.column_stack([(xy + wander) / scale, seconds])


def _frame(walk: Floats, start: datetime) -> gpd.GeoDataFrame:
    at = pd.Timestamp(start).tz_convert("UTC") + pd.to_timedelta(walk[:, 2], unit="s")
    points = gpd.points_from_xy(walk[:, 0], walk[:, 1])
    return gpd.GeoDataFrame({"at": at, "accuracy_m": np.nan}, geometry=points, crs="EPSG:4326")
