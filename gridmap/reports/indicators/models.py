"""Tables of indicators, their values, and how values were corrected."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.db import Base

#: Of counts, which may be sums of areas.
COUNT = Numeric(16, 2)


class Indicator(Base):
    """What is measured: of what, for which units, how often, and what is aimed at."""

    __tablename__ = "indicator"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z0-9][a-z0-9_.-]{0,39}$'", name="code"),
        CheckConstraint("name <> '' AND name_en <> ''", name="names"),
        CheckConstraint("form IN ('count', 'rate')", name="form"),
        CheckConstraint("(form = 'rate') = (denominator <> '')", name="denominator"),
        CheckConstraint("form = 'rate' OR denominator_measure IS NULL", name="measure"),
        CheckConstraint("form = 'rate' OR NOT within", name="within"),
        CheckConstraint("per IN (1, 100, 1000, 10000) AND (form = 'rate' OR per = 1)", name="per"),
        CheckConstraint("level IN ('county', 'town', 'community')", name="level"),
        CheckConstraint(
            "period_kind IN ('half_month', 'month', 'two_months', 'quarter', 'half_year', 'year', "
            "'any')",
            name="period_kind",
        ),
        CheckConstraint("over_time IN ('last', 'sum')", name="over_time"),
        CheckConstraint("better IN ('up', 'down')", name="better"),
        CheckConstraint("target IS NULL OR better IS NOT NULL", name="target"),
        CheckConstraint("places BETWEEN 0 AND 4", name="places"),
        UniqueConstraint("id", "level", "form", "within", "entered"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    # A count, or a numerator for each so many of the denominator, such as 100 for per cent.
    form: Mapped[str]
    per: Mapped[int] = mapped_column(server_default=text("1"))
    # A sign such as % or m² that stands behind the value.
    unit: Mapped[str] = mapped_column(server_default=text("''"))
    # What is counted, in words.
    numerator: Mapped[str]
    numerator_en: Mapped[str]
    denominator: Mapped[str] = mapped_column(server_default=text("''"))
    denominator_en: Mapped[str] = mapped_column(server_default=text("''"))
    # Keys of measures over the system's own records; null means that the count is entered.
    numerator_measure: Mapped[str | None]
    denominator_measure: Mapped[str | None]
    entered: Mapped[str] = mapped_column(
        Computed(
            "CASE WHEN numerator_measure IS NULL "
            "THEN CASE WHEN form = 'rate' AND denominator_measure IS NULL THEN 'both' "
            "ELSE 'numerator' END "
            "ELSE CASE WHEN form = 'rate' AND denominator_measure IS NULL THEN 'denominator' "
            "ELSE 'nothing' END END",
            persisted=True,
        )
    )
    # Whether what the numerator counts is part of what the denominator counts.
    within: Mapped[bool] = mapped_column(server_default=text("false"))
    # The units for which it is entered; those above are rolled up.
    level: Mapped[str]
    period_kind: Mapped[str]
    # Whether a longer period is as its last part (homes built so far), or their sum (leaflets).
    over_time: Mapped[str]
    target: Mapped[Decimal | None] = mapped_column(Numeric(16, 4))
    better: Mapped[str | None]
    places: Mapped[int] = mapped_column(SmallInteger, server_default=text("2"))
    # Since when nothing is entered any more.
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class IndicatorValue(Base):
    """The counts of one unit in one period, as first entered or as corrected since."""

    __tablename__ = "indicator_value"
    __table_args__ = (
        # What the indicator says of its counts holds for each row; it is copied by the key.
        ForeignKeyConstraint(
            ["indicator_id", "level", "form", "within", "entered"],
            ["indicator.id", "indicator.level", "indicator.form", "indicator.within",
             "indicator.entered"],
            name="fk_indicator_value_indicator",
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["unit_id", "level"], ["unit.id", "unit.level"]),
        CheckConstraint("first <= last", name="period"),
        CheckConstraint("numerator >= 0", name="numerator"),
        CheckConstraint("denominator > 0", name="denominator"),
        CheckConstraint("(numerator IS NOT NULL) = (entered IN ('both', 'numerator'))",
                        name="numerator_entered"),
        CheckConstraint("(denominator IS NOT NULL) = (entered IN ('both', 'denominator'))",
                        name="denominator_entered"),
        CheckConstraint("NOT within OR numerator <= denominator", name="within"),
        ExcludeConstraint(("indicator_id", "="), ("unit_id", "="), ("period", "&&"),
                          name="ex_indicator_value_period", using="gist"),
        Index("ix_indicator_value_first", "indicator_id", "first", "last", "unit_id"),
        Index("ix_indicator_value_unit_id", "unit_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    period: Mapped[Range[date]] = mapped_column(
        DATERANGE, Computed("daterange(first, last, '[]')", persisted=True)
    )
    numerator: Mapped[Decimal | None] = mapped_column(COUNT)
    denominator: Mapped[Decimal | None] = mapped_column(COUNT)
    level: Mapped[str]
    form: Mapped[str]
    within: Mapped[bool]
    entered: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    # Who entered it first; corrections are told by `IndicatorChange`.
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    user_name: Mapped[str]


class IndicatorChange(Base):
    """A value that was corrected or taken away: what it was before, who did it, when and why."""

    __tablename__ = "indicator_change"
    __table_args__ = (
        Index("ix_indicator_change_indicator_id", "indicator_id", "id"),
        Index("ix_indicator_change_unit_id", "unit_id"),
        Index("ix_indicator_change_user_id", "user_id"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    numerator_before: Mapped[Decimal | None] = mapped_column(COUNT)
    denominator_before: Mapped[Decimal | None] = mapped_column(COUNT)
    # Both are null where the value was taken away.
    numerator: Mapped[Decimal | None] = mapped_column(COUNT)
    denominator: Mapped[Decimal | None] = mapped_column(COUNT)
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    user_name: Mapped[str]
