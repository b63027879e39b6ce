"""Codes of units and cells found without reading their outlines.

Revision: 0031_codes, after: 0030_moments

Locks to fear: units and cells are not written while their few thousand rows are indexed.
"""

from __future__ import annotations

from alembic import op

revision = "0031_codes"
down_revision = "0030_moments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index codes by id."""
    for table in ("unit", "cell"):
        op.create_index(f"ix_{table}_id_code", table, ["id"], postgresql_include=["code"])
