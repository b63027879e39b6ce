"""Incidents counted over a span of days: by cell, category, day and hour, against another span.

Whole months come from the counts by cell and month that triggers keep, those of categories from
the pyramid of the map, and the days at the edges from the rows. What neither of them knows is
counted by the index on `occurred_at`, which holds all that is counted by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text

from gridmap.incidents.months import Months, whole_months
from gridmap.incidents.near import INCIDENTS
from gridmap.territory.scope import Scope

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class Clock:
    """The town's time.

    Attributes
    ----------
    zone : ZoneInfo
    today : date
    newest : date or None
        The local day of the newest incident that is not in the future.
    """

    zone: ZoneInfo
    today: date
    newest: date | None


@dataclass(frozen=True)
class Span:
    """Local days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the moment at which it begins, and the one at which it is over."""
        after = self.last + timedelta(days=1)
        return _midnight(self.first, zone), _midnight(after, zone)


@dataclass(frozen=True)
class Question:
    """Which incidents are counted.

    Attributes
    ----------
    scope : Scope
        The reader's area, or the part of it that is looked at; everything also holds what lies
        outside all communities.
    span : Span
    zone : ZoneInfo
    cells : tuple of int, optional
        Only what happened in these cells.
    """

    scope: Scope
    span: Span
    zone: ZoneInfo
    cells: tuple[int, ...] | None = None

    def condition(self) -> str:
        """Return the condition on rows ``t``, but for their time."""
        own = "true" if self.cells is None else "t.cell_id = ANY(:cells)"
        return f"{self.scope.condition('t.community_id')} AND {own}"

    def values(self, before: Span | None = None) -> dict[str, Any]:
        """Return the values of the condition and the moments of one span or two."""
        first, after = self.span.moments(self.zone)
        values = {"first": first, "after": after, **self.scope.params}
        if self.cells is not None:
            values["cells"] = list(self.cells)
        if before is not None:
            # Moments as values, for then the planner knows how few rows fit.
            values["before_first"], values["before_after"] = before.moments(self.zone)
        return values


_IN = "t.occurred_at >= :first AND t.occurred_at < :after"
#: The counts of both spans. The one before lies before, so one comparison tells to which of the
#: two a row belongs.
TWO = """
    count(*) FILTER (WHERE t.occurred_at >= :first)::integer AS n,
    count(*) FILTER (WHERE t.occurred_at < :before_after)::integer AS before
    FROM incident t WHERE t.occurred_at >= :before_first AND t.occurred_at < :after"""


#: Runs of months, each of the span asked for (`now`) or of the one before.
MONTHS = """unnest(
    CAST(:years AS smallint[]), CAST(:befores AS integer[]), CAST(:uptos AS integer[]),
    CAST(:nows AS boolean[])) AS s (year, before, upto, now)"""


@dataclass(frozen=True)
class Spans:
    """How one span or two are put together from whole months and the days at their edges.

    Attributes
    ----------
    months : str
        What is selected from stored counts ``t`` joined with `MONTHS`: ``n`` and ``before``.
    edges : list of str
        What is selected from incidents ``t``, with its condition, for each edge.
    values : dict
        Of the question, the months and the edges.
    """

    months: str
    edges: list[str]
    values: dict[str, Any]

    @classmethod
    def of(cls, question: Question, before: Span | None) -> Spans:
        """Divide the span of a question, and one before it if there is any."""
        run = "t.upto[s.upto] - coalesce(t.upto[s.before], 0)"
        selected = ", ".join(
            f"coalesce(sum({run}) FILTER (WHERE {which}), 0) AS {name}"
            for name, which in (("n", "s.now"), ("before", "NOT s.now"))
        )
        months: list[tuple[Months, bool]] = []
        edges: list[str] = []
        values = question.values()
        for now, span in ((True, question.span), (False, before)):
            if span is None:
                continue
            whole, partial = whole_months(span.first, span.last)
            months += [(run_of, now) for run_of in whole]
            for edge in partial:
                name = f"edge{len(edges)}"
                # Moments as values, for then the planner knows how few rows fit.
                values[f"{name}_from"] = _midnight(edge.start, question.zone)
                values[f"{name}_to"] = _midnight(edge.end, question.zone)
                count = f"{edge.sign} * count(*)"
                edges.append(
                    f"{count if now else 0} AS n, {0 if now else count} AS before FROM incident t "
                    f"WHERE t.occurred_at >= :{name}_from AND t.occurred_at < :{name}_to"
                )
        values |= {
            "years": [run_of.year for run_of, _ in months],
            "befores": [run_of.before for run_of, _ in months],
            "uptos": [run_of.upto for run_of, _ in months],
            "nows": [now for _, now in months],
        }
        return cls(selected, edges, values)


def clock(connection: Connection) -> Clock:
    """Tell the town's date and the day of its newest incident."""
    zone, today, newest = connection.execute(
        text("""
            SELECT time_zone, local_date(now()), local_date(
                (SELECT max(occurred_at) FROM incident WHERE occurred_at < now()))
            FROM territory_settings
        """)
    ).one()
    return Clock(ZoneInfo(zone), today, newest)


