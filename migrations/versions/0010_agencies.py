"""Agencies and their keys, the log of their requests, and what hides small counts from them.

Revision: 0010_agencies, after: 0007_statistics

A building's counts are told or hidden together with those of its peers, at least two others of its
cell. `count_shield` holds for each building and count the least threshold at which they are still
told, and triggers keep it for whoever writes. `docs/decisions.md` tells why it is built so.

Locks to fear: `cell` is rewritten once, for the point that stands for a cell; a second for ten
thousand. Shields of all buildings are made, some seconds for 200,000.
"""

from __future__ import annotations

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_agencies"
down_revision = "0009_incident_sums"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

SHIELDS = """
CREATE FUNCTION unshielded(areas bigint[])
RETURNS TABLE (id bigint, area bigint, cell bigint) LANGUAGE sql STABLE AS $$
    SELECT b.id, coalesce(b.community_id, 0), coalesce(b.cell_id, 0) FROM building b
    WHERE (b.community_id = ANY(areas) OR b.community_id IS NULL AND 0 = ANY(areas))
      AND EXISTS (SELECT FROM building_count c WHERE c.building_id = b.id)
      AND NOT EXISTS (SELECT FROM count_shield s WHERE s.building_id = b.id)
$$;

-- Peers stay together, for who compares months could otherwise take the told from the hidden.
CREATE FUNCTION find_peers(areas bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM count_shield s USING building b
    WHERE b.id = s.building_id
      AND s.area = ANY(areas)
      AND (s.area <> coalesce(b.community_id, 0)
           OR NOT EXISTS (SELECT FROM building_count c WHERE c.building_id = b.id));
    UPDATE count_shield s SET cell = coalesce(b.cell_id, 0) FROM building b
    WHERE b.id = s.building_id AND s.area = ANY(areas) AND s.cell <> coalesce(b.cell_id, 0);
    DELETE FROM count_shield s USING (
        SELECT area, peers FROM count_shield WHERE area = ANY(areas)
        GROUP BY area, peers HAVING count(*) < 3
    ) few WHERE s.area = few.area AND s.peers = few.peers;
    -- Three or more of a cell.
    INSERT INTO count_shield (building_id, area, cell, peers)
    SELECT id, area, cell,
           min(id) OVER (PARTITION BY area, cell, least((n - 1) / 3, total / 3 - 1))
    FROM (
        SELECT *, row_number() OVER (PARTITION BY area, cell ORDER BY id) AS n,
               count(*) OVER (PARTITION BY area, cell) AS total
        FROM unshielded(areas)
    ) AS fresh WHERE total >= 3;
    -- One or two join the fewest of their cell.
    INSERT INTO count_shield (building_id, area, cell, peers)
    SELECT u.id, u.area, u.cell, fewest.peers FROM unshielded(areas) u CROSS JOIN LATERAL (
        SELECT s.peers FROM count_shield s WHERE s.area = u.area AND s.cell = u.cell
        GROUP BY s.peers ORDER BY count(*), s.peers LIMIT 1
    ) fewest;
    -- Those of small cells find peers in the community, the last join the fewest there.
    INSERT INTO count_shield (building_id, area, cell, peers)
    SELECT id, area, cell, min(id) OVER (PARTITION BY area, least((n - 1) / 3, total / 3 - 1))
    FROM (
        SELECT *, row_number() OVER (PARTITION BY area ORDER BY cell, id) AS n,
               count(*) OVER (PARTITION BY area) AS total
        FROM unshielded(areas)
    ) AS fresh WHERE total >= 3;
    INSERT INTO count_shield (building_id, area, cell, peers)
    SELECT u.id, u.area, u.cell, coalesce(
        (SELECT s.peers FROM count_shield s WHERE s.area = u.area
         GROUP BY s.peers ORDER BY count(*), s.peers LIMIT 1),
        min(u.id) OVER (PARTITION BY u.area))
    FROM unshielded(areas) u;
END $$;

-- A group's own bar is its least count that is not zero, of all months. Counts under the threshold
-- are hidden with their group. Where what is hidden in a cell, or in a community, would make less
-- than the threshold, the groups with the next lowest bars are hidden too: in the order of bars, a
-- group is hidden as long as those before it make less than the threshold.
CREATE FUNCTION renew_shields(areas bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Two writers would not see each other's counts.
    PERFORM pg_advisory_xact_lock(hashtext('gridmap.count_shield'));
    PERFORM find_peers(areas);
    WITH spans AS (
        SELECT building_id, s.area, s.cell, s.peers, max(c.month) AS month,
               min(nullif(c.households, 0)) AS households, min(nullif(c.residents, 0)) AS residents,
               min(nullif(c.temporary_residents, 0)) AS temporary_residents,
               min(nullif(c.rented_homes, 0)) AS rented_homes, min(nullif(c.shops, 0)) AS shops
        FROM count_shield s JOIN building_count c USING (building_id)
        WHERE s.area = ANY(areas) GROUP BY building_id, s.area, s.cell, s.peers
    ), parts AS (
        SELECT p.area, p.cell, p.peers, v.measure, min(v.lowest) AS lowest, sum(v.newest) AS total
        FROM spans p JOIN building_count n USING (building_id, month) CROSS JOIN LATERAL (VALUES
            (1, p.households, n.households), (2, p.residents, n.residents),
            (3, p.temporary_residents, n.temporary_residents),
            (4, p.rented_homes, n.rented_homes), (5, p.shops, n.shops)
        ) AS v (measure, lowest, newest)
        GROUP BY p.area, p.cell, p.peers, v.measure
    ), own AS (
        SELECT area, cell, peers, measure, total, coalesce(
            min(lowest) OVER (PARTITION BY area, peers, measure), 2147483647)::bigint AS bar
        FROM parts
    ), in_cell AS (
        SELECT area, peers, measure, total,
               least(bar, greatest(sum(total) OVER before, first_value(bar) OVER cells)) AS bar
        FROM own WINDOW cells AS (PARTITION BY area, cell, measure ORDER BY bar, peers),
            before AS (cells ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), groups AS (
        SELECT area, peers, measure, min(bar) AS bar, sum(total) AS total
        FROM in_cell GROUP BY area, peers, measure
    ), in_area AS (
        SELECT area, peers, measure,
               least(bar, greatest(sum(total) OVER before, first_value(bar) OVER areas)) AS bar
        FROM groups WINDOW areas AS (PARTITION BY area, measure ORDER BY bar, peers),
            before AS (areas ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), found AS (
        SELECT area, peers, max(bar) FILTER (WHERE measure = 1)::integer AS households,
               max(bar) FILTER (WHERE measure = 2)::integer AS residents,
               max(bar) FILTER (WHERE measure = 3)::integer AS temporary_residents,
               max(bar) FILTER (WHERE measure = 4)::integer AS rented_homes,
               max(bar) FILTER (WHERE measure = 5)::integer AS shops
        FROM in_area GROUP BY area, peers
    )
    UPDATE count_shield s SET households = f.households, residents = f.residents,
        temporary_residents = f.temporary_residents, rented_homes = f.rented_homes, shops = f.shops
    FROM found f WHERE s.area = f.area AND s.peers = f.peers AND (
        s.households, s.residents, s.temporary_residents, s.rented_homes, s.shops
    ) IS DISTINCT FROM (
        f.households, f.residents, f.temporary_residents, f.rented_homes, f.shops);
END $$;

CREATE FUNCTION shield_new_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM renew_shields(array_agg(DISTINCT coalesce(b.community_id, 0)))
    FROM new_rows n JOIN building b ON b.id = n.building_id HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION shield_old_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM renew_shields(array_agg(DISTINCT coalesce(b.community_id, 0)))
    FROM old_rows o JOIN building b ON b.id = o.building_id HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION shield_moved_buildings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM renew_shields(array_agg(DISTINCT area)) FROM (
        SELECT unnest(ARRAY[coalesce(o.community_id, 0), coalesce(n.community_id, 0)]) AS area
        FROM old_rows o JOIN new_rows n USING (id)
        WHERE (o.cell_id, o.community_id) IS DISTINCT FROM (n.cell_id, n.community_id)
    ) AS moved HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION shield_after_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM renew_shields(array_agg(DISTINCT coalesce(community_id, 0)))
    FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER shield_new AFTER INSERT ON building_count REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION shield_new_counts();
CREATE TRIGGER shield_changed AFTER UPDATE ON building_count REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION shield_new_counts();
CREATE TRIGGER shield_removed AFTER DELETE ON building_count REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION shield_old_counts();
CREATE TRIGGER shield_moved AFTER UPDATE ON building
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION shield_moved_buildings();
CREATE TRIGGER shield_removed AFTER DELETE ON building REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION shield_after_removal();

SELECT renew_shields(array_agg(DISTINCT coalesce(community_id, 0)))
FROM building HAVING count(*) > 0;
"""


