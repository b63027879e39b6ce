"""The settings of shifts, which an administrator changes while the program runs."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.incidents.cases.calendar import Calendar
from gridmap.incidents.cases.models import CalendarDay
from gridmap.patrols.shifts.models import ShiftSettings
from gridmap.territory.preferences import territory_settings
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

#: The least and the most of each number.
BOUNDS = {"rest_hours": (0, 72), "late_minutes": (0, 240), "window_minutes": (0, 720)}


def shift_settings(session: Session) -> ShiftSettings:
    """Return the one row of settings."""
    return session.scalars(select(ShiftSettings)).one()


def change_settings(
    session: Session,
    actor: Actor,
    *,
    rest_hours: int,
    late_minutes: int,
    window_minutes: int,
    night_begins: time,
    night_ends: time,
) -> ShiftSettings:
    """Change the settings; what is stored keeps its state.

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    GridmapError
        If a number is out of its bounds, or the night has no length.
    """
    require(actor, Action.MANAGE_SETTINGS)
    values = {
        "rest_hours": rest_hours,
        "late_minutes": late_minutes,
        "window_minutes": window_minutes,
    }
    for name, value in values.items():
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise GridmapError(
                Message("{value} does not lie between {low} and {high}.", value=value, low=low,
                        high=high)
            )  # fmt: skip
    if night_begins == night_ends:
        raise GridmapError(Message("The night must begin and end at different hours."))
    audit.say_who(session, actor)
    stored = shift_settings(session)
    for name, value in values.items():
        setattr(stored, name, value)
    stored.night_begins, stored.night_ends = night_begins, night_ends
    session.flush()
    return stored


def town_zone(session: Session) -> ZoneInfo:
    """Return the town's time zone."""
    return ZoneInfo(territory_settings(session).time_zone)


def town_calendar(session: Session) -> Calendar:
    """Return which days are workdays: holidays and make-up workdays, and the town's own days."""
    days = session.execute(select(CalendarDay.day, CalendarDay.working))
    return Calendar({row.day: row.working for row in days})
