"""Shortest ways along the streets, from any place on them to any other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.hotspots.parallel import in_order
from gridmap.patrols.network import SPEED, Floats, Integers, Mode, Network
from gridmap.patrols.streets.kernels import find_way, measure_ways


@dataclass(frozen=True)
class Spot:
    """A place on a street.

    Attributes
    ----------
    segment : int
        The number of the segment in the network; -1 where no street is near enough.
    along_m : float
        Metres from the start of its line, between 0 and the segment's `length_m`.
    distance_m : float
        How far off the place lies that was snapped.
    """

    segment: int
    along_m: float
    distance_m: float = 0.0


@dataclass(frozen=True, eq=False)
class Spots:
    """Places on streets, arrays of shape (n,): see `Spot`, of which it is a sequence."""

    segment: Integers
    along_m: Floats
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.segment)

    def __getitem__(self, number: int) -> Spot:
        return Spot(
            int(self.segment[number]), float(self.along_m[number]), float(self.distance_m[number])
        )


@dataclass(frozen=True, eq=False)
class Path:
    """The shortest way from one spot to another.

    Attributes
    ----------
    segments : ndarray of int64, shape (n,)
        The numbers of the segments, in order; the first and the last are gone in part.
    forward : ndarray of bool, shape (n,)
        Whether each is gone along its line.
    line : LineString
        In metres of the network's CRS; empty where the spot cannot be reached.
    length_m, seconds : float
        Infinite where the spot cannot be reached.
    """

    segments: Integers
    forward: NDArray[np.bool_]
    line: shapely.LineString
    length_m: float
    seconds: float


class Router:
    """Finds ways for one mode; safe for several threads at once.

    Parameters
    ----------
    network : Network
    mode : Mode
        One of the modes.
    """

    def __init__(self, network: Network, mode: Mode) -> None:
        self.network, self.mode, self.speed = network, mode, SPEED[mode]
        self.forward = (network.forward & mode) > 0
        self.backward = (network.backward & mode) > 0
        along, against = np.flatnonzero(self.forward), np.flatnonzero(self.backward)
        tail = np.concatenate([network.start[along], network.end[against]])
        # Edges in the order of the nodes that they leave.
        order = np.argsort(tail, kind="stable")
        self._first = np.searchsorted(tail[order], np.arange(len(network.x) + 1))
        self._segment = np.concatenate([along, against])[order]
        self._along = np.concatenate([np.ones(len(along), bool), np.zeros(len(against), bool)])[
            order
        ]
        head = np.concatenate([network.end[along], network.start[against]])[order]
        self._head = head.astype(np.int32)
        self._length = network.length_m[self._segment].astype(np.float64)
        self._least = _least_stretch(network)

    @cached_property
    def _usable(self) -> Integers:
        return np.flatnonzero(self.forward | self.backward)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.network.lines[self._usable])

    def snap(self, x: Floats, y: Floats, within_m: float) -> Spots:
        """Move points to the nearest place on a street of the mode.

        Parameters
        ----------
        x, y : ndarray of float64, shape (n,)
            Metres in the network's CRS.
        within_m : float
            Points further off have the segment -1.

        Returns
        -------
        Spots
            Of segments equally near that with the least number.
        """
        points = np.asarray(shapely.points(x, y), dtype=object)
        segment = np.full(len(points), -1, dtype=np.int64)
        along, distance = np.full(len(points), np.nan), np.full(len(points), np.inf)
        if len(self._usable) == 0 or len(points) == 0:
            return Spots(segment, along, distance)
        which, found = self._tree.query_nearest(points, max_distance=max(within_m, 1e-9))
        # The first of equals, as the pairs of each point may come in any order.
        order = np.lexsort([found, which])
        which, found = which[order], found[order]
        is_first = np.diff(which, prepend=-1) > 0
        which, chosen = which[is_first], self._usable[found[is_first]]
        lines = self.network.lines[chosen]
        share = shapely.line_locate_point(lines, points[which], normalized=True)
        segment[which] = chosen
        along[which] = share * self.network.length_m[chosen]
        distance[which] = shapely.distance(lines, points[which])
        return Spots(segment, along, distance)

    def path(self, start: Spot, goal: Spot) -> Path:
        """Find the shortest way between two spots.

        Parameters
        ----------
        start, goal : Spot
            On segments of the mode.

        Raises
        ------
        ValueError
            If one of them is on no street.
        """
        if min(start.segment, goal.segment) < 0:
            raise ValueError("a spot is on no street")
        direct = float(self._direct_m(start.segment, start.along_m, goal.segment, goal.along_m))
        starts, start_m = self._leave(start.segment, start.along_m)
        goals, goal_m = self._reach(goal.segment, goal.along_m)
        way_m, via, ends_by = self._search(starts, start_m, goals, goal_m, direct)
        if ends_by < 0:
            return self._straight_on(start, goal, direct)
        node = int(goals[ends_by])
        total = float(way_m[node] + goal_m[ends_by])
        edges = []
        while via[node] >= 0:
            edge = via[node]
            edges.append(edge)
            node = int(self._tail(edge))
        edges.reverse()
        # Which end of its segment the way leaves by, and which of the goal's it comes in by.
        leaves_forward = bool(starts[1] == node and start_m[1] == way_m[node])
        segments = np.array([start.segment, *self._segment[edges], goal.segment], dtype=np.int64)
        forward = np.array([leaves_forward, *self._along[edges], ends_by == 0], dtype=np.bool_)
        return self._put_together(segments, forward, start.along_m, goal.along_m, total)

    def is_within(self, start: Spot, goal: Spot, metres: float) -> bool:
        """Tell whether the way from a spot to another is shorter than some metres."""
        direct = self._direct_m(start.segment, start.along_m, goal.segment, goal.along_m)
        leave = self._leave(start.segment, start.along_m)
        reach = self._reach(goal.segment, goal.along_m)
        return bool(direct < metres) or self._search(*leave, *reach, metres)[2] >= 0

    def matrix(self, spots: Spots) -> tuple[Floats, Floats]:
        """Measure the shortest ways between all spots.

        Parameters
        ----------
        spots : Spots
            n of them; one that is on no street reaches nothing.

        Returns
        -------
        seconds, metres : ndarray of float64, shape (n, n)
            From the row's spot to the column's; infinite where there is no way.
        """
        n = len(spots)
        on = np.flatnonzero(spots.segment >= 0)
        segment, along = spots.segment[on], spots.along_m[on]
        goals, goal_m = self._reach(segment, along)
        starts, start_m = self._leave(segment, along)
        wanted = np.zeros(len(self.network.x), dtype=np.bool_)
        wanted[goals[goals >= 0]] = True

        def row(number: int) -> Floats:
            way_m = np.full(len(wanted), np.inf)
            measure_ways(
                self._first, self._head, self._length, starts[:, number], start_m[:, number],
                wanted, way_m,
            )  # fmt: skip
            reached: Floats = np.min(way_m[goals] + goal_m, axis=0)
            return reached

        metres = np.full((n, n), np.inf)
        if len(on):
            rows = np.stack(list(in_order(row, len(on))))
            direct = self._direct_m(segment[:, None], along[:, None], segment, along)
            metres[np.ix_(on, on)] = np.minimum(rows, direct)
        np.fill_diagonal(metres, 0.0)
        return metres / self.speed, metres

    def _search(
        self, starts: Integers, start_m: Floats, goals: Integers, goal_m: Floats, most: float
    ) -> tuple[Floats, NDArray[np.int32], int]:
        """Return the metres to each node, the edge by which, and the goal that is reached."""
        nodes = len(self.network.x)
        way_m, via = np.full(nodes, np.inf), np.full(nodes, -1, dtype=np.int32)
        ends_by: int = find_way(
            self._first, self._head, self._length, self.network.x, self.network.y, self._least,
            starts, start_m, goals, goal_m, most, way_m, via,
        )  # fmt: skip
        return way_m, via, ends_by

    def _leave(self, segment: Integers | int, along: Floats | float) -> tuple[Integers, Floats]:
        """Return the nodes by which one leaves a spot, against and along its line, and the metres.

        Arrays of shape (2, ...); where the mode forbids it, node -1 at an infinite distance.
        """
        start, end = self.network.start[segment], self.network.end[segment]
        left = np.maximum(self.network.length_m[segment] - along, 0.0)
        may = np.stack([self.backward[segment], self.forward[segment]])
        nodes = np.where(may, np.stack([start, end]), -1)
        return nodes, np.where(may, np.stack([np.asarray(along, dtype=float), left]), np.inf)

    def _reach(self, segment: Integers | int, along: Floats | float) -> tuple[Integers, Floats]:
        """Return the nodes from which one comes to a spot, along and against its line."""
        start, end = self.network.start[segment], self.network.end[segment]
        left = np.maximum(self.network.length_m[segment] - along, 0.0)
        may = np.stack([self.forward[segment], self.backward[segment]])
        nodes = np.where(may, np.stack([start, end]), -1)
        return nodes, np.where(may, np.stack([np.asarray(along, dtype=float), left]), np.inf)

    def _direct_m(self, segment: object, along: object, other: object, there: object) -> Floats:
        """Return the metres between spots on one segment, infinite where there is no such way."""
        segment, other = np.asarray(segment), np.asarray(other)
        ahead = np.asarray(there) - np.asarray(along)
        may = np.where(ahead >= 0, self.forward[segment], self.backward[segment]) | (ahead == 0)
        found: Floats = np.where((segment == other) & may, np.abs(ahead), np.inf)
        return found

    def _tail(self, edge: int) -> int:
        segment = self._segment[edge]
        node = self.network.start[segment] if self._along[edge] else self.network.end[segment]
        return int(node)

    def _straight_on(self, start: Spot, goal: Spot, metres: float) -> Path:
        """Return the way that stays on one segment, or none."""
        if not np.isfinite(metres):
            none = np.zeros(0, dtype=np.int64)
            return Path(none, none.astype(bool), shapely.LineString(), np.inf, np.inf)
        line = self._part(start.segment, start.along_m, goal.along_m)
        return Path(
            np.array([start.segment], dtype=np.int64),
            np.array([goal.along_m >= start.along_m]),
            shapely.LineString(line),
            metres,
            metres / self.speed,
        )

    def _put_together(
        self,
        segments: Integers,
        forward: NDArray[np.bool_],
        start: float,
        goal: float,
        total: float,
    ) -> Path:
        lengths = self.network.length_m[segments]
        begin, end = np.where(forward, 0.0, lengths), np.where(forward, lengths, 0.0)
        begin[0], end[-1] = start, goal
        # A spot at a crossing gives its segment nothing to go.
        gone = begin != end
        parts = [
            self._part(int(s), b, e)
            for s, b, e in zip(segments[gone], begin[gone], end[gone], strict=True)
        ]
        points = np.concatenate(parts) if parts else self._part(int(segments[0]), start, start)
        fresh = np.ones(len(points), dtype=np.bool_)
        fresh[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
        if fresh.sum() > 1:
            points = points[fresh]
        return Path(
            segments[gone], forward[gone], shapely.LineString(points), total, total / self.speed
        )

    def _part(self, segment: int, begin: float, end: float) -> Floats:
        """Return the points of a part of a segment, from `begin` to `end` metres along."""
        line, length = self.network.lines[segment], self.network.length_m[segment]
        points = shapely.get_coordinates(line)
        if begin in (0.0, length) and end in (0.0, length) and begin != end:
            return points if begin < end else points[::-1]
        steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        steps *= length / steps[-1]
        low, high = sorted((begin, end))
        inside = (steps > low) & (steps < high)
        at = np.concatenate([[low], steps[inside], [high]])
        cut = np.column_stack([np.interp(at, steps, points[:, axis]) for axis in (0, 1)])
        return cut if begin <= end else cut[::-1]


def warm() -> None:
    """Have compiled what the first person would wait for."""
    lines = np.array([shapely.LineString([(0, 0), (1, 0)]), shapely.LineString([(1, 0), (2, 0)])])
    ends, masks = np.array([0, 1]), np.full(2, int(Mode.FOOT), dtype=np.uint8)
    names = np.array(["", ""], dtype=object)
    network = Network(
        np.arange(3.0), np.zeros(3), ends, ends + 1, np.ones(2), masks, masks, lines, ends, names
    )
    router = Router(network, Mode.FOOT)
    router.matrix(router.snap(np.array([0.5, 1.5]), np.zeros(2), 1.0))
    router.path(Spot(0, 0.5), Spot(1, 0.5))


def _least_stretch(network: Network) -> float:
    """Return by how much a way may be shorter than the straight line, for planes distort."""
    away = np.hypot(
        network.x[network.end] - network.x[network.start],
        network.y[network.end] - network.y[network.start],
    )
    far = away > 0
    return float(np.min(network.length_m[far] / away[far], initial=1.0)) * (1 - 1e-9)
