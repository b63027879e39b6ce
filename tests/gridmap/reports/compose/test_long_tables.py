"""Tables of reports stay short: of a long ranking the ends are listed, and how many are not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gridmap.reports.documents.compose.bulletin import _kinds
from gridmap.reports.documents.compose.draft import Col, Draft, ends
from gridmap.reports.documents.compose.evaluation import _group
from gridmap.reports.documents.compose.incidents import MOST_ROWS, Counted
from gridmap.reports.documents.compose.kinds import Category, Tree
from gridmap.reports.documents.compose.ledger import Asked, Ledger
from gridmap.reports.documents.compose.prose import Both
from gridmap.reports.documents.compose.shield import shielded
from gridmap.reports.paper.laying import text_of
from gridmap.reports.structure import Paragraph, Table


def ranking(count: int) -> tuple[Table, list[str]]:
    """A ranking of so many, and what is said below its table."""
    draft, ranks = Draft(), [[str(n)] for n in range(1, count + 1)]
    draft.ranking(
        Both("排名", "Ranking"), [Col(Both("名次", "Rank"))], ends(ranks), count,
        Both("全部见页面", "all are on the page"),
    )  # fmt: skip
    (table, *notes), _ = draft.render("en")
    assert isinstance(table, Table)
    return table, ["".join(map(str, note.parts)) for note in notes if isinstance(note, Paragraph)]


@pytest.mark.parametrize("count", [1, 15, 25])
def test_a_short_ranking_is_listed_whole(count: int) -> None:
    table, notes = ranking(count)
    assert len(table.rows) == count
    assert notes == []


def test_of_a_long_one_the_ends_are_listed() -> None:
    table, notes = ranking(12_000)
    ranks = [int(str(row[0])) for row in table.rows]
    assert ranks == [*range(1, 21), *range(11_996, 12_001)]
    [note] = notes
    assert "the first 20 and the last 5 of 12,000; the other 11,975 are not listed; all are" in note


@pytest.mark.parametrize(("ranked", "unranked", "last"), [(30, 6, "30"), (12, 6, "—")])
def test_who_has_no_rank_is_not_the_last_of_a_long_evaluation(
    ranked: int, unranked: int, last: str
) -> None:
    members = [
        SimpleNamespace(
            grp="community", code=f"C{n}", member_id=n, name=f"社区{n}", name_en=f"Community {n}",
            due=10, score=90, rank=n if n <= ranked else None,
        )
        for n in range(1, ranked + unranked + 1)
    ]  # fmt: skip
    matter, draft = SimpleNamespace(ledger=Ledger(None)), Draft()
    source = Asked("evaluation", Both("评价", "Evaluation"), None, {})
    matter.ledger._sources["evaluation"] = source
    _group(matter, draft, source, Both("社区", "Communities"), members)
    (table, *notes), _ = draft.render("en")
    assert isinstance(table, Table)
    assert text_of(table.rows[-1][0]) == last
    said = " ".join("".join(map(str, note.parts)) for note in notes if isinstance(note, Paragraph))
    if last == "—":
        assert (len(table.rows), said) == (18, "")
    else:
        assert "the first 20 and the last 5 of 30; the other 5 are not listed" in said
        assert "Not listed are 6 more with too few cases due" in said


def test_a_bulletin_names_parts_of_kinds_only_where_there_is_room() -> None:
    def rows(parts: int) -> int:
        top = [Category(n, f"K{n}", Both(f"类{n}", f"Kind {n}"), None, 0) for n in range(10)]
        below = [
            Category(100 * (one.id + 1) + n, f"{one.code}-{n}", Both("项", "Part"), one.id, 1)
            for one in top
            for n in range(parts)
        ]
        tree = Tree({each.id: each for each in (*top, *below)})
        now = {each.id: 10 for each in below} | {each.id: 10 * parts for each in top}
        counted = Counted(tree, now, {}, frozenset())
        matter, draft = SimpleNamespace(ledger=Ledger(None)), Draft()
        matter.ledger._sources["incidents"] = Asked(
            "incidents", Both("事件", "Incidents"), None, {}
        )
        _kinds(matter, draft, counted, shielded({each: now[each.id] for each in top}))
        [table] = draft.render("zh")[0]
        assert isinstance(table, Table)
        return len(table.rows)

    assert rows(3) == 10 + 10 * 3 <= MOST_ROWS
    assert rows(5) == 10
