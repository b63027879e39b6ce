"""Tables of the activities: what was done, notices to rectify, photos, and plans that repeat."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.reports.activities.kinds import COUNTS, KINDS

EVERY = ("half_month", "month", "quarter", "year")
#: What a plan is for: its unit itself, or all communities, cells or places of a kind in it.
TARGETS = ("unit", "community", "cell", "place")
_KINDS = ", ".join(f"'{kind}'" for kind in KINDS)


def _own_counts() -> str:
    """Return the condition that an activity has only counts of its kind."""
    cases = " ".join(
        f"WHEN '{key}' THEN num_nonnulls({', '.join(kind.counts)})" for key, kind in KINDS.items()
    )
    return f"num_nonnulls({', '.join(COUNTS)}) = CASE kind {cases} END"


class Activity(Base):
    """One thing done on a day in a unit, a cell or at a place, with its counts.

    A trigger fills ``cell_id`` and ``unit_id`` from the place, or ``unit_id`` from the cell. The
    cell is the one valid on that day; a later redraw leaves it.
    """

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint(f"least({', '.join(COUNTS)}) >= 0", name="not_negative"),
        CheckConstraint(_own_counts(), name="own_counts"),
        # The lists: the newest first, of an area, of a kind.
        Index("ix_activity_day", "day", "id"),
        Index("ix_activity_kind", "kind", "day", "id"),
        Index("ix_activity_unit_id", "unit_id", "day", "id"),
        Index("ix_activity_cell_id", "cell_id", "day", "id"),
        Index("ix_activity_place_id", "place_id", "day", "id"),
        Index("ix_activity_recorded_by", "recorded_by"),
        Index("ix_activity_import_id", "import_id"),
        Index("ix_activity_search", text("search_grams(note)"), postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    # In the town's time.
    day: Mapped[date]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id", ondelete="SET NULL"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    households: Mapped[int | None]
    hazards: Mapped[int | None]
    hazards_removed: Mapped[int | None]
    disputes: Mapped[int | None]
    checked: Mapped[int | None]
    problems: Mapped[int | None]
    # Counted from its notices by a trigger; never written by hand.
    notices: Mapped[int | None]
    corrected: Mapped[int | None]
    participants: Mapped[int | None]
    hours: Mapped[int | None]
    issues: Mapped[int | None]
    leaflets: Mapped[int | None]
    questions: Mapped[int | None]
    boards: Mapped[int | None]
    banners: Mapped[int | None]
    visitor_groups: Mapped[int | None]
    visitors: Mapped[int | None]
    rounds: Mapped[int | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    recorded_name: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    # The file it came with.
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
    # The last change, so that two people who change at once are told of each other.
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Notice(Base):
    """A notice to rectify that an inspection gave, until a re-check finds it corrected."""

    __tablename__ = "activity_notice"
    __table_args__ = (
        CheckConstraint("finding <> ''", name="finding"),
        CheckConstraint("(rechecked_on IS NULL) = (corrected IS NULL)", name="rechecked"),
        Index("ix_activity_notice_activity_id", "activity_id", "id"),
        Index(
            "ix_activity_notice_open",
            "due",
            "id",
            postgresql_where=text("corrected IS NOT TRUE"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    # What is wrong and to be rectified.
    finding: Mapped[str]
    due: Mapped[date]
    # The last re-check: one that finds it uncorrected leaves the notice open.
    rechecked_on: Mapped[date | None]
    corrected: Mapped[bool | None]
    recheck_note: Mapped[str] = mapped_column(server_default=text("''"))
    rechecked_by: Mapped[str] = mapped_column(server_default=text("''"))


class ActivityPhoto(Base):
    """A photo of an activity; the picture itself is a file outside the web root."""

    __tablename__ = "activity_photo"
    __table_args__ = (Index("ix_activity_photo_activity_id", "activity_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id", ondelete="CASCADE"))
    # Random, without an ending: nobody finds a photo by guessing.
    name: Mapped[str] = mapped_column(unique=True)
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]


class ActivityPlan(Base):
    """What is to be done again in every period, from the one in which ``starts`` lies."""

    __tablename__ = "activity_plan"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint(f"every IN {EVERY}", name="every"),
        CheckConstraint(f"target IN {TARGETS}", name="target"),
        CheckConstraint("(target = 'place') = (place_kind IS NOT NULL)", name="place_kind"),
        CheckConstraint("starts <= ends", name="span"),
        Index("ix_activity_plan_unit_id", "unit_id"),
        # The same is not planned twice at once.
        Index(
            "uq_activity_plan_same",
            "kind",
            "unit_id",
            "target",
            text("coalesce(place_kind, '')"),
            unique=True,
            postgresql_where=text("ends IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    every: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    target: Mapped[str]
    place_kind: Mapped[str | None]
    starts: Mapped[date]
    # The last day; a period that is not over by then is due no more.
    ends: Mapped[date | None]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
