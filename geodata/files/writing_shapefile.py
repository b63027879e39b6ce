"""The parts of a zipped shapefile: one for each kind of geometry, with what its table can hold."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geodata.files.vector import write_layer
from geodata.files.writing_geojson import iso_times

_DBF_NAME_BYTES = 10
_DBF_TEXT_BYTES = 254
#: The shapefiles of points, lines and areas in one archive, and what each declares to hold.
_KINDS = ("_点", "_线", "_面")
_SHAPES = ("Point", "MultiLineString", "MultiPolygon")


def append_shapes(
    frame: gpd.GeoDataFrame, names: dict[str, str], folder: Path, trimmed: dict[str, int]
) -> None:
    """Add rows to the shapefile of their kind; those without a shape go with any of them.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
    names : dict of str to str
        From `short_names`.
    folder : Path
        Of the shapefiles.
    trimmed : dict of str to int
        Column to how many of its texts were cut, which is added to.
    """
    frame = _dbf_columns(frame, trimmed).rename(columns=names)
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    present = [kind for kind in range(3) if (dimension == kind).any()]
    begun = [kind for kind, name in enumerate(_KINDS) if (folder / f"{name}.shp").exists()]
    fallback = (begun or present or [0])[0]
    for kind in sorted({*present, fallback}):
        rows = (dimension == kind) | ((dimension < 0) & (kind == fallback))
        if not rows.any() and (present or begun):
            continue
        target = folder / f"{_KINDS[kind]}.shp"
        write_layer(
            frame[rows], target, "ESRI Shapefile", target.stem, encoding="UTF-8",
            append=target.exists(), geometry_type=_SHAPES[kind],
        )  # fmt: skip


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


def _dbf_columns(frame: gpd.GeoDataFrame, trimmed: dict[str, int]) -> gpd.GeoDataFrame:
    """Turn what a DBF table cannot hold into what it can, and count the texts that were cut."""
    frame = frame.copy()
    for name in frame.columns.drop("geometry"):
        column = frame[name]
        if pd.api.types.is_bool_dtype(column):
            frame[name] = column.astype("Int64")
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            frame[name] = iso_times(column)
        elif isinstance(column.dtype, pd.StringDtype):
            long = (column.str.len() > _DBF_TEXT_BYTES // 4).fillna(False)
            cut = column[long].map(lambda text: _cut(text, _DBF_TEXT_BYTES))
            changed = int((cut != column[long]).sum())
            if changed:
                frame.loc[long, name] = cut
                trimmed[str(name)] = trimmed.get(str(name), 0) + changed
    return frame


def pack_shapes(folder: Path, target: Path, stem: str) -> None:
    """Put all files of a folder into an archive.

    Parameters
    ----------
    folder : Path
    target : Path
        The archive.
    stem : str
        What the shapefiles in it are called.
    """
    files = sorted(folder.iterdir())
    alone = len({file.stem for file in files if file.suffix == ".shp"}) == 1
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            end = file.name[len(file.stem) :] if alone and file.stem in _KINDS else file.name
            archive.write(file, f"{stem}{end}")
