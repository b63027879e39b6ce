"""The period that each kind of report is about."""

from __future__ import annotations

from datetime import date, timedelta

from geodata.messages import Message
from gridmap.errors import ParameterError
from gridmap.jobs.service import Every, period_start
from gridmap.reports.documents.order import Kind

#: After which period a kind is made again by itself, and how long it looks back.
EVERY: dict[Kind, Every] = {
    "half_year": "half",
    "year": "year",
    "month": "month",
    "bulletin": "week",
    "patrol_briefing": "month",
    "cell_sheet": "quarter",
}
#: A longer period is several reports.
MOST_DAYS = 366


def last_whole(kind: Kind, today: date) -> tuple[date, date]:
    """Return the first and last day of the last whole period of a kind."""
    last = period_start(today, EVERY[kind]) - timedelta(days=1)
    return period_start(last, EVERY[kind]), last


def check_period(first: date, last: date, today: date) -> None:
    """Refuse a period that no report can be about.

    Raises
    ------
    ParameterError
        Naming the day that is wrong, and what to do.
    """
    if last < first:
        raise ParameterError(
            "last",
            Message("The last day {last} lies before the first {first}.", first=first, last=last),
        )
    if last > today:
        raise ParameterError(
            "last",
            Message(
                "The period ends on {last}, in the future. A report tells of what has been: "
                "choose a last day up to {today}.",
                last=last,
                today=today,
            ),
        )
    if (last - first).days >= MOST_DAYS:
        raise ParameterError(
            "first",
            Message("A report is about {days} days at most. Order one for each year.",
                    days=MOST_DAYS),
        )  # fmt: skip
