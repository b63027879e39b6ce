"""Lines recorded by a device: matched to streets whole, and told as the clicks that draw them.

A line with few points says where its drawer clicked, and the way between is the shortest one
(`gridmap.patrols.streets.tracing`). A line with many points says the way itself, with the errors of
its device: tracing between some of them would turn into every side street that a point came near
to, so its points are judged together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.patrols.matching.cleaning import Cleaned
from gridmap.patrols.matching.hidden_markov import match
from gridmap.patrols.matching.walks import Walk
from gridmap.patrols.network import Floats, Integers, Mode
from gridmap.patrols.streets.placed import Placed
from gridmap.patrols.streets.routing import Spot
from gridmap.patrols.streets.tracing import Waypoint

#: A recorded line has as many points at least, nine in ten of them no further apart than this.
LEAST_POINTS, APART_M = 10, 60.0
#: So many waypoints a route out of a file has at most.
MOST_WAYPOINTS = 200
# Points of a simplified line are put back as closely as this.
_STEP_M = 10.0
# Two points further apart are a gap, and nothing is known of what lies between.
_GAP_M = 200.0
# A share of the line that lies on streets; below that its datum is wrong or it is no walk in town.
_LEAST_ON = 0.5
# By which a line off the streets may be made simpler.
_SIMPLE_M = 15.0


def is_recorded(points: Floats) -> bool:
    """Tell whether a line in metres, shape (n, 2), was recorded and not drawn."""
    if len(points) < LEAST_POINTS:
        return False
    apart = np.hypot(*np.diff(points, axis=0).T)
    return bool(np.quantile(apart, 0.9) <= APART_M)


def match_line(placed: Placed, line: Floats, mode: Mode) -> list[Waypoint]:
    """Return the waypoints between which a recorded line follows the streets.

    Parameters
    ----------
    placed : Placed
    line : ndarray of float64, shape (n, 2)
        Longitude and latitude in WGS 84; may be simplified by a few metres.
    mode : Mode

    Returns
    -------
    list of Waypoint
        As few as give the matched way by the shortest paths between them. Where the line lies on no
        street its own points are kept, and the legs there are free.

    Raises
    ------
    GridmapError
        If less than half of the line lies on streets, or it is too long and winding.
    """
    track = _track(placed, line)
    found = match(placed.network, track, mode)
    if not len(found.walk) or found.matched.mean() < _LEAST_ON:
        raise GridmapError(Message("Most of the line lies on no street."))
    first, *more = _waypoints(placed, track, found.matched, found.walk, mode)
    # No leg leads to the first.
    waypoints = [replace(first, free=False), *more]
    if len(waypoints) > MOST_WAYPOINTS:
        raise GridmapError(
            Message(
                "There are {count} points, and at most {most} can be joined. Leave some out.",
                count=len(waypoints),
                most=MOST_WAYPOINTS,
            )
        )
    return waypoints


def _track(placed: Placed, line: Floats) -> Cleaned:
    """Return a line as a track of which a point comes each second."""
    plane = np.column_stack(placed.metres(line[:, 0], line[:, 1]))
    gap = np.hypot(*np.diff(plane, axis=0).T) > _GAP_M
    points, parts = [], []
    for number, piece in enumerate(np.split(plane, np.flatnonzero(gap) + 1)):
        if len(piece) > 1:
            piece = shapely.get_coordinates(shapely.segmentize(shapely.LineString(piece), _STEP_M))
        points.append(piece)
        parts.append(np.full(len(piece), number, dtype=np.int64))
    at = np.concatenate(points)
    n = len(at)
    return Cleaned(
        x=at[:, 0].copy(),
        y=at[:, 1].copy(),
        time_s=np.arange(n, dtype=np.float64),
        accuracy_m=np.full(n, np.nan),
        part=np.concatenate(parts),
        index=np.arange(n),
        fate=np.zeros(n, dtype=np.uint8),
        disordered=0,
        stays=(),
    )


def _waypoints(
    placed: Placed, track: Cleaned, on: NDArray[np.bool_], walk: Walk, mode: Mode
) -> Iterator[Waypoint]:
    """Yield the waypoints of each chain, and those of the line where it is on no street."""
    gone = 0
    for chain in np.unique(walk.chain):
        rows = np.flatnonzero(walk.chain == chain)
        begins = int(walk.entered_s[rows[0]])
        yield from _off(placed, track, gone, begins, on)
        spots, free = _thinned(placed, walk, rows, mode), True
        for spot in spots:
            lon, lat = _degrees(placed, spot)
            # Who comes from no street comes straight.
            yield Waypoint(lon, lat, free=free)
            free = False
        gone = int(np.ceil(walk.left_s[rows[-1]])) + 1
    yield from _off(placed, track, gone, len(track.x), on)


def _off(
    placed: Placed, track: Cleaned, first: int, last: int, on: NDArray[np.bool_]
) -> Iterator[Waypoint]:
    """Yield the corners of the line between two of its points, as far as it is off the streets."""
    rows = np.arange(first, last)
    rows = rows[~on[first:last]]
    if rows.size < 2:
        return
    line = shapely.LineString(np.column_stack([track.x[rows], track.y[rows]]))
    corners = shapely.get_coordinates(shapely.simplify(line, _SIMPLE_M))
    for lon, lat in zip(*placed.degrees(corners[:, 0], corners[:, 1]), strict=True):
        yield Waypoint(float(lon), float(lat), free=True)


def _thinned(placed: Placed, walk: Walk, rows: Integers, mode: Mode) -> list[Spot]:
    """Return as few places of a chain as give it again by the shortest ways between them."""
    router = placed.router(mode)
    places = list(_places(walk, rows))

    def leads(begin: int, end: int) -> bool:
        found = router.path(places[begin].spot, places[end].spot)
        wanted = walk.segment[places[begin].leaves : places[end].enters + 1]
        return np.array_equal(found.segments, wanted)

    kept, at, last = [places[0].spot], 0, len(places) - 1
    while at < last:
        # The part of a shortest way is one too: what does not lead there leads no further either.
        good, step = at + 1, 2
        while at + step <= last and leads(at, at + step):
            good, step = at + step, 2 * step
        bad = min(at + step, last + 1)
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if leads(at, middle) else (good, middle)
        kept.append(places[good].spot)
        at = good
    return kept


class _Place(NamedTuple):
    """A place of a walk: the piece that leads there, the one that leads on, and where it is."""

    enters: int
    leaves: int
    spot: Spot


def _places(walk: Walk, rows: Integers) -> Iterator[_Place]:
    """Yield places of a chain in order: its ends, turns and the middles of its pieces."""
    first, last = int(rows[0]), int(rows[-1])
    yield _Place(first, first, Spot(int(walk.segment[first]), float(walk.from_m[first])))
    for row in rows.tolist():
        segment = int(walk.segment[row])
        begin, end = float(walk.from_m[row]), float(walk.to_m[row])
        yield _Place(row, row, Spot(segment, (begin + end) / 2))
        if row == last:
            yield _Place(row, row, Spot(segment, end))
        elif walk.segment[row + 1] == segment:
            yield _Place(row, row + 1, Spot(segment, end))


def _degrees(placed: Placed, spot: Spot) -> tuple[float, float]:
    line = placed.network.lines[spot.segment]
    share = spot.along_m / placed.network.length_m[spot.segment]
    at = shapely.line_interpolate_point(line, share, normalized=True)
    lon, lat = placed.degrees([at.x], [at.y])
    return float(lon[0]), float(lat[0])
