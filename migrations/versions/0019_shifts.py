"""Shifts with their members and attendance, patterns, swaps, and their settings.

Revision: 0019_shifts, after: 0018_spans_and_tiles

Locks to fear: none; the tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019_shifts"
down_revision = "0018_spans_and_tiles"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

TRIGGERS = """
INSERT INTO shift_settings DEFAULT VALUES;

CREATE TRIGGER log_settings AFTER INSERT OR UPDATE OR DELETE ON shift_settings
FOR EACH ROW EXECUTE FUNCTION log_settings('settings.shifts');

CREATE FUNCTION date_shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.day := local_date(NEW.starts);
    RETURN NEW;
END $$;

CREATE TRIGGER date_shift BEFORE INSERT OR UPDATE OF starts, day ON shift
FOR EACH ROW EXECUTE FUNCTION date_shift();

-- The lock makes whoever moves the shift meanwhile wait, and then move this member too.
CREATE FUNCTION date_shift_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT s.starts, s.ends, s.cancelled_at IS NULL INTO NEW.starts, NEW.ends, NEW.active
    FROM shift s WHERE s.id = NEW.shift_id FOR SHARE;
    RETURN NEW;
END $$;

CREATE TRIGGER date_shift_member BEFORE INSERT OR UPDATE OF shift_id, starts, ends, active
ON shift_member FOR EACH ROW EXECUTE FUNCTION date_shift_member();

CREATE FUNCTION move_shift_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE shift_member SET active = active WHERE shift_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER move_shift_members AFTER UPDATE OF starts, ends, cancelled_at ON shift
FOR EACH ROW WHEN ((OLD.starts, OLD.ends, OLD.cancelled_at)
    IS DISTINCT FROM (NEW.starts, NEW.ends, NEW.cancelled_at))
