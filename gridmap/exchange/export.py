"""Layers into files: GeoJSON straight from PostGIS, other formats through frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geodata.crs import CoordinateSystem
from geodata.files.writing import FORMATS, Written, write
from geodata.messages import Message
from gridmap.errors import GridmapError

_CHUNK = 50_000
_LATEST = """
    LEFT JOIN LATERAL (
        SELECT * FROM building_count c WHERE c.building_id = t.id ORDER BY month DESC LIMIT 1
    ) latest ON true
"""
_CELL = """
    LEFT JOIN cell ON cell.id = t.cell_id
    LEFT JOIN unit community ON community.id = t.community_id
"""
_LINKS = "cell.code AS cell_code, community.code AS community_code"


@dataclass(frozen=True)
class Exported:
    """How a layer is read: the fields of its canonical frame and, where it has them, its links."""

    fields: str
    tables: str
    community: str | None = None
    order: str = "t.id"
    geometry: bool = True


LAYERS = {
    "units": Exported(
        "t.code, parent.code AS parent_code, t.level, t.name, t.name_en",
        "unit t LEFT JOIN unit parent ON parent.id = t.parent_id",
        "t.code",
        "t.code",
    ),
    "cells": Exported(
        "t.code, community.code AS community_code, t.kind, t.name, t.valid_from, t.valid_to",
        "cell t JOIN unit community ON community.id = t.community_id",
        "community.code",
        "t.code, t.id",
    ),
    "buildings": Exported(
        "t.external_id, t.name, t.address, t.kind, t.storeys, latest.month, latest.households, "
        "latest.residents, latest.temporary_residents, latest.rented_homes, latest.shops, "
        f"{_LINKS}",
        f"building t {_CELL} {_LATEST}",
        "community.code",
    ),
    "building_counts": Exported(
        "b.external_id, t.month, t.households, t.residents, t.temporary_residents, "
        "t.rented_homes, t.shops",
        "building_count t JOIN building b ON b.id = t.building_id "
        "LEFT JOIN unit community ON community.id = b.community_id",
        "community.code",
        "t.building_id, t.month",
        geometry=False,
    ),
    "places": Exported(
        f"t.external_id, t.name, t.kind, t.address, t.area_m2, {_LINKS}",
        f"place t {_CELL}",
        "community.code",
    ),
    "roads": Exported("t.external_id, t.name, t.kind, t.oneway, t.bridge", "road t"),
    "ground": Exported("t.external_id, t.name, t.kind", "ground t"),
    "categories": Exported(
        "t.code, parent.code AS parent_code, t.name, t.name_en",
        "category t LEFT JOIN category parent ON parent.id = t.parent_id",
        order="t.code",
        geometry=False,
    ),
    "incidents": Exported(
        f"t.external_id, category.code AS category, t.occurred_at, t.source, {_LINKS}",
        f"incident t JOIN category ON category.id = t.category_id {_CELL}",
        "community.code",
    ),
}


@dataclass(frozen=True)
class Choice:
    """Which rows are wanted.

    Attributes
    ----------
    community : str, optional
        The first digits of codes of communities: a community, a town or a county.
    first, last : date, optional
        Local days of incidents, both included.
    """

    community: str | None = None
    first: date | None = None
    last: date | None = None


def export(
    session: Session,
    layer: str,
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - What a caller would look for.
    system: str = "EPSG:4326",
    choice: Choice = Choice(),
    advance: Callable[[int], None] = lambda steps: None,
) -> Written:
    """Write a layer to a file.

    Parameters
    ----------
    session : Session
        Only read from.
    layer : str
        A key of `LAYERS`.
    path : Path
        An existing file is replaced when all is written.
    format : {"geojson", "gpkg", "csv", "shapefile"}, optional
        By default what the name ends in.
    system : str
        The coordinate system, see `geodata.crs.CoordinateSystem.parse`.
    choice : Choice
    advance : callable
        Told how many rows were read.

    Returns
    -------
    Written

    Raises
    ------
    GeodataError
        If the format or the coordinate system is unknown.
    """
    wanted = format or FORMATS.get(path.suffix.lower())
    plain = CoordinateSystem.parse(system).name == "WGS 84"
    if wanted == "geojson" and plain and LAYERS[layer].geometry:
        return _stream_geojson(session, layer, path, choice, advance)
    frames = _frames(session, layer, choice, advance)
    if wanted == "csv" and not system.upper().startswith("CGCS2000"):
        return _append_csv(frames, path, system)
    parts = list(frames)
    return write(pd.concat(parts, ignore_index=True), path, format, system)


def _query(layer: str, choice: Choice, geometry: str) -> tuple[str, dict[str, Any]]:
    """Return the statement and its parameters; only those ever hold what a person gave."""
    source = LAYERS[layer]
    conditions, params = ["true"], dict[str, Any]()
    if choice.community is not None:
        if source.community is None:
            raise GridmapError(Message("{layer} belong to no community", layer=layer))
        conditions.append(f"starts_with({source.community}, :community)")
        params["community"] = choice.community
    if choice.first or choice.last:
        if layer != "incidents":
            raise GridmapError(Message("only incidents have a time, not {layer}", layer=layer))
        zone = "(SELECT time_zone FROM territory_settings)"
        if choice.first:
            conditions.append(f"t.occurred_at >= CAST(:first AS timestamp) AT TIME ZONE {zone}")
            params["first"] = choice.first
        if choice.last:
            conditions.append(f"t.occurred_at < CAST(:after AS timestamp) AT TIME ZONE {zone}")
            params["after"] = choice.last + timedelta(days=1)
    fields = f"{source.fields}{geometry if source.geometry else ''}"
    where = " AND ".join(conditions)
    statement = f"SELECT {fields} FROM {source.tables} WHERE {where} ORDER BY {source.order}"
    return statement, params


def _stream_geojson(
    session: Session, layer: str, path: Path, choice: Choice, advance: Callable[[int], None]
) -> Written:
    """Write what PostGIS makes, feature by feature (RFC 7946, 7 decimals: a centimetre)."""
    inner, params = _query(layer, choice, ", t.geom")
    rows = session.execute(
        text(f"SELECT ST_AsGeoJSON(f.*, 'geom', 7) FROM ({inner}) f"),
        params,
        execution_options={"yield_per": _CHUNK},
    )
    draft = path.with_name(f".{path.name}.draft")
    count = 0
    with draft.open("w", encoding="utf-8") as stream:
        stream.write('{"type": "FeatureCollection", "features": [\n')
        for part in rows.scalars().partitions():
            stream.write((",\n" if count else "") + ",\n".join(part))
            count += len(part)
            advance(len(part))
        stream.write("\n]}\n")
    draft.replace(path)
    return Written(path, count)


def _frames(
    session: Session, layer: str, choice: Choice, advance: Callable[[int], None]
) -> Iterator[pd.DataFrame]:
    """Yield the canonical frame in parts, at least one."""
    statement, params = _query(layer, choice, ", ST_AsBinary(t.geom) AS geometry")
    rows = session.execute(text(statement), params, execution_options={"yield_per": _CHUNK})
    columns = list(rows.keys())
    empty = True
    for part in rows.partitions():
        advance(len(part))
        empty = False
        yield _frame(pd.DataFrame([tuple(row) for row in part], columns=columns), layer)
    if empty:
        yield _frame(pd.DataFrame(columns=columns), layer)


def _frame(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    for name in table.columns.difference(["geometry"]):
        if table[name].dtype == "object":
            kinds = table[name].dropna().map(type).unique()
            if len(kinds) == 1 and kinds[0] is date:
                continue
            table[name] = table[name].astype("str").where(table[name].notna(), None).astype("str")
    if not LAYERS[layer].geometry:
        return table
    shapes = shapely.from_wkb(table.pop("geometry").to_numpy("object"))
    frame: pd.DataFrame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))
    return frame


def _append_csv(frames: Iterator[pd.DataFrame], path: Path, system: str) -> Written:
    """Write part after part, so that any number of rows fits into memory."""
    draft = path.with_name(f".{path.name}.draft")
    count, notes = 0, []
    with TemporaryDirectory(prefix="gridmap-") as folder, draft.open("wb") as stream:
        for frame in frames:
            piece = write(frame, Path(folder) / "part.csv", "csv", system)
            data = piece.path.read_bytes()
            stream.write(data if count == 0 else data[data.index(b"\n") + 1 :])
            count += len(frame)
            notes = piece.notes
    draft.replace(path)
    return Written(path, count, notes)
