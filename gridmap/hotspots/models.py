"""Tables of the runs of analyses and of what they found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.territory.models import geometry

#: Metres from a street within which somebody lives beside it.
BESIDE_M = 50


class HotspotRun(Base):
    """An analysis that was asked for: of what, by whom, and what came of it."""

    __tablename__ = "hotspot_run"
    __table_args__ = (
        CheckConstraint("first <= last", name="period"),
        Index("ix_hotspot_run_owner_id", "owner_id", "id"),
        Index("ix_hotspot_run_job_id", "job_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    # The key in the registry of analyses, and what was chosen there.
    analysis: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    # Chosen by the one button, not by hand.
    simple: Mapped[bool] = mapped_column(server_default=text("false"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="SET NULL"))
    # All that was looked at; NULL is everything. Who sees less of the town does not see the run.
    communities: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    # Local days, both included.
    first: Mapped[date]
    last: Mapped[date]
    # Codes; none are all. The kinds below a code belong to it.
    categories: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    shared: Mapped[bool] = mapped_column(server_default=text("false"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    schedule_id: Mapped[int | None] = mapped_column(
        ForeignKey("job_schedule.id", ondelete="SET NULL")
    )
    # Made by a schedule, and so deleted in time, unless shared or kept for good.
    scheduled: Mapped[bool] = mapped_column(server_default=text("false"))
    kept: Mapped[bool] = mapped_column(server_default=text("false"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # What the data were when it ran, and which version of the program it was.
    incidents: Mapped[int | None]
    newest: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    program: Mapped[str | None]
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Figures and series of the result, see `analyses.result.Result`.
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class HotspotFeature(Base):
    """One area, line or point that a run found."""

    __tablename__ = "hotspot_feature"
    __table_args__ = (
        Index("ix_hotspot_feature_run_id", "run_id", "rank"),
        # Of what the map alone draws, for its tiles.
        Index(
            "ix_hotspot_feature_drawn",
            "run_id",
            "geom",
            postgresql_using="gist",
            postgresql_where=text("rank IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("hotspot_run.id", ondelete="CASCADE"))
    # In the table of hotspots by this order; NULL is drawn on the map alone.
    rank: Mapped[int | None] = mapped_column(Integer)
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))
    # Decides the colour, see `analyses.result.KINDS`.
    kind: Mapped[str]
    count: Mapped[int]
    expected: Mapped[float | None] = mapped_column(Double)
    p: Mapped[float | None] = mapped_column(Double)
    score: Mapped[float | None] = mapped_column(Double)
    place: Mapped[str | None]
    cell_id: Mapped[int | None] = mapped_column(
        ForeignKey("cell.id", ondelete="SET NULL"), index=True
    )
    # What only some analyses tell: busiest hours, days, cadres' cells.
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class HotspotSurface(Base):
    """The surface of a run as a raster, see `gridmap.hotspots.surfaces`."""

    __tablename__ = "hotspot_surface"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("hotspot_run.id", ondelete="CASCADE"), primary_key=True
    )
    # The plane in metres.
    epsg: Mapped[int]
    west: Mapped[float] = mapped_column(Double)
    south: Mapped[float] = mapped_column(Double)
    step_m: Mapped[float] = mapped_column(Double)
    rows: Mapped[int]
    columns: Mapped[int]
    bandwidth_m: Mapped[float] = mapped_column(Double)
    counted: Mapped[int]
    # The colours of the steps, which the pages know, and the values at which they begin.
    palette: Mapped[str]
    levels: Mapped[list[float]] = mapped_column(ARRAY(Double))
    pixels: Mapped[bytes]
    covered: Mapped[bytes]


class Hotspot(Base):
    """A hotspot that everybody of its area may see: a trigger keeps those of shared runs here."""

    __tablename__ = "hotspot"
    __table_args__ = (Index("ix_hotspot_geom", "geom", postgresql_using="gist"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(
        ForeignKey("hotspot_run.id", ondelete="CASCADE"), index=True
    )
    rank: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str]
    incidents: Mapped[int]
    expected: Mapped[float | None] = mapped_column(Double)
    p: Mapped[float | None] = mapped_column(Double)
    place: Mapped[str | None]
    cell_id: Mapped[int | None] = mapped_column(
        ForeignKey("cell.id", ondelete="SET NULL"), index=True
    )
    community_id: Mapped[int | None] = mapped_column(
        ForeignKey("unit.id", ondelete="SET NULL"), index=True
    )
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))
