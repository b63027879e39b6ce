"""The tables of the territory and the incidents.

Revision: 0001_territory, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001_territory"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["category.id"], name=op.f("fk_category_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("code", name=op.f("uq_category_code")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("coordinate_system", sa.String(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "territory_settings",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("overlap_tolerance_m2", sa.Double(), server_default=sa.text("1"), nullable=False),
        sa.Column("outside_tolerance_m2", sa.Double(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "time_zone", sa.String(), server_default=sa.text("'Asia/Shanghai'"), nullable=False
        ),
        sa.CheckConstraint("id", name=op.f("ck_territory_settings_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_settings")),
    )
    op.create_table(
        "ground",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("geom", Geometry(srid=4326, spatial_index=False), nullable=False),
        sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_ground_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ground")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_ground_source_external_id")),
    )
    op.create_index("ix_ground_geom", "ground", ["geom"], postgresql_using="gist")
    op.create_table(
        "road",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("oneway", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("bridge", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "geom",
            Geometry(geometry_type="LINESTRING", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_road_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_road_source_external_id")),
    )
    op.create_index("ix_road_geom", "road", ["geom"], postgresql_using="gist")
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "parent_level",
            sa.String(),
            sa.Computed(
                "CASE level WHEN 'town' THEN 'county' WHEN 'community' THEN 'town' END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=True,
        ),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(level = 'county') = (parent_id IS NULL)", name=op.f("ck_unit_parent")),
        sa.CheckConstraint("code ~ '^[0-9]{12}$'", name=op.f("ck_unit_code")),
        sa.CheckConstraint("level IN ('county', 'town', 'community')", name=op.f("ck_unit_level")),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_unit_import_id")),
        sa.ForeignKeyConstraint(
            ["parent_id", "parent_level"],
            ["unit.id", "unit.level"],
            name=op.f("fk_unit_parent_id_parent_level"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
        sa.UniqueConstraint("id", "level", name=op.f("uq_unit_id_level")),
    )
    op.create_index("ix_unit_geom", "unit", ["geom"], postgresql_using="gist")
    op.create_index("ix_unit_parent_id", "unit", ["parent_id"])
    op.create_table(
        "cell",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "community_level",
            sa.String(),
            sa.Computed("'community'::text", persisted=True),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "valid",
            postgresql.DATERANGE(),
            sa.Computed("daterange(valid_from, valid_to)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "rank",
            sa.SmallInteger(),
            sa.Computed(
                "CASE kind WHEN 'dedicated' THEN 0 WHEN 'basic' THEN 1 ELSE 2 END", persisted=True
            ),
            nullable=False,
        ),
        sa.Column(
            "geom",
            Geometry(geometry_type="MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.Column("import_id", sa.Integer(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("code"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_cell_code"
        ),
        sa.CheckConstraint("code <> ''", name=op.f("ck_cell_code")),
        sa.CheckConstraint("kind IN ('basic', 'dedicated', 'micro')", name=op.f("ck_cell_kind")),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_cell_validity")),
        sa.ForeignKeyConstraint(
            ["community_id", "community_level"],
            ["unit.id", "unit.level"],
            name=op.f("fk_cell_community_id_community_level"),
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_cell_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell")),
    )
    op.create_index("ix_cell_code", "cell", ["code"])
    op.create_index("ix_cell_community_id", "cell", ["community_id"])
    op.create_index("ix_cell_geom", "cell", ["geom"], postgresql_using="gist")
    op.create_table(
        "building",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("address", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("storeys", sa.SmallInteger(), nullable=True),
        sa.Column("geom", Geometry(srid=4326, spatial_index=False), nullable=False),
        sa.Column(
            "anchor",
            Geometry(geometry_type="POINT", srid=4326, spatial_index=False),
            sa.Computed("ST_PointOnSurface(geom)", persisted=True),
            nullable=False,
        ),
        sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "GeometryType(geom) IN ('POINT', 'POLYGON', 'MULTIPOLYGON')",
            name=op.f("ck_building_geom"),
        ),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_building_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["unit.id"],
            name=op.f("fk_building_community_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.id"], name=op.f("fk_building_import_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_building_source_external_id")),
    )
    op.create_index("ix_building_anchor", "building", ["anchor"], postgresql_using="gist")
    op.create_index("ix_building_cell_id", "building", ["cell_id"])
    op.create_index("ix_building_community_id", "building", ["community_id"])
    op.create_index("ix_building_geom", "building", ["geom"], postgresql_using="gist")
    op.create_table(
        "cell_lineage",
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.CheckConstraint("act IN ('split', 'merge', 'redraw')", name=op.f("ck_cell_lineage_act")),
        sa.CheckConstraint("parent_id <> child_id", name=op.f("ck_cell_lineage_two_cells")),
        sa.ForeignKeyConstraint(
            ["child_id"], ["cell.id"], name=op.f("fk_cell_lineage_child_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["cell.id"], name=op.f("fk_cell_lineage_parent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("parent_id", "child_id", name=op.f("pk_cell_lineage")),
    )
    op.create_index("ix_cell_lineage_child_id", "cell_lineage", ["child_id"])
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column(
            "geom", Geometry(geometry_type="POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_incident_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_incident_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["unit.id"],
            name=op.f("fk_incident_community_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import_run.id"], name=op.f("fk_incident_import_id")
        ),
        sa.PrimaryKeyConstraint("id", "occurred_at", name=op.f("pk_incident")),
        sa.UniqueConstraint(
            "external_id",
            "source",
            "occurred_at",
            name=op.f("uq_incident_external_id_source_occurred_at"),
        ),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index("ix_incident_cell_id_occurred_at", "incident", ["cell_id", "occurred_at"])
    op.create_index(
        "ix_incident_community_id_occurred_at", "incident", ["community_id", "occurred_at"]
    )
    op.create_index("ix_incident_geom", "incident", ["geom"], postgresql_using="gist")
    op.create_table(
        "place",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("address", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("area_m2", sa.Double(), nullable=True),
        sa.Column(
            "geom", Geometry(geometry_type="POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.Column("source", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_place_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["unit.id"], name=op.f("fk_place_community_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["import_id"], ["import_run.id"], name=op.f("fk_place_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_place_source_external_id")),
    )
    op.create_index("ix_place_cell_id", "place", ["cell_id"])
    op.create_index("ix_place_community_id", "place", ["community_id"])
    op.create_index("ix_place_geom", "place", ["geom"], postgresql_using="gist")
    op.create_table(
        "building_count",
        sa.Column("building_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("households", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("residents", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("temporary_residents", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rented_homes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("shops", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_building_count_month")),
        sa.CheckConstraint(
            "least(households, residents, temporary_residents, rented_homes, shops) >= 0",
            name=op.f("ck_building_count_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
            name=op.f("fk_building_count_building_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("building_id", "month", name=op.f("pk_building_count")),
    )
