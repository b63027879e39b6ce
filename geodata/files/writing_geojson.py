"""GeoJSON as RFC 7946 wants it, put together from texts that pandas and GEOS make in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.files.geojson import SYSTEM_MEMBER
from geodata.files.written import write_collection


def write_geojson(
    frames: Iterable[pd.DataFrame], path: Path, system: str | None = None, code: str | None = None
) -> None:
    """Write a FeatureCollection.

    Parameters
    ----------
    frames : iterable of pandas.DataFrame or GeoDataFrame
        In the system that is named; without geometry every feature's is null.
    path : Path
        Where to.
    system : str, optional
        A name other than WGS 84, written as the foreign member ``coordinate_system``.
    code : str, optional
        Its code, if it has one, written as the old member ``crs`` that GIS programs know.
    """
    members: dict[str, object] = {}
    if system is not None:
        members[SYSTEM_MEMBER] = code or system
    if code is not None:
        name = f"urn:ogc:def:crs:{code.replace(':', '::')}"
        members["crs"] = {"type": "name", "properties": {"name": name}}
    parts = (_features(part, metres=code is not None and not _geographic(part)) for part in frames)
    write_collection((",\n".join(part).encode() for part in parts), path, members)


def _features(frame: pd.DataFrame, *, metres: bool) -> list[str]:
    """Return each row as the text of a feature, with its number where rows have one."""
    table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    for name in table.columns:
        if str(table[name].dtype) == "object":
            # A date without a time stays one.
            table[name] = table[name].astype("str").where(table[name].notna(), None)
        elif isinstance(table[name].dtype, pd.DatetimeTZDtype):
            # Left to itself, pandas writes every time in UTC.
            table[name] = iso_times(table[name])
    properties = table.to_json(
        orient="records", lines=True, force_ascii=False, date_format="iso", date_unit="s",
        double_precision=10,
    ).splitlines()  # fmt: skip
    if len(properties) != len(frame):
        properties = ["{}"] * len(frame)
    heads = ['"type": "Feature"'] * len(frame)
    if "id" in table and pd.api.types.is_integer_dtype(table["id"]) and table["id"].notna().all():
        # RFC 7946, 3.2. It stays a property too: what cannot read the one reads the other.
        heads = [f'{head}, "id": {number}' for head, number in zip(heads, table["id"], strict=True)]
    shapes = _shape_texts(frame, metres=metres)
    return [
        f'{{{head}, "properties": {values}, "geometry": {shape}}}'
        for head, values, shape in zip(heads, properties, shapes, strict=True)
    ]


def iso_times(times: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    """Write times as RFC 3339 wants them, to the second and with the offset of their zone.

    pandas does it time by time, which takes longer than all the rest of an export.
    """
    wall = times.dt.tz_localize(None).to_numpy("datetime64[s]")
    utc = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[s]")
    minutes = (wall - utc).astype("timedelta64[m]").astype("int64")
    there = ~np.isnat(wall)
    offsets, which = np.unique(minutes[there], return_inverse=True)
    names = [f"{'-' if m < 0 else '+'}{abs(m) // 60:02}:{abs(m) % 60:02}" for m in offsets]
    texts = np.full(len(times), None, dtype=object)
    if there.any():
        texts[there] = np.char.add(np.datetime_as_string(wall[there]), np.array(names)[which])
    return pd.Series(texts, index=times.index, dtype="str")


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
