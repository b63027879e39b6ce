"""Layers into files, part by part: GeoJSON straight from PostGIS, other formats through frames."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import shapely
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geodata.crs import CoordinateSystem, for_longitudes
from geodata.files.writing import FORMATS, Written, replacing, write_parts
from geodata.files.writing_geojson import write_collection
from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.exchange.collections import COLLECTIONS, Collection, Column
from gridmap.exchange.feature_sql import feature_sql
from gridmap.exchange.imports import TABLES
from gridmap.territory.models import TerritorySettings
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

# SQLAlchemy hands out everything at once where the size of a part is not named again.
_CHUNK = 20_000
# What PostgreSQL calls its types, and the column of a frame that holds one with its nulls.
_TYPES = {"bool": "boolean", "int2": "Int64", "int4": "Int64", "int8": "Int64",
          "float8": "float64", "text": "str", "varchar": "str"}  # fmt: skip


@dataclass(frozen=True)
class Exported:
    """How a layer is read: the fields of its canonical frame and, where it has them, its links.

    Attributes
    ----------
    fields, tables, order : str
        SQL; the layer's own table is ``t``.
    community : str, optional
        SQL of the id of the unit that a row belongs to.
    shape : str, optional
        The type of geometry, ``Unknown`` for several types; None without any.
    columns : tuple of Column
        The fields, where there is a geometry.
    """

    fields: str
    tables: str
    community: str | None = None
    order: str = "t.id"
    shape: str | None = "Unknown"
    columns: tuple[Column, ...] = ()


def _of_collection(one: Collection) -> Exported:
    """Return how a collection is read: every column but those that tell of a person."""
    columns = tuple(column for column in one.columns if not column.guarded)
    return Exported(
        ", ".join(f"{column.sql} AS {column.name}" for column in columns),
        f"{one.table} t {one.joined(columns)}",
        one.unit or one.community,
        "t.code, t.id" if "code" in one.by_name else "t.id",
        one.shape,
        columns,
    )


LAYERS = {
    **{key: _of_collection(one) for key, one in COLLECTIONS.items()},
    "building_counts": Exported(
        "b.external_id, t.month, t.households, t.residents, t.temporary_residents, "
        "t.rented_homes, t.shops",
        "building_count t JOIN building b ON b.id = t.building_id",
        "b.community_id",
        "t.building_id, t.month",
        shape=None,
    ),
    "categories": Exported(
        "t.code, parent.code AS parent_code, t.name, t.name_en",
        "category t LEFT JOIN category parent ON parent.id = t.parent_id",
        order="t.code",
        shape=None,
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
    level : str, optional
        The level of units.
    """

    community: str | None = None
    first: date | None = None
    last: date | None = None
    level: str | None = None


def export(
    session: Session,
    actor: Actor,
    layer: str,
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - What a caller would look for.
    system: str = "EPSG:4326",
    choice: Choice = Choice(),
    advance: Callable[[int], None] = lambda steps: None,
) -> Written:
    """Write a layer to a file, in memory that does not grow with its rows; the log tells of it.

    Times are told in the time zone of the territory, whatever that of the session was; it keeps
    the territory's until the transaction ends.

    Parameters
    ----------
    session : Session
        Nothing but the entry of the log is written to it.
    actor : Actor
    layer : str
        A key of `LAYERS`.
    path : Path
        An existing file is replaced when all is written.
    format : {"geojson", "gpkg", "csv", "shapefile"}, optional
        By default what the name ends in.
    system : str
        The coordinate system, see `geodata.crs.CoordinateSystem.parse`. A Gauss-Krüger zone that
        is not named is that of the middle of what is exported.
    choice : Choice
    advance : callable
        Told how many rows were read.

    Returns
    -------
    Written

    Raises
    ------
    ForbiddenError
        If the actor may not export.
    GeodataError
        If the format or the coordinate system is unknown, or the layer knows no such choice.
    """
    require(actor, Action.EXPORT)
    target = CoordinateSystem.parse(system)
    zone = session.scalars(select(TerritorySettings.time_zone)).one()
    session.execute(select(func.set_config("TimeZone", zone, True)))
    shape = LAYERS[layer].shape
    wanted = format or FORMATS.get(path.suffix.lower())
    if wanted == "geojson" and target.name == "WGS 84" and shape:
        written = _stream_geojson(session, layer, path, choice, advance)
    else:
        if target.name == "CGCS2000 GK" and shape:
            target = for_longitudes(target, _west_and_east(session, layer, choice))
        with closing(_frames(session, layer, choice, advance, zone)) as frames:
            written = write_parts(frames, path, wanted, target, shape=shape)
    after = {
        "layer": layer, "file": path.name, "rows": written.count, "system": system,
        **{name: value for name, value in asdict(choice).items() if value is not None},
    }  # fmt: skip
    audit.record(session, actor, "export", (TABLES[layer], None), after=after)
    return written


