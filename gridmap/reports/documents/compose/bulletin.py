"""The incident bulletin for the notice board: no addresses, and no small counts.

What is too small to be shown is not even entered in the ledger, for the facts of a report can be
looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gridmap.reports.documents.compose import incidents, places
from gridmap.reports.documents.compose.comparing import change_told
from gridmap.reports.documents.compose.draft import Col, Draft
from gridmap.reports.documents.compose.incidents import Counted
from gridmap.reports.documents.compose.kinds import Category
from gridmap.reports.documents.compose.ledger import Ledger
from gridmap.reports.documents.compose.matter import Matter, Part
from gridmap.reports.documents.compose.places import STRETCH, WEEKDAYS
from gridmap.reports.documents.compose.prose import Both, Listing, Phrase, Value, say
from gridmap.reports.documents.compose.shield import SMALLEST, Shielded, shielded
from gridmap.reports.structure import Fact

TITLE = Both("本期警情", "What happened")
_REST = Both("其他", "Others")
#: What neighbours can do about a kind that is told; by its name.
ADVICE: tuple[tuple[re.Pattern[str], Both], ...] = (
    (
        re.compile(r"电动自行车盗窃|电动车盗窃|\be-?bike theft|\bauto theft", re.I),
        Both("车辆停放在有人看管处并加锁，电瓶取回家中。",
             "Park where somebody watches, lock the vehicle, and take the battery home."),
    ),
    (
        re.compile(r"入室|\bburglar", re.I),
        Both("离家和夜间锁好门窗。", "Lock doors and windows at night and when nobody is home."),
    ),
    (
        re.compile(r"诈骗|\bfraud", re.I),
        Both("不向陌生人转账，不透露验证码。",
             "Send no money to strangers, and tell nobody a code you were sent."),
    ),
    (
        re.compile(r"消防|\bfire", re.I),
        Both("保持楼道畅通，不在楼内停放电动车或充电。",
             "Keep stairs and passages clear; charge no e-bikes indoors."),
    ),
)  # fmt: skip


def write(matter: Matter, draft: Draft) -> None:
    """Tell what happened, as everybody may read it."""
    draft.head(1, TITLE, "incidents")
    counted = incidents.count(matter)
    top = shielded({each: counted.now.get(each.id, 0) for each in counted.tree.children(None)})
    total = sum(counted.now.get(each.id, 0) for each in counted.tree.children(None))
    if not total:
        draft.text(Both("本期没有接报警情。", "Nothing was reported."))
        return
    if top.hidden:
        draft.text(
            say(Both("本期接报警情少于{n}起。", "Fewer than {n} incidents were reported."),
                n=str(SMALLEST))
        )  # fmt: skip
        return
    draft.text(_overall(matter, counted, total))
    _kinds(matter, draft, counted, top)
    _areas(matter, draft)
    _hours(matter, draft)
    _advice(draft, counted)
    draft.text(
        say(
            Both(
                "注：为保护个人信息，不公布具体地址；少于{n}起的合并计入“其他”。",
                "Note: to protect people's privacy no addresses are published, and counts below "
                "{n} are put together as Others.",
            ),
            n=str(SMALLEST),
        ),
        role="note",
    )  # fmt: skip


def basis(matter: Matter) -> Phrase:
    """Say where the figures come from, as a neighbour before the notice board can read it."""
    return say(
        Both(
            "数据来源：根据{area}{period}内发生的警情记录统计，数据截至{state}。每个数字的统计方法随本期"
            "通报存档，可向本单位查询。",
            "Sources: the figures count the recorded incidents of {period} in {area}, as of "
            "{state}. How each of them was counted is kept with the bulletin and can be asked for "
            "at the office.",
        ),
        area=matter.name, period=matter.period, state=matter.state,
    )  # fmt: skip


def _overall(matter: Matter, counted: Counted, total: int) -> Phrase:
    """Tell how many, and how that has changed where the earlier count may be known too."""
    n = matter.ledger.count("incidents.total", total, "incidents")
    before = sum(counted.before.get(each.id, 0) for each in counted.tree.children(None))
    if not matter.versus.complete:
        return say(Both("共接报{n}起。", "{n:incident was|incidents were} reported."), n=n)
    if 0 < before < SMALLEST or 0 < abs(total - before) < SMALLEST:
        kind = "more" if total > before else "fewer" if total < before else "same"
        words = {
            "more": Both("比{versus}有所增加", "more than in {versus}"),
            "fewer": Both("比{versus}有所减少", "fewer than in {versus}"),
            "same": Both("与{versus}持平", "as many as in {versus}"),
        }[kind]
        change = say(words, versus=matter.versus.name)
    else:
        earlier = matter.ledger.count("incidents.total.before", before, "incidents.before")
        change = change_told(matter.ledger.compare(n, earlier), matter.versus.name)
    return say(
        Both("共接报{n}起，{change}。", "{n:incident was|incidents were} reported, {change}."),
        n=n, change=change,
    )  # fmt: skip


def _kinds(matter: Matter, draft: Draft, counted: Counted, top: Shielded[Category]) -> None:
    rows: list[list[Value]] = []
    parts = {category: parts_of(counted, category) for category, _ in top.shown}
    # A notice board has no room for hundreds of kinds.
    brief = sum(1 + len(shown) for shown, _ in parts.values()) > incidents.MOST_ROWS
    for category, (shown, rest) in parts.items():
        rows.append([category.name, _count(matter, counted, category)])
        if not brief and len(shown) + bool(rest) > 1:
            rows += [[_indented(child.name), _count(matter, counted, child)] for child in shown]
            if rest:
                asked = {"category": category.code, "without": [child.code for child in shown]}
                key = f"incidents.category.{category.code}"
                told = _rest(matter.ledger, key, rest, asked)
                rows.append([_indented(_REST), told])
    if top.rest:
        asked = {"without": [category.code for category, _ in top.shown]}
        rows.append([_REST, _rest(matter.ledger, "incidents", top.rest, asked)])
    columns = [
        Col(Both("类别", "Kind"), numeric=False), Col(Both("本期", "This period"), Both("起", ""))
    ]  # fmt: skip
    draft.table(Both("各类警情", "Incidents by kind"), columns, rows)


def parts_of(counted: Counted, category: Category) -> tuple[list[Category], int]:
    """Return the kinds right below one that may be told, and the sum of all others.

    What is recorded as the kind itself and as none below it counts among the others: taken from
    the whole, the kinds below would tell it.
    """
    counts = {each: counted.now.get(each.id, 0) for each in counted.tree.children(category.id)}
    # Under its own name stands what is of no kind below it.
    counts[category] = counted.now.get(category.id, 0) - sum(counts.values())
    below = shielded(counts)
    own = sum(n for each, n in below.shown if each == category)
    return [each for each, _ in below.shown if each != category], below.rest + own


def _indented(name: Both) -> Both:
    return Both("\u3000" + name.zh, "\u3000" + name.en)


def _count(matter: Matter, counted: Counted, category: Category) -> Fact:
    return matter.ledger.count(
        f"incidents.category.{category.code}", counted.now[category.id], "incidents",
        arguments={"category": category.code},
    )  # fmt: skip


def _rest(ledger: Ledger, key: str, n: int, asked: Mapping[str, object]) -> Fact:
    return ledger.count(f"{key}.others", n, "incidents", arguments=asked)


def _areas(matter: Matter, draft: Draft) -> None:
    spread = places.count(matter)
    counts: Mapping[Part | None, int] = {part: n for part, n, _ in spread.parts} | {
        None: spread.elsewhere[0]
    }
    areas = shielded(counts)
    named = [(part, n) for part, n in areas.shown if part is not None]
    if not named:
        return
    items: list[Value] = [
        say(
            Both("{name}{n}起", "{name} {n}"), name=part.name,
            n=matter.ledger.count(
                f"places.{part.code}", n, "places", arguments=places.asked_of(matter, part)
            ),
        )
        for part, n in named[: places.MOST_TOLD]
    ]  # fmt: skip
    draft.text(
        say(Both("较多的有：{items}。", "Where most were reported: {items}."), items=Listing(items))
    )  # fmt: skip


def _hours(matter: Matter, draft: Draft) -> None:
    week = places.week_of(matter)
    hours, days = week.by_hour, week.by_day
    stretch = [sum(hours[(at + k) % 24] for k in range(STRETCH)) for at in range(24)]
    start, weekday = stretch.index(max(stretch)), days.index(max(days))
    if stretch[start] < SMALLEST:
        return
    draft.text(
        say(
            Both(
                "发案较集中的时段为{first}时至{last}时，一周中{day}较多。",
                "The busiest hours were {first}:00 to {last}:00, and the busiest day was {day}.",
            ),
            first=str(start), last=str((start + STRETCH) % 24 or 24), day=WEEKDAYS[weekday],
        )
    )  # fmt: skip


def _advice(draft: Draft, counted: Counted) -> None:
    """Say what neighbours can do about kinds that happened often enough to be told."""
    told: list[Value] = [
        words
        for pattern, words in ADVICE
        if any(
            counted.now.get(each.id, 0) >= SMALLEST
            and any(pattern.search(name) for name in each.name)
            for each in counted.tree.nodes.values()
        )
    ]
    if told:
        draft.head(1, Both("防范提示", "What you can do"), "advice")
        for words in told:
            draft.text(words)
