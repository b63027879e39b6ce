"""Reads of indicators: definitions, and counts of units in periods, added up in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.rollup import Counts
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.rights import Actor

Rows = Sequence[Row[Any]]
#: Corrections on one page.
PAGE = 50


@dataclass(frozen=True)
class Asked:
    """A period of an indicator that is counted; ``number`` names it in the answer."""

    indicator: Indicator
    number: int
    span: Span


@dataclass(frozen=True)
class Answer:
    """Counts of a group of units.

    Attributes
    ----------
    first, last : date
        The days that they are of: of what is as its last part, the newest period with entries.
    """

    counts: Counts
    first: date
    last: date


def list_indicators(session: Session, *, retired: bool = False) -> Sequence[Indicator]:
    """Return the definitions by code; those no longer used only if they are asked for."""
    query = select(Indicator).order_by(Indicator.code)
    return session.scalars(query if retired else query.where(Indicator.retired_at.is_(None))).all()


def find_indicator(session: Session, indicator_id: int) -> Indicator:
    """Return a definition.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = session.get(Indicator, indicator_id)
    if found is None:
        raise NotFoundError(Message("There is no indicator with the id {id}.", id=indicator_id))
    return found


def counted(
    session: Session,
    asked: Collection[Asked],
    groups: Mapping[int, int],
    *,
    apart: bool = False,
) -> dict[tuple[int, int, int], Answer]:
    """Add up what was entered, by indicator, period and group of units.

    What is summed over time takes all entries whose period lies within the one asked for. What is
    as its last part takes the newest of these periods in which any of the units has an entry, the
    same for all, so that no sum is made of counts of different days; only where the days are any,
    each unit has its own.

    Parameters
    ----------
    session : Session
    asked : collection of Asked
    groups : mapping of int to int
        The group of each unit; others do not count.
    apart : bool
        Whether the newest period is looked for in each group by itself.

    Returns
    -------
    dict
        By indicator, number of the period, and group; what has no entry is left out.
    """
    rows = session.execute(
        text("""
            WITH g AS (
                SELECT * FROM unnest(CAST(:units AS bigint[]), CAST(:groups AS bigint[]))
                    AS g (unit_id, group_id)
            ), p AS (
                SELECT * FROM unnest(CAST(:indicators AS bigint[]), CAST(:numbers AS integer[]),
                    CAST(:firsts AS date[]), CAST(:lasts AS date[]))
                    AS p (indicator_id, number, first, last)
            ), v AS (
                SELECT p.indicator_id, p.number, g.group_id, v.unit_id, v.first, v.last,
                       v.numerator, v.denominator, i.over_time,
                       max(v.first) OVER (
                           PARTITION BY p.indicator_id, p.number,
                               CASE WHEN i.period_kind = 'any' THEN v.unit_id
                                    WHEN :apart THEN g.group_id END
                       ) AS newest
                FROM p JOIN indicator i ON i.id = p.indicator_id
                JOIN indicator_value v ON v.indicator_id = p.indicator_id
                    AND v.first BETWEEN p.first AND p.last AND v.last <= p.last
                JOIN g ON g.unit_id = v.unit_id
            )
            SELECT indicator_id, number, group_id, sum(numerator) AS numerator,
                   sum(denominator) AS denominator, count(DISTINCT unit_id) AS units,
                   count(*) AS entries, min(first) AS first, max(last) AS last
            FROM v WHERE over_time = 'sum' OR first = newest GROUP BY 1, 2, 3
        """),
        {
            "units": list(groups),
            "groups": list(groups.values()),
            "apart": apart,
            "indicators": [each.indicator.id for each in asked],
            "numbers": [each.number for each in asked],
            "firsts": [each.span.first for each in asked],
            "lasts": [each.span.last for each in asked],
        },
    )
    return {
        (row.indicator_id, row.number, row.group_id): Answer(
            Counts(row.numerator, row.denominator, row.units, row.entries), row.first, row.last
        )
        for row in rows
    }


