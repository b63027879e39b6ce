"""Tracks of patrols: raw positions for a while, what was walked, and what that covers.

Revision: 0021_tracks, after: 0020_routes

Locks to fear: none, the tables are new.
"""

from __future__ import annotations

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021_tracks"
down_revision = "0020_routes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_settings()
    _create_tracks()
    _create_walks()
    _create_coverage()


def _create_settings() -> None:
    op.create_table(
        "patrol_settings",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("near_m", sa.SmallInteger(), server_default=sa.text("50"), nullable=False),
        sa.Column("position_days", sa.SmallInteger(), server_default=sa.text("30"), nullable=False),
        sa.CheckConstraint("id", name=op.f("ck_patrol_settings_one_row")),
        sa.CheckConstraint("near_m BETWEEN 5 AND 1000", name=op.f("ck_patrol_settings_near_m")),
        sa.CheckConstraint(
            "position_days BETWEEN 0 AND 3650", name=op.f("ck_patrol_settings_position_days")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_settings")),
    )
    op.execute("INSERT INTO patrol_settings DEFAULT VALUES")
    op.execute(
        "CREATE TRIGGER log_settings AFTER INSERT OR UPDATE OR DELETE ON patrol_settings "
        "FOR EACH ROW EXECUTE FUNCTION log_settings('settings.patrols')"
    )


def _create_tracks() -> None:
    op.create_table(
        "patrol_track",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("cadre_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("positions", sa.Integer(), nullable=False),
        sa.Column(
            "added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("length_m", sa.Double(), nullable=True),
        sa.Column("on_streets", sa.Double(), nullable=True),
        sa.Column("route_share", sa.Double(), nullable=True),
        sa.Column("report", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("mode IN ('foot', 'bicycle', 'car')", name=op.f("ck_patrol_track_mode")),
        sa.CheckConstraint(
            "source IN ('gpx', 'geojson', 'table', 'phone', 'demo')",
            name=op.f("ck_patrol_track_source"),
        ),
        sa.CheckConstraint("started_at <= ended_at", name=op.f("ck_patrol_track_span")),
        sa.ForeignKeyConstraint(
            ["added_by"],
            ["app_user.id"],
            name=op.f("fk_patrol_track_added_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["cadre_id"], ["cadre.id"], name=op.f("fk_patrol_track_cadre_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_patrol_track_job_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["patrol_route.id"],
            name=op.f("fk_patrol_track_route_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_patrol_track_team_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_patrol_track_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_track")),
    )
    op.create_index("ix_patrol_track_cadre_id", "patrol_track", ["cadre_id", "started_at"])
    op.create_index("ix_patrol_track_job_id", "patrol_track", ["job_id"])
    op.create_index("ix_patrol_track_route_id", "patrol_track", ["route_id", "started_at"])
    op.create_index("ix_patrol_track_started_at", "patrol_track", ["started_at"])
    op.create_index("ix_patrol_track_team_id", "patrol_track", ["team_id", "started_at"])
    op.create_index("ix_patrol_track_unit_id", "patrol_track", ["unit_id", "started_at"])
    op.create_table(
        "patrol_position",
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column(
            "geom", geoalchemy2.Geometry("POINT", srid=4326, spatial_index=False), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["track_id"],
            ["patrol_track.id"],
            name=op.f("fk_patrol_position_track_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("track_id", "number", name=op.f("pk_patrol_position")),
    )


def _create_walks() -> None:
    op.create_table(
        "patrol_walk",
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_m", sa.Double(), nullable=False),
        sa.Column("to_m", sa.Double(), nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.Geometry("LINESTRING", srid=4326, spatial_index=False),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["street_segment.id"],
            name=op.f("fk_patrol_walk_segment_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["track_id"],
            ["patrol_track.id"],
            name=op.f("fk_patrol_walk_track_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("track_id", "number", name=op.f("pk_patrol_walk")),
    )
    op.create_index("ix_patrol_walk_geom", "patrol_walk", ["geom"], postgresql_using="gist")
    op.create_index("ix_patrol_walk_left_at", "patrol_walk", ["left_at"])
    op.create_index("ix_patrol_walk_segment_id", "patrol_walk", ["segment_id", "left_at"])
    op.create_table(
        "patrol_visit",
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("stop_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("dwell_s", sa.Double(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stayed_s", sa.Double(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('visited', 'too_short', 'missed')", name=op.f("ck_patrol_visit_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"],
            ["patrol_stop.id"],
            name=op.f("fk_patrol_visit_stop_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["track_id"],
            ["patrol_track.id"],
            name=op.f("fk_patrol_visit_track_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("track_id", "position", name=op.f("pk_patrol_visit")),
    )
    op.create_index("ix_patrol_visit_stop_id", "patrol_visit", ["stop_id"])


def _create_coverage() -> None:
    op.create_table(
        "patrol_coverage",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("walked", sa.Integer(), nullable=False),
        sa.Column("walked_in_hour", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("planned_in_hour", sa.Integer(), nullable=False),
        sa.Column("street_m", sa.Double(), nullable=False),
        sa.Column("walked_m", sa.Double(), nullable=False),
        sa.Column(
            "counted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_patrol_coverage_cell_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["unit.id"], name=op.f("fk_patrol_coverage_community_id")
        ),
        sa.PrimaryKeyConstraint("cell_id", "month", name=op.f("pk_patrol_coverage")),
    )
    op.create_index("ix_patrol_coverage_month", "patrol_coverage", ["month", "community_id"])
