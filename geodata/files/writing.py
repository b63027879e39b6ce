"""Exports: GeoJSON, GeoPackage, CSV for Excel and zipped Shapefile, in any coordinate system."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyarrow import csv as pa_csv

from geodata.crs import CoordinateSystem, for_longitudes
from geodata.crs_frames import frame_from_wgs84
from geodata.files.vector import write_layer
from geodata.files.writing_geojson import write_geojson
from geodata.files.writing_shapefile import append_shapes, pack_shapes, short_names
from geodata.files.written import FORMATS, Written, replacing
from geodata.messages import GeodataError, Message

# A text that a spreadsheet would take for a formula, which may call other programs.
_FORMULA = re.compile(r"^(?=[=@\t\r]|[+\-][^\d\s.])")


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
    path, format, system
        See `write_parts`.

    Raises
    ------
    GeodataError
        If the format or the system is unknown, or the file cannot be written.
    """
    return write_parts([frame], path, format, system)


def write_parts(
    frames: Iterable[pd.DataFrame],
    path: str | Path,
    format: str | None = None,  # noqa: A002 - What a caller would look for.
    system: str | CoordinateSystem = "EPSG:4326",
    *,
    shape: str | None = None,
) -> Written:
    """Write a canonical frame that comes in parts, each let go before the next.

    Parameters
    ----------
    frames : iterable of pandas.DataFrame or GeoDataFrame
        One at least, all with the same columns and types.
    path : str or Path
        Where to. GeoPackage layers and shapefiles are named after it.
    format : {"geojson", "gpkg", "csv", "shapefile", "flatgeobuf"}, optional
        Otherwise told by the path's ending (.geojson, .gpkg, .csv, .zip, .fgb).
    system : str or CoordinateSystem
        The coordinate system wanted, as `geodata.crs` reads it. A Gauss-Krüger zone that is not
        named is that of the first part.
    shape : str, optional
        The type of geometry that a GeoPackage declares; by default that of the first part.

    Raises
    ------
    GeodataError
        If the format or the system is unknown, or the file cannot be written.
    """
    path = Path(path)
    chosen = format or FORMATS.get(path.suffix.lower())
    if chosen not in _WRITERS:
        raise GeodataError(
            Message(
                "{file}: exports are written as .geojson, .gpkg, .csv or .zip (Shapefile)",
                file=path.name,
            )
        )
    target = CoordinateSystem.parse(system) if isinstance(system, str) else system
    with replacing(path) as partial:
        job = _Job(Written(path, 0), partial, shape)
        _WRITERS[chosen](_converted(frames, target, job), job)
    return job.written


@dataclass
class _Job:
    """What the writers share: where they write, and what they tell."""

    written: Written
    partial: Path
    shape: str | None
    system: CoordinateSystem = field(default_factory=lambda: CoordinateSystem.parse("WGS84"))

    def note(self, message: Message) -> None:
        """Tell something once, however many parts it holds for."""
        if message not in self.written.notes:
            self.written.notes.append(message)


_Writer = Callable[[Iterator[pd.DataFrame], _Job], None]


def _converted(
    frames: Iterable[pd.DataFrame], system: CoordinateSystem, job: _Job
) -> Iterator[pd.DataFrame]:
    """Yield the parts in the system wanted, points made of plain columns."""
    for number, part in enumerate(frames):
        frame = part.reset_index(drop=True)
        job.written.count += len(frame)
        if not isinstance(frame, gpd.GeoDataFrame):
            if not {"lon", "lat"} <= set(frame.columns):
                yield frame
                continue
            points = gpd.points_from_xy(frame["lon"], frame["lat"], crs="EPSG:4326")
            frame = gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points)
        if number == 0:
            longitudes = shapely.get_coordinates(frame.geometry.to_numpy())[:, 0]
            job.system = for_longitudes(system, longitudes)
        yield frame if system.name == "WGS 84" else frame_from_wgs84(frame, job.system)


def _geojson(frames: Iterator[pd.DataFrame], job: _Job) -> None:
    first, frames = _peek(frames)
    name = None if job.system.name == "WGS 84" else job.system.name
    crs = first.crs if isinstance(first, gpd.GeoDataFrame) and name else None
    code = ":".join(crs.to_authority() or ()) if crs is not None else ""
    if name:
        job.note(
            Message("the coordinates are in {system}, which GeoJSON does not foresee", system=name)
        )
    write_geojson(frames, job.partial, name, code or None)


def _peek(frames: Iterator[pd.DataFrame]) -> tuple[pd.DataFrame, Iterator[pd.DataFrame]]:
    """Return the first part, and all of them."""
    first = next(frames)
    return first, chain([first], frames)


