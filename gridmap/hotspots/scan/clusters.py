"""From the best window of each centre to the clusters that are reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridmap.hotspots.parallel import in_order
from gridmap.hotspots.scan.arrays import Floats, Ints
from gridmap.hotspots.scan.chance import SAME, Maxima, replicate
from gridmap.hotspots.scan.circles import Circles
from gridmap.hotspots.scan.settings import Chance
from gridmap.hotspots.ticks import Tick

#: Centres that one thread takes at once.
CENTRES = 64

Look = Callable[[int, int, bool, Floats, float], float]
"""Looks at the real data round some centres: since, until, keep, found and floor."""


@dataclass(frozen=True)
class Inside:
    """What a window holds, and its first and last period counted from the first of the study."""

    first: int
    last: int
    cases: float
    expected: float
    relative_risk: float


@dataclass(frozen=True)
class Scan:
    """What a scan found.

    Attributes
    ----------
    clusters
        The most likely cluster and the less likely ones that share no location with a likelier
        one, likeliest first. Columns: `locations` (positions in the input, nearest to the centre
        first), `centre` (one of them), `x`, `y` and `radius` in metres, `first` and `last`
        period (both belong to it; in a purely spatial scan 0 and 0), `cases`, `expected`,
        `relative_risk`, `llr` (the logarithm of the likelihood ratio) and `p`.
    maxima
        The greatest ratio of each replication.
    stopped
        Whether the replications ended early since chance had reached the ratio often enough.
    """

    clusters: pd.DataFrame
    maxima: Floats
    stopped: bool


def find_clusters(
    x: Floats,
    y: Floats,
    circles: Circles,
    look: Look,
    draw: Callable[[np.random.Generator], float],
    content: Callable[[Ints, int, int], Inside],
    chance: Chance,
    tick: Tick | None,
) -> Scan:
    """Scan the real data and the random ones, and choose what is reported.

    Secondary clusters are SaTScan's: the best window round each centre, without those whose
    locations overlap with a likelier one's. A window that every replication beats says nothing,
    and is left out, unless it is the most likely one.
    """
    found = np.zeros((x.size, 4))
    pieces = -(-x.size // CENTRES)
    share = greatest = 0.0

    def beat() -> None:
        if tick:
            tick(share)

    def largest(number: int) -> float:
        return look(number * CENTRES, min((number + 1) * CENTRES, x.size), False, found, greatest)

    for number, ratio in enumerate(in_order(largest, pieces, beat)):
        greatest, share = max(greatest, ratio), 0.05 * (number + 1) / pieces
    inner = (lambda done: tick(0.05 + 0.9 * done)) if tick else None
    maxima = replicate(draw, greatest, chance, inner)
    floor = min(greatest, float(maxima.ratios.min())) * (1 - 2 * SAME)

    def keep(number: int) -> float:
        return look(number * CENTRES, min((number + 1) * CENTRES, x.size), True, found, floor)

    share = 0.95
    for number, _ in enumerate(in_order(keep, pieces, beat)):
        share = 0.95 + 0.05 * (number + 1) / pieces
    beat()
    chosen = _without_overlap(found, circles)
    rows = [_row(x, y, circles, found[centre], centre, content) for centre in chosen]
    clusters = pd.DataFrame(rows, columns=_COLUMNS)
    return Scan(_judged(clusters, maxima, chance), maxima.ratios, maxima.stopped)


_COLUMNS = [
    "locations", "centre", "x", "y", "radius", "first", "last", "cases", "expected",
    "relative_risk", "llr",
]  # fmt: skip


def _without_overlap(found: Floats, circles: Circles) -> list[int]:
    """Return the centres of the clusters that are reported, likeliest first."""
    centres = np.flatnonzero(found[:, 0] > 0)
    held = {centre: circles.inside(centre, int(found[centre, 1])) for centre in centres.tolist()}
    # Of windows that hold the same but for empty locations the smallest comes first. Rounding,
    # since the same window may differ in the last digit from another centre.
    ranks = np.lexsort(([inside.size for inside in held.values()], -found[centres, 0].round(9)))
    taken = np.zeros(found.shape[0], bool)
    chosen = []
    for centre in centres[ranks].tolist():
        if not taken[held[centre]].any():
            taken[held[centre]] = True
            chosen.append(centre)
    return chosen


def _row(
    x: Floats,
    y: Floats,
    circles: Circles,
    best: Floats,
    centre: int,
    content: Callable[[Ints, int, int], Inside],
) -> list[object]:
    locations = circles.inside(centre, int(best[1]))
    inside = content(locations, int(best[2]), int(best[2] + best[3]) - 1)
    radius = float(np.hypot(x[locations] - x[centre], y[locations] - y[centre]).max())
    return [
        locations, centre, float(x[centre]), float(y[centre]), radius, inside.first, inside.last,
        round(inside.cases), inside.expected, inside.relative_risk, float(best[0]),
    ]  # fmt: skip


def _judged(clusters: pd.DataFrame, maxima: Maxima, chance: Chance) -> pd.DataFrame:
    judged = clusters.assign(
        p=np.array([maxima.p(ratio, chance.method) for ratio in clusters["llr"]], float)
    )
    return judged[(judged["p"] < 1) | (judged.index == 0)]
