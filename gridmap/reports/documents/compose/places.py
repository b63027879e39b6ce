"""Where and when things happened: by cell or unit, by hour, and the hot places that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from gridmap.incidents.statistics import Rows, by_cell, by_time
from gridmap.reports.documents.compose.comparing import CHANGE_COLUMNS, change_cells, one_told
from gridmap.reports.documents.compose.draft import Col, Draft
from gridmap.reports.documents.compose.ledger import Changed
from gridmap.reports.documents.compose.matter import Matter, Part, cell_of, to_cell
from gridmap.reports.documents.compose.pictures import has_outline, hot_shapes
from gridmap.reports.documents.compose.prose import (
    LEAST_BASE,
    Both,
    Linked,
    Listing,
    Phrase,
    Value,
    heading,
    say,
)
from gridmap.reports.structure import Fact

TITLE = Both("时空分布", "Where and when")
#: So many parts are told in words and in the table.
MOST_TOLD, MOST_LISTED, MOST_HOT = 3, 15, 8
#: The hours of the busiest stretch of the day.
STRETCH = 3
#: Where the figures of maps come from.
RECORDS, HOT_RECORDS = (
    Both("事件记录", "Records of incidents"),
    Both("热点分析", "Analysis of hotspots"),
)

WEEKDAYS = (
    Both("星期一", "Monday"), Both("星期二", "Tuesday"), Both("星期三", "Wednesday"),
    Both("星期四", "Thursday"), Both("星期五", "Friday"), Both("星期六", "Saturday"),
    Both("星期日", "Sunday"),
)  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """The incidents of each part of the area, the most first, and those in none of them."""

    parts: list[tuple[Part, int, int]]
    elsewhere: tuple[int, int]
    # What a map shows: the cells of a community, or the communities.
    on_map: Mapping[int, int]

    @property
    def total(self) -> int:
        """Return all incidents of the period."""
        return sum(n for _, n, _ in self.parts) + self.elsewhere[0]


def write(matter: Matter, draft: Draft) -> None:
    """Tell where and when things happened."""
    spread = count(matter)
    if spread.total == 0:
        return
    draft.head(1, TITLE, "places")
    draft.head(2, Both("空间分布", "Where"))
    where(matter, draft, spread)
    draft.head(2, Both("时间分布", "When"))
    when(matter, draft)
    draft.head(2, Both("热点", "Hot places"))
    hot(matter, draft)


def count(matter: Matter) -> Spread:
    """Count by part of the area, against the earlier span."""
    area = matter.area
    title = Both("事件：按网格", "Incidents by cell") if area.parts_are_cells else Both(
        "事件：按下辖单位", "Incidents by unit"
    )  # fmt: skip
    with matter.ledger.asking("places", title, "dashboard.records", matter.page()) as source:
        rows = by_cell(matter.connection, matter.question, matter.before)
        source.records = sum(row.n for row in rows)
    return spread_of(matter, rows)


def spread_of(matter: Matter, rows: Rows) -> Spread:
    """Add rows of cells up to the parts of the area."""
    area = matter.area
    counted: dict[int | None, list[int]] = {part.id: [0, 0] for part in area.parts}
    elsewhere = [0, 0]
    on_map = dict.fromkeys(counted if area.parts_are_cells else area.part_of, 0)
    for row in rows:
        place = row.cell_id if area.parts_are_cells else row.community_id
        if place in on_map:
            on_map[place] += row.n
        key = row.cell_id if area.parts_are_cells else area.part_of.get(row.community_id or 0)
        into = counted.get(key, elsewhere)
        into[0] += row.n
        into[1] += row.before
    parts = [(part, counted[part.id][0], counted[part.id][1]) for part in area.parts]
    parts.sort(key=lambda one: (-one[1], one[0].code))
    known = {place: n for place, n in on_map.items() if place is not None}
    return Spread(parts, (elsewhere[0], elsewhere[1]), known)


def where(matter: Matter, draft: Draft, spread: Spread) -> None:
    """Tell the parts in which most happened, with a table."""
    told = [(part, _part(matter, part, n, b)) for part, n, b in spread.parts[:MOST_LISTED]]
    ledger = matter.ledger
    total = ledger.count("places.total", spread.total, "places")
    items: list[Value] = []
    for part, changed in told[:MOST_TOLD]:
        if not changed.now.value:
            continue
        share = ledger.rate(f"{changed.now.key}.share", changed.now, total)
        words = (
            Both("{name}{n}起", "{name} with {n}")
            if share.value is None
            else Both("{name}{n}起，占{share}", "{name} with {n} ({share})")
        )
        items.append(
            one_told(words, changed, matter.versus.name, name=part.name, n=changed.now, share=share)
        )
    if items:
        cells = matter.area.parts_are_cells
        what = Both("网格", "cells") if cells else Both("单位", "units")
        draft.text(
            say(
                Both("事件较多的{what}：{items}。", "The {what} with most incidents: {items}."),
                what=what, items=Listing(items, clauses=True),
            )
        )  # fmt: skip
    columns = [
        Col(Both("网格" if matter.area.parts_are_cells else "单位", "Area"), numeric=False),
        Col(Both("本期", "This period"), Both("起", "")),
        Col(Both("占比", "Share"), Both("%", "%")),
    ]
    if matter.versus.complete:
        columns += [Col(heading(matter.versus.name), Both("起", "")), *CHANGE_COLUMNS]
    rows: list[list[Value]] = [
        [
            _named(matter, part),
            changed.now,
            ledger.rate(f"{changed.now.key}.share", changed.now, total),
            *change_cells(changed),
        ]
        for part, changed in told
    ]
    rest = _rest(matter, spread)
    if rest is not None:
        share = ledger.rate(f"{rest.now.key}.share", rest.now, total)
        name = Both("其余（含网格以外）", "All others (also outside cells)")
        rows.append([name, rest.now, share, *change_cells(rest)])
    draft.table(Both("各地事件", "Incidents by area"), columns, rows)
    _map(matter, draft, spread)


def _named(matter: Matter, part: Part) -> Linked:
    """Lead from a cell to its page, and from a unit to its figures of the period."""
    if matter.area.parts_are_cells:
        return to_cell(part.name, part.id)
    return Linked(part.name, "dashboard.show", matter.page(unit=part.code))


def _map(matter: Matter, draft: Draft, spread: Spread) -> None:
    if len(spread.on_map) < 2 or not has_outline(matter):
        return
    values = {place: float(n) for place, n in spread.on_map.items()}
    title = Both("事件数", "Incidents")
    caption = say(
        Both("{period}事件分布图", "Map of the incidents, {period}"), period=matter.period
    )
    most = spread.parts[0]
    draft.picture(
        "map",
        caption,
        say(
            Both(
                "{area}地图，按事件数分级设色；最多的是{name}，{n}起。",
                "A map of {area}, coloured by the number of incidents; {name} has most, {n}.",
            ),
            area=matter.area.name, name=most[0].name, n=str(most[1]),
        ),
        lambda language, atlas: atlas.map(language, title, RECORDS, values),
        width_mm=165,
    )  # fmt: skip


def _part(matter: Matter, part: Part, n: int, before: int) -> Changed:
    return _entered(matter, f"places.{part.code}", n, before, asked_of(matter, part))


def asked_of(matter: Matter, part: Part) -> dict[str, object]:
    """Return what the page of records is asked for a part of the area."""
    return {"cell": part.id} if matter.area.parts_are_cells else {"unit": part.code}


def _entered(matter: Matter, key: str, n: int, before: int, asked: dict[str, object]) -> Changed:
    now = matter.ledger.count(key, n, "places", arguments=asked)
    earlier = None
    if matter.versus.complete:
        span = {"from": matter.before.first, "to": matter.before.last}
        earlier = matter.ledger.count(f"{key}.before", before, "places", arguments=asked | span)
    return matter.ledger.compare(now, earlier)


def _rest(matter: Matter, spread: Spread) -> Changed | None:
    others = spread.parts[MOST_LISTED:]
    n = spread.elsewhere[0] + sum(one[1] for one in others)
    before = spread.elsewhere[1] + sum(one[2] for one in others)
    if not n and not before:
        return None
    told = [part for part, _, _ in spread.parts[:MOST_LISTED]]
    asked: dict[str, object] = {"without_unit": [part.code for part in told]}
    if matter.area.parts_are_cells:
        asked = {"without_cell": [part.id for part in told]}
    return _entered(matter, "places.others", n, before, asked)


@dataclass(frozen=True)
class Week:
    """Incidents by weekday from Monday, and hour."""

    hours: Sequence[Sequence[int]]

    @property
    def by_hour(self) -> list[int]:
        """Return those of each hour of the day."""
        return [sum(day[hour] for day in self.hours) for hour in range(24)]

    @property
    def by_day(self) -> list[int]:
        """Return those of each weekday."""
        return [sum(day) for day in self.hours]


def week_of(matter: Matter) -> Week:
    """Count by weekday and hour."""
    with matter.ledger.asking(
        "hours", Both("事件：按星期和小时", "Incidents by weekday and hour"), "dashboard.records",
        matter.page(),
    ) as source:  # fmt: skip
        times = by_time(matter.connection, matter.question)
        source.records = times.total
    return Week(times.hours)


def when(matter: Matter, draft: Draft) -> None:
    """Tell the busiest hours of the day and the busiest weekday, with a chart of the week."""
    week = week_of(matter)
    draft.text(*_hours_told(matter, week))
    if sum(week.by_hour) >= LEAST_BASE:
        draft.picture(
            "week",
            say(
                Both("{period}事件的星期与小时分布", "Incidents by weekday and hour, {period}"),
                period=matter.period,
            ),
            Both(
                "热力图：行为星期一至星期日，列为0时至23时，颜色越深事件越多。",
                "Squares for the hours of the seven weekdays; the darker, the more happened.",
            ),
            lambda language, atlas: atlas.week(language, week.hours),
        )


def _hours_told(matter: Matter, week: Week) -> list[Value]:
    hours, days = week.by_hour, week.by_day
    ledger, source = matter.ledger, "hours"
    if sum(hours) < LEAST_BASE:
        return [
            Both("事件过少，不分析时段。", "Too few happened to tell of their hours.")
        ]  # fmt: skip
    stretches = [sum(hours[(at + k) % 24] for k in range(STRETCH)) for at in range(24)]
    start = stretches.index(max(stretches))
    total = ledger.count("hours.total", sum(hours), source)
    stretch = [(start + k) % 24 for k in range(STRETCH)]
    busiest = ledger.count("hours.busiest", stretches[start], source, arguments={"hour": stretch})
    share = ledger.rate("hours.busiest.share", busiest, total)
    weekday = days.index(max(days))
    most = ledger.count("hours.weekday", days[weekday], source, arguments={"weekday": weekday + 1})
    return [
        say(
            Both(
                "一天中最集中的是{first}时至{last}时，共{n}起，占{share}；",
                "The busiest hours were {first}:00 to {last}:00 with {n} ({share});",
            ),
            first=str(start), last=str((start + STRETCH) % 24 or 24), n=busiest, share=share,
        ),
        say(
            Both("一周中{day}最多，共{n}起。", "the busiest day of the week was {day} with {n}."),
            day=WEEKDAYS[weekday], n=most,
        ),
    ]  # fmt: skip


# Of the newest shared run within the period that found anything in the area.
_HOT = """
    WITH found AS (
        SELECT h.run_id FROM hotspot h JOIN hotspot_run r ON r.id = h.run_id
        WHERE r.first >= :first AND r.last <= :last AND h.kind NOT LIKE 'cold%' AND {scope}
        ORDER BY r.last DESC, r.finished_at DESC, h.run_id DESC LIMIT 1
    )
    SELECT h.run_id, r.first, r.last, h.rank, h.incidents, h.place,
           c.id AS cell_id, c.code AS cell, c.name AS cell_name,
           u.code AS unit, coalesce(nullif(u.name_en, ''), u.name) AS unit_name
    FROM found JOIN hotspot h USING (run_id) JOIN hotspot_run r ON r.id = h.run_id
    LEFT JOIN cell c ON c.id = h.cell_id LEFT JOIN unit u ON u.id = c.community_id
    WHERE h.kind NOT LIKE 'cold%' AND {scope} ORDER BY h.rank LIMIT :most
