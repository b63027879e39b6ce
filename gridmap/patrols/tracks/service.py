"""Writes of tracks: take one in, throw one away, and forget raw positions in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import geopandas as gpd
import numpy as np
import psycopg
import shapely
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.jobs import service as jobs
from gridmap.patrols.models import MODES, PatrolRoute
from gridmap.patrols.tracks.models import PatrolTrack
from gridmap.territory.models import Unit
from gridmap.workforce import audit
from gridmap.workforce.models import Cadre
from gridmap.workforce.rights import Action, Actor, require, require_unit

KIND = "patrol_track"
SUBJECT = "patrol_track"
#: A day at a position each second, and some more.
MOST_POSITIONS = 100_000
#: A patrol takes a day at most; a longer file holds several, or none.
LONGEST = timedelta(hours=26)
_FORGET = """
    DELETE FROM patrol_position p USING patrol_track t, patrol_settings s
    WHERE p.track_id = t.id AND t.matched_at IS NOT NULL
      AND t.ended_at < now() - make_interval(days => s.position_days)
"""
# Who checked in when stays; where the phone was does not.
_FORGET_PLACES = """
    UPDATE patrol_check_in c SET geom = NULL FROM patrol_settings s
    WHERE c.geom IS NOT NULL AND c.at < now() - make_interval(days => s.position_days)
"""


@dataclass(frozen=True)
class NewTrack:
    """What is known of a track beside its positions.

    Attributes
    ----------
    source : str
        See `models.SOURCES`.
    route_id : int or None
        The route that was to be walked; it also tells unit and mode, and the team if none is
        named: that of the shift on it at the time, else its own.
    unit_id : int or None
        Needed without a route.
    """

    source: str
    route_id: int | None = None
    unit_id: int | None = None
    team_id: int | None = None
    mode: str = "foot"
    file_name: str = ""


def add_track(
    session: Session, actor: Actor, new: NewTrack, positions: gpd.GeoDataFrame
) -> PatrolTrack:
    """Take in a track and ask for it to be matched to streets.

    Parameters
    ----------
    session : Session
    actor : Actor
        A planner, or a cadre who walked it: then his own name is kept with it.
    new : NewTrack
    positions : GeoDataFrame, EPSG:4326
        See `geodata.positions.read_positions`.

    Raises
    ------
    ForbiddenError
        If the actor neither plans patrols nor is a cadre.
    GridmapError
        If there are too few positions, too many, or of more than a day.
    NotFoundError
        If the route or the unit does not exist or lies outside the actor's area.
    ConflictError
        If the same track was taken in before.
    """
    own = _own_cadre(session, actor)
    if not actor.may(Action.PLAN_PATROLS) and own is None:
        raise ForbiddenError(Message("You do not have the right to do this."))
    started, ended = positions["at"].min(), positions["at"].max()
    _check_size(len(positions), ended - started)
    track = PatrolTrack(
        cadre_id=None if actor.may(Action.PLAN_PATROLS) else own,
        source=new.source,
        file_name=new.file_name[:200],
        started_at=started.to_pydatetime(),
        ended_at=ended.to_pydatetime(),
        positions=len(positions),
        added_by=actor.user_id,
        **_belonging(session, actor, new, started.to_pydatetime(), own),
    )
    _refuse_again(session, track)
    session.add(track)
    session.flush()
    _copy(session.connection(), track.id, positions)
    track.job_id = jobs.ask(session, KIND, {"track": track.id}, actor.user_id).id
    session.flush()
    told = {"route_id": track.route_id, "positions": track.positions, "source": track.source}
    audit.record(session, actor, "patrols.track_added", (SUBJECT, track.id), None, told)
    return track


def delete_track(session: Session, actor: Actor, track_id: int) -> None:
    """Throw a track away with all that was read from it.

    Raises
    ------
    ForbiddenError
        If the actor plans no patrols.
    NotFoundError
        If there is none in the actor's area.
    """
    require(actor, Action.PLAN_PATROLS)
    track = session.get(PatrolTrack, track_id, with_for_update=True)
    if track is None or not actor.sees_unit(track.unit_id):
        raise NotFoundError(Message("There is no track with the id {id}.", id=track_id))
    told = {"route_id": track.route_id, "started_at": track.started_at.isoformat()}
    audit.record(session, actor, "patrols.track_deleted", (SUBJECT, track.id), told, None)
    session.delete(track)
    session.flush()


def forget_positions(session: Session) -> int:
    """Delete the raw positions whose days are over, those of check-ins too.

    Returns
    -------
    int
        How many positions of tracks.
    """
    session.execute(text(_FORGET_PLACES))
    return cast(Any, session.execute(text(_FORGET))).rowcount or 0


def _check_size(positions: int, span: timedelta) -> None:
    if positions < 2:
        raise GridmapError(Message("A track needs two positions at least."))
    if positions > MOST_POSITIONS:
        raise GridmapError(
            Message(
                "The track has {count} positions; {most} are taken at most. Cut it in parts.",
                count=positions,
                most=MOST_POSITIONS,
            )
        )
    if span > LONGEST:
        raise GridmapError(
            Message(
                "The track lasts {hours} hours. Hand in each patrol by itself.",
                hours=round(span.total_seconds() / 3600),
            )
        )


def _own_cadre(session: Session, actor: Actor) -> int | None:
    if actor.user_id is None:
        return None
    return session.scalar(select(Cadre.id).where(Cadre.user_id == actor.user_id, Cadre.active))


def _belonging(
    session: Session, actor: Actor, new: NewTrack, started: datetime, cadre_id: int | None
) -> dict[str, Any]:
    """Return route, unit, team and mode of a new track."""
    if new.route_id is not None:
        route = session.get(PatrolRoute, new.route_id)
        if route is None or not actor.sees_unit(route.unit_id):
            raise NotFoundError(Message("There is no route with the id {id}.", id=new.route_id))
        return {
            "route_id": route.id,
            "unit_id": route.unit_id,
            "team_id": new.team_id
            or _on_duty(session, route.id, started, cadre_id)
            or route.team_id,
            "mode": route.mode,
        }
    if new.unit_id is None:
        raise GridmapError(Message("Choose the route that was walked, or the unit it lies in."))
    require_unit(actor, new.unit_id)
    if session.get(Unit, new.unit_id) is None:
        raise NotFoundError(Message("There is no unit with the id {id}.", id=new.unit_id))
    if new.mode not in MODES:
        raise GridmapError(Message("{value} is no mode of moving.", value=new.mode))
    return {"route_id": None, "unit_id": new.unit_id, "team_id": new.team_id, "mode": new.mode}


def _on_duty(
    session: Session, route_id: int, started: datetime, cadre_id: int | None
) -> int | None:
    """Return the team whose shift on a route was then, that of the walker's own shift first."""
    found: int | None = session.scalar(
        text("""
            SELECT s.team_id FROM shift s
            WHERE s.route_id = :route AND s.cancelled_at IS NULL
              AND CAST(:started AS timestamptz) >= s.starts - interval '30 minutes'
              AND CAST(:started AS timestamptz) < s.ends + interval '30 minutes'
            ORDER BY EXISTS (SELECT FROM shift_member m WHERE m.shift_id = s.id
                             AND m.cadre_id = :cadre) DESC,
                     abs(extract(epoch FROM CAST(:started AS timestamptz) - s.starts)), s.id
            LIMIT 1
        """),
        {"route": route_id, "started": started, "cadre": cadre_id},
    )
    return found


