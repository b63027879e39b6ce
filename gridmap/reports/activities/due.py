"""What plans make due: their periods, their members, and which of both were done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.activities.queries import PAGE, units_below
from gridmap.workforce.areas import unit_condition, unit_params
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Actor

Every = Literal["half_month", "month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
#: So long somebody's own page shows what was not done in time.
OVERDUE_DAYS = 31
_STATE = """CASE WHEN duty.n > 0 THEN 'done' WHEN duty.ends < :today THEN 'overdue'
    ELSE 'open' END"""
_NAMED = f"""duty.*, {_STATE} AS state, u.name AS unit, u.name_en AS unit_en, c.code AS cell,
    c.name AS cell_name, l.name AS place"""
_NAMES = """JOIN unit u ON u.id = duty.unit_id LEFT JOIN cell c ON c.id = duty.cell_id
    LEFT JOIN place l ON l.id = duty.member AND duty.target = 'place'"""


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


# Cells are paired with what was done by their code, since one that was redrawn meanwhile is still
# the same work. They are grouped and not joined: the planner knows nothing of how many there are,
# and would at times compare each with each.
_DUTY = """
    WITH RECURSIVE below AS (
        SELECT p.id AS plan_id, p.unit_id FROM activity_plan p WHERE p.id = ANY(:plan_ids)
        UNION ALL
        SELECT b.plan_id, u.id FROM below b JOIN unit u ON u.parent_id = b.unit_id
    ), own AS (
        SELECT b.plan_id, u.id AS unit_id, u.level FROM below b JOIN unit u ON u.id = b.unit_id
        WHERE {area}
    ), period AS (
        SELECT q.plan_id, q.starts, q.ends
        FROM unnest(CAST(:of_plans AS bigint[]), CAST(:starts AS date[]), CAST(:ends AS date[]))
            AS q (plan_id, starts, ends)
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
    ), paired AS (
        SELECT plan_id, starts, max(ends) AS ends, max(member) AS member, max(cell_id) AS cell_id,
               max(unit_id) AS unit_id, max(n) AS n, max(activity_id) AS activity_id
        FROM (
            SELECT d.plan_id, d.starts, d.ends, m.member, m.what, m.cell_id, m.unit_id,
                   CAST(NULL AS bigint) AS n, CAST(NULL AS bigint) AS activity_id
            FROM period d JOIN member m ON m.plan_id = d.plan_id
                AND (m.valid IS NULL OR m.valid @> least(d.ends, CAST(:today AS date)))
            UNION ALL
            SELECT plan_id, starts, NULL, NULL, what, NULL, NULL, n, activity_id FROM done
        ) AS both_sides
        GROUP BY plan_id, starts, what HAVING max(member) IS NOT NULL
    ), duty AS (
        SELECT d.*, p.kind, p.every, p.target
        FROM paired d JOIN activity_plan p ON p.id = d.plan_id WHERE {which}
    )
