"""The parameter ``datetime`` of the standard interfaces: an instant, a day or an interval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.exchange.filters import read_day

# RFC 3339, 5.6, with its offset; Python's own reader takes more than that.
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})"
)
#: Both ways of OGC 17-069r4, 7.15.4, to leave a side of an interval open.
_OPEN = {"", ".."}


@dataclass(frozen=True)
class Period:
    """A span of time, both ends included.

    Parameters
    ----------
    first, last : datetime.date or datetime.datetime, optional
        A moment with its offset, or a whole local day; None leaves that side open.
    """

    first: date | datetime | None = None
    last: date | datetime | None = None

    @property
    def whole_days(self) -> bool:
        """Whether each end is a whole day, or open."""
        return not any(isinstance(end, datetime) for end in (self.first, self.last))

    def day(self, zone: ZoneInfo) -> date | None:
        """Return the one local day that is meant; None if everything is.

        Raises
        ------
        ParameterError
            If it is an interval.
        """
        if self.first != self.last:
            raise ParameterError(
                "datetime", Message("Give one day in datetime here, such as 2026-01-31.")
            )
        if isinstance(self.first, datetime):
            return self.first.astimezone(zone).date()
        return self.first

    def condition(self, moment: str, name: str, zone: ZoneInfo) -> tuple[str, dict[str, Any]]:
        """Return the condition that a moment lies in the period, and its parameters.

        Parameters
        ----------
        moment : str
            The SQL expression of the moment.
        name : str
            What the parameters' names begin with.
        zone : ZoneInfo
            In which days are told.
        """
        parts, params = [], dict[str, Any]()
        if self.first is not None:
            parts.append(f"{moment} >= :{name}_first")
            params[f"{name}_first"] = _begin(self.first, zone)
        if isinstance(self.last, datetime):
            parts.append(f"{moment} <= :{name}_last")
            params[f"{name}_last"] = self.last
        elif self.last is not None:
            parts.append(f"{moment} < :{name}_after")
            params[f"{name}_after"] = _begin(self.last + timedelta(days=1), zone)
        return " AND ".join(parts) or "true", params


ALWAYS = Period()


def read_period(text: str | None) -> Period:
    """Read the parameter ``datetime`` (OGC 17-069r4, 7.15.4); None means always.

    Raises
    ------
    ParameterError
        If it cannot be read, or its end lies before its beginning.
    """
    if text is None:
        return ALWAYS
    first, slash, last = text.partition("/")
    if not slash:
        moment = _end(first, text)
        return Period(moment, moment)
    period = Period(*(None if end in _OPEN else _end(end, text) for end in (first, last)))
    if period.first and period.last and _before(period.last, period.first):
        raise ParameterError(
            "datetime",
            Message("The last day {last} lies before the first {first}.", first=first, last=last),
        )
    if first in _OPEN and last in _OPEN:
        raise _unread(text)
    return period


def _end(text: str, whole: str) -> date | datetime:
    try:
        if _MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(text.upper())
            read_day(text[:10])
            return moment
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return read_day(text) or date.min
    except (ValueError, GridmapError):
        pass
    raise _unread(whole)


def _unread(text: str) -> ParameterError:
    return ParameterError(
        "datetime",
        Message(
            "{text} is neither a time such as 2026-01-31T08:00:00Z, nor a day such as 2026-01-31, "
            "nor two of them with a stroke between.",
            text=text,
        ),
    )


def _before(left: date | datetime, right: date | datetime) -> bool:
    """Compare two ends of one kind; a day and a moment are never in a wrong order for sure."""
    if isinstance(left, datetime) != isinstance(right, datetime):
        return False
    return left < right


def _begin(end: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(end, datetime):
        return end
    return datetime(end.year, end.month, end.day, tzinfo=zone)
