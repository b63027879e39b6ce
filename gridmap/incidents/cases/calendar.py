"""Which days are workdays: China's public holidays, and what an administrator says beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
from chinese_calendar import constants
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.incidents.cases.deadlines import WorkTime, parse_shifts
from gridmap.incidents.cases.models import CalendarDay
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require


@dataclass(frozen=True)
class Calendar:
    """The workdays: an administrator's days first, then the public ones, then weekends."""

    days: Mapping[date, bool]

    def is_workday(self, day: date) -> bool:
        """Return whether people work on a day."""
        if day in self.days:
            return self.days[day]
        return public_workday(day)


@cache
def known_years() -> range:
    """Return the years whose public holidays are known: the government names them in autumn."""
    years = {day.year for day in constants.holidays}
    return range(min(years), max(years) + 1)


def public_workday(day: date) -> bool:
    """Return whether a day is a public workday; in a year not known, whether it is no weekend."""
    if day.year in known_years():
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5


def work_time(session: Session) -> WorkTime:
    """Read when the town works."""
    row = session.execute(
        text("SELECT c.work_hours, t.time_zone FROM case_settings c, territory_settings t")
    ).one()
    days = session.execute(select(CalendarDay.day, CalendarDay.working))
    calendar = Calendar({row.day: row.working for row in days})
    return WorkTime(parse_shifts(row.work_hours), ZoneInfo(row.time_zone), calendar.is_workday)


def notices(session: Session, today: date) -> list[Message]:
    """Tell of which years the holidays are not known, while deadlines already reach into them.

    From October on the next year counts too. Days that an administrator entered for a year
    silence the notice.

    Parameters
    ----------
    session : Session
    today : date
    """
    years = {today.year} | ({today.year + 1} if today.month >= 10 else set())
    entered = set(
        session.scalars(text("SELECT DISTINCT extract(year FROM day)::int FROM calendar_day"))
    )
    return [
        Message(
            "The public holidays of {year} are not known: only its weekends count as days off. "
            "Update gridmap, or enter the days in the calendar.",
            year=str(year),
        )
        for year in sorted(years - entered)
        if year not in known_years()
    ]


def list_days(session: Session) -> list[CalendarDay]:
    """Return the days that an administrator entered, in their order."""
    return list(session.scalars(select(CalendarDay).order_by(CalendarDay.day)))


def save_day(session: Session, actor: Actor, day: date, working: bool, note: str = "") -> None:
    """Make a day a workday or a day off; deadlines given before stay as they are.

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    """
    require(actor, Action.MANAGE_SETTINGS)
    stored = session.get(CalendarDay, day)
    before = None if stored is None else {"working": stored.working, "note": stored.note}
    if stored is None:
        stored = CalendarDay(day=day)
        session.add(stored)
    stored.working, stored.note = working, note.strip()
    session.flush()
    after = {"day": day, "working": working, "note": stored.note}
    audit.record(session, actor, "calendar.save", ("calendar_day", None), before, after)


def remove_day(session: Session, actor: Actor, day: date) -> None:
    """Leave a day to the public calendar again.

    Raises
    ------
    NotFoundError
        If it was not entered.
    ForbiddenError
        As for `save_day`.
    """
    require(actor, Action.MANAGE_SETTINGS)
    stored = session.get(CalendarDay, day)
    if stored is None:
        raise NotFoundError(Message("The calendar holds nothing of {day}.", day=day))
    before = {"day": day, "working": stored.working, "note": stored.note}
    session.delete(stored)
    session.flush()
    audit.record(session, actor, "calendar.remove", ("calendar_day", None), before)
