"""Where the network may be torn by a fault of the data: gaps beside dead ends, and islands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers, Mode, Network
from gridmap.patrols.streets.routing import Router, Spot

#: A dead end so near to another street is worth a look.
GAP_M = 15.0
#: Unless one walks there in so many metres.
ROUND_M = 150.0


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
    ends = np.where(network.start[segment] == node, 0.0, network.length_m[segment])
    share = along / shapely.length(lines)
    far = _far_to_walk(network, segment[which], ends[which], near, share)
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


def _far_to_walk(
    network: Network, segment: Integers, along_m: Floats, other: Integers, share: Floats
) -> NDArray[np.bool_]:
    """Tell which places on other streets are further than `ROUND_M` to walk."""
    router = Router(network, Mode.FOOT)
    starts = zip(segment.tolist(), along_m.tolist(), strict=True)
    goals = zip(other.tolist(), (share * network.length_m[other]).tolist(), strict=True)
    return np.array(
        [
            not router.is_within(Spot(*start), Spot(*goal), ROUND_M)
            for start, goal in zip(starts, goals, strict=True)
        ],
        dtype=np.bool_,
    )
