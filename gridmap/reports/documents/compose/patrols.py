"""Patrols: routes, shifts, what was walked, and what of the incidents that covered."""

from __future__ import annotations

from sqlalchemy import text

from gridmap.incidents.cases.rates import percent
from gridmap.patrols.shifts.queries import CAME, NOTED
from gridmap.patrols.tracks.overview import Months, figures, near_metres
from gridmap.reports.documents.compose.draft import Draft
from gridmap.reports.documents.compose.matter import Matter
from gridmap.reports.documents.compose.pictures import has_outline, route_shapes
from gridmap.reports.documents.compose.prose import Both, Value, say

TITLE = Both("巡逻防范", "Patrols")
_RECORDS = Both("巡逻轨迹与事件记录", "Records of patrols and incidents")

_SHIFTS = f"""
    SELECT count(*) AS shifts, coalesce(sum(m.due), 0)::bigint AS due,
           coalesce(sum(m.came), 0)::bigint AS came, coalesce(sum(m.known), 0)::bigint AS known
    FROM shift s JOIN team t ON t.id = s.team_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS due, count(*) FILTER (WHERE {CAME}) AS came,
               count(*) FILTER (WHERE {NOTED}) AS known FROM shift_member WHERE shift_id = s.id) m
    WHERE t.unit_id = ANY(:units) AND s.cancelled_at IS NULL
      AND s.day BETWEEN :first AND :last AND s.starts <= :now
"""
_WALKED = """
    SELECT count(*) AS tracks, coalesce(sum(length_m), 0) AS metres FROM patrol_track
    WHERE unit_id = ANY(:units) AND matched_at IS NOT NULL
      AND started_at >= CAST(:first AS timestamp)
          AT TIME ZONE (SELECT time_zone FROM territory_settings)
      AND started_at < (CAST(:last AS timestamp) + interval '1 day')
          AT TIME ZONE (SELECT time_zone FROM territory_settings)
"""
# As routes are today: their versions tell what they were, not whether they were in use.
_ROUTES = """
    SELECT count(*) AS routes, coalesce(sum(length_m), 0) AS metres FROM patrol_route
    WHERE unit_id = ANY(:units) AND archived_at IS NULL
"""


def write(matter: Matter, draft: Draft) -> None:
    """Tell of the patrols of the period."""
    draft.head(1, TITLE, "patrols")
    routes = _routes(matter)
    done = [*_shifts(matter), *_walked(matter), *covered(matter)]
    draft.text(*routes, *done)
    if done:
        coverage_map(matter, draft)
    else:
        # A route that nobody walked is no patrol.
        draft.nothing(TITLE, Both("本期没有巡逻记录。", "No patrols of this period are on record."))


def _routes(matter: Matter) -> list[Value]:
    with matter.ledger.asking(
        "routes",
        Both("现行巡逻路线", "Patrol routes of today"),
        "reports.of_work",
        matter.listed("routes"),
    ) as source:
        row = matter.connection.execute(text(_ROUTES), {"units": list(matter.area.units)}).one()
        source.records = row.routes
    if not row.routes:
        return []
    return [
        say(
            Both("现有巡逻路线{n}条，全长{km}公里。",
                 "The area has {n:patrol route|patrol routes} of {km} km in all."),
            n=matter.ledger.count("routes", row.routes, source),
            km=matter.ledger.count(
                "routes.km", round(row.metres / 1000, 2), source, unit="km"
            ),
        )
    ]  # fmt: skip


def _asked(matter: Matter) -> dict[str, object]:
    return {
        "units": list(matter.area.units), "first": matter.span.first, "last": matter.span.last,
    }  # fmt: skip


def _shifts(matter: Matter) -> list[Value]:
    ledger = matter.ledger
    with ledger.asking(
        "shifts", Both("班次", "Shifts"), "reports.of_work",
        matter.listed("shifts", first=matter.span.first, moment=matter.now.isoformat()),
    ) as source:  # fmt: skip
        row = matter.connection.execute(text(_SHIFTS), _asked(matter) | {"now": matter.now}).one()
        source.records = row.shifts
    if not row.shifts:
        return []
    said: list[Value] = [
        say(
            Both("本期安排巡逻{n}班次、{due}人次。",
                 "{n:shift was|shifts were} on duty, of {due} people's turns."),
            n=ledger.count("shifts", row.shifts, source),
            due=ledger.count("shifts.due", row.due, source),
        )
    ]  # fmt: skip
    if row.known:
        known = ledger.count("shifts.known", row.known, source)
        came = ledger.count("shifts.came", row.came, source)
        said.append(
            say(
                Both("除请假外，有考勤记录的{known}人次中到岗{came}人次，到岗率{rate}。",
                     "Of the {known} not on leave whose attendance is known {came} came, {rate}."),
                known=known, came=came,
                rate=ledger.rate("shifts.attendance", came, known, of_few=True),
            )
        )  # fmt: skip
    return said


