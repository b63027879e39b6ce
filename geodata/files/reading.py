"""One door for every format: the name's ending chooses the reader."""

from __future__ import annotations

from pathlib import Path

from geodata.files.archives import unpacked
from geodata.files.delimited import read_delimited
from geodata.files.excel import read_excel
from geodata.files.geojson import read_geojson
from geodata.files.gpx import read_gpx
from geodata.files.kml import read_kml
from geodata.files.table import RawTable, choose_layer
from geodata.files.vector import read_geopackage, read_shapefile
from geodata.messages import N_, GeodataError, Message

TABLES = (".csv", ".tsv", ".tab")
FEATURES = (".geojson", ".json", ".geojsonl", ".ndjson", ".geojsons", ".gpkg", ".shp", ".kml",
            ".kmz", ".gpx", ".xlsx", ".xlsm")  # fmt: skip
_OLD_EXCEL = (".xls", ".xlsb", ".et", ".ods")


def read(
    path: str | Path,
    layer: str | None = None,
    encoding: str | None = None,
    *,
    header: bool | None = None,
) -> RawTable:
    """Read a file as it stands.

    Parameters
    ----------
    path : str or Path
        GeoJSON (also newline-delimited or a bare geometry), GeoPackage, Shapefile (the .shp or
        its folder), KML, KMZ, GPX, CSV or TSV (also .gz), Excel, or a zip archive of one of these.
    layer : str, optional
        The layer, sheet, folder or archive member to read where there are several.
    encoding : str, optional
        The encoding of the text, when it should not be detected.
    header : bool, optional
        For tables: whether a row names the columns. It is detected where it is not told.

    Raises
    ------
    GeodataError
        If it is no readable file of these formats; the sentence says what to do.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _told(_from_folder(path, path, layer, encoding, header))
        if not path.is_file():
            raise GeodataError(Message("there is no file {file}", file=str(path)))
        if path.stat().st_size == 0:
            raise GeodataError(Message("{file} is empty", file=path.name))
        return _told(_from_file(path, layer, encoding, header))
    except PermissionError as error:
        raise GeodataError(
            Message("{file} may not be read by this user", file=path.name)
        ) from error


def _told(raw: RawTable) -> RawTable:
    """Tell of a file without rows, which else would be imported in silence."""
    if not len(raw) and not len(raw.problems):
        raw.problems.add(
            "no-rows",
            N_("{file} holds no rows"),
            severity="warning",
            file=raw.path.name if raw.path else "?",
        )
    return raw


def _from_file(
    path: Path, layer: str | None, encoding: str | None, header: bool | None
) -> RawTable:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = Path(path.stem).suffix.lower() or ".csv"
        if suffix not in (*TABLES, ".txt"):
            raise GeodataError(
                Message("{file}: only tables (CSV, TSV) are read from .gz", file=path.name)
            )
    if suffix in (*TABLES, ".txt"):
        return read_delimited(path, encoding=encoding, header=header)
    if suffix in (".xlsx", ".xlsm"):
        return read_excel(path, layer, header=header)
    if suffix in (".geojson", ".json", ".geojsonl", ".ndjson", ".geojsons"):
        return read_geojson(path, encoding)
    if suffix == ".gpkg":
        return read_geopackage(path, layer)
    if suffix == ".shp":
        return read_shapefile(path, encoding)
    if suffix in (".kml", ".kmz"):
        return read_kml(path, layer)
    if suffix == ".gpx":
        return read_gpx(path, layer)
    if suffix == ".zip":
        with unpacked(path) as folder:
            raw = _from_folder(folder, path, layer, encoding, header)
            raw.path = path
            return raw
    return _refuse(path, suffix)


def _refuse(path: Path, suffix: str) -> RawTable:
    if suffix in _OLD_EXCEL:
        raise GeodataError(
            Message(
                "{file}: save it as .xlsx or as CSV; older formats are not read", file=path.name
            )
        )
    if suffix in (".shx", ".dbf", ".prj", ".cpg"):
        raise GeodataError(
            Message("{file} is only a part of a shapefile; name the .shp", file=path.name)
        )
    if suffix == ".pbf":
        raise GeodataError(
            Message(
                "{file} is an OpenStreetMap extract; import it as OSM, it holds several layers",
                file=path.name,
            )
        )
    raise GeodataError(
        Message(
            "{file}: files ending in {suffix} are not read. Give GeoJSON, GeoPackage, Shapefile, "
            "KML, GPX, CSV, Excel or OSM PBF.",
            file=path.name,
            suffix=suffix or "?",
        )
    )


def _from_folder(
    folder: Path, shown: Path, layer: str | None, encoding: str | None, header: bool | None
) -> RawTable:
    """Read the one data file of a folder or an unpacked archive; `shown` is how it is named."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    found = [file for file in files if file.suffix.lower() in (*FEATURES, *TABLES, ".gz")]
    # A text file beside a table is a description; alone it is the table.
    found = found or [file for file in files if file.suffix.lower() == ".txt"]
    if not found:
        raise GeodataError(
            Message("{file} holds no file of a format that is read", file=shown.name)
        )
    by_name = {_plain_name(file, found): file for file in found}
    if layer is not None and layer not in by_name and len(found) == 1:
        return _from_file(found[0], layer, encoding, header)
    chosen = choose_layer(shown, list(by_name), layer)
    inner = layer if layer not in by_name else None
    return _from_file(by_name[chosen], inner, encoding, header)


def _plain_name(file: Path, found: list[Path]) -> str:
    alike = [other for other in found if other.stem == file.stem]
    return file.stem if len(alike) == 1 else file.name
