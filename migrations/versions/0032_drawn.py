"""Shapes of analyses are found by their run and place together, no longer by place alone.

Revision: 0032_drawn, after: 0031_codes

Locks to fear: none; dropping the index of places takes an instant.
"""

from __future__ import annotations

from alembic import op

revision = "0032_drawn"
down_revision = "0031_codes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop an index that finds the shapes of all runs, which the server took for those of one."""
    op.drop_index("ix_hotspot_feature_geom", "hotspot_feature")
