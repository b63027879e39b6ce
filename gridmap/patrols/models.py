"""Tables of the street network and of patrol routes."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.territory.models import Linked, geometry

#: What a patrol is for.
ROUTE_KINDS = ("regular", "key_hours", "key_streets", "inner", "outer")
#: What a patrol stops at.
STOP_KINDS = ("police_room", "school_gate", "blind_alley", "hotspot", "other")
MODES = ("foot", "bicycle", "car")


class StreetSegment(Base):
    """A street between two crossings; it keeps its id as long as its line stays."""

    __tablename__ = "street_segment"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_street_segment_geom", "geom", postgresql_using="gist"),
        Index("ix_street_segment_community_id", "community_id"),
        CheckConstraint("length_m > 0", name="length_m"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # Tells the line, so that a street is known again when the network is built anew.
    key: Mapped[str]
    name: Mapped[str] = mapped_column(server_default=text("''"))
    # The value of OpenStreetMap's highway tag.
    kind: Mapped[str]
    # The crossings where the line begins and ends, numbered anew with every building.
    start_node: Mapped[int] = mapped_column(Integer)
    end_node: Mapped[int] = mapped_column(Integer)
    length_m: Mapped[float]
    # The modes allowed along the line and against it, see `network.Mode`.
    forward: Mapped[int] = mapped_column(SmallInteger)
    backward: Mapped[int] = mapped_column(SmallInteger)
    # The parts that hang together on foot, numbered from the largest, which is 0.
    component: Mapped[int] = mapped_column(Integer)
    community_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="SET NULL"))
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class StreetNetwork(Base):
    """The one row that tells the state of the network."""

    __tablename__ = "street_network"
    __table_args__ = (CheckConstraint("id", name="one_row"),)

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # Rises with every building of the network, so that processes know theirs to be old.
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    built_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Set by a trigger on roads.
    outdated: Mapped[bool] = mapped_column(server_default=text("true"))
    # Figures for the page: nodes, segments, metres, parts, gaps.
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class PatrolRoute(Linked, Base):
    """A line that a team patrols, as it is now; what it was is in its versions."""

    __tablename__ = "patrol_route"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint(f"kind IN {ROUTE_KINDS}", name="kind"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour"),
        Index("ix_patrol_route_unit_id", "unit_id"),
        Index("ix_patrol_route_team_id", "team_id"),
        Index("ix_patrol_route_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default=text("'regular'"))
    mode: Mapped[str] = mapped_column(server_default=text("'foot'"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    # Who sees this unit sees the route; the links tell where the middle of the line lies.
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    colour: Mapped[str] = mapped_column(server_default=text("'#1f5fa8'"))
    notes: Mapped[str] = mapped_column(server_default=text("''"))
    # The clicks between which the line follows the streets: [{"lon", "lat", "free"}].
    waypoints: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    length_m: Mapped[float]
    # On the way and at the stops.
    moving_s: Mapped[float]
    dwell_s: Mapped[float] = mapped_column(server_default=text("0"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class PatrolStop(Base):
    """A point of a route where the patrol stays for some minutes."""

    __tablename__ = "patrol_stop"
    __table_args__ = (
        UniqueConstraint("route_id", "position", deferrable=True, initially="DEFERRED"),
        CheckConstraint(f"kind IN {STOP_KINDS}", name="kind"),
        CheckConstraint("dwell_min BETWEEN 0 AND 720", name="dwell_min"),
        Index("ix_patrol_stop_geom", "geom", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    route_id: Mapped[int] = mapped_column(ForeignKey("patrol_route.id", ondelete="CASCADE"))
    # In the order of the route, from 1.
    position: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(server_default=text("''"))
    kind: Mapped[str] = mapped_column(server_default=text("'other'"))
    place_id: Mapped[int | None] = mapped_column(
        ForeignKey("place.id", ondelete="SET NULL"), index=True
    )
    dwell_min: Mapped[int] = mapped_column(SmallInteger, server_default=text("10"))
    # Local hours in which it is to be visited; without them any hour will do.
    opens: Mapped[time | None]
    closes: Mapped[time | None]
    must: Mapped[bool] = mapped_column(server_default=text("false"))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class PatrolRouteVersion(Base):
    """What a route was after each time it was saved."""

    __tablename__ = "patrol_route_version"

    route_id: Mapped[int] = mapped_column(
        ForeignKey("patrol_route.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    user_name: Mapped[str]
    # All columns of the route and its stops, with geometries as GeoJSON.
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)


class PatrolCheckIn(Base):
    """Somebody was at a stop of a route, by the page that one follows it with."""

    __tablename__ = "patrol_check_in"
    __table_args__ = (
        Index("ix_patrol_check_in_route_id", "route_id", "at"),
        Index("ix_patrol_check_in_stop_id", "stop_id", "at"),
        Index("ix_patrol_check_in_user_id", "user_id", "at"),
        Index("ix_patrol_check_in_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    route_id: Mapped[int] = mapped_column(ForeignKey("patrol_route.id", ondelete="CASCADE"))
    # A stop that is taken off its route later leaves the visit without it.
    stop_id: Mapped[int | None] = mapped_column(ForeignKey("patrol_stop.id", ondelete="SET NULL"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    user_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Where the phone was; it may not have known.
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
