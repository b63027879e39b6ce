"""Positions and shapes: read, brought to WGS 84 and checked for what no layer can hold."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geodata.coverage import repair
from geodata.crs import CoordinateSystem, to_wgs84
from geodata.crs_frames import frame_to_wgs84
from geodata.files.table import RawTable
from geodata.mapping.fields import Layer
from geodata.mapping.model import Location
from geodata.mapping.values import parse_numbers, texts_of
from geodata.mapping.wkt import read_texts
from geodata.messages import N_, GeodataError, Message
from geodata.problems import Problems

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

# A repair that changes the area by more than this share has changed what was meant.
SAFE_CHANGE = 0.01


# In the order of shapely's type numbers.
_TYPES = np.array(
    [
        "Point",
        "LineString",
        "LinearRing",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "GeometryCollection",
    ],
    dtype=object,
)


@dataclass(frozen=True)
class Points:
    """Positions in WGS 84; NaN where there is none."""

    lon: Floats
    lat: Floats


def system_of(raw: RawTable, location: Location, problems: Problems) -> CoordinateSystem:
    """Return the coordinate system: the mapping's, else the one the file declares.

    Raises
    ------
    GeodataError
        If neither tells it, or it is unknown.
    """
    declared = location.system or raw.system or _code_in_texts(raw, location)
    if declared is None:
        raise GeodataError(
            Message(
                "{file} does not say in which coordinate system its positions are. Name it: "
                "WGS 84, CGCS2000, GCJ-02, BD-09 or a code such as EPSG:4527.",
                file=raw.path.name if raw.path else "?",
            )
        )
    try:
        system = CoordinateSystem.parse(declared)
    except GeodataError:
        if "[" not in declared:
            raise
        # A .prj without a code comes as well-known text.
        system = CoordinateSystem.from_crs(pyproj.CRS.from_user_input(declared))
    caution = system.caution()
    if caution is not None:
        problems.add("datum-uncertain", caution.template, severity="warning", **caution.params)
    return system


def _code_in_texts(raw: RawTable, location: Location) -> str | None:
    """Return the code that most of the extended well-known texts carry, if any does."""
    if location.wkt is None:
        return None
    codes = read_texts(raw.frame[location.wkt])[2]
    told, counts = np.unique(codes[codes > 0], return_counts=True)
    return f"EPSG:{told[counts.argmax()]}" if told.size else None


def points_of(raw: RawTable, location: Location, problems: Problems) -> Points:
    """Read positions as two columns of numbers, without making a geometry of each.

    Parameters
    ----------
    raw : RawTable
        With columns x and y of the location, or with points as geometry.
    location : Location
        See there.
    problems : Problems
        Told of rows without a position, at 0, 0 or off the globe.
    """
    if location.x is not None and location.y is not None:
        x, y = (_numbers(raw, name, problems) for name in (location.x, location.y))
        _tell_missing(raw.rows, ~(np.isfinite(x) & np.isfinite(y)), problems)
    else:
        shapes = _unwrapped(_shapes(raw, location, problems), frozenset({"Point"}))
        wrong = ~shapely.is_missing(shapes) & (shapely.get_type_id(shapes) != 0)
        _tell_type(raw.rows, shapes, wrong, "Point", problems)
        shapes[wrong] = None
        x, y = shapely.get_x(shapes), shapely.get_y(shapes)
        _tell_missing(raw.rows, shapely.is_missing(shapes) & ~wrong, problems)
    system = system_of(raw, location, problems)
    empty = (x == 0) & (y == 0)
    problems.add_many(
        "at-zero",
        N_("row {row}: the coordinates 0, 0 stand for no position"),
        raw.rows[empty],
        field="geometry",
    )
    held = np.isfinite(x) & np.isfinite(y) & ~empty
    lon, lat = np.full(len(x), np.nan), np.full(len(y), np.nan)
    lon[held], lat[held] = to_wgs84(x[held], y[held], system)
    off = held & ~_on_globe(lon, lat, lon, lat)
    _tell_off(raw.rows[off], x[off], y[off], problems)
    return Points(lon, lat)


def _numbers(raw: RawTable, name: str, problems: Problems) -> Floats:
    texts = texts_of(raw.frame[name])
    if pd.api.types.is_numeric_dtype(raw.frame[name]):
        values, bad = raw.frame[name].to_numpy("float64", na_value=np.nan), np.zeros(len(raw), bool)
    else:
        values, bad = parse_numbers(texts)
    problems.add_many(
        "coordinate-unreadable",
        N_("row {row}: {value} in {field} is not a number"),
        raw.rows[bad],
        field=name,
        values=texts.take(np.flatnonzero(bad)).to_pylist() if bad.any() else None,
    )
    return np.where(bad, np.nan, values)


def shapes_of(raw: RawTable, location: Location, layer: Layer, problems: Problems) -> Shapes:
    """Read shapes of the types a layer holds, in WGS 84.

    Returns
    -------
    ndarray of shapely geometries
        None where there is none or it cannot be used, of which the problems tell.
    """
    if location.x is not None:
        points = points_of(raw, location, problems)
        # Incomplete positions would make points of NaN.
        held = np.isfinite(points.lon) & np.isfinite(points.lat)
        shapes = np.full(len(raw), None, dtype=object)
        shapes[held] = shapely.points(points.lon[held], points.lat[held])
        return shapes
    shapes = _unwrapped(_shapes(raw, location, problems), layer.shapes)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if layer.needs_shape:
        _tell_missing(raw.rows, missing, problems)
    shapes[missing] = None
    if missing.all():
        return shapes
    kinds = shapely.get_type_id(shapes)
    wrong = ~missing & ~np.isin(_TYPES[np.maximum(kinds, 0)], sorted(layer.shapes))
    _tell_type(raw.rows, shapes, wrong, ", ".join(sorted(layer.shapes)), problems)
    zero = (kinds == 0) & (shapely.get_x(shapes) == 0) & (shapely.get_y(shapes) == 0)
    problems.add_many(
        "at-zero",
        N_("row {row}: the coordinates 0, 0 stand for no position"),
        raw.rows[zero],
        field="geometry",
    )
    shapes[wrong | zero] = None
    _mend(shapes, raw.rows, problems)
    return _in_wgs84(shapes, raw, system_of(raw, location, problems), problems)


def _shapes(raw: RawTable, location: Location, problems: Problems) -> Shapes:
    """Return the file's geometry, or that of its column of well-known text."""
    if location.wkt is None:
        if raw.geometry is None:
            raise GeodataError(
                Message(
                    "{file} has no geometry. Name its columns of coordinates.",
                    file=raw.path.name if raw.path else "?",
                )
            )
        return raw.geometry.copy()
    texts, shapes, codes = read_texts(raw.frame[location.wkt])
    bad = pd.notna(texts) & shapely.is_missing(shapes)
    told, counts = np.unique(codes[codes > 0], return_counts=True)
    if told.size > 1:
        other = (codes > 0) & (codes != told[counts.argmax()])
        problems.add_many(
            "code-differs",
            N_(
                "row {row}: its geometry is in EPSG:{value}, most of the others are in "
                "EPSG:{usual}. Import each system from a file of its own."
            ),
            raw.rows[other],
            field=location.wkt,
            values=codes[other],
            usual=int(told[counts.argmax()]),
        )
    problems.add_many(
        "wkt-unreadable",
        N_("row {row}: the well-known text cannot be read: {value}"),
        raw.rows[bad],
        field=location.wkt,
        values=[text[:60] for text in texts[bad]],
    )
    return shapes


