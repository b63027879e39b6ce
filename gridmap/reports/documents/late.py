"""What came after a report was made and belongs to its period: new records, and changed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from geodata.messages import N_
from gridmap.incidents.statistics import Span, clock
from gridmap.workforce.rights import Action, Actor, require, require_unit

#: As many are listed of each kind; all are counted.
MOST = 50
#: Of a table so many runs of ids are remembered that were missing when a report was made: at most
#: some 40 kB. What is being written meanwhile is among the highest.
MOST_RUNS = 2_000
# 0 stands for what lies outside all communities, which the report of the only county counts too.
_AREAS = """CAST((
    WITH RECURSIVE below AS (
        SELECT id FROM unit WHERE id = :unit
        UNION SELECT u.id FROM unit u JOIN below b ON u.parent_id = b.id
    ) SELECT array_agg(id) || CASE WHEN (SELECT count(*) = 1 FROM unit WHERE parent_id IS NULL)
          AND EXISTS (SELECT FROM unit WHERE id = :unit AND parent_id IS NULL)
        THEN ARRAY[0::bigint] ELSE ARRAY[]::bigint[] END FROM below
) AS bigint[])"""


@dataclass(frozen=True)
class _Added:
    """Records of one table that were added later.

    Attributes
    ----------
    title : str
    table : str
        Whose ids tell what was there when the report was made.
    unit, id : str
        The columns of the unit or community that a record belongs to, and of the id in ``table``.
    select : str
        Rows with ``id``, ``at``, ``what``, ``what_en``, ``unit`` and ``unit_en``.
    where : str
        What makes them belong to the period.
    cell : str or None
        The column of the cell; no sheet of a cell tells of what has none.
    """

    title: str
    table: str
    unit: str
    id: str
    select: str
    where: str
    cell: str | None = None


_WITHIN = "{0} >= :first AND {0} < :after"
ADDED: Mapping[str, _Added] = {
    "incident": _Added(
        N_("Incidents recorded later"),
        "incident",
        "i.community_id",
        "i.id",
        """
        SELECT i.id, i.occurred_at AS at, k.name AS what, k.name_en AS what_en, u.name AS unit,
               u.name_en AS unit_en, ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat,
               local_date(i.occurred_at) AS day
        FROM incident i JOIN category k ON k.id = i.category_id
        LEFT JOIN unit u ON u.id = i.community_id
        """,
        _WITHIN.format("i.occurred_at"),
        "i.cell_id",
    ),
    "case": _Added(
        N_("Cases of the period opened later"),
        "incident_case",
        "c.community_id",
        "c.id",
        """
        SELECT c.id, c.opened_at AS at, k.name AS what, k.name_en AS what_en, u.name AS unit,
               u.name_en AS unit_en
        FROM incident_case c JOIN category k ON k.id = c.category_id
        LEFT JOIN unit u ON u.id = c.community_id
        """,
        f"({_WITHIN.format('c.due_at')} OR {_WITHIN.format('c.opened_at')})",
        "c.cell_id",
    ),
    "activity": _Added(
        N_("Activities entered later"),
        "activity",
        "a.unit_id",
        "a.id",
        """
        SELECT a.id, a.recorded_at AS at, a.kind AS what, a.kind AS what_en, u.name AS unit,
               u.name_en AS unit_en
        FROM activity a JOIN unit u ON u.id = a.unit_id
        """,
        "a.day BETWEEN :first_day AND :last_day",
        "a.cell_id",
    ),
    "value": _Added(
        N_("Values of indicators entered later"),
        "indicator_value",
        "v.unit_id",
        "v.id",
        """
        SELECT v.indicator_id AS id, v.entered_at AS at, n.name AS what, n.name_en AS what_en,
               u.name AS unit, u.name_en AS unit_en
        FROM indicator_value v JOIN indicator n ON n.id = v.indicator_id
        JOIN unit u ON u.id = v.unit_id
        """,
        "v.last BETWEEN :first_day AND :last_day",
    ),
    "correction": _Added(
        N_("Values of indicators corrected later"),
        "indicator_change",
        "x.unit_id",
        "x.id",
        """
        SELECT x.indicator_id AS id, x.at, n.name AS what, n.name_en AS what_en, u.name AS unit,
               u.name_en AS unit_en
        FROM indicator_change x JOIN indicator n ON n.id = x.indicator_id
        JOIN unit u ON u.id = x.unit_id
        """,
        "x.last BETWEEN :first_day AND :last_day",
    ),
}


@dataclass(frozen=True)
class _Changed:
    """Records that were there when the report was made, and were changed later.

    Attributes
    ----------
    title : str
    of : str
        The kind of `ADDED` for the same table.
    logged : tuple of str
        The kinds of the log.
    names, place : str
        What ``what`` and ``what_en`` are, of the category ``k`` or the change ``c``; and a join
        with columns of it that tell where the record is.
    """

    title: str
    of: str
    logged: tuple[str, ...]
    names: str = "k.name AS what, k.name_en AS what_en"
    place: str = ""


CHANGED: Mapping[str, _Changed] = {
    "incident_changed": _Changed(
        N_("Incidents changed later"), "incident", ("incident",),
        "k.name AS what, k.name_en AS what_en, ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat, "
        "local_date(i.occurred_at) AS day",
        "LEFT JOIN incident i ON i.id = c.record_id AND c.here",
    ),
    "case_changed": _Changed(
        N_("Cases of the period changed later"), "case", ("case", "received")
    ),
    "activity_changed": _Changed(
        N_("Activities changed later"), "activity", ("activity",),
        "c.what AS what, c.what AS what_en",
    ),
}  # fmt: skip

# Of each record what it was when the report was made, before the first change since, and what it
# is now, after the last. Both conditions are served by an index; what was in neither the period
# nor the area before and after a change makes no difference to them. Of what is no longer ``here``,
# in the area, nothing is told but that it left: where it went is for others to see. For the index
# the areas are an array; row by row they are looked up in a table, for a county has hundreds.
_CHANGES = """
    WITH of AS MATERIALIZED (SELECT {areas} AS areas), late AS MATERIALIZED (
        SELECT c.* FROM record_change c
        WHERE c.kind = ANY(:kinds) AND c.old_area = ANY({areas})
          AND c.old_day BETWEEN :first_day AND :last_day AND {late}
        UNION ALL
        SELECT c.* FROM record_change c
        WHERE c.kind = ANY(:kinds) AND c.new_area = ANY({areas})
          AND c.new_day BETWEEN :first_day AND :last_day AND {late}
          AND (c.old_area IN (SELECT unnest(areas) FROM of)
               AND c.old_day BETWEEN :first_day AND :last_day) IS NOT TRUE
    ), before AS (
        SELECT DISTINCT ON (record_id, kind) kind, record_id, old_area AS area, old_cell AS cell,
               old_day AS day, old_what AS what, old_state AS state
        FROM late ORDER BY record_id, kind, id
    ), now AS (
        SELECT DISTINCT ON (record_id, kind) kind, record_id, at, new_area AS area,
               new_cell AS cell, new_day AS day, new_what AS what, new_state AS state
        FROM late ORDER BY record_id, kind, id DESC
    ), told AS (
        SELECT record_id, n.at, n.here, CASE WHEN n.here THEN n.what ELSE b.what END AS what,
               CASE WHEN n.here AND n.area > 0 THEN n.area ELSE b.area END AS area,
               CASE WHEN n.day IS NULL THEN CASE WHEN b.inside THEN 'deleted' END
                    WHEN b.inside AND NOT n.inside THEN 'left'
                    WHEN n.inside AND NOT b.inside THEN 'came'
                    WHEN NOT n.inside THEN NULL
                    WHEN n.state <> b.state THEN CASE n.state
                        WHEN 'closed' THEN 'closed' WHEN 'withdrawn' THEN 'withdrawn'
                        WHEN 'open' THEN 'reopened' ELSE 'counts' END
                    WHEN n.what <> b.what THEN 'category'
                    WHEN (n.area, n.cell, n.day) IS DISTINCT FROM (b.area, b.cell, b.day)
                        THEN 'moved' END AS how
        FROM (SELECT *, {inside} AS inside FROM before) AS b
        JOIN (
            SELECT *, {inside} AS inside, area IN (SELECT unnest(areas) FROM of) AS here FROM now
        ) AS n USING (kind, record_id)
    ), changes AS (
        SELECT DISTINCT ON (record_id) * FROM told WHERE how IS NOT NULL
        ORDER BY record_id, how
    ), page AS (
        SELECT *, count(*) OVER () AS total FROM changes ORDER BY at DESC, record_id LIMIT :limit
    )
    SELECT c.record_id AS id, c.at, c.how, c.here, c.total, {names}, u.name AS unit,
           u.name_en AS unit_en
    FROM page c LEFT JOIN unit u ON u.id = c.area
    LEFT JOIN category k ON k.id::text = c.what {place}
    ORDER BY c.at DESC, c.record_id
