"""Recorded lines of files on streets: the way that was walked, where tracing strays from it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geodata.metric import metres_per_degree
from gridmap.errors import GridmapError
from gridmap.patrols.matching.simulation import observe, wander
from gridmap.patrols.network import Floats, Mode, Network
from gridmap.patrols.routes.files_in import line_of_points
from gridmap.patrols.routes.recorded import is_recorded, match_line
from gridmap.patrols.streets.placed import Placed, place
from gridmap.patrols.streets.tracing import Trace, Waypoint, trace_on
from tests.gridmap.patrols.towns import crossed, network_of

CORNER = np.array([116.0, 28.0])
SCALE = metres_per_degree(28.0)


def put_down(network: Network) -> Placed:
    """Put a town in metres on the globe."""
    lines = shapely.transform(network.lines, lambda at: at / SCALE + CORNER)
    return place(
        lines, network.start, network.end, network.length_m, network.forward, network.backward,
        network.segment_id, network.name,
    )  # fmt: skip


def metres_of(found: Trace) -> shapely.LineString:
    at = np.concatenate([leg.coordinates for leg in found.legs])
    return shapely.LineString((at - CORNER) * SCALE)


def astray(line: shapely.LineString, truth: shapely.LineString) -> float:
    """Return the metres of a line away from the truth, and of the truth away from it."""
    near = 2.0
    return float(
        shapely.difference(line, truth.buffer(near)).length
        + shapely.difference(truth, line.buffer(near)).length
    )


def degrees(*places: tuple[float, float]) -> Floats:
    return np.array(places, dtype=float) / SCALE + CORNER


@pytest.mark.parametrize("seed", range(5))
def test_a_noisy_line_is_matched_where_tracing_strays(seed: int) -> None:
    """Blocks of 60 m and errors of 8 m: clicks of a simplified line lie at many a wrong street."""
    town = crossed(9, 60.0, 8.0, seed)
    placed = put_down(town)
    walk = wander(town, 1500.0, seed)
    x, y, _ = observe(town, walk, 3.0, 8.0, seed)
    made = line_of_points(degrees(*zip(x, y, strict=True)), "")
    assert made is not None
    assert made.recorded
    truth = shapely.union_all(town.lines[np.unique(walk.segment)])
    matched = trace_on(placed, match_line(placed, made.line, Mode.FOOT), Mode.FOOT)
    traced = trace_on(placed, [Waypoint(*at) for at in made.clicks], Mode.FOOT)
    assert all(leg.routed for leg in matched.legs)
    # Of 1500 m; the ends may be cut short by some metres.
    assert astray(metres_of(matched), truth) < 60
    assert astray(metres_of(traced), truth) > 2 * astray(metres_of(matched), truth)
    assert abs(matched.length_m - walk.length_m) < 0.5 * abs(traced.length_m - walk.length_m)


#: West, east, north and south arms of 200 m that meet at 0, 0.
CROSS = network_of(
    [[(-200, 0), (0, 0)], [(0, 0), (200, 0)], [(0, 0), (0, 200)], [(0, -200), (0, 0)]]
)


def test_a_way_into_a_dead_end_and_back_is_kept() -> None:
    placed = put_down(CROSS)
    there = [(x, 3.0) for x in range(-150, 0, 10)] + [(2.0, y) for y in range(5, 150, 10)]
    back = [(-2.0, y) for y in range(150, 0, -10)] + [(x, -3.0) for x in range(0, 151, 10)]
    waypoints = match_line(placed, degrees(*there, *back), Mode.FOOT)
    found = trace_on(placed, waypoints, Mode.FOOT)
    # Start, turn and end say it all.
    assert len(waypoints) == 3
    assert found.length_m == pytest.approx(150 + 2 * 150 + 150, abs=25)


def test_what_is_off_the_streets_stays_as_it_is_in_the_file() -> None:
    placed = put_down(CROSS)
    # East along the street, then round through a park, 120 m from every street.
    line = [(x, 0.0) for x in range(20, 121, 10)] + [(120.0, y) for y in range(10, 121, 10)]
    line += [(x, 120.0) for x in range(130, 181, 10)]
    found = trace_on(placed, match_line(placed, degrees(*line), Mode.FOOT), Mode.FOOT)
    assert [leg.routed for leg in found.legs[:2]] == [True, False]
    assert not any(leg.routed for leg in found.legs[1:])
    end = (np.array(found.legs[-1].coordinates[-1]) - CORNER) * SCALE
    assert end == pytest.approx([180, 120], abs=1)


def test_a_line_on_no_street_is_refused() -> None:
    line = [(x, 150.0) for x in range(100, 200, 5)]
    with pytest.raises(GridmapError, match="lies on no street"):
        match_line(put_down(CROSS), degrees(*line), Mode.FOOT)


def test_a_drawn_line_is_not_taken_for_a_recorded_one() -> None:
    assert is_recorded(np.column_stack([np.arange(0, 300, 10), np.zeros(30)]))
    assert not is_recorded(np.column_stack([np.arange(0, 30, 10), np.zeros(3)]))
    assert not is_recorded(np.column_stack([np.arange(0, 6000, 200), np.zeros(30)]))