def _walked(matter: Matter) -> list[Value]:
    ledger = matter.ledger
    with ledger.asking(
        "tracks", Both("巡逻轨迹", "Patrols as walked"), "reports.of_work",
        matter.listed("tracks", first=matter.span.first),
    ) as source:  # fmt: skip
        row = matter.connection.execute(text(_WALKED), _asked(matter)).one()
        source.records = row.tracks
    if not row.tracks:
        return []
    return [
        say(
            Both("记录巡逻轨迹{n}条，共{km}公里。",
                 "{n:patrol was|patrols were} recorded, {km} km in all."),
            n=ledger.count("tracks", row.tracks, source),
            km=ledger.count("tracks.km", round(row.metres / 1000, 2), source, unit="km"),
        )
    ]  # fmt: skip


def covered(matter: Matter) -> list[Value]:
    """Tell how many of the incidents lie near to what was walked in their month.

    Coverage is counted by month, so it is told of the months that the period touches.
    """
    ledger = matter.ledger
    months = Months(matter.span.first.replace(day=1), matter.span.last)
    title = Both("巡逻覆盖（按月）", "Patrol coverage by month")
    asked = {
        "unit": matter.area.code, "first": f"{months.first:%Y-%m}", "last": f"{months.last:%Y-%m}",
    }  # fmt: skip
    with ledger.asking("coverage", title, "tracks.index", asked) as source:
        row = figures(matter.connection, matter.area.scope, months)
        source.records = int(row.incidents)
    if not row.walked_m:
        return []
    near_m = ledger.count("coverage.near_m", near_metres(matter.connection), source, unit="m")
    incidents = ledger.count("coverage.incidents", int(row.incidents), source)
    walked = ledger.count("coverage.walked", int(row.walked), source)
    in_hour = ledger.count("coverage.in_hour", int(row.walked_in_hour), source)
    # Communities that have neither routes nor patrols are not counted.
    where = Both("", "")
    if matter.area.level != "community":
        where = Both("有巡逻的社区", " of communities with patrols")
    return [
        say(
            Both(
                "{where}所涉各月网格内事件{incidents}起，当月巡逻经过其{near}米以内的{walked}起，覆盖率"
                "{rate}；其中与事件同一时段经过的{in_hour}起，占{hour_rate}。",
                "Of the {incidents} incidents in cells{where} in the months concerned, patrols "
                "of the month passed within {near} m of {walked} ({rate}), and at their hour of "
                "the day of {in_hour} ({hour_rate}).",
            ),
            where=where, incidents=incidents, near=near_m, walked=walked, in_hour=in_hour,
            rate=ledger.rate("coverage.rate", walked, incidents, of_few=True),
            hour_rate=ledger.rate("coverage.hour_rate", in_hour, incidents, of_few=True),
        )
    ]  # fmt: skip


_BY_PART = """
    SELECT {part} AS part, sum(p.incidents)::integer AS incidents, sum(p.walked)::integer AS walked
    FROM patrol_coverage p
    WHERE p.month BETWEEN :first AND :last AND {scope} GROUP BY 1
"""


def _shares(matter: Matter) -> dict[int, float | None]:
    """Return what per cent of the incidents patrols passed near, by community or cell."""
    scope = matter.area.scope
    column = "p.cell_id" if matter.area.parts_are_cells else "p.community_id"
    rows = matter.connection.execute(
        text(_BY_PART.format(part=column, scope=scope.condition("p.community_id"))),
        {
            "first": matter.span.first.replace(day=1), "last": matter.span.last, **scope.params,
        },
    ).all()  # fmt: skip
    shares = {row.part: percent(row.walked, row.incidents) for row in rows}
    return {part: None if share is None else float(share) for part, share in shares.items()}


def coverage_map(matter: Matter, draft: Draft) -> None:
    """Draw what part of the incidents patrols covered in each part of the area, and the routes."""
    values = _shares(matter)
    if not any(values.values()) or not has_outline(matter):
        return
    title = Both("巡逻覆盖率", "Incidents near patrols")
    caption = say(
        Both("{period}巡逻覆盖图", "Map of patrol coverage, {period}"), period=matter.period
    )
    draft.picture(
        "coverage",
        caption,
        say(
            Both(
                "{area}地图，按巡逻经过的事件所占比例分级设色，并画出现行巡逻路线。",
                "A map of {area}, coloured by the share of incidents that patrols passed near, "
                "with the routes of today.",
            ),
            area=matter.area.name,
        ),
        lambda language, atlas: atlas.map(
            language, title, _RECORDS, values, unit="%", routes=route_shapes(matter)
        ),
        width_mm=165,
    )
