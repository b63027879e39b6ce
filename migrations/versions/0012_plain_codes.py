"""Codes of cells and categories hold no quotation marks, backslashes or control characters.

Revision: 0012_plain_codes, after: 0011_changes

Such a code is JSON between two quotation marks as it stands, and no name of a file or address
needs to disguise it.

Where there are other codes the upgrade stops and names them: only the town knows what else names
them, so nothing is renamed here.

Locks to fear: both tables are read while they are locked; they are small.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_plain_codes"
down_revision = "0011_changes"
branch_labels = None
depends_on = None


PLAIN = r"""code !~ '[\x01-\x1f\x7f"\\]'"""


def upgrade() -> None:
    connection = op.get_bind()
    for table in ("cell", "category"):
        wrong = connection.scalars(
            sa.text(f"SELECT DISTINCT code FROM {table} WHERE NOT ({PLAIN}) ORDER BY code LIMIT 20")
        ).all()
        if wrong:
            raise RuntimeError(
                f"These codes in the table {table} hold quotation marks, backslashes or control "
                f"characters: {', '.join(map(repr, wrong))}. Rename them first, for instance: "
                f"UPDATE {table} SET code = 'new' WHERE code = 'old'; then migrate again."
            )
        op.create_check_constraint("plain_code", table, PLAIN)
