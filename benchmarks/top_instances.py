"""Chao's instances of the team orienteering problem, as problems of the planner.

Chao, Golden and Wasil (1996), The team orienteering problem, European Journal of Operational
Research 88, 464-474.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridmap.patrols.planning.problem import Matrices, Problem, Stop, Team, Window

# Ways are square roots: at a millionth, what is rounded up in the search decides nothing.
RESOLUTION = 1e-6


def read_instance(path: Path) -> Problem:
    """Read one instance: the first point is the start, the last the end, scores are risk."""
    lines = path.read_text(encoding="utf-8").splitlines()
    points, teams, limit = (float(line.split()[1]) for line in lines[:3])
    table = np.array([[float(x) for x in line.split()] for line in lines[3 : 3 + int(points)]])
    between = table[:, None, :2] - table[None, :, :2]
    ways = np.hypot(between[..., 0], between[..., 1])
    end = len(table) - 1
    return Problem(
        tuple(Team(f"team {i}", "any", 0, end, Window(0, limit)) for i in range(int(teams))),
        tuple(Stop(str(i), i, 0.0, risk=float(table[i, 2])) for i in range(1, end)),
        {"any": Matrices(ways, ways)},
        resolution=RESOLUTION,
    )