"""


def duties(
    plans: Iterable[Row[Any]],
    span: Span,
    now: date,
    area: str,
    which: str = "true",
    *,
    begun: bool = False,
) -> Duties:
    """Put together what plans make due in the periods that end in a span.

    Parameters
    ----------
    plans : iterable of rows
        ``id``, ``every``, ``starts`` and ``ends``, see `plans_of`.
    span : Span
    now : date
        The present day. Cells count as they are on a period's last day, or now if that is to come.
    area : str
        The SQL condition on units ``u`` that the reader may see; its values are the caller's.
    which : str
        A further condition on rows ``d`` of `Duties` and their plans ``p``.
    begun : bool
        Leave out the periods that have not begun.
    """
    rows = [
        (plan.id, period.first, period.last)
        for plan in plans
        for period in periods(plan.every, span)
        if period.last >= plan.starts
        and (plan.ends is None or period.last <= plan.ends)
        and not (begun and period.first > now)
    ]
    params = {
        "plan_ids": sorted({row[0] for row in rows}),
        "of_plans": [row[0] for row in rows],
        "starts": [row[1] for row in rows],
        "ends": [row[2] for row in rows],
        "since": min((row[1] for row in rows), default=span.first),
        "until": max((row[2] for row in rows), default=span.last),
        "today": now,
    }
    return Duties(_DUTY.format(area=area, which=which), params)


@dataclass(frozen=True)
class DueWanted:
    """Which duties a list shows, of periods that end from ``since`` to ``until`` and have begun.

    Attributes
    ----------
    unit_id : int or None
        A unit, with all units below it.
    state : {"", "overdue", "open", "done", "past"}
        Past and not done; under way and not done; done; all but those under way, of which figures
        tell.
    until : date or None
        At most, and without it, a year from now.
    """

    since: date
    kind: str | None = None
    unit_id: int | None = None
    state: str = ""
    until: date | None = None


@dataclass(frozen=True)
class DueCounts:
    """How many duties there are, by their state."""

    done: int
    open: int
    overdue: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.done + self.open + self.overdue

    @property
    def past(self) -> int:
        """All but those under way."""
        return self.done + self.overdue


def list_due(
    session: Session,
    actor: Actor,
    now: date,
    wanted: DueWanted,
    *,
    limit: int = PAGE,
    offset: int = 0,
) -> Sequence[Row[Any]]:
    """List what is due in the actor's area on a day, the overdue first, then by its last day.

    Returns
    -------
    sequence of rows
        Those of `Duties` with ``state``, the ``unit``, ``unit_en``, ``cell``, ``cell_name`` and
        ``place`` by name.
    """
    asked, params = _asked(session, actor, now, wanted)
    return session.execute(
        text(f"""
            {asked.sql} SELECT {_NAMED} FROM duty {_NAMES}
            WHERE (:state = '' OR {_STATE} = :state OR :state = 'past' AND {_STATE} <> 'open')
            ORDER BY array_position(ARRAY['overdue', 'open', 'done'], {_STATE}), duty.ends, u.code,
                     c.code, l.name, duty.plan_id, duty.member
            LIMIT :limit OFFSET :offset
        """),
        {**params, "state": wanted.state, "limit": limit, "offset": offset},
    ).all()


def count_due(session: Session, actor: Actor, now: date, wanted: DueWanted) -> DueCounts:
    """Count what `list_due` lists, whatever the state that is wanted."""
    asked, params = _asked(session, actor, now, wanted)
    rows = session.execute(
        text(f"{asked.sql} SELECT {_STATE} AS state, count(*) AS n FROM duty GROUP BY 1"), params
    )
    found = {row.state: row.n for row in rows}
    return DueCounts(**{state: found.get(state, 0) for state in ("done", "open", "overdue")})


def own_duties(session: Session, cells: Collection[int], limit: int = 60) -> Sequence[Row[Any]]:
    """List what somebody has to do now who answers for cells: not done, under way or just overdue.

    What is planned for a whole community is everybody's who answers for a cell there.

    Returns
    -------
    sequence of rows
        As `list_due`.
    """
    communities = session.scalars(
        text("SELECT DISTINCT community_id FROM cell WHERE id = ANY(:cells)"),
        {"cells": sorted(cells)},
    ).all()
    now = today(session)
    span = Span(now - timedelta(days=OVERDUE_DAYS), now + timedelta(days=366))
    asked = duties(
        plans_of(session), span, now, "u.id = ANY(:communities)",
        "d.n IS NULL AND (d.cell_id = ANY(:cells) OR (d.cell_id IS NULL AND p.target <> 'place'))",
        begun=True,
    )  # fmt: skip
    return session.execute(
        text(f"""
            {asked.sql} SELECT {_NAMED} FROM duty {_NAMES}
            ORDER BY duty.ends, duty.cell_id, l.name, duty.plan_id LIMIT :limit
        """),
        {
            **asked.params, "cells": sorted(cells), "communities": list(communities),
            "limit": limit,
        },
    ).all()  # fmt: skip


def _asked(
    session: Session, actor: Actor, now: date, wanted: DueWanted
) -> tuple[Duties, dict[str, Any]]:
    latest = now + timedelta(days=366)
    asked = duties(
        plans_of(session, wanted.kind),
        Span(wanted.since, min(wanted.until or latest, latest)),
        now,
        f"{unit_condition(actor, 'u.id')} AND (CAST(:chosen AS bigint[]) IS NULL "
        "OR u.id = ANY(:chosen))",
        begun=True,
    )
    chosen = None if wanted.unit_id is None else units_below(session, wanted.unit_id)
    return asked, {**asked.params, **unit_params(actor), "chosen": chosen}


def plans_of(session: Session, kind: str | None = None) -> Sequence[Row[Any]]:
    """Return all plans, or those of a kind, as `duties` takes them."""
    return session.execute(
        text("""
            SELECT id, kind, every, unit_id, target, place_kind, starts, ends
            FROM activity_plan WHERE CAST(:kind AS text) IS NULL OR kind = :kind ORDER BY id
        """),
        {"kind": kind},
    ).all()
