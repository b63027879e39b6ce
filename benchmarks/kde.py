"""The density of a million points on 1024 x 1024 pixels, beside KDEpy and SciPy."""

from __future__ import annotations

import argparse
import json
import warnings

import numpy as np
import shapely

from benchmarks.gi_star import timed
from gridmap.hotspots.bandwidths import cross_validated, silverman
from gridmap.hotspots.density import density

GOAL_S = 0.3
PIXELS = 1024
SIDE_M = 10_000.0
BANDWIDTH_M = 200.0
SAMPLE = 2_000


def incidents(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points in heaps of several widths, all in the square."""
    rng = np.random.default_rng(7)
    middle = rng.uniform(2000, 8000, (2, 30))[:, rng.integers(0, 30, rows)]
    points = middle + rng.normal(0, 1, (2, rows)) * rng.choice([80, 250, 600], rows)
    x, y = np.clip(points, 1, SIDE_M - 1)
    return x, y


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    from KDEpy import FFTKDE
    from scipy.stats import gaussian_kde

    x, y = incidents(options.rows)
    square = shapely.box(0, 0, SIDE_M, SIDE_M)
    town = shapely.Point(SIDE_M / 2, SIDE_M / 2).buffer(SIDE_M / 2, quad_segs=500)
    _, warm = timed(lambda: density(x[:1000], y[:1000], square, BANDWIDTH_M, pixels=PIXELS))
    raw, plain = timed(
        lambda: density(x, y, square, BANDWIDTH_M, pixels=PIXELS, edge_corrected=False), 5
    )
    _, corrected = timed(lambda: density(x, y, town, BANDWIDTH_M, pixels=PIXELS), 5)
    _, rule = timed(lambda: silverman(x, y))
    _, crossed = timed(lambda: cross_validated(x, y))
    across, up = raw.frame.axes()
    points = np.column_stack([x, y])
    grid = np.stack(np.meshgrid(across, up, indexing="ij"), -1).reshape(-1, 2)
    theirs, kdepy = timed(lambda: FFTKDE(kernel="gaussian", bw=BANDWIDTH_M).fit(points)(grid))
    theirs = theirs.reshape(len(across), len(up)).T * options.rows * 1e6
    # SciPy sums over all points at each pixel: a few points, and a few pixels, tell its pace.
    few = grid[:: len(grid) // 1000]
    kernel = gaussian_kde(points[:SAMPLE].T)
    _, scipy_s = timed(lambda: kernel(few.T))
    measured = {
        "points": options.rows,
        "pixels": f"{raw.frame.columns} x {raw.frame.rows}",
        "without correction_s": round(plain, 3),
        "corrected at the border of a round town_s": round(corrected, 3),
        "bandwidth by rule_s": round(rule, 3),
        "bandwidth by cross-validation_s": round(crossed, 2),
        "compilation_or_its_cache_s": round(warm, 1),
        "differs from KDEpy by": float(f"{np.abs(raw.values - theirs).max() / theirs.max():.1e}"),
    }
    print(
        json.dumps(
            {
                "benchmark": "kde",
                "goal": f"{GOAL_S} s",
                "measured": measured,
                "beside": {
                    "KDEpy FFTKDE_s": round(kdepy, 2),
                    f"SciPy gaussian_kde, {SAMPLE} points at {len(few)} pixels_s": round(
                        scipy_s, 3
                    ),
                    "SciPy, all at this pace_h": round(
                        scipy_s / 3600 * options.rows / SAMPLE * len(grid) / len(few), 1
                    ),
                },
                "ok": max(plain, corrected) <= GOAL_S,
            }
        )
    )


if __name__ == "__main__":
    main()
