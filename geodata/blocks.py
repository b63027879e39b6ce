"""A first set of areas and cells for a real town, to be redrawn by those who know it.

All is done on one planar graph of longitudes and latitudes: every line is cut where it meets
another, and the faces between them share their borders corner by corner. Whatever is made of
whole faces therefore covers the outline without gaps or overlaps.
"""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.chinese_datums import Floats
from geodata.merging import merge_small
from geodata.messages import GeodataError, Message
from geodata.metric import metres_per_degree, metric_crs_of

Measure = Literal["area", "buildings", "households"]
Geometries = NDArray[np.object_]
Integers = NDArray[np.int64]

MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary", "rail")
"""Kinds of road (and their links) that a cell should rather not straddle."""

# A ten-thousandth of a millimetre. Corners are rounded to it, so that a line which ends on another
# truly meets it; files give fewer digits, so the outline keeps its corners.
_GRID = 1e-12
# A border along a main road counts for less when a block looks for the neighbour to join.
_MAIN_ROAD_SHARE = 0.1
_SAMPLES_PER_PART = 60


def sketch_areas(points: gpd.GeoDataFrame, outline: shapely.Geometry) -> gpd.GeoDataFrame:
    """Share out an outline among settlements of which only a point is known.

    Each gets what is nearer to it than to any other (a Voronoi diagram in metres).

    Parameters
    ----------
    points : GeoDataFrame
        EPSG:4326, a point or None per row. Points in one place share their area out between
        them, as if they lay a metre apart.
    outline : shapely Polygon or MultiPolygon
        Valid, in EPSG:4326.

    Returns
    -------
    GeoDataFrame
        The same rows and columns with polygons, which together cover the outline and do not
        overlap; None for a row without a point or whose share lies all outside the outline. An
        area may have several parts where the outline is not convex.
    """
    _require_outline(outline)
    scale = _scale(outline)
    known = (points.geometry.notna() & ~points.geometry.is_empty).to_numpy()
    areas = np.full(len(points), None, dtype=object)
    if known.any():
        sites = shapely.get_coordinates(points.geometry.to_numpy()[known]) * scale
        twin = pd.DataFrame(sites).groupby([0, 1]).cumcount().to_numpy()
        sites[:, 0] += twin
        faces = _faces(_bisectors(sites, outline, scale), outline)
        owner = _nearest(sites, _inner_points(faces) * scale)
        shares = _dissolve(faces, owner)
        areas[np.flatnonzero(known)[shares.index]] = shares.to_numpy()
    return points.set_geometry(gpd.GeoSeries(areas, index=points.index, crs="EPSG:4326"))


def sketch_cells(
    outline: shapely.Geometry,
    roads: gpd.GeoDataFrame | None,
    buildings: gpd.GeoDataFrame | None = None,
    *,
    target: float,
    measure: Measure = "area",
) -> gpd.GeoDataFrame:
    """Cut an area along its roads into cells of about one size.

    The blocks between the roads are joined with neighbours while they are too small, along
    their longest common border that is no main road; a block that is much too large, or an area
    without roads, is cut into parts around the clusters of its buildings, or evenly.

    Parameters
    ----------
    outline : shapely Polygon or MultiPolygon
        Valid, in EPSG:4326. Each part of it is cut by itself.
    roads : GeoDataFrame or None
        Lines in EPSG:4326, all of which may become borders; a column ``kind`` with OSM highway
        values tells the main roads.
    buildings : GeoDataFrame, optional
        Geometries in EPSG:4326, with a column ``households`` if these are to be counted.
    target : float
        What a cell should hold: square metres, buildings or households.
    measure : {"area", "buildings", "households"}
        What `target` counts.

    Returns
    -------
    GeoDataFrame
        Columns ``holds`` (in the unit of `target`), ``area_m2`` and ``geometry``, one valid
        polygon per cell, in EPSG:4326. They cover the outline without gaps or overlaps. Where
        nothing is there to count, the area stays in one piece.

    Raises
    ------
    GeodataError
        When the target is not positive, the outline is no valid polygon, or what is to be
        counted was not given.
    """
    _require_outline(outline)
    xy, counts = _counted(buildings, measure)
    if not target > 0:
        raise GeodataError(Message("a cell must hold more than {target}", target=target))
    scale = _scale(outline)
    lines, main = _usable_lines(roads, outline)
    faces = _faces(lines, outline)
    cuts = _cuts(faces, _held(faces, xy, counts, scale), xy, counts, target, scale)
    if cuts.size:
        faces = _faces(np.concatenate([lines, cuts]), outline)
    held = _held(faces, xy, counts, scale)
    pairs, borders = _borders(faces, main, scale)
    label = merge_small(held, pairs, borders, target)
    cells = _dissolve(faces, label)
    area = cells.to_crs(metric_crs_of(cells)).area
    total = np.bincount(label, weights=held, minlength=len(held))[cells.index]
    return gpd.GeoDataFrame(
        {"holds": area if measure == "area" else total, "area_m2": area}, geometry=cells
    ).reset_index(drop=True)


