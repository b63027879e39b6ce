"""What people did: sweeps, inspections with notices and corrections, meetings, publicity."""

from __future__ import annotations

from collections.abc import Mapping

from gridmap.reports.activities.figures import Done, Total, done_of_due, totals
from gridmap.reports.documents.compose.draft import Draft
from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.prose import Both, Listing, Value, say

TITLE = Both("日常工作", "Activities")

#: What each kind of activity is called in a sentence.
KINDS: Mapping[str, Both] = {
    "sweep": Both("开展排查{n}次", "{n:sweep|sweeps}"),
    "inspection": Both("开展检查{n}次", "{n:inspection|inspections}"),
    "meeting": Both("召开会议{n}次", "{n:meeting|meetings}"),
    "publicity": Both("开展宣传{n}次", "{n:publicity event|publicity events}"),
    "training": Both("组织培训{n}次", "{n:training session|training sessions}"),
    "visit": Both("接待来访{n}次", "{n:reception|receptions} of visitors"),
    "patrol": Both("志愿巡逻{n}次", "{n:patrol|patrols} of volunteers"),
}
#: What is counted of them, in the order told.
COUNTS: Mapping[str, Both] = {
    "households": Both("走访{n}户", "{n:household|households} visited"),
    "hazards": Both("发现隐患{n}处", "{n:hazard|hazards} found"),
    "hazards_removed": Both("消除隐患{n}处", "{n:hazard|hazards} removed"),
    "disputes": Both("发现纠纷{n}件", "{n:dispute|disputes} found"),
    "checked": Both("检查场所{n}家次", "{n:place|places} checked"),
    "problems": Both("发现问题{n}个", "{n:problem|problems} found"),
    "notices": Both("发出整改通知{n}份", "{n:notice|notices} to rectify"),
    "corrected": Both("已整改{n}份", "{n} corrected"),
    "participants": Both("{n}人次参加", "{n:participant|participants}"),
    "hours": Both("{n}学时", "{n:hour|hours}"),
    "issues": Both("出宣传{n}期", "{n:issue|issues}"),
    "leaflets": Both("发放传单{n}份", "{n:leaflet|leaflets}"),
    "questions": Both("解答咨询{n}人次", "{n:question|questions} answered"),
    "boards": Both("展出宣传板{n}块", "{n:board|boards}"),
    "banners": Both("悬挂横幅{n}条", "{n:banner|banners}"),
    "visitor_groups": Both("{n}批", "{n:group|groups}"),
    "visitors": Both("{n}人", "{n:visitor|visitors}"),
    "rounds": Both("巡逻{n}圈", "{n:round|rounds}"),
}


def write(matter: Matter, draft: Draft) -> None:
    """Tell the activities of the period by kind, and how much was done of what was due."""
    draft.head(1, TITLE, "activities")
    asked = {
        "unit": matter.area.id, "first": matter.span.first, "last": matter.span.last,
    }  # fmt: skip
    with matter.ledger.asking(
        "activities", Both("工作记录", "Activities on record"), "activities.index", asked
    ) as source:
        found = totals(matter.session, matter.span, matter.area.scope)
        source.records = sum(each.activities for each in found)
    with matter.ledger.asking(
        "activities.due", Both("应开展与已开展的工作", "Activities due and done"),
        "activities.due",
        {"unit": matter.area.id, "since": matter.span.first, "until": matter.span.last},
    ):  # fmt: skip
        due = done_of_due(matter.session, matter.span, matter.area.scope, "all")
    if not found and not due:
        draft.nothing(TITLE, Both("本期没有工作记录。", "No activities are on record."))
        return
    of_kind = {each.kind: each for each in due}
    by_kind = {each.kind: each for each in found}
    for kind, words in KINDS.items():
        if kind in by_kind:
            draft.text(*_told(matter, words, by_kind[kind]), *_done(matter, of_kind.get(kind)))
        elif kind in of_kind:
            none = Total(kind, 0, {})
            draft.text(*_told(matter, words, none), *_done(matter, of_kind[kind]))


def _told(matter: Matter, words: Both, found: Total) -> list[Value]:
    ledger, key = matter.ledger, f"activities.{found.kind}"
    asked = {"kind": found.kind}
    n = ledger.count(key, found.activities, "activities", arguments=asked)
    counts: list[Value] = [
        say(
            COUNTS[name],
            n=ledger.count(f"{key}.{name}", found.counts[name], "activities", arguments=asked),
        )
        for name in COUNTS
        if found.counts.get(name)
    ]
    head = say(words, n=n)
    if not counts:
        return [say(Both("{head}。", "{head}."), head=head)]
    return [
        say(Both("{head}，{counts}。", "{head}: {counts}."), head=head, counts=Listing(counts))
    ]  # fmt: skip


def _done(matter: Matter, due: Done | None) -> list[Value]:
    if due is None or not due.due:
        return []
    ledger, key = matter.ledger, f"activities.{due.kind}"
    asked = {"kind": due.kind}
    wanted = ledger.count(
        f"{key}.due", due.due, "activities.due", arguments=asked | {"state": "past"}
    )
    done = ledger.count(
        f"{key}.done", due.done, "activities.due", arguments=asked | {"state": "done"}
    )
    return [
        say(
            Both(
                "按计划应完成{due}次，已完成{done}次，完成率{rate}。",
                "Of {due} planned {done:was|were} done, {rate}.",
            ),
            due=wanted, done=done,
            rate=ledger.rate(f"{key}.done_rate", done, wanted, of_few=True),
        )
    ]  # fmt: skip