def _geopackage(frames: Iterator[pd.DataFrame], job: _Job) -> None:
    job.partial.unlink(missing_ok=True)
    for number, frame in enumerate(frames):
        if isinstance(frame, gpd.GeoDataFrame):
            if frame.crs is None:
                job.note(_no_code(job.system))
            # A declared multi type wants every shape to be one.
            options: dict[str, Any] = {"geometry_type": job.shape} if job.shape else {}
        else:
            options = {}
        if number == 0:
            options["layer_options"] = {"DESCRIPTION": job.system.name}
        write_layer(frame, job.partial, "GPKG", job.written.path.stem, append=number > 0, **options)


def _flatgeobuf(frames: Iterator[pd.DataFrame], job: _Job) -> None:
    """Write the parts at once: the index of such a file stands before its features."""
    whole = pd.concat(list(frames), ignore_index=True)
    options = {"geometry_type": job.shape} if job.shape and len(whole) == 0 else {}
    write_layer(whole, job.partial, "FlatGeobuf", job.written.path.stem, **options)


def _no_code(system: CoordinateSystem) -> Message:
    return Message(
        "the coordinates are in {system}, which the format cannot name; tell whoever opens it",
        system=system.name,
    )


def _csv(frames: Iterator[pd.DataFrame], job: _Job) -> None:
    with job.partial.open("wb") as stream:
        for number, frame in enumerate(frames):
            write_csv(_csv_table(frame, job), stream, header=number == 0)
    if job.system.name != "WGS 84":
        job.note(_no_code(job.system))


def _csv_table(frame: pd.DataFrame, job: _Job) -> pd.DataFrame:
    """Put points into two columns, and other shapes into one as well-known text."""
    table = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    if not isinstance(frame, gpd.GeoDataFrame):
        return table
    shapes = frame.geometry.to_numpy()
    degrees = job.system.is_geographic
    digits = 7 if degrees else 3
    points = job.shape == "Point" or (
        job.shape is None and np.isin(shapely.get_type_id(shapes), [-1, 0]).all()
    )
    if points:
        for name, values in zip(
            ("lon", "lat") if degrees else ("x", "y"),
            (shapely.get_x(shapes), shapely.get_y(shapes)),
            strict=True,
        ):
            table[name] = values.round(digits)
    else:
        table["wkt"] = shapely.to_wkt(shapes, rounding_precision=digits)
    return table


def write_csv(table: pd.DataFrame, stream: BinaryIO, *, header: bool = True) -> None:
    """Write a table in UTF-8 with a byte order mark, by which Excel knows the encoding.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.

    Parameters
    ----------
    table : pandas.DataFrame
    stream : file
        Open for bytes.
    header : bool
        Whether this is the beginning of the file: the mark and the names of the columns.
    """
    table = table.copy(deep=False)
    for name in table.columns:
        if isinstance(table[name].dtype, pd.StringDtype | pd.CategoricalDtype):
            table[name] = table[name].astype("str").str.replace(_FORMULA, "'", regex=True)
        elif isinstance(table[name].dtype, pd.DatetimeTZDtype):
            table[name] = table[name].dt.as_unit("s")
    if header:
        stream.write(b"\xef\xbb\xbf")
    pa_csv.write_csv(
        pa.Table.from_pandas(table, preserve_index=False),
        stream,
        pa_csv.WriteOptions(include_header=header, quoting_style="needed"),
    )


def _shapefile(frames: Iterator[pd.DataFrame], job: _Job) -> None:
    """Write one shapefile per kind of geometry, and a legend of the names that were cut."""
    with TemporaryDirectory(prefix="gridmap-") as name:
        folder = Path(name)
        cut: dict[str, str] = {}
        trimmed: dict[str, int] = {}
        for frame in frames:
            if not isinstance(frame, gpd.GeoDataFrame):
                raise GeodataError(
                    Message(
                        "{file}: a shapefile needs positions; export CSV",
                        file=job.written.path.name,
                    )
                )
            if frame.crs is None:
                job.note(_no_code(job.system))
            names = short_names([str(name) for name in frame.columns if name != "geometry"])
            cut = {long: short for long, short in names.items() if long != short}
            append_shapes(frame, names, folder, trimmed)
        for column, count in trimmed.items():
            job.note(
                Message(
                    "shapefiles hold texts of 254 bytes; {count} in {field} were cut",
                    count=count,
                    field=column,
                )
            )
        stem = job.written.path.stem
        if cut:
            legend = pd.DataFrame({"short": cut.values(), "name": cut.keys()}, dtype="str")
            # As .txt it is no second table beside the shapefile when the archive is read again.
            with (folder / "_fields.txt").open("wb") as stream:
                write_csv(legend, stream)
            job.note(
                Message(
                    "shapefiles hold names of 10 bytes; these were shortened: {names}",
                    names=", ".join(f"{long} -> {short}" for long, short in cut.items()),
                )
            )
        pack_shapes(folder, job.partial, stem)


_WRITERS: dict[str, _Writer] = {
    "geojson": _geojson, "gpkg": _geopackage, "csv": _csv, "shapefile": _shapefile,
    "flatgeobuf": _flatgeobuf,
}  # fmt: skip
