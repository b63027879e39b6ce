"""What happened: incidents by category with shares, against an earlier span, and by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from gridmap.incidents.categories import by_leaf
from gridmap.reports.documents.compose import months
from gridmap.reports.documents.compose.comparing import (
    CHANGE_COLUMNS,
    change_cells,
    change_told,
    one_told,
)
from gridmap.reports.documents.compose.draft import Col, Draft
from gridmap.reports.documents.compose.kinds import (
    THEFTS,
    Category,
    Kind,
    Tree,
    read_tree,
    tops,
)
from gridmap.reports.documents.compose.ledger import Changed
from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.prose import (
    LEAST_BASE,
    Both,
    Listing,
    Phrase,
    Value,
    heading,
    say,
    within,
)
from gridmap.reports.structure import Fact

TITLE = Both("警情与事件", "Incidents")
#: A tree of more categories is told by its upper ones.
MOST_ROWS = 45
#: So many categories a chart has room for.
MOST_BARS = 12
#: So many are told one by one in a sentence.
MOST_TOLD = 8
_ROUNDING = Both(
    f"注：百分比按实际起数计算，四舍五入保留两位小数；基数不足{LEAST_BASE}起的只列起数，不计算百分比。",
    "Note: per cents are worked out from the counts and rounded half up to two digits; of fewer "
    f"than {LEAST_BASE} none is given.",
)


@dataclass(frozen=True)
class Counted:
    """The incidents of a span by category, with all below each.

    Attributes
    ----------
    tree : Tree
    now, before : mapping of int to int
        By category; what is not there is 0.
    old : frozenset of int
        The categories of which anything is on record before the earlier span ends; only told of
        those that have none in it.
    """

    tree: Tree
    now: Mapping[int, int]
    before: Mapping[int, int]
    old: frozenset[int]


def count(matter: Matter) -> Counted:
    """Count the incidents of the period and of the earlier span by category."""
    title = say(
        Both("事件：按类别（{now}；{before}）", "Incidents by category ({now}; {before})"),
        now=matter.period, before=matter.versus.name,
    )  # fmt: skip
    with matter.ledger.asking("incidents", title, "dashboard.records", matter.page()) as source:
        rows = by_leaf(matter.connection, matter.question, matter.before)
        source.records = sum(row.n for row in rows)
    earlier = matter.page() | {"from": matter.before.first, "to": matter.before.last}
    with matter.ledger.asking(
        "incidents.before",
        say(Both("事件：{before}", "Incidents in {before}"), before=matter.versus.name),
        "dashboard.records",
        earlier,
    ) as former:
        former.counted_with(source)
        former.records = sum(row.before for row in rows)
    tree = read_tree(matter.connection)
    now = tree.summed({row.category_id: row.n for row in rows})
    before = tree.summed({row.category_id: row.before for row in rows})
    return Counted(tree, now, before, _on_record(matter, tree, now, before))


def _on_record(
    matter: Matter, tree: Tree, now: Mapping[int, int], before: Mapping[int, int]
) -> frozenset[int]:
    """Find which categories that are new against the earlier span were there before it."""
    new = [at for at, n in now.items() if n and not before.get(at)]
    if not new or not matter.versus.complete:
        return frozenset()
    question = matter.question
    leaves = sorted({below for at in new for below in tree.below(at)})
    rows = matter.connection.execute(
        text(f"""
            SELECT DISTINCT t.category_id FROM incident t
            WHERE t.occurred_at < :first AND t.category_id = ANY(:leaves)
              AND {question.condition()}
        """),
        question.values() | {"leaves": leaves},
    )
    return frozenset(at for (leaf,) in rows for at in tree.path(leaf))


def write(matter: Matter, draft: Draft) -> None:
    """Tell what happened, by category and by month."""
    draft.head(1, TITLE, "incidents")
    counted = count(matter)
    total, changed = whole(matter, counted)
    if not total.value and not (changed.before and changed.before.value):
        draft.nothing(TITLE, Both("本期没有事件记录。", "No incidents are on record."))
        return
    draft.head(2, Both("总量与类别", "How many, and of what kind"))
    draft.text(overall(matter, total, changed), *of_tops(matter, counted, total))
    for top in counted.tree.children(None):
        draft.text(*_parts(matter, counted, top))
    draft.text(*together(matter, counted, THEFTS))
    _table(matter, draft, counted, total, changed)
    draft.text(_ROUNDING, role="note")
    _bars(matter, draft, counted)
    months.tell(matter, draft)


def whole(matter: Matter, counted: Counted) -> tuple[Fact, Changed]:
    """Enter how many there are in all, against the earlier span."""
    ledger, tops_ = matter.ledger, counted.tree.children(None)
    total = ledger.count(
        "incidents.total", sum(counted.now.get(top.id, 0) for top in tops_), "incidents"
    )
    earlier = None
    if matter.versus.complete:
        n = sum(counted.before.get(top.id, 0) for top in tops_)
        earlier = ledger.count("incidents.total.before", n, "incidents.before")
    return total, ledger.compare(total, earlier)


def of_category(matter: Matter, counted: Counted, category: Category) -> Changed:
    """Enter the incidents of a category, against the earlier span."""
    ledger, key = matter.ledger, f"incidents.category.{category.code}"
    asked = {"category": category.code}
    now = ledger.count(key, counted.now.get(category.id, 0), "incidents", arguments=asked)
    earlier = None
    if matter.versus.complete:
        earlier = ledger.count(
            f"{key}.before", counted.before.get(category.id, 0), "incidents.before",
            arguments=asked,
        )  # fmt: skip
    return ledger.compare(now, earlier, on_record=category.id in counted.old)


def overall(matter: Matter, total: Fact, changed: Changed) -> Phrase:
    """Tell how many there are in all."""
    return say(
        Both(
            "{period}共接报各类事件{n}起，{change}。",
            "{period}, {n:incident was|incidents were} reported, {change}.",
        ),
        period=within(matter.span.first, matter.span.last),
        n=total,
        change=change_told(changed, matter.versus.name),
    )


def of_tops(matter: Matter, counted: Counted, total: Fact) -> list[Value]:
    """Tell the categories on top, the most frequent first."""
    happened = [top for top in counted.tree.children(None) if counted.now.get(top.id)]
    if len(happened) < 2:
        return []
    ordered = sorted(happened, key=lambda top: (-counted.now[top.id], top.code))
    items: list[Value] = [
        _with_share(matter, of_category(matter, counted, top), top, total)
        for top in ordered[:MOST_TOLD]
    ]
    items += _others(matter, counted, ordered[MOST_TOLD:], "incidents.others")
    return [say(Both("其中，{items}。", "Of these, {items}."), items=Listing(items, clauses=True))]


def _others(matter: Matter, counted: Counted, others: Sequence[Category], key: str) -> list[Value]:
    """Tell the rest of a long list as one sum."""
    if not others:
        return []
    n = matter.ledger.count(
        key, sum(counted.now[each.id] for each in others), "incidents", arguments=_asked(others)
    )
    return [
        say(Both("其余{k}类共{n}起", "{k} other kinds: {n}"), k=str(len(others)), n=n)
    ]  # fmt: skip


def _asked(categories: Sequence[Category]) -> dict[str, list[str]]:
    return {"category": [each.code for each in categories]}


def _with_share(matter: Matter, changed: Changed, category: Category, total: Fact) -> Phrase:
    part = matter.ledger.rate(f"{changed.now.key}.share", changed.now, total)
    words = (
        Both("{name}{n}起", "{name}: {n}")
        if part.value is None
        else Both("{name}{n}起，占{share}", "{name}: {n} ({share})")
    )
    return one_told(
        words, changed, matter.versus.name, name=category.name, n=changed.now, share=part
    )


def _parts(matter: Matter, counted: Counted, top: Category) -> list[Value]:
    """Tell the kinds right below one of the top."""
    children = [
        child
        for child in counted.tree.children(top.id)
        if counted.now.get(child.id) or counted.before.get(child.id)
    ]
    if not children or not counted.now.get(top.id):
        return []
    shown = _most_frequent(children, counted, MOST_TOLD)
    told = [of_category(matter, counted, child) for child in shown]
    items: list[Value] = [
        one_told(
            Both("{name}{n}起", "{name}: {n}"), changed, matter.versus.name,
            name=child.name, n=changed.now,
        )
        for child, changed in zip(shown, told, strict=True)
    ]  # fmt: skip
    others = [child for child in children if child not in shown and counted.now.get(child.id)]
    items += _others(matter, counted, others, f"incidents.category.{top.code}.others")
    return [
        say(
            Both("{top}方面：{items}。", "{top}: {items}."),
            top=top.name, items=Listing(items, clauses=True),
        )
    ]  # fmt: skip


def together(matter: Matter, counted: Counted, kind: Kind) -> list[Value]:
    """Tell of the categories of a kind together, where they lie in several places of the tree.

    The shares are of the kind's sum, whose categories are named.
    """
    members = tops(counted.tree.of_kind(kind))
    happened = [each for each in members if counted.now.get(each.id)]
    if len(happened) < 2:
        return []
    ledger = matter.ledger
    n = ledger.count(
        f"incidents.{kind.key}", sum(counted.now[each.id] for each in happened), "incidents",
        arguments=_asked(members),
    )  # fmt: skip
    earlier = None
    if matter.versus.complete:
        before = sum(counted.before.get(each.id, 0) for each in members)
        earlier = ledger.count(
            f"incidents.{kind.key}.before", before, "incidents.before", arguments=_asked(members)
        )
    ordered = sorted(happened, key=lambda each: (-counted.now[each.id], each.code))
    told = [(each, of_category(matter, counted, each).now) for each in ordered[:MOST_TOLD]]
    parts = [ledger.rate(f"{now.key}.share_of_{kind.key}", now, n) for _, now in told]
    items: list[Value] = [
        _of_kind(now, each, part) for (each, now), part in zip(told, parts, strict=True)
    ]
    items += _others(matter, counted, ordered[MOST_TOLD:], f"incidents.{kind.key}.others")
    return [
        say(
            Both(
                "上述各类中属于{kind}的共{n}起，{change}；其中{shares}{items}。",
                "Of all kinds together there were {n} {kind}, {change}; among them{shares} "
                "{items}.",
            ),
            kind=kind.name, n=n, shares=_as_shares(kind, parts),
            change=change_told(ledger.compare(n, earlier), matter.versus.name),
            items=Listing(items, clauses=True),
        )
    ]  # fmt: skip


def _of_kind(now: Fact, category: Category, part: Fact) -> Phrase:
    """Tell one category of a kind, with its share of the kind's sum where it has one."""
    if part.value is None:
        return say(Both("{name}{n}起", "{name} {n}"), name=category.name, n=now)
    words = Both("{name}{n}起，占{share}", "{name} {n} ({share})")
    return say(words, name=category.name, n=now, share=part)


