"""Exports: GeoJSON, GeoPackage, CSV for Excel and zipped Shapefile, in any coordinate system."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyarrow import csv as pa_csv

from geodata.crs import CoordinateSystem, frame_from_wgs84
from geodata.files.writing_geojson import write_geojson
from geodata.messages import GeodataError, Message

FORMATS = {".geojson": "geojson", ".json": "geojson", ".gpkg": "gpkg", ".csv": "csv",
           ".zip": "shapefile"}  # fmt: skip

# A text that a spreadsheet would take for a formula, which may call other programs.
_FORMULA = re.compile(r"^(?=[=@\t\r]|[+\-][^\d\s.])")
_DBF_NAME_BYTES = 10
_DBF_TEXT_BYTES = 254


@dataclass
class Written:
    """What was written and what a person should know about it.

    Attributes
    ----------
    path : Path
        The file.
    count : int
        How many rows it holds.
    notes : list of Message
        Shortened names and texts, a coordinate system that the format cannot name ...
    """

    path: Path
    count: int
    notes: list[Message] = field(default_factory=list)


def write(
    frame: pd.DataFrame,
    path: str | Path,
    format: str | None = None,  # noqa: A002 - What a caller would look for.
    system: str = "EPSG:4326",
) -> Written:
    """Write a canonical frame to a file; an existing file is replaced when all is written.

    Parameters
    ----------
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        In EPSG:4326; a plain frame with ``lon`` and ``lat`` is taken as points.
    path : str or Path
        Where to. GeoPackage layers and shapefiles are named after it.
    format : {"geojson", "gpkg", "csv", "shapefile"}, optional
        Otherwise told by the path's ending (.geojson, .gpkg, .csv, .zip).
    system : str
        The coordinate system wanted, as `geodata.crs` reads it.

    Raises
    ------
    GeodataError
        If the format or the system is unknown, or the file cannot be written.
    """
    path = Path(path)
    chosen = format or FORMATS.get(path.suffix.lower())
    writers: dict[str, Callable[[pd.DataFrame, Path, CoordinateSystem, Written], None]] = {
        "geojson": _geojson, "gpkg": _geopackage, "csv": _csv, "shapefile": _shapefile,
    }  # fmt: skip
    if chosen not in writers:
        raise GeodataError(
            Message(
                "{file}: exports are written as .geojson, .gpkg, .csv or .zip (Shapefile)",
                file=path.name,
            )
        )
    target = CoordinateSystem.parse(system)
    written = Written(path, len(frame))
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        writers[chosen](_converted(frame, target), partial, target, written)
        os.replace(partial, path)
    except OSError as error:
        raise GeodataError(
            Message("{file} cannot be written: {reason}", file=str(path), reason=error.strerror)
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return written


def _converted(frame: pd.DataFrame, system: CoordinateSystem) -> pd.DataFrame:
    """Return the frame in the system wanted, points made of plain columns."""
    if not isinstance(frame, gpd.GeoDataFrame):
        if not {"lon", "lat"} <= set(frame.columns):
            return frame.reset_index(drop=True)
        points = gpd.points_from_xy(frame["lon"], frame["lat"], crs="EPSG:4326")
        frame = gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points)
    frame = frame.reset_index(drop=True)
    return frame if system.name == "WGS 84" else frame_from_wgs84(frame, system)


def _geojson(frame: pd.DataFrame, path: Path, system: CoordinateSystem, written: Written) -> None:
    name = None if system.name == "WGS 84" else system.name
    crs = frame.crs if isinstance(frame, gpd.GeoDataFrame) and name else None
    code = ":".join(crs.to_authority() or ()) if crs is not None else ""
    if name:
        written.notes.append(
            Message("the coordinates are in {system}, which GeoJSON does not foresee", system=name)
        )
    write_geojson(frame, path, name, code or None)


def _gdal(frame: pd.DataFrame, path: Path, driver: str, layer: str, **options: Any) -> None:
    with warnings.catch_warnings():
        # GCJ-02 and BD-09 have no code, and pyogrio warns of a layer without one.
        warnings.simplefilter("ignore")
        if isinstance(frame, gpd.GeoDataFrame):
            pyogrio.write_dataframe(frame, path, layer=layer, driver=driver, use_arrow=True,
                                    **options)  # fmt: skip
        else:
            pyogrio.write_dataframe(frame, path, layer=layer, driver=driver, **options)


def _geopackage(
    frame: pd.DataFrame, path: Path, system: CoordinateSystem, written: Written
) -> None:
    path.unlink(missing_ok=True)
    _gdal(frame, path, "GPKG", written.path.stem, layer_options={"DESCRIPTION": system.name})
    if isinstance(frame, gpd.GeoDataFrame) and frame.crs is None:
        written.notes.append(_no_code(system))


def _no_code(system: CoordinateSystem) -> Message:
    return Message(
        "the coordinates are in {system}, which the format cannot name; tell whoever opens it",
        system=system.name,
    )


def _csv(frame: pd.DataFrame, path: Path, system: CoordinateSystem, written: Written) -> None:
    table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = frame.geometry.to_numpy()
        digits = 7 if system.is_geographic else 3
        if np.isin(shapely.get_type_id(shapes), [-1, 0]).all():
            names = ("lon", "lat") if system.is_geographic else ("x", "y")
            table[names[0]] = shapely.get_x(shapes).round(digits)
            table[names[1]] = shapely.get_y(shapes).round(digits)
        else:
            table["wkt"] = shapely.to_wkt(shapes, rounding_precision=digits)
    with path.open("wb") as stream:
        write_csv(table, stream)
    if system.name != "WGS 84":
        written.notes.append(_no_code(system))


def write_csv(table: pd.DataFrame, stream: BinaryIO) -> None:
    """Write a table in UTF-8 with a byte order mark, by which Excel knows the encoding.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    table = table.copy(deep=False)
    for name in table.columns:
        if isinstance(table[name].dtype, pd.StringDtype | pd.CategoricalDtype):
            table[name] = table[name].astype("str").str.replace(_FORMULA, "'", regex=True)
        elif isinstance(table[name].dtype, pd.DatetimeTZDtype):
            table[name] = table[name].dt.as_unit("s")
    stream.write(b"\xef\xbb\xbf")
    pa_csv.write_csv(
        pa.Table.from_pandas(table, preserve_index=False),
        stream,
        pa_csv.WriteOptions(quoting_style="needed"),
    )


