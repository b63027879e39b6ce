"""Indicators for the demo town, whose counts are those of the founding reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import cycle
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridmap.incidents.statistics import Span
from gridmap.reports.indicators.entry import Entered, save_values
from gridmap.reports.indicators.models import Indicator
from gridmap.reports.indicators.periods import Kind, leading_up, newest_over
from gridmap.reports.indicators.service import Wish, create_indicator
from gridmap.reports.indicators.trees import find_tree
from gridmap.territory.preferences import territory_settings
from gridmap.workforce.rights import SYSTEM

#: Homes of 15 communities: planned, built or building, built, occupied; 2,945, 1,849, 521 and 280.
HOMES = (
    (199, 104, 38, 20), (162, 110, 28, 14), (269, 216, 71, 48), (145, 96, 12, 7),
    (245, 145, 18, 7), (208, 169, 32, 23), (142, 65, 25, 8), (238, 183, 51, 24),
    (137, 75, 17, 11), (223, 110, 38, 13), (144, 69, 20, 10), (149, 83, 19, 6),
    (221, 166, 71, 41), (307, 155, 60, 37), (156, 103, 21, 11),
)  # fmt: skip
#: Who may vote, and who did: 311,804 and 235,893.
VOTES = (
    (24652, 18523), (15267, 11646), (21642, 17201), (19955, 14403), (19713, 15207),
    (17647, 13027), (24059, 17622), (25808, 18734), (17946, 14465), (21121, 15499),
    (11038, 8248), (21745, 16600), (20837, 17039), (26617, 19386), (23757, 18293),
)  # fmt: skip
#: Who was asked, and who is satisfied: 2,000 and 1,700.
ASKED = (
    (135, 111), (152, 121), (149, 125), (151, 125), (120, 102), (127, 113), (125, 108), (152, 129),
    (156, 134), (114, 98), (115, 92), (118, 104), (118, 103), (131, 115), (137, 120),
)  # fmt: skip
#: Community offices, those of 100 m² or more, and their m²: 45, 33 and 10,800.
OFFICES = (
    (3, 3, 1088), (3, 3, 971), (3, 2, 592), (3, 3, 809), (3, 2, 651), (3, 2, 656), (3, 2, 584),
    (3, 2, 801), (3, 2, 844), (3, 2, 686), (3, 2, 692), (3, 2, 573), (3, 2, 578), (3, 2, 649),
    (3, 2, 626),
)  # fmt: skip
#: How many half-months lead up to the counts of the homes.
HALF_MONTHS = 12

_HOMES = {
    "homes.started": Wish(
        "homes.started", "新居开工率", "Homes started", "已建成和在建户数",
        "Homes built or being built", "计划户数", "Homes planned", within=True,
        period_kind="half_month", over_time="last", target=Decimal(60), places=1,
    ),
    "homes.built": Wish(
        "homes.built", "新居建成率", "Homes built", "已建成户数", "Homes built", "计划户数",
        "Homes planned", within=True, period_kind="half_month", over_time="last",
        target=Decimal(20),
    ),
    "homes.occupied": Wish(
        "homes.occupied", "新居入住率", "Homes occupied", "已入住户数", "Homes occupied",
        "已建成户数", "Homes built", within=True, period_kind="half_month", over_time="last",
    ),
}  # fmt: skip
_OTHERS = (
    Wish(
        "offices.area", "社区办公用房平均面积", "Area of community offices",
        "办公用房面积（平方米）", "Area of offices (m²)", "社区办公用房数", "Community offices",
        per=1, unit="m²",
        level="town", period_kind="year", over_time="last", target=Decimal(100), places=0,
    ),
    Wish(
        "offices.standard", "社区办公用房达标率", "Community offices up to standard",
        "达到100平方米的办公用房数", "Offices of 100 m² or more", "社区办公用房数",
        "Community offices", within=True, level="town", period_kind="year", over_time="last",
        target=Decimal(80), places=0,
    ),
    Wish(
        "satisfaction", "群众满意率", "Satisfaction", "满意人数", "People satisfied", "受访人数",
        "People asked", within=True, period_kind="half_year", target=Decimal(85), places=0,
    ),
    Wish(
        "turnout", "参选率", "Turnout", "参加投票人数", "People who voted", "登记选民数",
        "People registered", within=True, level="town", period_kind="any", over_time="last",
    ),
    Wish(
        "placements", "安置率", "Placements made", "已安置人数", "People placed", "应安置人数",
        "People to be placed", within=True, period_kind="half_year", target=Decimal(100),
        places=0,
    ),
)  # fmt: skip
#: Of these nothing is entered.
_RECORDS = (
    Wish(
        "cases.closing", "结案率", "Closing rate", "结案数", "Cases closed", "应结案数",
        "Cases due", numerator_measure="cases.closed", denominator_measure="cases.due",
        within=True, target=Decimal(95),
    ),
    Wish(
        "incidents.households", "每千户警情数", "Incidents per 1,000 households", "警情数",
        "Incidents", "户数", "Households", per=1000, unit="‰",
        numerator_measure="incidents.count", denominator_measure="people.households",
        better="down", places=1,
    ),
)  # fmt: skip
_SLIP, _SLIP_REASON = 5, "重复上报，已核减"

Rows = Sequence[tuple[int, ...]]


def load_indicators(session: Session, now: datetime) -> bool:
    """Give the demo town its indicators, unless it has some.

    The fifteen communities of the report are the first fifteen by code. Where the town has fewer,
    their counts are spread over those it has, and where an indicator is entered for towns, over
    theirs: the sums of the county are the same in a town of any size.

    Parameters
    ----------
    session : Session
        Of a database with the demo town in it.
    now : datetime
        The newest values are of the last periods that are over.

    Returns
    -------
    bool
        Whether there were none.
    """
    if session.scalar(select(Indicator.id).limit(1)) is not None:
        return False
    day = now.astimezone(ZoneInfo(territory_settings(session).time_zone)).date()
    places = _Places(session)
    _load_homes(session, places, day)
    for wish in _RECORDS:
        create_indicator(session, SYSTEM, wish)
    offices, standard, satisfaction, turnout, placements = (
        create_indicator(session, SYSTEM, wish) for wish in _OTHERS
    )
    towns = places.towns
    area = [(row[2], row[0]) for row in OFFICES]
    _save(session, offices, _newest(offices, day), spread(area, towns))
    up_to_it = [(row[1], row[0]) for row in OFFICES]
    _save(session, standard, _newest(standard, day), spread(up_to_it, towns))
    votes = [(row[1], row[0]) for row in VOTES]
    election = Span(date(day.year - 1, 9, 20), date(day.year - 1, 9, 20))
    _save(session, turnout, election, spread(votes, towns))
    asked = [(row[1], row[0]) for row in ASKED]
    _save(session, satisfaction, _newest(satisfaction, day), spread(asked, places.communities))
    _save(session, placements, _newest(placements, day), spread([(1, 1)], places.communities))
    return True


def spread(rows: Rows, units: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Give each unit its rows in turn, and add up those of the same unit."""
    found: dict[int, tuple[int, ...]] = {}
    for unit, row in zip(cycle(units), rows, strict=False):
        before = found.get(unit, (0,) * len(row))
        found[unit] = tuple(map(sum, zip(before, row, strict=True)))
    return found


