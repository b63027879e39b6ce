"""The log of changes to records that reports have counted, kept by triggers.

Revision: 0028_late, after: 0027_reports

A report lists what changed since it was made. What was added it finds by ids; what was deleted,
moved to another place, day or category, closed or opened again would leave no trace. A row of
`record_change` says what a record was before and after, as far as figures of reports depend on it:
its community or unit (0 outside all), cell, local day, category or kind, and state. The columns
of the state after are null where it was deleted. A case stands in two rows, by the day on which it
was due and by that on which it was opened, for figures count by either.

Nothing is logged of what is added, so that imports cost nothing; one that brings stored incidents
up to date is logged by what it changes.

Locks to fear: `incident`, `incident_case` and `activity` are locked for the moment in which their
triggers are made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028_late"
down_revision = "0027_reports"
branch_labels = None
depends_on = None

_STATE = """CASE WHEN step = 'withdrawn' THEN 'withdrawn' WHEN ended_at IS NULL THEN 'open'
            ELSE 'closed' END"""
# What an activity counts, without who wrote it down.
_COUNTS = """md5((to_jsonb(r) - ARRAY['version', 'note', 'place_id', 'recorded_by',
            'recorded_name', 'recorded_at', 'import_id'])::text)"""

# Table: rows of a transition table by kind as id, area, cell, day, what and state.
_ROWS = {
    "incident": """
        SELECT 'incident' AS kind, id, coalesce(community_id, 0) AS area, cell_id AS cell,
               local_date(occurred_at) AS day, category_id::text AS what, '' AS state
        FROM {rows}""",
    "incident_case": """
        SELECT d.kind, id, coalesce(community_id, 0) AS area, cell_id AS cell, d.day,
               category_id::text AS what, {state} AS state
        FROM {rows} CROSS JOIN LATERAL (VALUES
            ('case', local_date(due_at)), ('received', local_date(opened_at))) AS d (kind, day)""",
    "activity": """
        SELECT 'activity' AS kind, id, unit_id AS area, cell_id AS cell, day, r.kind AS what,
               {counts} AS state
        FROM {rows} r""",
}

# A full join cannot become a nested loop, which a plan made for a single row would keep for many.
_NOTE = """
CREATE FUNCTION note_record_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO record_change (kind, record_id, old_area, old_cell, old_day, old_what,
                                   old_state)
        SELECT kind, id, area, cell, day, what, state FROM ({old}) AS o ORDER BY id;
    ELSE
        INSERT INTO record_change (kind, record_id, old_area, old_cell, old_day, old_what,
                                   old_state, new_area, new_cell, new_day, new_what, new_state)
        SELECT kind, id, o.area, o.cell, o.day, o.what, o.state,
               n.area, n.cell, n.day, n.what, n.state
        FROM ({old}) AS o FULL JOIN ({new}) AS n USING (kind, id)
        WHERE (o.area, o.cell, o.day, o.what, o.state)
              IS DISTINCT FROM (n.area, n.cell, n.day, n.what, n.state)
        ORDER BY id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER note_record_updated AFTER UPDATE ON {table}
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_record_{table}();
CREATE TRIGGER note_record_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_record_{table}();
"""


def upgrade() -> None:
    op.create_table(
        "record_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        *(
            sa.Column(f"{side}_{name}", kind, nullable=True)
            for side in ("old", "new")
            for name, kind in (
                ("area", sa.BigInteger()),
                ("cell", sa.BigInteger()),
                ("day", sa.Date()),
                ("what", sa.String()),
                ("state", sa.String()),
            )
        ),
        sa.CheckConstraint(
            "kind IN ('incident', 'case', 'received', 'activity')",
            name=op.f("ck_record_change_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_change")),
    )
    for side in ("old", "new"):
        op.create_index(
            f"ix_record_change_{side}",
            "record_change",
            ["kind", f"{side}_area", f"{side}_day"],
        )
    for table, rows in _ROWS.items():
        old, new = (
            rows.format(rows=f"{side}_rows", state=_STATE, counts=_COUNTS)
            for side in ("old", "new")
        )
        op.execute(_NOTE.format(table=table, old=old, new=new))
