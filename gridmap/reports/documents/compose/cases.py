"""Cases: how many were due, closed, and closed in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import text

from gridmap.incidents.cases.filters import Wanted
from gridmap.incidents.cases.rates import Rates, rates
from gridmap.incidents.statistics import Span
from gridmap.reports.documents.compose.draft import Draft
from gridmap.reports.documents.compose.matter import Matter, is_complete
from gridmap.reports.documents.compose.prose import Both, Value, say, span_shown
from gridmap.reports.structure import Fact

TITLE = Both("案件办理", "Cases")


def write(matter: Matter, draft: Draft) -> None:
    """Tell of the cases that were due in the period."""
    draft.head(1, TITLE, "cases")
    oldest = matter.connection.execute(
        text("SELECT local_date(min(due_at)) FROM incident_case")
    ).scalar_one()
    if oldest is None or oldest > matter.span.last:
        draft.nothing(TITLE, Both("本期没有应结案件。", "No cases were due in this period."))
        return
    counted = _counted(matter, "cases", matter.span)
    if not counted.due:
        draft.nothing(TITLE, Both("本期没有应结案件。", "No cases were due in this period."))
        return
    draft.text(_told(matter, "cases", counted), *_before(matter, oldest))


def _counted(matter: Matter, key: str, span: Span) -> Rates:
    asked = {
        "unit": matter.area.id, "state": "any", "due_since": span.first, "due_until": span.last,
    }  # fmt: skip
    wanted = Wanted(state=None)
    if matter.cell_id is not None:
        asked["cell"] = matter.cell_id
        wanted = replace(wanted, cell=matter.cell_id)
    title = say(
        Both("应结案件（期限在{span}内）", "Cases due, whose deadline lies in {span}"),
        span=span_shown(span.first, span.last),
    )
    with matter.ledger.asking(key, title, "cases.index", asked) as source:
        counted = rates(matter.session, matter.actor, span.first, span.last, wanted, now=matter.now)
        source.records = counted.due
    return counted


def _facts(matter: Matter, key: str, counted: Rates) -> tuple[Fact, Fact, Fact, Fact, Fact]:
    ledger = matter.ledger
    due = ledger.count(f"{key}.due", counted.due, key)
    closed = ledger.count(f"{key}.closed", counted.closed, key, arguments={"outcome": "closed"})
    on_time = ledger.count(f"{key}.on_time", counted.on_time, key, arguments={"outcome": "on_time"})
    return (
        due,
        closed,
        on_time,
        ledger.rate(f"{key}.closed_rate", closed, due, of_few=True),
        ledger.rate(f"{key}.on_time_rate", on_time, due, of_few=True),
    )


def _told(matter: Matter, key: str, counted: Rates) -> Value:
    due, closed, on_time, closed_rate, on_time_rate = _facts(matter, key, counted)
    return say(
        Both(
            "应结案{due}件，已结案{closed}件，结案率{closed_rate}；按期结案{on_time}件，"
            "按期结案率{on_time_rate}。",
            "{due:case was|cases were} due; {closed:has|have} been closed ({closed_rate}), "
            "{on_time} on time ({on_time_rate}).",
        ),
        due=due, closed=closed, closed_rate=closed_rate, on_time=on_time,
        on_time_rate=on_time_rate,
    )  # fmt: skip


def _before(matter: Matter, oldest: date) -> list[Value]:
    """Set the rates beside those of the earlier span, if cases go back so far."""
    if not is_complete(matter.before, oldest):
        return []
    earlier = _counted(matter, "cases.before", matter.before)
    if not earlier.due:
        return []
    due, closed, _, closed_rate, on_time_rate = _facts(matter, "cases.before", earlier)
    return [
        say(
            Both(
                "{versus}应结案{due}件，已结案{closed}件，结案率{closed_rate}，按期结案率"
                "{on_time_rate}。",
                "In {versus} {due:was|were} due and {closed} closed ({closed_rate}), "
                "{on_time_rate} on time.",
            ),
            versus=matter.versus.name, due=due, closed=closed, closed_rate=closed_rate,
            on_time_rate=on_time_rate,
        )
    ]  # fmt: skip
