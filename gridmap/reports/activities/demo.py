"""Two years of activities for the demo town: the figures of the founding reports, and others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from psycopg import Connection
from sqlalchemy import Row, insert, select, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.lookups import town_zone
from gridmap.incidents.statistics import Span
from gridmap.reports.activities.due import Every, periods
from gridmap.reports.activities.kinds import COUNTED, COUNTS
from gridmap.reports.activities.models import Activity, ActivityPlan

#: Days within a half-month: every area of a community is swept on another one.
_DAYS = (3, 7, 11)
#: Publicity of a year: eight issues with 1,000 leaflets, 320 questions, 35 boards, 20 banners.
_MONTHS = (2, 3, 5, 6, 8, 9, 11, 12)
_BOARDS, _BANNERS = (4, 4, 4, 4, 5, 5, 5, 4), (2, 3, 2, 3, 2, 3, 2, 3)
#: Three groups of visitors with 14 people in a half-year.
_VISITS = ((1, 4), (3, 5), (5, 5))
_FINDINGS = ("灭火器过期", "消防通道堆放杂物", "用电线路老化", "应急照明损坏", "安全出口标识缺失")
_TOPICS = (
    "防电信诈骗",
    "禁毒宣传",
    "消防安全",
    "电动车防盗",
    "矛盾调解",
    "防溺水",
    "垃圾分类",
    "冬季防火",
)
_COLUMNS = (
    "kind", "day", "unit_id", "cell_id", "place_id", "note", "recorded_by", "recorded_name",
    *(name for name in COUNTS if name not in COUNTED),
)  # fmt: skip
_NOTICE = ("finding", "due", "rechecked_on", "corrected", "rechecked_by")

_PLANS: tuple[tuple[str, Every, str, str, str | None], ...] = (
    ("sweep", "half_month", "county", "community", None),
    ("publicity", "quarter", "county", "community", None),
    ("meeting", "month", "county", "community", None),
    ("inspection", "quarter", "county", "place", "clinic"),
    ("training", "quarter", "town", "unit", None),
    ("patrol", "month", "town", "cell", None),
)
# How much of what is planned the other communities do.
_SHARES: tuple[tuple[str, Every, float], ...] = (
    ("sweep", "half_month", 0.93),
    ("meeting", "month", 0.9),
    ("publicity", "quarter", 0.92),
)


@dataclass
class _Books:
    """What is to be stored: activities, and the notices of some of them by their position."""

    today: date
    rows: list[dict[str, Any]] = field(default_factory=list)
    notices: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def add(self, kind: str, day: date, by: tuple[int | None, str], **more: Any) -> int | None:
        """Note an activity and return its position; None for one that has not come yet."""
        if day > self.today:
            return None
        who = {"recorded_by": by[0], "recorded_name": by[1]}
        self.rows.append({"kind": kind, "day": day, "note": "", **who, **more})
        return len(self.rows) - 1


def load_activities(session: Session, seed: int, community: str, now: datetime) -> int:
    """Give the demo town activities of last year and this one until now, unless it has some.

    The community named has 27 sweeps in every half-year, from two or three areas in each
    half-month, eight issues of publicity a year, and inspections with five notices in a half-year.
    Of those of the last whole half-year two, of clinics, were corrected. The others do most of
    what is planned.

    Parameters
    ----------
    session : Session
        Of a database with the demo town and its staff.
    seed : int
        Another number gives other counts.
    community : str
        The code of the first community of the founding reports.
    now : datetime

    Returns
    -------
    int
        How many activities; none if there are any already.
    """
    if session.scalar(select(Activity.id).limit(1)) is not None:
        return 0
    zone = town_zone(session)
    today = now.astimezone(zone).date()
    first = date(today.year - 1, 1, 1)
    home = session.execute(
        text("SELECT id, parent_id FROM unit WHERE code = :code"), {"code": community}
    ).one()
    books, rng = _Books(today), np.random.default_rng([seed, 2028])
    _keep_home(books, session, home.id, first)
    whole = Span(first, date(today.year, 12, 31))
    spans = {every: periods(every, whole) for _, every, _ in _SHARES}
    for unit in session.execute(_COMMUNITIES, {"home": home.id}):
        _keep_community(books, rng, unit, spans)
    _keep_town(books, rng, session, home.parent_id, first)
    _make_plans(session, home.parent_id, first)
    _store(session, books, now, zone)
    return len(books.rows)


def _store(session: Session, books: _Books, now: datetime, zone: ZoneInfo) -> None:
    """Copy the books into the database; a city has a hundred thousand rows."""
    begins = session.execute(
        text("""
            SELECT setval(own.name, nextval(own.name) + :rows - 1) - :rows + 1
            FROM (SELECT pg_get_serial_sequence('activity', 'id') AS name) AS own
        """),
        {"rows": len(books.rows)},
    ).scalar_one()
    # They were written down in the evening of their day.
    days = {row["day"] for row in books.rows}
    evenings = {day: min(datetime.combine(day, time(17, 30), zone), now) for day in days}
    _copy(
        session, "activity", ("id", *_COLUMNS, "recorded_at"),
        (
            (begins + number, *map(row.get, _COLUMNS), evenings[row["day"]])
            for number, row in enumerate(books.rows)
        ),
    )  # fmt: skip
    _copy(
        session, "activity_notice", ("activity_id", *_NOTICE),
        (
            (begins + position, *(notice[name] for name in _NOTICE))
            for position, notice in books.notices
        ),
    )  # fmt: skip


def _copy(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, Connection)  # noqa: S101 - For the type checker.
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


# Each with its cells, its clinics, and a cadre who records.
_COMMUNITIES = text("""
    SELECT u.id,
           ARRAY(SELECT c.id FROM cell c WHERE c.community_id = u.id AND c.kind <> 'micro'
                 AND c.valid_to IS NULL ORDER BY c.code) AS cells,
           ARRAY(SELECT p.id FROM place p WHERE p.community_id = u.id AND p.kind = 'clinic'
                 ORDER BY p.id) AS clinics,
           (SELECT d.name FROM cadre d WHERE d.unit_id = u.id ORDER BY d.id LIMIT 1) AS cadre
    FROM unit u WHERE u.level = 'community' AND u.id <> :home ORDER BY u.code
