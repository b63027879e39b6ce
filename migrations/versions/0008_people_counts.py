"""The newest counts of the buildings, added up by cell, and the area of each cell.

Revision: 0008_people_counts, after: 0007_statistics

A page that tells the load of each cadre added up the newest month of every building anew: 1.3 s
for a city of 234,000 buildings. `people_count` holds these sums for each cell and, with the cell
0, for what lies in a community but in none of its cells. Statement triggers on `building` and
`building_count` count the touched cells anew, whoever writes: imports, redraws and plain SQL. What
lies in no community is not counted. `cell.area_m2` spares working out the areas of all cells.

One lock is taken before the first row is written, so that of two writers of one cell each sees
what the other has stored; it holds until the transaction ends.

Locks to fear: the table `cell` is written anew for the new column, some seconds with 10,000 cells,
and adding up the buildings takes two seconds with 234,000 of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_people_counts"
down_revision = "0007_statistics"
branch_labels = None
depends_on = None

COUNTS = ("households", "residents", "temporary_residents", "rented_homes", "shops")
SUMS = ", ".join(f"sum(n.{name})" for name in COUNTS)

# The rows of cell 0 and those of cells come from different indexes, hence the union.
COUNT = f"""
CREATE FUNCTION count_people(cells bigint[], communities bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM people_count WHERE cell_id = ANY(cells);
    DELETE FROM people_count WHERE cell_id = 0 AND community_id = ANY(communities);
    INSERT INTO people_count (cell_id, community_id, buildings, {", ".join(COUNTS)})
    SELECT b.cell_id, b.community_id, count(*), {SUMS}
    FROM (
        SELECT b.id, b.cell_id, coalesce(b.community_id, 0) AS community_id
        FROM unnest(cells) AS touched (id) JOIN building b ON b.cell_id = touched.id
        UNION ALL
        SELECT b.id, 0, b.community_id
        FROM unnest(communities) AS touched (id) JOIN building b ON b.community_id = touched.id
        WHERE b.cell_id IS NULL
    ) b CROSS JOIN LATERAL (
        SELECT * FROM building_count WHERE building_id = b.id ORDER BY month DESC LIMIT 1
    ) n GROUP BY b.cell_id, b.community_id;
END $$;
"""

ALONE = """
CREATE FUNCTION count_people_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('gridmap.people'));
    RETURN NULL;
END $$;
"""

# `touched` gives the cell and community of every building whose share of the sums may be another.
TOUCHED = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_people(
        coalesce(array_agg(DISTINCT cell_id) FILTER (WHERE cell_id IS NOT NULL), '{{}}'),
        coalesce(array_agg(DISTINCT community_id)
                 FILTER (WHERE cell_id IS NULL AND community_id IS NOT NULL), '{{}}'))
    FROM ({touched}) AS touched HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}
FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""

_OF_COUNTS = """
    SELECT b.cell_id, b.community_id FROM building b
    WHERE b.id IN ({written})"""
_OLD, _NEW = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
_OLD_IDS, _NEW_IDS = (f"SELECT building_id FROM {rows}" for rows in ("old_rows", "new_rows"))

# A join of old and new rows, planned for a few, would later compare each of many with each.
TRIGGERS = (
    ("people_counted", "INSERT", "building_count", _NEW, _OF_COUNTS.format(written=_NEW_IDS)),
    ("people_uncounted", "DELETE", "building_count", _OLD, _OF_COUNTS.format(written=_OLD_IDS)),
    (
        "people_recounted",
        "UPDATE",
        "building_count",
        f"{_OLD} {_NEW}",
        _OF_COUNTS.format(written=f"{_OLD_IDS} UNION ALL {_NEW_IDS}"),
    ),
    (
        "people_moved",
        "UPDATE",
        "building",
        f"{_OLD} {_NEW}",
        """
        (SELECT id, cell_id, community_id FROM old_rows
         EXCEPT SELECT id, cell_id, community_id FROM new_rows)
        UNION ALL
        (SELECT id, cell_id, community_id FROM new_rows
         EXCEPT SELECT id, cell_id, community_id FROM old_rows)""",
    ),
    ("people_gone", "DELETE", "building", _OLD, "SELECT cell_id, community_id FROM old_rows"),
)

FORGET = """
CREATE FUNCTION forget_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE people_count;
    RETURN NULL;
END $$;

CREATE TRIGGER forget_people AFTER TRUNCATE ON building_count
FOR EACH STATEMENT EXECUTE FUNCTION forget_people();
"""


def upgrade() -> None:
    op.create_table(
        "people_count",
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("buildings", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("cell_id", "community_id", name=op.f("pk_people_count")),
    )
    op.create_index("ix_people_count_community_id", "people_count", ["community_id"])
    op.execute(COUNT)
    op.execute(ALONE)
    for events in ("INSERT OR UPDATE OR DELETE ON building_count", "UPDATE OR DELETE ON building"):
        op.execute(
            f"CREATE TRIGGER people_alone BEFORE {events} "
            "FOR EACH STATEMENT EXECUTE FUNCTION count_people_alone()"
        )
    for name, event, table, tables, touched in TRIGGERS:
        op.execute(
            TOUCHED.format(name=name, event=event, table=table, tables=tables, touched=touched)
        )
    op.execute(FORGET)
    op.execute("""
        SELECT count_people(ARRAY(SELECT DISTINCT cell_id FROM building WHERE cell_id IS NOT NULL),
                            ARRAY(SELECT DISTINCT community_id FROM building
                                  WHERE cell_id IS NULL AND community_id IS NOT NULL))
    """)
    op.add_column(
        "cell",
        sa.Column(
            "area_m2",
            sa.Double(),
            sa.Computed("ST_Area(geom::geography)", persisted=True),
            nullable=False,
        ),
    )
