"""Codes of cells and categories hold no quotation marks, backslashes or control characters.

Revision: 0012_plain_codes, after: 0011_changes

Such a code is JSON between two quotation marks as it stands, and no name of a file or address
needs to disguise it.

Locks to fear: both tables are read while they are locked; they are small.
"""

from __future__ import annotations

from alembic import op

revision = "0012_plain_codes"
down_revision = "0011_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("cell", "category"):
        op.create_check_constraint("plain_code", table, r"""code !~ '[[:cntrl:]"\\]'""")
