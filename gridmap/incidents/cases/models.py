"""Tables of the cases: what is asked for, by when, who has it, and every step it took."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.territory.models import geometry

STEPS = (
    "intake",
    "filing",
    "dispatch",
    "handling",
    "feedback",
    "verification",
    "closing",
    "closed",
    "withdrawn",
)
REPORTERS = ("cadre", "citizen", "hotline", "patrol")
LEVELS = ("cell", "community", "town")
_OPEN = text("ended_at IS NULL")


class CaseSettings(Base):
    """The one row of settings that an administrator may change while the program runs."""

    __tablename__ = "case_settings"
    __table_args__ = (
        CheckConstraint("id", name="one_row"),
        CheckConstraint("duplicate_metres > 0 AND duplicate_hours > 0", name="positive"),
    )

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # The shifts of a workday as pairs of "HH:MM" in the town's time zone.
    work_hours: Mapped[list[list[str]]] = mapped_column(
        JSONB, server_default=text("""'[["09:00", "12:00"], ["14:00", "18:00"]]'""")
    )
    # Deadlines of the categories that have none of their own, nor any category above them.
    deadlines: Mapped[dict[str, Any]] = mapped_column(JSONB)
    duplicate_metres: Mapped[int] = mapped_column(server_default=text("100"))
    duplicate_hours: Mapped[int] = mapped_column(server_default=text("72"))


class CalendarDay(Base):
    """A day that an administrator made a workday or a day off, whatever the calendar says."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    note: Mapped[str] = mapped_column(server_default=text("''"))


