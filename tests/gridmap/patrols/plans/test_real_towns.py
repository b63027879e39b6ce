"""Plans on the streets of real towns: their tours lie on streets everywhere."""

from __future__ import annotations

from datetime import time

import numpy as np
import pytest
import shapely

from gridmap.patrols.network import Mode
from gridmap.patrols.planning.planner import plan
from gridmap.patrols.planning.search import Effort
from gridmap.patrols.plans.dividing import divided
from gridmap.patrols.plans.making import Ground, HotPlace, Place, make_problem
from gridmap.patrols.plans.telling import line_of, summary
from gridmap.patrols.plans.wishes import MustWish, TeamWish, Wish
from gridmap.patrols.streets.placed import Placed
from tests.gridmap.patrols.test_real_streets import TOWNS, town

#: A coordinate has seven places, some centimetre.
ON_STREET_M = 0.05


def spread(placed: Placed, count: int) -> list[Place]:
    """Places beside streets of the town, each on foot from the others."""
    rng = np.random.default_rng(7)
    router = placed.router(Mode.FOOT)
    x, y = rng.choice(placed.network.x, 400), rng.choice(placed.network.y, 400)
    spots = router.snap(x, y, 140)
    near = np.flatnonzero(spots.segment >= 0)
    inner = router.snap(x[near], y[near], 140)
    _, ways = router.matrix(inner)
    # Those that the best connected one reaches.
    middle = int(np.isfinite(ways).sum(axis=1).argmax())
    chosen = near[np.isfinite(ways[middle]) & np.isfinite(ways[:, middle])][:count]
    lon, lat = placed.degrees(x[chosen], y[chosen])
    return [Place(n, f"地点{n}", *point) for n, point in enumerate(zip(lon, lat, strict=True))]


@pytest.mark.parametrize("name", [name for name in TOWNS if name in ("guixi", "yuma")])
@pytest.mark.parametrize("areas", [False, True])
def test_tours_lie_on_streets_everywhere(name: str, areas: bool) -> None:
    _, _, placed = town(name)
    places = spread(placed, 26)
    assert len(places) == 26
    hot = [HotPlace(place, 100 - place.id, 20, 23, 0.6) for place in places[2:]]
    teams = [
        TeamWish(team_id=1, begins=time(19), ends=time(23), starts_at=0),
        TeamWish(team_id=1, mode="bicycle", begins=time(19), ends=time(23), starts_at=1),
    ]
    wish = Wish(teams=teams, musts=[MustWish(place_id=1)], run_id=1, divide=areas)
    ground = Ground({1: "巡逻队"}, {place.id: place for place in places}, hot, placed)
    made = make_problem(wish, ground)
    if areas:
        made.problem = divided(made, placed)
    found = plan(made.problem, Effort(iterations=400, rounds=2))
    assert summary(made, found)["hot_visits_kept"] > 0
    tree = shapely.STRtree(placed.network.lines)
    for tour in found.tours:
        lon, lat = shapely.get_coordinates(line_of(made, placed, tour)).T
        line = shapely.LineString(np.column_stack(placed.metres(lon, lat)))
        assert line.length == pytest.approx(tour.metres, rel=2e-3, abs=1)
        points = shapely.line_interpolate_point(line, np.linspace(0, 1, 3000), normalized=True)
        _, away = tree.query_nearest(points, return_distance=True, all_matches=False)
        assert away.max() < ON_STREET_M
