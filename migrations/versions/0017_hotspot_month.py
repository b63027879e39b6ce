"""A shape of a hotspot has no month: the slider plays incidents, not shapes.

Revision: 0017_hotspot_month, after: 0016_patrols

Locks to fear: DROP COLUMN locks the shapes of all runs, for a moment, since nothing is rewritten.
"""

from __future__ import annotations

from alembic import op

revision = "0017_hotspot_month"
down_revision = "0016_patrols"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the column, which was always NULL."""
    op.drop_column("hotspot_feature", "month")
