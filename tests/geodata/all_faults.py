"""Every check of polygons at once."""

from __future__ import annotations

import geopandas as gpd

from geodata.coverage import TOLERANCE_M2, gaps, outside_parent, overlaps


def all_faults(
    frame: gpd.GeoDataFrame,
    parents: gpd.GeoDataFrame | None = None,
    tolerance_m2: float = TOLERANCE_M2,
) -> int:
    """Count the overlaps, the gaps and what lies outside the parents."""
    found = [
        overlaps(frame, tolerance_m2=tolerance_m2),
        gaps(frame, parents, tolerance_m2=tolerance_m2),
    ]
    if parents is not None:
        found.append(outside_parent(frame, parents, tolerance_m2=tolerance_m2))
    return sum(map(len, found))