"""
# A record that was not there yet is listed as added, or not at all if it is gone again.
_SINCE = """c.id <@ CAST(:changes AS int8multirange)
    AND NOT c.record_id <@ CAST(:ids AS int8multirange)"""
_INSIDE = """coalesce(area IN (SELECT unnest(areas) FROM of)
    AND day BETWEEN :first_day AND :last_day
    AND (CAST(:cell AS bigint) IS NULL OR cell = :cell), false)"""

_LOG = "record_change"
# The highest id is no mark by itself: a transaction at work draws an id, and commits after another
# one with a higher id. So what is remembered is which ids were missing, as the report saw it.
_MISSING = """
    WITH ids AS (SELECT id, lag(id, 1, 0::bigint) OVER (ORDER BY id) AS before FROM {table}),
    runs AS (
        SELECT before + 1 AS first, id AS after FROM ids WHERE id > before + 1
        ORDER BY id DESC LIMIT :most
    )
    SELECT ((SELECT coalesce(range_agg(int8range(first, after)), '{{}}'::int8multirange) FROM runs)
        + int8multirange(int8range((SELECT coalesce(max(id), 0) + 1 FROM {table}), NULL)))::text
"""


@dataclass(frozen=True)
class Late:
    """The late records of one kind.

    Attributes
    ----------
    kind, title : str
    rows : sequence of rows
        Up to `MOST`: ``id``, ``at``, ``what``, ``what_en``, ``unit``, ``unit_en``; of changed ones
        also ``how``: ``deleted``, ``left`` or ``came`` to the area or period, ``closed``,
        ``reopened``, ``withdrawn``, ``category``, ``counts`` or ``moved`` within; and ``here``:
        whether it lies in the area, None if it was deleted. Of incidents also ``lon``, ``lat`` and
        the local ``day``, None if it does not, or was deleted after it had left the period.
    total : int
    """

    kind: str
    title: str
    rows: Sequence[Row[Any]]
    total: int


def marks(connection: Connection) -> dict[str, str]:
    """Return of each table the ids that are missing, as a multirange of PostgreSQL.

    A record that appears under one of them later was added after this moment. Of more than
    `MOST_RUNS` runs the highest are returned, for ids are drawn in their order.

    Parameters
    ----------
    connection : Connection
        With the snapshot in which the report is counted.
    """
    tables = (*(kind.table for kind in ADDED.values()), _LOG)
    return {
        table: connection.execute(
            text(_MISSING.format(table=table)), {"most": MOST_RUNS}
        ).scalar_one()
        for table in tables
    }


def late_records(
    session: Session, actor: Actor, report: Any, marked: Mapping[str, str | int]
) -> list[Late]:
    """List what belongs to a report's period and area and came or changed after it was made.

    Parameters
    ----------
    session : Session
    actor : Actor
    report : row
        A finished report that the caller has seen.
    marked : mapping
        What `marks` returned when it was made.

    Raises
    ------
    ForbiddenError
        If the actor writes no reports.
    NotFoundError
        If the report's area is not the actor's.
    """
    require(actor, Action.WRITE_REPORT)
    # A bulletin of a unit above is read by more people than its records.
    require_unit(actor, report.unit_id)
    first, after = Span(report.first, report.last).moments(clock(session.connection()).zone)
    values = {
        "unit": report.unit_id, "first": first, "after": after, "first_day": report.first,
        "last_day": report.last, "limit": MOST, "cell": report.cell_id,
    }  # fmt: skip
    of_cell = report.kind == "cell_sheet"
    found = []
    for key, kind in ADDED.items():
        if kind.cell is not None or not of_cell:
            found.append(_added(session, key, values | {"ids": _missing(marked, kind.table)}))
            found += [
                _changed(session, name, values, marked)
                for name, changed in CHANGED.items()
                if changed.of == key
            ]
    return found


def _missing(marked: Mapping[str, str | int], table: str) -> str:
    """Return the ids that were missing when a report was made."""
    # Reports of early versions remember the highest ids of some tables; the log is younger.
    found = marked.get(table, "{(,)}" if table == _LOG else "{}")
    return found if isinstance(found, str) else f"{{[{found + 1},)}}"


def _added(session: Session, key: str, values: dict[str, Any]) -> Late:
    kind = ADDED[key]
    # The lowest id that was missing is for the index, the rest is exact.
    where = f"""{kind.where} AND coalesce({kind.unit}, 0) = ANY({_AREAS})
        AND {kind.id} >= lower(CAST(:ids AS int8multirange))
        AND {kind.id} <@ CAST(:ids AS int8multirange)"""
    if values["cell"] is not None and kind.cell is not None:
        where += f" AND {kind.cell} = :cell"
    rows = session.execute(
        text(f"{kind.select} WHERE {where} ORDER BY at DESC, id LIMIT :limit"), values
    ).all()
    total = len(rows)
    if total == MOST:
        count = f"SELECT count(*) FROM ({kind.select} WHERE {where}) late"
        total = session.execute(text(count), values).scalar_one()
    return Late(key, kind.title, rows, total)


def _changed(
    session: Session, key: str, values: dict[str, Any], marked: Mapping[str, str | int]
) -> Late:
    kind = CHANGED[key]
    statement = _CHANGES.format(
        areas=_AREAS, late=_SINCE, inside=_INSIDE, names=kind.names, place=kind.place
    )
    asked = {
        "kinds": list(kind.logged),
        "changes": _missing(marked, _LOG),
        "ids": _missing(marked, ADDED[kind.of].table),
    }
    rows = session.execute(text(statement), values | asked).all()
    return Late(key, kind.title, rows, rows[0].total if rows else 0)


def forget_changes(session: Session, days: int) -> int:
    """Delete changes older than some days that no report made before them tells of.

    By day it is the first report of it that counts, so that changes and reports meet by equal days
    and not each with each.

    Returns
    -------
    int
        How many.
    """
    gone = session.execute(
        text("""
            WITH told AS MATERIALIZED (
                SELECT r.first + n AS day, min(r.frozen_at) AS since
                FROM report r CROSS JOIN generate_series(0, r.last - r.first) n
                WHERE r.frozen_at IS NOT NULL GROUP BY 1
            ), gone AS (
                DELETE FROM record_change c WHERE c.at < now() - make_interval(days => :days)
                  AND NOT EXISTS (SELECT FROM told t
                      WHERE t.day = c.old_day AND t.since < c.at + interval '1 day')
                  AND NOT EXISTS (SELECT FROM told t
                      WHERE t.day = c.new_day AND t.since < c.at + interval '1 day')
                RETURNING 1
            ) SELECT count(*) FROM gone
        """),
        {"days": days},
    )
    return int(gone.scalar_one())
