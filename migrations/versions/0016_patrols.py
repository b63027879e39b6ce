"""The street network, and patrol routes with their stops and versions.

Revision: 0016_patrols, after: 0015_hotspots

Locks to fear: none but for the moment in which triggers are made; the tables are new.
"""

from __future__ import annotations

from importlib import import_module

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016_patrols"
down_revision = "0015_hotspots"
branch_labels = None
depends_on = None

OUTDATED = """
INSERT INTO street_network DEFAULT VALUES;

CREATE FUNCTION outdate_streets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE street_network SET outdated = true WHERE NOT outdated;
    RETURN NULL;
END $$;

CREATE TRIGGER outdate_streets AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON road
FOR EACH STATEMENT EXECUTE FUNCTION outdate_streets();
"""

# A route belongs to where the middle of its line lies.
LINK = """
CREATE FUNCTION link_route() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    point geometry := ST_LineInterpolatePoint(NEW.geom, 0.5);
    day date := local_date(now());
BEGIN
    SELECT l.cell_id, l.community_id INTO NEW.cell_id, NEW.community_id
    FROM locate(point, day) l;
    RETURN NEW;
END $$;

CREATE TRIGGER link BEFORE INSERT OR UPDATE OF geom, cell_id, community_id
ON patrol_route FOR EACH ROW EXECUTE FUNCTION link_route();
"""


def upgrade() -> None:
    _create_network()
    _create_routes()
    op.execute(OUTDATED)
    op.execute(LINK)
    changes = import_module("migrations.versions.0011_changes")
    op.execute(changes.note_layer("patrol_route", "patrol_routes", "community_id", "NULL::date"))


def _create_network() -> None:
    op.create_table(
        "street_network",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outdated", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("report", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("id", name=op.f("ck_street_network_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_network")),
    )
    op.create_table(
        "street_segment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("start_node", sa.Integer(), nullable=False),
        sa.Column("end_node", sa.Integer(), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("forward", sa.SmallInteger(), nullable=False),
        sa.Column("backward", sa.SmallInteger(), nullable=False),
        sa.Column("component", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom",
            geoalchemy2.Geometry("LINESTRING", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.CheckConstraint("length_m > 0", name=op.f("ck_street_segment_length_m")),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["unit.id"],
            name=op.f("fk_street_segment_community_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_segment")),
        sa.UniqueConstraint("key", name=op.f("uq_street_segment_key")),
    )
    op.create_index("ix_street_segment_community_id", "street_segment", ["community_id"])
    op.create_index("ix_street_segment_geom", "street_segment", ["geom"], postgresql_using="gist")


def _create_routes() -> None:
    op.create_table(
        "patrol_route",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), server_default=sa.text("'regular'"), nullable=False),
        sa.Column("mode", sa.String(), server_default=sa.text("'foot'"), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("colour", sa.String(), server_default=sa.text("'#1f5fa8'"), nullable=False),
        sa.Column("notes", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("waypoints", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("moving_s", sa.Double(), nullable=False),
        sa.Column("dwell_s", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "geom",
            geoalchemy2.Geometry("LINESTRING", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name=op.f("ck_patrol_route_colour")),
        sa.CheckConstraint(
            "kind IN ('regular', 'key_hours', 'key_streets', 'inner', 'outer')",
            name=op.f("ck_patrol_route_kind"),
        ),
        sa.CheckConstraint("mode IN ('foot', 'bicycle', 'car')", name=op.f("ck_patrol_route_mode")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_patrol_route_name")),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_patrol_route_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["unit.id"],
            name=op.f("fk_patrol_route_community_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_patrol_route_team_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_patrol_route_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_route")),
    )
    op.create_index("ix_patrol_route_geom", "patrol_route", ["geom"], postgresql_using="gist")
    op.create_index("ix_patrol_route_team_id", "patrol_route", ["team_id"])
    op.create_index("ix_patrol_route_unit_id", "patrol_route", ["unit_id"])
    op.create_table(
        "patrol_route_version",
        sa.Column("route_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("state", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["patrol_route.id"],
            name=op.f("fk_patrol_route_version_route_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["app_user.id"],
            name=op.f("fk_patrol_route_version_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("route_id", "number", name=op.f("pk_patrol_route_version")),
    )
    op.create_table(
        "patrol_stop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(), server_default=sa.text("'other'"), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("dwell_min", sa.SmallInteger(), server_default=sa.text("10"), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.Column("must", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "geom", geoalchemy2.Geometry("POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('police_room', 'school_gate', 'blind_alley', 'hotspot', 'other')",
            name=op.f("ck_patrol_stop_kind"),
        ),
        sa.CheckConstraint("dwell_min BETWEEN 0 AND 720", name=op.f("ck_patrol_stop_dwell_min")),
        sa.ForeignKeyConstraint(
            ["place_id"], ["place.id"], name=op.f("fk_patrol_stop_place_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["patrol_route.id"],
            name=op.f("fk_patrol_stop_route_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_stop")),
        sa.UniqueConstraint(
            "route_id",
            "position",
            deferrable=True,
            initially="DEFERRED",
            name=op.f("uq_patrol_stop_route_id_position"),
        ),
    )
    op.create_index("ix_patrol_stop_geom", "patrol_stop", ["geom"], postgresql_using="gist")
    op.create_index(op.f("ix_patrol_stop_place_id"), "patrol_stop", ["place_id"])
