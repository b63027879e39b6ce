"""Layers into files through frames, for all formats but GeoJSON in WGS 84."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.crs import CoordinateSystem, for_longitudes
from geodata.files.writing import write_parts
from geodata.files.written import Written
from gridmap.exchange.export_layers import LAYERS, Choice, query_of
from gridmap.territory.models import TerritorySettings

# SQLAlchemy hands out everything at once where the size of a part is not named again.
_CHUNK = 20_000
# What PostgreSQL calls its types, and the column of a frame that holds one with its nulls.
_TYPES = {"bool": "boolean", "int2": "Int64", "int4": "Int64", "int8": "Int64",
          "float8": "float64", "text": "str", "varchar": "str"}  # fmt: skip


def write_frames(
    session: Session,
    layer: str,
    path: Path,
    format: str | None,  # noqa: A002 - What `write_parts` calls it.
    system: CoordinateSystem,
    choice: Choice,
    advance: Callable[[int], None],
) -> Written:
    """Write a layer to a file; see `gridmap.exchange.export.export`."""
    shape = LAYERS[layer].shape
    if system.name == "CGCS2000 GK" and shape:
        system = for_longitudes(system, _west_and_east(session, layer, choice))
    with closing(_frames(session, layer, choice, advance)) as frames:
        return write_parts(frames, path, format, system, shape=shape)


def _west_and_east(session: Session, layer: str, choice: Choice) -> list[float]:
    """Return the least and the greatest longitude of what is exported, if there is any."""
    inner, params = query_of(layer, choice, "t.geom")
    extent = text(
        f"SELECT ST_XMin(e), ST_XMax(e) FROM (SELECT ST_Extent(geom) e FROM ({inner}) f) g"
    )
    west, east = session.execute(extent, params).one()
    return [] if west is None else [west, east]


def _frames(
    session: Session, layer: str, choice: Choice, advance: Callable[[int], None]
) -> Generator[pd.DataFrame]:
    """Yield the canonical frame in parts, at least one, all with the same types."""
    zone = session.scalars(select(TerritorySettings.time_zone)).one()
    geometry = ", ST_AsBinary(t.geom) AS geometry" if LAYERS[layer].shape else ""
    statement, params = query_of(layer, choice, LAYERS[layer].fields + geometry)
    rows: Any = session.execute(text(statement), params, execution_options={"yield_per": _CHUNK})
    # psycopg tells of every column also what PostgreSQL calls its type.
    types = {column.name: column.type_display for column in rows.cursor.description}
    empty = True
    with closing(rows):
        for part in rows.partitions(_CHUNK):
            advance(len(part))
            empty = False
            yield _frame([tuple(row) for row in part], types, zone)
    if empty:
        yield _frame([], types, zone)


def _frame(rows: list[tuple[Any, ...]], types: dict[str, str], zone: str) -> pd.DataFrame:
    values = zip(*rows, strict=True) if rows else ([] for _ in types)
    table: dict[str, Any] = {}
    for (name, kind), column in zip(types.items(), values, strict=True):
        if kind == "timestamptz":
            moments = pd.Series(pd.to_datetime(list(column), utc=True))
            table[name] = moments.dt.tz_convert(zone).dt.as_unit("us")
        else:
            table[name] = pd.Series(column, dtype=_TYPES.get(kind, "object"))
    shapes = table.pop("geometry", None)
    if shapes is None:
        return pd.DataFrame(table)
    outlines = shapely.from_wkb(shapes.to_numpy("object"))
    frame: pd.DataFrame = gpd.GeoDataFrame(
        table, geometry=gpd.GeoSeries(np.asarray(outlines), crs="EPSG:4326")
    )
    return frame
