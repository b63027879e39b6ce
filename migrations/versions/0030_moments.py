"""Indexes by the moment of check-ins, and of changes that reports tell of.

Revision: 0030_moments, after: 0029_evaluation_teams

Locks to fear: nobody checks in at a stop or changes an incident, a case or an activity while the
indexes are built, a second for a million rows.
"""

from __future__ import annotations

from alembic import op

revision = "0030_moments"
down_revision = "0029_evaluation_teams"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    for table in ("patrol_check_in", "record_change"):
        op.create_index(f"ix_{table}_at", table, ["at"])
