"""Dates, times and intervals as RFC 3339 and the OGC standards write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from geodata.messages import Message
from gridmap.errors import ParameterError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# RFC 3339, 5.6, with the letters of either case.
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})")


def read_instant(text: str, parameter: str) -> datetime:
    """Read a date or a time; a date is its midnight in UTC.

    Parameters
    ----------
    text : str
    parameter : str
        What a fault names.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ParameterError(
        parameter,
        Message(
            "{parameter}: {value} is no time. Write 2026-03-01 or 2026-03-01T08:00:00Z.",
            parameter=parameter,
            value=text[:60],
        ),
    )


def read_interval(
    text: str, parameter: str = "datetime"
) -> tuple[datetime | None, datetime | None]:
    """Read an instant or an interval (OGC API Features Part 1, Req 26).

    Returns
    -------
    tuple of datetime or None
        The first and the last moment, which are the same for an instant; None is open. The last
        day of an interval of dates counts to its end.

    Raises
    ------
    ParameterError
        If it is neither, or begins after its end.
    """
    parts = text.split("/")
    if len(parts) > 2:
        raise ParameterError(
            parameter, Message("{parameter}: an interval has two ends.", parameter=parameter)
        )
    ends = [None if part in {"", ".."} else read_instant(part, parameter) for part in parts]
    if len(parts) == 1:
        if ends[0] is None:
            raise ParameterError(parameter, Message("{parameter} is empty.", parameter=parameter))
        return ends[0], _end(parts[0], ends[0])
    first, last = ends
    if last is not None:
        last = _end(parts[1], last)
    if first is None and last is None:
        return None, None
    if first is not None and last is not None and first > last:
        raise ParameterError(
            parameter,
            Message("{parameter}: the interval ends before it begins.", parameter=parameter),
        )
    return first, last


def _end(text: str, moment: datetime) -> datetime:
    if _DATE.fullmatch(text):
        return moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return moment
