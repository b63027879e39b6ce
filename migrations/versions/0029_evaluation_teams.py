"""Evaluations of patrol teams, and of departments that were closed since.

Revision: 0029_evaluation_teams, after: 0028_late

Locks to fear: nobody writes evaluations while their rows are checked, a second for a million.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029_evaluation_teams"
down_revision = "0028_late"
branch_labels = None
depends_on = None

# Shares of a hundred by themselves: no other group has these measures, and teams have no others.
WEIGHTS = {
    "shifts.done": {"weight": 40},
    "shifts.attended": {"weight": 20},
    "stops.visited": {"weight": 20},
    "routes.walked": {"weight": 20},
}
GROUPS = "grp IN ('cell', 'cadre', 'team', 'community', 'town', 'department')"


def upgrade() -> None:
    """Apply this revision."""
    for table in ("evaluation_member", "evaluation_comment"):
        op.drop_constraint(op.f(f"ck_{table}_grp"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_grp"), table, GROUPS)
    # Versions are never changed: what the town chose goes on, with the teams' measures beside it.
    op.execute(
        sa.text("""
            INSERT INTO evaluation_weights (few, parts)
            SELECT few, parts || CAST(:parts AS jsonb) FROM evaluation_weights
            ORDER BY id DESC LIMIT 1
        """).bindparams(parts=json.dumps(WEIGHTS))
    )
    _date_departments()


def _date_departments() -> None:
    """Keep since when and until when a department answers for a category."""
    table = "department_category"
    op.drop_constraint(op.f(f"pk_{table}"), table, type_="primary")
    op.add_column(table, sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.create_primary_key(op.f(f"pk_{table}"), table, ["id"])
    for name in ("starts", "ends"):
        op.add_column(table, sa.Column(name, sa.Date(), nullable=True))
    op.add_column(
        table,
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(starts, ends)", persisted=True),
            nullable=False,
        ),
    )
    op.add_column(
        table,
        sa.Column(
            "entered_on", sa.Date(), server_default=sa.text("local_date(now())"), nullable=False
        ),
    )
    # What is there already was not entered today: taken from a department today, it ends.
    op.execute(f"UPDATE {table} SET entered_on = local_date(now()) - 1")
    op.create_check_constraint(op.f(f"ck_{table}_period"), table, "starts < ends")
    op.create_exclude_constraint(
        f"ex_{table}_once", table, ("category_id", "="), ("period", "&&"), using="gist"
    )
