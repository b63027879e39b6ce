"""The briefing for a patrol meeting: what happened of late, where to walk, who is on duty."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from gridmap.incidents.statistics import Span
from gridmap.patrols.tracks.overview import unwalked
from gridmap.reports.documents.compose import incidents, patrols, places
from gridmap.reports.documents.compose.draft import Col, Draft
from gridmap.reports.documents.compose.kinds import THEFTS, Kind, read_tree, tops
from gridmap.reports.documents.compose.matter import Matter, cell_of, named
from gridmap.reports.documents.compose.prose import Both, Linked, Value, say

#: So many are listed; a street is late after so many days; shifts are told so many days ahead.
MOST_RECENT, MOST_STREETS, MOST_SHIFTS = 20, 15, 30
LATE_DAYS, AHEAD_DAYS = 14, 7

CRIMES = Kind(
    "crimes",
    Both("刑事、治安警情", "crimes and public order cases"),
    re.compile(
        r"治安|刑事|警情|盗窃|抢劫|诈骗|\bcrim|\bpublic order|\btheft|\bburglar|\blarceny"
        r"|\brobber|\bfraud|\bassault",
        re.I,
    ),
)
_RECENT = """
    SELECT t.id, t.occurred_at, ST_Y(t.geom) AS lat, ST_X(t.geom) AS lon, k.name, k.name_en,
           c.id AS cell_id, c.code AS cell, c.name AS cell_name,
           u.code AS unit, coalesce(nullif(u.name_en, ''), u.name) AS unit_name,
           count(*) OVER () AS total
    FROM incident t JOIN category k ON k.id = t.category_id
    LEFT JOIN cell c ON c.id = t.cell_id LEFT JOIN unit u ON u.id = c.community_id
    WHERE t.occurred_at >= :first AND t.occurred_at < :after
      AND t.category_id = ANY(:categories) AND {condition}
    ORDER BY t.occurred_at DESC, t.id DESC LIMIT :most
"""
_SHIFTS = """
    SELECT s.id, s.starts, s.ends, t.id AS team_id, t.name AS team, r.id AS route_id,
           r.name AS route,
           (SELECT count(*) FROM shift_member m WHERE m.shift_id = s.id) AS members,
           count(*) OVER () AS total
    FROM shift s JOIN team t ON t.id = s.team_id LEFT JOIN patrol_route r ON r.id = s.route_id
    WHERE t.unit_id = ANY(:units) AND s.cancelled_at IS NULL AND s.ends > :now
      AND s.day BETWEEN :first AND :last
    ORDER BY s.starts, t.name, s.id LIMIT :most