def _as_shares(kind: Kind, parts: Sequence[Fact]) -> Value:
    """Say what the shares are of, where any are told."""
    if all(part.value is None for part in parts):
        return Both("，", "")
    return say(Both("（占{kind}总数的比例）", ", as shares of all {kind},"), kind=kind.name)


def _most_frequent(
    categories: Sequence[Category], counted: Counted, most: int
) -> Sequence[Category]:
    """Return at most so many categories, still in the order of the tree."""
    by_count = sorted(categories, key=lambda each: (-counted.now.get(each.id, 0), each.code))
    kept = {each.id for each in by_count[:most]}
    return [each for each in categories if each.id in kept]


def _bars(matter: Matter, draft: Draft, counted: Counted) -> None:
    """Draw the categories on top, or those below the only one."""
    top = [each for each in counted.tree.children(None) if counted.now.get(each.id)]
    if len(top) == 1:
        top = [each for each in counted.tree.children(top[0].id) if counted.now.get(each.id)]
    shown = sorted(top, key=lambda each: (-counted.now[each.id], each.code))[:MOST_BARS]
    if len(shown) < 2:
        return
    series: dict[Both, list[float | None]] = {
        Both("本期", "This period"): [counted.now[each.id] for each in shown]
    }
    if matter.versus.complete:
        name = heading(matter.versus.name)
        series[name] = [counted.before.get(each.id, 0) for each in shown]
    draft.picture(
        "categories",
        say(Both("{period}各类事件", "Incidents by category, {period}"), period=matter.period),
        say(
            Both("条形图：{items}。", "Bars: {items}."),
            items=Listing(
                [
                    say(
                        Both("{name}{n}起", "{name} {n}"),
                        name=each.name,
                        n=of_category(matter, counted, each).now,
                    )
                    for each in shown
                ]
            ),
        ),
        lambda language, atlas: atlas.bars(language, [each.name for each in shown], series),
    )


