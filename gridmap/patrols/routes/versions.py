"""What a route was after each time it was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import numpy as np
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import NotFoundError
from gridmap.patrols.models import PatrolRoute, PatrolRouteVersion, PatrolStop
from gridmap.patrols.routes.drafts import Draft, StopDraft, Waypoint
from gridmap.workforce.rights import Actor


@dataclass(frozen=True)
class VersionLine:
    """One version as the list of them shows it."""

    number: int
    at: datetime
    user_name: str
    name: str
    length_m: float
    stops: int


def keep_version(
    session: Session, actor: Actor, route: PatrolRoute, stops: Sequence[PatrolStop]
) -> None:
    """Keep what a route is now under the number of its version."""
    session.add(
        PatrolRouteVersion(
            route_id=route.id,
            number=route.version,
            at=route.updated_at,
            user_id=actor.user_id,
            user_name=actor.name,
            state=state_of(route, stops),
        )
    )
    session.flush()


def list_versions(session: Session, route_id: int) -> list[VersionLine]:
    """List the versions of a route, the newest first; the caller has seen the route."""
    state = PatrolRouteVersion.state
    rows = session.execute(
        select(
            PatrolRouteVersion.number,
            PatrolRouteVersion.at,
            PatrolRouteVersion.user_name,
            state["name"].astext.label("name"),
            state["length_m"].astext.label("length_m"),
            func.jsonb_array_length(state["stops"]).label("stops"),
        )
        .where(PatrolRouteVersion.route_id == route_id)
        .order_by(PatrolRouteVersion.number.desc())
    )
    return [
        VersionLine(row.number, row.at, row.user_name, row.name, float(row.length_m),
                    row.stops)
        for row in rows
    ]  # fmt: skip


def read_version(session: Session, route_id: int, number: int) -> Draft:
    """Return a version as a draft.

    Raises
    ------
    NotFoundError
        As `state_of_version`.
    """
    return draft_of_state(state_of_version(session, route_id, number))


def state_of_version(session: Session, route_id: int, number: int) -> Mapping[str, Any]:
    """Return a version as it is kept, see `state_of`; the caller has seen the route.

    Raises
    ------
    NotFoundError
        If there is none of this number.
    """
    # A number that the column cannot hold is none either.
    found = session.get(PatrolRouteVersion, (route_id, number)) if 0 < number < 1 << 31 else None
    if found is None:
        raise NotFoundError(Message("The route has no version {number}.", number=number))
    return found.state


def state_of(route: PatrolRoute, stops: Sequence[PatrolStop]) -> dict[str, Any]:
    """Return all columns of a route and its stops as JSON keeps them."""
    names = ("name", "kind", "mode", "team_id", "unit_id", "colour", "notes", "waypoints",
             "length_m", "moving_s", "dwell_s")  # fmt: skip
    return {
        **{name: getattr(route, name) for name in names},
        "geom": shapely.geometry.mapping(to_shape(route.geom)),
        "stops": [stop_state(stop) for stop in stops],
    }


def stop_state(stop: PatrolStop) -> dict[str, Any]:
    """Return a stop as JSON keeps it."""
    point = to_shape(stop.geom)
    return {
        "id": stop.id,
        "name": stop.name,
        "kind": stop.kind,
        "place_id": stop.place_id,
        "dwell_min": stop.dwell_min,
        "opens": None if stop.opens is None else f"{stop.opens:%H:%M}",
        "closes": None if stop.closes is None else f"{stop.closes:%H:%M}",
        "must": stop.must,
        "lon": float(shapely.get_x(point)),
        "lat": float(shapely.get_y(point)),
    }


def draft_of(route: PatrolRoute, stops: Sequence[PatrolStop]) -> Draft:
    """Return a stored route as a draft."""
    return draft_of_state(state_of(route, stops))


def draft_of_state(state: Mapping[str, Any]) -> Draft:
    """Return a kept state as a draft."""
    return Draft(
        name=state["name"],
        line=np.array(state["geom"]["coordinates"], dtype=float),
        waypoints=tuple(
            Waypoint(
                each["lon"], each["lat"], each.get("free", False), each.get("end", 0),
                tuple(each.get("streets", ())),
            )
            for each in state["waypoints"]
        ),
        stops=tuple(
            StopDraft(
                **{
                    **{name: stop[name] for name in
                       ("lon", "lat", "name", "kind", "dwell_min", "must", "place_id", "id")},
                    "opens": _hour(stop["opens"]),
                    "closes": _hour(stop["closes"]),
                }
            )
            for stop in state["stops"]
        ),
        kind=state["kind"],
        mode=state["mode"],
        team_id=state["team_id"],
        unit_id=state["unit_id"],
        colour=state["colour"],
        notes=state["notes"],
    )  # fmt: skip


def _hour(given: str | None) -> time | None:
    return None if given is None else time.fromisoformat(given)
