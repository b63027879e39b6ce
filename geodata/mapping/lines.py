"""Roads of several lines: joined where they meet, else told apart."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.messages import N_
from geodata.problems import Problems


def single_lines(frame: gpd.GeoDataFrame, problems: Problems) -> gpd.GeoDataFrame:
    """Make each row one line.

    Parameters
    ----------
    frame : GeoDataFrame
        Lines and multilines with ``external_id``, indexed by the source row.
    problems : Problems
        Told of the rows that fall into several lines.

    Returns
    -------
    GeoDataFrame
        LineStrings. Of a row that falls into several, the longest keeps the identifier and comes
        first; the others follow with ``#2``, ``#3`` ... behind theirs, under the same row.
    """
    shapes = frame.geometry.to_numpy().copy()
    multi = shapely.get_type_id(shapes) == shapely.GeometryType.MULTILINESTRING
    if not multi.any():
        return frame
    shapes[multi] = shapely.line_merge(shapes[multi])
    parts, owner = shapely.get_parts(shapes, return_index=True)
    order = np.lexsort((-shapely.length(parts), owner))
    parts, owner = parts[order], owner[order]
    serial = np.arange(len(owner)) - np.searchsorted(owner, owner)
    result = frame.iloc[owner].set_geometry(gpd.GeoSeries(parts, frame.index[owner], crs=frame.crs))
    later = serial > 0
    ids = result["external_id"].to_numpy("object")
    ids[later] = ids[later] + "#" + (serial[later] + 1).astype(str).astype(object)
    result["external_id"] = pd.Series(ids, index=result.index, dtype="str")
    split, count = np.unique(owner[later], return_counts=True)
    problems.add_many(
        "road-split",
        N_("row {row}: the road falls into {value} lines; each is a road of its own"),
        frame.index.to_numpy()[split],
        field="geometry",
        values=count + 1,
        severity="repaired",
    )
    return result