def _unwrapped(shapes: Shapes, allowed: frozenset[str]) -> Shapes:
    """Take single members out of collections, and out of multi types a layer does not hold."""
    kinds = shapely.get_type_id(shapes)
    multi = {4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection"}
    unwanted = [kind for kind, name in multi.items() if name not in allowed]
    single = np.isin(kinds, unwanted) & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    return shapes


def _mend(shapes: Shapes, rows: npt.NDArray[np.int64], problems: Problems) -> None:
    """Repair invalid polygons in place where hardly any area changes, else drop the shape."""
    mended = repair(shapes, SAFE_CHANGE)
    shapes[:] = mended.geometries
    shapes[mended.refused] = None
    problems.add_many(
        "geometry-repaired",
        N_(
            "row {row}: the shape was invalid ({value}) and has been repaired; its area changed by "
            "less than one per cent"
        ),
        rows[mended.repaired],
        field="geometry",
        values=mended.faults[mended.repaired],
        severity="repaired",
    )
    problems.add_many(
        "geometry-invalid",
        N_("row {row}: the shape is invalid: {value}"),
        rows[mended.refused],
        field="geometry",
        values=mended.faults[mended.refused],
    )


def _in_wgs84(
    shapes: Shapes, raw: RawTable, system: CoordinateSystem, problems: Problems
) -> Shapes:
    """Convert the shapes and drop what is off the globe or reaches around it."""
    held = ~shapely.is_missing(shapes)
    frame = frame_to_wgs84(gpd.GeoDataFrame(geometry=shapes), system)
    result: Shapes = frame.geometry.to_numpy().copy()
    west, south, east, north = shapely.bounds(result).T
    off = held & ~_on_globe(west, south, east, north)
    before = shapely.bounds(shapes[off])
    _tell_off(raw.rows[off], before[:, 0], before[:, 1], problems)
    with np.errstate(invalid="ignore"):
        wide = held & ~off & (east - west > 180)
    problems.add_many(
        "antimeridian",
        N_(
            "row {row}: the shape is wider than half the globe; it probably crosses the 180th "
            "meridian and must be split there"
        ),
        raw.rows[wide],
        field="geometry",
    )
    result[off | wide] = None
    return result


def _on_globe(west: Floats, south: Floats, east: Floats, north: Floats) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        inside: npt.NDArray[np.bool_] = (
            (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
        )
    return inside


def _tell_missing(
    rows: npt.NDArray[np.int64], missing: npt.NDArray[np.bool_], problems: Problems
) -> None:
    if not missing.any():
        return
    # Rows whose position could not be read have been told of already.
    fresh = missing & ~np.isin(rows, problems.bad_rows())
    problems.add_many(
        "geometry-missing", N_("row {row} has no position"), rows[fresh], field="geometry"
    )


def _tell_type(
    rows: npt.NDArray[np.int64],
    shapes: Shapes,
    wrong: npt.NDArray[np.bool_],
    allowed: str,
    problems: Problems,
) -> None:
    if not wrong.any():
        return
    problems.add_many(
        "geometry-type",
        N_("row {row}: the layer takes {allowed}, not {value}"),
        rows[wrong],
        field="geometry",
        values=_TYPES[shapely.get_type_id(shapes[wrong])],
        allowed=allowed,
    )


def _tell_off(rows: npt.NDArray[np.int64], x: Floats, y: Floats, problems: Problems) -> None:
    if not rows.size:
        return
    values = pd.Series(x).astype("str") + ", " + pd.Series(y).astype("str")
    problems.add_many(
        "off-the-globe",
        N_(
            "row {row}: the coordinates {value} are outside the globe; the coordinate system may "
            "be another, or longitude and latitude are exchanged"
        ),
        rows,
        field="geometry",
        values=values,
    )
