"""Tables of reports: what they say for good, their pictures and files, and what people add."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.reports.documents.order import KINDS

STATES = ("draft", "commented", "approved", "published", "withdrawn")
LANGUAGES = ("zh", "en")
#: What is kept as files; the page is made from the document each time it is looked at.
FORMS = ("docx", "pdf")


class Report(Base):
    """A report that somebody or a schedule asked for, and what it says ever since.

    The figures, the statements that counted them and the texts are frozen when it is made. What
    people add, its remarks, raises the edition until it is approved.
    """

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("first <= last", name="period"),
        Index("ix_report_unit_id", "unit_id", "last"),
        Index("ix_report_job_id", "job_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    # Given by a person; without one a list calls it by kind, area and period.
    name: Mapped[str] = mapped_column(server_default=text("''"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id", ondelete="SET NULL"))
    # Local days, both included.
    first: Mapped[date]
    last: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    # Made by a schedule.
    scheduled: Mapped[bool] = mapped_column(server_default=text("false"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # The moment of the data that were counted, and the program that counted them.
    frozen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    program: Mapped[str | None]
    # `structure.Fact` by key, and `structure.Document` by language.
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"), deferred=True)
    documents: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), deferred=True
    )
    # The state of the data, see `compose`, and the marks after which records are late.
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"), deferred=True)
    # Counts the changes that people made; a file of another one is made anew.
    edition: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class ReportPicture(Base):
    """A chart or map of a report as PNG."""

    __tablename__ = "report_picture"

    report_id: Mapped[int] = mapped_column(
        ForeignKey("report.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(deferred=True)


class ReportFile(Base):
    """A report as Word or PDF, made when it was first asked for, and for good at its approval."""

    __tablename__ = "report_file"
    __table_args__ = (
        CheckConstraint(f"language IN {LANGUAGES}", name="language"),
        CheckConstraint(f"form IN {FORMS}", name="form"),
    )

    report_id: Mapped[int] = mapped_column(
        ForeignKey("report.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    content: Mapped[bytes] = mapped_column(deferred=True)


class ReportRemark(Base):
    """What a person adds at the end of a section, such as problems and next steps."""

    __tablename__ = "report_remark"
    __table_args__ = (CheckConstraint(f"language IN {LANGUAGES}", name="language"),)

    report_id: Mapped[int] = mapped_column(
        ForeignKey("report.id", ondelete="CASCADE"), primary_key=True
    )
    section: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    author: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ReportComment(Base):
    """What a reader of the draft says about it, or about one section; it is not in the report."""

    __tablename__ = "report_comment"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    section: Mapped[str] = mapped_column(server_default=text("''"))
    text: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    author: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ReportEvent(Base):
    """A state that a report came into: when, by whom, and why."""

    __tablename__ = "report_event"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    state: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    person: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class RecordChange(Base):
    """What a record was before and after a change, see migration 0028; triggers write it."""

    __tablename__ = "record_change"
    __table_args__ = (
        CheckConstraint("kind IN ('incident', 'case', 'received', 'activity')", name="kind"),
        Index("ix_record_change_old", "kind", "old_area", "old_day"),
        Index("ix_record_change_new", "kind", "new_area", "new_day"),
        Index("ix_record_change_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    record_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    # The community or unit, 0 outside all, and the local day by which figures count.
    old_area: Mapped[int | None] = mapped_column(BigInteger)
    old_cell: Mapped[int | None] = mapped_column(BigInteger)
    old_day: Mapped[date | None]
    old_what: Mapped[str | None]
    old_state: Mapped[str | None]
    # Null where the record was deleted.
    new_area: Mapped[int | None] = mapped_column(BigInteger)
    new_cell: Mapped[int | None] = mapped_column(BigInteger)
    new_day: Mapped[date | None]
    new_what: Mapped[str | None]
    new_state: Mapped[str | None]


class ReportComparison(Base):
    """How the figures of a report would be now: what differs, counted when somebody asked."""

    __tablename__ = "report_comparison"
    __table_args__ = (Index("ix_report_comparison_job_id", "job_id"),)

    report_id: Mapped[int] = mapped_column(
        ForeignKey("report.id", ondelete="CASCADE"), primary_key=True
    )
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    # The moment of the data that it was compared with.
    counted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Each as ``fact``, ``unit``, ``source``, ``then`` and ``now``.
    changed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
