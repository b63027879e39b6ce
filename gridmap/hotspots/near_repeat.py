"""Which incidents raise the risk near them, how far and until when."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from gridmap.hotspots.knox import Metric

#: Corners of a quarter of a circle.
CORNERS = 16
SECONDS = 86_400


def raised(table: pd.DataFrame, level: float = 0.05, least_ratio: float = 1.2) -> pd.DataFrame:
    """Return the bands of a Knox table in which incidents follow one another beyond chance.

    Ratcliffe's Near Repeat Calculator calls a band meaningful where p is at most .05 and a fifth
    more pairs are observed than expected.

    Parameters
    ----------
    table
        From `knox.knox`. What lies beyond its last edges is never raised.
    level
        The greatest p. A table has many bands, and one in twenty is as great by chance: with
        `level / number of bands` the whole table is wrong as seldom as that.
    least_ratio
        The least observed over expected.
    """
    near = np.isfinite(table["to_m"]) & np.isfinite(table["to_day"])
    chosen: pd.DataFrame = table[near & (table["p"] <= level) & (table["ratio"] >= least_ratio)]
    return chosen


def risk_zones(
    x: ArrayLike,
    y: ArrayLike,
    when: ArrayLike,
    bands: pd.DataFrame,
    now: np.datetime64,
    *,
    ahead_days: float = 0.0,
    metric: Metric = Metric.EUCLID,
) -> gpd.GeoDataFrame:
    """Return the zones round past incidents in which the risk is raised, with their expiry.

    Parameters
    ----------
    x, y
        Metres, shape (n,).
    when
        The times of the incidents, datetime64, shape (n,); dates at midnight where the table was
        made of whole days, so that a zone of the days [0, 1) lasts to the end of the date.
    bands
        From `raised`.
    now
        Zones that expired by now are left out, and so are incidents yet to come.
    ahead_days
        Zones that begin within so many days are shown as well.
    metric
        That of the table: circles, or squares on their corner for Manhattan distances.

    Returns
    -------
    GeoDataFrame
        A row for each incident and band, the highest ratio first: `incident` (position in the
        input), `x`, `y`, `from_m`, `to_m`, `begins`, `expires` (the first moment after it),
        `ratio`, `p`, and `geometry`: the ring, in the metres of the input, or the place itself
        where repeats at one place are meant.
    """
    times = np.asarray(when, "datetime64[s]")
    moment = now.astype("datetime64[s]")
    horizon = moment + _days(ahead_days)
    places = np.column_stack((np.asarray(x, float), np.asarray(y, float)))
    begins = times[:, None] + _days(bands["from_day"])
    expires = times[:, None] + _days(bands["to_day"])
    alive = (times[:, None] <= moment) & (begins <= horizon) & (expires > moment)
    incident, band = np.nonzero(alive)
    chosen = bands.iloc[band]
    centres = places[incident]
    frame = pd.DataFrame(
        {
            "incident": incident,
            "x": centres[:, 0],
            "y": centres[:, 1],
            "from_m": chosen["from_m"].to_numpy(),
            "to_m": chosen["to_m"].to_numpy(),
            "begins": begins[incident, band],
            "expires": expires[incident, band],
            "ratio": chosen["ratio"].to_numpy(),
            "p": chosen["p"].to_numpy(),
        }
    )
    rings = _rings(centres, frame["from_m"].to_numpy(), frame["to_m"].to_numpy(), metric)
    zones = gpd.GeoDataFrame(frame, geometry=rings)
    return zones.sort_values(["ratio", "incident"], ascending=[False, True], ignore_index=True)


def _days(days: ArrayLike) -> NDArray[np.timedelta64]:
    return np.round(np.asarray(days, float) * SECONDS).astype("timedelta64[s]")


def _rings(
    centres: NDArray[np.float64],
    inner: NDArray[np.float64],
    outer: NDArray[np.float64],
    metric: Metric,
) -> NDArray[np.object_]:
    """Return rings; a quarter of a circle with a single piece makes the square on its corner."""
    points = np.asarray(shapely.points(centres))
    pieces = 1 if metric is Metric.MANHATTAN else CORNERS
    rings = np.asarray(shapely.buffer(points, outer, quad_segs=pieces))
    hollow = inner > 0
    rings[hollow] = shapely.difference(
        rings[hollow], shapely.buffer(points[hollow], inner[hollow], quad_segs=pieces)
    )
    return np.where(outer == 0, points, rings)
