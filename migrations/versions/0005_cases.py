"""Cases: their steps, deadlines, photos and contacts; versions of the categories.

Revision: 0005_cases, after: 0004_workforce

What the database itself holds, for whoever writes:

- A case takes its place, cell and community from its incident, and follows it. There is no
  foreign key: `open_incident_year` moves incidents between partitions, and each bulk import would
  pay for the checks. An incident with a case is not deleted through the table `incident`.
- The steps of a case grow and never change.
- Every change of a category leaves a version of it; an import changes categories too.

Locks to fear: the new columns of `category` have constant defaults and rewrite nothing; the
triggers on `incident` fire once per statement, and only for UPDATE and DELETE.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0005_cases"
down_revision = "0004_workforce"
branch_labels = None
depends_on = None

FOLLOW = """
CREATE FUNCTION place_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT i.geom, i.cell_id, i.community_id, i.category_id
    INTO NEW.geom, NEW.cell_id, NEW.community_id, NEW.category_id
    FROM incident i WHERE i.id = NEW.incident_id AND i.occurred_at = NEW.occurred_at;
    IF NOT FOUND THEN
        RAISE foreign_key_violation
        USING MESSAGE = format('there is no incident %s of %s', NEW.incident_id, NEW.occurred_at);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER place BEFORE INSERT OR UPDATE OF incident_id, occurred_at, geom, cell_id,
    community_id, category_id
ON incident_case FOR EACH ROW EXECUTE FUNCTION place_case();

-- Most updates of incidents concern none with a case. The first column named fires the trigger
-- above, which reads the incident as it is now.
CREATE FUNCTION move_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM incident_case) THEN
        UPDATE incident_case c SET occurred_at = n.occurred_at
        FROM new_rows n
        WHERE c.incident_id = n.id AND (
            c.occurred_at <> n.occurred_at OR c.category_id <> n.category_id
            OR (c.cell_id, c.community_id) IS DISTINCT FROM (n.cell_id, n.community_id)
            OR NOT ST_OrderingEquals(c.geom, n.geom));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER move_cases AFTER UPDATE ON incident REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION move_cases();

CREATE FUNCTION keep_incidents_of_cases() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept bigint;
BEGIN
    SELECT c.id INTO kept FROM incident_case c JOIN old_rows o ON o.id = c.incident_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the incident of case % cannot be deleted', kept
        USING ERRCODE = 'GM006', DETAIL = jsonb_build_object('case', kept);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_incidents_of_cases AFTER DELETE ON incident REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION keep_incidents_of_cases();
"""

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_step
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE case_step ENABLE ALWAYS TRIGGER append_only;
"""

