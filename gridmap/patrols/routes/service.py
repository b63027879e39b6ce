"""Writes of routes: save, split, copy, archive, and bring a former version back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from geoalchemy2.shape import from_shape
from shapely.geometry import LineString, Point
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, ParameterError
from gridmap.patrols.models import PatrolRoute, PatrolRouteVersion, PatrolStop
from gridmap.patrols.network import SPEED, Mode
from gridmap.patrols.routes.drafts import Draft, StopDraft, checked_name
from gridmap.patrols.routes.ground import check_in_town, length_of, unit_of
from gridmap.patrols.routes.queries import find_route, stops_of
from gridmap.patrols.routes.versions import draft_of, keep_version, read_version
from gridmap.workforce import audit
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Action, Actor, require, require_unit

SUBJECT = "patrol_route"


def create_route(session: Session, actor: Actor, draft: Draft) -> PatrolRoute:
    """Store a new route as its first version.

    Raises
    ------
    ForbiddenError
        If the actor may not plan patrols.
    GridmapError
        If the line lies outside the town or the actor's area.
    NotFoundError
        If the unit or the team does not exist, or not for this actor.
    """
    require(actor, Action.PLAN_PATROLS)
    route = PatrolRoute()
    _write(session, actor, route, draft)
    session.add(route)
    session.flush()
    _write_stops(session, route, draft.stops)
    _finish(session, actor, route)
    audit.record(session, actor, "patrols.create", (SUBJECT, route.id), None, told(route))
    return route


def save_route(
    session: Session, actor: Actor, route_id: int, draft: Draft, version: int
) -> PatrolRoute:
    """Store a route as its next version.

    Parameters
    ----------
    version : int
        The version that the actor began with.

    Raises
    ------
    ConflictError
        If somebody saved it meanwhile; the sentence names who and when.
    NotFoundError
        If there is no such route, unit or team for this actor.
    """
    route = _locked(session, actor, route_id)
    _check_version(session, route, version)
    before = told(route)
    _write(session, actor, route, draft)
    route.version += 1
    session.flush()
    _write_stops(session, route, draft.stops)
    _finish(session, actor, route)
    audit.record_difference(
        session, actor, "patrols.change", (SUBJECT, route.id), before, told(route)
    )
    return route


def split_route(
    session: Session, actor: Actor, route_id: int, version: int, parts: tuple[Draft, Draft]
) -> tuple[PatrolRoute, PatrolRoute]:
    """Keep the first part of a route as its next version, and the second as a new route.

    Raises
    ------
    ConflictError
        As `save_route`.
    """
    first, second = parts
    kept = save_route(session, actor, route_id, first, version)
    # Their stops are new ones there.
    moved = tuple(replace(stop, id=None) for stop in second.stops)
    return kept, create_route(session, actor, replace(second, stops=moved))


def join_routes(
    session: Session, actor: Actor, route_id: int, draft: Draft, version: int, other_id: int
) -> PatrolRoute:
    """Save a route that now holds another's line and stops, and archive the other.

    Raises
    ------
    ConflictError
        As `save_route`.
    """
    if other_id == route_id:
        raise GridmapError(Message("A route cannot be joined with itself."))
    saved = save_route(session, actor, route_id, draft, version)
    archive_route(session, actor, other_id)
    return saved


def copy_route(session: Session, actor: Actor, route_id: int, name: str) -> PatrolRoute:
    """Make another route with the same line and stops.

    Raises
    ------
    NotFoundError
        If there is no such route for this actor.
    """
    require(actor, Action.PLAN_PATROLS)
    route = find_route(session, actor, route_id)
    draft = draft_of(route, stops_of(session, route.id))
    stops = tuple(replace(stop, id=None) for stop in draft.stops)
    return create_route(session, actor, replace(draft, name=checked_name(name), stops=stops))


def archive_route(session: Session, actor: Actor, route_id: int) -> None:
    """Take a route out of use; it stays with its versions."""
    route = _locked(session, actor, route_id)
    if route.archived_at is None:
        route.archived_at = datetime.now(UTC)
        audit.record(session, actor, "patrols.archive", (SUBJECT, route.id))
    session.flush()


def restore_route(session: Session, actor: Actor, route_id: int) -> None:
    """Take a route out of the archive."""
    route = _locked(session, actor, route_id)
    if route.archived_at is not None:
        route.archived_at = None
        audit.record(session, actor, "patrols.restore", (SUBJECT, route.id))
    session.flush()


def bring_back(
    session: Session, actor: Actor, route_id: int, number: int, version: int
) -> PatrolRoute:
    """Save a former version of a route as its next one; what it was until now stays.

    A team, a unit or a place that is gone since then is left out.

    Raises
    ------
    NotFoundError
        If there is no such version.
    ConflictError
        As `save_route`.
    """
    route = _locked(session, actor, route_id)
    draft = read_version(session, route.id, number)
    known = {stop.id for stop in stops_of(session, route.id)}
    stops = tuple(
        stop if stop.id in known else replace(stop, id=None)
        for stop in _with_places(session, draft.stops)
    )
    draft = replace(
        draft,
        stops=stops,
        team_id=draft.team_id if _is_usable(session, actor, draft.team_id) else None,
        unit_id=draft.unit_id if _sees(session, actor, draft.unit_id) else route.unit_id,
    )
    return save_route(session, actor, route_id, draft, version)


def told(route: PatrolRoute) -> dict[str, Any]:
    """Return what the audit log keeps of a route."""
    return {
        "name": route.name,
        "kind": route.kind,
        "mode": route.mode,
        "team_id": route.team_id,
        "unit_id": route.unit_id,
        "version": route.version,
        "length_m": round(route.length_m),
    }


def _locked(session: Session, actor: Actor, route_id: int) -> PatrolRoute:
    """Return a route that the actor may change, and have others wait who write it too."""
    require(actor, Action.PLAN_PATROLS)
    route = find_route(session, actor, route_id)
    session.refresh(route, with_for_update=True)
    return route


def _check_version(session: Session, route: PatrolRoute, version: int) -> None:
    if route.version == version:
        return
    last = session.scalars(
        select(PatrolRouteVersion)
        .where(PatrolRouteVersion.route_id == route.id)
        .order_by(PatrolRouteVersion.number.desc())
        .limit(1)
    ).one_or_none()
    raise ConflictError(
        Message(
            "{name} has saved this route meanwhile, as version {number}. Look at it, and save "
            "yours over it or as a copy.",
            name="?" if last is None else last.user_name,
            number=route.version,
        )
    )


def _write(session: Session, actor: Actor, route: PatrolRoute, draft: Draft) -> None:
    check_in_town(session, draft.line)
    _check_team(session, actor, draft.team_id)
    unit_id = draft.unit_id
    if unit_id is None:
        unit_id = unit_of(session, actor, draft.line)
    elif not _sees(session, actor, unit_id):
        raise NotFoundError(Message("There is no unit with the id {id}.", id=unit_id))
    require_unit(actor, unit_id)
    length = length_of(session, draft.line)
    values = {
        "name": draft.name,
        "kind": draft.kind,
        "mode": draft.mode,
        "team_id": draft.team_id,
        "unit_id": unit_id,
        "colour": draft.colour,
        "notes": draft.notes,
        "waypoints": [each.plain() for each in draft.waypoints],
        "length_m": length,
        "moving_s": length / SPEED[Mode[draft.mode.upper()]],
        "dwell_s": 60.0 * sum(stop.dwell_min for stop in draft.stops),
        "updated_at": datetime.now(UTC),
        "geom": from_shape(LineString(draft.line), srid=4326),
    }
    for name, value in values.items():
        setattr(route, name, value)


def _write_stops(session: Session, route: PatrolRoute, drafts: Sequence[StopDraft]) -> None:
    """Write the stops in their order; those that stay keep their ids, which visits refer to."""
    there = {stop.id: stop for stop in stops_of(session, route.id)}
    known = _with_places(session, drafts)
    staying = {draft.id for draft in known}
    for stop_id, stop in there.items():
        if stop_id not in staying:
            session.delete(stop)
    used: set[int] = set()
    for position, draft in enumerate(known, start=1):
        kept = there.get(draft.id or 0)
        if kept is None or kept.id in used:
            stop = PatrolStop(route_id=route.id)
            session.add(stop)
        else:
            stop = kept
            used.add(stop.id)
        stop.position = position
        stop.geom = from_shape(Point(draft.lon, draft.lat), srid=4326)
        for name in ("name", "kind", "place_id", "dwell_min", "opens", "closes", "must"):
            setattr(stop, name, getattr(draft, name))
    session.flush()


def _with_places(session: Session, drafts: Sequence[StopDraft]) -> list[StopDraft]:
    """Return the stops; one whose place is gone stays without it."""
    wanted = [draft.place_id for draft in drafts if draft.place_id is not None]
    known = set(session.scalars(text("SELECT id FROM place WHERE id = ANY(:ids)"), {"ids": wanted}))
    return [draft if draft.place_id in known else replace(draft, place_id=None) for draft in drafts]


def _finish(session: Session, actor: Actor, route: PatrolRoute) -> None:
    session.flush()
    session.refresh(route)
    keep_version(session, actor, route, stops_of(session, route.id))


def _check_team(session: Session, actor: Actor, team_id: int | None) -> None:
    if not _is_usable(session, actor, team_id):
        raise ParameterError("team", Message("There is no such team. Choose another or none."))


def _is_usable(session: Session, actor: Actor, team_id: int | None) -> bool:
    team = None if team_id is None else session.get(Team, team_id)
    return team_id is None or (team is not None and team.active and actor.sees_unit(team.unit_id))


def _sees(session: Session, actor: Actor, unit_id: int | None) -> bool:
    if unit_id is None or not actor.sees_unit(unit_id):
        return False
    found = session.scalar(text("SELECT true FROM unit WHERE id = :id"), {"id": unit_id})
    return found is True
