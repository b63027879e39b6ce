"""Where roads meet: lines cut at their crossings, with the small faults of surveys mended.

Roads of OpenStreetMap share a vertex where they meet, and those that cross without one, as a
bridge does, do not. Roads of surveys often end a hand's breadth before the street they lead to or
just pass each other. So what shares a vertex is joined, whatever it is; what lies within
`SNAP_M` is joined at its ends; and what crosses is joined where neither is a bridge or tunnel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geodata.metric import metres_per_degree
from gridmap.patrols.network import Floats, Integers

#: Ends of roads within so many metres are one place.
SNAP_M = 1.5
# Vertices are compared in units of a ten-millionth of a degree, about a centimetre, in which
# coordinates are stored and exchanged.
_UNIT = 1e-7
Bools = NDArray[np.bool_]
Lines = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Vertices:
    """The points of lines one after the other, arrays of shape (n,).

    Attributes
    ----------
    line : ndarray of int64
        The number of the line, rising.
    lon, lat : ndarray of int64
        In ten-millionths of a degree.
    scale : ndarray of float64, shape (2,)
        Metres of such a unit, near the middle of all: straight lines stay straight.
    """

    line: Integers
    lon: Integers
    lat: Integers
    scale: Floats

    def key(self) -> Integers:
        """Return a number for each place; equal ones are one place."""
        return (self.lon << 32) + self.lat

    def ends(self) -> tuple[Integers, Integers]:
        """Return where the lines that have points begin and end."""
        begins = np.flatnonzero(np.diff(self.line, prepend=-1) != 0)
        return begins, np.flatnonzero(np.diff(self.line, append=-1) != 0)

    def metres(self) -> Floats:
        """Return the places in metres."""
        found: Floats = np.column_stack([self.lon, self.lat]).astype(np.float64) * self.scale
        return found

    def units(self, places: Floats) -> Integers:
        """Return places in metres as longitude and latitude in units, shape (n, 2)."""
        return np.round(places / self.scale).astype(np.int64)

    def degrees(self) -> Floats:
        """Return longitude and latitude."""
        return np.column_stack([self.lon * _UNIT, self.lat * _UNIT]).astype(np.float64)

    def where(self, chosen: Bools | Integers) -> Vertices:
        """Return some of the points, or all in another order."""
        return replace(self, line=self.line[chosen], lon=self.lon[chosen], lat=self.lat[chosen])


@dataclass(frozen=True, eq=False)
class Pieces:
    """Lines between places where they meet or end.

    Attributes
    ----------
    vertices : Vertices
        Numbered by piece.
    road : ndarray of int64, shape (pieces,)
        The road that each is of.
    """

    vertices: Vertices
    road: Integers

    def __len__(self) -> int:
        return len(self.road)


def node(lines: Lines, grounded: Bools) -> Pieces:
    """Cut roads where they meet.

    Parameters
    ----------
    lines : ndarray of LineString, shape (roads,)
        In EPSG:4326.
    grounded : ndarray of bool, shape (roads,)
        Whether a road is neither bridge nor tunnel.

    Returns
    -------
    Pieces
        In the order of the roads and along them; roads without length give none.
    """
    at, road = shapely.get_coordinates(lines, return_index=True)
    units = np.round(at / _UNIT).astype(np.int64)
    middle = float(at[:, 1].mean()) if len(at) else 0.0
    scale = metres_per_degree(middle) * _UNIT
    vertices = _tidy(Vertices(road.astype(np.int64), units[:, 0], units[:, 1], scale))
    if len(vertices.line) == 0:
        return Pieces(vertices, np.zeros(0, dtype=np.int64))
    vertices = _cross(vertices, grounded)
    vertices = _join_ends(vertices)
    vertices = _join_sides(vertices, grounded)
    return _cut(vertices)


def _tidy(vertices: Vertices) -> Vertices:
    """Leave out points that repeat the one before, and lines of a single point."""
    same = (np.diff(vertices.key()) == 0) & (np.diff(vertices.line) == 0)
    kept = vertices.where(np.insert(~same, 0, True)[: len(vertices.line)])
    count = np.bincount(kept.line)
    return kept.where(count[kept.line] > 1)


def _drawn(vertices: Vertices) -> tuple[Lines, Integers]:
    """Return the lines in metres, and the road of each."""
    roads, number = np.unique(vertices.line, return_inverse=True)
    drawn = np.asarray(shapely.linestrings(vertices.metres(), indices=number), dtype=object)
    return drawn, roads


def _cross(vertices: Vertices, grounded: Bools) -> Vertices:
    """Give roads that cross on the ground a vertex there."""
    drawn, roads = _drawn(vertices)
    ground = np.flatnonzero(grounded[roads])
    tree = shapely.STRtree(drawn[ground])
    one, other = ground[tree.query(drawn[ground], predicate="intersects")]
    one, other = one[one < other], other[one < other]
    places, pair = shapely.get_coordinates(
        shapely.intersection(drawn[one], drawn[other]), return_index=True
    )
    line = np.concatenate([one[pair], other[pair]])
    return _insert(vertices, drawn, roads, line, np.concatenate([places, places]))


def _insert(
    vertices: Vertices, drawn: Lines, roads: Integers, line: Integers, places: Floats
) -> Vertices:
    """Put points into lines where they are nearest to them, unless a vertex is there."""
    units = vertices.units(places)
    fresh = replace(vertices, line=roads[line], lon=units[:, 0], lat=units[:, 1])
    known, number = np.unique(np.append(vertices.key(), fresh.key()), return_inverse=True)
    placed = np.append(vertices.line, fresh.line) * len(known) + number
    missing = ~np.isin(placed[len(vertices.line) :], placed[: len(vertices.line)])
    fresh, line, places = fresh.where(missing), line[missing], places[missing]
    way = _way_along(vertices)
    along = shapely.line_locate_point(drawn[line], shapely.points(places))
    joined = replace(
        vertices,
        line=np.append(vertices.line, fresh.line),
        lon=np.append(vertices.lon, fresh.lon),
        lat=np.append(vertices.lat, fresh.lat),
    )
    order = np.lexsort([np.append(way, along), joined.line])
    return _tidy(joined.where(order))


def _way_along(vertices: Vertices) -> Floats:
    """Return how many metres along its line each vertex is."""
    step = np.hypot(*np.diff(vertices.metres(), axis=0, prepend=np.nan).T)
    begins = vertices.ends()[0]
    step[begins] = 0.0
    way = np.cumsum(step)
    counts = np.diff(np.append(begins, len(way)))
    found: Floats = way - np.repeat(way[begins], counts)
    return found


def _loose_ends(vertices: Vertices) -> tuple[Integers, Bools]:
    """Return the points that are ends, first the beginnings, and which of them meet nothing."""
    ends = np.concatenate(vertices.ends())
    key = vertices.key()
    places, count = np.unique(key, return_counts=True)
    return ends, count[np.searchsorted(places, key[ends])] == 1


def _join_ends(vertices: Vertices) -> Vertices:
    """Move the loose ends of roads to other ends within `SNAP_M`."""
    drawn, roads = _drawn(vertices)
    ends, loose = _loose_ends(vertices)
    owner = np.tile(np.arange(len(roads)), 2)
    target = _to_ends(vertices.metres()[ends], owner, loose, shapely.length(drawn))
    lon, lat = vertices.lon.copy(), vertices.lat.copy()
    lon[ends], lat[ends] = vertices.lon[ends[target]], vertices.lat[ends[target]]
    return _tidy(replace(vertices, lon=lon, lat=lat))


def _join_sides(vertices: Vertices, grounded: Bools) -> Vertices:
    """Move the loose ends of roads to a street within `SNAP_M`, which gets a point there."""
    drawn, roads = _drawn(vertices)
    ends, loose = _loose_ends(vertices)
    owner = np.tile(np.arange(len(roads)), 2)
    at = np.asarray(shapely.points(vertices.metres()[ends[loose]]), dtype=object)
    which, line = _to_streets(at, owner[loose], drawn, grounded[roads])
    along = shapely.line_locate_point(drawn[line], at[which])
    places = shapely.get_coordinates(shapely.line_interpolate_point(drawn[line], along))
    lon, lat = vertices.lon.copy(), vertices.lat.copy()
    moved = ends[loose][which]
    lon[moved], lat[moved] = vertices.units(places).T
    return _insert(replace(vertices, lon=lon, lat=lat), drawn, roads, line, places)


def _to_ends(at: Floats, owner: Integers, loose: Bools, length_m: Floats) -> Integers:
    """Return for each end the number of the end that it is moved to, or its own.

    A loose end goes to the nearest that is joined already; loose ones among themselves go to the
    first of those that hang together.
    """
    points = np.asarray(shapely.points(at), dtype=object)
    tree = shapely.STRtree(points)
    which = np.flatnonzero(loose)
    near, other = tree.query(points[which], predicate="dwithin", distance=SNAP_M)
    near = which[near]
    # A road so short that its own ends are near is no ring.
    own = (owner[near] == owner[other]) & (length_m[owner[near]] < 4 * SNAP_M)
    near, other = near[~own], other[~own]
    target = np.arange(len(at))
    joined = ~loose[other]
    away = np.hypot(*(at[near[joined]] - at[other[joined]]).T)
    order = np.lexsort([other[joined], away, near[joined]])
    found, first = np.unique(near[joined][order], return_index=True)
    target[found] = other[joined][order][first]
    free = loose & (target == np.arange(len(at)))
    both = free[near] & free[other]
    pairs = coo_array((np.ones(both.sum()), (near[both], other[both])), shape=(len(at), len(at)))
    _, group = connected_components(pairs, directed=False)
    _, representative = np.unique(group, return_index=True)
    target[free] = representative[group[free]]
    return target


def _to_streets(
    at: Lines, owner: Integers, drawn: Lines, grounded: Bools
) -> tuple[Integers, Integers]:
    """Return which ends lie near another street on the ground, and near which."""
    ground = np.flatnonzero(grounded)
    tree = shapely.STRtree(drawn[ground])
    end, line = tree.query(at, predicate="dwithin", distance=SNAP_M)
    line = ground[line]
    end, line = end[line != owner[end]], line[line != owner[end]]
    order = np.lexsort([line, shapely.distance(at[end], drawn[line]), end])
    found, first = np.unique(end[order], return_index=True)
    return found, line[order][first]


def _cut(vertices: Vertices) -> Pieces:
    """Cut lines at their ends and wherever a place occurs more than once."""
    _, number, count = np.unique(vertices.key(), return_inverse=True, return_counts=True)
    is_node = count[number] > 1
    begins, ends = vertices.ends()
    is_node[begins] = is_node[ends] = True
    cuts = np.flatnonzero(is_node)
    same = vertices.line[cuts[:-1]] == vertices.line[cuts[1:]]
    first, last = cuts[:-1][same], cuts[1:][same]
    return Pieces(_ranges(vertices, first, last), vertices.line[first])


def _ranges(vertices: Vertices, first: Integers, last: Integers) -> Vertices:
    """Return the points from each first to its last, both included, numbered by range."""
    counts = last - first + 1
    piece = np.repeat(np.arange(len(first)), counts)
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    at = first[piece] + step
    return replace(vertices, line=piece, lon=vertices.lon[at], lat=vertices.lat[at])
