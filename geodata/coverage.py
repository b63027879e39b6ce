"""Checks on layers of polygons: validity, overlaps, gaps, and cells outside their community.

Frames come in EPSG:4326, and pieces are cut out in degrees, as the database does: in a projected
plane, a corner on the straight border of a neighbour would no longer lie on it. Areas are then
measured in the local plane. What is found is a frame too, in EPSG:4326, ready for a table or
GeoJSON, with the columns

check
    ``"overlap"``, ``"gap"`` or ``"outside_parent"``.
left, right
    The codes it is about: both cells of an overlap; the cell and its parent where it is outside;
    the parent alone, as ``left``, of a gap in it.
area_m2
    Size of ``geometry`` in the local plane.
geometry
    Where it is: the shared, missing or protruding piece, or the invalid outline itself.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geodata.messages import N_, GeodataError, Message
from geodata.metric import metres_per_degree, metric_crs_of

SAFE_CHANGE = 1e-6
"""The share of its area by which a polygon may change and the repair still counts as safe."""

TOLERANCE_M2 = 1.0
"""Pieces up to this size are taken for rounding and not reported."""

Check = Literal["overlap", "gap", "outside_parent"]
Geometries = NDArray[np.object_]
Mask = NDArray[np.bool_]

# What GEOS says of an invalid geometry, and what a person is told.
_FAULTS = {
    "Self-intersection": N_("the outline crosses itself at {x}, {y}"),
    "Ring Self-intersection": N_("the outline touches or crosses itself at {x}, {y}"),
    "Hole lies outside shell": N_("a hole lies outside the outline at {x}, {y}"),
    "Holes are nested": N_("a hole lies in another hole at {x}, {y}"),
    "Nested shells": N_("one part lies inside another part at {x}, {y}"),
    "Duplicate Rings": N_("an outline is there twice at {x}, {y}"),
    "Interior is disconnected": N_("the holes cut the area in two at {x}, {y}"),
    "Too few points in geometry component": N_("the outline has too few points at {x}, {y}"),
    "Invalid Coordinate": N_("a coordinate is no number"),
}
_OTHER_FAULT = N_("the geometry is invalid")


class Repair(NamedTuple):
    """What `repair` did, one element per geometry.

    Attributes
    ----------
    geometries : ndarray of object
        Repaired where that was safe, as given elsewhere.
    repaired : ndarray of bool
        Was invalid, is now valid, and changed its area by no more than was given.
    refused : ndarray of bool
        Is invalid still, because a repair would have to guess.
    faults : ndarray of object
        The `Message` that says what was wrong, None where nothing was.
    """

    geometries: Geometries
    repaired: Mask
    refused: Mask
    faults: NDArray[np.object_]


def repair(geometries: ArrayLike, safe_change: float = SAFE_CHANGE) -> Repair:
    """Make invalid geometries valid where this changes nothing that matters.

    A repair is safe when the polygon keeps its area up to the share given: a point
    given twice, a spike, a ring that touches itself. A bow-tie or a hole outside its outline
    could be meant in more than one way and is refused.

    Parameters
    ----------
    geometries : array_like of shapely geometries, shape (n,)
        Of any kind; None is left alone.
    safe_change : float
        The share of its area by which a polygon may change.

    Returns
    -------
    Repair
        With arrays of shape (n,).
    """
    given = np.asarray(geometries, dtype=object)
    result = given.copy()
    faults = np.full(given.shape, None, dtype=object)
    repaired = np.zeros(given.shape, bool)
    refused = ~(shapely.is_valid(given) | shapely.is_missing(given))
    bad = np.flatnonzero(refused)
    if bad.size == 0:
        return Repair(result, repaired, refused, faults)
    for i, reason in zip(bad, shapely.is_valid_reason(given[bad]), strict=True):
        faults[i] = _fault(reason)

    finite = bad[[bool(np.isfinite(shapely.get_coordinates(g)).all()) for g in given[bad]]]
    mended = shapely.make_valid(given[finite], method="structure", keep_collapsed=False)
    before, after = shapely.area(given[finite]), shapely.area(mended)
    safe = (after > 0) & (np.abs(after - before) <= safe_change * before)
    safe &= shapely.get_dimensions(mended) == shapely.get_dimensions(given[finite])
    result[finite[safe]] = mended[safe]
    repaired[finite[safe]] = True
    refused[finite[safe]] = False
    return Repair(result, repaired, refused, faults)


def overlaps(
    frame: gpd.GeoDataFrame, code: str = "code", *, tolerance_m2: float = TOLERANCE_M2
) -> gpd.GeoDataFrame:
    """Find the pairs of polygons that share more area than the tolerance.

    Parameters
    ----------
    frame : GeoDataFrame
        Valid polygons in EPSG:4326 that should not overlap: of one kind, valid at one time.
    code : str
        The column that names a polygon.
    tolerance_m2 : float
        Square metres that do not matter.

    Returns
    -------
    GeoDataFrame
        One row per pair, see the module; largest first.
    """
    rows = _rows(frame)
    areas, codes = rows.geometry.to_numpy(), rows[code].to_numpy()
    left, right = shapely.STRtree(areas).query(areas, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    # Most pairs only share a border, and telling so is cheaper than cutting out the piece.
    meet = ~shapely.touches(areas[left], areas[right])
    left, right = left[meet], right[meet]
    pieces = _polygonal(shapely.intersection(areas[left], areas[right]))
    return _findings("overlap", codes[left], codes[right], pieces, tolerance_m2)


def gaps(
    frame: gpd.GeoDataFrame,
    parents: gpd.GeoDataFrame | None = None,
    *,
    parent_column: str = "community_code",
    parent_code: str = "code",
    tolerance_m2: float = TOLERANCE_M2,
    slit_m: float = 2.0,
) -> gpd.GeoDataFrame:
    """Find what no polygon covers.

    Parameters
    ----------
    frame : GeoDataFrame
        Valid polygons in EPSG:4326.
    parents : GeoDataFrame, optional
        The outlines that the polygons should fill, in EPSG:4326. Without them, a gap is what
        the polygons enclose, or a slit between them narrower than `slit_m`.
    parent_column : str
        The column of `frame` that names the parent of a polygon.
    parent_code : str
        The column of `parents` that it names. A parent without any polygon is one gap.
    tolerance_m2 : float
        Square metres that do not matter.
    slit_m : float
        The width in metres of slits that are open to the outside, without `parents`.

    Returns
    -------
    GeoDataFrame
        One row per piece, see the module; largest first.
    """
    rows = _rows(frame)
    if parents is None:
        union = shapely.union_all(rows.geometry.to_numpy())
        outlines, unions = np.array([_closed(union, slit_m)]), np.array([union])
        codes = np.array([None])
    else:
        filled = rows[[parent_column, rows.geometry.name]].dissolve(parent_column).geometry
        wanted = _rows(parents)
        outlines, codes = wanted.geometry.to_numpy(), wanted[parent_code].to_numpy()
        unions = filled.reindex(codes).to_numpy()
        unions[shapely.is_missing(unions)] = shapely.MultiPolygon()
    missing = _polygonal(shapely.difference(outlines, unions))
    pieces, owner = shapely.get_parts(missing, return_index=True)
    return _findings("gap", codes[owner], None, pieces, tolerance_m2)


def outside_parent(
    frame: gpd.GeoDataFrame,
    parents: gpd.GeoDataFrame,
    code: str = "code",
    *,
    parent_column: str = "community_code",
    parent_code: str = "code",
    tolerance_m2: float = TOLERANCE_M2,
) -> gpd.GeoDataFrame:
    """Find polygons that reach out of the one they belong to.

    Parameters
    ----------
    frame, parents : GeoDataFrame
        Valid polygons in EPSG:4326. A polygon whose parent is not there is left out.
    code, parent_column : str
        The columns of `frame` that name a polygon and its parent.
    parent_code : str
        The column of `parents` that names a parent.
    tolerance_m2 : float
        Square metres that do not matter.

    Returns
    -------
    GeoDataFrame
        One row per polygon with all that is outside, see the module; largest first.
    """
    rows = _rows(frame)
    outlines = _rows(parents)
    at = pd.Index(outlines[parent_code]).get_indexer(rows[parent_column])
    rows, outline = rows[at >= 0], outlines.geometry.to_numpy()[at[at >= 0]]
    shapely.prepare(outline)
    out = ~shapely.covers(outline, rows.geometry.to_numpy())
    rows, outline = rows[out], outline[out]
    pieces = _polygonal(shapely.difference(rows.geometry.to_numpy(), outline))
    return _findings("outside_parent", rows[code], rows[parent_column], pieces, tolerance_m2)


def _fault(reason: str) -> Message:
    kind, _, place = reason.partition("[")
    template = _FAULTS.get(kind.strip(), _OTHER_FAULT)
    x, _, y = place.rstrip("]").partition(" ")
    return Message(template, x=x, y=y) if "{x}" in template else Message(template)


def _rows(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Check the coordinate system and drop the rows without geometry."""
    if frame.crs is None or not frame.crs.equals("EPSG:4326", ignore_axis_order=True):
        raise GeodataError(
            Message("polygons are checked in WGS 84, these are in {name}", name=str(frame.crs))
        )
    return frame[frame.geometry.notna()]


