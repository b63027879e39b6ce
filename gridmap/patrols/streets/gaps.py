"""Where the network may be torn by a fault of the data: gaps beside dead ends, and islands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from gridmap.patrols.network import Floats, Integers, Mode, Network

#: A dead end so near to another street is worth a look.
GAP_M = 15.0
#: Unless one walks there in so many metres.
ROUND_M = 150.0
_AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class Gaps:
    """Dead ends near another street that is far to walk to; arrays of shape (n,).

    Attributes
    ----------
    segment : ndarray of int64
        The number of the segment that ends there.
    other : ndarray of int64
        The number of the street nearby.
    x, y, other_x, other_y : ndarray of float64
        The dead end and the nearest place on the other street, in the network's CRS.
    metres : ndarray of float64
        How wide the gap is.
    """

    segment: Integers
    other: Integers
    x: Floats
    y: Floats
    other_x: Floats
    other_y: Floats
    metres: Floats

    def __len__(self) -> int:
        return len(self.segment)


def find_gaps(network: Network) -> Gaps:
    """Find the dead ends that a person on foot would expect to go on.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Gaps
        By width, the narrowest first.
    """
    walked = np.flatnonzero((network.forward | network.backward) & Mode.FOOT)
    sides = np.concatenate([network.start[walked], network.end[walked]])
    degree = np.bincount(sides, minlength=len(network.x))
    dead = degree[sides] == 1
    node, segment = sides[dead], np.tile(walked, 2)[dead]
    points = np.asarray(shapely.points(network.x[node], network.y[node]), dtype=object)
    tree = shapely.STRtree(network.lines[walked])
    which, near = tree.query(points, predicate="dwithin", distance=GAP_M)
    near = walked[near]
    apart = near != segment[which]
    which, near = which[apart], near[apart]
    lines = network.lines[near]
    along = shapely.line_locate_point(lines, points[which])
    place = shapely.get_coordinates(shapely.line_interpolate_point(lines, along))
    metres = shapely.distance(lines, points[which])
    far = ~_walked_round(network, walked, node[which], near, along)
    order = np.lexsort([near[far], metres[far], which[far]])
    # Of the streets nearby the nearest.
    _, first = np.unique(which[far][order], return_index=True)
    kept = np.flatnonzero(far)[order][first]
    # Two dead ends that face each other are one gap.
    sides = np.sort(np.stack([segment[which[kept]], near[kept]]), axis=0)
    _, once = np.unique(np.vstack([sides, metres[kept].round(2)]), axis=1, return_index=True)
    kept = kept[np.sort(once)]
    kept = kept[np.argsort(metres[kept], kind="stable")]
    at = which[kept]
    return Gaps(
        segment[at], near[kept], network.x[node[at]], network.y[node[at]],
        place[kept, 0], place[kept, 1], metres[kept],
    )  # fmt: skip


def _walked_round(
    network: Network, walked: Integers, node: Integers, other: Integers, along: Floats
) -> np.typing.NDArray[np.bool_]:
    """Tell from which dead ends one walks to the place on the other street within `ROUND_M`."""
    n = len(network.x)
    start, end, length = network.start[walked], network.end[walked], network.length_m[walked]
    # Of parallel streets the shortest, where a sparse matrix would add them up.
    order = np.lexsort([length, end, start])
    pair = start[order] * n + end[order]
    first = order[np.flatnonzero(np.diff(pair, prepend=-1) != 0)]
    graph = coo_array((length[first], (start[first], end[first])), shape=(n, n)).tocsr()
    result = np.zeros(len(node), dtype=np.bool_)
    sources, number = np.unique(node, return_inverse=True)
    for begin in range(0, len(sources), _AT_ONCE):
        part = sources[begin : begin + _AT_ONCE]
        away = dijkstra(graph, directed=False, indices=part, limit=ROUND_M)
        mine = np.flatnonzero((number >= begin) & (number < begin + len(part)))
        row = number[mine] - begin
        street = other[mine]
        by_start = away[row, network.start[street]] + along[mine]
        by_end = away[row, network.end[street]] + network.length_m[street] - along[mine]
        result[mine] = np.minimum(by_start, by_end) <= ROUND_M
    return result
