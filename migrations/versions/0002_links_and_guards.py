"""Triggers that link what has a location to its cell, and guards of what must never break.

Revision: 0002_links_and_guards, after: 0001_territory

Everything here holds for whoever writes, also for other programs with plain SQL.
"""

from __future__ import annotations

from alembic import op

revision = "0002_links_and_guards"
down_revision = "0001_territory"
branch_labels = None
depends_on = None

# A partition a year keeps indexes small at a hundred million rows; the default partition takes
# what arrives before its year was opened, so that no writer is ever refused.
PARTITIONS = """
CREATE TABLE incident_other PARTITION OF incident DEFAULT;

CREATE FUNCTION open_incident_year(year integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    partition text := format('incident_y%s', year);
    starts timestamptz := make_timestamptz(year, 1, 1, 0, 0, 0, 'UTC');
    ends timestamptz := make_timestamptz(year + 1, 1, 1, 0, 0, 0, 'UTC');
BEGIN
    IF to_regclass(partition) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('gridmap.incident_year'));
    END IF;
    IF to_regclass(partition) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE incident INCLUDING DEFAULTS)', partition);
        -- Years that were written before they were opened move out of the default partition.
        EXECUTE format(
            'WITH moved AS (DELETE FROM incident_other
                            WHERE occurred_at >= %L AND occurred_at < %L RETURNING *)
             INSERT INTO %I SELECT * FROM moved', starts, ends, partition);
        EXECUTE format('ALTER TABLE incident ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       partition, starts, ends);
    END IF;
    RETURN partition;
END $$;
"""

LOCATE = """
CREATE FUNCTION local_date(moment timestamptz) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (moment AT TIME ZONE (SELECT time_zone FROM territory_settings))::date
$$;

-- The cell a point lies in on a day. On shared edges the smallest rank wins, then the smallest
-- code; where no cell is, the community alone may be known. IS TRUE keeps the planner from the
-- index on validity, which nearly every cell would match.
CREATE FUNCTION locate(point geometry, day date)
RETURNS TABLE (cell_id bigint, community_id bigint) LANGUAGE sql STABLE AS $$
    SELECT c.id, coalesce(c.community_id, u.id)
    FROM (SELECT) AS one
    LEFT JOIN LATERAL (
        SELECT cell.id, cell.community_id FROM cell
        WHERE ST_Covers(cell.geom, point) AND (cell.valid @> day) IS TRUE
        ORDER BY cell.rank, cell.code COLLATE "C" LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT unit.id FROM unit
        WHERE c.id IS NULL AND unit.level = 'community' AND ST_Covers(unit.geom, point)
        ORDER BY unit.code COLLATE "C" LIMIT 1
    ) u ON true
$$;
"""

# The triggers run on the columns they fill as well, so that nobody sets a link by hand. They are
# silent while gridmap.linked is on: relink() and the bulk import have located the rows already.
LINK = """
-- The arguments are worked out first: locate() is planned anew on every call, which takes ten
-- times as long as the search, unless all it is given are plain variables.
CREATE FUNCTION link_incident() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    point geometry := NEW.geom;
    day date := local_date(NEW.occurred_at);
BEGIN
    SELECT l.cell_id, l.community_id INTO NEW.cell_id, NEW.community_id
    FROM locate(point, day) l;
    RETURN NEW;
END $$;

CREATE FUNCTION link_standing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    point geometry := ST_PointOnSurface(NEW.geom);
    day date := local_date(now());
BEGIN
    SELECT l.cell_id, l.community_id INTO NEW.cell_id, NEW.community_id
    FROM locate(point, day) l;
    RETURN NEW;
END $$;

CREATE TRIGGER link BEFORE INSERT OR UPDATE OF geom, occurred_at, cell_id, community_id
ON incident FOR EACH ROW
WHEN (current_setting('gridmap.linked', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION link_incident();

CREATE TRIGGER link BEFORE INSERT OR UPDATE OF geom, cell_id, community_id
ON building FOR EACH ROW
WHEN (current_setting('gridmap.linked', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION link_standing();

CREATE TRIGGER link BEFORE INSERT OR UPDATE OF geom, cell_id, community_id
ON place FOR EACH ROW
WHEN (current_setting('gridmap.linked', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION link_standing();

-- A unique key of a partitioned table cannot leave out the time, so this guard looks through the
-- years; the lock makes two writers of one id wait for each other. Ids share 256 locks, since
-- a lock each would exhaust the server's table in one large statement.
-- The plan is kept for the session: made on an empty year, it must still use the index later.
CREATE FUNCTION refuse_incident_twice() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan TO off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(
        hashtext('gridmap.incident'), hashtext(NEW.source || ':' || NEW.external_id) & 255);
    IF EXISTS (SELECT FROM incident
               WHERE source = NEW.source AND external_id = NEW.external_id AND id <> NEW.id) THEN
        RAISE EXCEPTION 'incident % of source % is already stored', NEW.external_id, NEW.source
        USING ERRCODE = 'GM004',
              DETAIL = jsonb_build_object('left', NEW.external_id, 'right', NEW.source);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER refuse_twice BEFORE INSERT OR UPDATE OF source, external_id
ON incident FOR EACH ROW
WHEN (NEW.external_id IS NOT NULL
      AND current_setting('gridmap.linked', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION refuse_incident_twice();
"""