def _require_outline(outline: shapely.Geometry) -> None:
    areal = shapely.get_type_id(outline) in (3, 6) and not shapely.is_empty(outline)
    if not (areal and shapely.is_valid(outline)):
        raise GeodataError(Message("the outline to be cut is no valid polygon"))


def _scale(outline: shapely.Geometry) -> Floats:
    return metres_per_degree(float(shapely.bounds(outline)[[1, 3]].mean()))


def _counted(
    buildings: gpd.GeoDataFrame | None, measure: Measure
) -> tuple[Floats, Floats] | tuple[None, None]:
    """Give where the things to count are, and how many; None when area is to be measured."""
    if measure == "area":
        return None, None
    if buildings is None:
        raise GeodataError(Message("to cut by what stands there, give the buildings"))
    if measure == "households" and "households" not in buildings:
        raise GeodataError(Message("to cut by households, give buildings that tell theirs"))
    points = shapely.point_on_surface(buildings.geometry.to_numpy())
    there = ~(shapely.is_missing(points) | shapely.is_empty(points))
    xy = shapely.get_coordinates(points[there])
    if measure == "buildings":
        return xy, np.ones(len(xy))
    return xy, buildings["households"].fillna(0).to_numpy(float)[there]


def _usable_lines(
    roads: gpd.GeoDataFrame | None, outline: shapely.Geometry
) -> tuple[Geometries, Geometries]:
    """Give the roads that touch the outline, and those among them that are main roads."""
    if roads is None or roads.empty:
        return np.empty(0, object), np.empty(0, object)
    lines = shapely.force_2d(roads.geometry.to_numpy())
    shapely.prepare(outline)
    used = (shapely.get_dimensions(lines) == 1) & shapely.intersects(outline, lines)
    main = np.zeros(len(roads), bool)
    if "kind" in roads:
        kinds = roads["kind"].astype("str").str.removesuffix("_link")
        main = kinds.isin(MAIN_ROADS).to_numpy()
    return lines[used], lines[used & main]


def _faces(lines: Geometries, outline: shapely.Geometry) -> Geometries:
    """Cut an outline along lines; dead ends do not count."""
    # The lines must not be clipped before: a clipped end would miss the outline by a rounding.
    drawn = np.array([*lines, shapely.boundary(outline)])
    graph = shapely.union_all(drawn, grid_size=_GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(graph)))
    shapely.prepare(outline)
    inner = _inner_points(faces)
    kept: Geometries = faces[shapely.intersects_xy(outline, inner[:, 0], inner[:, 1])]
    return kept


def _inner_points(faces: Geometries) -> Floats:
    points: Floats = shapely.get_coordinates(shapely.point_on_surface(faces))
    return points


def _nearest(sites: Floats, points: Floats) -> Integers:
    tree = shapely.STRtree(np.asarray(shapely.points(sites), object))
    return np.asarray(tree.nearest(shapely.points(points)), np.int64)


def _bisectors(sites: Floats, around: shapely.Geometry, scale: Floats) -> Geometries:
    """Give the borders, in degrees, between what is nearest to each of the sites (metres)."""
    if len(sites) < 2:
        return np.empty(0, object)
    extent = shapely.box(*(shapely.bounds(around).reshape(2, 2) * scale).ravel())
    # The margin lets every border end outside, where it cannot fall short of the outline.
    extent = shapely.buffer(extent, 1.0, join_style="mitre")
    edges = shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=extent, only_edges=True)
    lines: Geometries = shapely.get_parts(shapely.transform(edges, lambda xy: xy / scale))
    return lines


