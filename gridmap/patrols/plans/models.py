"""Tables of plans and their tours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.territory.models import geometry


class PatrolPlan(Base):
    """A plan for one day that somebody asked for, and what came of it."""

    __tablename__ = "patrol_plan"
    __table_args__ = (
        Index("ix_patrol_plan_unit_id", "unit_id", "id"),
        Index("ix_patrol_plan_job_id", "job_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    # Who plans for this unit sees the plan.
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    day: Mapped[date] = mapped_column(Date)
    # See `wishes.Wish`.
    wish: Mapped[dict[str, Any]] = mapped_column(JSONB)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Figures and what is not covered, see `making.summary`.
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class PatrolPlanTour(Base):
    """The round of one team in a plan."""

    __tablename__ = "patrol_plan_tour"
    __table_args__ = (Index("ix_patrol_plan_tour_team_id", "team_id"),)

    plan_id: Mapped[int] = mapped_column(
        ForeignKey("patrol_plan.id", ondelete="CASCADE"), primary_key=True
    )
    # As in the wish, from 0.
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    team: Mapped[str]
    mode: Mapped[str]
    sets_off: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    back: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    length_m: Mapped[float]
    working_s: Mapped[float]
    # In order, see `making.visit_row`.
    visits: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # The route that was made of it.
    route_id: Mapped[int | None] = mapped_column(
        ForeignKey("patrol_route.id", ondelete="SET NULL"), index=True
    )
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))
