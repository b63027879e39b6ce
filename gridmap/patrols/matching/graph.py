"""The streets that one mode may use, as arrays for compiled searches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.patrols.network import Floats, Integers, Mode, Network


class Graph(NamedTuple):
    """Which ways lead from each crossing.

    Attributes
    ----------
    first : ndarray of int64, shape (nodes + 1,)
        Where the ways that leave each node begin in the next three.
    to, segment : ndarray of int64, shape (ways,)
        The node a way leads to, and the segment it is.
    length_m : ndarray of float64, shape (segments,)
    start, end : ndarray of int64, shape (segments,)
        The nodes of each segment.
    forward, backward : ndarray of bool, shape (segments,)
        Whether the mode may go along the line and against it.
    """

    first: Integers
    to: Integers
    segment: Integers
    length_m: Floats
    start: Integers
    end: Integers
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]


def make_graph(network: Network, mode: Mode) -> Graph:
    """Return the streets of a network that a mode may use, one-ways aside on foot."""
    forward = (network.forward & mode) > 0
    backward = (network.backward & mode) > 0
    if mode == Mode.FOOT:
        forward = backward = forward | backward
    along, against = np.flatnonzero(forward), np.flatnonzero(backward)
    origin = np.concatenate([network.start[along], network.end[against]])
    to = np.concatenate([network.end[along], network.start[against]])
    segment = np.concatenate([along, against])
    order = np.argsort(origin, kind="stable")
    leaving = np.bincount(origin, minlength=len(network.x))
    return Graph(
        np.concatenate([[0], np.cumsum(leaving)]), to[order], segment[order],
        network.length_m, network.start, network.end, forward, backward,
    )  # fmt: skip
