"""Check-ins: who was at which stop of a route, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from geoalchemy2.shape import from_shape
from shapely.geometry import Point
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.patrols.models import PatrolCheckIn, PatrolStop
from gridmap.patrols.routes.queries import Rows, find_route
from gridmap.workforce.rights import Actor

#: A phone without a network sends later what it kept; a clock that is wrong is not believed.
OLDEST = timedelta(days=2)
_AHEAD = timedelta(minutes=5)


def check_in(
    session: Session,
    actor: Actor,
    route_id: int,
    stop_id: int,
    *,
    at: datetime | None = None,
    point: tuple[float, float] | None = None,
) -> PatrolCheckIn:
    """Store that the actor is at a stop; sent twice, it is stored once.

    Parameters
    ----------
    at : datetime, optional
        When, with its time zone; by default now.
    point : (lon, lat), optional
        Where the phone was, WGS 84, if it knew.

    Raises
    ------
    NotFoundError
        If there is no such route for the actor, or no such stop on it.
    GridmapError
        If the moment lies ahead or long ago.
    """
    find_route(session, actor, route_id)
    stop = session.get(PatrolStop, stop_id)
    if stop is None or stop.route_id != route_id:
        raise NotFoundError(Message("The route has no such stop any more. Load the page again."))
    now = datetime.now(UTC)
    moment = at or now
    if not now - OLDEST <= moment <= now + _AHEAD:
        raise GridmapError(
            Message("The time of the check-in is not of today. Check the phone's clock.")
        )
    done = PatrolCheckIn(
        route_id=route_id,
        stop_id=stop_id,
        user_id=actor.user_id,
        user_name=actor.name,
        at=moment,
        geom=None if point is None else from_shape(Point(point), srid=4326),
    )
    known = session.execute(
        text("""
            SELECT id FROM patrol_check_in
            WHERE stop_id = :stop AND user_id IS NOT DISTINCT FROM :user AND at = :at
        """),
        {"stop": stop_id, "user": actor.user_id, "at": moment},
    ).scalar_one_or_none()
    if known is not None:
        return session.get_one(PatrolCheckIn, known)
    session.add(done)
    session.flush()
    return done


def recent(session: Session, route_id: int, most: int = 20) -> Rows:
    """List the newest check-ins of a route; the caller has seen it.

    Returns
    -------
    sequence of rows
        ``at``, ``user_name``, ``stop`` (its name), ``position`` and ``metres`` from the stop,
        None where the phone did not know.
    """
    return session.execute(
        text("""
            SELECT c.at, c.user_name, s.name AS stop, s.position, s.kind,
                   round(ST_Distance(c.geom::geography, s.geom::geography))::integer AS metres
            FROM patrol_check_in c LEFT JOIN patrol_stop s ON s.id = c.stop_id
            WHERE c.route_id = :route ORDER BY c.at DESC, c.id DESC LIMIT :most
        """),
        {"route": route_id, "most": most},
    ).all()


def own_today(session: Session, actor: Actor, route_id: int) -> dict[int, Any]:
    """Return when the actor last checked in at each stop within the last twelve hours."""
    rows = session.execute(
        text("""
            SELECT stop_id, max(at) AS at FROM patrol_check_in
            WHERE route_id = :route AND user_id = :user AND stop_id IS NOT NULL
              AND at > now() - interval '12 hours'
            GROUP BY stop_id
        """),
        {"route": route_id, "user": actor.user_id},
    )
    return {row.stop_id: row.at for row in rows}
