"""The streets as a graph that routes, plans and tracks are worked out on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Masks = NDArray[np.uint8]


class Mode(IntFlag):
    """How a patrol moves; a segment's mask joins the modes it allows in a direction."""

    FOOT = 1
    BICYCLE = 2
    CAR = 4


#: Metres per second: a patrol looks about while it moves.
SPEED: dict[Mode, float] = {Mode.FOOT: 1.25, Mode.BICYCLE: 3.5, Mode.CAR: 7.0}


@dataclass(frozen=True, eq=False)
class Network:
    """Streets between crossings; coordinates are metres in one local metric CRS.

    Attributes
    ----------
    x, y : ndarray of float64, shape (nodes,)
        The crossings and ends.
    start, end : ndarray of int64, shape (segments,)
        The node where each segment's line begins and ends.
    length_m : ndarray of float64, shape (segments,)
    forward, backward : ndarray of uint8, shape (segments,)
        The modes allowed along the line and against it, see `Mode`.
    lines : ndarray of LineString, shape (segments,)
    segment_id : ndarray of int64, shape (segments,)
        The ids in the database, rising.
    name : ndarray of str, shape (segments,)
        The streets' names, empty where there are none.
    """

    x: Floats
    y: Floats
    start: Integers
    end: Integers
    length_m: Floats
    forward: Masks
    backward: Masks
    lines: NDArray[np.object_]
    segment_id: Integers
    name: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.length_m)
