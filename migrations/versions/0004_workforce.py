"""Users, their sessions and the audit log; cadres, teams and assignments.

Revision: 0004_workforce, after: 0003_incident_pyramid

What the database itself holds, for whoever writes:

- The audit log grows and never changes: UPDATE, DELETE and TRUNCATE are refused to everybody,
  the owner of the table included.
- A cell has one responsible cadre at a time.
- Every change of an assignment is kept with the act it belongs to. A program that writes several
  rows as one act inserts the act and names it with `SET LOCAL gridmap.assignment_act = '<id>'`.
- A cell that is redrawn, split or merged leaves its assignments to its successors.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004_workforce"
down_revision = "0003_incident_pyramid"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'GM005';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only;
"""

LOG = """
CREATE FUNCTION current_assignment_act() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    act bigint := nullif(current_setting('gridmap.assignment_act', true), '');
BEGIN
    IF act IS NULL THEN
        INSERT INTO assignment_act (user_name, kind) VALUES (session_user, 'direct')
        RETURNING id INTO act;
    END IF;
    RETURN act;
END $$;

CREATE FUNCTION assignment_state(a assignment) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN a.id IS NOT NULL THEN jsonb_build_object(
        'cell_id', a.cell_id, 'cadre_id', a.cadre_id, 'role', a.role,
        'starts', a.starts, 'ends', a.ends, 'inherited', a.inherited) END
$$;

CREATE FUNCTION log_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM new_rows) THEN
            INSERT INTO assignment_change (act_id, cell_id, assignment_id, after)
            SELECT act, cell_id, id, assignment_state(n)
            FROM new_rows n, current_assignment_act() AS act;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM old_rows) THEN
            INSERT INTO assignment_change (act_id, cell_id, assignment_id, before)
            SELECT act, cell_id, id, assignment_state(o)
            FROM old_rows o, current_assignment_act() AS act;
        END IF;
    ELSIF EXISTS (SELECT FROM new_rows) THEN
        INSERT INTO assignment_change (act_id, cell_id, assignment_id, before, after)
        SELECT act, n.cell_id, n.id, assignment_state(o), assignment_state(n)
        FROM old_rows o JOIN new_rows n USING (id), current_assignment_act() AS act;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER log_inserted AFTER INSERT ON assignment REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION log_assignments();
CREATE TRIGGER log_updated AFTER UPDATE ON assignment
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION log_assignments();
CREATE TRIGGER log_deleted AFTER DELETE ON assignment REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION log_assignments();
"""

