"""The network of streets from a frame of roads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geodata.metric import metres_per_degree
from gridmap.patrols.network import Floats, Integers, Masks, Mode
from gridmap.patrols.streets.access import masks
from gridmap.patrols.streets.chains import chain_up, partners
from gridmap.patrols.streets.noding import SNAP_M, Pieces, Vertices, node

#: The component of what is not open to those on foot.
NOT_ON_FOOT = -1


@dataclass(frozen=True, eq=False)
class Streets:
    """Streets between crossings, in degrees; arrays of shape (n,), see `StreetSegment`.

    Attributes
    ----------
    lines : ndarray of LineString
        In EPSG:4326.
    key : ndarray of str
        Equal for equal lines only.
    start, end : ndarray of int64
        Nodes, numbered from 0.
    component : ndarray of int64
        The parts that hang together on foot, from the longest, which is 0; `NOT_ON_FOOT`.
    """

    lines: NDArray[np.object_]
    key: NDArray[np.object_]
    name: NDArray[np.object_]
    kind: NDArray[np.object_]
    start: Integers
    end: Integers
    length_m: Floats
    forward: Masks
    backward: Masks
    component: Integers

    def __len__(self) -> int:
        return len(self.lines)


def build(roads: gpd.GeoDataFrame) -> Streets:
    """Build the network.

    Parameters
    ----------
    roads : GeoDataFrame
        LineStrings in EPSG:4326 with the columns ``name``, ``kind``, ``oneway``, ``bridge``,
        ``tunnel``, ``foot``, ``bicycle`` and ``car``, see `access.masks`. Roads that are open to
        nobody are left out.
    """
    forward, backward = masks(roads)
    used = (forward | backward) > 0
    roads, forward, backward = roads[used], forward[used], backward[used]
    grounded = ~(roads["bridge"].to_numpy(bool) | roads["tunnel"].to_numpy(bool))
    pieces = node(roads.geometry.to_numpy(), grounded)
    table = pd.DataFrame(
        {
            "name": roads["name"].fillna("").to_numpy(object)[pieces.road],
            "kind": roads["kind"].to_numpy(object)[pieces.road],
            "forward": forward[pieces.road],
            "backward": backward[pieces.road],
        }
    )
    pieces, table = _without_stubs(pieces, table)
    pieces, table = _joined(pieces, table)
    return _finished(*_oriented(pieces, table))


def _ends(pieces: Pieces) -> tuple[Integers, Integers]:
    """Return the nodes where pieces begin and end, numbered from 0."""
    begins, ends = pieces.vertices.ends()
    key = pieces.vertices.key()
    number = np.unique(np.append(key[begins], key[ends]), return_inverse=True)[1]
    return number[: len(begins)], number[len(begins) :]


def _lengths(pieces: Pieces) -> Floats:
    """Return metres, by the ellipsoid's radii of curvature at each step's latitude."""
    at, piece = pieces.vertices.degrees(), pieces.vertices.line
    scale = metres_per_degree((at[1:, 1] + at[:-1, 1]) / 2)
    step = np.hypot(np.diff(at[:, 0]) * scale[0], np.diff(at[:, 1]) * scale[1])
    same = np.diff(piece) == 0
    metres = np.bincount(piece[1:][same], weights=step[same], minlength=len(pieces))
    return metres.astype(np.float64)


def _take(pieces: Pieces, chosen: NDArray[np.bool_]) -> Pieces:
    """Return some of the pieces, numbered anew."""
    number = np.cumsum(chosen) - 1
    vertices = pieces.vertices.where(chosen[pieces.vertices.line])
    line = number[vertices.line]
    return Pieces(Vertices(line, vertices.lon, vertices.lat, vertices.scale), pieces.road[chosen])


def _without_stubs(pieces: Pieces, table: pd.DataFrame) -> tuple[Pieces, pd.DataFrame]:
    """Leave out what a survey drew a hand's breadth beyond a crossing."""
    start, end = _ends(pieces)
    degree = np.bincount(np.append(start, end))
    dead = (degree[start] == 1) != (degree[end] == 1)
    kept = ~(dead & (_lengths(pieces) < SNAP_M))
    return _take(pieces, kept), table[kept].reset_index(drop=True)


