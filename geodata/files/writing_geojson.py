"""GeoJSON as RFC 7946 wants it, put together from texts that pandas and GEOS make in bulk."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.files.geojson import SYSTEM_MEMBER


def write_geojson(
    frame: pd.DataFrame, path: Path, system: str | None = None, code: str | None = None
) -> None:
    """Write a FeatureCollection.

    Parameters
    ----------
    frame : pandas.DataFrame or GeoDataFrame
        In the system that is named; without geometry every feature's is null.
    path : Path
        Where to.
    system : str, optional
        A name other than WGS 84, written as the foreign member ``coordinate_system``.
    code : str, optional
        Its code, if it has one, written as the old member ``crs`` that GIS programs know.
    """
    header = {"type": "FeatureCollection"}
    members = [json.dumps(header)[1:-1]]
    if system is not None:
        members.append(f"{json.dumps(SYSTEM_MEMBER)}: {json.dumps(code or system)}")
    if code is not None:
        crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{code.replace(':', '::')}"}}
        members.append(f'"crs": {json.dumps(crs)}')
    shapes = _shape_texts(frame, metres=code is not None and not _geographic(frame))
    table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    for name in table.columns[[str(kind) == "object" for kind in table.dtypes]]:
        # A date without a time stays one.
        table[name] = table[name].astype("str").where(table[name].notna(), None)
    properties = table.to_json(
        orient="records", lines=True, force_ascii=False, date_format="iso", date_unit="s",
        double_precision=10,
    ).splitlines()  # fmt: skip
    if len(properties) != len(frame):
        properties = ["{}"] * len(frame)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("{" + ", ".join(members) + ', "features": [\n')
        stream.write(
            ",\n".join(
                f'{{"type": "Feature", "properties": {values}, "geometry": {shape}}}'
                for values, shape in zip(properties, shapes, strict=True)
            )
        )
        stream.write("\n]}\n")


def _geographic(frame: pd.DataFrame) -> bool:
    crs = frame.crs if isinstance(frame, gpd.GeoDataFrame) else None
    return crs is None or bool(crs.is_geographic)


def _shape_texts(frame: pd.DataFrame, *, metres: bool) -> list[str]:
    """Return the geometries as text: right-hand winding, 7 digits of a degree or millimetres."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return ["null"] * len(frame)
    digits = 3 if metres else 7
    shapes = shapely.orient_polygons(frame.geometry.to_numpy(), exterior_cw=False)
    # An empty shape is no place: RFC 7946, 3.2, gives an unlocated feature null.
    shapes[shapely.is_empty(shapes)] = None
    held = ~shapely.is_missing(shapes)
    shapes[held] = shapely.transform(
        shapely.force_2d(shapes[held]), lambda pairs: np.round(pairs, digits)
    )
    texts = shapely.to_geojson(shapes)
    return [text if text is not None else "null" for text in texts]
