"""Plans of patrols and their tours.

Revision: 0023_plans, after: 0022_road_access

Locks to fear: none, the tables are new.
"""

from __future__ import annotations

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023_plans"
down_revision = "0022_road_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "patrol_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("wish", postgresql.JSONB(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_patrol_plan_job_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["app_user.id"], name=op.f("fk_patrol_plan_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_patrol_plan_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_plan")),
    )
    op.create_index("ix_patrol_plan_job_id", "patrol_plan", ["job_id"])
    op.create_index("ix_patrol_plan_unit_id", "patrol_plan", ["unit_id", "id"])
    op.create_table(
        "patrol_plan_tour",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("sets_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("back", sa.DateTime(timezone=True), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("working_s", sa.Double(), nullable=False),
        sa.Column("visits", postgresql.JSONB(), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom",
            geoalchemy2.Geometry("LINESTRING", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["patrol_plan.id"],
            name=op.f("fk_patrol_plan_tour_plan_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["patrol_route.id"],
            name=op.f("fk_patrol_plan_tour_route_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_patrol_plan_tour_team_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_patrol_plan_tour")),
    )
    op.create_index(op.f("ix_patrol_plan_tour_route_id"), "patrol_plan_tour", ["route_id"])
    op.create_index("ix_patrol_plan_tour_team_id", "patrol_plan_tour", ["team_id"])
