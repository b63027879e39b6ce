"""Which stretches of streets were walked, and what of a plan was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from gridmap.patrols.matching.cleaning import Cleaned
from gridmap.patrols.matching.walks import Walk
from gridmap.patrols.network import Floats, Integers

# A drawn line is looked at in pieces of at most as many metres.
_PIECE_M = 5.0


@dataclass(frozen=True, eq=False)
class Stretches:
    """Parts of segments that do not overlap, arrays of shape (n,), by segment and then by from.

    Attributes
    ----------
    segment : ndarray of int64
        The position of the segment in the network.
    from_m, to_m : ndarray of float64
        Along the segment, from below to.
    """

    segment: Integers
    from_m: Floats
    to_m: Floats


@dataclass(frozen=True, eq=False)
class Comparison:
    """What of a planned route was walked.

    Attributes
    ----------
    length_m : float
        The length of the plan; what it goes over twice counts twice.
    missed : ndarray of float64, shape (n, 2)
        From where to where along the plan it was not walked, in metres.
    """

    length_m: float
    missed: Floats

    @property
    def walked_m(self) -> float:
        """How much of the plan was walked."""
        return self.length_m - float((self.missed[:, 1] - self.missed[:, 0]).sum())

    @property
    def share(self) -> float:
        """The share walked, 0 to 1; NaN for a plan without length."""
        return self.walked_m / self.length_m if self.length_m > 0 else np.nan


def union(segment: Integers, from_m: Floats, to_m: Floats) -> Stretches:
    """Join what was walked, in whichever direction and however often.

    Parameters
    ----------
    segment : ndarray of int64, shape (n,)
        Of one walk or of many.
    from_m, to_m : ndarray of float64, shape (n,)
        See `Walk`.

    Returns
    -------
    Stretches
    """
    low, high = np.minimum(from_m, to_m), np.maximum(from_m, to_m)
    order = np.lexsort([low, segment])
    order = order[high[order] > low[order]]
    if order.size == 0:
        return Stretches(segment[:0], low[:0], high[:0])
    # All segments one after the other on one line, so far apart that none touches the next.
    apart = float(high.max()) + 1.0
    begin, end = (values[order] + apart * segment[order] for values in (low, high))
    reached = np.maximum.accumulate(end)
    opens = np.append(0, np.flatnonzero(begin[1:] > reached[:-1]) + 1)
    first = order[opens]
    return Stretches(segment[first], low[first], np.maximum.reduceat(high[order], opens))


def walked_m(walked: Stretches, segments: int) -> Floats:
    """Return how many metres of each segment were walked.

    Parameters
    ----------
    walked : Stretches
        See `union`.
    segments : int
        How many segments the network has.

    Returns
    -------
    ndarray of float64, shape (segments,)
        Over the network's lengths, the share of each that was walked.
    """
    length_m = walked.to_m - walked.from_m
    return np.bincount(walked.segment, length_m, minlength=segments).astype(np.float64)


def compare_streets(
    segment: Integers, from_m: Floats, to_m: Floats, walked: Stretches, slack_m: float = 20.0
) -> Comparison:
    """Hold a plan along streets against what was walked, in whichever order and direction.

    Parameters
    ----------
    segment : ndarray of int64, shape (pieces,)
        The segments of the plan in order.
    from_m, to_m : ndarray of float64, shape (pieces,)
        From where to where along each.
    walked : Stretches
        What was walked.
    slack_m : float
        A shorter stretch is not missed: positions err.

    Returns
    -------
    Comparison
    """
    length = np.abs(to_m - from_m)
    begin = np.cumsum(length) - length
    low, high = np.minimum(from_m, to_m), np.maximum(from_m, to_m)
    one = np.searchsorted(walked.segment, segment)
    other = np.searchsorted(walked.segment, segment, side="right")
    piece = np.repeat(np.arange(len(segment)), other - one)
    at = np.arange(piece.size) - np.repeat(np.cumsum(other - one) - other, other - one)
    enter = np.clip(walked.from_m[at], low[piece], high[piece])
    leave = np.clip(walked.to_m[at], low[piece], high[piece])
    against = (to_m < from_m)[piece]
    first = np.where(against, high[piece] - leave, enter - low[piece]) + begin[piece]
    done = np.column_stack([first, first + leave - enter])[leave > enter]
    return _missing(done, float(length.sum()), slack_m)


def compare_line(
    plan: shapely.LineString, walked: NDArray[np.object_], within_m: float, slack_m: float = 20.0
) -> Comparison:
    """Hold a plan of any line, on streets or off them, against what was walked near it.

    Parameters
    ----------
    plan : LineString
        In metres.
    walked : ndarray of Geometry, shape (n,)
        Lines or points in the same CRS, see `walk_lines` and `track_lines`.
    within_m : float
        Half the width of the corridor: a piece of the plan was walked if a line is as near to its
        middle. A parallel street within the corridor counts.
    slack_m : float
        A shorter stretch is not missed.

    Returns
    -------
    Comparison
    """
    count = max(int(np.ceil(plan.length / _PIECE_M)), 1)
    edges = np.linspace(0, plan.length, count + 1)
    middles = shapely.line_interpolate_point(plan, (edges[:-1] + edges[1:]) / 2)
    near = shapely.STRtree(walked).query(middles, predicate="dwithin", distance=within_m)[0]
    found = np.unique(near)
    done = np.column_stack([edges[found], edges[found + 1]])
    return _missing(done, plan.length, slack_m)


def _missing(done: Floats, length_m: float, slack_m: float) -> Comparison:
    """Return what lies between the stretches done."""
    done = done[np.argsort(done[:, 0])]
    ends = np.maximum.accumulate(np.append(0.0, done[:, 1]))
    missed = np.column_stack([ends, np.append(done[:, 0], length_m)])
    # A short plan may be shorter than the slack and still missed as a whole.
    least = min(slack_m, length_m)
    return Comparison(length_m, missed[(missed[:, 1] - missed[:, 0] >= least) & (least > 0)])


def walk_lines(lines: NDArray[np.object_], length_m: Floats, walk: Walk) -> NDArray[np.object_]:
    """Draw a walk along the streets' lines.

    Parameters
    ----------
    lines, length_m : ndarray, shape (segments,)
        Of the network.
    walk : Walk
        What was walked.

    Returns
    -------
    ndarray of LineString, shape (pieces,)
        In the direction of walking; a Point for a piece without length.
    """
    whole = length_m[walk.segment]
    pieces = zip(lines[walk.segment], walk.from_m / whole, walk.to_m / whole, strict=True)
    drawn = [substring(line, a, b, normalized=True) for line, a, b in pieces]
    return np.array([*drawn, None], dtype=object)[:-1]


def track_lines(track: Cleaned) -> NDArray[np.object_]:
    """Join the positions of each part of a track by straight lines.

    Parameters
    ----------
    track : Cleaned
        See `cleaning.clean`.

    Returns
    -------
    ndarray of Geometry
        A two-point LineString for each step within a part, and a Point for a part of one position.
    """
    xy = np.column_stack([track.x, track.y])
    inside = np.flatnonzero(np.diff(track.part) == 0)
    steps = shapely.linestrings(np.stack([xy[inside], xy[inside + 1]], axis=1))
    alone = np.bincount(track.part)[track.part] == 1 if len(xy) else np.zeros(0, np.bool_)
    return np.concatenate([steps, shapely.points(xy[alone])])