"""


def hot(matter: Matter, draft: Draft) -> None:
    """Tell the hot places of the newest shared analysis of the period."""
    scope = matter.area.scope
    title = Both("热点分析", "Analysis of hotspots")
    with matter.ledger.asking("hot", title, "hotspots.index") as source:
        rows = matter.connection.execute(
            text(_HOT.format(scope=scope.condition("h.community_id"))),
            {
                "first": matter.span.first, "last": matter.span.last, "most": MOST_HOT,
                **scope.params,
            },
        ).all()  # fmt: skip
    if not rows:
        draft.nothing(
            Both("热点", "Hot places"),
            Both(
                "本期没有已共享的热点分析结果。",
                "No analysis of hotspots of this period has been shared.",
            ),
        )
        return
    # The analysis has a page of its own.
    source.endpoint, source.arguments = "hotspots.show", {"run_id": rows[0].run_id}
    facts = [matter.ledger.count(f"hot.{row.rank}", row.incidents, source) for row in rows]
    items = [
        _hot_place(matter, row, fact) for row, fact in zip(rows[:MOST_TOLD], facts, strict=False)
    ]
    draft.text(
        say(
            Both(
                "据{first}至{last}的热点分析，排在前面的是{items}。",
                "The analysis of hotspots from {first} to {last} ranks these first: {items}.",
            ),
            first=rows[0].first, last=rows[0].last, items=Listing(items),
        )
    )  # fmt: skip
    draft.table(
        Both("热点", "Hot places"),
        [
            Col(Both("序号", "Rank")),
            Col(Both("地点", "Place"), numeric=False),
            Col(Both("网格", "Cell"), numeric=False),
            Col(Both("事件", "Incidents"), Both("起", "")),
        ],
        [
            [
                Linked(str(row.rank), "hotspots.show", {"run_id": row.run_id}),
                row.place or "—",
                cell_of(matter, row),
                fact,
            ]
            for row, fact in zip(rows, facts, strict=True)
        ],
    )
    _hot_map(matter, draft, rows[0].run_id)


def _hot_map(matter: Matter, draft: Draft, run_id: int) -> None:
    if not has_outline(matter):
        return
    caption = say(Both("{period}热点图", "Map of the hot places, {period}"), period=matter.period)
    draft.picture(
        "hot",
        caption,
        say(
            Both("{area}地图，标出上表所列热点。", "A map of {area} with these hot places."),
            area=matter.area.name,
        ),
        lambda language, atlas: atlas.map(
            language, Both("", ""), HOT_RECORDS, {}, hot=hot_shapes(matter, run_id)
        ),
        width_mm=165,
    )


def _hot_place(matter: Matter, row: Any, fact: Fact) -> Phrase:
    name: Value = Both("无名处", "a place without a name")
    if row.place or row.cell:
        name = row.place or cell_of(matter, row)
    return say(Both("{place}（{n}起）", "{place} ({n})"), place=name, n=fact)
