"""Disputes: received, settled, and at which level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from gridmap.reports.documents.compose.comparing import change_told
from gridmap.reports.documents.compose.draft import Draft
from gridmap.reports.documents.compose.kinds import DISPUTES, read_tree, tops
from gridmap.reports.documents.compose.matter import Matter, is_complete
from gridmap.reports.documents.compose.prose import Both, Listing, Phrase, Value, say
from gridmap.reports.structure import Fact

TITLE = Both("矛盾纠纷排查化解", "Disputes")
#: Where the settled ones were: on the spot first, then the community, then the town.
LEVELS: Mapping[str, Both] = {
    "cell": Both("现场", "on the spot"),
    "community": Both("社区调解室", "in the community's mediation room"),
    "town": Both("街镇综治中心", "in the town's governance centre"),
}
_CASES = Both("件", "")

# A dispute is received in the period in which its case was opened; what is settled later counts
# as settled, as of now. One that was withdrawn is nobody's to settle.
_COUNTED = """
    WITH span AS (
        SELECT CAST(:first AS date)::timestamp AT TIME ZONE time_zone AS begins,
               (CAST(:last AS date) + 1)::timestamp AT TIME ZONE time_zone AS ends
        FROM territory_settings
    )
    SELECT count(*) AS received, count(*) FILTER (WHERE c.step = 'closed') AS settled,
           count(*) FILTER (WHERE c.step = 'closed' AND c.level = 'cell') AS cell,
           count(*) FILTER (WHERE c.step = 'closed' AND c.level = 'community') AS community,
           count(*) FILTER (WHERE c.step = 'closed' AND c.level = 'town') AS town
    FROM incident_case c, span
    WHERE c.category_id = ANY(:categories) AND c.step <> 'withdrawn'
      AND c.opened_at >= span.begins AND c.opened_at < span.ends AND {where}
"""
_OLDEST = """
    SELECT local_date(min(opened_at)) FROM incident_case WHERE category_id = ANY(:categories)
"""


def write(matter: Matter, draft: Draft) -> None:
    """Tell of the disputes of the period."""
    draft.head(1, TITLE, "disputes")
    tree = read_tree(matter.connection)
    disputes = tree.of_kind(DISPUTES)
    values: dict[str, Any] = {"categories": [each.id for each in disputes]}
    oldest = matter.connection.execute(text(_OLDEST), values).scalar_one()
    if oldest is None or oldest > matter.span.last:
        draft.nothing(
            TITLE, Both("没有矛盾纠纷的案件记录。", "No cases of disputes are on record.")
        )
        return
    scope = matter.area.scope
    where = scope.condition("c.community_id")
    if matter.cell_id is not None:
        where += " AND c.cell_id = :cell"
        values["cell"] = matter.cell_id
    values |= scope.params
    counted = text(_COUNTED.format(where=where))
    asked = {
        "unit": matter.area.id, "state": "any", "since": matter.span.first,
        "until": matter.span.last, "outcome": "valid",
        "category": [each.code for each in tops(disputes)],
    }  # fmt: skip
    if matter.cell_id is not None:
        asked["cell"] = matter.cell_id
    title = Both("矛盾纠纷：受理与化解", "Disputes received and settled")
    with matter.ledger.asking("disputes", title, "cases.index", asked) as counts:
        row = matter.connection.execute(
            counted, values | {"first": matter.span.first, "last": matter.span.last}
        ).one()
        counts.records = row.received
    earlier = None
    if is_complete(matter.before, oldest):
        with matter.ledger.asking(
            "disputes.before",
            say(Both("矛盾纠纷：{v}", "Disputes in {v}"), v=matter.versus.name),
            "cases.index",
            asked | {"since": matter.before.first, "until": matter.before.last},
        ) as source:
            before = matter.connection.execute(
                counted, values | {"first": matter.before.first, "last": matter.before.last}
            ).one()
        earlier = matter.ledger.count("disputes.received.before", before.received, source)
    draft.text(*_told(matter, row, earlier))


def _told(matter: Matter, row: Any, earlier: Any) -> list[Value]:
    ledger = matter.ledger
    received = ledger.count("disputes.received", row.received, "disputes")
    changed = ledger.compare(received, earlier)
    said: list[Value] = []
    change = change_told(changed, matter.versus.name, _CASES, based=True)
    if not row.received:
        return [
            say(
                Both("本期没有受理矛盾纠纷，{change}。", "No dispute was received, {change}."),
                change=change,
            )
        ]  # fmt: skip
    settled = ledger.count(
        "disputes.settled", row.settled, "disputes", arguments={"outcome": "closed"}
    )
    rate = ledger.rate("disputes.settled_rate", settled, received, of_few=True)
    said.append(
        say(
            Both(
                "共受理矛盾纠纷{received}件，{change}；化解{settled}件，化解率{rate}。",
                "{received:dispute was|disputes were} received, {change}; "
                "{settled:was|were} settled, {rate}.",
            ),
            received=received, change=change, settled=settled, rate=rate,
        )
    )  # fmt: skip
    facts = {
        level: ledger.count(
            f"disputes.settled.{level}", n, "disputes",
            arguments={"outcome": "closed", "level": level},
        )
        for level in LEVELS
        if (n := getattr(row, level))
    }  # fmt: skip
    return [*said, where_settled(facts)] if facts else said


def where_settled(counts: Mapping[str, Fact]) -> Phrase:
    """Tell at which of the `LEVELS` disputes were settled; the first one has the verb."""
    items: list[Value] = []
    for level, n in counts.items():
        en = "{n} {place}" if items else "{n:was settled|were settled} {place}"
        items.append(say(Both("{place}化解{n}件", en), place=LEVELS[level], n=n))
    return say(Both("其中，{items}。", "Of these, {items}."), items=Listing(items))
