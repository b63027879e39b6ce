"""China's public holidays in a period, and whether they have more incidents than other days."""

from __future__ import annotations

from typing import Any

import numpy as np
from chinese_calendar import constants

from geodata.messages import N_
from gridmap.hotspots.analyses.events import Events
from gridmap.hotspots.discovery import discoveries
from gridmap.hotspots.faults import Unsuitable
from gridmap.hotspots.holidays import holiday_effect

#: As the library names them; the pages have the words of both languages.
ALL = N_("All public holidays")
NAMES = (
    N_("New Year's Day"), N_("Spring Festival"), N_("Tomb-sweeping Day"), N_("Labour Day"),
    N_("Dragon Boat Festival"), N_("Mid-autumn Festival"), N_("National Day"),
)  # fmt: skip

_LEVEL = 0.05
#: The government names the days of a year in the autumn before.
LAST_YEAR = max(constants.holidays).year


def holiday_effects(events: Events) -> list[dict[str, Any]]:
    """Compare all public holidays, and each of them, with the other days of the same months.

    Days are left out of the comparison that are other holidays, or workdays in place of them.

    Returns
    -------
    list of dict
        The fields of `HolidayEffect` with ``name``, all holidays first; only those of which the
        period has days, and others to compare with. ``found`` tells whether the single ones
        differ at a false discovery rate of 5 %, and all together at a level of 5 %.
    """
    first, last = np.datetime64(events.first, "D"), np.datetime64(events.last, "D")
    days = {name: _days([day for day, each in constants.holidays.items() if each == name])
            for name in NAMES}  # fmt: skip
    every = _days(list(constants.holidays))
    odd = np.concatenate([every, _days(list(constants.workdays))])
    found = []
    for name, feast in {ALL: every, **days}.items():
        if not ((feast >= first) & (feast <= last)).any():
            continue
        try:
            effect = holiday_effect(events.time, first, last, feast, excluded=odd)
        except Unsuitable:
            continue
        found.append({"name": name, **effect._asdict()})
    if found:
        p = np.array([each["p"] for each in found])
        single = discoveries(p[1:], _LEVEL).tolist()
        for each, differs in zip(found, [bool(p[0] < _LEVEL), *single], strict=True):
            each["found"] = differs
    return found


def _days(days: list[Any]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    return np.array(sorted(days), dtype="datetime64[D]")
