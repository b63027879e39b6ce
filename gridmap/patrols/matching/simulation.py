"""Walks that never took place, of which the truth is known: for demonstrations and measurements."""

from __future__ import annotations

import numpy as np
import shapely

from gridmap.patrols.matching.graph import Graph, make_graph
from gridmap.patrols.matching.walks import Walk
from gridmap.patrols.network import SPEED, Floats, Mode, Network


def wander(
    network: Network, length_m: float, seed: int, mode: Mode = Mode.FOOT, origin: int | None = None
) -> Walk:
    """Walk about, rather into streets not walked yet, and back only at dead ends.

    Parameters
    ----------
    network : Network
        The streets.
    length_m : float
        The walk ends at the first crossing after so many metres.
    seed : int
        The same seed gives the same walk.
    mode : Mode
        Its streets are used, at its `SPEED`.
    origin : int, optional
        The node to begin at; any that streets leave if not given.

    Returns
    -------
    Walk
        Whole segments in one chain, beginning at 0 seconds.

    Raises
    ------
    ValueError
        If no street leaves the origin, or the walk gets to where none leaves.
    """
    rng = np.random.default_rng(seed)
    graph = make_graph(network, mode)
    node = int(rng.choice(graph.start[graph.segment])) if origin is None else origin
    walked = np.zeros(len(network), dtype=np.int64)
    segments, against, so_far, last = [], [], 0.0, -1
    while so_far < length_m:
        way = _next(graph, node, walked, last, rng)
        last, node = int(graph.segment[way]), int(graph.to[way])
        walked[last] += 1
        segments.append(last)
        forward = node == graph.end[last] and (node != graph.start[last] or graph.forward[last])
        against.append(not forward)
        so_far += float(network.length_m[last])
    segment, turned = np.array(segments), np.array(against)
    length = network.length_m[segment]
    left = np.cumsum(length) / SPEED[mode]
    return Walk(
        segment, np.where(turned, length, 0.0), np.where(turned, 0.0, length),
        np.concatenate([[0.0], left[:-1]]), left, np.zeros(len(segment), dtype=np.int64),
    )  # fmt: skip


def _next(graph: Graph, node: int, walked: np.ndarray, last: int, rng: np.random.Generator) -> int:
    ways = np.arange(graph.first[node], graph.first[node + 1])
    if ways.size == 0:
        raise ValueError(f"no street leaves node {node}")
    onward = ways[graph.segment[ways] != last]
    ways = onward if onward.size else ways
    often = walked[graph.segment[ways]]
    return int(rng.choice(ways[often == often.min()]))


def observe(
    network: Network, walk: Walk, every_s: float, sigma_m: float, seed: int, memory_s: float = 10.0
) -> tuple[Floats, Floats, Floats]:
    """Return the positions that a device would tell during a walk.

    Parameters
    ----------
    network : Network
        The streets.
    walk : Walk
        One chain.
    every_s : float
        Seconds between positions.
    sigma_m : float
        The standard deviation of the error along each axis; 0 for none.
    seed : int
        The same seed gives the same errors.
    memory_s : float
        Errors follow each other smoothly, as those of satellites do: after so many seconds their
        correlation is 1 / e. 0 for errors that know nothing of each other.

    Returns
    -------
    x, y, time_s : ndarray of float64, shape (n,)
    """
    time = np.arange(walk.entered_s[0], walk.left_s[-1], every_s)
    piece = np.searchsorted(walk.left_s, time, side="right")
    share = (time - walk.entered_s[piece]) / (walk.left_s - walk.entered_s)[piece]
    along = walk.from_m[piece] + share * (walk.to_m - walk.from_m)[piece]
    street = walk.segment[piece]
    whole = along / network.length_m[street]
    places = shapely.line_interpolate_point(network.lines[street], whole, normalized=True)
    error = np.random.default_rng(seed).normal(0, sigma_m, (len(time), 2))
    kept = np.exp(-every_s / memory_s) if memory_s > 0 else 0.0
    for k in range(1, len(time)):
        error[k] = kept * error[k - 1] + np.sqrt(1 - kept**2) * error[k]
    return shapely.get_x(places) + error[:, 0], shapely.get_y(places) + error[:, 1], time
