"""Tracks matched to streets by a hidden Markov model.

Newson and Krumm (2009), Hidden Markov Map Matching Through Noise and Sparseness, Proc. 17th ACM
SIGSPATIAL, 336-343: a position is normally distributed about the true place, equation (1), and
the route between two places is little longer than the straight line between the positions, by an
exponential distribution, equations (2) and (3); Viterbi's algorithm finds the likeliest places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.patrols.matching.candidates import find_candidates, thin
from gridmap.patrols.matching.cleaning import Cleaned
from gridmap.patrols.matching.graph import make_graph
from gridmap.patrols.matching.kernels import trace, viterbi
from gridmap.patrols.matching.walks import Walk, without_turns
from gridmap.patrols.network import Floats, Integers, Mode, Network

# Two thirds of positions in the plane are within 1.5 standard deviations of one axis.
_ACCURACY_SIGMAS = 1.5


@dataclass(frozen=True)
class Matching:
    """The parameters of the model, in metres.

    Attributes
    ----------
    sigma_m : float
        The standard deviation of positions along each axis; the least where accuracy is known.
    beta_m : float
        The mean of what a route is longer than the straight line.
    reach_m : float
        A position further from every street is on none.
    detour_m : float
        A route longer than the straight line by more was not walked. The match breaks where that,
        or what would avoid it, is the likeliest.
    turn_m : float
        Going back and forth by less is taken for error, into a side street too.
    most : int
        So many of the nearest streets are thought of.
    """

    sigma_m: float = 6.0
    beta_m: float = 4.0
    reach_m: float = 50.0
    detour_m: float = 150.0
    turn_m: float = 20.0
    most: int = 16


class _Pieces(NamedTuple):
    """The ways from each key point to the next, arrays of shape (pieces,)."""

    step: Integers
    segment: Integers
    from_m: Floats
    to_m: Floats


@dataclass(frozen=True, eq=False)
class Match:
    """A track on streets.

    Attributes
    ----------
    segment : ndarray of int64, shape (n,)
        Where each position was, a position in the network; -1 where on no street.
    along_m, distance_m : ndarray of float64, shape (n,)
        How far along the segment, and how far the position is from there; NaN where on none.
    walk : Walk
        What was walked.
    """

    segment: Integers
    along_m: Floats
    distance_m: Floats
    walk: Walk

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Whether each position is on a street, shape (n,)."""
        return self.segment >= 0


def match(
    network: Network, track: Cleaned, mode: Mode = Mode.FOOT, matching: Matching | None = None
) -> Match:
    """Match a cleaned track to streets.

    Parameters
    ----------
    network : Network
        The streets, in the metres of the track.
    track : Cleaned
        See `cleaning.clean`.
    mode : Mode
        One mode: how the patrol moves. One-way streets do not count on foot.
    matching : Matching, optional
        The model's parameters.

    Returns
    -------
    Match
    """
    matching = matching or Matching()
    graph = make_graph(network, mode)
    known = np.nan_to_num(track.accuracy_m / _ACCURACY_SIGMAS, nan=0.0)
    sigma = np.maximum(matching.sigma_m, known)
    key = thin(track.x, track.y, track.part, 2 * sigma)
    x, y, part = track.x[key], track.y[key], track.part[key]
    scale = network.length_m / shapely.length(network.lines)
    usable = graph.forward | graph.backward
    found = find_candidates(x, y, network.lines, usable, matching.reach_m, matching.most)
    along = found.along_m * scale[found.segment]
    spread = np.repeat(sigma[key], np.diff(found.first))
    likelihood = -0.5 * (found.distance_m / spread) ** 2
    back_m = 2 * matching.sigma_m
    chosen, begins = viterbi(
        graph, found.first, found.segment, along, likelihood, x, y, part,
        matching.beta_m, matching.detour_m, back_m,
    )  # fmt: skip
    # -1 picks the one appended, which stands for no street.
    segment, along = np.append(found.segment, -1)[chosen], np.append(along, np.nan)[chosen]
    step = np.flatnonzero(~begins[1:])
    bound = np.hypot(x[step + 1] - x[step], y[step + 1] - y[step]) + matching.detour_m
    table = np.array(trace(graph, segment, along, step, bound, back_m)).reshape(-1, 4)
    pieces = _Pieces(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), *table.T[2:])
    walk = _walk(pieces, track.time_s[key], begins)
    place = _place_all(network.lines, scale, track, key, (segment, along), pieces)
    return Match(*place, without_turns(walk, matching.turn_m))


def _walk(pieces: _Pieces, key_s: Floats, begins: NDArray[np.bool_]) -> Walk:
    """Date the pieces: within each step the speed is even."""
    way = np.abs(pieces.to_m - pieces.from_m)
    first = np.searchsorted(pieces.step, pieces.step)
    # A step without length takes its time in equal shares.
    idle = np.bincount(pieces.step, way, len(key_s))[pieces.step] == 0
    way[idle] = 1.0
    whole = np.bincount(pieces.step, way, len(key_s))[pieces.step]
    so_far = np.concatenate([[0.0], np.cumsum(way)])
    begin = so_far[:-1] - so_far[first]
    from_s, took = key_s[pieces.step], key_s[pieces.step + 1] - key_s[pieces.step]
    return Walk(
        pieces.segment, pieces.from_m, pieces.to_m, from_s + took * begin / whole,
        from_s + took * (begin + way) / whole, np.cumsum(begins)[pieces.step] - 1,
    )  # fmt: skip


def _place_all(
    lines: NDArray[np.object_], scale: Floats, track: Cleaned, key: Integers,
    places: tuple[Integers, Floats], pieces: _Pieces,
) -> tuple[Integers, Floats, Floats]:  # fmt: skip
    """Put each position on the nearest place of the way from the key point before to the next."""
    owner = np.searchsorted(key, np.arange(len(track.x)), side="right") - 1
    segment, along = places[0][owner], places[1][owner]
    points = np.asarray(shapely.points(track.x, track.y), dtype=object)
    low, high = np.searchsorted(pieces.step, owner), np.searchsorted(pieces.step, owner, "right")
    # A key point's own place is known already.
    high[key] = low[key]
    point = np.repeat(np.arange(len(owner)), high - low)
    piece = np.arange(point.size) - np.repeat(np.cumsum(high - low) - high, high - low)
    street = pieces.segment[piece]
    ends = np.sort([pieces.from_m[piece], pieces.to_m[piece]], axis=0)
    where = shapely.line_locate_point(lines[street], points[point]) * scale[street]
    where = np.clip(where, *ends)
    place = shapely.line_interpolate_point(lines[street], where / scale[street])
    order = np.lexsort([piece, shapely.distance(place, points[point]), point])
    nearest = order[np.diff(point[order], prepend=-1) > 0]
    segment[point[nearest]], along[point[nearest]] = street[nearest], where[nearest]
    distance, on = np.full(len(owner), np.nan), np.flatnonzero(segment >= 0)
    street = segment[on]
    place = shapely.line_interpolate_point(lines[street], along[on] / scale[street])
    distance[on] = shapely.distance(place, points[on])
    return segment, along, distance