# The rows of the parents stay as they are: they count no longer than the parents themselves. What
# they promise from a child's first day on becomes rows of the child. Where merged cells had
# several responsible cadres, the one of the largest cell stays responsible, the others become
# deputies, and a later gap of the first is filled by the next. Lineage may be written row by row,
# so each time the child's inherited rows are made anew, from all parents known by then; what
# people have assigned since is never overwritten.
INHERIT = """
CREATE FUNCTION inherit_assignments() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    children bigint[] := (SELECT array_agg(DISTINCT child_id) FROM new_rows);
    outer_act text := coalesce(current_setting('gridmap.assignment_act', true), '');
    act bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM cell_lineage l JOIN assignment a ON a.cell_id = l.parent_id
                   WHERE l.child_id = ANY (children)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO assignment_act (user_name, kind) VALUES ('gridmap', 'lineage')
    RETURNING id INTO act;
    PERFORM set_config('gridmap.assignment_act', act::text, true);
    DELETE FROM assignment WHERE cell_id = ANY (children) AND inherited;

    INSERT INTO assignment (cell_id, cadre_id, role, starts, ends, inherited)
    WITH promised AS (
        SELECT l.child_id AS cell_id, a.cadre_id, a.role, a.period * c.valid AS period,
               dense_rank() OVER (PARTITION BY l.child_id
                                  ORDER BY ST_Area(p.geom) DESC, p.code COLLATE "C", p.id) AS place
        FROM cell_lineage l JOIN cell c ON c.id = l.child_id JOIN cell p ON p.id = l.parent_id
        JOIN assignment a ON a.cell_id = p.id
        WHERE l.child_id = ANY (children) AND a.period && c.valid
    ), heads AS (
        SELECT p.*, first.taken, first.own, given.taken AS given
        FROM promised p
        CROSS JOIN LATERAL (
            SELECT coalesce(range_agg(e.period), '{}') AS taken,
                   coalesce(range_agg(e.period) FILTER (WHERE e.cadre_id = p.cadre_id), '{}') AS own
            FROM promised e
            WHERE e.cell_id = p.cell_id AND e.role = 'responsible' AND e.place < p.place
        ) AS first
        CROSS JOIN LATERAL (
            SELECT coalesce(range_agg(x.period), '{}') AS taken FROM assignment x
            WHERE x.cell_id = p.cell_id AND x.role = 'responsible'
        ) AS given
        WHERE p.role = 'responsible'
    ), wanted AS (
        SELECT cell_id, cadre_id, role, period::datemultirange - taken - given AS periods
        FROM heads
        UNION ALL
        SELECT cell_id, cadre_id, 'deputy', period::datemultirange * taken - own FROM heads
        UNION ALL
        SELECT cell_id, cadre_id, role, period::datemultirange FROM promised
        WHERE role <> 'responsible'
    ), joined AS (
        SELECT cell_id, cadre_id, role, range_agg(periods) AS periods FROM wanted GROUP BY 1, 2, 3
    )
    SELECT cell_id, cadre_id, role, lower(period), upper(period), true
    FROM joined j, unnest(j.periods - (
        SELECT coalesce(range_agg(x.period), '{}') FROM assignment x
        WHERE (x.cell_id, x.cadre_id, x.role) = (j.cell_id, j.cadre_id, j.role))) AS period;
    PERFORM set_config('gridmap.assignment_act', outer_act, true);
    RETURN NULL;
END $$;

CREATE TRIGGER inherit_assignments AFTER INSERT ON cell_lineage REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION inherit_assignments();
"""


