"""From a wish to a problem on streets, and from the plan back to lines and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.network import Mode
from gridmap.patrols.planning.problem import (
    Break,
    Matrices,
    Pin,
    Problem,
    Stop,
    Street,
    Team,
    Window,
    visits_between,
)
from gridmap.patrols.plans.wishes import DAY_S, Keep, TeamWish, Wish, seconds
from gridmap.patrols.streets.placed import Placed
from gridmap.patrols.streets.routing import Spots

#: A place further from every street is not reached on it, in metres.
WITHIN_M = 150.0
#: How much later than shown a visit that is kept may begin, in seconds: what is shown is rounded,
#: and where all visits of a tour are kept, the search rounds the way to each of them up.
PIN_WITHIN_S = 120.0
#: What the keys of the three kinds of places begin with.
HOT = "hot:"
MUST = "must:"
STREET = "street:"


@dataclass(frozen=True)
class Place:
    """A point with a name, in degrees."""

    id: int
    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class HotPlace:
    """A place of a run: incidents in its period, and the hours with most of them.

    Attributes
    ----------
    share : float
        Of the incidents, those in the hours from ``hot_from`` to ``hot_to``.
    """

    place: Place
    incidents: int
    hot_from: int | None = None
    hot_to: int | None = None
    share: float = 0.0


@dataclass(frozen=True, eq=False)
class Ground:
    """What a wish refers to, read from the database.

    Attributes
    ----------
    teams : mapping of int to str
        Names by id.
    places : mapping of int to Place
        Those that teams start from and that must be visited.
    hot : sequence of HotPlace
        Most incidents first.
    """

    teams: Mapping[int, str]
    places: Mapping[int, Place]
    hot: Sequence[HotPlace]
    placed: Placed


@dataclass(eq=False)
class Made:
    """A problem, and where its nodes are.

    Attributes
    ----------
    names : dict of str to str
        What each key is called.
    rooms : dict of int to str
        What the places at nodes are called, where a break may be taken.
    unreached : list of str
        Names of places too far from every street.
    """

    problem: Problem
    spots: dict[Mode, Spots]
    names: dict[str, str]
    segments: dict[str, int]
    rooms: dict[int, str]
    unreached: list[str] = field(default_factory=list)


class _Nodes:
    """Collects the points that the matrices are worked out for."""

    def __init__(self, placed: Placed) -> None:
        self.placed = placed
        self._at: dict[tuple[float, float], int] = {}

    def add(self, lon: float, lat: float) -> int:
        return self._at.setdefault((round(lon, 7), round(lat, 7)), len(self._at))

    def add_metres(self, x: float, y: float) -> int:
        lon, lat = self.placed.degrees(x, y)
        return self.add(float(lon), float(lat))

    def spots(self, mode: Mode) -> Spots:
        lon, lat = np.array(list(self._at)).T
        return self.placed.router(mode).snap(*self.placed.metres(lon, lat), WITHIN_M)


def make_problem(wish: Wish, ground: Ground) -> Made:
    """Put a wish on the streets.

    Raises
    ------
    GridmapError
        If a place that is needed lies on no street, or nothing is left to be visited.
    """
    nodes = _Nodes(ground.placed)
    shifts = Window(
        min(team.begin_s for team in wish.teams),
        max(team.begin_s + team.lasts_s for team in wish.teams),
    )
    names: dict[str, str] = {}
    musts = [_must(wish, ground, nodes, number, shifts, names) for number in range(len(wish.musts))]
    hot = [_hot_stop(wish, one, nodes, shifts, names) for one in ground.hot[: wish.most_places]]
    streets, segments = _streets(wish, ground, nodes, names)
    teams = tuple(_team(ground, nodes, number, team) for number, team in enumerate(wish.teams))
    modes = {team.mode: Mode[team.mode.upper()] for team in teams}
    spots = {mode: nodes.spots(mode) for mode in modes.values()}
    _check_posts(wish, ground, teams, spots)
    reached = _reached(spots)
    everything: list[Stop] = [*musts, *hot]
    stops = [stop for stop in everything if reached[stop.node]]
    lost = list(dict.fromkeys(names[s.key] for s in everything if not reached[s.node]))
    if any(not reached[stop.node] for stop in musts):
        raise GridmapError(
            Message("{names}: no street is near enough. Leave it out.", names="、".join(lost[:5]))
        )
    if not stops and not streets:
        raise GridmapError(
            Message("There is nothing to visit. Choose hot places, places or streets.")
        )
    problem = Problem(
        teams=teams,
        stops=tuple(stops),
        streets=tuple(streets),
        matrices={
            name: _matrices(ground.placed, mode, spots[mode]) for name, mode in modes.items()
        },
    )
    rooms = {stop.node: names[stop.key] for stop in stops}
    for asked, team in zip(wish.teams, teams, strict=True):
        start, end = _posts(ground, asked)
        posts = ((team.start, start), (team.end, end))
        rooms |= {node: post.name for node, post in posts if post.id}
    return Made(_with_kept(problem, wish.kept), spots, names, segments, rooms, lost)


def _with_kept(problem: Problem, kept: Sequence[Keep]) -> Problem:
    """Apply what a person decided of the visits of an earlier plan."""
    gone = {(keep.of, keep.number) for keep in kept if keep.act == "out"}
    stops = tuple(_without(stop, gone) for stop in problem.stops if not _is_gone(stop, gone))
    streets = tuple(street for street in problem.streets if (street.key, 0) not in gone)
    known = {stop.key for stop in stops} | {street.key for street in streets}
    names = [team.name for team in problem.teams]
    pins = tuple(
        Pin(
            keep.of,
            keep.number,
            names[keep.team],
            keep.begins_s - 0.5 if keep.act == "pin" and keep.begins_s is not None else None,
            PIN_WITHIN_S,
        )
        for keep in kept
        if keep.act != "out" and keep.of in known and keep.team < len(names)
    )
    return replace(problem, stops=stops, streets=streets, pins=pins)


def _is_gone(stop: Stop, gone: set[tuple[str, int]]) -> bool:
    return all((stop.key, n) in gone for n in range(len(stop.windows) if stop.each else 1))


def _without(stop: Stop, gone: set[tuple[str, int]]) -> Stop:
    """Make the visits that are left out worth nothing, so that the others keep their numbers."""
    if not stop.each:
        return stop
    worth = (0.0 if (stop.key, n) in gone else risk for n, risk in enumerate(stop.risks))
    return replace(stop, risks=tuple(worth))


def _must(
    wish: Wish, ground: Ground, nodes: _Nodes, number: int, shifts: Window, names: dict[str, str]
) -> Stop:
    must = wish.musts[number]
    place = ground.places[must.place_id]
    key = f"{MUST}{number}"
    names[key] = place.name
    windows: tuple[Window, ...] = ()
    if must.opens is not None and must.closes is not None:
        windows = _within_shifts(seconds(must.opens), seconds(must.closes), shifts)
    return Stop(key, nodes.add(place.lon, place.lat), 60.0 * must.dwell_min, 0.0, True, windows)


def _within_shifts(begin: float, end: float, shifts: Window) -> tuple[Window, ...]:
    """Return hours of the day as windows of a plan whose shifts may reach into the next day."""
    if end <= begin:
        end += DAY_S
    found = []
    for day in (-DAY_S, 0.0, DAY_S):
        first, last = max(begin + day, shifts.begin), min(end + day, shifts.end)
        if last > first:
            found.append(Window(first, last))
    # Hours in which nobody is on duty stay as they are, and the planner says so.
    return tuple(found) or (Window(begin, end),)


def _hot_stop(
    wish: Wish, hot: HotPlace, nodes: _Nodes, shifts: Window, names: dict[str, str]
) -> Stop:
    """Return a stop that wants a visit in each window, worth the incidents expected in it."""
    key = f"{HOT}{hot.place.id}"
    names[key] = hot.place.name
    windows = visits_between(shifts.begin, shifts.end, 3600.0 * wish.every_h)
    return Stop(
        key,
        nodes.add(hot.place.lon, hot.place.lat),
        60.0 * wish.dwell_min,
        windows=windows,
        risks=tuple(expected(hot, window) for window in windows),
        each=True,
        # Two visits at the border of two windows would be one in effect.
        least_apart=1800.0 * wish.every_h if len(windows) > 1 else None,
    )


def expected(hot: HotPlace, window: Window) -> float:
    """Return how many of a place's incidents fall into a window of the day.

    Within the busiest hours they are spread evenly, and so are those outside.
    """
    if hot.hot_from is None or hot.hot_to is None:
        return hot.incidents * (window.end - window.begin) / DAY_S
    hours = (hot.hot_to - hot.hot_from) % 24 or 24
    inside = sum(
        max(0.0, min(window.end, end) - max(window.begin, begin))
        for day in (-DAY_S, 0, DAY_S)
        for begin, end in [(
            3600.0 * hot.hot_from + day, 3600.0 * (hot.hot_from + hours) + day,
        )]
    )  # fmt: skip
    outside = window.end - window.begin - inside
    rest = DAY_S - 3600.0 * hours
    quiet = (1 - hot.share) * outside / rest if rest else 0.0
    return hot.incidents * (hot.share * inside / (3600.0 * hours) + quiet)


def _streets(
    wish: Wish, ground: Ground, nodes: _Nodes, names: dict[str, str]
) -> tuple[list[Street], dict[str, int]]:
    """Return the segments of the streets that are to be swept whole."""
    network = ground.placed.network
    found, segments = [], {}
    modes = {team.mode for team in wish.teams}
    for name in wish.streets:
        chosen = np.flatnonzero(network.name == name)
        if not chosen.size:
            raise GridmapError(Message("There is no street called {name}.", name=name))
        for number in chosen:
            key = f"{STREET}{number}"
            length = float(network.length_m[number])
            seconds_by_mode = {}
            for mode in modes:
                kind = Mode[mode.upper()]
                if (network.forward[number] | network.backward[number]) & kind:
                    seconds_by_mode[mode] = length / ground.placed.router(kind).speed
            if not seconds_by_mode:
                continue
            names[key], segments[key] = name, int(number)
            ends = shapely.get_coordinates(network.lines[number])[[0, -1]]
            found.append(
                Street(
                    key,
                    (nodes.add_metres(*ends[0]), nodes.add_metres(*ends[1])),
                    seconds_by_mode,
                    length,
                    must=True,
                )
            )
    return found, segments


def _team(ground: Ground, nodes: _Nodes, number: int, wish: TeamWish) -> Team:
    start, end = _posts(ground, wish)
    shift = Window(wish.begin_s, wish.begin_s + wish.lasts_s)
    rest = None
    if wish.break_min:
        quarter = (shift.end - shift.begin) / 4
        rest = Break(60.0 * wish.break_min, Window(shift.begin + quarter, shift.end - quarter))
    return Team(
        f"{number + 1} {ground.teams[wish.team_id]}",
        wish.mode,
        nodes.add(start.lon, start.lat),
        nodes.add(end.lon, end.lat),
        shift,
        rest=rest,
    )


def _posts(ground: Ground, wish: TeamWish) -> tuple[Place, Place]:
    """Return where a team starts and ends, each a place or a point of the map."""
    start = _post(ground, wish.starts_at, wish.start_point)
    end = _post(ground, wish.ends_at, wish.end_point)
    assert start is not None  # noqa: S101 - A wish has a start.
    return start, end or start


def _post(ground: Ground, place_id: int | None, point: tuple[float, float] | None) -> Place | None:
    if point is not None:
        lon, lat = point
        return Place(0, f"{lon:.5f}, {lat:.5f}", lon, lat)
    return None if place_id is None else ground.places[place_id]


def _check_posts(
    wish: Wish, ground: Ground, teams: Sequence[Team], spots: Mapping[Mode, Spots]
) -> None:
    for asked, team in zip(wish.teams, teams, strict=True):
        on_street = spots[Mode[team.mode.upper()]].segment
        posts = zip(_posts(ground, asked), (team.start, team.end), strict=True)
        far = next((post.name for post, node in posts if on_street[node] < 0), None)
        if far is not None:
            raise GridmapError(
                Message("{name} is too far from every street to start or end there.", name=far)
            )


def _reached(spots: Mapping[Mode, Spots]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    found: np.ndarray[Any, np.dtype[np.bool_]] = np.any(
        [each.segment >= 0 for each in spots.values()], axis=0
    )
    return found


def _matrices(placed: Placed, mode: Mode, spots: Spots) -> Matrices:
    """Return the ways between all nodes; none leads to a node off the streets."""
    n = len(spots)
    times, ways = np.full((n, n), np.inf), np.full((n, n), np.inf)
    on = np.flatnonzero(spots.segment >= 0)
    inner = Spots(spots.segment[on], spots.along_m[on], spots.distance_m[on])
    some_times, some_ways = placed.router(mode).matrix(inner)
    times[np.ix_(on, on)], ways[np.ix_(on, on)] = some_times, some_ways
    np.fill_diagonal(times, 0.0)
    np.fill_diagonal(ways, 0.0)
    return Matrices(times, ways)
