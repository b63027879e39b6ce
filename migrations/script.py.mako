"""${message}.

Revision: ${up_revision}, after: ${down_revision | comma,n}

Locks to fear on a large table: CREATE INDEX blocks writes, ALTER TABLE ... TYPE rewrites it,
ADD FOREIGN KEY checks every row, and a trigger's statement runs in the writer's transaction.
There is no way down: an operator who must go back restores the backup made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}

