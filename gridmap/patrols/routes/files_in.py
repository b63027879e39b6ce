"""Routes out of files: the lines of a GPX, GeoJSON or KML file, made simple enough to be edited."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.crs import CoordinateSystem
from geodata.crs_frames import frame_to_wgs84
from geodata.files.reading import read
from geodata.files.table import RawTable
from geodata.messages import Message
from geodata.metric import metres_per_degree
from gridmap.errors import GridmapError
from gridmap.patrols.models import STOP_KINDS
from gridmap.patrols.routes.recorded import is_recorded

ENDINGS = (".gpx", ".geojson", ".json", ".kml", ".kmz", ".zip")
MOST_BYTES = 32 << 20
MOST_LINES = 50
#: Metres by which a line may be off when it is made simpler; more only for very long ones.
_SIMPLE_M, _KEPT_M = 15.0, 2.0
#: So many clicks a route made of a file has at most.
MOST_CLICKS = 200
MOST_KEPT = 5_000
_LEAST_M = 20.0


@dataclass(frozen=True)
class FileLine:
    """A line of a file that can become a route.

    Attributes
    ----------
    name : str
        What the file calls it, or empty.
    points : int
        How many it has in the file.
    length_m : float
    line : ndarray of float64, shape (n, 2)
        As it is in the file, but for points that change nothing.
    clicks : ndarray of float64, shape (m, 2)
        Between which the shortest ways along the streets are traced.
    recorded : bool
        Whether a device recorded it, so that it is better matched as a whole, see
        `gridmap.patrols.routes.recorded`.
    """

    name: str
    points: int
    length_m: float
    line: NDArray[np.float64]
    clicks: NDArray[np.float64]
    recorded: bool


@dataclass(frozen=True)
class FileStop:
    """A point of a file that can become a stop."""

    name: str
    lon: float
    lat: float
    kind: str = "other"


@dataclass(frozen=True)
class RouteFile:
    """What a file holds.

    Attributes
    ----------
    notes : tuple of Message
        What of the file was left out, and why.
    """

    lines: tuple[FileLine, ...]
    stops: tuple[FileStop, ...]
    notes: tuple[Message, ...]


def read_routes(path: Path, system: str = "WGS84") -> RouteFile:
    """Read the lines of a file.

    Parameters
    ----------
    path : Path
        GPX (tracks and routes), GeoJSON, KML, KMZ, or an archive of one of these. Points become
        stops. A track with gaps becomes one line for each of its parts.
    system : str
        What its coordinates are in, as `geodata.crs.CoordinateSystem` reads it; GPX and KML are
        WGS 84 by their standards, and yet Chinese devices write GCJ-02 into them.

    Raises
    ------
    GeodataError
        If it cannot be read or holds no line; the sentence says why.
    """
    if path.suffix.lower() not in ENDINGS:
        raise GridmapError(
            Message("{file}: routes are read from GPX, GeoJSON and KML.", file=path.name)
        )
    raw = read(path)
    shapes = _shapes(raw, CoordinateSystem.parse(system), path)
    names, kinds = _names(raw), _kinds(raw)
    lines: list[FileLine] = []
    stops: list[FileStop] = []
    short = 0
    for shape, name, kind in zip(shapes, names, kinds, strict=True):
        if shape is None or shapely.is_empty(shape):
            continue
        for part in shapely.get_parts(shape):
            made = _line_of(part, name)
            if made is not None:
                lines.append(made)
            elif shapely.get_type_id(part) == shapely.GeometryType.POINT:
                ((lon, lat),) = shapely.get_coordinates(part).tolist()
                stops.append(FileStop(name, lon, lat, kind))
            else:
                short += 1
    if not lines:
        raise GridmapError(_why_none(path, stops, short))
    return RouteFile(tuple(lines[:MOST_LINES]), tuple(stops[:200]), _notes(raw, lines, short))


def _why_none(path: Path, stops: list[FileStop], short: int) -> Message:
    if short:
        return Message(
            "{file}: its lines are shorter than {metres} m, which is no route.",
            file=path.name,
            metres=round(_LEAST_M),
        )
    if stops:
        return Message(
            "{file} holds points and no line: a route needs a track, a route or a line.",
            file=path.name,
        )
    return Message("{file} holds no line of two points or more.", file=path.name)


def _notes(raw: RawTable, lines: list[FileLine], short: int) -> tuple[Message, ...]:
    notes = []
    if len(raw.problems):
        notes.append(
            Message("{count} entries of the file could not be read.", count=len(raw.problems))
        )
    if short:
        notes.append(
            Message("{count} lines are shorter than {metres} m and left out.",
                    count=short, metres=round(_LEAST_M))
        )  # fmt: skip
    if len(lines) > MOST_LINES:
        notes.append(
            Message("The file has {count} lines; the first {most} are shown.",
                    count=len(lines), most=MOST_LINES)
        )  # fmt: skip
    return tuple(notes)


def _shapes(raw: RawTable, system: CoordinateSystem, path: Path) -> list[shapely.Geometry | None]:
    if raw.geometry is None or not len(raw):
        return [None] * len(raw)
    flat = shapely.force_2d(raw.geometry)
    # A file that says itself what it is in is believed.
    if raw.system is not None and raw.system != "EPSG:4326":
        system = CoordinateSystem.parse(raw.system)
    frame = frame_to_wgs84(gpd.GeoDataFrame(geometry=list(flat)), system)
    found = list(frame.geometry)
    far = np.abs(shapely.get_coordinates(found)) > (180.0, 90.0)
    if far.any():
        raise GridmapError(
            Message("{file} has coordinates that are not on the globe.", file=path.name)
        )
    return found


def _names(raw: RawTable) -> list[str]:
    column = next((name for name in ("name", "Name", "名称", "title") if name in raw.frame), None)
    if column is None:
        return [""] * len(raw)
    return [
        " ".join(str(value).split())[:80] if isinstance(value, str) else ""
        for value in raw.frame[column]
    ]


def _kinds(raw: RawTable) -> list[str]:
    """Return the kinds of stops where the file tells them, as one of ours does."""
    column = next((name for name in ("kind", "type") if name in raw.frame), None)
    if column is None:
        return ["other"] * len(raw)
    return [value if value in STOP_KINDS else "other" for value in raw.frame[column]]


def _line_of(part: shapely.Geometry, name: str) -> FileLine | None:
    """Return a line as it can be edited; None of what is no line, or too short to be a route."""
    if isinstance(part, shapely.Polygon):
        part = part.exterior
    if shapely.get_type_id(part) not in (
        shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING
    ):  # fmt: skip
        return None
    return line_of_points(shapely.get_coordinates(part), name)


def line_of_points(points: NDArray[np.float64], name: str) -> FileLine | None:
    """Return the line through some points in degrees; None if it is too short to be a route."""
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 2:
        return None
    scale = metres_per_degree(float(points[:, 1].mean()))
    plane = shapely.LineString(points * scale)
    if plane.length < _LEAST_M:
        return None
    kept = _simplified(plane, _KEPT_M, MOST_KEPT)
    clicks = _simplified(plane, _SIMPLE_M, MOST_CLICKS)
    return FileLine(
        name=name,
        points=len(points),
        length_m=float(plane.length),
        line=(kept / scale).round(7),
        clicks=(clicks / scale).round(7),
        recorded=is_recorded(points * scale),
    )


def _simplified(line: shapely.LineString, metres: float, most: int) -> NDArray[np.float64]:
    """Return the points of a line, made simpler until there are few enough of them."""
    while True:
        found = shapely.get_coordinates(shapely.simplify(line, metres, preserve_topology=False))
        if len(found) <= most:
            # A loop may shrink to a point; its farthest corner then keeps it a line.
            return found if len(found) > 1 and np.ptp(found, axis=0).any() else _ends(line)
        metres *= 1.5


def _ends(line: shapely.LineString) -> NDArray[np.float64]:
    points = shapely.get_coordinates(line)
    far = int(np.argmax(np.hypot(*(points - points[0]).T)))
    return points[[0, far, len(points) - 1]] if far != len(points) - 1 else points[[0, far]]