def _refuse_again(session: Session, track: PatrolTrack) -> None:
    """Refuse the same recording a second time, which would count twice."""
    same = session.scalar(
        select(PatrolTrack.id).where(
            PatrolTrack.started_at == track.started_at,
            PatrolTrack.ended_at == track.ended_at,
            PatrolTrack.positions == track.positions,
            PatrolTrack.unit_id == track.unit_id,
            PatrolTrack.route_id.is_not_distinct_from(track.route_id),
        )
    )
    if same is not None:
        raise ConflictError(
            Message("This track was handed in before; it has the id {id}.", id=same)
        )


def _copy(connection: Connection, track_id: int, positions: gpd.GeoDataFrame) -> None:
    shapes = shapely.to_wkb(
        shapely.set_srid(positions.geometry.to_numpy(), 4326), hex=True, include_srid=True
    )
    accuracy = positions["accuracy_m"].to_numpy(dtype="float64", na_value=np.nan)
    driver = cast(psycopg.Connection[Any], connection.connection.driver_connection)
    statement = "COPY patrol_position (track_id, number, at, accuracy_m, geom) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        rows = zip(positions["at"].dt.to_pydatetime(), accuracy, shapes, strict=True)
        for number, (at, metres, shape) in enumerate(rows):
            copy.write_row(
                (track_id, number, at, None if np.isnan(metres) else float(metres), shape)
            )
