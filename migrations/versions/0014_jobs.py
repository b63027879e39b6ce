"""The queue of long work, and the runs of analyses of hotspots with what they found.

Revision: 0014_jobs, after: 0013_settings_audit

Locks to fear: none, the tables are new.
"""

from __future__ import annotations

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_jobs"
down_revision = "0013_settings_audit"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_queue()
    _create_runs()


def _create_queue() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("message", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("error", postgresql.JSONB(), nullable=True),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=True),
        sa.Column("seen_at", _MOMENT, nullable=True),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_job_progress")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["app_user.id"], name=op.f("fk_job_owner_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_open", "job", ["id"], postgresql_where=sa.text("state IN ('waiting', 'running')")
    )
    op.create_table(
        "job_schedule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["app_user.id"], name=op.f("fk_job_schedule_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_schedule")),
    )
    op.create_index("ix_job_schedule_next_at", "job_schedule", ["next_at"])


def _create_runs() -> None:
    op.create_table(
        "hotspot_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("analysis", sa.String(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("simple", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("communities", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column(
            "categories",
            postgresql.ARRAY(sa.String()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("schedule_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=True),
        sa.Column("newest", _MOMENT, nullable=True),
        sa.Column("program", sa.String(), nullable=True),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("summary", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("first <= last", name=op.f("ck_hotspot_run_period")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_hotspot_run_job_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["app_user.id"], name=op.f("fk_hotspot_run_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["job_schedule.id"],
            name=op.f("fk_hotspot_run_schedule_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_hotspot_run_unit_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotspot_run")),
    )
    op.create_index("ix_hotspot_run_job_id", "hotspot_run", ["job_id"])
    op.create_index("ix_hotspot_run_owner_id", "hotspot_run", ["owner_id", "id"])
    op.create_table(
        "hotspot_feature",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column(
            "geom", geoalchemy2.Geometry("GEOMETRY", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("month", sa.SmallInteger(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=True),
        sa.Column("p", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("values", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_hotspot_feature_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["hotspot_run.id"],
            name=op.f("fk_hotspot_feature_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotspot_feature")),
    )
    op.create_index(op.f("ix_hotspot_feature_cell_id"), "hotspot_feature", ["cell_id"])
    op.create_index("ix_hotspot_feature_geom", "hotspot_feature", ["geom"], postgresql_using="gist")
    op.create_index("ix_hotspot_feature_run_id", "hotspot_feature", ["run_id", "rank"])
