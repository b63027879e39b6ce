"""Incidents of a category in the order of their ids, as partners read them page by page.

Revision: 0033_category, after: 0032_drawn

Locks to fear: nobody writes incidents while the index is made, under a second for a million.
"""

from __future__ import annotations

from alembic import op

revision = "0033_category"
down_revision = "0032_drawn"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index incidents by category and id."""
    op.create_index("ix_incident_category_id_id", "incident", ["category_id", "id"])