"""


def recent(matter: Matter, draft: Draft) -> None:
    """Tell what happened of late: how much, and the newest crimes one by one."""
    draft.head(1, Both("近期警情", "What happened of late"), "incidents")
    counted = incidents.count(matter)
    total, changed = incidents.whole(matter, counted)
    if not total.value:
        draft.nothing(incidents.TITLE, Both("本期没有事件记录。", "No incidents are on record."))
        return
    kinds = incidents.of_tops(matter, counted, total)
    draft.text(incidents.overall(matter, total, changed), *kinds)
    draft.text(*incidents.together(matter, counted, THEFTS))
    crimes = read_tree(matter.connection).of_kind(CRIMES)
    if not crimes:
        return
    asked = matter.page(category=[each.code for each in tops(crimes)])
    with matter.ledger.asking(
        "recent", Both("近期刑事、治安警情", "The newest crimes and public order cases"),
        "dashboard.records", asked,
    ) as source:  # fmt: skip
        rows = matter.connection.execute(
            text(_RECENT.format(condition=matter.question.condition())),
            matter.question.values()
            | {"categories": [each.id for each in crimes], "most": MOST_RECENT},
        ).all()
        source.records = rows[0].total if rows else 0
    draft.text(
        say(
            Both("其中{kind}共{n}起，最近的列于下表。",
                 "Of these {n:is|are} {kind}; the newest are these."),
            kind=CRIMES.name, n=matter.ledger.count("recent.total", source.records, source),
        )
    )  # fmt: skip
    if not rows:
        return
    draft.table(
        say(
            Both("最近的{kind}（至多{most}起）", "The newest {kind} (at most {most})"),
            kind=CRIMES.name, most=str(MOST_RECENT),
        ),
        [
            Col(Both("时间", "Time"), numeric=False), Col(Both("类别", "Kind"), numeric=False),
            Col(Both("网格", "Cell"), numeric=False),
        ],
        [
            [_on_map(row, matter), named(row), cell_of(matter, row)] for row in rows
        ],
    )  # fmt: skip


def _on_map(row: Any, matter: Matter) -> Linked:
    """Lead from the time of an incident to where it stands on the map."""
    asked = {
        "z": 18, "lat": f"{row.lat:.5f}", "lon": f"{row.lon:.5f}", "sel": f"incident:{row.id}",
        "from": matter.span.first, "to": matter.span.last,
    }  # fmt: skip
    return Linked(_clock(row.occurred_at, matter), "map_page.show", asked)


def _clock(moment: datetime, matter: Matter) -> str:
    return f"{moment.astimezone(matter.zone):%m-%d %H:%M}"


def hot(matter: Matter, draft: Draft) -> None:
    """Tell the hot places and hours."""
    draft.head(1, Both("重点部位与时段", "Hot places and hours"), "hot")
    places.where(matter, draft, places.count(matter))
    places.when(matter, draft)
    places.hot(matter, draft)


def streets(matter: Matter, draft: Draft) -> None:
    """Tell the streets that nobody walked for some time, and what patrols covered."""
    title = Both("巡逻盲区与覆盖", "Streets not walked, and coverage")
    draft.head(1, title, "streets")
    covered = patrols.covered(matter)
    if covered:
        draft.text(*covered)
        patrols.coverage_map(matter, draft)
    else:
        draft.nothing(title, Both("本期没有巡逻轨迹记录。", "No patrols were recorded."))
        return
    with matter.ledger.asking(
        "streets", Both("多日未巡街道", "Streets that nobody walked of late"), "tracks.streets",
        {"unit": matter.area.code, "days": LATE_DAYS},
    ) as source:  # fmt: skip
        rows = unwalked(matter.connection, matter.area.scope, LATE_DAYS, 1)[:MOST_STREETS]
        source.records = rows[0].total if rows else 0
    if not rows:
        draft.text(
            say(Both("{days}天内所有街道均已巡到。", "All streets were walked within {days} days."),
                days=str(LATE_DAYS))
        )  # fmt: skip
        return
    n = matter.ledger.count("streets.late", rows[0].total, source)
    km = matter.ledger.count("streets.late.km", round(rows[0].total_m / 1000, 2), source, unit="km")
    draft.text(
        say(
            Both(
                "{days}天以上无人巡到的街道{n}条，共{km}公里，最长的如下。",
                "Nobody walked {n:street|streets} for {days} days or more, {km} km in all; the "
                "longest are these.",
            ),
            days=str(LATE_DAYS), n=n, km=km,
        )
    )  # fmt: skip
    draft.table(
        Both("多日未巡街道", "Streets not walked"),
        [
            Col(Both("街道", "Street"), numeric=False),
            Col(Both("长度", "Length"), Both("米", "m")),
            Col(Both("最近一次巡到", "Last walked"), numeric=False),
        ],
        [
            [
                row.name or Both("无名道路", "without a name"),
                matter.ledger.count(
                    f"streets.{row.segment_id}.length_m", round(row.length_m), source
                ),
                f"{row.newest.astimezone(matter.zone):%Y-%m-%d}"
                if row.newest
                else Both("从未", "never"),
            ]
            for row in rows
        ],
    )


def ahead(matter: Matter, draft: Draft) -> None:
    """Tell who is on duty in the days to come."""
    title = Both("近期班次", "Shifts ahead")
    draft.head(1, title, "shifts")
    span = Span(matter.today, matter.today + timedelta(days=AHEAD_DAYS - 1))
    with matter.ledger.asking(
        "shifts.ahead", title, "reports.of_work",
        matter.listed("shifts", first=span.first, last=span.last, kind="ahead",
                      moment=matter.now.isoformat()),
    ) as source:  # fmt: skip
        rows = matter.connection.execute(
            text(_SHIFTS),
            {
                "units": list(matter.area.units), "now": matter.now, "first": span.first,
                "last": span.last, "most": MOST_SHIFTS,
            },
        ).all()  # fmt: skip
        source.records = rows[0].total if rows else 0
    if not rows:
        draft.nothing(title, Both("今后一周没有排班。", "No shifts are planned for the next week."))
        return
    total = matter.ledger.count("shifts.ahead", rows[0].total, source)
    draft.text(
        say(
            Both("今后{days}天安排{n}班次。", "{n:shift|shifts} in the next {days} days."),
            days=str(AHEAD_DAYS), n=total,
        )
    )  # fmt: skip
    cells: list[list[Value]] = [
        [
            Linked(_clock(row.starts, matter), "shifts.show", {"shift_id": row.id}),
            _clock(row.ends, matter),
            Linked(row.team, "staff.team", {"team_id": row.team_id}),
            Linked(row.route, "patrols.show", {"route_id": row.route_id}) if row.route else "—",
            matter.ledger.count(f"shifts.{row.id}.people", row.members, source),
        ]
        for row in rows
    ]
    draft.table(
        title,
        [
            Col(Both("开始", "From"), numeric=False), Col(Both("结束", "To"), numeric=False),
            Col(Both("队伍", "Team"), numeric=False), Col(Both("路线", "Route"), numeric=False),
            Col(Both("人数", "People")),
        ],
        cells,
    )  # fmt: skip
