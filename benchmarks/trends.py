"""Emerging hotspots of 10,000 cells over 60 months and the rhythm of a million spans, beside SciPy.

Beside Mann-Kendall stands `scipy.stats.kendalltau` row by row on a part of the rows, scaled up;
both give the same tau.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import shapely
from scipy import stats

from gridmap.hotspots.comparison import compare_counts
from gridmap.hotspots.cube import space_time_gi_star
from gridmap.hotspots.emerging import emerging
from gridmap.hotspots.grids import make_grid
from gridmap.hotspots.mann_kendall import mann_kendall
from gridmap.hotspots.rhythm import aoristic_weights
from gridmap.hotspots.weights import adjacent, with_self

SIDE, MONTHS, SPANS, PART = 100, 60, 1_000_000, 200
GOAL_SECONDS = 2.0


def main() -> None:
    """Run the measurement."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rng = np.random.default_rng(1)
    grid = make_grid(shapely.box(0, 0, SIDE * 100, SIDE * 100), "square", 100)
    weights = with_self(adjacent(grid))
    counts = rng.poisson(rng.gamma(2, 1, (len(grid), 1)), (len(grid), MONTHS))
    start = np.datetime64("2020-01-01", "s") + rng.integers(0, 10**8, SPANS)
    end = start + rng.integers(0, 86400, SPANS)
    measured = {}

    began = time.perf_counter()
    z = space_time_gi_star(counts, weights)
    measured["gi_star_s"] = time.perf_counter() - began
    began = time.perf_counter()
    trend = mann_kendall(z)
    measured["mann_kendall_s"] = time.perf_counter() - began
    began = time.perf_counter()
    emerging(z)
    measured["emerging_with_mann_kendall_s"] = time.perf_counter() - began
    began = time.perf_counter()
    compare_counts(counts[:, :12].sum(axis=1), counts[:, 12:24].sum(axis=1))
    measured["comparison_s"] = time.perf_counter() - began
    began = time.perf_counter()
    aoristic_weights(start, end)
    measured["aoristic_million_s"] = time.perf_counter() - began

    began = time.perf_counter()
    taus = [stats.kendalltau(np.arange(MONTHS), row).statistic for row in z[:PART]]
    beside = (time.perf_counter() - began) * len(z) / PART
    np.testing.assert_allclose(trend.tau[:PART], taus)
    whole = measured["gi_star_s"] + measured["emerging_with_mann_kendall_s"]
    print(json.dumps({
        "benchmark": "trends",
        "goal": f"emerging hotspots of {len(grid)} cells and {MONTHS} months in {GOAL_SECONDS} s",
        "measured": {name: round(seconds, 3) for name, seconds in measured.items()},
        "beside": {"scipy_kendalltau_s": round(beside, 2)},
        "ok": whole < GOAL_SECONDS,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
