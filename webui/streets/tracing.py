"""The line between points that a planner sets, for the script that draws routes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, ParameterError
from gridmap.patrols.network import Mode
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
