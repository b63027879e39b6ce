"""The parameter ``datetime`` of the standard interfaces: an instant, a day or an interval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.exchange.filters import YEARS

# RFC 3339, 5.6, with its offset; Python's own reader takes more than that.
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})"
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ZONE = "(SELECT time_zone FROM territory_settings)"
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

    def condition(self, moment: str, name: str) -> tuple[str, dict[str, Any]]:
        """Return the condition that a moment lies in the period, and its parameters.

        Parameters
        ----------
        moment : str
            The SQL expression of the moment.
        name : str
            What the parameters' names begin with.
        """
        parts, params = [], dict[str, Any]()
        if self.first is not None:
            parts.append(f"{moment} >= {begin(self.first, f':{name}_first')}")
            params[f"{name}_first"] = self.first
        if isinstance(self.last, datetime):
            parts.append(f"{moment} <= {begin(self.last, f':{name}_last')}")
            params[f"{name}_last"] = self.last
        elif self.last is not None:
            parts.append(f"{moment} < {begin(self.last, f':{name}_after')}")
            params[f"{name}_after"] = self.last + timedelta(days=1)
        return " AND ".join(parts) or "true", params

    def days(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the SQL of the span of local days, and its parameters."""
        ends, params = [], dict[str, Any]()
        for side, end in (("first", self.first), ("last", self.last)):
            given = f":{name}_{side}"
            params[f"{name}_{side}"] = end
            moment = f"local_date(CAST({given} AS timestamptz))"
            ends.append(moment if isinstance(end, datetime) else f"CAST({given} AS date)")
        return f"daterange({ends[0]}, {ends[1]}, '[]')", params


def begin(end: date | datetime, given: str) -> str:
    """Return the SQL of a moment, or of the beginning of a local day.

    Parameters
    ----------
    end : datetime.date or datetime.datetime
    given : str
        The parameter that holds it.
    """
    if isinstance(end, datetime):
        return f"CAST({given} AS timestamptz)"
    return f"(CAST({given} AS timestamp) AT TIME ZONE {ZONE})"


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
        moment = read_end(first)
        return Period(moment, moment)
    period = Period(*(None if end in _OPEN else read_end(end) for end in (first, last)))
    if period.first and period.last and _before(period.last, period.first):
        raise ParameterError(
            "datetime",
            Message("The last day {last} lies before the first {first}.", first=first, last=last),
        )
    if first in _OPEN and last in _OPEN:
        raise _unread(text, "datetime")
    return period


def read_end(text: str, parameter: str = "datetime") -> date | datetime:
    """Read a moment with its offset, or a day, which is a local one.

    Raises
    ------
    ParameterError
        Naming the parameter, if it is neither, or of another age.
    """
    try:
        if _MOMENT.fullmatch(text):
            end: date = datetime.fromisoformat(text.upper())
        elif _DAY.fullmatch(text):
            end = date.fromisoformat(text)
        else:
            raise _unread(text, parameter)
    except ValueError:
        raise _unread(text, parameter) from None
    require_our_age(end, text, parameter)
    return end


def require_our_age(end: date | datetime, text: str, parameter: str) -> None:
    """Refuse a day or a moment that the calendars do not share.

    Raises
    ------
    ParameterError
        Naming the parameter, and the years in which it may lie.
    """
    if end.year not in YEARS:
        raise ParameterError(
            parameter,
            Message(
                "{parameter}: {text} lies outside the years {first} to {last}.",
                parameter=parameter,
                text=text,
                first=YEARS[0],
                last=YEARS[-1],
            ),
        )


def _unread(text: str, parameter: str) -> ParameterError:
    return ParameterError(
        parameter,
        Message(
            "{parameter}: {text} is neither a time such as 2026-01-31T08:00:00Z, nor a day such as "
            "2026-01-31, nor, for a span, two of them with a stroke between.",
            parameter=parameter,
            text=text[:60],
        ),
    )


def _before(left: date | datetime, right: date | datetime) -> bool:
    """Compare two ends of one kind; a day and a moment are never in a wrong order for sure."""
    if isinstance(left, datetime) != isinstance(right, datetime):
        left, right = (
            # By a day at the most a local day differs from that of UTC.
            end.date() + timedelta(days=shift) if isinstance(end, datetime) else end
            for end, shift in ((left, 1), (right, -1))
        )
    return left < right