def total(connection: Connection, question: Question) -> int:
    """Count the incidents of a question."""
    if question.cells is not None:
        statement = f"SELECT count(*) FROM incident t WHERE {_IN} AND {question.condition()}"  # noqa: S608
        return int(connection.execute(text(statement), question.values()).scalar_one())
    of = Spans.of(question, None)
    statement = f"SELECT sum(n)::integer FROM ({_by_cell_parts(question, of)}) AS parts"  # noqa: S608
    return int(connection.execute(text(statement), of.values).scalar_one() or 0)


def by_cell(connection: Connection, question: Question, before: Span | None) -> Rows:
    """Count for each cell, in the span asked for and in one that lies before it, if any.

    Returns
    -------
    sequence of rows
        ``cell_id`` and ``community_id`` (None outside all), ``n`` and ``before``.
    """
    of = Spans.of(question, before)
    statement = f"""
        SELECT cell_id, community_id, sum(n)::integer AS n, sum(before)::integer AS before
        FROM ({_by_cell_parts(question, of)}) AS parts
        GROUP BY cell_id, community_id HAVING sum(n) > 0 OR sum(before) > 0
    """  # noqa: S608
    return connection.execute(text(statement), of.values).all()


def by_community(
    connection: Connection, question: Question, before: Span, most: int
) -> tuple[Rows, Rows]:
    """Count for each community, and name the cells with the most; both rows as `by_cell`.

    Parameters
    ----------
    connection : Connection
    question : Question
    before : Span
    most : int
        How many cells.

    Returns
    -------
    communities : sequence of rows
        Their ``cell_id`` is None.
    busiest : sequence of rows
        The most first.
    """
    of = Spans.of(question, before)
    statement = f"""
        WITH cells AS MATERIALIZED (
            SELECT cell_id, community_id, sum(n)::integer AS n, sum(before)::integer AS before
            FROM ({_by_cell_parts(question, of)}) AS parts
            GROUP BY cell_id, community_id HAVING sum(n) > 0 OR sum(before) > 0
        ), busiest AS (
            SELECT * FROM cells WHERE cell_id IS NOT NULL AND n > 0
            ORDER BY n DESC, cell_id LIMIT :most
        )
        SELECT NULL::bigint AS cell_id, community_id, sum(n)::integer AS n,
               sum(before)::integer AS before FROM cells GROUP BY community_id
        UNION ALL SELECT * FROM busiest
    """  # noqa: S608
    rows = connection.execute(text(statement), of.values | {"most": most}).all()
    busiest = sorted((row for row in rows if row.cell_id), key=lambda row: (-row.n, row.cell_id))
    return [row for row in rows if row.cell_id is None], busiest


