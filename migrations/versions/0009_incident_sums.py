"""Counts of incidents by cell and month, and by day and hour, from which long periods are told.

Revision: 0009_incident_sums, after: 0008_people_counts

Counting the half-year of a county, and the one before, by cell and by hour read 340,000 index
entries for each question. `incident_cell_year` holds for each cell and year how many incidents
happened up to the end of each month, as the pyramid of 0003 does for bins; cell and community 0
stand for none. `incident_day` holds the 24 hours of each local day of the whole territory.

Statement triggers keep both, as those of 0003 keep the pyramid, with the same switch
(`gridmap.pyramid`) and the same limit above which the rows are counted anew. Who writes straight
into a partition calls `refresh_incident_pyramid()` as before, which now counts all of them; after
a change of the time zone too.

Locks to fear: nobody writes incidents while they are counted, two seconds for a million.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009_incident_sums"
down_revision = "0008_people_counts"
branch_labels = None
depends_on = None

# The triggers of the pyramid come first and, above their limit, count all anew. The limit here is
# reached whenever theirs is, so that nothing is added to what was counted anew.
MANY = 20000

_UPTO = ", ".join(f"coalesce(sum(n) FILTER (WHERE month <= {m}), 0)::integer" for m in range(1, 13))
_HOURS = ", ".join(f"coalesce(sum(n) FILTER (WHERE hour = {h}), 0)::integer" for h in range(24))
_ADD_UPTO, _ADD_HOURS = (
    ", ".join(f"s.{column}[{i}] + excluded.{column}[{i}]" for i in range(1, size + 1))
    for column, size in (("upto", 12), ("hours", 24))
)

# Rows are written in one order, so that two writers wait for each other and never deadlock.
ADD = f"""
    INSERT INTO incident_cell_year AS s (community_id, cell_id, year, upto)
    SELECT community_id, cell_id, year, ARRAY[{_UPTO}]
    FROM (
        SELECT coalesce(community_id, 0) AS community_id, coalesce(cell_id, 0) AS cell_id,
               date_part('year', local)::smallint AS year,
               date_part('month', local)::smallint AS month, sum(change) AS n
        FROM ({{changes}}) AS i GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0
    ) AS net GROUP BY community_id, cell_id, year ORDER BY 1, 2, 3
    ON CONFLICT (community_id, cell_id, year) DO UPDATE SET upto = ARRAY[{_ADD_UPTO}];

    INSERT INTO incident_day AS s (day, hours)
    SELECT day, ARRAY[{_HOURS}]
    FROM (
        SELECT local::date AS day, date_part('hour', local)::smallint AS hour, sum(change) AS n
        FROM ({{changes}}) AS i GROUP BY 1, 2 HAVING sum(change) <> 0
    ) AS net GROUP BY day ORDER BY 1
    ON CONFLICT (day) DO UPDATE SET hours = ARRAY[{_ADD_HOURS}];
"""
CHANGES = """SELECT community_id, cell_id, occurred_at AT TIME ZONE zone AS local,
                     {change} AS change FROM {rows}"""

REFRESH = f"""
CREATE FUNCTION refresh_incident_sums(
    since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    zone text := (SELECT time_zone FROM territory_settings);
    first_year integer;
    last_year integer;
BEGIN
    LOCK TABLE incident_cell_year, incident_day IN SHARE ROW EXCLUSIVE MODE;
    IF isfinite(since) THEN
        first_year := extract(year FROM since AT TIME ZONE zone);
        since := make_timestamptz(first_year, 1, 1, 0, 0, 0, zone);
    END IF;
    IF isfinite(until) THEN
        last_year := extract(year FROM until AT TIME ZONE zone);
        until := make_timestamptz(last_year + 1, 1, 1, 0, 0, 0, zone);
    END IF;
    DELETE FROM incident_cell_year WHERE (first_year IS NULL OR year >= first_year)
                                     AND (last_year IS NULL OR year <= last_year);
    DELETE FROM incident_day WHERE (first_year IS NULL OR day >= make_date(first_year, 1, 1))
                               AND (last_year IS NULL OR day <= make_date(last_year, 12, 31));
    {
    ADD.format(
        changes=CHANGES.format(
            change="1", rows="incident WHERE occurred_at >= since AND occurred_at < until"
        )
    )
}
END $$;

ALTER FUNCTION refresh_incident_pyramid(timestamptz, timestamptz) RENAME TO refresh_incident_bins;
CREATE FUNCTION refresh_incident_pyramid(
    since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refresh_incident_bins(since, until);
    PERFORM refresh_incident_sums(since, until);
END $$;
"""

TRIGGER = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zone text := (SELECT time_zone FROM territory_settings);
    written record;
BEGIN
    SELECT count(*) AS rows, min(occurred_at) AS since, max(occurred_at) AS until INTO written
    FROM ({rows}) AS i;
    IF written.rows > {many} THEN
        PERFORM refresh_incident_sums(written.since, written.until);
    ELSIF written.rows > 0 THEN
        {add}
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER {name} AFTER {event} ON incident REFERENCING {tables}
FOR EACH STATEMENT WHEN (current_setting('gridmap.pyramid', true) IS DISTINCT FROM 'off')
EXECUTE FUNCTION {name}();
"""

FORGET = """
CREATE FUNCTION forget_incident_sums() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE incident_cell_year, incident_day;
    RETURN NULL;
END $$;

CREATE TRIGGER forget_incident_sums AFTER TRUNCATE ON incident
FOR EACH STATEMENT EXECUTE FUNCTION forget_incident_sums();
"""


def _trigger(name: str, event: str, tables: str, signs: dict[str, int]) -> str:
    changes = " UNION ALL ".join(
        CHANGES.format(change=sign, rows=rows) for rows, sign in signs.items()
    )
    return TRIGGER.format(
        name=name,
        event=event,
        tables=tables,
        rows=" UNION ALL ".join(f"SELECT occurred_at FROM {rows}" for rows in signs),
        many=MANY,
        add=ADD.format(changes=changes),
    )


def upgrade() -> None:
    op.create_table(
        "incident_cell_year",
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("upto", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("cardinality(upto) = 12", name=op.f("ck_incident_cell_year_upto")),
        sa.PrimaryKeyConstraint(
            "community_id", "cell_id", "year", name=op.f("pk_incident_cell_year")
        ),
    )
    op.create_table(
        "incident_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hours", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("cardinality(hours) = 24", name=op.f("ck_incident_day_hours")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_incident_day")),
    )
    old, new = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
    for statement in (
        REFRESH,
        _trigger("sum_inserted", "INSERT", new, {"new_rows": 1}),
        _trigger("sum_deleted", "DELETE", old, {"old_rows": -1}),
        _trigger("sum_updated", "UPDATE", f"{old} {new}", {"new_rows": 1, "old_rows": -1}),
        FORGET,
        "SELECT refresh_incident_sums()",
        "ANALYZE incident_cell_year, incident_day",
    ):
        op.execute(statement)
