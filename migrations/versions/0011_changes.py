"""The log that the feed of changes is read from, kept by triggers.

Revision: 0011_changes, after: 0007_statistics

A row of `layer_change` says that features of a layer, from `first_id` to `last_id`, were added or
changed; with `departed` also that they were deleted or left a community or a day, which are named
then: only who could see them there is told that they are gone. A row without ids says that
everybody has to start over.

`xid` is the transaction that wrote the row. Numbers of a sequence are given out before the commit,
so a reader who only remembers the last one misses what commits later with a smaller one. The feed
hands out rows of transactions older than every one that is still at work.

Statement triggers keep the log for whoever writes through the tables. They do not see what is
written straight into a partition of `incident`. Whoever does that says so in the same
transaction::

    SELECT note_layer_change('incidents', first_id, last_id);   -- added or changed
    SELECT note_layer_change('incidents');                      -- everybody starts over

Locks to fear: each table is locked for the moment in which its triggers are made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_changes"
down_revision = "0010_agencies"
branch_labels = None
depends_on = None

# Table: layer, and what of a row decides who may see it.
LAYERS = {
    "unit": ("units", "id", "NULL::date"),
    "cell": ("cells", "community_id", "NULL::date"),
    "building": ("buildings", "community_id", "NULL::date"),
    "place": ("places", "community_id", "NULL::date"),
    "road": ("roads", "NULL::bigint", "NULL::date"),
    "ground": ("ground", "NULL::bigint", "NULL::date"),
    "incident": ("incidents", "community_id", "local_date(occurred_at)"),
}

# What lies apart from a layer and is only told to whom it was granted: table, the log's name for
# it, and the rows of a transition table with the id of the feature.
PARTS = {
    "building_count": ("building_counts", "SELECT building_id AS id FROM {rows}"),
    "incident_case": ("cases", "SELECT incident_id AS id FROM {rows}"),
    "case_contact": (
        "contacts",
        "SELECT c.incident_id AS id FROM {rows} r JOIN incident_case c ON c.id = r.case_id",
    ),
}

# Ids that follow each other share a row of the log.
RUNS = """
        INSERT INTO layer_change (layer, first_id, last_id, departed, community_id, day)
        SELECT '{layer}', min(id), max(id), departed, community, day
        FROM (SELECT *, id - row_number() OVER (
                  PARTITION BY departed, community, day ORDER BY id) AS run
              FROM ({rows}) AS written) AS numbered
        GROUP BY departed, community, day, run ORDER BY 2;
"""

ADDED = "SELECT id, false AS departed, NULL::bigint AS community, NULL::date AS day FROM new_rows"
GONE = "SELECT id, true AS departed, {community} AS community, {day} AS day FROM old_rows"
# A full join cannot become a nested loop, which a plan made for a single row would keep for many.
CHANGED = """
    SELECT coalesce(n.id, o.id) AS id, departed,
           CASE WHEN departed THEN o.community END AS community,
           CASE WHEN departed THEN o.day END AS day
    FROM (SELECT id, {community} AS community, {day} AS day FROM old_rows) AS o
    FULL JOIN (SELECT id, {community} AS community, {day} AS day FROM new_rows) AS n USING (id)
    CROSS JOIN LATERAL (SELECT o.id IS NOT NULL AND (n.id IS NULL
        OR (o.community, o.day) IS DISTINCT FROM (n.community, n.day)) AS departed) AS moved
"""

NOTE = """
CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN {inserted}
    ELSIF TG_OP = 'DELETE' THEN {deleted}
    ELSE {updated}
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER note_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT WHEN (current_setting('gridmap.changes', true) IS DISTINCT FROM 'off')
EXECUTE FUNCTION note_{table}();
CREATE TRIGGER note_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_{table}();
CREATE TRIGGER note_updated AFTER UPDATE ON {table}
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_{table}();
CREATE TRIGGER note_truncated AFTER TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION note_truncated('{layer}');
"""

# Features show the codes of their unit, cell and category, which hardly ever change.
CODES = """
CREATE FUNCTION note_codes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint[] := array(
        SELECT id FROM (SELECT id, code FROM old_rows UNION ALL SELECT id, code FROM new_rows) c
        GROUP BY id HAVING min(code) <> max(code));
