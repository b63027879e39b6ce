"""The area and its people: land, buildings, households, residents; and who works there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import text

from gridmap.reports.documents.compose.draft import Draft
from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.prose import MONTHS, Both, Listing, Value, say
from gridmap.reports.structure import Fact

TITLE = Both("基本情况", "The area and its people")

_LAND = """
    SELECT (SELECT sum(ST_Area(geom::geography)) FROM unit WHERE id = ANY(:communities)) AS area_m2,
           (SELECT count(*) FROM unit WHERE id = ANY(:communities) AND level = 'community')
               AS communities,
           c.basic, c.dedicated, c.micro,
           (SELECT count(*) FROM building WHERE community_id = ANY(:communities)
               AND kind = 'residential') AS residential,
           (SELECT count(*) FROM place WHERE community_id = ANY(:communities)
               AND kind = 'enterprise') AS enterprises
    FROM (SELECT count(*) FILTER (WHERE kind = 'basic') AS basic,
                 count(*) FILTER (WHERE kind = 'dedicated') AS dedicated,
                 count(*) FILTER (WHERE kind = 'micro') AS micro
          FROM cell WHERE community_id = ANY(:communities)
            AND (valid @> CAST(:day AS date)) IS TRUE) AS c
"""
# Of each building its newest counts up to the period's end.
_PEOPLE = """
    SELECT count(n.building_id) AS counted, max(n.month) AS month,
           coalesce(sum(n.households), 0)::bigint AS households,
           coalesce(sum(n.residents), 0)::bigint AS residents,
           coalesce(sum(n.temporary_residents), 0)::bigint AS temporary_residents,
           coalesce(sum(n.rented_homes), 0)::bigint AS rented_homes,
           coalesce(sum(n.shops), 0)::bigint AS shops
    FROM building b CROSS JOIN LATERAL (
        SELECT * FROM building_count c WHERE c.building_id = b.id AND c.month <= :last
        ORDER BY c.month DESC LIMIT 1) n
    WHERE b.community_id = ANY(:communities)
"""
# Staff have no history of their own, so they are those of today; assignments are of the last day.
_STAFF = """
    SELECT (SELECT count(*) FROM cadre WHERE unit_id = ANY(:units) AND active
               AND kind <> 'volunteer') AS cadres,
           (SELECT count(*) FROM cadre WHERE unit_id = ANY(:units) AND active
               AND kind = 'full_time') AS full_time,
           (SELECT count(*) FROM team WHERE unit_id = ANY(:units) AND active AND kind = :kind)
               AS teams,
           (SELECT count(*) FROM team t JOIN team_member m ON m.team_id = t.id
               WHERE t.unit_id = ANY(:units) AND t.active AND t.kind = :kind) AS members
"""
_COVERED = """
    SELECT count(*) AS held FROM cell c
    WHERE c.community_id = ANY(:communities) AND c.kind <> 'micro'
      AND (c.valid @> CAST(:day AS date)) IS TRUE
      AND EXISTS (SELECT FROM assignment a WHERE a.cell_id = c.id AND a.role = 'responsible'
                  AND a.period @> CAST(:day AS date))
