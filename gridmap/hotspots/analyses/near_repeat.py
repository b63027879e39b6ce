"""Whether incidents follow one another nearby, and where the risk is raised until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import geopandas as gpd
import numpy as np

from gridmap.hotspots import near_repeat as zones_of
from gridmap.hotspots.analyses.events import Area, Context, Events
from gridmap.hotspots.analyses.parameters import NearRepeat
from gridmap.hotspots.analyses.result import Found, Result
from gridmap.hotspots.knox import Bands, knox
from gridmap.hotspots.mantel import MOST_EVENTS, jacquez, mantel
from gridmap.hotspots.ticks import Tick

_MOST_LISTED = 200
_LEVEL = 0.05
#: Each compares all incidents with all.
_WITHOUT_BANDS = 99


def run(events: Events, area: Area, context: Context, asked: NearRepeat, tick: Tick) -> Result:
    """Count pairs by bands beside chance, and draw where the risk is raised after the last day.

    Raises
    ------
    Unsuitable
        As `gridmap.hotspots.knox.knox`.
    """
    bands = asked.steps_m * asked.steps_days
    # With fewer no band could be rarer than one in twenty tables has any.
    replications = max(asked.replications, round(bands / _LEVEL) - 1)
    day = events.time.astype("datetime64[D]")
    table = knox(
        events.x,
        events.y,
        day.astype(np.float64),
        Bands(
            distances=tuple(float(asked.step_m * i) for i in range(asked.steps_m + 1)),
            days=tuple(float(asked.step_days * i) for i in range(asked.steps_days + 1)),
        ),
        permutations=replications,
        seed=1,
        tick=lambda share: tick(0.9 * share),
    )
    within = table[np.isfinite(table["to_m"]) & np.isfinite(table["to_day"])]
    # The whole table is wrong as seldom as one band alone would be.
    raised = zones_of.raised(table, level=_LEVEL / bands * (1 + 1e-9))
    now = np.datetime64(events.last + timedelta(days=1))
    zones = zones_of.risk_zones(events.x, events.y, day, raised, now)
    figures = {
        "hotspots": len(zones),
        "knox": [
            _plain(row) | {"raised": raises}
            for row, raises in zip(
                within.to_dict("records"), within.index.isin(raised.index).tolist(), strict=True
            )
        ],
        "raised": len(raised),
        "replications": replications,
        "mantel": _mantel(events, tick),
        "jacquez": _jacquez(events, asked.nearest, tick),
        "now": str(now),
        # Of more incidents neither is told, which the page says.
        "most_compared": MOST_EVENTS if len(events) > MOST_EVENTS else None,
    }
    return Result(_found(zones.head(_MOST_LISTED), events), figures)


def _mantel(events: Events, tick: Tick) -> dict[str, float] | None:
    """Return Mantel's correlation without bands and its p; of many incidents there is none."""
    if len(events) > MOST_EVENTS:
        return None
    found = mantel(
        events.x, events.y, events.time.astype("datetime64[D]").astype(np.float64),
        permutations=_WITHOUT_BANDS, seed=1, tick=lambda share: tick(0.9 + 0.05 * share),
    )  # fmt: skip
    return {"r": found.statistic, "p": found.p}


def _jacquez(events: Events, k: int, tick: Tick) -> dict[str, float] | None:
    """Return how many of the nearest in place are so in time, what chance gives, and p."""
    if k == 0 or len(events) > MOST_EVENTS:
        return None
    found = jacquez(
        events.x, events.y, events.time.astype("datetime64[D]").astype(np.float64), k,
        permutations=_WITHOUT_BANDS, seed=1, tick=lambda share: tick(0.95 + 0.05 * share),
    )  # fmt: skip
    n = len(events)
    # Dealt anew, each of the others is as likely to be among the k nearest in time.
    return {"k": k, "pairs": found.statistic, "expected": n * k * k / (n - 1), "p": found.p}


def _found(zones: gpd.GeoDataFrame, events: Events) -> Found:
    values = [
        {"days": f"{str(begins)[:10]} – {str(expires)[:10]}", "ratio": float(ratio)}
        for begins, expires, ratio in zip(
            zones["begins"], zones["expires"], zones["ratio"], strict=True
        )
    ]
    n = len(zones)
    return Found(
        shapes=np.array(list(zones.geometry), dtype=object),
        kind=np.full(n, "alert"),
        count=np.ones(n, dtype=np.int64),
        listed=np.ones(n, dtype=bool),
        score=zones["ratio"].to_numpy(dtype=np.float64),
        p=zones["p"].to_numpy(dtype=np.float64),
        values=values,
    )


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    whole = ("from_m", "to_m", "from_day", "to_day", "observed")
    kept = {name: int(row[name]) for name in whole}
    return kept | {name: float(row[name]) for name in ("expected", "ratio", "p")}
