"""Counts of incidents by place, category and month, from which map tiles are drawn at once.

Revision: 0003_incident_pyramid, after: 0002_links_and_guards

`incident_bin` holds, for bins of the web map's tile grid (level 17 is some 250 m wide, each level
above twice that), category and year, how many incidents happened **up to** the end of each month:
the count of any run of months is one subtraction, and counts of bins, years and categories add.
Category 0 stands for all of them. A tile of zoom z shows the bins of level z + 4.

Statement triggers on `incident` keep it right for whoever writes through the parent table. They
do not see what is written straight into a partition (as a bulk import does with COPY). Whoever
does that calls, once its rows are in place and in the same transaction::

    SELECT refresh_incident_pyramid(since, until);   -- of the rows written; both may be left out

which counts the local years from `since` to `until` anew. Whoever writes through the parent saves
the triggers' work with `SET LOCAL gridmap.pyramid = 'off'` and calls it likewise. The program's
own import counts its rows in memory and adds the counts.
After a change of `territory_settings.time_zone` it is called without arguments.

Locks to fear: building `ix_incident_occurred_at` blocks writes to `incident` meanwhile.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003_incident_pyramid"
down_revision = "0002_links_and_guards"
branch_labels = None
depends_on = None

COARSEST, FINEST = 8, 17

# The bin of a point of `incident`.
X = f"least(floor((ST_X(geom) + 180) / 360 * {2**FINEST}), {2**FINEST - 1})::integer"
Y = f"""least(greatest(floor(
        (0.5 - asinh(tan(radians(ST_Y(geom)))) / (2 * pi())) * {2**FINEST}
    ), 0), {2**FINEST - 1})::integer"""

KEYS = f"""
    {X} AS x, {Y} AS y, category_id,
    date_part('year', occurred_at AT TIME ZONE zone)::smallint AS year,
    date_part('month', occurred_at AT TIME ZONE zone)::smallint AS month
