"""The incidents behind a figure, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from gridmap.incidents import near
from gridmap.incidents.statistics import Question

PAGE = 50


@dataclass(frozen=True)
class Narrowing:
    """What of a question's incidents is looked at.

    Attributes
    ----------
    categories : tuple of str
        The codes of categories, of which one must fit; those below them are meant too.
    without : tuple of str
        The codes of categories that are left out, with those below them.
    weekdays, hours : tuple of int
        1 (Monday) to 7 and 0 to 23, in local time, of which one must fit.
    without_communities, without_cells : tuple of int
        What happened in these is left out; what happened outside all of them stays.
    outside : bool
        Only what lies outside all communities.
    building : int, optional
        Only what lies near a building, see `gridmap.incidents.near`; that its reader may know the
        building is for the caller to see to.
    """

    categories: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    without_communities: tuple[int, ...] = ()
    without_cells: tuple[int, ...] = ()
    outside: bool = False
    building: int | None = None


_BELOW = """(
    WITH RECURSIVE below AS (
        SELECT id FROM category WHERE code = ANY(:{codes})
        UNION SELECT k.id FROM category k JOIN below b ON k.parent_id = b.id
    ) SELECT id FROM below)"""


def find_records(
    connection: Connection,
    question: Question,
    narrowing: Narrowing,
    after: tuple[datetime, int] | None = None,
) -> Sequence[Row[Any]]:
    """List a page of incidents, the newest first, and one more if there is another page.

    Parameters
    ----------
    connection : Connection
    question : Question
    narrowing : Narrowing
    after : tuple of (datetime, int), optional
        Time and id of the last incident of the page before.

    Returns
    -------
    sequence of rows
        ``id``, ``occurred_at``, ``local`` (the local time), ``category`` and ``category_en``,
        ``cell_id``, ``cell`` (its code), ``community``, ``community_en``, ``lon``, ``lat``; up to
        `PAGE` + 1.
    """
    source, where, values = _chosen(question, narrowing)
    if after is not None:
        where += " AND (t.occurred_at, t.id) < (:page_at, :page_id)"
        values |= {"page_at": after[0], "page_id": after[1]}
    # Reading from the newest back would pass over nearly all incidents for a single hour's.
    fence = "" if source == _ALL else "OFFSET 0"
    statement = f"""
        WITH page AS MATERIALIZED (
            SELECT t.* FROM (SELECT t.* FROM {source} WHERE {where} {fence}) AS t
            ORDER BY t.occurred_at DESC, t.id DESC LIMIT {PAGE + 1}
        )
        SELECT p.id, p.occurred_at, p.occurred_at AT TIME ZONE :zone AS local,
               k.name AS category, k.name_en AS category_en, p.cell_id, c.code AS cell,
               u.name AS community, u.name_en AS community_en,
               ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat
        FROM page p JOIN category k ON k.id = p.category_id
        LEFT JOIN cell c ON c.id = p.cell_id LEFT JOIN unit u ON u.id = p.community_id
        ORDER BY p.occurred_at DESC, p.id DESC
    """  # noqa: S608
    return connection.execute(text(statement), values).all()


def count_records(connection: Connection, question: Question, narrowing: Narrowing) -> int:
    """Count all incidents of the list."""
    source, where, values = _chosen(question, narrowing)
    statement = f"SELECT count(*) FROM {source} WHERE {where}"  # noqa: S608
    return int(connection.execute(text(statement), values).scalar_one())


_ALL = "incident t"
#: Of more hours of the day all incidents are read: their ranges would hold most of them.
_FEW_HOURS = 6
# Of a year only an hour of 52 days is read. It is longer at both ends than it must be, for a clock
# that is turned back shows an hour twice; to which hour a row belongs is then compared exactly, so
# that none is found in two.
_MOMENTS = """(
    SELECT day + make_interval(hours => hour) AS local,
           (day + make_interval(hours => hour)) AT TIME ZONE :zone - interval '1 hour' AS first,
           (day + make_interval(hours => hour)) AT TIME ZONE :zone + interval '2 hours' AS after
    FROM generate_series(CAST(:first_day AS timestamp), CAST(:last_day AS timestamp),
                         interval '1 day') AS day CROSS JOIN unnest(CAST(:hours AS int[])) AS hour
    WHERE extract(isodow FROM day) = ANY(:weekdays)
) AS m CROSS JOIN LATERAL (
    SELECT * FROM incident i WHERE i.occurred_at >= m.first AND i.occurred_at < m.after
      AND date_trunc('hour', i.occurred_at AT TIME ZONE :zone) = m.local
) AS t"""
_ANY = {
    "categories": f"t.category_id IN {_BELOW.format(codes='categories')}",
    "without": f"t.category_id NOT IN {_BELOW.format(codes='without')}",
    "weekdays": "extract(isodow FROM t.occurred_at AT TIME ZONE :zone) = ANY(:weekdays)",
    "hours": "extract(hour FROM t.occurred_at AT TIME ZONE :zone) = ANY(:hours)",
    "without_communities": "(t.community_id = ANY(:without_communities)) IS NOT TRUE",
    "without_cells": "(t.cell_id = ANY(:without_cells)) IS NOT TRUE",
}


def _chosen(question: Question, narrowing: Narrowing) -> tuple[str, str, dict[str, Any]]:
    """Return what rows ``t`` are taken from, their condition and its values."""
    values = question.values() | {"zone": question.zone.key}
    source = _ALL
    parts = ["t.occurred_at >= :first AND t.occurred_at < :after", question.condition()]
    if narrowing.building is not None:
        source = near.INCIDENTS
        values["building"] = narrowing.building
    elif 0 < len(narrowing.hours) <= _FEW_HOURS:
        source = _MOMENTS
        values |= {
            "first_day": question.span.first, "last_day": question.span.last,
            "weekdays": list(range(1, 8)),
        }  # fmt: skip
    for name, condition in _ANY.items():
        if wanted := getattr(narrowing, name):
            parts.append(condition)
            values[name] = list(wanted)
    if narrowing.outside:
        parts.append("t.community_id IS NULL")
    return source, " AND ".join(parts), values
