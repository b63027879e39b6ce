"""Activities with notices to rectify and photos, and their plans.

Revision: 0024_activities, after: 0023_plans

Locks to fear: none, the tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024_activities"
down_revision = "0023_plans"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_KINDS = "kind IN ('sweep', 'inspection', 'meeting', 'publicity', 'training', 'visit', 'patrol')"
_COUNTS = (
    "households", "hazards", "hazards_removed", "disputes", "checked", "problems", "notices",
    "corrected", "participants", "hours", "issues", "leaflets", "questions", "boards", "banners",
    "visitor_groups", "visitors", "rounds",
)  # fmt: skip
_OWN_COUNTS = f"""num_nonnulls({", ".join(_COUNTS)}) = CASE kind
    WHEN 'sweep' THEN num_nonnulls(households, hazards, hazards_removed, disputes)
    WHEN 'inspection' THEN num_nonnulls(checked, problems, notices, corrected)
    WHEN 'meeting' THEN num_nonnulls(participants)
    WHEN 'publicity' THEN num_nonnulls(issues, leaflets, questions, boards, banners)
    WHEN 'training' THEN num_nonnulls(participants, hours)
    WHEN 'visit' THEN num_nonnulls(visitor_groups, visitors)
    WHEN 'patrol' THEN num_nonnulls(participants, rounds) END"""

FUNCTIONS = """
-- The first day of the period that a day lies in.
CREATE FUNCTION period_start(every text, day date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE every
        WHEN 'half_month' THEN
            date_trunc('month', day::timestamp)::date
            + CASE WHEN extract(day FROM day) > 15 THEN 15 ELSE 0 END
        ELSE date_trunc(every, day::timestamp)::date END
$$;

-- A place lies where it lies now; the cell is the one that was valid there on the day.
CREATE FUNCTION link_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.place_id IS NOT NULL THEN
        SELECT l.cell_id, coalesce(l.community_id, NEW.unit_id) INTO NEW.cell_id, NEW.unit_id
        FROM place p CROSS JOIN LATERAL locate(p.geom, NEW.day) l WHERE p.id = NEW.place_id;
    ELSIF NEW.cell_id IS NOT NULL THEN
        SELECT c.community_id INTO NEW.unit_id FROM cell c WHERE c.id = NEW.cell_id;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER link BEFORE INSERT OR UPDATE OF day, unit_id, cell_id, place_id
ON activity FOR EACH ROW EXECUTE FUNCTION link_activity();

CREATE FUNCTION count_notices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE activity SET (notices, corrected) =
        (SELECT count(*), count(*) FILTER (WHERE n.corrected) FROM activity_notice n
         WHERE n.activity_id = activity.id)
    WHERE id IN (OLD.activity_id, NEW.activity_id);
    RETURN NULL;
END $$;

CREATE TRIGGER count_notices AFTER INSERT OR DELETE OR UPDATE OF activity_id, corrected
ON activity_notice FOR EACH ROW EXECUTE FUNCTION count_notices();
"""


def upgrade() -> None:
    """Apply this revision."""
    _create_activity()
    _create_notice()
    _create_photo()
    _create_plan()
    op.execute(FUNCTIONS)


def _create_activity() -> None:
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in _COUNTS),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_name", sa.String(), nullable=False),
        sa.Column("recorded_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_activity_kind")),
        sa.CheckConstraint(
            f"least({', '.join(_COUNTS)}) >= 0", name=op.f("ck_activity_not_negative")
        ),
        sa.CheckConstraint(_OWN_COUNTS, name=op.f("ck_activity_own_counts")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_activity_unit_id")),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_activity_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["place.id"], name=op.f("fk_activity_place_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["app_user.id"],
            name=op.f("fk_activity_recorded_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.id"], name=op.f("fk_activity_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_day", "activity", ["day", "id"])
    for column in ("kind", "unit_id", "cell_id", "place_id"):
        op.create_index(f"ix_activity_{column}", "activity", [column, "day", "id"])
    op.create_index("ix_activity_recorded_by", "activity", ["recorded_by"])
    op.create_index("ix_activity_import_id", "activity", ["import_id"])
    op.create_index(
        "ix_activity_search", "activity", [sa.text("search_grams(note)")], postgresql_using="gin"
    )


def _create_notice() -> None:
    op.create_table(
        "activity_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("rechecked_on", sa.Date(), nullable=True),
        sa.Column("corrected", sa.Boolean(), nullable=True),
        sa.Column("recheck_note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("rechecked_by", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("finding <> ''", name=op.f("ck_activity_notice_finding")),
        sa.CheckConstraint(
            "(rechecked_on IS NULL) = (corrected IS NULL)",
            name=op.f("ck_activity_notice_rechecked"),
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_notice_activity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_notice")),
    )
    op.create_index("ix_activity_notice_activity_id", "activity_notice", ["activity_id", "id"])
    op.create_index(
        "ix_activity_notice_open",
        "activity_notice",
        ["due", "id"],
        postgresql_where=sa.text("corrected IS NOT TRUE"),
    )


def _create_photo() -> None:
    op.create_table(
        "activity_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_activity_photo_activity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_photo")),
        sa.UniqueConstraint("name", name=op.f("uq_activity_photo_name")),
    )
    op.create_index("ix_activity_photo_activity_id", "activity_photo", ["activity_id", "id"])


def _create_plan() -> None:
    op.create_table(
        "activity_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("every", sa.String(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("place_kind", sa.String(), nullable=True),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_activity_plan_kind")),
        sa.CheckConstraint(
            "every IN ('half_month', 'month', 'quarter', 'year')",
            name=op.f("ck_activity_plan_every"),
        ),
        sa.CheckConstraint(
            "target IN ('unit', 'community', 'cell', 'place')", name=op.f("ck_activity_plan_target")
        ),
        sa.CheckConstraint(
            "(target = 'place') = (place_kind IS NOT NULL)",
            name=op.f("ck_activity_plan_place_kind"),
        ),
        sa.CheckConstraint("starts <= ends", name=op.f("ck_activity_plan_span")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_activity_plan_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_plan")),
    )
    op.create_index("ix_activity_plan_unit_id", "activity_plan", ["unit_id"])
    op.create_index(
        "uq_activity_plan_same",
        "activity_plan",
        ["kind", "unit_id", "target", sa.text("coalesce(place_kind, '')")],
        unique=True,
        postgresql_where=sa.text("ends IS NULL"),
    )
