"""When it is hot: hours of the week, months of the year, holidays."""

from __future__ import annotations

from typing import Any

import numpy as np

from gridmap.hotspots import rhythm as rhythms
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.feasts import LAST_YEAR, holiday_effects
from gridmap.hotspots.analyses.parameters import Rhythm
from gridmap.hotspots.analyses.result import Found, Result
from gridmap.hotspots.faults import Unsuitable
from gridmap.hotspots.ticks import Tick


def run(events: Events, area: Area, context: Context, asked: Rhythm, tick: Tick) -> Result:
    """Find the hours of the week and months of the year with more than an even spread gives."""
    first, last = np.datetime64(events.first, "D"), np.datetime64(events.last, "D")
    until = events.until if asked.spans == "spread" else None
    found = rhythms.rhythm(events.time, first, last, until)
    peaks = rhythms.find_peaks(found.counts, np.repeat(found.days[:, None], 24, axis=1) / 1.0)
    tick(0.6)
    hours = [
        {"weekday": int(day), "hour": int(hour), "count": round(float(found.counts[day, hour]), 1),
         "expected": float(peaks.expected[day, hour]), "p": float(peaks.p[day, hour])}
        for day, hour in zip(*np.nonzero(peaks.peak), strict=True)
    ]  # fmt: skip
    hours.sort(key=lambda each: each["expected"] - each["count"])
    spread = int((until > events.time).sum()) if until is not None else 0
    figures: dict[str, Any] = {
        "peaks": hours, "season": _season(events, first, last),
        "holidays": holiday_effects(events), "spread": spread,
        "holidays_known": LAST_YEAR,
    }  # fmt: skip
    if spread:
        # The hours of the page are then those that the test saw.
        figures["week"] = np.round(found.counts, 1).tolist()
    nothing = np.empty(0, dtype=object)
    zero = np.empty(0)
    return Result(
        Found(nothing, zero.astype("<U4"), zero.astype(np.int64), zero.astype(bool), zero), figures
    )


def _season(events: Events, first: np.datetime64, last: np.datetime64) -> list[dict[str, Any]]:
    """Return the months of the year, or nothing where less than a year is known."""
    try:
        index = rhythms.season_index(events.time, first, last)
    except Unsuitable:
        return []
    return [
        {"month": month + 1, "count": int(index.counts[month]),
         "expected": float(index.expected[month]), "index": float(index.ratio[month]),
         "peak": bool(index.peaks.peak[month])}
        for month in range(12)
    ]  # fmt: skip
