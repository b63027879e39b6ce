"""Who may use a road, and whether it is a tunnel.

Revision: 0022_road_access, after: 0020_routes

Locks to fear: ``road`` is locked for a moment; the defaults are constants, so no row is rewritten.

The outlines of units tell which community a street is in, so they too make the network outdated.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022_road_access"
down_revision = "0020_routes"
branch_labels = None
depends_on = None

OUTDATE = """
CREATE TRIGGER outdate_streets AFTER INSERT OR UPDATE OF geom ON unit
FOR EACH STATEMENT EXECUTE FUNCTION outdate_streets();
"""


def upgrade() -> None:
    op.add_column(
        "road", sa.Column("tunnel", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for mode in ("foot", "bicycle", "car"):
        op.add_column("road", sa.Column(mode, sa.Boolean(), nullable=True))
    op.execute(OUTDATE)