def upgrade() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("language", sa.String(), server_default=sa.text("'zh'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column(
            "must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("display_name <> ''", name=op.f("ck_app_user_display_name")),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_app_user_language")),
        sa.CheckConstraint(
            "login ~ '^[^[:space:][:upper:]]{2,64}$'", name=op.f("ck_app_user_login")
        ),
        sa.CheckConstraint(
            "role IN ('administrator', 'supervisor', 'planner', 'analyst', 'cadre')",
            name=op.f("ck_app_user_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("login", name=op.f("uq_app_user_login")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("login_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("login_hash", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_last_at", "sign_in_failure", ["last_at"])
    op.create_table(
        "workforce_settings",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("band_low", sa.Integer(), server_default=sa.text("300"), nullable=False),
        sa.Column("band_high", sa.Integer(), server_default=sa.text("500"), nullable=False),
        sa.Column(
            "session_idle_minutes", sa.Integer(), server_default=sa.text("120"), nullable=False
        ),
        sa.Column("session_hours", sa.Integer(), server_default=sa.text("12"), nullable=False),
        sa.Column("lock_after", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.CheckConstraint(
            "0 <= band_low AND band_low <= band_high", name=op.f("ck_workforce_settings_band")
        ),
        sa.CheckConstraint("id", name=op.f("ck_workforce_settings_one_row")),
        sa.CheckConstraint(
            "session_idle_minutes > 0 AND session_hours > 0 AND lock_after > 0",
            name=op.f("ck_workforce_settings_positive"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workforce_settings")),
    )
    op.create_table(
        "assignment_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('assign', 'end', 'hand_over', 'undo', 'lineage', 'direct')",
            name=op.f("ck_assignment_act_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["assignment_act.id"], name=op.f("fk_assignment_act_undone_by")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_assignment_act_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_act")),
    )
    op.create_index("ix_assignment_act_user_id", "assignment_act", ["user_id", "id"])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_audit_log_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_act", "audit_log", ["act", "at", "id"])
    op.create_index("ix_audit_log_at", "audit_log", ["at", "id"])
    op.create_index(
        "ix_audit_log_subject", "audit_log", ["subject", "subject_id", "at", "id"], unique=False
    )
    op.create_index("ix_audit_log_user_id", "audit_log", ["user_id", "at", "id"])
    op.create_table(
        "user_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_user_session")),
    )
    op.create_index("ix_user_session_expires_at", "user_session", ["expires_at"])
    op.create_index("ix_user_session_user_id", "user_session", ["user_id"])
    op.create_table(
        "cadre",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(), server_default=sa.text("'full_time'"), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "skills", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "languages", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('full_time', 'part_time', 'volunteer')", name=op.f("ck_cadre_kind")
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_cadre_name")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_cadre_import_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_cadre_unit_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_cadre_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cadre")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_cadre_source_external_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_cadre_user_id")),
    )
    op.create_index("ix_cadre_unit_id", "cadre", ["unit_id"])
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("kind IN ('grid', 'patrol', 'volunteer')", name=op.f("ck_team_kind")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_team_name")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_team_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("unit_id", "name", name=op.f("uq_team_unit_id_name")),
    )
    op.create_table(
        "user_area",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_user_area_unit_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_user_area_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "unit_id", name=op.f("pk_user_area")),
    )
    op.create_index("ix_user_area_unit_id", "user_area", ["unit_id"])
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("cadre_id", sa.BigInteger(), nullable=False),
        sa.Column("substitute_id", sa.BigInteger(), nullable=True),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(starts, ends)", persisted=True),
            nullable=False,
        ),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("cadre_id"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_absence_cadre",
        ),
        sa.CheckConstraint("cadre_id <> substitute_id", name=op.f("ck_absence_two_people")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_absence_period")),
        sa.ForeignKeyConstraint(
            ["cadre_id"], ["cadre.id"], name=op.f("fk_absence_cadre_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["substitute_id"],
            ["cadre.id"],
            name=op.f("fk_absence_substitute_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_substitute_id", "absence", ["substitute_id"])
    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("cadre_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column(
            "period",
            postgresql.DATERANGE(),
            sa.Computed("daterange(starts, ends)", persisted=True),
            nullable=False,
        ),
        sa.Column("inherited", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("cell_id"), "="),
            (sa.column("cadre_id"), "="),
            (sa.column("role"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_assignment_once",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("cell_id"), "="),
            (sa.column("period"), "&&"),
            where=sa.text("role = 'responsible'"),
            using="gist",
            name="ex_assignment_responsible",
        ),
        sa.CheckConstraint(
            "role IN ('responsible', 'deputy', 'group_leader', 'compound_guard', 'police_liaison')",
            name=op.f("ck_assignment_role"),
        ),
        sa.CheckConstraint("starts < ends", name=op.f("ck_assignment_period")),
        sa.ForeignKeyConstraint(["cadre_id"], ["cadre.id"], name=op.f("fk_assignment_cadre_id")),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name=op.f("fk_assignment_cell_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_cadre_id", "assignment", ["cadre_id", "starts"])
    op.create_index("ix_assignment_cell_id", "assignment", ["cell_id", "starts"])
    op.create_table(
        "assignment_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("act_id", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["act_id"], ["assignment_act.id"], name=op.f("fk_assignment_change_act_id")
        ),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_assignment_change_cell_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_change")),
    )
    op.create_index("ix_assignment_change_act_id", "assignment_change", ["act_id"])
    op.create_index(
        "ix_assignment_change_cell_id", "assignment_change", ["cell_id", "act_id"], unique=False
    )
    op.create_table(
        "team_member",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("cadre_id", sa.BigInteger(), nullable=False),
        sa.Column("captain", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["cadre_id"], ["cadre.id"], name=op.f("fk_team_member_cadre_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_team_member_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "cadre_id", name=op.f("pk_team_member")),
    )
    op.create_index("ix_team_member_cadre_id", "team_member", ["cadre_id"])
    op.create_index(
        "uq_team_member_captain",
        "team_member",
        ["team_id"],
        unique=True,
        postgresql_where=sa.text("captain"),
    )
    op.execute("INSERT INTO workforce_settings DEFAULT VALUES")
    for statements in (APPEND_ONLY, LOG, INHERIT):
        op.execute(statements)