def earlier(row: tuple[int, ...], place: int, ago: int) -> tuple[int, ...]:
    """Return what a community had reached some half-months ago; what is planned stays.

    Each goes on by 1 to 9 per cent of today's count in a half-month, one faster now, another
    then, so that ranks change.
    """
    planned, *done = row
    missing = sum(1 + (place * 7 + step * 5) % 9 for step in range(ago))
    return planned, *(count - count * missing // 100 for count in done)


class _Places:
    """The units that get the counts: a community for each row of the report, and its town."""

    def __init__(self, session: Session) -> None:
        tree = find_tree(session, SYSTEM)
        communities = tree.of_level("community")[: len(HOMES)]
        self.communities = [unit.id for unit in communities]
        self.towns = [unit.parent_id for unit in communities]


def _load_homes(session: Session, places: _Places, day: date) -> None:
    """Enter twelve half-months; a slip in the last but one is corrected."""
    made = {code: create_indicator(session, SYSTEM, wish) for code, wish in _HOMES.items()}
    periods = leading_up("half_month", newest_over("half_month", day), HALF_MONTHS)
    for ago, span in zip(range(HALF_MONTHS)[::-1], periods, strict=True):
        rows = [earlier(row, place, ago) for place, row in enumerate(HOMES)]
        counts = spread(rows, places.communities)
        for code, (part, whole) in {
            "homes.started": (1, 0), "homes.built": (2, 0), "homes.occupied": (3, 2),
        }.items():  # fmt: skip
            values = {unit: (row[part], row[whole]) for unit, row in counts.items()}
            if ago != 1 or code != "homes.started":
                _save(session, made[code], span, values)
                continue
            unit = places.communities[0]
            wrong = {**values, unit: (values[unit][0] + _SLIP, values[unit][1])}
            _save(session, made[code], span, wrong)
            right = [_entered(unit, values[unit], 1)]
            save_values(session, SYSTEM, made[code].id, span, right, _SLIP_REASON)


def _save(
    session: Session, indicator: Indicator, span: Span, values: Mapping[int, tuple[int, ...]]
) -> None:
    entered = [_entered(unit, counts) for unit, counts in values.items()]
    save_values(session, SYSTEM, indicator.id, span, entered)


def _entered(unit: int, counts: Sequence[int], version: int = 0) -> Entered:
    numerator, denominator = counts
    return Entered(unit, Decimal(numerator), Decimal(denominator), version)


def _newest(indicator: Indicator, day: date) -> Span:
    kind: Kind = indicator.period_kind  # type: ignore[assignment]
    return newest_over(kind, day)