EXECUTE FUNCTION move_shift_members();
"""


def upgrade() -> None:
    """Apply this revision."""
    _create_settings()
    _create_patterns()
    _create_shifts()
    _create_members()
    _create_swaps()
    op.execute(TRIGGERS)


def _create_settings() -> None:
    def whole(name: str, default: int) -> sa.Column[int]:
        return sa.Column(
            name, sa.SmallInteger(), server_default=sa.text(str(default)), nullable=False
        )

    op.create_table(
        "shift_settings",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        whole("rest_hours", 11),
        whole("late_minutes", 10),
        whole("window_minutes", 30),
        sa.Column("night_begins", sa.Time(), server_default=sa.text("'22:00'"), nullable=False),
        sa.Column("night_ends", sa.Time(), server_default=sa.text("'06:00'"), nullable=False),
        sa.CheckConstraint("id", name=op.f("ck_shift_settings_one_row")),
        sa.CheckConstraint(
            "rest_hours BETWEEN 0 AND 72", name=op.f("ck_shift_settings_rest_hours")
        ),
        sa.CheckConstraint(
            "late_minutes BETWEEN 0 AND 240", name=op.f("ck_shift_settings_late_minutes")
        ),
        sa.CheckConstraint(
            "window_minutes BETWEEN 0 AND 720", name=op.f("ck_shift_settings_window_minutes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_settings")),
    )


def _create_patterns() -> None:
    op.create_table(
        "shift_pattern",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=True),
        sa.Column("rule", postgresql.JSONB(), nullable=False),
        sa.Column("made_until", sa.Date(), nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_shift_pattern_name")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_shift_pattern_team_id")),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["patrol_route.id"],
            name=op.f("fk_shift_pattern_route_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_pattern")),
    )
    op.create_index("ix_shift_pattern_team_id", "shift_pattern", ["team_id"])
    op.create_index("ix_shift_pattern_route_id", "shift_pattern", ["route_id"])


def _create_shifts() -> None:
    op.create_table(
        "shift",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=True),
        sa.Column("starts", _MOMENT, nullable=False),
        sa.Column("ends", _MOMENT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pattern_id", sa.BigInteger(), nullable=True),
        sa.Column("planned_day", sa.Date(), nullable=True),
        sa.Column("slot", sa.SmallInteger(), nullable=True),
        sa.Column("nth", sa.SmallInteger(), nullable=True),
        sa.Column("touched", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("cancelled_at", _MOMENT, nullable=True),
        sa.Column("cancelled_by", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("cancel_reason", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "starts < ends AND ends <= starts + interval '72 hours'", name=op.f("ck_shift_span")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_shift_team_id")),
        sa.ForeignKeyConstraint(
            ["route_id"], ["patrol_route.id"], name=op.f("fk_shift_route_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["pattern_id"],
            ["shift_pattern.id"],
            name=op.f("fk_shift_pattern_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_team_id", "shift", ["team_id", "day", "starts"])
    op.create_index("ix_shift_day", "shift", ["day", "starts", "id"])
    op.create_index("ix_shift_route_id", "shift", ["route_id"])
    planned = ["pattern_id", "planned_day", "slot", "nth"]
    op.create_index("uq_shift_planned", "shift", planned, unique=True)


def _create_members() -> None:
    op.create_table(
        "shift_member",
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("cadre_id", sa.BigInteger(), nullable=False),
        sa.Column("starts", _MOMENT, nullable=False),
        sa.Column("ends", _MOMENT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "period",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts, ends)", persisted=True),
            nullable=False,
        ),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("checked_in_at", _MOMENT, nullable=True),
        sa.Column("checked_out_at", _MOMENT, nullable=True),
        sa.Column("noted_by", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "state IN ('present', 'late', 'absent', 'leave')", name=op.f("ck_shift_member_state")
        ),
        sa.CheckConstraint(
            "checked_out_at >= checked_in_at", name=op.f("ck_shift_member_checked_out_at")
        ),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["shift.id"], name=op.f("fk_shift_member_shift_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["cadre_id"], ["cadre.id"], name=op.f("fk_shift_member_cadre_id")),
        sa.PrimaryKeyConstraint("shift_id", "cadre_id", name=op.f("pk_shift_member")),
        postgresql.ExcludeConstraint(
            ("cadre_id", "="),
            ("period", "&&"),
            where=sa.text("active"),
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
            name="ex_shift_member_once",
        ),
    )
    op.create_index("ix_shift_member_cadre_id", "shift_member", ["cadre_id", "starts"])


def _create_swaps() -> None:
    op.create_table(
        "shift_swap",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("cadre_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("other_shift_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), server_default=sa.text("'asked'"), nullable=False),
        sa.Column("reason", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("asked_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("decision_note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'agreed', 'approved', 'declined', 'refused', 'withdrawn')",
            name=op.f("ck_shift_swap_state"),
        ),
        sa.CheckConstraint("cadre_id <> other_id", name=op.f("ck_shift_swap_two_people")),
        sa.ForeignKeyConstraint(
            ["shift_id"], ["shift.id"], name=op.f("fk_shift_swap_shift_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_shift_id"],
            ["shift.id"],
            name=op.f("fk_shift_swap_other_shift_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["cadre_id"], ["cadre.id"], name=op.f("fk_shift_swap_cadre_id")),
        sa.ForeignKeyConstraint(["other_id"], ["cadre.id"], name=op.f("fk_shift_swap_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_swap")),
    )
    op.create_index(
        "uq_shift_swap_open",
        "shift_swap",
        ["shift_id", "cadre_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'agreed')"),
    )
    op.create_index("ix_shift_swap_other_shift_id", "shift_swap", ["other_shift_id"])
    op.create_index("ix_shift_swap_cadre_id", "shift_swap", ["cadre_id", "id"])
    op.create_index("ix_shift_swap_other_id", "shift_swap", ["other_id", "id"])
    op.create_index("ix_shift_swap_state", "shift_swap", ["state", "id"])
