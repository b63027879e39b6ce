"""A Knox table of 20,000 events with 999 permutations, beside pointpats.Knox with 99.

pointpats tests one radius and one time; ours counts 20 bands in the same run, of which the first
is compared with what pointpats finds. Compiling is left out of the time, and reported.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings

import numpy as np

from gridmap.hotspots.knox import Bands, knox

GOAL_S = 10
DISTANCES, DAYS = (0, 100, 200, 300, 400, 500), (0, 7, 14, 21, 28)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--permutations", type=int, default=999)
    parser.add_argument("--beside", type=int, default=99, help="permutations of pointpats, or 0")
    options = parser.parse_args()
    rng = np.random.default_rng(2)
    # Three quarters near 300 centres, a year long, as in a town of 20 by 20 km.
    x, y = rng.uniform(0, 20_000, (2, options.events))
    near = 3 * options.events // 4
    centres = rng.uniform(0, 20_000, (2, 300))
    which = rng.integers(0, 300, near)
    x[:near], y[:near] = centres[:, which] + rng.normal(0, 250, (2, near))
    t = rng.integers(0, 365, options.events).astype(float)
    began = time.perf_counter()
    knox(x[:500], y[:500], t[:500], Bands(DISTANCES, DAYS), permutations=2)
    compiling = time.perf_counter() - began
    began = time.perf_counter()
    table = knox(x, y, t, Bands(DISTANCES, DAYS), permutations=options.permutations)
    seconds = time.perf_counter() - began
    first = table.iloc[0]
    within = table[(table["to_m"] <= DISTANCES[-1])]["observed"].sum()
    beside = None
    same = True
    if options.beside:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pointpats import Knox

            began = time.perf_counter()
            # It counts up to the radius and the time; no pair is exactly 100 m apart.
            theirs = Knox(
                np.column_stack((x, y)), t[:, None], DISTANCES[1], DAYS[1] - 1,
                permutations=options.beside,
            )  # fmt: skip
        beside = {
            "pointpats.Knox": {
                "seconds": round(time.perf_counter() - began, 2),
                "permutations": options.beside,
                "observed": int(theirs.nst),
                "p": float(theirs.p_sim),
            }
        }
        same = int(theirs.nst) == int(first["observed"])
    print(
        json.dumps(
            {
                "benchmark": "knox",
                "goal": f"{options.events:,} events, {options.permutations} permutations "
                f"in {GOAL_S} s",
                "measured": {
                    "seconds": round(seconds, 2),
                    "compiling_s": round(compiling, 2),
                    "pairs": int(within),
                    "observed": int(first["observed"]),
                    "p": float(first["p"]),
                },
                "beside": beside,
                "ok": seconds < GOAL_S and same,
            }
        )
    )


if __name__ == "__main__":
    main()
