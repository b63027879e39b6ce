"""Local hours and moments: where a day begins, and how a shift is cut at midnight and at night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_STEP = timedelta(minutes=15)


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment of a local hour, in UTC.

    An hour that clocks pass twice is its first; one that they skip is the end of what is skipped,
    so that later hours are never earlier moments.

    Parameters
    ----------
    day : date
    at : time
        Without a zone, to the minute.
    zone : ZoneInfo
    """
    local = datetime.combine(day, at.replace(fold=0), zone)
    # Clocks are set at quarters of an hour. A skipped hour comes back as another one.
    while local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        local = datetime.combine(local.date(), local.time(), zone) + _STEP
        local = local.replace(minute=local.minute // 15 * 15)
    return local.astimezone(UTC)


def span(day: date, at: time, minutes: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the beginning and end of a shift by the clock on the wall, in UTC.

    A duty of 24 hours ends when the clock shows the same hour on the next day, also in the nights
    in which clocks are changed, so that the next one follows without a gap.
    """
    ends = datetime.combine(day, at) + timedelta(minutes=minutes)
    return moment(day, at, zone), moment(ends.date(), ends.time(), zone)


def days_of(starts: datetime, ends: datetime, zone: ZoneInfo) -> list[date]:
    """Return the local days that a span touches; one that ends at midnight does not touch more."""
    first = starts.astimezone(zone).date()
    last = (ends - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + n * _DAY for n in range((last - first).days + 1)]


def by_day(
    starts: datetime, ends: datetime, zone: ZoneInfo
) -> Iterator[tuple[date, datetime, datetime]]:
    """Cut a span at local midnights.

    Yields
    ------
    day : date
    begins, ends : datetime
        The part of the span on that day.
    """
    for day in days_of(starts, ends, zone):
        begins = max(starts, moment(day, time(), zone))
        until = min(ends, moment(day + _DAY, time(), zone))
        if begins < until:
            yield day, begins, until


def night(starts: datetime, ends: datetime, begins: time, until: time, zone: ZoneInfo) -> timedelta:
    """Return how much of a span lies in the night.

    Parameters
    ----------
    starts, ends : datetime
    begins, until : time
        Local hours of the night; it may pass midnight.
    zone : ZoneInfo
    """
    total = timedelta()
    passes = until <= begins
    for day in days_of(starts - _DAY, ends, zone):
        dark = moment(day, begins, zone), moment(day + _DAY if passes else day, until, zone)
        total += max(min(ends, dark[1]) - max(starts, dark[0]), timedelta())
    return total
