"""Small towns on a grid of streets, and the best plan of a tiny one by trying everything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

from gridmap.patrols.planning.problem import (
    Break,
    Matrices,
    Problem,
    Stop,
    Street,
    Team,
    Window,
    visits_between,
)

BLOCK_M = 100.0
WALK, RIDE = 1.0, 4.0
HOUR = 3600.0


def on_grid(corners: list[tuple[int, int]], speed: float = WALK) -> Matrices:
    """Ways along the streets of a grid of 100 m blocks, at a speed in m/s."""
    xy = np.array(corners, dtype=float)
    metres = np.abs(xy[:, None] - xy[None]).sum(axis=2) * BLOCK_M
    return Matrices(metres / speed, metres)


windows = st.tuples(st.integers(0, 5), st.integers(1, 4)).map(
    lambda span: Window(span[0] * 900.0, (span[0] + span[1]) * 900.0)
)


@st.composite
def stops(draw: st.DrawFn, key: str, nodes: int) -> Stop:
    spans = tuple(draw(st.lists(windows, max_size=2)))
    return Stop(
        key,
        draw(st.integers(0, nodes - 1)),
        draw(st.sampled_from([0.0, 600.0, 900.0])),
        risk=float(draw(st.integers(0, 9))),
        must=draw(st.integers(0, 9)) == 0,
        windows=spans,
    )


@st.composite
def teams(draw: st.DrawFn, name: str, nodes: int, mode: str = "foot") -> Team:
    begin = draw(st.integers(0, 2)) * 900.0
    end = begin + draw(st.integers(3, 6)) * 900.0
    rest = None
    if draw(st.booleans()):
        rest = Break(600.0, Window(begin + 600.0, end))
    start, back = draw(st.integers(0, nodes - 1)), draw(st.integers(0, nodes - 1))
    return Team(name, mode, start, back, Window(begin, end), rest=rest)


@st.composite
def tiny_towns(draw: st.DrawFn) -> Problem:
    """A town of one mode, small enough to try every plan."""
    corners = draw(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=6)
    )
    count = len(corners)
    crew = tuple(draw(teams(name, count)) for name in "AB"[: draw(st.integers(1, 2))])
    places = tuple(draw(stops(f"stop {i}", count)) for i in range(draw(st.integers(1, 4))))
    streets: tuple[Street, ...] = ()
    if draw(st.booleans()):
        ends = (draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1)))
        streets = (
            Street("street", ends, {"foot": 900.0}, 400.0, risk=float(draw(st.integers(0, 9)))),
        )
    return Problem(crew, places, {"foot": on_grid(corners)}, streets)


@st.composite
def busy_towns(draw: st.DrawFn) -> Problem:
    """A town with everything: modes, breaks, each window, spacing, divided areas, longest tours."""
    corners = draw(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=9)
    )
    count = len(corners)
    crew = []
    for name in "ABC"[: draw(st.integers(1, 3))]:
        team = draw(teams(name, count, draw(st.sampled_from(["foot", "bike"]))))
        longest = draw(st.sampled_from([None, 1800.0, 2700.0]))
        crew.append(
            Team(team.name, team.mode, team.start, team.end, team.shift, longest, team.rest)
        )
    places = [draw(stops(f"stop {i}", count)) for i in range(draw(st.integers(1, 8)))]
    some = frozenset(team.name for team in crew[:1])
    places += [
        Stop("hot", 0, 600.0, 5.0, windows=visits_between(0, 2 * HOUR, 2400.0), each=True),
        Stop("kept apart", 1, 300.0, 4.0, windows=visits_between(0, 2 * HOUR, 2400.0), each=True,
             least_apart=1800.0, most_apart=4000.0),
        Stop("of one team", 2, 600.0, 3.0, teams=some),
    ]  # fmt: skip
    streets = (
        Street("both ways", (0, 1), {"foot": 600.0, "bike": 300.0}, 500.0, 4.0),
        Street("on foot, one way", (2, 3), {"foot": 900.0}, 700.0, 6.0, one_way=True),
    )
    ways = {"foot": on_grid(corners), "bike": on_grid(corners, RIDE)}
    return Problem(tuple(crew), tuple(places), ways, streets)


def best_risk(problem: Problem) -> float | None:
    """The greatest risk that any plan covers, None where no plan keeps all musts.

    Every order of every set of visits is walked, for one mode and without a longest tour.
    """
    per_team = [set(_sets(problem, team)) for team in problem.teams]
    musts = {place.key for place in problem.places if place.must}
    risk = {place.key: place.risk for place in problem.places}
    best: float | None = None
    for chosen in _disjoint(per_team):
        if musts <= chosen:
            best = max(best or 0.0, sum(risk[key] for key in chosen))
    return best


def _disjoint(per_team: list[set[frozenset[str]]]) -> Iterator[frozenset[str]]:
    if not per_team:
        yield frozenset()
        return
    for rest in _disjoint(per_team[1:]):
        for mine in per_team[0]:
            if not mine & rest:
                yield mine | rest


def _sets(problem: Problem, team: Team) -> Iterator[frozenset[str]]:
    """The sets of places that a team can visit in its shift, its break among them."""
    yield frozenset()
    todo: list[tuple[frozenset[str], bool, int, float]] = [
        (frozenset(), team.rest is None, team.start, team.shift.begin)
    ]
    way = problem.matrices[team.mode].seconds
    while todo:
        done, rested, here, free = todo.pop()
        if rested and free + way[here, team.end] <= team.shift.end:
            yield done
        for place in problem.places:
            if place.key in done:
                continue
            if isinstance(place, Stop):
                ends, spent = [(place.node, place.node)], place.dwell
            else:
                ends, spent = [place.ends, place.ends[::-1]], place.seconds[team.mode]
            for enter, leave in ends:
                for span in place.windows or (team.shift,):
                    begin = max(free + way[here, enter], span.begin)
                    if begin + spent <= min(span.end, team.shift.end):
                        todo.append((done | {place.key}, rested, leave, begin + spent))
        if team.rest and not rested:
            for node in range(len(way)):
                begin = max(free + way[here, node], team.rest.window.begin)
                if begin + team.rest.seconds <= min(team.rest.window.end, team.shift.end):
                    todo.append((done, True, node, begin + team.rest.seconds))
