"""The hotspots of shared runs as a layer of their own, for the map and for other programs.

Revision: 0015_hotspots, after: 0014_jobs

A trigger on the runs keeps the layer: it holds what is listed of every run that is finished and
shared. It has its own log of changes, so that partners' copies lose what is shared no longer.

Locks to fear: none but for the moment in which triggers are made.
"""

from __future__ import annotations

from importlib import import_module

import geoalchemy2
import sqlalchemy as sa
from alembic import op

revision = "0015_hotspots"
down_revision = "0014_jobs"
branch_labels = None
depends_on = None

PUBLISH = """
CREATE FUNCTION publish_hotspots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM hotspot WHERE run_id = NEW.id;
    IF NEW.shared AND NEW.finished_at IS NOT NULL THEN
        INSERT INTO hotspot (run_id, rank, kind, incidents, expected, p, place, cell_id,
                             community_id, geom)
        SELECT f.run_id, f.rank, f.kind, f.count, f.expected, f.p, f.place, f.cell_id,
               c.community_id, f.geom
        FROM hotspot_feature f LEFT JOIN cell c ON c.id = f.cell_id
        WHERE f.run_id = NEW.id AND f.rank IS NOT NULL
        ORDER BY f.rank;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER publish_hotspots AFTER INSERT OR UPDATE OF shared, name, finished_at
ON hotspot_run FOR EACH ROW EXECUTE FUNCTION publish_hotspots();
"""


def upgrade() -> None:
    op.create_table(
        "hotspot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=True),
        sa.Column("p", sa.Double(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("cell_id", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom", geoalchemy2.Geometry("GEOMETRY", srid=4326, spatial_index=False), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["hotspot_run.id"], name=op.f("fk_hotspot_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["cell_id"], ["cell.id"], name=op.f("fk_hotspot_cell_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["unit.id"], name=op.f("fk_hotspot_community_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotspot")),
    )
    for column in ("run_id", "cell_id", "community_id"):
        op.create_index(op.f(f"ix_hotspot_{column}"), "hotspot", [column])
    op.create_index("ix_hotspot_geom", "hotspot", ["geom"], postgresql_using="gist")
    changes = import_module("migrations.versions.0011_changes")
    op.execute(changes.note_layer("hotspot", "hotspots", "community_id", "NULL::date"))
    op.execute(PUBLISH)
    op.execute("UPDATE hotspot_run SET shared = shared WHERE shared")
