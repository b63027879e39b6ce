"""Tables of tracks: raw positions for a while, and what remains of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.patrols.models import MODES
from gridmap.territory.models import geometry

SOURCES = ("gpx", "geojson", "table", "phone", "demo")
#: What became of a stop: stayed long enough, not long enough, or never reached.
VERDICTS = ("visited", "too_short", "missed")


class PatrolSettings(Base):
    """The one row of what a town decides about patrols."""

    __tablename__ = "patrol_settings"
    __table_args__ = (
        CheckConstraint("id", name="one_row"),
        CheckConstraint("near_m BETWEEN 5 AND 1000", name="near_m"),
        CheckConstraint("position_days BETWEEN 0 AND 3650", name="position_days"),
    )

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # A patrol that passes within so many metres of an incident's place has covered it.
    near_m: Mapped[int] = mapped_column(SmallInteger, server_default=text("50"))
    # After so many days the raw positions of staff are deleted.
    position_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("30"))


class PatrolTrack(Base):
    """A patrol that was walked, with what came of it."""

    __tablename__ = "patrol_track"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("started_at <= ended_at", name="span"),
        Index("ix_patrol_track_unit_id", "unit_id", "started_at"),
        Index("ix_patrol_track_route_id", "route_id", "started_at"),
        Index("ix_patrol_track_team_id", "team_id", "started_at"),
        Index("ix_patrol_track_cadre_id", "cadre_id", "started_at"),
        Index("ix_patrol_track_started_at", "started_at"),
        Index("ix_patrol_track_job_id", "job_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # Who plans for this unit sees the track.
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    route_id: Mapped[int | None] = mapped_column(ForeignKey("patrol_route.id", ondelete="SET NULL"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    # Who recorded it on the phone; files do not say.
    cadre_id: Mapped[int | None] = mapped_column(ForeignKey("cadre.id", ondelete="SET NULL"))
    mode: Mapped[str]
    source: Mapped[str]
    file_name: Mapped[str] = mapped_column(server_default=text("''"))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    positions: Mapped[int] = mapped_column(Integer)
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    added_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    # Null until it is matched to streets.
    matched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    length_m: Mapped[float | None]
    # Of the cleaned positions, those on a street.
    on_streets: Mapped[float | None]
    # Of the route's length.
    route_share: Mapped[float | None]
    # Positions dropped by reason, and the route as it was then: its version, missed stretches, and
    # how far away the track stayed that follows no part of it.
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class PatrolPosition(Base):
    """A raw position; it is deleted when the settings say so."""

    __tablename__ = "patrol_position"

    track_id: Mapped[int] = mapped_column(
        ForeignKey("patrol_track.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accuracy_m: Mapped[float | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class PatrolWalk(Base):
    """A stretch of a street that was walked; it outlives the raw positions and the network."""

    __tablename__ = "patrol_walk"
    __table_args__ = (
        Index("ix_patrol_walk_segment_id", "segment_id", "left_at"),
        Index("ix_patrol_walk_geom", "geom", postgresql_using="gist"),
        Index("ix_patrol_walk_left_at", "left_at"),
    )

    track_id: Mapped[int] = mapped_column(
        ForeignKey("patrol_track.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    segment_id: Mapped[int | None] = mapped_column(
        ForeignKey("street_segment.id", ondelete="SET NULL")
    )
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    left_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Along the segment's line; from is greater where it was walked against it.
    from_m: Mapped[float]
    to_m: Mapped[float]
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class PatrolVisit(Base):
    """What a track says of one stop of its route, as the route was then."""

    __tablename__ = "patrol_visit"
    __table_args__ = (
        CheckConstraint(f"verdict IN {VERDICTS}", name="verdict"),
        Index("ix_patrol_visit_stop_id", "stop_id"),
    )

    track_id: Mapped[int] = mapped_column(
        ForeignKey("patrol_track.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    stop_id: Mapped[int | None] = mapped_column(ForeignKey("patrol_stop.id", ondelete="SET NULL"))
    name: Mapped[str]
    dwell_s: Mapped[float]
    arrived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    left_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stayed_s: Mapped[float]
    verdict: Mapped[str]


class PatrolCoverage(Base):
    """How many incidents of a cell's month lie near to what was walked in that month."""

    __tablename__ = "patrol_coverage"
    __table_args__ = (Index("ix_patrol_coverage_month", "month", "community_id"),)

    cell_id: Mapped[int] = mapped_column(
        ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True
    )
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    incidents: Mapped[int]
    # Near to a stretch walked in the month, and of these at the incident's hour of the day.
    walked: Mapped[int]
    walked_in_hour: Mapped[int]
    # Near to a route of today, and of these in hours in which a shift of the month was to walk it.
    planned: Mapped[int]
    planned_in_hour: Mapped[int]
    # Streets of the cell and what of them was walked in the month.
    street_m: Mapped[float]
    walked_m: Mapped[float]
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