RELINK = """
-- Locates anew what lies in the changed regions and, for incidents, happened in the days for
-- which the cells there changed. Only rows whose link really changes are written.
CREATE FUNCTION relink(regions geometry[], spans daterange[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    -- Not by the function's SET clause, which for a parameter of ours asks for a superuser.
    before text := coalesce(current_setting('gridmap.linked', true), '');
    zone text := (SELECT time_zone FROM territory_settings);
    today date := local_date(now());
BEGIN
    PERFORM set_config('gridmap.linked', 'on', true);
    UPDATE incident i SET cell_id = l.cell_id, community_id = l.community_id
    FROM (
        SELECT DISTINCT ON (i.id, i.occurred_at) i.id, i.occurred_at, i.geom
        FROM unnest(regions, spans) AS changed (region, days)
        JOIN incident i ON ST_Intersects(changed.region, i.geom)
            AND (lower_inf(days) OR i.occurred_at >= lower(days)::timestamp AT TIME ZONE zone)
            AND (upper_inf(days) OR i.occurred_at < upper(days)::timestamp AT TIME ZONE zone)
    ) hit CROSS JOIN LATERAL locate(hit.geom, (hit.occurred_at AT TIME ZONE zone)::date) l
    WHERE i.id = hit.id AND i.occurred_at = hit.occurred_at
        AND (i.cell_id, i.community_id) IS DISTINCT FROM (l.cell_id, l.community_id);

    UPDATE building b SET cell_id = l.cell_id, community_id = l.community_id
    FROM (
        SELECT DISTINCT ON (b.id) b.id, b.anchor
        FROM unnest(regions, spans) AS changed (region, days)
        JOIN building b ON days @> today AND ST_Intersects(changed.region, b.anchor)
    ) hit CROSS JOIN LATERAL locate(hit.anchor, today) l
    WHERE b.id = hit.id
        AND (b.cell_id, b.community_id) IS DISTINCT FROM (l.cell_id, l.community_id);

    UPDATE place p SET cell_id = l.cell_id, community_id = l.community_id
    FROM (
        SELECT DISTINCT ON (p.id) p.id, p.geom
        FROM unnest(regions, spans) AS changed (region, days)
        JOIN place p ON days @> today AND ST_Intersects(changed.region, p.geom)
    ) hit CROSS JOIN LATERAL locate(hit.geom, today) l
    WHERE p.id = hit.id
        AND (p.cell_id, p.community_id) IS DISTINCT FROM (l.cell_id, l.community_id);
    PERFORM set_config('gridmap.linked', before, true);
END $$;

CREATE FUNCTION relink_new_cells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM relink(array_agg(geom), array_agg(valid)) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION relink_old_cells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM relink(array_agg(geom), array_agg(valid)) FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

-- An outline corrected in place concerns only the strips between old and new; a closed cell
-- concerns only the days it lost.
CREATE FUNCTION relink_changed_cells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM relink(array_agg(region), array_agg(days)) FROM (
        SELECT ST_SymDifference(o.geom, n.geom) AS region, range_merge(o.valid, n.valid) AS days
        FROM old_rows o JOIN new_rows n USING (id)
        WHERE NOT o.geom = n.geom OR NOT ST_OrderingEquals(o.geom, n.geom)
        UNION ALL
        SELECT n.geom, unnest(datemultirange(o.valid) - datemultirange(n.valid)
                              + (datemultirange(n.valid) - datemultirange(o.valid)))
        FROM old_rows o JOIN new_rows n USING (id) WHERE o.valid <> n.valid
        UNION ALL
        SELECT n.geom, range_merge(o.valid, n.valid)
        FROM old_rows o JOIN new_rows n USING (id)
        WHERE (o.rank, o.code, o.community_id) IS DISTINCT FROM (n.rank, n.code, n.community_id)
    ) changed HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION relink_communities() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM relink(array_agg(geom), array_agg(daterange(NULL, NULL)))
        FROM new_rows WHERE level = 'community' AND geom IS NOT NULL HAVING count(*) > 0;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM relink(array_agg(geom), array_agg(daterange(NULL, NULL)))
        FROM old_rows WHERE level = 'community' AND geom IS NOT NULL HAVING count(*) > 0;
    ELSE
        PERFORM relink(array_agg(ST_SymDifference(
                coalesce(o.geom, 'SRID=4326;POLYGON EMPTY'),
                coalesce(n.geom, 'SRID=4326;POLYGON EMPTY'))),
            array_agg(daterange(NULL, NULL)))
        FROM old_rows o JOIN new_rows n USING (id)
        WHERE 'community' IN (o.level, n.level) AND o.geom IS DISTINCT FROM n.geom
        HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;
"""

