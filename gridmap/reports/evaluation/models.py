"""Tables of the evaluation: weights by version, evaluations, their members, and comments."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base

KINDS = ("month", "quarter", "half", "year")
STATES = ("draft", "open", "published")
GROUPS = ("cell", "cadre", "team", "community", "town", "department")


class EvaluationWeights(Base):
    """A version of the weights; it is never changed, another one follows it."""

    __tablename__ = "evaluation_weights"
    __table_args__ = (CheckConstraint("few >= 0", name="few"),)

    # The number of the version too.
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # Null for what the program begins with.
    made_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    # Who has fewer cases due than this, or shifts if it is a team, is not compared with others.
    few: Mapped[int] = mapped_column(SmallInteger)
    # Measure to {"weight": n}, of hours with {"bound": hours}.
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Evaluation(Base):
    """An evaluation of a unit, with all that lies in it, for a period."""

    __tablename__ = "evaluation"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("first <= last", name="span"),
        CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published"),
        CheckConstraint("state = 'draft' OR counted_at IS NOT NULL", name="counted"),
        UniqueConstraint("unit_id", "kind", "first"),
        Index("ix_evaluation_job_id", "job_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]
    first: Mapped[date]
    last: Mapped[date]
    weights_id: Mapped[int] = mapped_column(ForeignKey("evaluation_weights.id"))
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # As of when the numbers are; null until they are counted.
    counted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))


class EvaluationMember(Base):
    """What an evaluation says of one member, as it was counted; a trigger keeps what is published.

    Names are those of the day, and there are no foreign keys to what may be gone by then.
    """

    __tablename__ = "evaluation_member"
    __table_args__ = (
        CheckConstraint(f"grp IN {GROUPS}", name="grp"),
        Index("ix_evaluation_member_member_id", "grp", "member_id"),
    )

    evaluation_id: Mapped[int] = mapped_column(
        ForeignKey("evaluation.id", ondelete="CASCADE"), primary_key=True
    )
    grp: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    # Who sees this unit may see the member: itself, the community of a cell, the unit of a cadre
    # or a team.
    unit_id: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    # Cases, or shifts of a team.
    due: Mapped[int]
    # Null without any data.
    score: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    # The sum of the weights of the measures with data.
    weight: Mapped[int]
    # Null where there is too little to compare, and of cells and persons.
    rank: Mapped[int | None]
    # Measure to "n" and "d", its two counts, "v", its value, and "p", its points; texts of
    # decimals, for they are shown as they are.
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB)


class EvaluationComment(Base):
    """What somebody says of a member before the evaluation is published; never changed."""

    __tablename__ = "evaluation_comment"
    __table_args__ = (
        CheckConstraint(f"grp IN {GROUPS}", name="grp"),
        CheckConstraint("text <> ''", name="text"),
        Index("ix_evaluation_comment_evaluation_id", "evaluation_id", "grp", "member_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id", ondelete="CASCADE"))
    grp: Mapped[str]
    member_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    user_name: Mapped[str]
    text: Mapped[str]
