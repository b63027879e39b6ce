"""Tables of shifts: patterns, shifts, who is on them and came, swaps, and the settings."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base

#: What is known of a member who was due.
STATES = ("present", "late", "absent", "leave")
#: How far a swap has come; the first two are open.
SWAP_STATES = ("asked", "agreed", "approved", "declined", "refused", "withdrawn")


class ShiftSettings(Base):
    """The one row of settings that an administrator may change while the program runs."""

    __tablename__ = "shift_settings"
    __table_args__ = (
        CheckConstraint("id", name="one_row"),
        CheckConstraint("rest_hours BETWEEN 0 AND 72", name="rest_hours"),
        CheckConstraint("late_minutes BETWEEN 0 AND 240", name="late_minutes"),
        CheckConstraint("window_minutes BETWEEN 0 AND 720", name="window_minutes"),
    )

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # Between the end of a shift and the same person's next.
    rest_hours: Mapped[int] = mapped_column(SmallInteger, server_default=text("11"))
    # Who comes later than this after the beginning is late.
    late_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("10"))
    # Checking in opens so long before the beginning, checking out closes so long after the end.
    window_minutes: Mapped[int] = mapped_column(SmallInteger, server_default=text("30"))
    night_begins: Mapped[time] = mapped_column(server_default=text("'22:00'"))
    night_ends: Mapped[time] = mapped_column(server_default=text("'06:00'"))


class ShiftPattern(Base):
    """A rule by which shifts of a team repeat, see `patterns.Rule`."""

    __tablename__ = "shift_pattern"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        Index("ix_shift_pattern_team_id", "team_id"),
        Index("ix_shift_pattern_route_id", "route_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    route_id: Mapped[int | None] = mapped_column(ForeignKey("patrol_route.id", ondelete="SET NULL"))
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The last day for which shifts were made; null before the first time.
    made_until: Mapped[date | None]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Shift(Base):
    """A team's duty from a moment until another, on a route or without one."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("starts < ends AND ends <= starts + interval '72 hours'", name="span"),
        Index("ix_shift_team_id", "team_id", "day", "starts"),
        Index("ix_shift_day", "day", "starts", "id"),
        Index("ix_shift_route_id", "route_id"),
        Index(
            "uq_shift_planned",
            "pattern_id",
            "planned_day",
            "slot",
            "nth",
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    route_id: Mapped[int | None] = mapped_column(ForeignKey("patrol_route.id", ondelete="SET NULL"))
    starts: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # The town's day on which it begins, set by a trigger.
    day: Mapped[date]
    # Which shift of its pattern it is; it stays so when it is moved by hand.
    pattern_id: Mapped[int | None] = mapped_column(
        ForeignKey("shift_pattern.id", ondelete="SET NULL")
    )
    planned_day: Mapped[date | None]
    slot: Mapped[int | None] = mapped_column(SmallInteger)
    # Which of several groups that have the slot at once.
    nth: Mapped[int | None] = mapped_column(SmallInteger)
    # Changed by hand or by a swap; its pattern leaves it alone.
    touched: Mapped[bool] = mapped_column(server_default=text("false"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    cancelled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancelled_by: Mapped[str] = mapped_column(server_default=text("''"))
    cancel_reason: Mapped[str] = mapped_column(server_default=text("''"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class ShiftMember(Base):
    """Somebody on a shift, and whether he came; span and validity come from the shift by trigger.

    The exclusion constraint keeps one person from two shifts at one time, whoever writes. It may
    be put off within a transaction, for two people who exchange overlapping shifts.
    """

    __tablename__ = "shift_member"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("checked_out_at >= checked_in_at", name="checked_out_at"),
        ExcludeConstraint(
            ("cadre_id", "="),
            ("period", "&&"),
            where=text("active"),
            name="ex_shift_member_once",
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        Index("ix_shift_member_cadre_id", "cadre_id", "starts"),
    )

    shift_id: Mapped[int] = mapped_column(
        ForeignKey("shift.id", ondelete="CASCADE"), primary_key=True
    )
    cadre_id: Mapped[int] = mapped_column(ForeignKey("cadre.id"), primary_key=True)
    starts: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    active: Mapped[bool]
    period: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts, ends)", persisted=True)
    )
    state: Mapped[str | None]
    checked_in_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    checked_out_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Who wrote the state by hand; empty where the person himself checked in.
    noted_by: Mapped[str] = mapped_column(server_default=text("''"))
    note: Mapped[str] = mapped_column(server_default=text("''"))


class ShiftSwap(Base):
    """A member's wish that another take the shift, perhaps for one of the other's."""

    __tablename__ = "shift_swap"
    __table_args__ = (
        CheckConstraint(f"state IN {SWAP_STATES}", name="state"),
        CheckConstraint("cadre_id <> other_id", name="two_people"),
        Index(
            "uq_shift_swap_open",
            "shift_id",
            "cadre_id",
            unique=True,
            postgresql_where=text("state IN ('asked', 'agreed')"),
        ),
        Index("ix_shift_swap_other_shift_id", "other_shift_id"),
        Index("ix_shift_swap_cadre_id", "cadre_id", "id"),
        Index("ix_shift_swap_other_id", "other_id", "id"),
        Index("ix_shift_swap_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id", ondelete="CASCADE"))
    cadre_id: Mapped[int] = mapped_column(ForeignKey("cadre.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("cadre.id"))
    # What the asker takes over in return; null where the other takes the shift for nothing.
    other_shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(server_default=text("'asked'"))
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # The other's answer, or the asker's withdrawal.
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str] = mapped_column(server_default=text("''"))
    decision_note: Mapped[str] = mapped_column(server_default=text("''"))