VERSIONS = """
-- What one transaction does to a category is one version: an import inserts, then hangs it below
-- its parent.
CREATE FUNCTION keep_category_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE category_version v
    SET code = NEW.code, parent_id = NEW.parent_id, name = NEW.name, name_en = NEW.name_en,
        deadlines = NEW.deadlines, local = NEW.local, active = NEW.active
    WHERE v.category_id = NEW.id AND v.made_at = now();
    IF NOT FOUND THEN
        INSERT INTO category_version
            (category_id, number, code, parent_id, name, name_en, deadlines, local, active)
        VALUES (NEW.id,
            (SELECT coalesce(max(number), 0) + 1 FROM category_version WHERE category_id = NEW.id),
            NEW.code, NEW.parent_id, NEW.name, NEW.name_en, NEW.deadlines, NEW.local, NEW.active);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_version_inserted AFTER INSERT ON category
FOR EACH ROW EXECUTE FUNCTION keep_category_version();
CREATE TRIGGER keep_version_updated AFTER UPDATE ON category
FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION keep_category_version();

INSERT INTO category_version
    (category_id, number, code, parent_id, name, name_en, deadlines, local, active)
SELECT id, 1, code, parent_id, name, name_en, deadlines, local, active FROM category;

INSERT INTO case_settings (deadlines) VALUES ('{
    "intake": {"amount": 1, "unit": "days"},
    "filing": {"amount": 2, "unit": "hours"},
    "dispatch": {"amount": 2, "unit": "hours"},
    "handling": {"amount": 3, "unit": "days"},
    "feedback": {"amount": 4, "unit": "hours"},
    "verification": {"amount": 1, "unit": "days"},
    "closing": {"amount": 1, "unit": "days"},
    "whole": {"amount": 7, "unit": "days"}
}');
"""


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "case_rules",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("deadlines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_rules")),
        sa.UniqueConstraint("deadlines", name=op.f("uq_case_rules_deadlines")),
    )
    op.create_table(
        "case_settings",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "work_hours",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text('\'[["09:00", "12:00"], ["14:00", "18:00"]]\''),
            nullable=False,
        ),
        sa.Column("deadlines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("duplicate_metres", sa.Integer(), server_default=sa.text("100"), nullable=False),
        sa.Column("duplicate_hours", sa.Integer(), server_default=sa.text("72"), nullable=False),
        sa.CheckConstraint(
            "duplicate_metres > 0 AND duplicate_hours > 0", name=op.f("ck_case_settings_positive")
        ),
        sa.CheckConstraint("id", name=op.f("ck_case_settings_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_settings")),
    )
    op.create_table(
        "case_view",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_case_view_name")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_case_view_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_view")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_case_view_user_id_name")),
    )
    op.create_table(
        "category_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("deadlines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("local", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
            name=op.f("fk_category_version_category_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_version")),
        sa.UniqueConstraint(
            "category_id", "number", name=op.f("uq_category_version_category_id_number")
        ),
    )
    op.create_table(
        "incident_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("category_version_id", sa.Integer(), nullable=False),
        sa.Column("rules_id", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("address", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "words",
            sa.String(),
            sa.Computed("lower(description || ' ' || address)", persisted=True),
            nullable=False,
        ),
        sa.Column("reporter", sa.String(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("level", sa.String(), server_default=sa.text("'cell'"), nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "next_due_at",
            sa.DateTime(timezone=True),
            sa.Computed("least(step_due_at, due_at)", persisted=True),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("extended", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reopened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (step IN ('closed', 'withdrawn'))",
            name=op.f("ck_incident_case_ended"),
        ),
        sa.CheckConstraint(
            "level IN ('cell', 'community', 'town')", name=op.f("ck_incident_case_level")
        ),
        sa.CheckConstraint(
            "reporter IN ('cadre', 'citizen', 'hotline', 'patrol')",
            name=op.f("ck_incident_case_reporter"),
        ),
        sa.CheckConstraint(
            "step IN ('intake', 'filing', 'dispatch', 'handling', 'feedback', 'verification', "
            "'closing', 'closed', 'withdrawn')",
            name=op.f("ck_incident_case_step"),
        ),
        sa.CheckConstraint(
            "(step_due_at IS NULL) OR (ended_at IS NULL)", name=op.f("ck_incident_case_due")
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["cadre.id"], name=op.f("fk_incident_case_assignee_id")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_incident_case_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["category_version_id"],
            ["category_version.id"],
            name=op.f("fk_incident_case_category_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_incident_case_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["unit.id"],
            name=op.f("fk_incident_case_community_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reported_by"], ["app_user.id"], name=op.f("fk_incident_case_reported_by")
        ),
        sa.ForeignKeyConstraint(
            ["rules_id"], ["case_rules.id"], name=op.f("fk_incident_case_rules_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_incident_case_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_case")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_incident_case_incident_id")),
    )
    op.create_index(
        "ix_incident_case_assignee_id", "incident_case", ["assignee_id", "opened_at"], unique=False
    )
    op.create_index(
        "ix_incident_case_category_id", "incident_case", ["category_id", "opened_at"], unique=False
    )
    op.create_index(
        "ix_incident_case_cell_id", "incident_case", ["cell_id", "opened_at"], unique=False
    )
    op.create_index(
        "ix_incident_case_community_id",
        "incident_case",
        ["community_id", "opened_at", "id"],
        unique=False,
    )
    op.create_index("ix_incident_case_due_at", "incident_case", ["due_at"], unique=False)
    op.create_index(
        "ix_incident_case_next_due_at",
        "incident_case",
        ["next_due_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_incident_case_open_assignee_id",
        "incident_case",
        ["assignee_id", "next_due_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_incident_case_open_cell_id",
        "incident_case",
        ["cell_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_incident_case_open_community_id",
        "incident_case",
        ["community_id", "next_due_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_incident_case_open_geom",
        "incident_case",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_incident_case_open_unit_id",
        "incident_case",
        ["unit_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_incident_case_opened_at", "incident_case", ["opened_at", "id"], unique=False
    )
    op.create_table(
        "case_contact",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("phone", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("name <> '' OR phone <> ''", name=op.f("ck_case_contact_something")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["incident_case.id"], name=op.f("fk_case_contact_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_contact")),
    )
    op.create_table(
        "case_extension",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.CheckConstraint("unit IN ('hours', 'days')", name=op.f("ck_case_extension_unit")),
        sa.CheckConstraint(
            "(granted IS NULL) = (decided_at IS NULL)", name=op.f("ck_case_extension_decided")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_case_extension_amount")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["incident_case.id"], name=op.f("fk_case_extension_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_extension")),
    )
    op.create_index("ix_case_extension_case_id", "case_extension", ["case_id", "id"], unique=False)
    op.create_index(
        "uq_case_extension_open",
        "case_extension",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("granted IS NULL"),
    )
    op.create_table(
        "case_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("from_step", sa.String(), nullable=True),
        sa.Column("to_step", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("was_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["cadre.id"], name=op.f("fk_case_step_assignee_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["incident_case.id"], name=op.f("fk_case_step_case_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_case_step_unit_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_case_step_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_step")),
    )
    op.create_index("ix_case_step_case_id", "case_step", ["case_id", "id"], unique=False)
    op.create_table(
        "case_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("step_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["incident_case.id"], name=op.f("fk_case_photo_case_id")
        ),
        sa.ForeignKeyConstraint(["step_id"], ["case_step.id"], name=op.f("fk_case_photo_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_photo")),
        sa.UniqueConstraint("name", name=op.f("uq_case_photo_name")),
    )
    op.create_index("ix_case_photo_case_id", "case_photo", ["case_id", "id"], unique=False)
    op.add_column(
        "category",
        sa.Column(
            "deadlines",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    op.add_column(
        "category",
        sa.Column("local", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "category",
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    for statements in (FOLLOW, APPEND_ONLY, VERSIONS):
        op.execute(statements)
