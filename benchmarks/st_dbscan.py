"""ST-DBSCAN of a million points, beside scikit-learn's DBSCAN of the same points in space only.

Each runs in a process of its own, so that the memory is its own: what is measured is the greatest
resident memory less that before the points were clustered. Compiling is left out of the time, and
reported.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

GOAL_S, GOAL_GB = 15, 2
RADIUS_M, DAYS, MIN_POINTS = 100.0, 7.0, 5
SIDE_M, YEARS_DAYS = 30_000.0, 3 * 365


def city(size: int) -> NDArray[np.float64]:
    """Make points in a city: half anywhere at any time, half near 2,000 centres, 200 in bursts."""
    rng = np.random.default_rng(6)
    points = rng.uniform(0, [SIDE_M, SIDE_M, YEARS_DAYS], (size, 3))
    near = size // 2
    which = rng.integers(0, 2000, near)
    centres = rng.uniform(0, SIDE_M, (2000, 2))
    points[:near, :2] = centres[which] + rng.normal(0, 150, (near, 2))
    burst = which < 200
    begins = rng.uniform(0, YEARS_DAYS - 30, 200)
    points[:near, 2][burst] = begins[which[burst]] + rng.uniform(0, 30, int(burst.sum()))
    return points


def _resident_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def ours(points: NDArray[np.float64]) -> tuple[float, NDArray[np.int64]]:
    """Cluster in space and time; return the seconds of compiling, then the clusters."""
    from gridmap.hotspots.st_dbscan import st_dbscan

    began = time.perf_counter()
    st_dbscan(*points[:1000].T, radius=RADIUS_M, days=DAYS, min_points=MIN_POINTS)
    warm = time.perf_counter() - began
    return warm, st_dbscan(*points.T, radius=RADIUS_M, days=DAYS, min_points=MIN_POINTS)


def theirs(points: NDArray[np.float64]) -> tuple[float, NDArray[np.int64]]:
    """Cluster in space by scikit-learn on all cores."""
    from sklearn.cluster import DBSCAN

    model = DBSCAN(eps=RADIUS_M, min_samples=MIN_POINTS, n_jobs=-1)
    return 0.0, np.asarray(model.fit_predict(points[:, :2]))


def run(name: str, size: int) -> dict[str, Any]:
    """Measure one of both in this process."""
    points = city(size)
    before = _resident_gb()
    began = time.perf_counter()
    warm, labels = {"ours": ours, "theirs": theirs}[name](points)
    return {
        "seconds": round(time.perf_counter() - began - warm, 2),
        "gb": round(_resident_gb() - before, 2),
        "compiling_s": round(warm, 2),
        "clusters": int(labels.max()) + 1,
        "noise": int((labels < 0).sum()),
    }


def apart(name: str, size: int) -> dict[str, Any]:
    """Measure one of both in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.st_dbscan", "--rows", str(size), "--only", name]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["ours", "theirs"])
    options = parser.parse_args()
    if options.only:
        print(json.dumps(run(options.only, options.rows)))
        return
    measured, beside = apart("ours", options.rows), apart("theirs", options.rows)
    print(
        json.dumps(
            {
                "benchmark": "st_dbscan",
                "goal": f"{options.rows:,} points in {GOAL_S} s and {GOAL_GB} GB",
                "measured": measured,
                "beside": {"scikit-learn DBSCAN in space only": beside},
                "ok": measured["seconds"] < GOAL_S and measured["gb"] < GOAL_GB,
            }
        )
    )


if __name__ == "__main__":
    main()