def newest_periods(
    session: Session, indicators: Iterable[int], units: Collection[int], count: int = 1
) -> dict[int, list[Span]]:
    """Return the newest periods for which an indicator has entries, the newest first.

    Periods are found one by one along the index, so that old entries are not read.
    """
    rows = session.execute(
        text("""
            WITH RECURSIVE step AS (
                SELECT i.id AS indicator_id, 0 AS number, CAST('infinity' AS date) AS first,
                       CAST(NULL AS date) AS last
                FROM unnest(CAST(:indicators AS bigint[])) AS i (id)
                UNION ALL
                SELECT s.indicator_id, s.number + 1, v.first, v.last FROM step s
                CROSS JOIN LATERAL (
                    SELECT v.first, v.last FROM indicator_value v
                    WHERE v.indicator_id = s.indicator_id AND v.first < s.first
                      AND v.unit_id = ANY(:units)
                    ORDER BY v.first DESC, v.last DESC LIMIT 1
                ) v WHERE s.number < :count
            ) SELECT indicator_id, first, last FROM step WHERE number > 0
            ORDER BY indicator_id, number
        """),
        {"indicators": list(indicators), "units": list(units), "count": count},
    )
    found: dict[int, list[Span]] = {}
    for row in rows:
        found.setdefault(row.indicator_id, []).append(Span(row.first, row.last))
    return found


def entries(session: Session, indicator_id: int, span: Span, units: Collection[int]) -> Rows:
    """Return what is entered for exactly one period: unit, counts, version, and who entered it."""
    return session.execute(
        text("""
            SELECT unit_id, numerator, denominator, version, entered_at, user_name
            FROM indicator_value WHERE indicator_id = :indicator AND first = :first
              AND last = :last AND unit_id = ANY(:units)
        """),
        {"indicator": indicator_id, "first": span.first, "last": span.last, "units": list(units)},
    ).all()


def corrections(
    session: Session, actor: Actor, indicator_id: int, page: int = 1, limit: int = PAGE
) -> tuple[Rows, int]:
    """Return a page of what was corrected in the actor's area, the newest first, and how many."""
    where = f"c.indicator_id = :indicator AND {unit_condition(actor, 'c.unit_id')}"
    values = {"indicator": indicator_id, **unit_params(actor)}
    rows = session.execute(
        text(f"""
            SELECT c.id, c.first, c.last, c.numerator_before, c.denominator_before, c.numerator,
                   c.denominator, c.reason, c.at, c.user_name, u.name, u.name_en
            FROM indicator_change c JOIN unit u ON u.id = c.unit_id
            WHERE {where} ORDER BY c.id DESC LIMIT :limit OFFSET :offset
        """),
        {**values, "limit": limit, "offset": (page - 1) * limit},
    ).all()
    total = session.execute(
        text(f"SELECT count(*) FROM indicator_change c WHERE {where}"), values
    ).scalar_one()
    return rows, total


def outlines(session: Session, units: Collection[int]) -> str:
    """Return the outlines of units as GeoJSON with their ids, as fine as a map of them shows."""
    made: str = session.execute(
        text("""
            WITH chosen AS (SELECT id, geom FROM unit WHERE id = ANY(:units) AND geom IS NOT NULL),
            extent AS (SELECT ST_Extent(geom) AS box FROM chosen)
            SELECT '{"type":"FeatureCollection","features":[' || coalesce(string_agg(
                '{"type":"Feature","id":' || id || ',"properties":{},"geometry":'
                    || ST_AsGeoJSON(ST_SimplifyPreserveTopology(
                        geom, greatest(ST_XMax(box) - ST_XMin(box), 0.001) / 2500), 5)
                    || '}', ',' ORDER BY id), '') || ']}'
            FROM chosen, extent
        """),
        {"units": list(units)},
    ).scalar_one()
    return made
