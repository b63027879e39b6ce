"""The evaluation that was published for the period: communities, towns and departments.

Cells and cadres are left out: a report ranks no single person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from gridmap.reports.documents.compose.draft import Col, Draft, ends, is_long
from gridmap.reports.documents.compose.ledger import Asked
from gridmap.reports.documents.compose.matter import Matter, named
from gridmap.reports.documents.compose.prose import Both, Linked, say

TITLE = Both("综合评价", "Evaluation")
_GROUPS = (
    ("town", Both("街道（乡镇）", "Towns")),
    ("community", Both("社区（村）", "Communities")),
    ("department", Both("部门", "Departments")),
)
_ALL = Both(
    "全部见“评价”页面，可导出Excel", "all are on the page “Evaluation” and in its Excel file"
)

# Of the evaluations that tell of the area, the one of the smallest unit.
_MEMBERS = """
    WITH RECURSIVE above AS (
        SELECT id, parent_id, 0 AS up FROM unit WHERE id = :unit
        UNION ALL SELECT u.id, u.parent_id, up + 1 FROM unit u JOIN above a ON u.id = a.parent_id
    ), chosen AS (
        SELECT e.id FROM evaluation e JOIN above a ON a.id = e.unit_id
        WHERE e.state = 'published' AND e.first = :first AND e.last = :last
        ORDER BY a.up LIMIT 1
    )
    SELECT m.evaluation_id, m.grp, m.member_id, m.code, m.name, m.name_en, m.due, m.score, m.rank
    FROM evaluation_member m JOIN chosen c ON c.id = m.evaluation_id
    WHERE m.grp IN ('community', 'town', 'department') AND m.score IS NOT NULL
      AND m.unit_id = ANY(:units)
    ORDER BY m.grp, m.rank NULLS LAST, m.code
"""


def write(matter: Matter, draft: Draft) -> None:
    """Tell the scores of the published evaluation of exactly this period."""
    draft.head(1, TITLE, "evaluation")
    with matter.ledger.asking(
        "evaluation", Both("已发布的评价", "The published evaluation"), "evaluation.index"
    ) as source:
        rows = matter.connection.execute(
            text(_MEMBERS),
            {
                "unit": matter.area.id, "units": list(matter.area.units),
                "first": matter.span.first, "last": matter.span.last,
            },
        ).all()  # fmt: skip
        source.records = len(rows)
    if not rows:
        draft.nothing(
            TITLE,
            Both("本期评价尚未发布。", "No evaluation of this period has been published."),
        )
        return
    # It has a page of its own.
    source.endpoint, source.arguments = (
        "evaluation.show", {"evaluation_id": rows[0].evaluation_id},
    )  # fmt: skip
    for group, title in _GROUPS:
        members = [row for row in rows if row.grp == group]
        if members:
            _group(matter, draft, source, title, members)


def _group(
    matter: Matter, draft: Draft, source: Asked, title: Both, members: Sequence[Row[Any]]
) -> None:
    """Tell the scores of a group, of a long one those of the ends of its ranking."""
    # Who is too small to have a rank stands at the end, but is not the last.
    ranked = [row for row in members if row.rank is not None]
    if is_long(members) and ranked:
        members, unranked = ranked, len(members) - len(ranked)
    else:
        unranked = 0
    here = ends(members)
    asked = {"group": here[0].grp}
    # Departments have no codes.
    keys = [f"evaluation.{row.grp}.{row.code or row.member_id}" for row in here]
    facts = [
        matter.ledger.count(key, float(row.score), source, arguments=asked)
        for key, row in zip(keys, here, strict=True)
    ]
    if len(here) == 1 and not unranked:
        draft.text(
            say(Both("{name}评价得分{score}分。", "{name} scored {score}."),
                name=named(here[0]), score=facts[0])
        )  # fmt: skip
        return
    draft.ranking(
        say(Both("{group}评价", "Evaluation: {group}"), group=title),
        [
            Col(Both("名次", "Rank")),
            Col(Both("单位", "Unit"), numeric=False),
            Col(Both("应结案", "Cases due"), Both("件", "")),
            Col(Both("得分", "Score")),
        ],
        [
            [
                "—"
                if row.rank is None
                else Linked(str(row.rank), "evaluation.show", source.arguments | asked),
                named(row),
                matter.ledger.count(f"{key}.due", row.due, source, arguments=asked),
                fact,
            ]
            for key, row, fact in zip(keys, here, facts, strict=True)
        ],
        len(members),
        _ALL,
    )
    if unranked:
        draft.text(
            say(
                Both(
                    "另有{n}个应结案过少，不参加排名，未列出。",
                    "Not listed are {n} more with too few cases due to be ranked.",
                ),
                n=f"{unranked:,}",
            ),
            role="note",
        )