# The statements are checked as a whole, after they have run: a border moved between two
# neighbours by one UPDATE is never seen half done.
GUARDS = """
CREATE FUNCTION check_cells(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted territory_settings;
    bad record;
BEGIN
    -- Two writers of overlapping cells would not see each other's rows: they take turns.
    PERFORM pg_advisory_xact_lock(hashtext('gridmap.cell'));
    SELECT * INTO wanted FROM territory_settings;

    -- OFFSET 0 and IS TRUE hold the plan: each changed cell looks up its neighbours by place.
    SELECT a.code AS one, x.code AS other, x.area INTO bad
    FROM unnest(ids) AS changed (id) JOIN cell a USING (id)
    CROSS JOIN LATERAL (
        SELECT b.code, ST_Area(ST_Intersection(a.geom, b.geom)::geography) AS area
        FROM cell b
        WHERE b.geom && a.geom AND b.kind = a.kind AND b.id <> a.id
            AND (b.valid && a.valid) IS TRUE AND NOT ST_Relate(a.geom, b.geom, 'F********')
        OFFSET 0) x
    WHERE x.area > wanted.overlap_tolerance_m2
    ORDER BY x.area DESC LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'cells % and % overlap by % m2', bad.one, bad.other, round(bad.area)
        USING ERRCODE = 'GM001', DETAIL = jsonb_build_object(
            'left', bad.one, 'right', bad.other, 'area_m2', round(bad.area::numeric, 1),
            'tolerance_m2', wanted.overlap_tolerance_m2);
    END IF;

    SELECT c.code AS one, u.code AS other, u.geom IS NULL AS nowhere, x.area INTO bad
    FROM unnest(ids) AS changed (id) JOIN cell c USING (id) JOIN unit u ON u.id = c.community_id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN u.geom IS NULL THEN 'infinity'
        WHEN ST_CoveredBy(c.geom, u.geom) THEN 0
        ELSE ST_Area(ST_Difference(c.geom, u.geom)::geography) END AS area OFFSET 0) x
    WHERE x.area > wanted.outside_tolerance_m2
    ORDER BY x.area DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF bad.nowhere THEN
        RAISE EXCEPTION 'community % of cell % has no outline', bad.other, bad.one
        USING ERRCODE = 'GM003', DETAIL = jsonb_build_object('left', bad.one, 'right', bad.other);
    END IF;
    RAISE EXCEPTION 'cell % reaches % m2 outside its community %',
        bad.one, round(bad.area), bad.other
    USING ERRCODE = 'GM002', DETAIL = jsonb_build_object(
        'left', bad.one, 'right', bad.other, 'area_m2', round(bad.area::numeric, 1),
        'tolerance_m2', wanted.outside_tolerance_m2);
END $$;

CREATE FUNCTION check_changed_cells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_cells(array_agg(id)) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION check_cells_of_units() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_cells(array_agg(c.id))
    FROM cell c JOIN new_rows n ON n.id = c.community_id JOIN old_rows o ON o.id = n.id
    WHERE o.geom IS DISTINCT FROM n.geom HAVING count(*) > 0;
    RETURN NULL;
END $$;

-- Triggers of one kind fire by name: "check" before "relink".
CREATE TRIGGER check_inserted AFTER INSERT ON cell REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION check_changed_cells();
CREATE TRIGGER check_updated AFTER UPDATE ON cell REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION check_changed_cells();
CREATE TRIGGER relink_inserted AFTER INSERT ON cell REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION relink_new_cells();
CREATE TRIGGER relink_deleted AFTER DELETE ON cell REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION relink_old_cells();
CREATE TRIGGER relink_updated AFTER UPDATE ON cell
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION relink_changed_cells();

CREATE TRIGGER check_updated AFTER UPDATE ON unit
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION check_cells_of_units();
CREATE TRIGGER relink_inserted AFTER INSERT ON unit REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION relink_communities();
CREATE TRIGGER relink_deleted AFTER DELETE ON unit REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION relink_communities();
CREATE TRIGGER relink_updated AFTER UPDATE ON unit
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION relink_communities();
"""


def upgrade() -> None:
    op.execute("INSERT INTO territory_settings DEFAULT VALUES")
    for statements in (PARTITIONS, LOCATE, LINK, RELINK, GUARDS):
        op.execute(statements)
