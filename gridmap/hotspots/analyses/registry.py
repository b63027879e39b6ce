"""The analyses there are: the page loops over them, and a new one is one entry here."""

from __future__ import annotations

from types import MappingProxyType

from gridmap.hotspots.analyses import (
    comparison,
    density,
    emerging,
    forecast,
    getis_ord,
    gi_star,
    moran,
    near_repeat,
    relative_risk,
    rhythm,
    scan,
    st_dbscan,
    streets,
)
from gridmap.hotspots.analyses.result import Analysis

_MODULES = (
    gi_star,
    getis_ord,
    moran,
    density,
    relative_risk,
    streets,
    scan,
    st_dbscan,
    near_repeat,
    emerging,
    comparison,
    rhythm,
    forecast,
)
ANALYSES = MappingProxyType[str, Analysis]({each.ANALYSIS.key: each.ANALYSIS for each in _MODULES})
