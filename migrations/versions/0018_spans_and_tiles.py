"""When an incident ended at the latest, surfaces of analyses, and an index for their tiles.

Revision: 0018_spans_and_tiles, after: 0017_hotspot_month

Of many incidents only a span is known: found on return, broken into overnight. ``occurred_at`` is
its beginning and ``ended_at`` its end, NULL where the moment is known.
Runs that a schedule made are deleted in time unless they are kept.

Locks to fear: on the incidents for the moment in which the column without a value is added, and on
what runs found while the index is built, some seconds for a million shapes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_spans_and_tiles"
down_revision = "0017_hotspot_month"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    for column in ("scheduled", "kept"):
        op.add_column(
            "hotspot_run",
            sa.Column(column, sa.Boolean(), server_default=sa.text("false"), nullable=False),
        )
    # Of runs whose job is forgotten already nobody knows; they stay.
    op.execute("""
        UPDATE hotspot_run SET scheduled = true
        WHERE job_id IN (SELECT id FROM job WHERE kind = 'hotspots_again')
    """)
    op.create_index(
        "ix_hotspot_feature_drawn",
        "hotspot_feature",
        ["run_id", "geom"],
        postgresql_using="gist",
        postgresql_where=sa.text("rank IS NULL"),
    )
    op.create_table(
        "hotspot_surface",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("epsg", sa.Integer(), nullable=False),
        sa.Column("west", sa.Double(), nullable=False),
        sa.Column("south", sa.Double(), nullable=False),
        sa.Column("step_m", sa.Double(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("bandwidth_m", sa.Double(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("palette", sa.String(), nullable=False),
        sa.Column("levels", sa.ARRAY(sa.Double()), nullable=False),
        sa.Column("pixels", sa.LargeBinary(), nullable=False),
        sa.Column("covered", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["hotspot_run.id"],
            name=op.f("fk_hotspot_surface_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_hotspot_surface")),
    )