"""

COUNTED = ", ".join(
    f"coalesce(sum(n) FILTER (WHERE month <= {m}), 0)::integer" for m in range(1, 13)
)
ADDED = ", ".join(f"sum(upto[{m}])::integer" for m in range(1, 13))
CHANGED = ", ".join(
    f"coalesce(sum(change) FILTER (WHERE month <= {m}), 0)::integer" for m in range(1, 13)
)
MERGED = ", ".join(f"b.upto[{m}] + excluded.upto[{m}]" for m in range(1, 13))

REFRESH = f"""
CREATE FUNCTION refresh_incident_pyramid(
    since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS void LANGUAGE plpgsql SET enable_hashagg TO off SET work_mem TO '128MB' AS $$
DECLARE
    zone text := (SELECT time_zone FROM territory_settings);
    first_year integer;
    last_year integer;
BEGIN
    -- Writers wait, so that nothing is counted twice or missed.
    LOCK TABLE incident_bin IN SHARE ROW EXCLUSIVE MODE;
    IF isfinite(since) THEN
        first_year := extract(year FROM since AT TIME ZONE zone);
        since := make_timestamptz(first_year, 1, 1, 0, 0, 0, zone);
    END IF;
    IF isfinite(until) THEN
        last_year := extract(year FROM until AT TIME ZONE zone);
        until := make_timestamptz(last_year + 1, 1, 1, 0, 0, 0, zone);
    END IF;
    DELETE FROM incident_bin WHERE (first_year IS NULL OR year >= first_year)
                               AND (last_year IS NULL OR year <= last_year);

    -- Sorting one packed number takes half the time of grouping by five columns. It has room for
    -- 65,535 categories and the years from 1600 to 2282.
    INSERT INTO incident_bin (level, category_id, x, y, year, upto)
    SELECT {FINEST}, category_id, x, y, year, ARRAY[{COUNTED}]
    FROM (
        SELECT (key >> 47)::integer AS category_id, (key >> 30 & {2**FINEST - 1})::integer AS x,
               (key >> 13 & {2**FINEST - 1})::integer AS y,
               (1600 + (key & 8191) / 12)::smallint AS year, (key & 8191) % 12 + 1 AS month, n
        FROM (
            SELECT (category_id::bigint << 47) + ({X}::bigint << 30) + ({Y}::bigint << 13)
                   + date_part('year', local)::bigint * 12 - 19200
                   + date_part('month', local)::bigint - 1 AS key, count(*) AS n
            FROM (SELECT geom, category_id, occurred_at AT TIME ZONE zone AS local FROM incident
                  WHERE occurred_at >= since AND occurred_at < until OFFSET 0) AS i
            GROUP BY key
        ) AS packed
    ) AS counted
    GROUP BY category_id, x, y, year;

    INSERT INTO incident_bin (level, category_id, x, y, year, upto)
    SELECT {FINEST}, 0, x, y, year, ARRAY[{ADDED}]
    FROM incident_bin
    WHERE level = {FINEST} AND (first_year IS NULL OR year >= first_year)
                           AND (last_year IS NULL OR year <= last_year)
    GROUP BY x, y, year;

    FOR coarser IN REVERSE {FINEST - 1}..{COARSEST} LOOP
        INSERT INTO incident_bin (level, category_id, x, y, year, upto)
        SELECT coarser, category_id, x >> 1, y >> 1, year, ARRAY[{ADDED}]
        FROM incident_bin
        WHERE level = coarser + 1 AND (first_year IS NULL OR year >= first_year)
                                  AND (last_year IS NULL OR year <= last_year)
        GROUP BY category_id, x >> 1, y >> 1, year;
    END LOOP;
END $$;
"""

# Bins are written in one order, so that two writers wait for each other and never deadlock.
COUNT_CHANGES = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zone text := (SELECT time_zone FROM territory_settings);
    written record;
BEGIN
    SELECT count(*) AS rows, min(occurred_at) AS since, max(occurred_at) AS until INTO written
    FROM {written_rows};
    IF written.rows = 0 THEN
        RETURN NULL;
    END IF;
    -- Counting anew costs less than adding up very many changes.
    IF written.rows > 20000 THEN
        PERFORM refresh_incident_pyramid(written.since, written.until);
        RETURN NULL;
    END IF;
    INSERT INTO incident_bin AS b (level, x, y, category_id, year, upto)
    SELECT level, x >> ({finest} - level), y >> ({finest} - level), category, year,
           ARRAY[{changed}]
    FROM (SELECT x, y, category_id, year, month, sum(change)::integer AS change
          FROM ({changes}) AS i GROUP BY x, y, category_id, year, month
          HAVING sum(change) <> 0) AS net
    CROSS JOIN generate_series({coarsest}, {finest}) AS level
    CROSS JOIN LATERAL (VALUES (category_id), (0)) AS counted (category)
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (level, category_id, x, y, year) DO UPDATE SET upto = ARRAY[{merged}];
    RETURN NULL;
END $$;

CREATE TRIGGER {name} AFTER {event} ON incident REFERENCING {tables}
FOR EACH STATEMENT WHEN (current_setting('gridmap.pyramid', true) IS DISTINCT FROM 'off')
EXECUTE FUNCTION {name}();
"""

TRUNCATE = """
CREATE FUNCTION forget_incident_bins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE incident_bin;
    RETURN NULL;
END $$;

CREATE TRIGGER forget_incident_bins AFTER TRUNCATE ON incident
FOR EACH STATEMENT EXECUTE FUNCTION forget_incident_bins();
"""


def count_changes(name: str, event: str, tables: str, written_rows: str, changes: str) -> str:
    return COUNT_CHANGES.format(
        name=name,
        event=event,
        tables=tables,
        written_rows=written_rows,
        changes=changes,
        changed=CHANGED,
        merged=MERGED,
        coarsest=COARSEST,
        finest=FINEST,
    )


def upgrade() -> None:
    op.create_table(
        "incident_bin",
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("upto", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("cardinality(upto) = 12", name=op.f("ck_incident_bin_upto")),
        sa.PrimaryKeyConstraint(
            "level", "category_id", "x", "y", "year", name=op.f("pk_incident_bin")
        ),
    )
    op.create_index("ix_incident_occurred_at", "incident", ["occurred_at"])
    added, removed = f"SELECT {KEYS}, 1 AS change FROM", f"SELECT {KEYS}, -1 AS change FROM"
    # Changes of links or names change no count, however many there are.
    moved = """(SELECT unnest(ARRAY[o.occurred_at, n.occurred_at]) AS occurred_at
         FROM old_rows o JOIN new_rows n USING (id)
         WHERE (o.occurred_at, o.category_id) <> (n.occurred_at, n.category_id)
            OR NOT o.geom ~= n.geom) AS moved"""
    for statement in (
        REFRESH,
        count_changes(
            "count_inserted", "INSERT", "NEW TABLE AS new_rows", "new_rows", f"{added} new_rows"
        ),
        count_changes(
            "count_deleted", "DELETE", "OLD TABLE AS old_rows", "old_rows", f"{removed} old_rows"
        ),
        count_changes(
            "count_updated",
            "UPDATE",
            "OLD TABLE AS old_rows NEW TABLE AS new_rows",
            moved,
            f"{added} new_rows UNION ALL {removed} old_rows",
        ),
        TRUNCATE,
    ):
        op.execute(statement)
    op.execute("SELECT refresh_incident_pyramid()")
