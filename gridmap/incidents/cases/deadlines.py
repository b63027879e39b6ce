"""Arithmetic with work hours and workdays; knows no database and no particular calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from geodata.messages import Message
from gridmap.errors import GridmapError

Unit = Literal["hours", "days"]
Span = tuple[datetime, datetime]

#: No real calendar closes an office for longer; beyond it the setting is at fault.
_HORIZON = timedelta(days=400)


@dataclass(frozen=True)
class Allowance:
    """How long a step may take: work hours, or workdays."""

    amount: int
    unit: Unit


@dataclass(frozen=True)
class WorkTime:
    """When a town works.

    Attributes
    ----------
    shifts : tuple of (time, time)
        The shifts of each workday in local time, in order and apart from each other.
    zone : ZoneInfo
        The town's time zone.
    is_workday : callable
        Tells of a local date whether it is a workday.
    """

    shifts: tuple[tuple[time, time], ...]
    zone: ZoneInfo
    is_workday: Callable[[date], bool]

    def local_day(self, moment: datetime) -> date:
        """Return the town's date at a moment."""
        return moment.astimezone(self.zone).date()

    def spans(self, day: date) -> list[Span]:
        """Return the working spans of a day in UTC; none on a day off."""
        if not self.is_workday(day):
            return []
        return [(self._moment(day, start), self._moment(day, end)) for start, end in self.shifts]

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


def parse_shifts(pairs: list[list[str]]) -> tuple[tuple[time, time], ...]:
    """Read shifts such as ``[["09:00", "12:00"], ["14:00", "18:00"]]``.

    Raises
    ------
    GridmapError
        If a time cannot be read, there is no shift, or they are not in order.
    """
    try:
        shifts = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in pairs)
        clocks = [clock for shift in shifts for clock in shift]
        in_order = all(a < b for a, b in pairwise(clocks))
    except (TypeError, ValueError):
        shifts, in_order = (), False
    if not shifts or not in_order or any(clock.tzinfo for clock in clocks):
        raise GridmapError(
            Message(
                "Give the work hours as times in their order, such as 09:00-12:00, 14:00-18:00."
            )
        )
    return shifts


def parse_allowances(values: Mapping[str, Mapping[str, object]]) -> dict[str, Allowance]:
    """Read deadlines as the database keeps them: step to amount and unit.

    Raises
    ------
    GridmapError
        If an amount is no whole number from 1 to 1000, or the unit is unknown.
    """
    allowances = {}
    for step, value in values.items():
        amount, unit = value.get("amount"), value.get("unit")
        if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= 1000:
            raise GridmapError(Message("A deadline is a whole number from 1 to 1000."))
        if unit == "hours":
            allowances[step] = Allowance(amount, "hours")
        elif unit == "days":
            allowances[step] = Allowance(amount, "days")
        else:
            raise GridmapError(Message("A deadline is counted in work hours or workdays."))
    return allowances


def due(work: WorkTime, start: datetime, allowance: Allowance) -> datetime:
    """Return when an allowance that begins at a moment is used up; in UTC."""
    if allowance.unit == "hours":
        return after_hours(work, start, timedelta(hours=allowance.amount))
    return after_days(work, start, allowance.amount)


def after_hours(work: WorkTime, start: datetime, amount: timedelta) -> datetime:
    """Return the first moment at which so much work time has passed since another.

    Parameters
    ----------
    work : WorkTime
    start : datetime
        With a time zone; may lie outside work time.
    amount : timedelta
        More than nothing.

    Returns
    -------
    datetime
        In UTC, within a shift or at its end.

    Raises
    ------
    GridmapError
        If there is no work time for more than a year.
    """
    left = amount
    for begins, ends in _following(work, start):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    raise AssertionError  # `_following` never ends.


def after_days(work: WorkTime, start: datetime, days: int) -> datetime:
    """Return the end of work on the n-th workday after the day of a moment.

    The day itself does not count, whatever the hour.

    Raises
    ------
    GridmapError
        If there is no workday for more than a year.
    """
    day = last = work.local_day(start)
    while days > 0:
        day += timedelta(days=1)
        _check_horizon(last, day)
        if work.is_workday(day):
            days, last = days - 1, day
    return work.spans(day)[-1][1]


def worked(work: WorkTime, since: datetime, until: datetime) -> timedelta:
    """Return the work time between two moments; nothing if the second is not later."""
    total = timedelta()
    day, last = work.local_day(since), work.local_day(until)
    while day <= last:
        for begins, ends in work.spans(day):
            total += max(min(ends, until) - max(begins, since), timedelta())
        day += timedelta(days=1)
    return total


def _following(work: WorkTime, start: datetime) -> Iterator[Span]:
    """Yield the working spans after a moment, the first cut to begin at it."""
    start = start.astimezone(UTC)
    day = last = work.local_day(start)
    while True:
        for begins, ends in work.spans(day):
            last = day
            if ends > start:
                yield max(begins, start), ends
        day += timedelta(days=1)
        _check_horizon(last, day)


def _check_horizon(last: date, day: date) -> None:
    if day - last > _HORIZON:
        raise GridmapError(
            Message("There is no workday in the year after {day}: look at the calendar.", day=last)
        )
