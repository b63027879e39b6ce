"""Planted hotspots: more incidents than chance would give, whose truth is known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.town.chance import stream
from geodata.town.fabric import Fabric, unproject
from geodata.town.landuse import LandUse, Use
from geodata.town.plan import OUTSIDE, Plan

Hotspot = TypedDict(
    "Hotspot",
    {
        "name": str, "centre": tuple[float, float], "radius_m": float, "categories": list[str],
        "from": str, "to": str, "hours": list[int], "weekdays": list[int], "planted": int,
        "external_ids": list[str],
    },
)  # fmt: skip
"""The truth about one planted hotspot, fit for JSON.

``centre`` is longitude and latitude; ``from`` and ``to`` are ISO dates, both included; ``hours``
and ``weekdays`` (Monday is 0) list when it is active; ``planted`` counts its incidents, named by
``external_ids``. Ordinary incidents happen there besides.
"""


# Title, categories, the uses it lies on, hours, weekdays, days long, days before the end, radius.
_ALL_WEEK, _WORKDAYS, _WEEKEND = [0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4], [4, 5, 6]
_HOUSING = (Use.SLAB, Use.TOWER, Use.MIXED)
_Template = tuple[
    str, list[str], tuple[Use, ...], list[int], list[int], int, int, float, tuple[int, int]
]
_TEMPLATES: list[_Template] = [
    ("夜间噪音扰民", ["A22"], _HOUSING, [21, 22, 23], _WEEKEND, 120, 60, 140.0, (70, 110)),
    ("电动自行车盗窃", ["A11"], _HOUSING, [18, 19, 20, 21, 22], _ALL_WEEK, 90, 0, 180.0, (45, 70)),
    ("早晚占道经营", ["D2"], (*_HOUSING, Use.MARKET), [6, 7, 17, 18, 19], _ALL_WEEK, 180, 200,
     150.0, (110, 170)),
    ("凌晨入室盗窃", ["A12"], _HOUSING, [1, 2, 3, 4], _ALL_WEEK, 60, 320, 190.0, (30, 45)),
    ("上下学交通隐患", ["C4"], (*_HOUSING, Use.SCHOOL), [7, 8, 16, 17], _WORKDAYS, 300, 30, 120.0,
     (100, 150)),
    ("垃圾与设施损坏", ["D1", "D4"], _HOUSING, list(range(6, 20)), _ALL_WEEK, 240, 420, 200.0,
     (130, 190)),
]  # fmt: skip


def plant(
    plan: Plan, fabric: Fabric, land: LandUse, streets: NDArray[np.object_], until: date,
    seed: int,
) -> tuple[pd.DataFrame, list[Hotspot]]:  # fmt: skip
    """Plant the hotspots.

    They lie clear of community B, whose figures are the report's.

    Parameters
    ----------
    plan : Plan
    fabric : Fabric
    land : LandUse
    streets : (rows, columns) object array
        The street each block is addressed by, for names.
    until : date
        The last day of the demo period.
    seed : int

    Returns
    -------
    incidents : DataFrame
        ``category``, ``moment`` (local datetime64[s]), ``lon``, ``lat``, ``hotspot`` (its number).
    truth : list of Hotspot
        Without ``external_ids``, which incidents get later.
    """
    rng = stream(seed, "hotspots")
    free = _free_blocks(plan, land)
    parts: list[pd.DataFrame] = []
    truth: list[Hotspot] = []
    for number in range(plan.scale.hotspots):
        title, categories, uses, hours, weekdays, long, before, radius, size = _TEMPLATES[
            number % len(_TEMPLATES)
        ]
        j, i = np.nonzero(free & np.isin(land.use, uses))
        at = int(rng.integers(len(i)))
        near = np.hypot(*np.ogrid[-j[at] : free.shape[0] - j[at], -i[at] : free.shape[1] - i[at]])
        # Two hotspots do not run together, where there is room.
        free &= near > (0.5 if plan.size == "small" else 3)
        x, y = fabric.metres(np.array([i[at] + 0.5]), np.array([j[at] + 0.3]))
        lon, lat = unproject(x, y)[0]
        last = until - timedelta(days=before)
        first = last - timedelta(days=long - 1)
        count = int(rng.integers(*size))
        parts.append(_draw(rng, count, x[0], y[0], radius, categories, first, last, hours, weekdays)
                     .assign(hotspot=number))  # fmt: skip
        truth.append({
            "name": f"{streets[j[at], i[at]]}{title}", "centre": (float(lon), float(lat)),
            "radius_m": radius, "categories": categories, "from": first.isoformat(),
            "to": last.isoformat(), "hours": hours, "weekdays": weekdays, "planted": count,
            "external_ids": [],
        })  # fmt: skip
    return pd.concat(parts, ignore_index=True), truth


def _free_blocks(plan: Plan, land: LandUse) -> NDArray[np.bool_]:
    """Return the blocks whose neighbours all lie in the county, on dry land, outside B."""
    b = plan.roles.index("seed_b")
    bad = (plan.label == OUTSIDE) | (plan.label == b) | (land.use == Use.RIVER)
    padded = np.pad(bad, 1, constant_values=True)
    rows, columns = bad.shape
    around = [padded[dj : dj + rows, di : di + columns] for dj in range(3) for di in range(3)]
    result: NDArray[np.bool_] = ~np.any(around, axis=0)
    return result


def _draw(
    rng: np.random.Generator, count: int, x: float, y: float, radius: float,
    categories: list[str], first: date, last: date, hours: list[int], weekdays: list[int],
) -> pd.DataFrame:  # fmt: skip
    days = pd.date_range(first, last, freq="D", unit="s")
    days = days[np.isin(days.day_of_week, weekdays)]
    moment = days.to_numpy()[rng.integers(0, len(days), count)] + (
        np.array(hours)[rng.integers(0, len(hours), count)] * 3600 + rng.integers(0, 3600, count)
    ).astype("timedelta64[s]")
    # Denser towards the middle than an even disc would be.
    away, angle = 0.98 * radius * rng.random(count) ** 0.8, rng.uniform(0, 2 * np.pi, count)
    lonlat = unproject(x + away * np.cos(angle), y + away * np.sin(angle))
    category = np.array(categories, dtype=object)[rng.integers(0, len(categories), count)]
    return pd.DataFrame({"category": category, "moment": moment, "lon": lonlat[:, 0],
                         "lat": lonlat[:, 1]})  # fmt: skip
