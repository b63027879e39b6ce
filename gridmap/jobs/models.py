"""Tables of the queue: jobs, and when one is asked for by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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

_OPEN = text("state IN ('waiting', 'running')")
#: The periods after which a schedule asks again.
EVERY = ("week", "month", "quarter", "half", "year")


class Job(Base):
    """One piece of work that a person or a schedule asked for."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"
        ),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
        # What ended is never looked through.
        Index("ix_job_open", "id", postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    progress: Mapped[float] = mapped_column(server_default=text("0"))
    # A word for the step it is at.
    message: Mapped[str] = mapped_column(server_default=text("''"))
    cancel_asked: Mapped[bool] = mapped_column(server_default=text("false"))
    # Why it failed, as far as a person can mend it: see `running.told`.
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # How often a process took it; one that kills its process each time is given up.
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The last sign of life of the process that does it.
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class JobSchedule(Base):
    """A job that is asked for again and again, early on the first day of each period."""

    __tablename__ = "job_schedule"
    __table_args__ = (
        CheckConstraint(f"every IN {EVERY}", name="every"),
        Index("ix_job_schedule_next_at", "next_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    every: Mapped[str] = mapped_column(server_default=text("'month'"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
