"""Moments and deadlines in words, in the town's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.incidents.cases.lookups import town_zone
from webui.language import say

_SOON = timedelta(hours=4)


@dataclass(frozen=True)
class Due:
    """A deadline: how it is coloured, its sign, and what it says."""

    tone: str
    sign: str
    words: str


@dataclass(frozen=True)
class Clock:
    """The present moment in the town."""

    zone: ZoneInfo
    now: datetime

    def moment(self, at: datetime) -> str:
        """Return a moment to the minute, with the year only where it is another one."""
        local = at.astimezone(self.zone)
        same = local.year == self.now.astimezone(self.zone).year
        return local.strftime("%m-%d %H:%M" if same else "%Y-%m-%d %H:%M")

    def stamp(self, at: datetime | None) -> str:
        """Return a moment in full, for a file; empty for none."""
        return "" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def field(self, at: datetime) -> str:
        """Return a moment as a field for date and time holds it."""
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def due(self, at: datetime, ended_at: datetime | None = None) -> Due:
        """Say when something is or was due, and whether that is past, soon or later."""
        if ended_at is not None:
            if ended_at <= at:
                return Due("done", "✓", say(Message("ended in time")))
            return Due("late", "✓", say(Message("ended {time} late", time=_span(ended_at - at))))
        if at < self.now:
            words = Message("overdue by {time}", time=_span(self.now - at))
            return Due("overdue", "!", say(words))
        local = at.astimezone(self.zone)
        if local.date() == self.now.astimezone(self.zone).date():
            return Due("soon", "◔", say(Message("due today {time}", time=f"{local:%H:%M}")))
        tone, sign = ("soon", "◔") if at - self.now < _SOON else ("later", "")
        return Due(tone, sign, say(Message("due {time}", time=self.moment(at))))

    def of(self, case: Row[Any]) -> Due:
        """Say the next deadline of a case, or how it kept the last."""
        at = case.next_due_at if case.ended_at is None else case.due_at
        return self.due(at, case.ended_at)


def town_clock(session: Session) -> Clock:
    """Return the clock of a request."""
    return Clock(town_zone(session), datetime.now(UTC))


def _span(length: timedelta) -> Message:
    minutes = max(int(length.total_seconds() // 60), 1)
    if minutes < 60:
        return Message("{count} min", count=minutes)
    if minutes < 48 * 60:
        return Message("{count} h", count=minutes // 60)
    return Message("{count} days", count=minutes // (24 * 60))
