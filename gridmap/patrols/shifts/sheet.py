"""The monthly sheet of a team: who was on duty on which day, for how many hours, and the sums."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.patrols.shifts.access import captained, own_cadre
from gridmap.patrols.shifts.clock import by_day, night
from gridmap.patrols.shifts.models import ShiftSettings
from gridmap.patrols.shifts.rules import shift_settings, town_calendar, town_zone
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Action, Actor

_HOUR = timedelta(hours=1)


@dataclass
class SheetCell:
    """One person's day.

    Attributes
    ----------
    hours : float
        On duty on this day, also of a shift that began the day before.
    states : list of str
        Of the shifts that began on this day, see `models.STATES`; ``unknown`` where nothing was
        noted of one that is over, ``planned`` of one to come.
    leave : bool
        Whether the person is on leave.
    """

    hours: float = 0.0
    states: list[str] = field(default_factory=list)
    leave: bool = False


@dataclass
class SheetRow:
    """One person's month; hours are those of shifts that were not missed."""

    cadre_id: int
    name: str
    captain: bool
    cells: dict[date, SheetCell] = field(default_factory=dict)
    shifts: int = 0
    hours: float = 0.0
    night_hours: float = 0.0
    off_hours: float = 0.0
    came: int = 0
    late: int = 0
    absent: int = 0
    unknown: int = 0

    @property
    def leave_days(self) -> int:
        """How many days of the month the person is on leave."""
        return sum(cell.leave for cell in self.cells.values())


@dataclass(frozen=True)
class Sheet:
    """A team's month.

    Attributes
    ----------
    days : tuple of date
        Of the month.
    off : frozenset of date
        Those that are no workdays: weekends and holidays, without make-up workdays.
    rows : list of SheetRow
        The captain first.
    total : SheetRow
        The sums of all.
    """

    team: Team
    unit: str
    unit_en: str | None
    first: date
    days: tuple[date, ...]
    off: frozenset[date]
    rows: list[SheetRow]
    total: SheetRow


def make_sheet(session: Session, actor: Actor, team_id: int, month: date) -> Sheet:
    """Work out a team's month.

    A shift that passes midnight counts to the day on which it begins, its hours to the days on
    which they lie; so the hours of a month are those of the month. Hours planned count until
    somebody notes that the person did not come.

    Parameters
    ----------
    session : Session
    actor : Actor
        Of the office and the area, or the captain of the team.
    team_id : int
    month : date
        Any day of it.

    Raises
    ------
    NotFoundError
        If there is no such team for this person.
    """
    row = session.execute(
        text("SELECT u.name, u.name_en FROM team t JOIN unit u ON u.id = t.unit_id "
             "WHERE t.id = :id"), {"id": team_id},
    ).one_or_none()  # fmt: skip
    team = session.get(Team, team_id)
    if team is None or row is None or not _sees(session, actor, team):
        raise NotFoundError(Message("There is no team with the id {id}.", id=team_id))
    first = month.replace(day=1)
    days = tuple(first + timedelta(days=n) for n in range(monthrange(first.year, first.month)[1]))
    calendar = town_calendar(session)
    off = frozenset(day for day in days if not calendar.is_workday(day))
    rows = {
        person.id: SheetRow(person.id, person.name, person.captain, _empty(days))
        for person in _people(session, team_id, days)
    }
    settings, zone = shift_settings(session), town_zone(session)
    for shift in _shifts(session, team_id, days):
        _count(rows[shift.cadre_id], shift, off, settings, zone)
    for absence in _absences(session, list(rows), days):
        for day in days:
            if absence.starts <= day < absence.ends:
                rows[absence.cadre_id].cells[day].leave = True
    people = list(rows.values())
    return Sheet(team, row.name, row.name_en, first, days, off, people, _total(people, days))


def _sees(session: Session, actor: Actor, team: Team) -> bool:
    if actor.may(Action.VIEW_WORKFORCE) and actor.sees_unit(team.unit_id):
        return True
    return team.id in captained(session, own_cadre(session, actor))


def _empty(days: Sequence[date]) -> dict[date, SheetCell]:
    return {day: SheetCell() for day in days}


def _people(session: Session, team_id: int, days: Sequence[date]) -> Sequence[Row[Any]]:
    """Return the members of the team, and others who were on its shifts."""
    return session.execute(
        text("""
            SELECT d.id, d.name, coalesce(tm.captain, false) AS captain
            FROM cadre d LEFT JOIN team_member tm ON tm.cadre_id = d.id AND tm.team_id = :team
            WHERE tm.team_id IS NOT NULL OR d.id IN (
                SELECT m.cadre_id FROM shift s JOIN shift_member m ON m.shift_id = s.id
                WHERE s.team_id = :team AND s.day BETWEEN :early AND :last
                  AND s.cancelled_at IS NULL)
            ORDER BY coalesce(tm.captain, false) DESC, tm.team_id IS NULL, d.name, d.id
        """),
        _span(team_id, days),
    ).all()


def _shifts(session: Session, team_id: int, days: Sequence[date]) -> Sequence[Row[Any]]:
    return session.execute(
        text("""
            SELECT s.id, s.day, s.starts, s.ends, m.cadre_id,
                   coalesce(m.state, CASE WHEN s.ends < now() THEN 'unknown' ELSE 'planned' END)
                       AS state
            FROM shift s JOIN shift_member m ON m.shift_id = s.id
            WHERE s.team_id = :team AND s.day BETWEEN :early AND :last AND s.cancelled_at IS NULL
            ORDER BY s.starts, s.id
        """),
        _span(team_id, days),
    ).all()


def _absences(session: Session, people: list[int], days: Sequence[date]) -> Sequence[Row[Any]]:
    return session.execute(
        text("""
            SELECT cadre_id, starts, ends FROM absence
            WHERE cadre_id = ANY(:people) AND period && daterange(:first, :last, '[]')
        """),
        {"people": people, "first": days[0], "last": days[-1]},
    ).all()


def _span(team_id: int, days: Sequence[date]) -> dict[str, Any]:
    # No shift lasts longer than three days.
    return {"team": team_id, "early": days[0] - timedelta(days=3), "last": days[-1]}


def _count(
    row: SheetRow,
    shift: Row[Any],
    off: frozenset[date],
    settings: ShiftSettings,
    zone: ZoneInfo,
) -> None:
    """Add a shift to the month of one who was on it."""
    if shift.day in row.cells:
        row.cells[shift.day].states.append(shift.state)
        row.cells[shift.day].leave |= shift.state == "leave"
        row.shifts += 1
        row.came += shift.state in ("present", "late")
        row.late += shift.state == "late"
        row.absent += shift.state == "absent"
        row.unknown += shift.state == "unknown"
    if shift.state in ("absent", "leave"):
        return
    for day, begins, ends in by_day(shift.starts, shift.ends, zone):
        if day in row.cells:
            hours = (ends - begins) / _HOUR
            row.cells[day].hours += hours
            row.hours += hours
            row.off_hours += hours if day in off else 0
            row.night_hours += (
                night(begins, ends, settings.night_begins, settings.night_ends, zone) / _HOUR
            )


def _total(rows: Sequence[SheetRow], days: Sequence[date]) -> SheetRow:
    total = SheetRow(0, "", False, _empty(days))
    for row in rows:
        for name in ("shifts", "hours", "night_hours", "off_hours", "came", "late", "absent",
                     "unknown"):  # fmt: skip
            setattr(total, name, getattr(total, name) + getattr(row, name))
        for day, cell in row.cells.items():
            total.cells[day].hours += cell.hours
    return total
