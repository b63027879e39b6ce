"""Frames into temporary tables, and from there into the tables, in a few statements."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.territory.importing.copying import copy_text
from gridmap.territory.importing.origin import Counts, Origin

States = npt.NDArray[np.str_]
_CHUNK = 50_000


def stage(session: Session, name: str, frame: pd.DataFrame, types: Mapping[str, str]) -> None:
    """Put a frame into a temporary table; its rows are numbered by ``n``, from 0.

    Parameters
    ----------
    session : Session
    name : str
        The table, which is made anew.
    frame : pandas.DataFrame
        A column that is missing becomes null.
    types : mapping
        Column -> SQL type. ``geom`` is taken from the geometry of the frame.
    """
    columns: dict[str, pa.Array] = {"n": pa.array(np.arange(len(frame)))}
    for column in types:
        if column == "geom":
            shapes = shapely.set_srid(frame["geometry"].to_numpy(), 4326)
            texts = shapely.to_wkb(shapes, hex=True, include_srid=True)
            columns[column] = pa.array(texts, pa.string(), from_pandas=True)
        elif column in frame:
            columns[column] = pa.array(frame[column], from_pandas=True)
        else:
            columns[column] = pa.nulls(len(frame), pa.string())
    declared = ", ".join(f"{column} {kind}" for column, kind in types.items())
    session.execute(text(f"DROP TABLE IF EXISTS pg_temp.{name}"))
    session.execute(text(f"CREATE TEMPORARY TABLE {name} (n integer, {declared}) ON COMMIT DROP"))
    table = pa.table(columns)
    parts = (_csv(table.slice(start, _CHUNK)) for start in range(0, max(table.num_rows, 1), _CHUNK))
    copy_text(session, f"{name} ({', '.join(columns)})", parts)
    session.execute(text(f"ANALYZE {name}"))


def _csv(table: pa.Table) -> bytes:
    # Arrow quotes an empty text and not a null, which is just how COPY tells them apart.
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink, pa_csv.WriteOptions(include_header=False))
    return sink.getvalue()


def upsert(
    session: Session,
    table: str,
    columns: list[str],
    match: str,
    origin: Origin | None,
    *,
    own: Mapping[str, str] | None = None,
    source: str = "arriving",
) -> States:
    """Update the rows of a table that a staged row matches, and insert the others.

    A field that a file leaves empty keeps what is stored.

    Parameters
    ----------
    session : Session
    table : str
        The target, alias ``t`` in `match`.
    columns : list of str
        The columns that are in both.
    match : str
        The SQL condition by which a staged row ``a`` is the stored row ``t``. It must match one
        at most.
    origin : Origin, optional
        Without it the table does not tell where its rows are from.
    own : mapping, optional
        Columns only of the target -> SQL of their value for inserted rows.
    source : str
        The staged table.

    Returns
    -------
    ndarray of str, shape (n,)
        ``inserted``, ``updated`` or ``unchanged`` for each staged row.
    """  # fmt: skip
    fresh = dict(own or {})
    params: dict[str, Any] = {"source": origin.source if origin else "", "import_id": None}
    touched = ""
    if origin is not None:
        fresh["import_id"], touched = ":import_id", ", import_id = :import_id"
        params["import_id"] = origin.import_id
    new = ", ".join(f"coalesce(a.{name}, t.{name})" for name in columns)
    old = ", ".join(f"t.{name}" for name in columns)
    compared = session.execute(
        text(f"""
            SELECT a.n, t.id IS NOT NULL AS known, ROW({old}) IS DISTINCT FROM ROW({new}) AS differs
            FROM {source} a LEFT JOIN {table} t ON {match} ORDER BY a.n
        """),
        params,
    ).all()
    states = np.array(
        ["inserted" if not row.known else "updated" if row.differs else "unchanged"
         for row in compared], dtype="U9",
    )  # fmt: skip
    numbers = np.array([row.n for row in compared], dtype=int)
    for state in ("updated", "inserted"):
        chosen = numbers[states == state].tolist()
        if not chosen:
            continue
        if state == "updated":
            assigned = ", ".join(f"{name} = coalesce(a.{name}, t.{name})" for name in columns)
            statement = f"""
                UPDATE {table} t SET {assigned}{touched}
                FROM {source} a WHERE a.n = ANY (:chosen) AND {match}
            """
        else:
            names = ", ".join([*columns, *fresh])
            values = ", ".join([*(_or_default(name) for name in columns), *fresh.values()])
            statement = f"""
                INSERT INTO {table} ({names}) SELECT {values} FROM {source} a
                WHERE a.n = ANY (:chosen) ORDER BY a.n
            """
        session.execute(text(statement), {**params, "chosen": chosen})
    return states


def _or_default(column: str) -> str:
    """Return the value of an inserted row; texts that may not be null begin empty."""
    empty = {"name": "''", "address": "''", "oneway": "false", "bridge": "false",
             "tunnel": "false"}  # fmt: skip
    return f"coalesce(a.{column}, {empty[column]})" if column in empty else f"a.{column}"


def count(states: States) -> Counts:
    """Count the rows of each state."""
    return Counts(*(int((states == name).sum()) for name in ("inserted", "updated", "unchanged")))


def framed(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the frame as a GeoDataFrame in WGS 84, its geometry empty where it has none."""
    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    none = np.full(len(frame), None, dtype=object)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(none, index=frame.index, crs="EPSG:4326"))