def _query(layer: str, choice: Choice, fields: str) -> tuple[str, dict[str, Any]]:
    """Return the statement and its parameters; only those ever hold what a person gave.

    ``fields`` is the SQL of what is read of each row.
    """
    source = LAYERS[layer]
    conditions, params = ["true"], dict[str, Any]()
    if choice.community is not None:
        if source.community is None:
            raise GridmapError(Message("{layer} belong to no community", layer=layer))
        conditions.append(
            f"{source.community} IN (SELECT id FROM unit WHERE starts_with(code, :community))"
        )
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
    if choice.level:
        if layer != "units":
            raise GridmapError(Message("only units have a level, not {layer}", layer=layer))
        conditions.append("t.level = :level")
        params["level"] = choice.level
    where = " AND ".join(conditions)
    statement = f"SELECT {fields} FROM {source.tables} WHERE {where} ORDER BY {source.order}"
    return statement, params


def _stream_geojson(
    session: Session, layer: str, path: Path, choice: Choice, advance: Callable[[int], None]
) -> Written:
    """Write what PostGIS makes, feature by feature (RFC 7946, 7 decimals: a centimetre)."""
    columns = LAYERS[layer].columns
    feature = feature_sql(columns, "t.geom", point=LAYERS[layer].shape == "Point", identified=False)
    statement, params = _query(layer, choice, feature)
    if layer == "incidents":
        # Without an order each process makes features of its own rows, half again as fast.
        statement = statement.rpartition(" ORDER BY ")[0]
    written = Written(path, 0)

    def told() -> Generator[bytes]:
        for lines in copied_lines(session, statement, params):
            written.count += len(lines)
            advance(len(lines))
            # Within JSON no line ends, so each end of a line is that of a feature.
            yield b"".join(lines)[:-1].replace(b"\n", b",\n")

    with closing(told()) as parts, replacing(path) as partial:
        write_collection(parts, partial)
    return written


def copied_lines(
    session: Session, statement: str, params: Mapping[str, Any]
) -> Generator[list[bytes]]:
    """Yield JSON that a statement makes, one value a line, in memory that does not grow.

    COPY sends rows as they are made and may use several processes, unlike a cursor. Its CSV
    writes a value as it is unless it holds a quote, a stroke or the end of a line. Here these are
    control characters, which JSON always escapes (RFC 8259, 7).

    Parameters
    ----------
    session : Session
        Only read from.
    statement : str
        With one column of JSON, never null.
    params : mapping
        Its parameters.
    """
    connection = session.connection()
    # COPY takes no parameters from the driver, which writes them into the statement itself.
    inner = str(text(statement).compile(dialect=connection.dialect))
    copy = f"COPY ({inner}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    lines: list[bytes] = []
    try:
        with driver.cursor().copy(copy, params) as rows:
            for row in rows:
                lines.append(bytes(row))
                if len(lines) == _CHUNK:
                    yield lines
                    lines = []
    except psycopg.OperationalError as error:
        # Whoever calls knows the faults of SQLAlchemy alone.
        raise OperationalError(copy, dict(params), error) from error
    if lines:
        yield lines


def _west_and_east(session: Session, layer: str, choice: Choice) -> list[float]:
    """Return the least and the greatest longitude of what is exported, if there is any."""
    inner, params = _query(layer, choice, "t.geom")
    extent = text(
        f"SELECT ST_XMin(e), ST_XMax(e) FROM (SELECT ST_Extent(geom) e FROM ({inner}) f) g"
    )
    west, east = session.execute(extent, params).one()
    return [] if west is None else [west, east]


def _frames(
    session: Session, layer: str, choice: Choice, advance: Callable[[int], None], zone: str
) -> Generator[pd.DataFrame]:
    """Yield the canonical frame in parts, at least one, all with the same types."""
    geometry = ", ST_AsBinary(t.geom) AS geometry" if LAYERS[layer].shape else ""
    statement, params = _query(layer, choice, LAYERS[layer].fields + geometry)
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
