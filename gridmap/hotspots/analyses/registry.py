"""The analyses there are: the page loops over them, and a new one is one entry here."""

from __future__ import annotations

from types import MappingProxyType

from gridmap.hotspots.analyses import density, gi_star, streets
from gridmap.hotspots.analyses.result import Analysis

ANALYSES = MappingProxyType[str, Analysis](
    {each.ANALYSIS.key: each.ANALYSIS for each in (gi_star, density, streets)}
)