"""
_CELLS = (
    ("basic", Both("划分基础网格{n}个", "{n:basic cell|basic cells}")),
    ("dedicated", Both("专属网格{n}个", "{n:dedicated cell|dedicated cells}")),
    ("micro", Both("微网格{n}个", "{n:micro cell|micro cells}")),
)
#: Of each count of the land what the list of its records is asked.
_LISTED: Mapping[str, Mapping[str, str]] = {
    "communities": {"what": "communities"},
    "basic": {"what": "cells", "kind": "basic"},
    "dedicated": {"what": "cells", "kind": "dedicated"},
    "micro": {"what": "cells", "kind": "micro"},
    "residential": {"what": "buildings", "kind": "residential"},
    "enterprises": {"what": "places", "kind": "enterprise"},
}
#: Kinds of teams: in the order told.
_TEAMS = (
    ("patrol", Both("巡防队{n}支、{m}人", "{n:patrol team|patrol teams} with {m:member|members}")),
    (
        "volunteer",
        Both(
            "志愿服务队{n}支、{m}人", "{n:volunteer team|volunteer teams} with {m:member|members}"
        ),
    ),
    ("grid", Both("网格队伍{n}支、{m}人", "{n:grid team|grid teams} with {m:member|members}")),
)


def write(matter: Matter, draft: Draft) -> None:
    """Tell of the area, its people and its staff."""
    draft.head(1, TITLE, "land")
    draft.head(2, Both("辖区与人口", "Land and people"))
    draft.text(*_land(matter), *_people(matter, draft))
    draft.head(2, Both("工作力量", "Who works there"))
    draft.text(*_staff(matter))


def _land(matter: Matter) -> list[Value]:
    area, ledger = matter.area, matter.ledger
    communities = sorted(matter.area.part_of) if area.level != "community" else [area.id]
    title = Both(
        "辖区：社区、网格、楼栋与企业", "The area: communities, cells, buildings, enterprises"
    )
    with ledger.asking(
        "land", title, "reports.of_area", matter.listed("communities")
    ) as source:  # fmt: skip
        row = matter.connection.execute(
            text(_LAND), {"communities": communities, "day": matter.span.last}
        ).one()

    def fact(name: str) -> Fact:
        return ledger.count(f"land.{name}", getattr(row, name), source, arguments=_LISTED[name])

    said: list[Value] = []
    if row.area_m2:
        km2 = ledger.count("land.area_km2", round(row.area_m2 / 1e6, 2), source, unit="km²")
        said.append(
            say(Both("{area}辖区面积{km2}平方公里", "{area} covers {km2} km²"),
                area=area.name, km2=km2)
        )  # fmt: skip
    else:
        said.append(say(Both("{area}", "{area}"), area=area.name))
    parts: list[Value] = []
    if area.level != "community":
        parts.append(
            say(Both("下辖社区（村）{n}个", "{n:community|communities}"), n=fact("communities"))
        )
    for kind, words in _CELLS:
        if getattr(row, kind):
            parts.append(say(words, n=fact(kind)))
    if row.residential:
        parts.append(
            say(Both("居民楼{n}栋", "{n:residential building|residential buildings}"),
                n=fact("residential"))
        )  # fmt: skip
    if row.enterprises:
        parts.append(say(Both("企业{n}家", "{n:enterprise|enterprises}"), n=fact("enterprises")))
    if not parts:
        return [say(Both("{first}。", "{first}."), first=said[0])] if row.area_m2 else []
    return [
        say(Both("{first}，{parts}。", "{first}, with {parts}."), first=said[0],
            parts=Listing(parts))
    ]  # fmt: skip


def _people(matter: Matter, draft: Draft) -> list[Value]:
    area, ledger = matter.area, matter.ledger
    communities = sorted(area.part_of) if area.level != "community" else [area.id]
    with ledger.asking(
        "people", Both("各楼栋最近一次人口统计", "The newest counts of the buildings"),
        "reports.of_area", matter.listed("people"),
    ) as source:  # fmt: skip
        row = matter.connection.execute(
            text(_PEOPLE), {"communities": communities, "last": matter.span.last}
        ).one()
        source.records = row.counted
        if not row.counted:
            draft.missing.append(Both("人口", "People"))
            return [
                Both("本期末以前没有人口统计数据。", "There are no counts of people up to then.")
            ]

    def fact(name: str) -> Fact:
        return ledger.count(f"people.{name}", int(getattr(row, name)), source)

    return [
        say(
            Both(
                "现有居民{households}户、{residents}人，流动人口{temporary}人，出租房{rented}套"
                "（{month}统计）。",
                "There are {households:household|households} with {residents:resident|residents}, "
                "{temporary:temporary resident|temporary residents} and "
                "{rented:rented home|rented homes} (as counted in {month}).",
            ),
            households=fact("households"), residents=fact("residents"),
            temporary=fact("temporary_residents"), rented=fact("rented_homes"),
            month=_month(row.month),
        )
    ]  # fmt: skip


def _month(day: date) -> Both:
    return Both(f"{day.year}年{day.month}月", f"{MONTHS[day.month - 1]} {day.year}")


def _staff(matter: Matter) -> list[Value]:
    area, ledger = matter.area, matter.ledger
    communities = sorted(area.part_of) if area.level != "community" else [area.id]
    said: list[Value] = []
    with ledger.asking(
        "staff", Both("网格员与责任分工", "Cadres and their cells"), "reports.of_work",
        matter.listed("cadres"),
    ) as source:  # fmt: skip
        units = {"units": list(area.units)}
        cadres = matter.connection.execute(text(_STAFF), units | {"kind": "grid"}).one()
        held = matter.connection.execute(
            text(_COVERED), {"communities": communities, "day": matter.span.last}
        ).scalar_one()
    n = ledger.count("staff.index", cadres.cadres, source)
    full = ledger.count(
        "staff.full_time", cadres.full_time, source, arguments={"kind": "full_time"}
    )
    with ledger.asking(
        "staff.cells", Both("有责任网格员的网格", "Cells with a responsible cadre"),
        "reports.of_area", matter.listed("cells", kind="held"),
    ) as cells:  # fmt: skip
        cells.counted_with(source)
    covered = ledger.count("staff.cells_held", held, cells)
    said.append(
        say(
            Both(
                "现有网格员{n}人（专职{full}人），期末{held}个网格有责任网格员。",
                "{n:cadre works|cadres work} there, {full} of them full time; at the end of the "
                "period {held:cell has|cells have} a responsible cadre.",
            ),
            n=n, full=full, held=covered,
        )
    )  # fmt: skip
    teams: list[Value] = []
    for kind, words in _TEAMS:
        with ledger.asking(
            f"teams.{kind}", Both("队伍及成员", "Teams and their members"), "reports.of_work",
            matter.listed("teams", kind=kind),
        ) as source:  # fmt: skip
            row = matter.connection.execute(text(_STAFF), units | {"kind": kind}).one()
        if row.teams:
            teams.append(
                say(
                    words,
                    n=ledger.count(f"teams.{kind}", row.teams, source),
                    m=ledger.count(f"teams.{kind}.members", row.members, source),
                )
            )
    if teams:
        said.append(say(Both("有{teams}。", "The area has {teams}."), teams=Listing(teams)))
    return said
