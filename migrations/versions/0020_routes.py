"""Check-ins at the stops of routes; routes follow redrawn cells; archived ones leave the feed.

Revision: 0020_routes, after: 0019_shifts

Locks to fear: none but for the moment in which triggers are made.
"""

from __future__ import annotations

from importlib import import_module

import geoalchemy2
import sqlalchemy as sa
from alembic import op

revision = "0020_routes"
down_revision = "0019_shifts"
branch_labels = None
depends_on = None

# A route is linked by the middle of its line, which the index on the line still finds.
RELINK = """
ALTER FUNCTION relink(geometry[], daterange[]) RENAME TO relink_points;

CREATE FUNCTION relink(regions geometry[], spans daterange[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    today date := local_date(now());
BEGIN
    PERFORM relink_points(regions, spans);
    UPDATE patrol_route r SET cell_id = l.cell_id, community_id = l.community_id
    FROM (
        SELECT DISTINCT ON (r.id) r.id, m.middle
        FROM unnest(regions, spans) AS changed (region, days)
        JOIN patrol_route r ON days @> today AND r.geom && changed.region
        CROSS JOIN LATERAL (SELECT ST_LineInterpolatePoint(r.geom, 0.5) AS middle) m
        WHERE ST_Intersects(changed.region, m.middle)
    ) hit CROSS JOIN LATERAL locate(hit.middle, today) l
    WHERE r.id = hit.id
        AND (r.cell_id, r.community_id) IS DISTINCT FROM (l.cell_id, l.community_id);
END $$;
"""

# Before this day nothing is archived, so that whoever was told of a route hears that it is gone.
ARCHIVED = "CASE WHEN archived_at IS NOT NULL THEN date '1900-01-01' END"


def upgrade() -> None:
    op.create_table(
        "patrol_check_in",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("route_id", sa.BigInteger(), nullable=False),
        sa.Column("stop_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "geom", geoalchemy2.Geometry("POINT", srid=4326, spatial_index=False), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["patrol_route.id"],
            name=op.f("fk_patrol_check_in_route_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"],
            ["patrol_stop.id"],
            name=op.f("fk_patrol_check_in_stop_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["app_user.id"],
            name=op.f("fk_patrol_check_in_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_check_in")),
    )
    for column in ("route_id", "stop_id", "user_id"):
        op.create_index(f"ix_patrol_check_in_{column}", "patrol_check_in", [column, "at"])
    op.execute(RELINK)
    changes = import_module("migrations.versions.0011_changes")
    op.execute("DROP FUNCTION note_patrol_route() CASCADE")
    op.execute("DROP TRIGGER note_truncated ON patrol_route")
    op.execute(changes.note_layer("patrol_route", "patrol_routes", "community_id", ARCHIVED))