""")


def _keep_home(books: _Books, session: Session, home: int, first: date) -> None:
    """Keep the books of the first community."""
    cells = session.scalars(
        text("SELECT id FROM cell WHERE community_id = :home AND kind <> 'micro' "
             "AND valid_to IS NULL ORDER BY code"),
        {"home": home},
    ).all()  # fmt: skip
    places = session.execute(
        text("SELECT id, kind FROM place WHERE community_id = :home "
             "AND kind IN ('clinic', 'kindergarten', 'enterprise') ORDER BY kind, id"),
        {"home": home},
    ).all()  # fmt: skip
    user = session.execute(
        text("SELECT id, display_name FROM app_user WHERE login = 'cadre'")
    ).one_or_none()
    by = (None, "网格员") if user is None else (user.id, user.display_name)
    for half in _halves(first, books.today):
        _sweep_home(books, home, list(cells), half, by)
        _inspect_home(books, home, list(places), half, by)
        for month, people in _VISITS:
            day = _month(half.first, month) + timedelta(days=13)
            books.add("visit", day, by, unit_id=home, visitor_groups=1, visitors=people)
    for year in range(first.year, books.today.year + 1):
        for number, month in enumerate(_MONTHS):
            books.add(
                "publicity", date(year, month, 10), by, unit_id=home, note=_TOPICS[number],
                issues=1, leaflets=125, questions=40, boards=_BOARDS[number],
                banners=_BANNERS[number],
            )  # fmt: skip
    for period in periods("month", Span(first, date(books.today.year, 12, 31))):
        day = period.first + timedelta(days=4)
        books.add("meeting", day, by, unit_id=home, participants=12, note="社区平安建设月例会")


def _sweep_home(
    books: _Books, home: int, cells: list[int], half: Span, by: tuple[int | None, str]
) -> None:
    """Sweep two areas in each half-month, and a third in three of twelve: 27 in a half-year."""
    turn = 0
    for number, period in enumerate(periods("half_month", half)):
        for nth in range(3 if number % 4 == 1 else 2):
            # Four disputes in a half-year, as the report has them.
            found = int(nth == 0 and number % 3 == 0)
            books.add(
                "sweep", period.first + timedelta(days=_DAYS[nth]), by, unit_id=home,
                cell_id=cells[turn % len(cells)] if cells else None,
                households=50 + (turn * 7) % 40, hazards=turn % 3, hazards_removed=min(turn % 3, 1),
                disputes=found, note="半月矛盾纠纷和安全隐患排查",
            )  # fmt: skip
            turn += 1


def _inspect_home(
    books: _Books, home: int, places: list[Row[Any]], half: Span, by: tuple[int | None, str]
) -> None:
    """Inspect the places of each quarter; five notices in a half-year, two corrected."""
    clinics = [place.id for place in places if place.kind == "clinic"]
    others = [place.id for place in places if place.kind != "clinic"]
    year = books.today.year
    last_whole = date(year, 6, 30) if books.today.month > 6 else date(year - 1, 12, 31)
    noticed = [*clinics[:2], *others[: 5 - len(clinics[:2])]]
    for quarter, period in enumerate(periods("quarter", half)):
        for nth, place in enumerate([*clinics, *others]):
            day = period.first + timedelta(days=20 + nth)
            # The clinics' notices are of the first quarter, those of others of the second.
            number = noticed.index(place) if place in noticed else None
            given = number is not None and (place in clinics) == (quarter == 0)
            position = books.add(
                "inspection", day, by, unit_id=home, place_id=place, checked=1,
                problems=int(given), note="季度安全检查",
            )  # fmt: skip
            if position is not None and given and number is not None:
                due = day + timedelta(days=15)
                done = due - timedelta(days=2)
                # What is older was corrected by now, all of it.
                corrected = done <= books.today and (place in clinics or half.last < last_whole)
                books.notices.append((position, _notice(_FINDINGS[number], due, done, corrected)))


def _keep_community(
    books: _Books, rng: np.random.Generator, unit: Row[Any], spans: Mapping[Every, Sequence[Span]]
) -> None:
    """Keep the books of another community, which does most of what is planned."""
    by: tuple[int | None, str] = (None, unit.cadre or "网格员")
    for kind, every, share in _SHARES:
        # Drawn all at once: one by one they take longer than to store them.
        n = len(spans[every])
        draws = zip(
            spans[every], rng.random(n).tolist(), rng.random(n).tolist(),
            rng.integers(0, 100, (n, 4)).tolist(),
            rng.integers(0, max(len(unit.cells), 1), n).tolist(), strict=True,
        )  # fmt: skip
        for period, chance, within, drawn, nth in draws:
            if chance >= share:
                continue
            day = period.first + timedelta(days=1 + int(within * (period.last - period.first).days))
            cell = unit.cells[nth] if kind == "sweep" and unit.cells else None
            books.add(kind, day, by, unit_id=unit.id, cell_id=cell, **_counts(drawn, kind))
    clinics = len(unit.clinics)
    for period in spans["quarter"]:
        visits = zip(
            unit.clinics, rng.random((clinics, 3)).tolist(),
            rng.integers(10, 80, clinics).tolist(),
            rng.integers(0, len(_FINDINGS), clinics).tolist(), strict=True,
        )  # fmt: skip
        for place, (badly, missed, chance), after, nth in visits:
            if missed > 0.9:
                continue
            bad, finding = badly < 0.12, _FINDINGS[nth]
            day = period.first + timedelta(days=after)
            more = {"place_id": place, "checked": 1, "problems": int(bad)}
            position = books.add("inspection", day, by, unit_id=unit.id, **more)
            if bad and position is not None:
                due = day + timedelta(days=15)
                late = due < books.today - timedelta(days=100)
                corrected = due <= books.today and (late or chance < 0.8)
                books.notices.append((position, _notice(finding, due, due, corrected)))


def _keep_town(
    books: _Books, rng: np.random.Generator, session: Session, town: int, first: date
) -> None:
    """Keep the books of the town: its training, and the volunteers' patrols in its cells."""
    by = (None, "综治中心主任")
    year_end = date(books.today.year, 12, 31)
    for period in periods("quarter", Span(first, year_end)):
        day = period.first + timedelta(days=24)
        books.add(
            "training", day, by, unit_id=town, participants=35, hours=2, note="网格员业务培训"
        )
    cells = session.execute(
        text("SELECT c.id, c.community_id FROM cell c JOIN unit u ON u.id = c.community_id "
             "WHERE u.parent_id = :town AND c.kind <> 'micro' AND c.valid_to IS NULL "
             "ORDER BY c.code"),
        {"town": town},
    ).all()  # fmt: skip
    for period in periods("month", Span(first, year_end)):
        # Towards the end of this month some are still to be done.
        for cell, chance, day in zip(
            cells, rng.random(len(cells)), rng.integers(0, 27, len(cells)), strict=True
        ):
            if chance < 0.94:
                books.add(
                    "patrol", period.first + timedelta(days=int(day)), by,
                    unit_id=cell.community_id, cell_id=cell.id,
                    participants=4 + int(day) % 5, rounds=1 + int(day) % 2,
                )  # fmt: skip