BEGIN
    IF changed = '{}' THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'category' THEN
        PERFORM note_layer_change('incidents', min(id), max(id))
        FROM incident HAVING count(*) > 0;
    ELSIF TG_TABLE_NAME = 'unit' THEN
        PERFORM note_layer_change('units', id, id) FROM unit WHERE parent_id = ANY(changed);
        PERFORM note_layer_change('cells', id, id) FROM cell WHERE community_id = ANY(changed);
        PERFORM note_layer_change(layer, id, id) FROM (
            SELECT 'buildings' AS layer, id FROM building WHERE community_id = ANY(changed)
            UNION ALL SELECT 'places', id FROM place WHERE community_id = ANY(changed)
            UNION ALL SELECT 'incidents', id FROM incident WHERE community_id = ANY(changed)) AS t;
    ELSE
        PERFORM note_layer_change(layer, id, id) FROM (
            SELECT 'buildings' AS layer, id FROM building WHERE cell_id = ANY(changed)
            UNION ALL SELECT 'places', id FROM place WHERE cell_id = ANY(changed)
            UNION ALL SELECT 'incidents', id FROM incident WHERE cell_id = ANY(changed)) AS t;
    END IF;
    RETURN NULL;
END $$;
"""

COMMON = """
CREATE FUNCTION note_layer_change(
    layer text, first_id bigint DEFAULT NULL, last_id bigint DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO layer_change (layer, first_id, last_id) VALUES ($1, $2, $3)
$$;

CREATE FUNCTION note_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_layer_change(TG_ARGV[0]);
    RETURN NULL;
END $$;
"""


def note_layer(table: str, layer: str, community: str, day: str) -> str:
    seen = {"community": community, "day": day}
    ways = {"inserted": ADDED, "deleted": GONE.format(**seen), "updated": CHANGED.format(**seen)}
    runs = {name: RUNS.format(layer=layer, rows=rows) for name, rows in ways.items()}
    return NOTE.format(table=table, layer=layer, **runs)


def note_part(table: str, layer: str, ids: str) -> str:
    new, old = ids.format(rows="new_rows"), ids.format(rows="old_rows")
    ways = {"inserted": new, "deleted": old, "updated": f"{new} UNION {old}"}
    one = (
        "SELECT DISTINCT id, false AS departed, NULL::bigint AS community, NULL::date AS day "
        "FROM ({}) AS part"
    )
    runs = {name: RUNS.format(layer=layer, rows=one.format(rows)) for name, rows in ways.items()}
    return NOTE.format(table=table, layer=layer, **runs)


def upgrade() -> None:
    op.create_table(
        "layer_change",
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("first_id", sa.BigInteger(), nullable=True),
        sa.Column("last_id", sa.BigInteger(), nullable=True),
        sa.Column("departed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(first_id IS NULL) = (last_id IS NULL)", name=op.f("ck_layer_change_ids")
        ),
        sa.PrimaryKeyConstraint("layer", "xid", "seq", name=op.f("pk_layer_change")),
    )
    op.create_table(
        "layer_change_pruned",
        sa.Column("database", sa.String(), nullable=False),
        sa.Column("below_xid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("database", name=op.f("pk_layer_change_pruned")),
    )
    op.execute(COMMON)
    for table, (layer, community, day) in LAYERS.items():
        op.execute(note_layer(table, layer, community, day))
    for table, (layer, ids) in PARTS.items():
        op.execute(note_part(table, layer, ids))
    op.execute(CODES)
    for table in ("unit", "cell", "category"):
        op.execute(
            f"CREATE TRIGGER note_codes AFTER UPDATE ON {table} "
            "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_codes()"
        )
