"""Indicators, their values per unit and period, and the corrections of values.

Revision: 0025_indicators, after: 0024_activities

Locks to fear: none, the tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025_indicators"
down_revision = "0024_activities"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicator",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("per", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("unit", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("numerator", sa.String(), nullable=False),
        sa.Column("numerator_en", sa.String(), nullable=False),
        sa.Column("denominator", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("denominator_en", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("numerator_measure", sa.String(), nullable=True),
        sa.Column("denominator_measure", sa.String(), nullable=True),
        sa.Column(
            "entered",
            sa.String(),
            sa.Computed(
                "CASE WHEN numerator_measure IS NULL "
                "THEN CASE WHEN form = 'rate' AND denominator_measure IS NULL THEN 'both' "
                "ELSE 'numerator' END "
                "ELSE CASE WHEN form = 'rate' AND denominator_measure IS NULL THEN 'denominator' "
                "ELSE 'nothing' END END",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("within", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("period_kind", sa.String(), nullable=False),
        sa.Column("over_time", sa.String(), nullable=False),
        sa.Column("target", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("better", sa.String(), nullable=True),
        sa.Column("places", sa.SmallInteger(), server_default=sa.text("2"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(form = 'rate') = (denominator <> '')", name=op.f("ck_indicator_denominator")
        ),
        sa.CheckConstraint("better IN ('up', 'down')", name=op.f("ck_indicator_better")),
        sa.CheckConstraint("code ~ '^[a-z0-9][a-z0-9_.-]{0,39}$'", name=op.f("ck_indicator_code")),
        sa.CheckConstraint("form = 'rate' OR NOT within", name=op.f("ck_indicator_within")),
        sa.CheckConstraint(
            "form = 'rate' OR denominator_measure IS NULL", name=op.f("ck_indicator_measure")
        ),
        sa.CheckConstraint("form IN ('count', 'rate')", name=op.f("ck_indicator_form")),
        sa.CheckConstraint(
            "level IN ('county', 'town', 'community')", name=op.f("ck_indicator_level")
        ),
        sa.CheckConstraint("name <> '' AND name_en <> ''", name=op.f("ck_indicator_names")),
        sa.CheckConstraint("over_time IN ('last', 'sum')", name=op.f("ck_indicator_over_time")),
        sa.CheckConstraint(
            "per IN (1, 100, 1000, 10000) AND (form = 'rate' OR per = 1)",
            name=op.f("ck_indicator_per"),
        ),
        sa.CheckConstraint(
            "period_kind IN ('half_month', 'month', 'two_months', 'quarter', 'half_year', 'year', "
            "'any')",
            name=op.f("ck_indicator_period_kind"),
        ),
        sa.CheckConstraint("places BETWEEN 0 AND 4", name=op.f("ck_indicator_places")),
        sa.CheckConstraint(
            "target IS NULL OR better IS NOT NULL", name=op.f("ck_indicator_target")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
        sa.UniqueConstraint("code", name=op.f("uq_indicator_code")),
        sa.UniqueConstraint(
            "id",
            "level",
            "form",
            "within",
            "entered",
            name=op.f("uq_indicator_id_level_form_within_entered"),
        ),
    )
    op.create_table(
        "indicator_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("indicator_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("numerator_before", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("denominator_before", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("numerator", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("denominator", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_indicator_change_reason")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_indicator_change_indicator_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_indicator_change_unit_id")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["app_user.id"],
            name=op.f("fk_indicator_change_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_change")),
    )
    op.create_index("ix_indicator_change_indicator_id", "indicator_change", ["indicator_id", "id"])
    op.create_index("ix_indicator_change_unit_id", "indicator_change", ["unit_id"])
    op.create_index("ix_indicator_change_user_id", "indicator_change", ["user_id"])
    op.create_table(
        "indicator_value",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("indicator_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(first, last, '[]')", persisted=True),
            nullable=False,
        ),
        sa.Column("numerator", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("denominator", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("within", sa.Boolean(), nullable=False),
        sa.Column("entered", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "entered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("user_name", sa.String(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("indicator_id"), "="),
            (sa.column("unit_id"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_indicator_value_period",
        ),
        sa.CheckConstraint(
            "(denominator IS NOT NULL) = (entered IN ('both', 'denominator'))",
            name=op.f("ck_indicator_value_denominator_entered"),
        ),
        sa.CheckConstraint(
            "(numerator IS NOT NULL) = (entered IN ('both', 'numerator'))",
            name=op.f("ck_indicator_value_numerator_entered"),
        ),
        sa.CheckConstraint(
            "NOT within OR numerator <= denominator", name=op.f("ck_indicator_value_within")
        ),
        sa.CheckConstraint("denominator > 0", name=op.f("ck_indicator_value_denominator")),
        sa.CheckConstraint("first <= last", name=op.f("ck_indicator_value_period")),
        sa.CheckConstraint("numerator >= 0", name=op.f("ck_indicator_value_numerator")),
        sa.ForeignKeyConstraint(
            ["indicator_id", "level", "form", "within", "entered"],
            [
                "indicator.id",
                "indicator.level",
                "indicator.form",
                "indicator.within",
                "indicator.entered",
            ],
            name="fk_indicator_value_indicator",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "level"],
            ["unit.id", "unit.level"],
            name=op.f("fk_indicator_value_unit_id_level"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_value")),
    )
    op.create_index(
        "ix_indicator_value_first", "indicator_value", ["indicator_id", "first", "last", "unit_id"]
    )
    op.create_index("ix_indicator_value_unit_id", "indicator_value", ["unit_id"])
