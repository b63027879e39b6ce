"""Lines that follow the streets between the points that a person sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geodata.messages import Message
from geodata.metric import metres_per_degree
from gridmap.errors import GridmapError
from gridmap.patrols.network import SPEED, Floats, Mode
from gridmap.patrols.streets.placed import Placed
from gridmap.patrols.streets.reading import read_network
from gridmap.patrols.streets.routing import Path, Spots

#: A point further off than this is on no street.
WITHIN_M = 100.0
#: More points than a person sets; a recorded track is matched and not traced.
MOST_POINTS = 1_000
#: How far beyond the streets the town reaches, in degrees: some 2 km.
_MARGIN = 0.02


@dataclass(frozen=True)
class Waypoint:
    """A point that a line passes.

    Attributes
    ----------
    lon, lat : float
        WGS 84 degrees.
    free : bool
        Whether the leg that leads here is a straight line, off the streets.
    """

    lon: float
    lat: float
    free: bool = False


@dataclass(frozen=True)
class Leg:
    """The line from one waypoint to the next.

    Attributes
    ----------
    coordinates : list of [lon, lat]
        At least two, WGS 84 degrees in seven places.
    length_m, seconds : float
    routed : bool
        Whether it follows the streets.
    streets : tuple of str
        The names of the streets in order, those without a name left out.
    """

    coordinates: list[list[float]]
    length_m: float
    seconds: float
    routed: bool
    streets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """The legs between waypoints; each begins where the one before ends."""

    legs: tuple[Leg, ...]

    @property
    def length_m(self) -> float:
        """Return the length of all legs."""
        return sum(leg.length_m for leg in self.legs)

    @property
    def seconds(self) -> float:
        """Return the time of all legs, without stops."""
        return sum(leg.seconds for leg in self.legs)


def trace(session: Session, waypoints: Sequence[Waypoint], mode: Mode) -> Trace:
    """Join waypoints by the shortest ways along the streets.

    Parameters
    ----------
    session : Session
    waypoints : sequence of Waypoint
        A waypoint with a routed leg on either side moves to the nearest street; one between free
        legs stays where it is. Of fewer than two come no legs.
    mode : Mode

    Raises
    ------
    GridmapError
        If a point is outside the town or too far from a street of the mode, cannot be reached
        from the one before, or there are too many; the sentence names it.
    UnavailableError
        If there is no network.
    """
    if len(waypoints) > MOST_POINTS:
        raise GridmapError(
            Message(
                "There are {count} points, and at most {most} can be joined. Leave some out.",
                count=len(waypoints),
                most=MOST_POINTS,
            )
        )
    return trace_on(read_network(session), waypoints, mode)


def trace_on(placed: Placed, waypoints: Sequence[Waypoint], mode: Mode) -> Trace:
    """Join waypoints along the streets of a network; see `trace`."""
    _refuse_outside(placed, waypoints)
    if len(waypoints) < 2:
        return Trace(())
    routed = np.array([not point.free for point in waypoints[1:]])
    lon = np.array([point.lon for point in waypoints], dtype=np.float64)
    lat = np.array([point.lat for point in waypoints], dtype=np.float64)
    spots = placed.router(mode).snap(*placed.metres(lon, lat), WITHIN_M)
    on_street = np.append(routed, False) | np.insert(routed, 0, False)
    _refuse_far(spots, on_street)
    _move(placed, spots, on_street, lon, lat)
    legs = []
    for number, ahead in pairwise(range(len(waypoints))):
        if routed[number]:
            path = placed.router(mode).path(spots[number], spots[ahead])
            if not np.isfinite(path.length_m):
                raise GridmapError(
                    Message(
                        "Point {ahead} cannot be reached from point {number} along the streets. "
                        "Set it elsewhere, or go there freely.",
                        ahead=ahead + 1,
                        number=number + 1,
                    )
                )
            legs.append(_routed(placed, path))
        else:
            legs.append(_free(lon[[number, ahead]], lat[[number, ahead]], mode))
    return Trace(tuple(legs))


def _refuse_outside(placed: Placed, waypoints: Sequence[Waypoint]) -> None:
    west, south, east, north = placed.bounds
    for number, point in enumerate(waypoints, start=1):
        # What is no number is inside nothing.
        inside = (
            west - _MARGIN <= point.lon <= east + _MARGIN
            and south - _MARGIN <= point.lat <= north + _MARGIN
        )
        if not inside:
            raise GridmapError(Message("Point {number} lies outside the town.", number=number))


def _refuse_far(spots: Spots, on_street: np.typing.NDArray[np.bool_]) -> None:
    far = np.flatnonzero(on_street & (spots.segment < 0))
    if far.size:
        raise GridmapError(
            Message(
                "There is no street within {metres} m of point {number} that one may use. Set it "
                "elsewhere, or go there freely.",
                metres=int(WITHIN_M),
                number=int(far[0]) + 1,
            )
        )


def _move(
    placed: Placed,
    spots: Spots,
    on_street: np.typing.NDArray[np.bool_],
    lon: Floats,
    lat: Floats,
) -> None:
    """Put the points that are to lie on streets there."""
    chosen = spots.segment[on_street]
    share = spots.along_m[on_street] / placed.network.length_m[chosen]
    points = shapely.line_interpolate_point(placed.network.lines[chosen], share, normalized=True)
    lon[on_street], lat[on_street] = placed.degrees(shapely.get_x(points), shapely.get_y(points))


def _routed(placed: Placed, path: Path) -> Leg:
    lon, lat = placed.degrees(*shapely.get_coordinates(path.line).T)
    names = (name for name, _ in groupby(placed.network.name[path.segments]) if name)
    # A nameless stretch within a street does not begin the street anew.
    streets = tuple(name for name, _ in groupby(names))
    return Leg(_pairs(lon, lat), path.length_m, path.seconds, routed=True, streets=streets)


def _free(lon: Floats, lat: Floats, mode: Mode) -> Leg:
    east, north = np.array([np.diff(lon)[0], np.diff(lat)[0]]) * metres_per_degree(lat.mean())
    metres = float(np.hypot(east, north))
    return Leg(_pairs(lon, lat), metres, metres / SPEED[mode], routed=False)


def _pairs(lon: Floats, lat: Floats) -> list[list[float]]:
    pairs: list[list[float]] = np.round(np.column_stack([lon, lat]), 7).tolist()
    return pairs
