"""Whether a patrol kept a stop of its route, within the hours in which it was wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from gridmap.patrols.matching.cleaning import Cleaned
from gridmap.patrols.matching.stops import Verdict, Wanted, visit
from gridmap.patrols.network import Floats

#: Whoever is as near to a stop is there; positions err by some metres, and gates are wide.
RADIUS_M = 40.0
#: A stay may be shorter by this share: watches and walkers are not exact.
_SLACK = 0.9


@dataclass(frozen=True)
class Stop:
    """A place to stop at, in metres, with the seconds to stay and the local hours, if any."""

    x: float
    y: float
    dwell_s: float
    opens: time | None = None
    closes: time | None = None


@dataclass(frozen=True)
class Kept:
    """How a stop was kept; the times are of the longest stay."""

    verdict: Verdict
    arrived_at: datetime | None
    left_at: datetime | None
    stayed_s: float


def judge(track: Cleaned, stop: Stop, zone: ZoneInfo) -> Kept:
    """Tell how a track kept a stop.

    Parameters
    ----------
    track : Cleaned
        With seconds since 1970, in the metres of the stop.
    stop : Stop
        Its hours may reach over midnight. What was stayed outside them does not count.
    zone : ZoneInfo
        Of the hours.

    Returns
    -------
    Kept
    """
    stays = visit(track, Wanted(stop.x, stop.y, RADIUS_M, stop.dwell_s)).stays
    if stop.opens is not None and stop.closes is not None:
        stays = _within(stays, stop.opens, stop.closes, zone)
    if len(stays) == 0:
        return Kept(Verdict.MISSED, None, None, 0.0)
    arrived, left = stays[np.argmax(stays[:, 1] - stays[:, 0])]
    enough = left - arrived >= _SLACK * stop.dwell_s
    return Kept(
        Verdict.VISITED if enough else Verdict.TOO_SHORT,
        datetime.fromtimestamp(arrived, UTC),
        datetime.fromtimestamp(left, UTC),
        float(left - arrived),
    )


def _within(stays: Floats, opens: time, closes: time, zone: ZoneInfo) -> Floats:
    """Return the parts of stays that lie within hours of the day."""
    parts = []
    for arrived, left in stays:
        # Hours that reach over midnight began on the day before.
        day = datetime.fromtimestamp(arrived, zone).date() - timedelta(days=1)
        while (begin := datetime.combine(day, opens, zone)).timestamp() <= left:
            ends = day if closes > opens else day + timedelta(days=1)
            end = datetime.combine(ends, closes, zone)
            first, last = max(arrived, begin.timestamp()), min(left, end.timestamp())
            if last >= first:
                parts.append((first, last))
            day += timedelta(days=1)
    return np.array(parts, dtype=np.float64).reshape(-1, 2)