def _table(matter: Matter, draft: Draft, counted: Counted, total: Fact, changed: Changed) -> None:
    happened = [
        node
        for node in counted.tree.nodes.values()
        if counted.now.get(node.id) or counted.before.get(node.id)
    ]
    while len(happened) > MOST_ROWS and max(node.depth for node in happened):
        deepest = max(node.depth for node in happened)
        happened = [node for node in happened if node.depth < deepest]
    columns = [
        Col(Both("类别", "Category"), numeric=False),
        Col(Both("本期", "This period"), Both("起", "")),
        Col(Both("占比", "Share"), Both("%", "%")),
    ]
    if matter.versus.complete:
        columns += [
            Col(heading(matter.versus.name), Both("起", "")),
            *CHANGE_COLUMNS,
        ]
    rows = []
    for node in _most_frequent(happened, counted, MOST_ROWS):
        told = of_category(matter, counted, node)
        part = matter.ledger.rate(f"{told.now.key}.share", told.now, total)
        indent = "\u3000" * node.depth
        name = Both(indent + node.name.zh, indent + node.name.en)
        rows.append([name, told.now, part, *change_cells(told)])
    draft.table(
        say(
            Both("各类事件（较多的{n}类）", "Incidents by category (the {n} most frequent)"),
            n=str(MOST_ROWS),
        )
        if len(happened) > MOST_ROWS
        else Both("各类事件", "Incidents by category"),
        columns, rows,
        [Both("合计", "All"), total, "", *change_cells(changed)],
    )  # fmt: skip
