"""The Bernoulli model of Kulldorff's scan statistic."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gridmap.hotspots.faults import Reason, Unsuitable
from gridmap.hotspots.scan.arrays import Floats, Ints
from gridmap.hotspots.scan.circles import make_circles
from gridmap.hotspots.scan.clusters import Inside, Scan, find_clusters
from gridmap.hotspots.scan.kernels import scan_all
from gridmap.hotspots.scan.models import enough, table
from gridmap.hotspots.scan.settings import Chance, Windows
from gridmap.hotspots.ticks import Tick


def bernoulli_scan(
    x: ArrayLike,
    y: ArrayLike,
    counts: ArrayLike,
    controls: ArrayLike,
    *,
    windows: Windows | None = None,
    chance: Chance | None = None,
    tick: Tick | None = None,
) -> Scan:
    """Find where a greater share is a case than elsewhere, such as of all reports the urgent ones.

    Kulldorff & Nagarwalla (1995), Statistics in Medicine 14, 799-810; Kulldorff (1997). Every
    window is visited, so long periods with many locations take long.

    Parameters
    ----------
    x, y
        Locations in metres, shape (n,).
    counts, controls
        Cases and those that are none, both of shape (n,), or (n, periods) for clusters in space
        and time.
    windows, chance, tick
        See there; the cap is a share of cases and controls. `relative_risk` of a cluster compares
        the share of cases inside and outside.

    Raises
    ------
    Unsuitable
        There are too few cases, no controls, or all lie at one place.
    """
    windows, chance = windows or Windows(), chance or Chance()
    east, north = np.asarray(x, float), np.asarray(y, float)
    cases = table(counts)
    sizes = cases + table(controls)
    total, everybody = enough(int(cases.sum()), windows), int(sizes.sum())
    if everybody == total:
        raise Unsuitable(Reason.NO_POPULATION)
    circles = make_circles(east, north, sizes.sum(axis=1).astype(float), windows)
    most = min(windows.max_periods, sizes.shape[1])
    since = sizes.shape[1] - most if windows.prospective else 0
    people = np.ascontiguousarray(sizes[:, since:], float)

    def scan(
        cells: Ints, since_centre: int, until: int, keep: bool, found: Floats, floor: float
    ) -> float:
        ratio = scan_all(
            since_centre, until, circles.order, circles.first, circles.ends, circles.ends_first,
            np.ascontiguousarray(cells[:, since:], float), people, total, everybody, True,
            windows.prospective, min(windows.min_periods, most), most, windows.min_cases,
            keep, found, floor,
        )  # fmt: skip
        return float(ratio)

    def look(since_centre: int, until: int, keep: bool, found: Floats, floor: float) -> float:
        return scan(cases, since_centre, until, keep, found, floor)

    def largest(random: np.random.Generator) -> float:
        drawn = random.multivariate_hypergeometric(sizes.ravel(), total, method="marginals")
        return scan(drawn.reshape(sizes.shape), 0, east.size, False, np.zeros((0, 4)), 0.0)

    def content(locations: Ints, first: int, last: int) -> Inside:
        first, last = first + since, last + since
        inside, size = (float(each[locations, first : last + 1].sum()) for each in (cases, sizes))
        outside = (total - inside) / (everybody - size) if everybody > size else 0.0
        risk = inside / size / outside if outside else float("inf")
        return Inside(first, last, inside, size * total / everybody, risk)

    return find_clusters(east, north, circles, look, largest, content, chance, tick)