class CategoryVersion(Base):
    """What a category was called and which deadlines it had, since a moment; by trigger."""

    __tablename__ = "category_version"
    __table_args__ = (UniqueConstraint("category_id", "number"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"))
    number: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    code: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(Integer)
    name: Mapped[str]
    name_en: Mapped[str | None]
    deadlines: Mapped[dict[str, Any]] = mapped_column(JSONB)
    local: Mapped[bool]
    active: Mapped[bool]


class Department(Base):
    """A department that answers for cases of some categories."""

    __tablename__ = "department"
    __table_args__ = (CheckConstraint("name <> ''", name="name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str | None]
    # Evaluations of the past still name one that is gone.
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class DepartmentCategory(Base):
    """The department of a category, for a time, and of those below it that have none of their own.

    The first one that a category is given has it as far back as there are cases.
    """

    __tablename__ = "department_category"
    __table_args__ = (
        Index("ix_department_category_department_id", "department_id"),
        CheckConstraint("starts < ends", name="period"),
        ExcludeConstraint(
            ("category_id", "="), ("period", "&&"), name="ex_department_category_once",
            using="gist",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    # Days in the town; null where it was always so, and where it is so until further notice.
    starts: Mapped[date | None]
    ends: Mapped[date | None]
    period: Mapped[Range[date]] = mapped_column(
        DATERANGE, Computed("daterange(starts, ends)", persisted=True)
    )
    # What is taken back on the day on which it was entered was a slip, and leaves no trace.
    entered_on: Mapped[date] = mapped_column(server_default=text("local_date(now())"))


class CaseRules(Base):
    """The deadlines of a case as they stood when it was opened; cases alike share a row."""

    __tablename__ = "case_rules"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    deadlines: Mapped[dict[str, Any]] = mapped_column(JSONB, unique=True)


class Case(Base):
    """An incident that somebody must answer; most incidents that are imported have none.

    There is no foreign key to the incident: rows move between its partitions. A trigger takes
    the place, cell and community from the incident, others keep them the same and refuse to
    delete an incident that has a case.
    """

    __tablename__ = "incident_case"
    __table_args__ = (
        CheckConstraint(f"step IN {STEPS}", name="step"),
        CheckConstraint(f"level IN {LEVELS}", name="level"),
        CheckConstraint(f"reporter IN {REPORTERS}", name="reporter"),
        CheckConstraint("(ended_at IS NOT NULL) = (step IN ('closed', 'withdrawn'))", name="ended"),
        CheckConstraint("(step_due_at IS NULL) OR (ended_at IS NULL)", name="due"),
        # All lists but those of the past read only what is open.
        Index("ix_incident_case_next_due_at", "next_due_at", "id", postgresql_where=_OPEN),
        Index(
            "ix_incident_case_open_assignee_id",
            "assignee_id",
            "next_due_at",
            "id",
            postgresql_where=_OPEN,
        ),
        Index(
            "ix_incident_case_open_community_id",
            "community_id",
            "next_due_at",
            "id",
            postgresql_where=_OPEN,
        ),
        Index("ix_incident_case_open_cell_id", "cell_id", postgresql_where=_OPEN),
        Index("ix_incident_case_open_unit_id", "unit_id", postgresql_where=_OPEN),
        Index(
            "ix_incident_case_open_geom", "geom", postgresql_using="gist", postgresql_where=_OPEN
        ),
        Index("ix_incident_case_opened_at", "opened_at", "id"),
        Index("ix_incident_case_community_id", "community_id", "opened_at", "id"),
        Index("ix_incident_case_due_at", "due_at"),
        Index("ix_incident_case_category_id", "category_id", "opened_at"),
        Index("ix_incident_case_cell_id", "cell_id", "opened_at"),
        Index("ix_incident_case_assignee_id", "assignee_id", "opened_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id", ondelete="SET NULL"))
    community_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="SET NULL"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    category_version_id: Mapped[int] = mapped_column(ForeignKey("category_version.id"))
    rules_id: Mapped[int] = mapped_column(ForeignKey("case_rules.id"))
    description: Mapped[str]
    address: Mapped[str] = mapped_column(server_default=text("''"))
    # What a search looks in; lower case, for comparing without regard to case is slow.
    words: Mapped[str] = mapped_column(
        Computed("lower(description || ' ' || address)", persisted=True)
    )
    reporter: Mapped[str]
    reported_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    step: Mapped[str]
    level: Mapped[str] = mapped_column(server_default=text("'cell'"))
    # Who handles it: a cadre, or where it was escalated to a unit, its mediation room.
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("cadre.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    step_entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    step_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # By when the whole case must be closed.
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_due_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), Computed("least(step_due_at, due_at)", persisted=True)
    )
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    returned: Mapped[int] = mapped_column(server_default=text("0"))
    extended: Mapped[int] = mapped_column(server_default=text("0"))
    reopened: Mapped[int] = mapped_column(server_default=text("0"))
    # Counts the changes, so that two people who act at once are told of each other.
    version: Mapped[int] = mapped_column(server_default=text("1"))


class CaseStep(Base):
    """One act on a case: when, who, from where to where, to whom, until when; never changed."""

    __tablename__ = "case_step"
    __table_args__ = (
        Index("ix_case_step_case_id", "case_id", "id"),
        # For the time to dispatch of all cases of a year.
        Index("ix_case_step_dispatch", "case_id", "at", postgresql_where=text("act = 'dispatch'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("incident_case.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    user_name: Mapped[str]
    act: Mapped[str]
    from_step: Mapped[str | None]
    to_step: Mapped[str]
    level: Mapped[str]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("cadre.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    # When the step that it ended should have been done, and when the next one should.
    was_due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    note: Mapped[str] = mapped_column(server_default=text("''"))


class CaseExtension(Base):
    """A request for more time, and what became of it."""

    __tablename__ = "case_extension"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("unit IN ('hours', 'days')", name="unit"),
        CheckConstraint("(granted IS NULL) = (decided_at IS NULL)", name="decided"),
        Index("ix_case_extension_case_id", "case_id", "id"),
        Index(
            "uq_case_extension_open",
            "case_id",
            unique=True,
            postgresql_where=text("granted IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("incident_case.id"))
    amount: Mapped[int]
    unit: Mapped[str]
    reason: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    requested_by: Mapped[str]
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None]
    granted: Mapped[bool | None]


class CaseContact(Base):
    """How to reach who reported, for those who must; kept apart so that no list carries it."""

    __tablename__ = "case_contact"
    __table_args__ = (CheckConstraint("name <> '' OR phone <> ''", name="something"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("incident_case.id"), primary_key=True)
    name: Mapped[str] = mapped_column(server_default=text("''"))
    phone: Mapped[str] = mapped_column(server_default=text("''"))


class CasePhoto(Base):
    """A photo of a case; the picture itself is a file outside the web root."""

    __tablename__ = "case_photo"
    __table_args__ = (Index("ix_case_photo_case_id", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("incident_case.id"))
    step_id: Mapped[int] = mapped_column(ForeignKey("case_step.id"))
    # Random, without an ending: nobody finds a photo by guessing.
    name: Mapped[str] = mapped_column(unique=True)
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]


class CaseView(Base):
    """A list of cases that a user looks at often: its filters under a name."""

    __tablename__ = "case_view"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        CheckConstraint("name <> ''", name="name"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    name: Mapped[str]
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB)
