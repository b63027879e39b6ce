"""The way along streets, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers

_SAME_M = 1e-6


@dataclass(frozen=True, eq=False)
class Walk:
    """What was walked, arrays of shape (pieces,).

    Attributes
    ----------
    segment : ndarray of int64
        The position of the segment in the network.
    from_m, to_m : ndarray of float64
        Along the segment; from is greater where it was walked against the line.
    entered_s, left_s : ndarray of float64
        When, in the seconds of the track.
    chain : ndarray of int64
        Pieces of one chain lead into each other; between chains it is not known where the patrol
        was, or it was on no street.
    """

    segment: Integers
    from_m: Floats
    to_m: Floats
    entered_s: Floats
    left_s: Floats
    chain: Integers

    def __len__(self) -> int:
        return len(self.segment)

    @property
    def length_m(self) -> float:
        """How far it is in all."""
        return float(np.abs(self.to_m - self.from_m).sum())


def without_turns(walk: Walk, turn_m: float) -> Walk:
    """Join pieces that go on, and leave out going back and forth by less than some metres.

    The least turns go first, so that many of them never add up to more than one.

    Parameters
    ----------
    walk : Walk
        Any walk.
    turn_m : float
        A way out and back along the same street is left out if one of the two is shorter, be it
        within the street or into a side street and out again. 0 keeps all.

    Returns
    -------
    Walk
        With no two pieces in the same direction one after the other on a segment; pieces of no
        length only where a chain has none else.
    """
    segment, chain = walk.segment.copy(), walk.chain.copy()
    span = np.column_stack([walk.from_m, walk.to_m])
    time = np.column_stack([walk.entered_s, walk.left_s])
    n = _straighten(segment, chain, span, time, turn_m)
    return Walk(
        segment[:n], span[:n, 0].copy(), span[:n, 1].copy(), time[:n, 0].copy(),
        time[:n, 1].copy(), chain[:n],
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _straighten(
    segment: Integers, chain: Integers, span: Floats, time: Floats, turn_m: float
) -> int:
    """Straighten in place, and return how many pieces are left."""
    n = _join(segment, chain, span, time, segment.size)
    while True:
        least, at = turn_m, -1
        for k in range(n - 1):
            depth = _depth(segment, chain, span, k)
            if depth < least:
                least, at = depth, k
        if at < 0:
            return n
        # Both the way out and the way back get shorter by as much; one of them or both vanish.
        span[at, 1] -= least * np.sign(span[at, 1] - span[at, 0])
        span[at + 1, 0] = span[at, 1]
        n = _join(segment, chain, span, time, n)


@njit(cache=True, nogil=True)
def _depth(segment: Integers, chain: Integers, span: Floats, k: int) -> float:
    """Return how far piece k is walked back by the next; inf where it is no turn."""
    out, back = span[k, 1] - span[k, 0], span[k + 1, 1] - span[k + 1, 0]
    if segment[k] != segment[k + 1] or chain[k] != chain[k + 1] or out * back >= 0:
        return np.inf
    # A loop may be entered again by its other end, which is no turn.
    if abs(span[k, 1] - span[k + 1, 0]) > _SAME_M:
        return np.inf
    return float(min(abs(out), abs(back)))


@njit(cache=True, nogil=True)
def _join(segment: Integers, chain: Integers, span: Floats, time: Floats, n: int) -> int:
    """Join pieces that go on in the same direction, and drop those without length."""
    kept = 0
    for k in range(n):
        before = kept - 1
        follows = kept > 0 and chain[before] == chain[k]
        out = span[before, 1] - span[before, 0]
        way = span[k, 1] - span[k, 0]
        if follows and abs(way) <= _SAME_M:
            time[before, 1] = time[k, 1]
            continue
        if follows and abs(out) <= _SAME_M:
            # The one before has no length and was only kept for want of another.
            segment[before], span[before, 0], span[before, 1] = segment[k], span[k, 0], span[k, 1]
            time[before, 1] = time[k, 1]
            continue
        touches = abs(span[before, 1] - span[k, 0]) <= _SAME_M
        if follows and segment[before] == segment[k] and out * way > 0 and touches:
            span[before, 1] = span[k, 1]
            time[before, 1] = time[k, 1]
            continue
        segment[kept], chain[kept] = segment[k], chain[k]
        span[kept, 0], span[kept, 1] = span[k, 0], span[k, 1]
        time[kept, 0], time[kept, 1] = time[k, 0], time[k, 1]
        kept += 1
    return kept


def is_connected(walk: Walk, start: Integers, end: Integers, length_m: Floats) -> bool:
    """Return whether each piece begins where the one before ends, chain by chain.

    Parameters
    ----------
    walk : Walk
        The pieces.
    start, end : ndarray of int64, shape (segments,)
        The nodes of the network's segments.
    length_m : ndarray of float64, shape (segments,)
        Their lengths.
    """
    reach = length_m[walk.segment]
    same = walk.chain[1:] == walk.chain[:-1]
    stays = (walk.segment[1:] == walk.segment[:-1]) & (
        np.abs(walk.from_m[1:] - walk.to_m[:-1]) <= _SAME_M
    )
    leaving = _node(walk.segment, walk.to_m, reach, start, end)[:-1]
    entering = _node(walk.segment, walk.from_m, reach, start, end)[1:]
    passes = (leaving == entering) & (leaving >= 0)
    return bool((~same | stays | passes).all())


def _node(
    segment: Integers, along: Floats, reach: Floats, start: Integers, end: Integers
) -> NDArray[np.int64]:
    node = np.where(along >= reach - _SAME_M, end[segment], -1)
    return np.where(along <= _SAME_M, start[segment], node)
