"""Tables of the workforce: users, the audit log, cadres, teams and who answers for which cell."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import (
    ARRAY,
    DATERANGE,
    INET,
    JSONB,
    TEXT,
    ExcludeConstraint,
    Range,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base
from gridmap.territory.models import Imported

ROLES = ("responsible", "deputy", "group_leader", "compound_guard", "police_liaison")


class WorkforceSettings(Base):
    """The one row of settings that an administrator may change while the program runs."""

    __tablename__ = "workforce_settings"
    __table_args__ = (
        CheckConstraint("id", name="one_row"),
        CheckConstraint("0 <= band_low AND band_low <= band_high", name="band"),
        CheckConstraint(
            "session_idle_minutes > 0 AND session_hours > 0 AND lock_after > 0", name="positive"
        ),
    )

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # How many households one cadre answers for where the work is shared well.
    band_low: Mapped[int] = mapped_column(server_default=text("300"))
    band_high: Mapped[int] = mapped_column(server_default=text("500"))
    session_idle_minutes: Mapped[int] = mapped_column(server_default=text("120"))
    session_hours: Mapped[int] = mapped_column(server_default=text("12"))
    # After so many failed tries in a row the sign-in is locked, each time twice as long.
    lock_after: Mapped[int] = mapped_column(server_default=text("5"))


class User(Base):
    """A person who signs in; users are never deleted, for the audit log names them."""

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint("login ~ '^[^[:space:][:upper:]]{2,64}$'", name="login"),
        CheckConstraint("display_name <> ''", name="display_name"),
        CheckConstraint(
            "role IN ('administrator', 'supervisor', 'planner', 'analyst', 'cadre')", name="role"
        ),
        CheckConstraint("language IN ('zh', 'en')", name="language"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[str]
    language: Mapped[str] = mapped_column(server_default=text("'zh'"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    signed_in_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class UserArea(Base):
    """A unit in which a user works; its lower units belong to it."""

    __tablename__ = "user_area"
    __table_args__ = (Index("ix_user_area_unit_id", "unit_id"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True
    )
    unit_id: Mapped[int] = mapped_column(
        ForeignKey("unit.id", ondelete="CASCADE"), primary_key=True
    )


class UserSession(Base):
    """A sign-in that is valid; only the hash of its token is kept."""

    __tablename__ = "user_session"
    __table_args__ = (
        Index("ix_user_session_user_id", "user_id"),
        Index("ix_user_session_expires_at", "expires_at"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Nothing prolongs a session past this moment.
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    address: Mapped[str | None] = mapped_column(INET)


class SignInFailure(Base):
    """Failed tries in a row for a name, whether somebody has that name or not."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_last_at", "last_at"),)

    # A hash, for people type their password into the wrong field.
    login_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditEntry(Base):
    """One change or export: who, when, what, before and after; a trigger keeps it as it is."""

    __tablename__ = "audit_log"
    # Every index ends in the order of the pages, so that page 100,000 costs as much as the first.
    __table_args__ = (
        Index("ix_audit_log_at", "at", "id"),
        Index("ix_audit_log_user_id", "user_id", "at", "id"),
        Index("ix_audit_log_act", "act", "at", "id"),
        Index("ix_audit_log_subject", "subject", "subject_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    user_name: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    address: Mapped[str | None] = mapped_column(INET)


class Cadre(Imported, Base):
    """A grid cadre, or a volunteer who walks with a team; may have a user account."""

    __tablename__ = "cadre"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("kind IN ('full_time', 'part_time', 'volunteer')", name="kind"),
        Index("ix_cadre_unit_id", "unit_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(server_default=text("''"))
    kind: Mapped[str] = mapped_column(server_default=text("'full_time'"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    skills: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"))
    languages: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"), unique=True)


class Team(Base):
    """A team of cadres or volunteers."""

    __tablename__ = "team"
    __table_args__ = (
        UniqueConstraint("unit_id", "name"),
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("kind IN ('grid', 'patrol', 'volunteer')", name="kind"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class TeamMember(Base):
    """A member of a team; one of them may be its captain."""

    __tablename__ = "team_member"
    __table_args__ = (
        Index("uq_team_member_captain", "team_id", unique=True, postgresql_where=text("captain")),
        Index("ix_team_member_cadre_id", "cadre_id"),
    )

    team_id: Mapped[int] = mapped_column(
        ForeignKey("team.id", ondelete="CASCADE"), primary_key=True
    )
    cadre_id: Mapped[int] = mapped_column(
        ForeignKey("cadre.id", ondelete="CASCADE"), primary_key=True
    )
    captain: Mapped[bool] = mapped_column(server_default=text("false"))


class Assignment(Base):
    """A cadre's task in a cell for a span of days.

    It counts only as long as the cell itself is valid; when the cell is redrawn, split or merged,
    a trigger gives its successors their own rows. A redrawn cell therefore never lacks its cadre.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint("starts < ends", name="period"),
        ExcludeConstraint(
            ("cell_id", "="),
            ("period", "&&"),
            where=text("role = 'responsible'"),
            name="ex_assignment_responsible",
            using="gist",
        ),
        ExcludeConstraint(
            ("cell_id", "="),
            ("cadre_id", "="),
            ("role", "="),
            ("period", "&&"),
            name="ex_assignment_once",
            using="gist",
        ),
        Index("ix_assignment_cell_id", "cell_id", "starts"),
        Index("ix_assignment_cadre_id", "cadre_id", "starts"),
    )

    # An act that is undone brings rows back under their old id.
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    cadre_id: Mapped[int] = mapped_column(ForeignKey("cadre.id"))
    role: Mapped[str]
    starts: Mapped[date]
    # The first day on which it no longer holds; null until further notice.
    ends: Mapped[date | None]
    period: Mapped[Range[date]] = mapped_column(
        DATERANGE, Computed("daterange(starts, ends)", persisted=True)
    )
    # Made by the trigger on `cell_lineage` and not by a person.
    inherited: Mapped[bool] = mapped_column(server_default=text("false"))


class AssignmentAct(Base):
    """What one person did to assignments in one go, and can take back as a whole."""

    __tablename__ = "assignment_act"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('assign', 'end', 'hand_over', 'undo', 'lineage', 'direct')", name="kind"
        ),
        Index("ix_assignment_act_user_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    user_name: Mapped[str]
    kind: Mapped[str]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("assignment_act.id"))


class AssignmentChange(Base):
    """A row of `assignment` before and after an act, written by a trigger.

    The newest act of a cell is the version that a page remembers of it.
    """

    __tablename__ = "assignment_change"
    __table_args__ = (
        Index("ix_assignment_change_act_id", "act_id"),
        Index("ix_assignment_change_cell_id", "cell_id", "act_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("assignment_act.id"))
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    assignment_id: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class Absence(Base):
    """Days on which a cadre is away, and who stands in."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("starts < ends", name="period"),
        CheckConstraint("cadre_id <> substitute_id", name="two_people"),
        ExcludeConstraint(
            ("cadre_id", "="), ("period", "&&"), name="ex_absence_cadre", using="gist"
        ),
        Index("ix_absence_substitute_id", "substitute_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cadre_id: Mapped[int] = mapped_column(ForeignKey("cadre.id", ondelete="CASCADE"))
    # Without one the deputies of the cells answer.
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("cadre.id", ondelete="SET NULL"))
    starts: Mapped[date]
    ends: Mapped[date]
    period: Mapped[Range[date]] = mapped_column(
        DATERANGE, Computed("daterange(starts, ends)", persisted=True)
    )
    note: Mapped[str] = mapped_column(server_default=text("''"))
