"""The order of a route as it is walked: streets by name, and when the patrol is at each stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

import numpy as np

from gridmap.patrols.routes.drafts import Points, Waypoint, place_of


@dataclass(frozen=True)
class Passage:
    """When a patrol that begins at no minute is at a stop.

    Attributes
    ----------
    metres : float
        Along the route from its begin.
    arrives_s, leaves_s : float
        After the begin, with the time at the stops before.
    """

    metres: float
    arrives_s: float
    leaves_s: float


def passages(
    line: Points,
    stops: Sequence[tuple[float, float]],
    dwell_min: Sequence[int],
    length_m: float,
    moving_s: float,
) -> list[Passage]:
    """Work out when each stop is reached, in the order of the stops.

    A stop that lies before its predecessor along the line, such as one on the way back along the
    same street, is taken to be reached no earlier than that one is left.

    Parameters
    ----------
    line : ndarray of float64, shape (n, 2)
        WGS 84.
    stops : sequence of (lon, lat)
    dwell_min : sequence of int
        Minutes at each stop.
    length_m, moving_s : float
        Of the whole line.
    """
    if not stops:
        return []
    parts = np.maximum.accumulate(place_of(stops, line))
    found = []
    stayed = 0.0
    for part, minutes in zip(parts, dwell_min, strict=True):
        arrives = float(part) * moving_s + stayed
        stayed += 60.0 * minutes
        found.append(Passage(float(part) * length_m, arrives, float(part) * moving_s + stayed))
    return found


def clock_time(start: time, seconds: float) -> str:
    """Return the hour and minute so many seconds after a start, over midnight too."""
    minute = start.hour * 60 + start.minute + round(seconds / 60)
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def in_window(start: time, passage: Passage, opens: time | None, closes: time | None) -> bool:
    """Tell whether a stop is reached within its window, which may span midnight."""
    if opens is None and closes is None:
        return True
    minute = (start.hour * 60 + start.minute + round(passage.arrives_s / 60)) % 1440
    first = 0 if opens is None else opens.hour * 60 + opens.minute
    last = 1440 if closes is None else closes.hour * 60 + closes.minute
    return first <= minute < last if first < last else minute >= first or minute < last


def street_names(waypoints: Sequence[Waypoint]) -> list[str]:
    """Return the streets of a route in order, each once where legs go on along it."""
    found: list[str] = []
    for waypoint in waypoints:
        for name in waypoint.streets:
            if name and (not found or found[-1] != name):
                found.append(name)
    return found