def _held(faces: Geometries, xy: Floats | None, counts: Floats | None, scale: Floats) -> Floats:
    """Add up what each face holds."""
    if xy is None or counts is None:
        area: Floats = shapely.area(faces) * scale.prod()
        return area
    which, face = shapely.STRtree(faces).query(shapely.points(xy), predicate="intersects")
    # What lies on a border belongs to the first face only.
    which, first = np.unique(which, return_index=True)
    return np.bincount(face[first], counts[which], len(faces)).astype(float)


def _cuts(
    faces: Geometries,
    held: Floats,
    xy: Floats | None,
    counts: Floats | None,
    target: float,
    scale: Floats,
) -> Geometries:
    """Draw the lines that cut the faces which hold more than one and a half targets."""
    cuts = [np.empty(0, object)]
    for k in np.flatnonzero(held > 1.5 * target):
        face, parts = faces[k], round(held[k] / target)
        if xy is None or counts is None:
            where = _evenly(face, parts * _SAMPLES_PER_PART)
            weights = np.ones(len(where))
        else:
            shapely.prepare(face)
            there = shapely.intersects_xy(face, xy[:, 0], xy[:, 1])
            where, weights = xy[there], counts[there]
        centres = _centres(where * scale, weights, max(parts, 2))
        edges = _bisectors(centres, face, scale)
        # A centimetre too long, so that they cross the border; polygonize drops what sticks out.
        reach = shapely.buffer(face, 1e-7, quad_segs=1)
        inside = shapely.get_parts(shapely.intersection(edges, reach))
        cuts.append(inside[shapely.get_dimensions(inside) == 1])
    return np.concatenate(cuts)


def _evenly(face: shapely.Geometry, count: int) -> Floats:
    """Give about `count` points on a square grid inside a face."""
    west, south, east, north = shapely.bounds(face)
    step = np.sqrt(shapely.area(face) / count)
    x, y = np.meshgrid(
        np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step)
    )
    shapely.prepare(face)
    inside = shapely.contains_xy(face, x, y)
    return np.column_stack([x[inside], y[inside]])


def _centres(points: Floats, weights: Floats, count: int) -> Floats:
    """Find cluster centres by Lloyd's iteration (k-means), from a fixed start."""
    points, weights = points[weights > 0], weights[weights > 0]
    distinct = np.unique(points, axis=0)
    if len(distinct) <= count:
        return distinct
    rng = np.random.default_rng(0)
    centres = rng.choice(distinct, count, replace=False)
    for _ in range(20):
        label = _nearest(centres, points)
        total = np.bincount(label, weights=weights, minlength=count)
        sums = [np.bincount(label, weights=weights * axis, minlength=count) for axis in points.T]
        used = total > 0
        centres[used] = (np.column_stack(sums) / np.where(used, total, 1)[:, None])[used]
    return np.unique(centres, axis=0)


def _borders(faces: Geometries, main: Geometries, scale: Floats) -> tuple[Integers, Floats]:
    """Give the pairs of faces with a common border, and its length in metres.

    A border along a main road is counted as a tenth of its length.
    """
    rings, face = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[:-1] == ring[1:]
    start, end, owner = xy[:-1][joined], xy[1:][joined], face[ring[:-1][joined]]
    # Both faces have the same two corners on a shared border, in opposite order.
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    segments = np.where(swap[:, None], np.hstack([end, start]), np.hstack([start, end]))
    order = np.lexsort(segments.T)
    same = (segments[order][:-1] == segments[order][1:]).all(axis=1)
    one, other = order[:-1][same], order[1:][same]
    length = np.hypot(*((end[one] - start[one]) * scale).T)
    if main.size:
        middle = shapely.points((start[one] + end[one]) / 2)
        # A millionth of a degree is a decimetre: corners were rounded, roads are far apart.
        on_main = shapely.STRtree(main).query(middle, predicate="dwithin", distance=1e-6)[0]
        length[np.unique(on_main)] *= _MAIN_ROAD_SHARE
    pairs = np.sort(np.column_stack([owner[one], owner[other]]), axis=1)
    pairs, which = np.unique(pairs, axis=0, return_inverse=True)
    return pairs, np.bincount(which.ravel(), length, len(pairs)).astype(float)


def _dissolve(faces: Geometries, label: Integers) -> gpd.GeoSeries:
    """Join the faces of one label; the index of the result is the label."""
    table = gpd.GeoDataFrame({"label": label}, geometry=faces, crs="EPSG:4326")
    return table.dissolve("label", method="coverage").geometry
