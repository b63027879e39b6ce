"""What GDAL reads and writes through Arrow: GeoPackage, Shapefile, and what KML and GPX share."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError

from geodata.files.encodings import detect_encoding
from geodata.files.table import RawTable, choose_layer
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

# GDAL opens what it recognises by content, whatever the name says, and one of its formats (VRT)
# points at other files and addresses. So a file must begin as its name promises.
_BEGINS = {
    ".gpkg": (b"SQLite format 3\0", "GeoPackage"),
    ".shp": (b"\x00\x00\x27\x0a", "Shapefile"),
    ".kmz": (b"PK", "KMZ"),
}
_HOLDS = {".kml": (b"<kml", "KML"), ".gpx": (b"<gpx", "GPX")}

_GDAL_ERRORS = (DataSourceError, DataLayerError, FieldError, GeometryError, pa.ArrowInvalid)
#: What GDAL says of a file that none of its drivers takes.
_UNKNOWN = "not recognized as being in a supported file format"


def check_beginning(path: Path) -> None:
    """Refuse a file whose content is not what its name says.

    Raises
    ------
    GeodataError
        If the first bytes are not those of the format.
    """
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        head = stream.read(4096)
    if suffix in _BEGINS:
        begin, kind = _BEGINS[suffix]
        right = head.startswith(begin)
    elif suffix in _HOLDS:
        begin, kind = _HOLDS[suffix]
        plain = head.replace(b"\0", b"").lower()
        right = begin in plain and b"<ogrvrt" not in plain
    else:
        return
    if not right:
        raise GeodataError(
            Message("{file} is no {kind} file, whatever its name says", file=path.name, kind=kind)
        )


def read_layer(path: Path, layer: str | None, **options: Any) -> tuple[dict[str, Any], pa.Table]:
    """Read one layer with GDAL.

    Returns
    -------
    meta : dict
        What pyogrio tells about the layer: ``crs``, ``geometry_name`` ...
    table : pyarrow.Table
        The columns and the geometry as WKB.

    Raises
    ------
    GeodataError
        If GDAL cannot read it.
    """
    try:
        with warnings.catch_warnings():
            # GDAL warns of versions and widths; what it cannot read it leaves out or refuses.
            warnings.simplefilter("ignore")
            meta, table = pyogrio.read_arrow(path, layer=layer, **options)
    except _GDAL_ERRORS as error:
        raise GeodataError(
            Message(
                "{file} cannot be read: {reason}",
                file=path.name,
                reason=str(error).replace(str(path), path.name),
            )
        ) from error
    return meta, table


def layer_names(path: Path) -> list[str]:
    """Return the layers of a file.

    Raises
    ------
    GeodataError
        If GDAL cannot open it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except _GDAL_ERRORS as error:
        if _UNKNOWN in str(error):
            # GDAL's advice on its drivers helps nobody whose file has lost its end.
            raise GeodataError(
                Message("{file} cannot be opened; it is damaged or cut off.", file=path.name)
            ) from error
        raise GeodataError(
            Message(
                "{file} cannot be opened; it is damaged or cut off: {reason}",
                file=path.name,
                reason=str(error).replace(str(path), path.name),
            )
        ) from error


def geometries(
    table: pa.Table, name: str, rows: npt.NDArray[np.int64], problems: Problems
) -> npt.NDArray[np.object_]:
    """Return the geometries of a layer, None where one cannot be read and a problem says so."""
    wkb = table.column(name).to_numpy()
    shapes: npt.NDArray[np.object_] = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore"))
    broken = pd.notna(wkb) & shapely.is_missing(shapes)
    if not broken.any():
        return shapes
    mended = shapely.force_2d(shapely.from_wkb(wkb[broken], on_invalid="fix"))
    closed = np.isin(shapely.get_type_id(mended), [3, 6])
    shapes[np.flatnonzero(broken)[closed]] = mended[closed]
    problems.add_many(
        "ring-closed",
        N_("row {row}: the ring of the polygon was not closed and has been closed"),
        rows[broken][closed],
        field="geometry",
        severity="repaired",
    )
    problems.add_many(
        "geometry-broken",
        N_("row {row}: the geometry has too few points to be a line or a polygon"),
        rows[broken][~closed],
        field="geometry",
    )
    return shapes


def as_table(path: Path, layer: str | None, meta: dict[str, Any], table: pa.Table) -> RawTable:
    """Turn what GDAL read into a raw table."""
    problems = Problems()
    rows = np.arange(1, table.num_rows + 1, dtype=np.int64)
    name = meta.get("geometry_name") or "wkb_geometry"
    geometry = None
    if name in table.column_names:
        geometry = geometries(table, name, rows, problems)
        table = table.drop_columns([name])
    # As floats, great identifiers would change where one is missing.
    frame = table.to_pandas(integer_object_nulls=True)
    return RawTable(frame, rows, problems, geometry, meta.get("crs"), layer=layer, path=path)


def read_geopackage(path: Path, layer: str | None = None) -> RawTable:
    """Read a layer of a GeoPackage; it must be named when there are several."""
    check_beginning(path)
    chosen = choose_layer(path, layer_names(path), layer)
    return as_table(path, chosen, *read_layer(path, chosen))


def read_shapefile(path: Path, encoding: str | None = None) -> RawTable:
    """Read a shapefile; the encoding of its table is detected where no .cpg tells it.

    Raises
    ------
    GeodataError
        If a part is missing or the content is no shapefile.
    """
    check_beginning(path)
    parts = {
        other.suffix.lower(): other for other in path.parent.iterdir() if other.stem == path.stem
    }
    for suffix in (".shx", ".dbf"):
        if suffix not in parts:
            raise GeodataError(
                Message(
                    "beside {file} there is no {part} of the same name; "
                    "a shapefile needs its .shp, .shx and .dbf together",
                    file=path.name,
                    part=suffix,
                )
            )
    chosen = encoding
    if chosen is None and ".cpg" not in parts:
        chosen = detect_encoding(_table_text(parts[".dbf"]))
    meta, table = read_layer(path, None, encoding=chosen)
    raw = as_table(path, path.stem, meta, table)
    raw.encoding = chosen or parts[".cpg"].read_text("ascii", "ignore").strip() if (
        ".cpg" in parts or chosen
    ) else None  # fmt: skip
    return raw


def _table_text(path: Path) -> bytes:
    """Return the names and values of a DBF file without the zero bytes between them."""
    data = path.read_bytes()
    header = int.from_bytes(data[8:10], "little")
    names = b" ".join(
        data[start : start + 11].split(b"\0")[0] for start in range(32, max(header - 1, 32), 32)
    )
    return (names + b" " + data[header:]).replace(b"\0", b" ").rstrip(b"\x1a")


def write_layer(frame: pd.DataFrame, path: Path, driver: str, layer: str, **options: Any) -> None:
    """Write a frame to a layer of a file.

    Parameters
    ----------
    frame : pandas.DataFrame or geopandas.GeoDataFrame
    path : Path
    driver : str
        As GDAL names it.
    layer : str
    **options : Any
        Of `pyogrio.write_dataframe`.
    """
    with warnings.catch_warnings():
        # GCJ-02 and BD-09 have no code, and pyogrio warns of a layer without one.
        warnings.simplefilter("ignore")
        if isinstance(frame, gpd.GeoDataFrame):
            pyogrio.write_dataframe(frame, path, layer=layer, driver=driver, use_arrow=True,
                                    **options)  # fmt: skip
        else:
            pyogrio.write_dataframe(frame, path, layer=layer, driver=driver, **options)