def _shapefile(frame: pd.DataFrame, path: Path, system: CoordinateSystem, written: Written) -> None:
    """Write one shapefile per kind of geometry, and a legend of the names that were cut."""
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeodataError(
            Message("{file}: a shapefile needs positions; export CSV", file=written.path.name)
        )
    names = short_names([str(name) for name in frame.columns if name != "geometry"])
    cut = {long: short for long, short in names.items() if long != short}
    plain = _dbf_columns(frame, written).rename(columns=names)
    stem = written.path.stem
    with TemporaryDirectory(prefix="gridmap-") as folder:
        dimension = shapely.get_dimensions(frame.geometry.to_numpy())
        kinds = [kind for kind in (0, 1, 2) if (dimension == kind).any()] or [-1]
        for kind in kinds:
            # Rows without a shape go with the first kind.
            rows = (dimension == kind) | ((dimension < 0) & (kind == kinds[0]))
            suffix = "" if len(kinds) == 1 else ("_点", "_线", "_面")[kind]
            target = Path(folder) / f"{stem}{suffix}.shp"
            _gdal(plain[rows], target, "ESRI Shapefile", target.stem, encoding="UTF-8")
        if cut:
            legend = pd.DataFrame({"short": cut.values(), "name": cut.keys()}, dtype="str")
            # As .txt it is no second table beside the shapefile when the archive is read again.
            with (Path(folder) / f"{stem}_fields.txt").open("wb") as stream:
                write_csv(legend, stream)
            written.notes.append(
                Message(
                    "shapefiles hold names of 10 bytes; these were shortened: {names}",
                    names=", ".join(f"{long} -> {short}" for long, short in cut.items()),
                )
            )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
    if frame.crs is None:
        written.notes.append(_no_code(system))


def short_names(names: list[str]) -> dict[str, str]:
    """Return names of at most 10 bytes of UTF-8, whole characters, none twice."""
    result: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        short, serial = _cut(name, _DBF_NAME_BYTES), 1
        while short.casefold() in taken:
            short = _cut(name, _DBF_NAME_BYTES - len(str(serial))) + str(serial)
            serial += 1
        taken.add(short.casefold())
        result[name] = short
    return result


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode("utf-8", "ignore")


def _dbf_columns(frame: gpd.GeoDataFrame, written: Written) -> gpd.GeoDataFrame:
    """Turn what a DBF table cannot hold into what it can."""
    frame = frame.copy()
    for name in frame.columns.drop("geometry"):
        column = frame[name]
        if pd.api.types.is_bool_dtype(column):
            frame[name] = column.astype("Int64")
        elif pd.api.types.is_datetime64_any_dtype(column):
            frame[name] = column.dt.strftime("%Y-%m-%dT%H:%M:%S%z").astype("str")
        elif isinstance(column.dtype, pd.StringDtype):
            long = (column.str.len() > _DBF_TEXT_BYTES // 4).fillna(False)
            cut = column[long].map(lambda text: _cut(text, _DBF_TEXT_BYTES))
            changed = int((cut != column[long]).sum())
            if changed:
                frame.loc[long, name] = cut
                written.notes.append(
                    Message("shapefiles hold texts of 254 bytes; {count} in {field} were cut",
                            count=changed, field=name)
                )  # fmt: skip
    return frame