def _make_plans(session: Session, town: int, first: date) -> None:
    county = session.scalar(text("SELECT parent_id FROM unit WHERE id = :id"), {"id": town})
    units = {"county": county, "town": town}
    session.execute(
        insert(ActivityPlan),
        [
            {"kind": kind, "every": every, "unit_id": units[level], "target": target,
             "place_kind": place_kind, "starts": first}
            for kind, every, level, target, place_kind in _PLANS
        ],
    )  # fmt: skip


def _counts(drawn: Sequence[int], kind: str) -> dict[str, int]:
    a, b, c, d = drawn
    if kind == "sweep":
        hazards = a % 4
        return {"households": 30 + b % 60, "hazards": hazards,
                "hazards_removed": min(hazards, c % 4), "disputes": int(d < 15)}  # fmt: skip
    if kind == "meeting":
        return {"participants": 8 + a % 10}
    return {"issues": 1, "leaflets": 80 + b, "questions": 20 + c % 30, "boards": 2 + d % 4,
            "banners": 1 + a % 3}  # fmt: skip


def _notice(finding: str, due: date, done: date, corrected: bool) -> dict[str, Any]:
    return {
        "finding": finding,
        "due": due,
        "rechecked_on": done if corrected else None,
        "corrected": True if corrected else None,
        "rechecked_by": "综治中心主任" if corrected else "",
    }


def _halves(first: date, today: date) -> Iterator[Span]:
    for year in range(first.year, today.year + 1):
        for month, last in ((1, date(year, 6, 30)), (7, date(year, 12, 31))):
            yield Span(date(year, month, 1), last)


def _month(first: date, number: int) -> date:
    """Return the first day of the n-th month of a half-year, the first being 1."""
    return first.replace(month=first.month + number - 1)