def _by_cell_parts(question: Question, of: Spans) -> str:
    months = f"""
        SELECT nullif(t.cell_id, 0) AS cell_id, nullif(t.community_id, 0) AS community_id,
               {of.months} FROM incident_cell_year t JOIN {MONTHS} USING (year)
        WHERE {question.condition()} GROUP BY t.cell_id, t.community_id"""  # noqa: S608
    edges = [
        f"SELECT t.cell_id, t.community_id, {edge} AND {question.condition()} "
        "GROUP BY t.cell_id, t.community_id"
        for edge in of.edges
    ]
    return " UNION ALL ".join([months, *edges])


@dataclass(frozen=True)
class Times:
    """Counts by local time.

    Attributes
    ----------
    days : dict of date to int
        Days with incidents.
    hours : list of list of int
        Seven weekdays from Monday, 24 hours each.
    """

    days: Mapping[date, int]
    hours: Sequence[Sequence[int]]

    @property
    def total(self) -> int:
        """Return how many there are in all."""
        return sum(self.days.values())


def by_time(connection: Connection, question: Question) -> Times:
    """Count by local day, and by weekday and hour."""
    if question.scope.communities is None and question.cells is None:
        return _by_stored_days(connection, question.span)
    # No zone's offset is finer than a quarter of an hour; some thousands of quarters are turned
    # into local time more quickly than some hundred thousands of incidents.
    statement = f"""
        WITH quarters AS MATERIALIZED (
            SELECT date_bin('15 minutes', t.occurred_at, timestamptz '2000-01-01 00:00+00') AS bin,
                   count(*) AS n
            FROM incident t WHERE {_IN} AND {question.condition()} GROUP BY 1
        )
        SELECT moment::date AS day, extract(isodow FROM moment)::integer AS weekday,
               extract(hour FROM moment)::integer AS hour, sum(n)::integer AS n
        FROM (SELECT bin AT TIME ZONE :zone AS moment, n FROM quarters) AS local
        GROUP BY GROUPING SETS ((moment::date),
            (extract(isodow FROM moment)::integer, extract(hour FROM moment)::integer))
    """  # noqa: S608
    days: dict[date, int] = {}
    hours = [[0] * 24 for _ in range(7)]
    rows = connection.execute(text(statement), question.values() | {"zone": question.zone.key})
    for day, weekday, hour, n in rows:
        if day is None:
            hours[weekday - 1][hour] = n
        else:
            days[day] = n
    return Times(dict(sorted(days.items())), hours)


def _by_stored_days(connection: Connection, span: Span) -> Times:
    """Take the hours of each day from the counts that triggers keep for the whole territory."""
    rows = connection.execute(
        text("""
            SELECT day, hours, (SELECT sum(n) FROM unnest(hours) AS n) AS total FROM incident_day
            WHERE day BETWEEN :first AND :last ORDER BY day
        """),
        {"first": span.first, "last": span.last},
    ).all()
    hours = [[0] * 24 for _ in range(7)]
    for row in rows:
        weekday = row.day.weekday()
        hours[weekday] = [a + b for a, b in zip(hours[weekday], row.hours, strict=True)]
    return Times({row.day: int(row.total) for row in rows if row.total}, hours)


def by_month(
    connection: Connection, question: Question, near: int | None = None
) -> dict[date, int]:
    """Count by local month; months without any are 0.

    Parameters
    ----------
    connection : Connection
    question : Question
    near : int, optional
        Only what lies near this building, see `gridmap.incidents.near`.

    Returns
    -------
    dict of date to int
        By the first day of each month of the span, in order.
    """
    statement = f"""
        SELECT date_trunc('month', t.occurred_at AT TIME ZONE :zone)::date, count(*)
        FROM {"incident t" if near is None else INCIDENTS}
        WHERE {_IN} AND {question.condition()} GROUP BY 1
    """  # noqa: S608
    values = question.values() | {"zone": question.zone.key}
    if near is not None:
        values["building"] = near
    found = connection.execute(text(statement), values)
    counted = {month: int(n) for month, n in found}
    month, months = question.span.first.replace(day=1), {}
    while month <= question.span.last:
        months[month] = counted.get(month, 0)
        month = (month + timedelta(days=32)).replace(day=1)
    return months


def months_before(day: date, months: int) -> date:
    """Return the first day of the month so many months before that of a day."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
