"""The sheet of one cell: place, who answers, buildings and people, and what is open."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text

from gridmap.i18n import translate
from gridmap.reports.documents.compose.draft import Col, Draft
from gridmap.reports.documents.compose.matter import Matter, named, to_cell
from gridmap.reports.documents.compose.prose import Both, Linked, Value, say
from gridmap.reports.structure import Fact
from gridmap.workforce.responsibility import held_on
from gridmap.workforce.words import ROLE_TITLES

MOST_CASES, MOST_INSPECTIONS = 15, 10
KINDS = {
    "basic": Both("基础网格", "a basic cell"), "dedicated": Both("专属网格", "a dedicated cell"),
    "micro": Both("微网格", "a micro cell"),
}  # fmt: skip

_CELL = """
    SELECT c.id, c.code, c.name, c.kind, c.area_m2,
           (SELECT count(*) FROM building b WHERE b.cell_id = c.id) AS buildings,
           (SELECT count(*) FROM building b WHERE b.cell_id = c.id AND b.kind = 'residential')
               AS residential,
           (SELECT count(*) FROM place p WHERE p.cell_id = c.id) AS places
    FROM cell c WHERE c.id = :cell AND c.community_id = ANY(:units)
"""
_PEOPLE = """
    SELECT count(n.building_id) AS counted, coalesce(sum(n.households), 0)::bigint AS households,
           coalesce(sum(n.residents), 0)::bigint AS residents,
           coalesce(sum(n.temporary_residents), 0)::bigint AS temporary_residents,
           coalesce(sum(n.rented_homes), 0)::bigint AS rented_homes
    FROM building b CROSS JOIN LATERAL (
        SELECT * FROM building_count c WHERE c.building_id = b.id AND c.month <= :last
        ORDER BY c.month DESC LIMIT 1) n
    WHERE b.cell_id = :cell
"""
_OPEN = """
    SELECT c.id, k.name, k.name_en, c.opened_at, c.next_due_at, c.next_due_at < :now AS late,
           count(*) OVER () AS total,
           count(*) FILTER (WHERE c.next_due_at < :now) OVER () AS overdue
    FROM incident_case c JOIN category k ON k.id = c.category_id
    WHERE c.cell_id = :cell AND c.ended_at IS NULL
    ORDER BY c.next_due_at, c.id LIMIT :most
"""
_INSPECTIONS = """
    SELECT a.id, a.day, p.name AS place, coalesce(a.problems, 0) AS problems,
           coalesce(a.notices, 0) AS notices, coalesce(a.corrected, 0) AS corrected,
           count(*) OVER () AS total
    FROM activity a LEFT JOIN place p ON p.id = a.place_id
    WHERE a.cell_id = :cell AND a.kind = 'inspection' AND a.day BETWEEN :first AND :last
    ORDER BY a.day DESC, a.id DESC LIMIT :most
