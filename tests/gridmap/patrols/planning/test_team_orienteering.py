"""The optima of Chao's instances that an exact solver proved, which the project does not carry."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from gridmap.patrols.planning.checker import check
from gridmap.patrols.planning.planner import plan
from gridmap.patrols.planning.problem import Matrices, Problem, Stop, Team, Window
from gridmap.patrols.planning.search import Effort

DEFAULT = Path(__file__).parents[4] / ".." / "shared" / "data"
FOLDER = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", DEFAULT)) / "patrol_oracles" / "top"
TABLE = FOLDER / "proved.csv"
PROVED = (
    list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())) if TABLE.exists() else []
)


def instance(path: Path) -> Problem:
    """Counts and limit, then a point a line: the start, places with their scores, the end."""
    lines = path.read_text(encoding="utf-8").splitlines()
    count, crew, limit = (float(line.split()[1]) for line in lines[:3])
    points = np.array([line.split() for line in lines[3 : 3 + int(count)]], dtype=float)
    between = points[:, None, :2] - points[None, :, :2]
    ways = np.hypot(between[..., 0], between[..., 1])
    end = len(points) - 1
    return Problem(
        tuple(Team(str(i), "any", 0, end, Window(0, limit)) for i in range(int(crew))),
        tuple(Stop(str(i), i, 0.0, risk=float(points[i, 2])) for i in range(1, end)),
        {"any": Matrices(ways, ways)},
        resolution=1e-6,
    )


@pytest.mark.skipif(not PROVED, reason="GRIDMAP_SAMPLE_DATA has no folder patrol_oracles/top")
@pytest.mark.parametrize("row", PROVED, ids=lambda row: row["instance"])
def test_the_proved_optimum_is_reached_and_not_passed(row: dict[str, str]) -> None:
    name = row["instance"]
    problem = instance(FOLDER / f"Set{name[1]}" / f"{name}.txt")
    best = float(row["value"])
    made = plan(problem, Effort(iterations=20_000, rounds=4, enough=best))
    assert made.covered_risk == best
    # The limit is kept in the true lengths, not in the rounded ones of the search.
    assert check(problem, made, tolerance=1e-9) == []