def _joined(pieces: Pieces, table: pd.DataFrame) -> tuple[Pieces, pd.DataFrame]:
    """Join pieces that go on into each other, so that streets end at crossings alone."""
    alike = table.groupby(list(table), sort=False).ngroup().to_numpy().astype(np.int64)
    directed = (table["forward"] != table["backward"]).to_numpy(bool)
    chain, piece, turned = chain_up(partners(*_ends(pieces), alike, directed))
    vertices = pieces.vertices
    begins, ends = vertices.ends()
    counts = (ends - begins + 1)[piece]
    place = np.repeat(np.arange(len(piece)), counts)
    step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    at = np.where(turned[place], ends[piece][place] - step, begins[piece][place] + step)
    line = chain[place]
    # Where one piece goes on into the next, their common point stands twice.
    fresh = np.insert((np.diff(place) == 0) | (np.diff(line) != 0), 0, True)[: len(place)]
    at, line = at[fresh], line[fresh]
    first = piece[np.flatnonzero(np.diff(chain, prepend=-1) > 0)]
    whole = Vertices(line, vertices.lon[at], vertices.lat[at], vertices.scale)
    return Pieces(whole, pieces.road[first]), table.iloc[first].reset_index(drop=True)


def _oriented(pieces: Pieces, table: pd.DataFrame) -> tuple[Pieces, pd.DataFrame]:
    """Turn what is open both ways the same way round, however it was drawn."""
    vertices = pieces.vertices
    begins, ends = vertices.ends()
    key = vertices.key()
    turned = key[begins] > key[ends]
    # A ring has a direction by its second and its last but one point.
    ring = key[begins] == key[ends]
    turned[ring] = key[begins[ring] + 1] > key[ends[ring] - 1]
    turned &= (table["forward"] == table["backward"]).to_numpy(bool)
    at = np.arange(len(vertices.line))
    at = np.where(turned[vertices.line], (begins + ends)[vertices.line] - at, at)
    return Pieces(vertices.where(at), pieces.road), table


def _finished(pieces: Pieces, table: pd.DataFrame) -> Streets:
    key = _keys(pieces)
    # Of two equal lines one is enough; who may use either may use it.
    _, first, same = np.unique(key, return_index=True, return_inverse=True)
    forward = np.zeros(len(first), dtype=np.uint8)
    backward = np.zeros(len(first), dtype=np.uint8)
    np.bitwise_or.at(forward, same, table["forward"].to_numpy(np.uint8))
    np.bitwise_or.at(backward, same, table["backward"].to_numpy(np.uint8))
    order = np.argsort(first)
    kept = np.zeros(len(pieces), dtype=np.bool_)
    kept[first] = True
    pieces, table, key = _take(pieces, kept), table[kept], key[kept]
    start, end = _ends(pieces)
    length = _lengths(pieces)
    walked = ((forward | backward)[order] & Mode.FOOT) > 0
    lines = shapely.linestrings(pieces.vertices.degrees().round(7), indices=pieces.vertices.line)
    return Streets(
        lines=np.asarray(lines, dtype=object),
        key=key,
        name=table["name"].to_numpy(object),
        kind=table["kind"].to_numpy(object),
        start=start,
        end=end,
        length_m=length,
        forward=forward[order],
        backward=backward[order],
        component=_components(start, end, length, walked),
    )


def _keys(pieces: Pieces) -> NDArray[np.object_]:
    """Return a text for each line that no other line has."""
    packed = np.column_stack([pieces.vertices.lon, pieces.vertices.lat]).astype("<i4").tobytes()
    begins, ends = pieces.vertices.ends()
    return np.array(
        [
            hashlib.blake2b(packed[8 * a : 8 * b], digest_size=12).hexdigest()
            for a, b in zip(begins.tolist(), (ends + 1).tolist(), strict=True)
        ],
        dtype=object,
    )


def _components(
    start: Integers, end: Integers, length: Floats, walked: NDArray[np.bool_]
) -> Integers:
    """Return the numbers of the parts of what is walked, from the longest."""
    nodes = int(max(start.max(initial=-1), end.max(initial=-1))) + 1
    found = np.full(len(start), NOT_ON_FOOT, dtype=np.int64)
    if not walked.any():
        return found
    graph = coo_array((np.ones(walked.sum()), (start[walked], end[walked])), shape=(nodes, nodes))
    _, label = connected_components(graph, directed=False)
    part = label[start[walked]]
    metres = np.bincount(part, weights=length[walked], minlength=int(label.max()) + 1)
    rank = np.empty(len(metres), dtype=np.int64)
    rank[np.argsort(-metres, kind="stable")] = np.arange(len(metres))
    found[walked] = rank[part]
    return found