"""


def place(matter: Matter, draft: Draft) -> None:
    """Tell where the cell is, who answers for it, and who lives in it, as counts."""
    cell = _cell(matter)
    ledger = matter.ledger
    known = matter.cell.name.en if matter.cell else ""
    draft.head(1, Both("网格概况", "The cell"), "cell")
    draft.text(
        say(
            Both(
                "{name}，编码{code}，{kind}，面积{km2}平方公里，有楼栋{buildings}栋（居民楼"
                "{residential}栋）、场所{places}处。",
                "{name} (code {code}) is {kind} of {km2} km², with {buildings:building|buildings}, "
                "{residential} of them residential, and {places:place|places}.",
            ),
            name=Both(cell.name or "本网格", known), code=to_cell(cell.code, cell.id),
            kind=KINDS[cell.kind],
            km2=ledger.count("cell.area_km2", round(cell.area_m2 / 1e6, 2), "cell", unit="km²"),
            buildings=_count(matter, cell, "buildings", {"what": "buildings"}),
            residential=_count(
                matter, cell, "residential", {"what": "buildings", "kind": "residential"}
            ),
            places=_count(matter, cell, "places", {"what": "places"}),
        ),
        *_people(matter),
    )  # fmt: skip
    draft.head(1, Both("责任人", "Who answers"), "staff")
    _staff(matter, draft)


def _cell(matter: Matter) -> Row[Any]:
    asked = {"cell": matter.cell_id, "units": list(matter.area.units)}
    title = Both("网格：楼栋与场所", "The cell: buildings and places")
    with matter.ledger.asking("cell", title, "reports.of_area", matter.listed("cells")):
        return matter.connection.execute(text(_CELL), asked).one()


def _count(matter: Matter, cell: Row[Any], name: str, asked: dict[str, str]) -> Fact:
    return matter.ledger.count(f"cell.{name}", getattr(cell, name), "cell", arguments=asked)


def _people(matter: Matter) -> list[Value]:
    title = Both("网格：最近一次人口统计", "The cell: the newest counts of people")
    with matter.ledger.asking(
        "people", title, "reports.of_area", matter.listed("people")
    ) as source:
        row = matter.connection.execute(
            text(_PEOPLE), {"cell": matter.cell_id, "last": matter.span.last}
        ).one()
        source.records = row.counted
    if not row.counted:
        return [Both("没有人口统计数据。", "There are no counts of people.")]
    facts = {
        name: matter.ledger.count(f"people.{name}", getattr(row, name), source)
        for name in ("households", "residents", "temporary_residents", "rented_homes")
    }
    return [
        say(
            Both(
                "居民{households}户、{residents}人，流动人口{temporary_residents}人，出租房"
                "{rented_homes}套。",
                "{households:household|households} with {residents:resident|residents}, "
                "{temporary_residents:temporary resident|temporary residents} and "
                "{rented_homes:rented home|rented homes}.",
            ),
            **facts,
        )
    ]


def _staff(matter: Matter, draft: Draft) -> None:
    cell_id = matter.cell_id or 0
    held = held_on(matter.session, matter.actor, matter.today, [cell_id])
    # Nobody answers for a cell in which nobody holds a role.
    if not held:
        draft.nothing(Both("责任人", "Who answers"), Both("无人负责。", "Nobody answers for it."))
        return
    draft.table(
        Both("责任分工", "Roles"),
        [Col(Both("职责", "Role"), numeric=False), Col(Both("姓名", "Name"), numeric=False)],
        [
            [_role(row.role), Linked(row.name, "staff.show", {"cadre_id": row.cadre_id})]
            for row in held
        ],
    )


def _role(role: str) -> Both:
    title = ROLE_TITLES[role]
    return Both(translate(title, "zh"), translate(title, "en"))


def open_cases(matter: Matter, draft: Draft) -> None:
    """Tell which cases of the cell are open now."""
    title = Both("未结案件", "Open cases")
    draft.head(1, title, "open")
    with matter.ledger.asking(
        "open", title, "cases.index", {"cell": matter.cell_id, "unit": matter.area.id}
    ) as source:
        rows = matter.connection.execute(
            text(_OPEN), {"cell": matter.cell_id, "now": matter.now, "most": MOST_CASES}
        ).all()
        source.records = rows[0].total if rows else 0
    if not rows:
        draft.text(Both("目前没有未结案件。", "No case is open."))
        return
    draft.text(
        say(
            Both("未结{n}件，其中超期{late}件。", "{n:case is|cases are} open, {late} overdue."),
            n=matter.ledger.count("open.total", rows[0].total, source),
            late=matter.ledger.count("open.overdue", rows[0].overdue, source,
                                     arguments={"due": "overdue"}),
        )
    )  # fmt: skip
    draft.table(
        title,
        [
            Col(Both("编号", "Number")), Col(Both("类别", "Kind"), numeric=False),
            Col(Both("立案", "Opened"), numeric=False), Col(Both("期限", "Due"), numeric=False),
        ],
        [
            [
                Linked(str(row.id), "cases.show", {"case": row.id}),
                named(row),
                f"{row.opened_at.astimezone(matter.zone):%Y-%m-%d}",
                say(
                    Both("{day}{late}", "{day}{late}"),
                    day=f"{row.next_due_at.astimezone(matter.zone):%Y-%m-%d %H:%M}",
                    late=Both("（超期）", " (late)") if row.late else "",
                ),
            ]
            for row in rows
        ],
    )  # fmt: skip


def inspections(matter: Matter, draft: Draft) -> None:
    """Tell the newest inspections in the cell."""
    title = Both("检查", "Inspections")
    draft.head(1, title, "inspections")
    asked = {
        "kind": "inspection", "cell": matter.cell_id, "first": matter.span.first,
        "last": matter.span.last,
    }  # fmt: skip
    with matter.ledger.asking("inspections", title, "activities.index", asked) as source:
        rows = matter.connection.execute(
            text(_INSPECTIONS),
            {
                "cell": matter.cell_id, "first": matter.span.first, "last": matter.span.last,
                "most": MOST_INSPECTIONS,
            },
        ).all()  # fmt: skip
    if not rows:
        draft.nothing(title, Both("本期没有检查记录。", "No inspections are on record."))
        return
    source.records = rows[0].total
    total = matter.ledger.count("inspections.total", rows[0].total, source)
    draft.text(
        say(
            Both("本期检查{n}次。", "{n:inspection was|inspections were} made in the period."),
            n=total,
        )
    )  # fmt: skip
    cells: list[list[Value]] = [
        [
            Linked(f"{row.day:%Y-%m-%d}", "activities.show", {"activity_id": row.id}),
            row.place or "—",
            *(
                matter.ledger.count(
                    f"inspections.{row.id}.{name}", getattr(row, name), source,
                    arguments={"first": row.day, "last": row.day},
                )
                for name in ("problems", "notices", "corrected")
            ),
        ]
        for row in rows
    ]  # fmt: skip
    draft.table(
        say(Both("最近的检查（至多{n}次）", "The newest inspections (at most {n})"),
            n=str(MOST_INSPECTIONS)),
        [
            Col(Both("日期", "Day"), numeric=False), Col(Both("场所", "Place"), numeric=False),
            Col(Both("问题", "Problems")), Col(Both("整改通知", "Notices")),
            Col(Both("已整改", "Corrected")),
        ],
        cells,
    )  # fmt: skip
