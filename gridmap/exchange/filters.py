"""Which incidents are meant: a span of local days and a category with all below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from geodata.messages import Message
from gridmap.errors import GridmapError

#: Outside these years neither the calendar of the database nor ours is of use.
YEARS = range(1601, 2280)


@dataclass(frozen=True)
class IncidentFilter:
    """A choice of incidents.

    Parameters
    ----------
    first, last : datetime.date, optional
        The first and the last local day, both included; None leaves that side open.
    category : str, optional
        The code of a category; those below it are meant too.
    """

    first: date | None = None
    last: date | None = None
    category: str | None = None


def read_filter(values: Mapping[str, str]) -> IncidentFilter:
    """Read a filter from the parameters ``from``, ``to`` and ``category`` of an address.

    Raises
    ------
    GridmapError
        If a day cannot be read or the days are in the wrong order.
    """
    first, last = read_day(values.get("from")), read_day(values.get("to"))
    if first and last and last < first:
        raise GridmapError(
            Message("The last day {last} lies before the first {first}.", first=first, last=last)
        )
    return IncidentFilter(first, last, values.get("category") or None)


def read_day(text: str | None) -> date | None:
    """Read a day written as 2026-01-31; None if there is none.

    Raises
    ------
    GridmapError
        If it cannot be read.
    """
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        raise GridmapError(
            Message("{day} is no date. Write it as 2026-01-31, year, month and day.", day=text)
        )
    return day
