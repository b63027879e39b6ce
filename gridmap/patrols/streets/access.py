"""Who may use a street: by its kind as OpenStreetMap's defaults have it, and by its own marks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridmap.patrols.network import Masks, Mode

_ALL = Mode.FOOT | Mode.BICYCLE | Mode.CAR
#: The kinds that not everybody may use. Roads are what a patrol may enter, so that service roads
#: and the ways through compounds are open to it, whatever gate is there.
KINDS: dict[str, Mode] = {
    "motorway": Mode.CAR,
    "motorway_link": Mode.CAR,
    "trunk": Mode.CAR,
    "trunk_link": Mode.CAR,
    "footway": Mode.FOOT,
    "pedestrian": Mode.FOOT,
    "corridor": Mode.FOOT,
    "steps": Mode.FOOT,
    "path": Mode.FOOT | Mode.BICYCLE,
    "bridleway": Mode.FOOT | Mode.BICYCLE,
    "cycleway": Mode.FOOT | Mode.BICYCLE,
    "busway": Mode(0),
    "bus_guideway": Mode(0),
}
_MARKS = {"foot": Mode.FOOT, "bicycle": Mode.BICYCLE, "car": Mode.CAR}


def masks(roads: pd.DataFrame) -> tuple[Masks, Masks]:
    """Tell which modes may use each road along its line and against it.

    Parameters
    ----------
    roads : DataFrame
        ``kind`` is a value of OpenStreetMap's highway tag; ``oneway`` binds all but those on foot;
        ``foot``, ``bicycle`` and ``car``, true or false, go before the kind, and missing leave it
        to the kind.

    Returns
    -------
    forward, backward : ndarray of uint8, shape (roads,)
    """
    usual = roads["kind"].map({kind: int(mode) for kind, mode in KINDS.items()})
    allowed = usual.fillna(int(_ALL)).to_numpy(dtype=np.int64, copy=True)
    for column, mode in _MARKS.items():
        mark = roads[column].astype("boolean")
        allowed[mark.fillna(False).to_numpy(bool)] |= int(mode)
        allowed[(~mark).fillna(False).to_numpy(bool)] &= int(_ALL & ~mode)
    oneway = roads["oneway"].to_numpy(bool)
    against = np.where(oneway, allowed & int(Mode.FOOT), allowed)
    return allowed.astype(np.uint8), against.astype(np.uint8)
