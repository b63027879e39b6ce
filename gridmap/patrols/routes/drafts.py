"""What a planner has drawn, read from what a page sends and checked before it is stored."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError, refuse_identity_number
from gridmap.patrols.models import MODES, ROUTE_KINDS, STOP_KINDS

#: A route by car through every street of a large town has fewer.
MOST_POINTS = 20_000
MOST_WAYPOINTS = 1_000
MOST_STOPS = 200
LONGEST_NAME, LONGEST_NOTES = 80, 4_000
MOST_DWELL_MIN = 720
#: As many as GeoJSON of this program has; the last one is a centimetre.
PLACES = 7

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Waypoint:
    """A click, and the leg that leads to it.

    Attributes
    ----------
    lon, lat : float
        WGS 84.
    free : bool
        Whether the leg is a straight line and does not follow streets.
    end : int
        The vertex of the route's line at which the leg ends; 0 for the first click.
    streets : tuple of str
        The names of the streets that the leg follows, in order.
    """

    lon: float
    lat: float
    free: bool = False
    end: int = 0
    streets: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {
            "lon": self.lon,
            "lat": self.lat,
            "free": self.free,
            "end": self.end,
            "streets": list(self.streets),
        }


@dataclass(frozen=True)
class StopDraft:
    """A stop; ``id`` is that of a stop that is stored already."""

    lon: float
    lat: float
    name: str = ""
    kind: str = "other"
    dwell_min: int = 10
    opens: time | None = None
    closes: time | None = None
    must: bool = False
    place_id: int | None = None
    id: int | None = None


@dataclass(frozen=True)
class Draft:
    """A route as it is to be.

    Attributes
    ----------
    unit_id : int or None
        Whose route it is; None lets the place of the line decide.
    line : ndarray of float64, shape (n, 2)
        Longitude and latitude, WGS 84.
    """

    name: str
    line: Points
    waypoints: tuple[Waypoint, ...]
    stops: tuple[StopDraft, ...] = ()
    kind: str = "regular"
    mode: str = "foot"
    team_id: int | None = None
    unit_id: int | None = None
    colour: str = "#1f5fa8"
    notes: str = ""
    notices: tuple[Message, ...] = field(default=(), compare=False)

    def renamed(self, name: str) -> Draft:
        """Return the same under another name."""
        return replace(self, name=name)


def read_draft(given: Mapping[str, Any]) -> Draft:
    """Read a route that a page sends.

    Parameters
    ----------
    given : mapping
        ``name``, ``kind``, ``mode``, ``team``, ``unit``, ``colour``, ``notes``, ``waypoints``
        (``lon``, ``lat``, ``free``, ``streets``), ``legs`` (for each waypoint but the first the
        coordinates of the way to it) and ``stops``.

    Raises
    ------
    ParameterError
        Naming the field that cannot be used.
    GridmapError
        If the line cannot be a route; the sentence says why.
    """
    waypoints, line = _read_way(given)
    stops = tuple(_read_stop(each, n) for n, each in enumerate(_list(given, "stops"), start=1))
    if len(stops) > MOST_STOPS:
        raise GridmapError(
            Message("A route has at most {most} stops, this one {count}.",
                    most=MOST_STOPS, count=len(stops))
        )  # fmt: skip
    colour = str(given.get("colour") or "#1f5fa8").lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise ParameterError("colour", Message("{value} is no colour.", value=colour[:20]))
    return Draft(
        name=checked_name(given.get("name")),
        line=line,
        waypoints=waypoints,
        stops=stops,
        kind=_one_of(given, "kind", ROUTE_KINDS),
        mode=_one_of(given, "mode", MODES),
        team_id=_id(given, "team"),
        unit_id=_id(given, "unit"),
        colour=colour,
        notes=_text(given, "notes", LONGEST_NOTES),
        notices=notices_of(line),
    )


def checked_name(given: object) -> str:
    """Return the name of a route.

    Raises
    ------
    ParameterError
        If it is empty or too long.
    """
    name = " ".join(str(given or "").split())
    if not name or len(name) > LONGEST_NAME:
        raise ParameterError(
            "name", Message("Give the route a name of up to {count} letters.", count=LONGEST_NAME)
        )
    refuse_identity_number(name)
    return name


def check_line(line: Points) -> None:
    """Refuse a line that no one can walk.

    Raises
    ------
    GridmapError
        If it is a single point, too long, or not on the globe.
    """
    if len(line) > MOST_POINTS:
        raise GridmapError(
            Message(
                "The line has {count} points, and a route at most {most}: import it from a file, "
                "which makes it simpler, or draw it with fewer clicks.",
                count=f"{len(line):,}",
                most=f"{MOST_POINTS:,}",
            )
        )
    if len(line) < 2 or not np.ptp(line, axis=0).any():
        raise GridmapError(Message("A route needs two points at least that differ."))
    lon, lat = line[:, 0], line[:, 1]
    if not (np.isfinite(line).all() and (np.abs(lon) <= 180).all() and (np.abs(lat) <= 90).all()):
        raise GridmapError(Message("The line has coordinates that are not on the globe."))


def read_line(given: object) -> Points:
    """Read the coordinates of a whole line.

    Raises
    ------
    GridmapError
        If they are none, or as `check_line`.
    """
    line = _coordinates(given)
    check_line(line)
    return line


def notices_of(line: Points) -> tuple[Message, ...]:
    """Tell what is allowed and yet may be a slip: a line that crosses or repeats itself."""
    if shapely.is_simple(shapely.LineString(line)):
        return ()
    return (Message("The route crosses itself or uses a street twice, which may be meant."),)


def place_of(stops: Sequence[tuple[float, float]], line: Points) -> NDArray[np.float64]:
    """Return how far along a line each point lies, as a part of its length from 0 to 1."""
    scale = np.array([math.cos(math.radians(float(line[:, 1].mean()))), 1.0])
    shape = shapely.LineString(line * scale)
    points = shapely.points(np.array(stops, dtype=float).reshape(-1, 2) * scale)
    return np.asarray(shapely.line_locate_point(shape, points, normalized=True))


def _read_way(given: Mapping[str, Any]) -> tuple[tuple[Waypoint, ...], Points]:
    clicks = _list(given, "waypoints")
    legs = _list(given, "legs")
    if len(clicks) > MOST_WAYPOINTS:
        raise GridmapError(
            Message("A route has at most {most} clicks, this one {count}.",
                    most=MOST_WAYPOINTS, count=len(clicks))
        )  # fmt: skip
    if len(clicks) < 2:
        raise GridmapError(Message("A route needs two points at least that differ."))
    if len(legs) != len(clicks) - 1:
        raise GridmapError(Message("The request cannot be understood."))
    parts: list[Points] = []
    waypoints: list[Waypoint] = []
    end = 0
    for number, click in enumerate(clicks):
        at = _point(click)
        if number:
            leg = _coordinates(legs[number - 1])
            joint = parts[-1][-1:] if parts else leg[:1]
            rest = leg[1:] if np.array_equal(leg[:1], joint) and len(leg) > 1 else leg
            parts.append(rest if parts else leg)
            end = sum(map(len, parts)) - 1
            if end > MOST_POINTS:
                break
        streets = click.get("streets") if number and isinstance(click, Mapping) else None
        waypoints.append(
            Waypoint(*at, free=bool(click.get("free")), end=end, streets=_names(streets))
        )
    line = np.concatenate(parts)
    check_line(line)
    return tuple(waypoints), line


def _point(given: Any) -> tuple[float, float]:
    try:
        lon, lat = float(given["lon"]), float(given["lat"])
    except (TypeError, KeyError, ValueError):
        raise GridmapError(Message("The request cannot be understood.")) from None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise GridmapError(Message("The line has coordinates that are not on the globe."))
    return round(lon, PLACES), round(lat, PLACES)


def _coordinates(given: Any) -> Points:
    try:
        found = np.array(given, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 2 or found.shape[1] != 2 or not len(found):
        raise GridmapError(Message("The request cannot be understood."))
    return found.round(PLACES)


def _names(given: Any) -> tuple[str, ...]:
    names = given if isinstance(given, list) else []
    return tuple(str(name)[:100] for name in names[:200] if str(name).strip())


def _read_stop(given: Any, number: int) -> StopDraft:
    if not isinstance(given, Mapping):
        raise GridmapError(Message("The request cannot be understood."))
    lon, lat = _point(given)
    try:
        dwell = int(given.get("dwell_min", 10))
    except (TypeError, ValueError):
        dwell = -1
    if not 0 <= dwell <= MOST_DWELL_MIN:
        raise ParameterError(
            "stops",
            Message("Stop {number}: give minutes from 0 to {most}.",
                    number=number, most=MOST_DWELL_MIN),
        )  # fmt: skip
    opens, closes = (_hour(given.get(name), number) for name in ("opens", "closes"))
    if opens is not None and opens == closes:
        raise ParameterError(
            "stops", Message("Stop {number}: the window ends when it begins.", number=number)
        )
    return StopDraft(
        lon=lon,
        lat=lat,
        name=_text(given, "name", 100),
        kind=_one_of(given, "kind", STOP_KINDS),
        dwell_min=dwell,
        opens=opens,
        closes=closes,
        must=bool(given.get("must")),
        place_id=_id(given, "place_id"),
        id=_id(given, "id"),
    )


def _hour(given: Any, number: int) -> time | None:
    if not given:
        return None
    try:
        return time.fromisoformat(str(given)).replace(tzinfo=None, microsecond=0)
    except ValueError:
        raise ParameterError(
            "stops", Message("Stop {number}: write hours as 08:30.", number=number)
        ) from None


def _list(given: Mapping[str, Any], name: str) -> list[Any]:
    value = given.get(name) or []
    if not isinstance(value, list):
        raise GridmapError(Message("The request cannot be understood."))
    return value


def _text(given: Mapping[str, Any], name: str, longest: int) -> str:
    words = str(given.get(name) or "").strip()
    if len(words) > longest:
        raise ParameterError(name, Message("This is longer than {count} letters.", count=longest))
    refuse_identity_number(words)
    return words


def _one_of(given: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    value = str(given.get(name) or allowed[-1 if name == "kind" and "other" in allowed else 0])
    if value not in allowed:
        raise ParameterError(name, Message("The value of {name} cannot be used.", name=name))
    return value


def _id(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value in (None, "", 0):
        return None
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if not 0 < number < 1 << 63:
        raise ParameterError(name, Message("The value of {name} cannot be used.", name=name))
    return number
