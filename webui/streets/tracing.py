"""The line between points that a planner sets, or of a file, for the script that draws routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np
from flask import Response, jsonify
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.patrols.network import Mode
from gridmap.patrols.routes.files_in import MOST_KEPT
from gridmap.patrols.routes.recorded import match_line
from gridmap.patrols.streets.reading import read_network
from gridmap.patrols.streets.tracing import Leg, Waypoint, trace
from gridmap.workforce.rights import Action
from webui.access import needs
from webui.asking import body
from webui.database import reading
from webui.streets.blueprint import blueprint

#: The modes as `PatrolRoute.mode` names them.
MODES = MappingProxyType({"foot": Mode.FOOT, "bicycle": Mode.BICYCLE, "car": Mode.CAR})


@blueprint.post("/trace")
@needs(Action.PLAN_PATROLS)
def trace_line() -> Response:
    """Answer with the legs between ``waypoints`` (``lon``, ``lat``, ``free``) for a ``mode``."""
    sent = body()
    mode = MODES.get(str(sent.get("mode", "foot")))
    if mode is None:
        raise ParameterError("mode", Message("Choose how the patrol moves."))
    waypoints = _waypoints(sent.get("waypoints"))
    with reading() as connection, Session(connection) as session:
        found = trace(session, waypoints, mode)
    return jsonify(
        legs=[_told(leg) for leg in found.legs],
        length_m=round(found.length_m, 1),
        seconds=round(found.seconds),
    )


@blueprint.post("/match")
@needs(Action.PLAN_PATROLS)
def match_recorded() -> Response:
    """Answer with the waypoints of a recorded ``line`` (longitude and latitude each) on foot."""
    line = _line(body().get("line"))
    with reading() as connection, Session(connection) as session:
        found = match_line(read_network(session), line, Mode.FOOT)
    return jsonify(waypoints=[asdict(point) for point in found])


def _line(sent: object) -> NDArray[np.float64]:
    """Return a line as it was sent, shape (n, 2)."""
    try:
        line = np.array(sent, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        line = np.empty(0)
    if line.ndim != 2 or line.shape[1] != 2 or not 2 <= len(line) <= MOST_KEPT:
        raise GridmapError(Message("The request cannot be understood."))
    if not (np.isfinite(line).all() and (np.abs(line) <= (180.0, 90.0)).all()):
        raise GridmapError(Message("The request cannot be understood."))
    return line


def _waypoints(sent: object) -> list[Waypoint]:
    if not isinstance(sent, list):
        raise GridmapError(Message("The request cannot be understood."))
    return [_waypoint(number, each) for number, each in enumerate(sent, start=1)]


def _waypoint(number: int, sent: object) -> Waypoint:
    try:
        if not isinstance(sent, Mapping):
            raise TypeError
        return Waypoint(float(sent["lon"]), float(sent["lat"]), sent.get("free") is True)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise GridmapError(
            Message("Point {number} has no longitude and latitude.", number=number)
        ) from None


def _told(leg: Leg) -> dict[str, Any]:
    return {
        "coordinates": leg.coordinates,
        "length_m": round(leg.length_m, 1),
        "seconds": round(leg.seconds),
        "routed": leg.routed,
        "streets": list(leg.streets),
    }
