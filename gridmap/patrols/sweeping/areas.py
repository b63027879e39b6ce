"""Areas for teams: streets or cells divided into connected parts of equal work, and compact.

Areas grow from seeds, the one with the least work first, and then give border pieces to each other
as long as that makes them more equal or, within a tolerance, more compact; their middles become
the seeds of the next round (Lloyd's rule). The best round is kept.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import KDTree

from gridmap.patrols.network import Floats, Integers, Network
from gridmap.patrols.sweeping.area_kernels import exchange, grow

#: Areas may differ from their share by so much before balance matters more than compactness.
TOLERANCE = 0.02
_ROUNDS = 12
_LITTLE = 0.9


def divide(
    neighbours: Integers, work: Floats, x: Floats, y: Floats, areas: int, *,
    shares: Floats | None = None, seed: int = 0,
) -> Integers:  # fmt: skip
    """Divide pieces, streets or cells, into connected areas of equal work.

    Parameters
    ----------
    neighbours : ndarray of int64, shape (m, 2)
        Which pieces touch, each pair once or twice; see `street_neighbours`.
    work : ndarray of float64, shape (n,)
        What each piece takes, not negative.
    x, y : ndarray of float64, shape (n,)
        The pieces' middles, metres.
    areas : int
        How many, from 1 to n.
    shares : ndarray of float64, shape (areas,), optional
        Each area's part of the work, positive, in any unit; all the same if not given.
    seed : int
        The same seed gives the same areas.

    Returns
    -------
    ndarray of int64, shape (n,)
        The area of each piece, 0 to areas - 1.

    Raises
    ------
    ValueError
        If there are fewer pieces than areas, or the pieces are not all connected: then no areas
        could be; see `join_parts`.
    """
    n = len(work)
    if not 1 <= areas <= n:
        raise ValueError(f"{n} pieces cannot be {areas} areas")
    graph = _graph(neighbours, n)
    if csgraph.connected_components(graph, directed=False)[0] > 1:
        raise ValueError("the pieces are not all connected")
    part = np.ones(areas) if shares is None else np.asarray(shares, dtype=np.float64)
    # Pieces without any work still want an area near to them.
    amount = work if work.sum() > 0 else np.ones(n)
    target = part / part.sum() * amount.sum()
    rng = np.random.default_rng(seed)
    first, to = graph.indptr.astype(np.int64), graph.indices.astype(np.int64)
    places = np.column_stack([x, y]).astype(np.float64)
    seeds = _spread(places, areas, rng)
    best, least = np.zeros(n, dtype=np.int64), np.inf
    for _ in range(_ROUNDS):
        label = grow(first, to, amount, places, seeds, target)
        cost = exchange(first, to, amount, places, label, target, TOLERANCE, rng)
        if cost < least - 1e-12:
            best, least = label.copy(), cost
        seeds = _next_seeds(places, amount, label, target, rng)
    return best


def _graph(neighbours: Integers, n: int) -> sparse.csr_array:
    pairs = neighbours[neighbours[:, 0] != neighbours[:, 1]]
    both = np.unique(np.vstack([pairs, pairs[:, ::-1]]), axis=0)
    return sparse.csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))


def _spread(places: Floats, areas: int, rng: np.random.Generator) -> Integers:
    """Choose pieces far from each other: each by its squared distance from those before.

    Arthur and Vassilvitskii (2007), k-means++, Proc. 18th SODA, 1027-1035.
    """
    chosen = [int(rng.integers(len(places)))]
    away = np.full(len(places), np.inf)
    while len(chosen) < areas:
        away = np.minimum(away, ((places - places[chosen[-1]]) ** 2).sum(axis=1))
        away[chosen] = 0.0
        free = np.setdiff1d(np.arange(len(places)), chosen)
        chance = away[free] + 1e-9 * (away.max() + 1.0)
        chosen.append(int(rng.choice(free, p=chance / chance.sum())))
    return np.array(chosen, dtype=np.int64)


def _next_seeds(
    places: Floats, work: Floats, label: Integers, target: Floats, rng: np.random.Generator
) -> Integers:
    """Return the piece of each area that is nearest to the middle of its work.

    An area that found little, as in a corner of one entrance, begins anew anywhere.
    """
    areas = len(target)
    weight = work + 1e-9 * (work.max() + 1.0)
    whole = np.bincount(label, weight, areas)
    middle = np.column_stack([np.bincount(label, weight * places[:, k], areas) / whole
                              for k in (0, 1)])  # fmt: skip
    away = ((places - middle[label]) ** 2).sum(axis=1)
    order: Integers = np.lexsort([away, label]).astype(np.int64)
    seeds = np.asarray(order[np.flatnonzero(np.diff(label[order], prepend=-1))], dtype=np.int64)
    for area in np.flatnonzero(np.bincount(label, work, areas) < _LITTLE * target):
        free = np.setdiff1d(np.arange(len(work)), seeds)
        if free.size:
            seeds[area] = rng.choice(free, p=weight[free] / weight[free].sum())
    return seeds


def street_neighbours(network: Network) -> Integers:
    """Return which streets meet, as pairs of positions in the network, shape (m, 2)."""
    node = np.concatenate([network.start, network.end])
    street = np.tile(np.arange(len(network)), 2)
    order = np.lexsort([street, node])
    pairs = [np.zeros((0, 2), dtype=np.int64)]
    # At a crossing each street meets the next, the next but one, and so on.
    for apart in range(1, int(np.bincount(node, minlength=1).max())):
        one, other = order[:-apart], order[apart:]
        meet = node[one] == node[other]
        pairs.append(np.column_stack([street[one[meet]], street[other[meet]]]))
    found = np.concatenate(pairs)
    return np.asarray(found[found[:, 0] != found[:, 1]], dtype=np.int64)


def join_parts(neighbours: Integers, x: Floats, y: Floats) -> Integers:
    """Return the pairs of pieces by which parts that do not touch would be joined, nearest first.

    Parameters
    ----------
    neighbours : ndarray of int64, shape (m, 2)
        Which pieces touch.
    x, y : ndarray of float64, shape (n,)
        The pieces' middles, metres.

    Returns
    -------
    ndarray of int64, shape (parts - 1, 2)
        To be added to the neighbours, and to be told: there is no way between them.
    """
    places, joined = np.column_stack([x, y]), []
    count, part = csgraph.connected_components(_graph(neighbours, len(x)), directed=False)
    main = int(np.bincount(part, minlength=1).argmax())
    apart = np.full(len(x), np.inf)
    nearest = np.zeros(len(x), dtype=np.int64)
    fresh = np.flatnonzero(part == main)
    for _ in range(count - 1):
        # Each part joins the nearest piece of what is joined already (Prim's rule).
        left = np.flatnonzero(part != main)
        away, piece = _nearest(places[fresh], places[left])
        closer = away < apart[left]
        apart[left[closer]], nearest[left[closer]] = away[closer], fresh[piece[closer]]
        one = left[np.argmin(apart[left])]
        joined.append((int(one), int(nearest[one])))
        fresh = np.flatnonzero(part == part[one])
        part[fresh] = main
    return np.array(joined, dtype=np.int64).reshape(-1, 2)


def _nearest(among: Floats, places: Floats) -> tuple[Floats, Integers]:
    away, number = KDTree(among).query(places)
    return np.asarray(away, dtype=np.float64), np.asarray(number, dtype=np.int64)
