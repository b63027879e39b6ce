"""What plans make due: their periods, their members, and which of both were done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span

Every = Literal["half_month", "month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def period_of(every: Every, day: date) -> Span:
    """Return the period of a plan that a day lies in; half-months part at the 15th."""
    if every == "half_month":
        if day.day <= 15:
            return Span(day.replace(day=1), day.replace(day=15))
        return Span(day.replace(day=16), _after(day.replace(day=1), 1) - timedelta(days=1))
    months = _MONTHS[every]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return Span(first, _after(first, months) - timedelta(days=1))


def periods(every: Every, span: Span) -> list[Span]:
    """Return the periods that end in a span, in their order."""
    found, period = [], period_of(every, span.first)
    while period.last <= span.last:
        found.append(period)
        period = period_of(every, period.last + timedelta(days=1))
    return found


def _after(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


@dataclass(frozen=True)
class Duties:
    """A statement's common table ``duty``, one row for each plan, period and member.

    Its columns: ``plan_id``, ``kind``, ``every``, ``target``, ``starts``, ``ends``, ``member`` (id
    of a cell, place or unit), ``cell_id`` and ``unit_id`` (where it lies, the cell only of cells
    and places), ``n`` (activities that did it, None for none) and ``activity_id`` (one of them).

    Attributes
    ----------
    sql : str
        ``WITH ... duty AS (...)``, to be followed by the select.
    params : dict
    """

    sql: str
    params: dict[str, Any]


# Cells are joined by their code, since one that was redrawn meanwhile is still the same work.
_DUTY = """
    WITH RECURSIVE below AS (
        SELECT p.id AS plan_id, p.unit_id FROM activity_plan p WHERE p.id = ANY(:plan_ids)
        UNION ALL
        SELECT b.plan_id, u.id FROM below b JOIN unit u ON u.parent_id = b.unit_id
    ), own AS (
        SELECT b.plan_id, u.id AS unit_id, u.level FROM below b JOIN unit u ON u.id = b.unit_id
        WHERE {area}
    ), period AS (
        SELECT q.plan_id, q.starts, q.ends, p.kind, p.every, p.target
        FROM unnest(CAST(:of_plans AS bigint[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
            AS q (plan_id, starts, ends)
        JOIN activity_plan p ON p.id = q.plan_id
    ), done AS MATERIALIZED (
        SELECT o.plan_id, period_start(p.every, a.day) AS starts,
               CASE p.target WHEN 'cell' THEN c.code WHEN 'place' THEN a.place_id::text
                    ELSE a.unit_id::text END AS what,
               count(*) AS n, max(a.id) AS activity_id
        FROM own o JOIN activity_plan p ON p.id = o.plan_id
        JOIN activity a ON a.unit_id = o.unit_id AND a.kind = p.kind
            AND a.day BETWEEN :since AND :until
        LEFT JOIN cell c ON c.id = a.cell_id AND p.target = 'cell'
        GROUP BY 1, 2, 3
    ), member AS (
        SELECT o.plan_id, c.id AS member, c.code AS what, c.id AS cell_id, o.unit_id, c.valid
        FROM own o JOIN activity_plan p ON p.id = o.plan_id AND p.target = 'cell'
        JOIN cell c ON c.community_id = o.unit_id AND c.kind <> 'micro'
        UNION ALL
        SELECT o.plan_id, l.id, l.id::text, l.cell_id, o.unit_id, NULL
        FROM own o JOIN activity_plan p ON p.id = o.plan_id AND p.target = 'place'
        JOIN place l ON l.community_id = o.unit_id AND l.kind = p.place_kind
        UNION ALL
        SELECT o.plan_id, o.unit_id, o.unit_id::text, NULL, o.unit_id, NULL
        FROM own o JOIN activity_plan p ON p.id = o.plan_id
        WHERE (p.target = 'community' AND o.level = 'community')
           OR (p.target = 'unit' AND o.unit_id = p.unit_id)
    ), duty AS (
        SELECT d.plan_id, d.kind, d.every, d.target, d.starts, d.ends, m.member, m.cell_id,
               m.unit_id, x.n, x.activity_id
        FROM period d JOIN member m ON m.plan_id = d.plan_id
            AND (m.valid IS NULL OR m.valid @> least(d.ends, CAST(:today AS date)))
        LEFT JOIN done x
            ON x.plan_id = d.plan_id AND x.starts = d.starts AND x.what = m.what
        WHERE {which}
    )
"""


def duties(
    plans: Iterable[Row[Any]],
    span: Span,
    today: date,
    area: str,
    which: str = "true",
) -> Duties:
    """Put together what plans make due in the periods that end in a span.

    Parameters
    ----------
    plans : iterable of rows
        ``id``, ``every``, ``starts`` and ``ends``, see `plans_of`.
    span : Span
    today : date
        Cells count as they are on a period's last day, in a period that is not over as of today.
    area : str
        The SQL condition on units ``u`` that the reader may see; its values are the caller's.
    which : str
        A further condition on periods ``d``, members ``m`` and done work ``x``.
    """
    rows = [
        (plan.id, period.first, period.last)
        for plan in plans
        for period in periods(plan.every, span)
        if period.last >= plan.starts and (plan.ends is None or period.last <= plan.ends)
    ]
    params = {
        "plan_ids": sorted({row[0] for row in rows}),
        "of_plans": [row[0] for row in rows],
        "starts": [row[1] for row in rows],
        "ends": [row[2] for row in rows],
        "since": min((row[1] for row in rows), default=span.first),
        "until": max((row[2] for row in rows), default=span.last),
        "today": today,
    }
    return Duties(_DUTY.format(area=area, which=which), params)


def plans_of(session: Session, kind: str | None = None) -> Sequence[Row[Any]]:
    """Return all plans, or those of a kind, as `duties` takes them."""
    return session.execute(
        text("""
            SELECT id, kind, every, unit_id, target, place_kind, starts, ends
            FROM activity_plan WHERE CAST(:kind AS text) IS NULL OR kind = :kind ORDER BY id
        """),
        {"kind": kind},
    ).all()
