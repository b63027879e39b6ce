"""When incidents happen: the busiest hours and days of a few, and all hours of the week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.hotspots.analyses.events import Events, Times

#: Hours that are looked at together when the busiest are told.
WINDOW = 3
#: Fewer incidents have no busiest hours worth a patrol.
LEAST = 5


def hours_of(time: Times) -> NDArray[np.int64]:
    """Return the hour of each local moment, 0 to 23."""
    return time.astype("datetime64[h]").astype(np.int64) % 24


def weekdays_of(time: Times) -> NDArray[np.int64]:
    """Return the weekday of each local moment, Monday being 0."""
    # The first of January 1970 was a Thursday.
    return (time.astype("datetime64[D]").astype(np.int64) + 3) % 7


def week(time: Times) -> list[list[int]]:
    """Count by weekday (from Monday) and hour."""
    place = weekdays_of(time) * 24 + hours_of(time)
    counted: list[list[int]] = np.bincount(place, minlength=168).reshape(7, 24).tolist()
    return counted


def months(events: Events) -> tuple[list[str], list[int]]:
    """Count by month of the period, months without any included: labels and counts."""
    first = _month(events.first)
    labels = np.arange(first, _month(events.last) + 1)
    counts = np.bincount(
        (events.time.astype("datetime64[M]") - first).astype(np.int64), minlength=len(labels)
    )
    return [str(each) for each in labels], counts.tolist()


def busiest(time: Times) -> Mapping[str, Any]:
    """Tell the hours in which most happens.

    Returns
    -------
    mapping
        ``from`` and ``to`` (hours; `to` is not in it), ``share`` of the incidents in them,
        and ``weekday`` with the most; empty for fewer than `LEAST`.
    """
    if len(time) < LEAST:
        return {}
    hours = np.bincount(hours_of(time), minlength=24)
    # The window may reach over midnight.
    sums = np.convolve(np.concatenate([hours, hours[: WINDOW - 1]]), np.ones(WINDOW), "valid")
    start = int(np.argmax(sums))
    days = np.bincount(weekdays_of(time), minlength=7)
    return {
        "from": start,
        "to": (start + WINDOW) % 24,
        "share": float(sums[start] / len(time)),
        "weekday": int(np.argmax(days)),
    }


def _month(day: date) -> np.datetime64:
    return np.datetime64(day, "M")
