"""Whether a track stopped where it should, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gridmap.patrols.matching.cleaning import Cleaned
from gridmap.patrols.network import Floats


class Verdict(StrEnum):
    """How a stop was kept."""

    VISITED = "visited"
    TOO_SHORT = "too_short"
    MISSED = "missed"


@dataclass(frozen=True)
class Wanted:
    """A place to stop at: its centre and radius in metres, and the seconds to stay."""

    x: float
    y: float
    radius_m: float
    dwell_s: float


@dataclass(frozen=True, eq=False)
class Visit:
    """What became of a stop.

    Attributes
    ----------
    verdict : Verdict
    arrived_s, left_s : float
        Of the longest stay, the first of equally long ones; NaN if there was none.
    stays : ndarray of float64, shape (n, 2)
        From when to when the track was there, each time.
    """

    verdict: Verdict
    arrived_s: float
    left_s: float
    stays: Floats

    @property
    def stayed_s(self) -> float:
        """How long the longest stay was, in seconds; 0 if there was none."""
        return self.left_s - self.arrived_s if len(self.stays) else 0.0


def visit(track: Cleaned, wanted: Wanted, aside_s: float = 60.0) -> Visit:
    """Tell how a track kept a stop.

    Between two positions of a part the track goes straight and evenly.

    Parameters
    ----------
    track : Cleaned
        See `cleaning.clean`.
    wanted : Wanted
        The stop, in the same metres.
    aside_s : float
        Who is back as soon has not left: positions err.

    Returns
    -------
    Visit
    """
    stays = _present(track, wanted)
    if len(stays) == 0:
        return Visit(Verdict.MISSED, np.nan, np.nan, stays)
    stays = stays[np.argsort(stays[:, 0], kind="stable")]
    opens = np.append(0, np.flatnonzero(stays[1:, 0] - stays[:-1, 1] > aside_s) + 1)
    closes = np.append(opens[1:], len(stays)) - 1
    stays = np.column_stack([stays[opens, 0], stays[closes, 1]])
    arrived, left = stays[np.argmax(stays[:, 1] - stays[:, 0])]
    enough = left - arrived >= wanted.dwell_s
    verdict = Verdict.VISITED if enough else Verdict.TOO_SHORT
    return Visit(verdict, float(arrived), float(left), stays)


def _present(track: Cleaned, wanted: Wanted) -> Floats:
    """Return from when to when each step of the track is inside the circle, shape (n, 2)."""
    x, y, t = track.x - wanted.x, track.y - wanted.y, track.time_s
    inside = np.hypot(x, y) <= wanted.radius_m
    moments = np.column_stack([t[inside], t[inside]])
    step = np.flatnonzero(np.diff(track.part) == 0)
    east, north, took = (np.diff(values)[step] for values in (x, y, t))
    # |p + f d| = r is a quadratic equation in f, the share of the step.
    a = east**2 + north**2
    b = x[step] * east + y[step] * north
    c = x[step] ** 2 + y[step] ** 2 - wanted.radius_m**2
    moves = a > 0
    square = b**2 - a * c
    root = np.sqrt(np.maximum(square, 0.0))
    divisor = np.where(moves, a, 1.0)
    enter = np.where(moves, np.clip((-b - root) / divisor, 0, 1), 0.0)
    leave = np.where(moves, np.clip((-b + root) / divisor, 0, 1), 1.0)
    crosses = np.where(moves, (square > 0) & (leave > enter), c <= 0)
    spans = np.column_stack([t[step] + enter * took, t[step] + leave * took])
    return np.concatenate([moments, spans[crosses]])
