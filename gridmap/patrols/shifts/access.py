"""Who may see and change which shift: planners in their area, captains and members their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ForbiddenError, NotFoundError
from gridmap.incidents.cases.access import own_cadre
from gridmap.patrols.models import PatrolRoute
from gridmap.patrols.shifts.models import Shift
from gridmap.workforce.models import Team
from gridmap.workforce.rights import Action, Actor

__all__ = ["captained", "find_shift", "own_cadre", "plans", "usable_route", "usable_team"]


def plans(actor: Actor, unit_id: int) -> bool:
    """Tell whether somebody plans the shifts of a unit's teams."""
    return actor.may(Action.PLAN_PATROLS) and actor.sees_unit(unit_id)


def captained(session: Session, cadre_id: int | None) -> frozenset[int]:
    """Return the active teams of which a cadre is the captain."""
    if cadre_id is None:
        return frozenset()
    rows = session.scalars(
        text("""
            SELECT m.team_id FROM team_member m JOIN team t ON t.id = m.team_id
            WHERE m.cadre_id = :cadre AND m.captain AND t.active
        """),
        {"cadre": cadre_id},
    )
    return frozenset(rows)


def find_shift(
    session: Session, actor: Actor, shift_id: int, *, lock: bool = False
) -> tuple[Shift, Team]:
    """Return a shift that the actor plans, looks at, leads or is on, with its team.

    Raises
    ------
    NotFoundError
        If there is none for this person, also where the id was guessed.
    """
    query = select(Shift, Team).join(Team, Team.id == Shift.team_id).where(Shift.id == shift_id)
    if lock:
        query = query.with_for_update(of=Shift).execution_options(populate_existing=True)
    found = session.execute(query).one_or_none()
    if found is not None and _sees(session, actor, found.Shift, found.Team):
        return found.Shift, found.Team
    raise NotFoundError(Message("There is no shift with the number {id}.", id=shift_id))


def _sees(session: Session, actor: Actor, shift: Shift, team: Team) -> bool:
    if actor.may(Action.VIEW_WORKFORCE) and actor.sees_unit(team.unit_id):
        return True
    cadre = own_cadre(session, actor)
    if cadre is None:
        return False
    return bool(
        session.scalar(
            text("""
                SELECT EXISTS (SELECT FROM shift_member WHERE shift_id = :shift AND cadre_id = :me)
                    OR EXISTS (SELECT FROM team_member WHERE team_id = :team AND cadre_id = :me
                               AND captain)
                    OR EXISTS (SELECT FROM shift_swap WHERE :me IN (cadre_id, other_id)
                               AND :shift IN (shift_id, other_shift_id))
            """),
            {"shift": shift.id, "team": team.id, "me": cadre},
        )
    )


def find_planned(session: Session, actor: Actor, shift_id: int) -> tuple[Shift, Team]:
    """Return a shift that the actor plans, locked; raises `ForbiddenError` for who only sees it."""
    shift, team = find_shift(session, actor, shift_id, lock=True)
    if not plans(actor, team.unit_id):
        raise ForbiddenError(Message("You do not have the right to do this."))
    return shift, team


def usable_team(session: Session, actor: Actor, team_id: int) -> Team:
    """Return a team of the actor's area, active or not, locked against being disbanded meanwhile.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    team = session.scalars(
        select(Team).where(Team.id == team_id).with_for_update(read=True)
    ).one_or_none()
    if team is None or not actor.sees_unit(team.unit_id):
        raise NotFoundError(Message("There is no team with the id {id}.", id=team_id))
    return team


def usable_route(session: Session, actor: Actor, route_id: int | None) -> int | None:
    """Return a route of the actor's area; raises `NotFoundError` for any other."""
    if route_id is None:
        return None
    route = session.get(PatrolRoute, route_id)
    if route is None or not actor.sees_unit(route.unit_id):
        raise NotFoundError(Message("There is no patrol route with the id {id}.", id=route_id))
    return route.id


def usable_members(session: Session, actor: Actor, team_id: int, members: set[int]) -> None:
    """Refuse who is neither of the team nor of the actor's area.

    Raises
    ------
    NotFoundError
        Naming the first.
    """
    rows: list[Row[Any]] = list(
        session.execute(
            text("""
                SELECT d.id, d.unit_id, EXISTS (SELECT FROM team_member m
                    WHERE m.team_id = :team AND m.cadre_id = d.id) AS of_team
                FROM cadre d WHERE d.id = ANY(:ids)
            """),
            {"team": team_id, "ids": sorted(members)},
        )
    )
    known = {row.id for row in rows if row.of_team or actor.sees_unit(row.unit_id)}
    for missing in sorted(members - known):
        raise NotFoundError(Message("There is no cadre with the id {id}.", id=missing))
