"""A day of 10 teams on Yuma's streets to a checked plan, beside a greedy nearest-stop plan.

The greedy plan lets the team that is free first go to the nearest stop that it can still do within
its hours, must or not, and rest when its window would close; it is checked as ours is.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.plan_town import town
from gridmap.patrols.planning.layout import Layout, lay_out
from gridmap.patrols.planning.planner import plan
from gridmap.patrols.planning.problem import Kind, Problem
from gridmap.patrols.planning.reasons import missed
from gridmap.patrols.planning.result import Reason
from gridmap.patrols.planning.schedule import timed
from gridmap.patrols.planning.search import Effort, Tours, covered, length

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("GRIDMAP_SAMPLE_DATA", ROOT.parent / "shared" / "data"))
GOAL_S = 15.0
# No team could see them: windows, hours and ways forbid it, whatever else is left out.
IMPOSSIBLE = {
    Reason.WINDOW_TOO_SHORT,
    Reason.NO_TEAM_IN_HOURS,
    Reason.UNREACHABLE,
    Reason.TOO_FAR,
}


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=Effort().iterations)
    parser.add_argument("--seconds", type=float, default=GOAL_S - 2, help="limit of the search")
    options = parser.parse_args()
    path = DATA / "yuma" / "yuma.osm.pbf"
    if not path.exists():
        raise SystemExit(f"there is no {path}; set GRIDMAP_SAMPLE_DATA")
    problem = town(path)
    began = time.perf_counter()
    made = plan(problem, Effort(options.iterations, seconds=options.seconds))
    seconds = time.perf_counter() - began
    hot = [miss for miss in made.missed if miss.of.startswith("hot")]
    unseen = [miss for miss in hot if miss.reason not in IMPOSSIBLE]
    began = time.perf_counter()
    layout = lay_out(problem)
    nearest = greedy(layout)
    greedy_s = time.perf_counter() - began
    lost = missed(layout, nearest)
    print(
        json.dumps(
            {
                "benchmark": "plan",
                "goal": f"300 optional and 20 must stops, 10 teams: {GOAL_S:g} s to a checked "
                "plan, every hot place seen in each two hours where possible",
                "measured": {
                    "seconds": round(seconds, 2),
                    **_figures(problem, made.covered_risk, made.metres),
                    "musts_missed": 0,
                    "hot_visits_missed": len(hot),
                    "of_them_possible_alone": len(unseen),
                    "missed": dict(Counter(miss.reason.value for miss in made.missed)),
                    "repeatable": made.repeatable,
                },
                "beside": {
                    "greedy nearest stop": {
                        "seconds": round(greedy_s, 2),
                        **_figures(problem, covered(layout, nearest), length(layout, nearest)),
                        "musts_missed": sum(miss.must for miss in lost),
                        "hot_visits_missed": sum(miss.of.startswith("hot") for miss in lost),
                    }
                },
                "ok": seconds < GOAL_S and not unseen,
            }
        )
    )


def _figures(problem: Problem, risk: float, metres: float) -> dict[str, Any]:
    wanted = sum(place.risk * (len(place.windows) if place.each else 1) for place in problem.stops)
    return {"covered_percent": round(100 * risk / wanted, 1), "km": round(metres / 1000)}


def greedy(layout: Layout) -> Tours:
    """Send the team that is free first to the nearest stop it can do, until none can go on."""
    teams = layout.problem.teams
    tours: Tours = [[] for _ in teams]
    done: set[int] = set()
    free = {row: layout.departures[row].earliest for row in range(len(teams))}
    while free:
        row = min(free, key=lambda team: free[team])
        option = _nearest(layout, row, tours[row], done)
        if option is None:
            del free[row]
            continue
        tours[row].append(option)
        done.add(int(layout.task[option]))
        timing = timed(layout, row, tours[row])
        assert timing is not None
        free[row] = timing.ends[-1]
    # A team that could not fit its break any more keeps what it has done before it.
    return tours


def _nearest(layout: Layout, row: int, tour: list[int], done: set[int]) -> int | None:
    """Return the nearest option that leaves time for the break, or the break where none does."""
    man = layout.problem.teams[row]
    here = int(layout.leave[tour[-1]]) if tour else layout.departures[row].node
    rests = [
        option
        for option, task in enumerate(layout.task.tolist())
        if layout.tasks[task].team == row and task not in done
    ]
    metres = layout.problem.matrices[man.mode].metres[here, layout.enter]
    for option in map(int, metres.argsort(kind="stable")):
        task = int(layout.task[option])
        if task in done or not layout.allowed[row, option] or not math.isfinite(metres[option]):
            continue
        if layout.tasks[task].kind is Kind.BREAK:
            continue
        with_it = [*tour, option]
        after = [[*with_it, rest] for rest in rests] or [with_it]
        if any(timed(layout, row, each) for each in after):
            return option
    for rest in rests:
        if timed(layout, row, [*tour, rest]):
            return rest
    return None


if __name__ == "__main__":
    main()
