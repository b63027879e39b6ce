"""Departments, evaluations and their weights.

Revision: 0026_evaluation, after: 0025_indicators

Locks to fear: the index on `case_step` blocks acts on cases for the seconds it is built.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026_evaluation"
down_revision = "0025_indicators"
branch_labels = None
depends_on = None

# What a town begins with. Weights are shares of a hundred; the score of a time falls from 100 at
# no hour to 0 at the bound.
FEW = 10
WEIGHTS = {
    "cases.closed": {"weight": 20},
    "cases.on_time": {"weight": 20},
    "cases.returned": {"weight": 5},
    "cases.reopened": {"weight": 5},
    "cases.to_dispatch_p50": {"weight": 5, "bound": 48},
    "cases.to_dispatch_p90": {"weight": 5, "bound": 96},
    "cases.to_close_p50": {"weight": 5, "bound": 240},
    "cases.to_close_p90": {"weight": 5, "bound": 480},
    "sweeps.done": {"weight": 10},
    "inspections.done": {"weight": 10},
    "patrols.covered": {"weight": 10},
}

GUARD = """
CREATE FUNCTION keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM rows r JOIN evaluation e ON e.id = r.evaluation_id
               WHERE e.state = 'published') THEN
        RAISE EXCEPTION 'a published evaluation stays as it is' USING ERRCODE = 'GM005';
    END IF;
    RETURN NULL;
END $$;
"""
GUARDED = ("evaluation_member", "evaluation_comment")
WHEN = {"INSERT": "NEW", "UPDATE": "OLD", "DELETE": "OLD"}
GUARD_EVALUATION = """
CREATE FUNCTION keep_published_evaluation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published evaluation stays as it is' USING ERRCODE = 'GM005';
END $$;
CREATE TRIGGER keep_published BEFORE UPDATE OR DELETE ON evaluation FOR EACH ROW
WHEN (OLD.state = 'published') EXECUTE FUNCTION keep_published_evaluation();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evaluation_weights
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "department",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_department_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("name", name=op.f("uq_department_name")),
    )
    op.create_table(
        "department_category",
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
            name=op.f("fk_department_category_category_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_department_category_department_id")
        ),
        sa.PrimaryKeyConstraint("category_id", name=op.f("pk_department_category")),
    )
    op.create_index(
        "ix_department_category_department_id",
        "department_category",
        ["department_id"],
        unique=False,
    )
    op.create_table(
        "evaluation_weights",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("few", sa.SmallInteger(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("few >= 0", name=op.f("ck_evaluation_weights_few")),
        sa.ForeignKeyConstraint(
            ["made_by"], ["app_user.id"], name=op.f("fk_evaluation_weights_made_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_weights")),
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("weights_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)",
            name=op.f("ck_evaluation_published"),
        ),
        sa.CheckConstraint(
            "kind IN ('month', 'quarter', 'half', 'year')", name=op.f("ck_evaluation_kind")
        ),
        sa.CheckConstraint(
            "state = 'draft' OR counted_at IS NOT NULL", name=op.f("ck_evaluation_counted")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'published')", name=op.f("ck_evaluation_state")
        ),
        sa.CheckConstraint("first <= last", name=op.f("ck_evaluation_span")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_evaluation_job_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["made_by"], ["app_user.id"], name=op.f("fk_evaluation_made_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_evaluation_unit_id")),
        sa.ForeignKeyConstraint(
            ["weights_id"], ["evaluation_weights.id"], name=op.f("fk_evaluation_weights_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint(
            "unit_id", "kind", "first", name=op.f("uq_evaluation_unit_id_kind_first")
        ),
    )
    op.create_index("ix_evaluation_job_id", "evaluation", ["job_id"], unique=False)
    op.create_table(
        "evaluation_comment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("evaluation_id", sa.BigInteger(), nullable=False),
        sa.Column("grp", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.CheckConstraint(
            "grp IN ('cell', 'cadre', 'community', 'town', 'department')",
            name=op.f("ck_evaluation_comment_grp"),
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_evaluation_comment_text")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluation.id"],
            name=op.f("fk_evaluation_comment_evaluation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_evaluation_comment_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_comment")),
    )
    op.create_index(
        "ix_evaluation_comment_evaluation_id",
        "evaluation_comment",
        ["evaluation_id", "grp", "member_id", "id"],
        unique=False,
    )
    op.create_table(
        "evaluation_member",
        sa.Column("evaluation_id", sa.BigInteger(), nullable=False),
        sa.Column("grp", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("score", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "grp IN ('cell', 'cadre', 'community', 'town', 'department')",
            name=op.f("ck_evaluation_member_grp"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluation.id"],
            name=op.f("fk_evaluation_member_evaluation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "evaluation_id", "grp", "member_id", name=op.f("pk_evaluation_member")
        ),
    )
    op.create_index(
        "ix_evaluation_member_member_id", "evaluation_member", ["grp", "member_id"], unique=False
    )
    op.create_index(
        "ix_case_step_dispatch", "case_step", ["case_id", "at"],
        postgresql_where=sa.text("act = 'dispatch'"),
    )  # fmt: skip
    op.execute(GUARD)
    for table in GUARDED:
        for act, rows in WHEN.items():
            op.execute(
                f"CREATE TRIGGER keep_published_{act.lower()} AFTER {act} ON {table} "
                f"REFERENCING {rows} TABLE AS rows FOR EACH STATEMENT "
                "EXECUTE FUNCTION keep_published()"
            )
    op.execute(GUARD_EVALUATION)
    op.execute(
        sa.text(
            "INSERT INTO evaluation_weights (few, parts) VALUES (:few, CAST(:parts AS jsonb))"
        ).bindparams(few=FEW, parts=json.dumps(WEIGHTS))
    )