def upgrade() -> None:
    op.add_column(
        "cell",
        sa.Column(
            "anchor",
            geoalchemy2.Geometry("POINT", srid=4326, spatial_index=False),
            sa.Computed("ST_PointOnSurface(geom)", persisted=True),
            nullable=False,
        ),
    )
    op.create_index("ix_cell_anchor", "cell", ["anchor"], postgresql_using="gist")
    _create_agencies()
    _create_keys()
    _create_packages()
    _create_shields()
    op.execute(SHIELDS)


def _create_agencies() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("smallest_count", sa.SmallInteger(), server_default=sa.text("5"), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_agency_name")),
        sa.CheckConstraint(
            "smallest_count = 0 OR smallest_count BETWEEN 3 AND 100",
            name=op.f("ck_agency_smallest_count"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("name", name=op.f("uq_agency_name")),
    )


def _create_keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.Column("rate_per_minute", sa.Integer(), server_default=sa.text("600"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("everywhere", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_key_name")),
        sa.CheckConstraint("rate_per_minute > 0", name=op.f("ck_api_key_rate_per_minute")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_api_key_period")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_api_key_token_hash")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_api_key_agency_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_api_key_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_key_token_hash")),
    )
    op.create_index("ix_api_key_agency_id", "api_key", ["agency_id"])
    op.create_table(
        "key_unit",
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        _to_key("key_unit"),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_key_unit_unit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_id", "unit_id", name=op.f("pk_key_unit")),
    )
    op.create_index("ix_key_unit_unit_id", "key_unit", ["unit_id"])
    op.create_table(
        "key_layer",
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.TEXT()), nullable=True),
        sa.Column("write", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("snap", sa.String(), server_default=sa.text("'exact'"), nullable=False),
        sa.CheckConstraint("snap IN ('exact', 'cell', 'street')", name=op.f("ck_key_layer_snap")),
        _to_key("key_layer"),
        sa.PrimaryKeyConstraint("key_id", "collection", name=op.f("pk_key_layer")),
    )
    op.create_table(
        "api_rate",
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        _to_key("api_rate"),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_rate")),
        prefixes=["UNLOGGED"],
        # Rows are rewritten in their page, which never fills.
        postgresql_with={"fillfactor": "20"},
    )
    op.create_table(
        "api_access",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        _to_key("api_access"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_access")),
    )
    op.create_index("ix_api_access_key_id", "api_access", ["key_id", "at", "id"])
    op.create_index("ix_api_access_at", "api_access", ["at"])


def _create_packages() -> None:
    op.create_table(
        "package",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("scheduled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("asked_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=True),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("rows", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_expected", sa.BigInteger(), nullable=True),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_package_state")
        ),
        _to_key("package"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
    )
    op.create_index(
        "uq_package_open",
        "package",
        ["key_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index("ix_package_key_id", "package", ["key_id", "id"])
    op.create_table(
        "package_schedule",
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("every", sa.String(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "every IN ('day', 'week', 'month')", name=op.f("ck_package_schedule_every")
        ),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_package_schedule_hour")),
        _to_key("package_schedule"),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_package_schedule")),
    )
    op.create_index("ix_package_schedule_next_at", "package_schedule", ["next_at"])


def _create_shields() -> None:
    counts = ("households", "residents", "temporary_residents", "rented_homes", "shops")
    op.create_table(
        "count_shield",
        sa.Column("building_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("peers", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
            for name in counts
        ),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
            name=op.f("fk_count_shield_building_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("building_id", name=op.f("pk_count_shield")),
    )
    op.create_index("ix_count_shield_area", "count_shield", ["area", "cell"])


def _to_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["key_id"], ["api_key.id"], name=op.f(f"fk_{table}_key_id"), ondelete="CASCADE"
    )