def _polygonal(geometries: Geometries) -> Geometries:
    """Drop the points and lines that an overlay leaves beside its polygons."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    parts, deeper = shapely.get_parts(parts, return_index=True)
    owner = owner[deeper]
    areal = shapely.get_dimensions(parts) == 2
    result = np.full(len(geometries), shapely.MultiPolygon(), dtype=object)
    if areal.any():
        shapely.multipolygons(parts[areal], indices=owner[areal], out=result)
    return result


def _closed(area: shapely.Geometry, slit_m: float) -> shapely.Geometry:
    """Fill the holes of an area and its slits narrower than `slit_m` metres."""
    if shapely.is_empty(area):
        return area
    scale = metres_per_degree(float(shapely.bounds(area)[[1, 3]].mean()))
    flat = shapely.transform(area, lambda xy: xy * scale)
    flat = shapely.buffer(flat, slit_m / 2, join_style="mitre")
    rings = shapely.get_exterior_ring(shapely.get_parts(flat))
    flat = shapely.union_all(shapely.polygons(rings))
    flat = shapely.buffer(flat, -slit_m / 2, join_style="mitre")
    return shapely.transform(flat, lambda xy: xy / scale)


def _findings(
    check: Check,
    left: ArrayLike,
    right: ArrayLike | None,
    pieces: Geometries,
    tolerance_m2: float,
) -> gpd.GeoDataFrame:
    geometry = gpd.GeoSeries(pieces, crs="EPSG:4326")
    sound = geometry[geometry.is_valid & ~geometry.is_empty]
    flat = geometry.to_crs(metric_crs_of(sound)) if len(sound) else geometry
    n = len(geometry)
    table = gpd.GeoDataFrame(
        {
            "check": np.full(n, check, dtype=object),
            "left": np.asarray(left, object),
            "right": np.full(n, None) if right is None else np.asarray(right, object),
            "area_m2": shapely.area(flat.to_numpy()).astype(float),
        },
        geometry=geometry,
    )
    table = table[table["area_m2"] > tolerance_m2]
    return table.round({"area_m2": 2}).sort_values("area_m2", ascending=False, ignore_index=True)
