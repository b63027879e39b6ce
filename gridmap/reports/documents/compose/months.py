"""What happened month by month, against the same months of an earlier span."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from gridmap.incidents.months import whole_months
from gridmap.incidents.statistics import Span
from gridmap.reports.documents.compose.draft import Col, Draft
from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.prose import Both, Listing, Value, heading, say, span_shown
from gridmap.reports.structure import Fact

# From the counts by month that triggers keep.
_BY_MONTH = """
    SELECT t.year, m.month,
           sum(t.upto[m.month] - CASE WHEN m.month = 1 THEN 0 ELSE t.upto[m.month - 1] END)
               ::integer AS n
    FROM incident_cell_year t CROSS JOIN generate_series(1, 12) AS m (month)
    WHERE make_date(t.year, m.month, 1) BETWEEN CAST(:first AS date) AND CAST(:last AS date)
      AND {condition}
    GROUP BY t.year, m.month
"""


def monthly(matter: Matter, span: Span) -> dict[date, int]:
    """Count by month; months without any are 0."""
    question = matter.question
    rows = matter.connection.execute(
        text(_BY_MONTH.format(condition=question.condition())),
        question.values() | {"first": span.first.replace(day=1), "last": span.last},
    )
    counted = {date(row.year, row.month, 1): row.n for row in rows}
    found: dict[date, int] = {}
    at = span.first.replace(day=1)
    while at <= span.last:
        found[at] = counted.get(at, 0)
        at = date(at.year + at.month // 12, at.month % 12 + 1, 1)
    return found


def tell(matter: Matter, draft: Draft) -> None:
    """Tell the months of a period that consists of whole ones."""
    if not _is_whole(matter.span) or matter.span.days < 32:
        return
    with matter.ledger.asking(
        "incidents.months",
        say(Both("事件：按月（{now}）", "Incidents by month ({now})"), now=matter.period),
        "dashboard.records",
        matter.page(),
    ):
        now = monthly(matter, matter.span)
        before = monthly(matter, matter.before) if matter.versus.complete else {}
    # As many days right before a quarter begin within a month, of which a part alone would count.
    if not _is_whole(matter.before) or len(before) != len(now):
        before = {}
    draft.head(2, Both("逐月情况", "Month by month"))
    facts = [_month_fact(matter, month, n, "") for month, n in now.items()]
    rows: list[list[Value]] = []
    earlier = list(before.items())
    for at, (month, fact) in enumerate(zip(now, facts, strict=True)):
        row: list[Value] = [f"{month:%Y-%m}", fact]
        if earlier:
            row.append(_month_fact(matter, *earlier[at], ".before"))
        rows.append(row)
    most = max(facts, key=lambda fact: int(fact.value or 0))
    least = min(facts, key=lambda fact: int(fact.value or 0))
    if most.value != least.value:
        draft.text(
            say(
                Both("最多的月份是{month}（{n}起），最少的是{other}（{m}起）。",
                     "Most happened in {month} ({n}), fewest in {other} ({m})."),
                month=_month_name(most), n=most, other=_month_name(least), m=least,
            )
        )  # fmt: skip
    columns = [Col(Both("月份", "Month"), numeric=False), Col(Both("本期", "This period"))]
    if earlier:
        columns.append(Col(heading(matter.versus.name)))
    draft.table(Both("逐月事件", "Incidents by month"), columns, rows)
    series: dict[Both, list[float | None]] = {Both("本期", "This period"): list(now.values())}
    if earlier:
        series[heading(matter.versus.name)] = list(before.values())
    draft.picture(
        "months",
        say(Both("{period}逐月事件", "Incidents by month, {period}"), period=matter.period),
        say(
            Both("折线图：{items}。", "Lines: {items}."),
            items=Listing(
                [say(Both("{m}{n}起", "{m} {n}"), m=f"{month:%Y-%m} ", n=fact)
                 for month, fact in zip(now, facts, strict=True)]
            ),
        ),
        lambda language, atlas: atlas.months(language, list(now), series),
    )  # fmt: skip


def _is_whole(span: Span) -> bool:
    _, edges = whole_months(span.first, span.last)
    return not edges


def _month_fact(matter: Matter, month: date, n: int, suffix: str) -> Fact:
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    last = date.fromordinal(after.toordinal() - 1)
    return matter.ledger.count(
        f"incidents.month.{month:%Y-%m}{suffix}", n, "incidents.months",
        arguments={"from": month, "to": last},
    )  # fmt: skip


def _month_name(fact: Fact) -> Both:
    first = date.fromisoformat(fact.arguments["from"])
    return span_shown(first, date.fromisoformat(fact.arguments["to"]))
