"""Cadres, their absences, and teams."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, text, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, refuse_identity_number
from gridmap.workforce import audit
from gridmap.workforce.models import Absence, Cadre, Team, TeamMember, User
from gridmap.workforce.rights import Action, Actor, require, require_unit

CADRE_KINDS = ("full_time", "part_time", "volunteer")
TEAM_KINDS = ("grid", "patrol", "volunteer")


@dataclass(frozen=True)
class CadreData:
    """What is known of a cadre; the number is the one on his badge, if he has one."""

    name: str
    unit_id: int
    phone: str = ""
    kind: str = "full_time"
    number: str | None = None
    skills: Sequence[str] = ()
    languages: Sequence[str] = ()
    user_id: int | None = None


@dataclass(frozen=True)
class TeamData:
    """A team; the captain, if there is one, is among the members."""

    name: str
    kind: str
    unit_id: int
    members: Collection[int] = field(default_factory=frozenset)
    captain_id: int | None = None


def list_cadres(
    session: Session,
    actor: Actor,
    *,
    active: bool = True,
    kinds: Collection[str] = CADRE_KINDS,
    limit: int | None = None,
) -> Sequence[Cadre]:
    """Return the cadres whose home unit lies in the actor's area, by name."""
    query = (
        select(Cadre)
        .where(_in_area(actor), Cadre.kind.in_(kinds))
        .order_by(Cadre.name, Cadre.id)
        .limit(limit)
    )
    if active:
        query = query.where(Cadre.active)
    return session.scalars(query).all()


def find_cadres(session: Session, actor: Actor, ids: Collection[int]) -> Sequence[Cadre]:
    """Return cadres by id, locked against being deactivated meanwhile.

    Raises
    ------
    NotFoundError
        If one does not exist in the actor's area.
    """
    query = select(Cadre).where(Cadre.id.in_(ids), _in_area(actor)).order_by(Cadre.id)
    rows = session.scalars(
        query.with_for_update(read=True).execution_options(populate_existing=True)
    ).all()
    for missing in sorted(set(ids) - {row.id for row in rows}):
        raise NotFoundError(Message("There is no cadre with the id {id}.", id=missing))
    return rows


def get_cadre(session: Session, actor: Actor, cadre_id: int) -> Cadre:
    """Return a cadre of the actor's area to read, or raise `NotFoundError`."""
    cadre = session.scalars(select(Cadre).where(Cadre.id == cadre_id, _in_area(actor))).first()
    if cadre is None:
        raise NotFoundError(Message("There is no cadre with the id {id}.", id=cadre_id))
    return cadre


def add_cadre(session: Session, actor: Actor, data: CadreData) -> Cadre:
    """Add a cadre.

    Raises
    ------
    ForbiddenError, NotFoundError
        If the actor may not, or the unit lies outside the area. Only who manages users links
        a user account.
    ConflictError
        If another has the number or the user account.
    GridmapError
        If a value breaks a rule.
    """
    require(actor, Action.MANAGE_CADRES)
    values = _checked(session, actor, data)
    cadre = Cadre(**values)
    session.add(cadre)
    _flush(session)
    audit.record(session, actor, "cadre.create", ("cadre", cadre.id), after=_public(values))
    return cadre


def change_cadre(session: Session, actor: Actor, cadre_id: int, data: CadreData) -> Cadre:
    """Change what is known of a cadre; raises as `add_cadre`."""
    require(actor, Action.MANAGE_CADRES)
    [cadre] = find_cadres(session, actor, [cadre_id])
    values = _checked(session, actor, data, cadre.user_id)
    former = {name: getattr(cadre, name) for name in values}
    for name, value in values.items():
        setattr(cadre, name, value)
    _flush(session)
    audit.record_difference(
        session, actor, "cadre.change", ("cadre", cadre.id), _public(former), _public(values)
    )
    return cadre


def set_active(session: Session, actor: Actor, cadre_id: int, active: bool) -> Cadre:
    """Deactivate a cadre who holds no cells any more, or take one back.

    Raises
    ------
    ConflictError
        If the cadre still holds cells.
    ForbiddenError, NotFoundError
        As for `add_cadre`.
    """
    require(actor, Action.MANAGE_CADRES)
    # Whoever assigns a cell to the cadre holds a shared lock until he is done.
    query = select(Cadre).where(Cadre.id == cadre_id, _in_area(actor)).with_for_update()
    cadre = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if cadre is None:
        raise NotFoundError(Message("There is no cadre with the id {id}.", id=cadre_id))
    held = session.scalar(
        text("""
            SELECT count(DISTINCT a.cell_id) FROM assignment a JOIN cell c ON c.id = a.cell_id
            WHERE a.cadre_id = :cadre AND (a.ends IS NULL OR a.ends > local_date(now()))
              AND c.valid_to IS NULL
        """),
        {"cadre": cadre_id},
    )
    if not active and held:
        raise ConflictError(
            Message(
                "{name} still has {count} cells: hand them over first.",
                name=cadre.name,
                count=held,
            )
        )
    former, cadre.active = cadre.active, active
    session.flush()
    audit.record_difference(
        session, actor, "cadre.change", ("cadre", cadre.id), {"active": former}, {"active": active}
    )
    return cadre


def add_absence(
    session: Session,
    actor: Actor,
    cadre_id: int,
    starts: date,
    ends: date,
    *,
    substitute_id: int | None = None,
    note: str = "",
) -> Absence:
    """Note that a cadre is away from ``starts`` until before ``ends``, and who stands in.

    Without a substitute the deputies of the cells answer.

    Raises
    ------
    ConflictError
        If the cadre is away on some of the days already.
    ForbiddenError, NotFoundError, GridmapError
        As for `add_cadre`.
    """
    require(actor, Action.ASSIGN)
    if ends <= starts:
        raise GridmapError(Message("The last day lies before the first."))
    if substitute_id == cadre_id:
        raise GridmapError(Message("Nobody stands in for himself."))
    find_cadres(session, actor, [each for each in (cadre_id, substitute_id) if each is not None])
    absence = Absence(
        cadre_id=cadre_id, substitute_id=substitute_id, starts=starts, ends=ends, note=note
    )
    session.add(absence)
    _flush(session)
    audit.record(session, actor, "absence.create", ("absence", absence.id), after=_away(absence))
    return absence


def remove_absence(session: Session, actor: Actor, absence_id: int) -> None:
    """Remove an absence; raises `NotFoundError` outside the area."""
    require(actor, Action.ASSIGN)
    query = select(Absence).join(Cadre, Cadre.id == Absence.cadre_id)
    absence = session.scalars(query.where(Absence.id == absence_id, _in_area(actor))).one_or_none()
    if absence is None:
        raise NotFoundError(Message("There is no absence with the id {id}.", id=absence_id))
    audit.record(session, actor, "absence.delete", ("absence", absence.id), before=_away(absence))
    session.delete(absence)
    session.flush()


def list_absences(
    session: Session, actor: Actor, since: date, until: date | None = None
) -> Sequence[Absence]:
    """Return the absences of the area's cadres that touch a span of days, by their first day."""
    query = select(Absence).join(Cadre, Cadre.id == Absence.cadre_id).where(_in_area(actor))
    span = func.daterange(since, until)
    return session.scalars(
        query.where(Absence.period.overlaps(span)).order_by(Absence.starts, Absence.id)
    ).all()


def save_team(session: Session, actor: Actor, data: TeamData, team_id: int | None = None) -> Team:
    """Add a team, or change the one with the id.

    Raises
    ------
    ConflictError
        If the unit has another team of that name.
    ForbiddenError, NotFoundError, GridmapError
        As for `add_cadre`.
    """
    require(actor, Action.MANAGE_CADRES)
    require_unit(actor, data.unit_id)
    if data.kind not in TEAM_KINDS:
        raise GridmapError(Message("There is no kind of team {kind}.", kind=data.kind))
    if not data.name.strip():
        raise GridmapError(Message("The name is missing."))
    if data.captain_id is not None and data.captain_id not in data.members:
        raise GridmapError(Message("The captain must be a member of the team."))
    find_cadres(session, actor, data.members)
    team = Team() if team_id is None else find_team(session, actor, team_id)
    former = None if team_id is None else _team_state(session, team)
    team.name, team.kind, team.unit_id = data.name.strip(), data.kind, data.unit_id
    session.add(team)
    _flush(session)
    session.execute(delete(TeamMember).where(TeamMember.team_id == team.id))
    rows = [
        {"team_id": team.id, "cadre_id": cadre, "captain": cadre == data.captain_id}
        for cadre in sorted(data.members)
    ]
    if rows:
        session.execute(insert(TeamMember), rows)
    now = _team_state(session, team)
    if former is None:
        audit.record(session, actor, "team.create", ("team", team.id), after=now)
    else:
        audit.record_difference(session, actor, "team.change", ("team", team.id), former, now)
    return team


def find_team(session: Session, actor: Actor, team_id: int) -> Team:
    """Return a team of the actor's area, or raise `NotFoundError`."""
    team = session.scalars(select(Team).where(Team.id == team_id).with_for_update()).one_or_none()
    if team is None or not actor.sees_unit(team.unit_id):
        raise NotFoundError(Message("There is no team with the id {id}.", id=team_id))
    return team


def disband_team(session: Session, actor: Actor, team_id: int) -> None:
    """Take a team off the lists; raises as `save_team`."""
    require(actor, Action.MANAGE_CADRES)
    team = find_team(session, actor, team_id)
    team.active = False
    session.flush()
    audit.record(session, actor, "team.disband", ("team", team.id), {"active": True},
                 {"active": False})  # fmt: skip


def list_teams(session: Session, actor: Actor) -> Sequence[Team]:
    """Return the active teams of the actor's area, by name."""
    query = select(Team).where(Team.active).order_by(Team.name, Team.id)
    if actor.units is not None:
        query = query.where(Team.unit_id.in_(actor.units))
    return session.scalars(query).all()


def members(session: Session, actor: Actor, team_id: int) -> Sequence[tuple[Cadre, bool]]:
    """Return the members of a team and who is its captain, the captain first."""
    find_team(session, actor, team_id)
    query = (
        select(Cadre, TeamMember.captain)
        .join(TeamMember, TeamMember.cadre_id == Cadre.id)
        .where(TeamMember.team_id == team_id)
        .order_by(TeamMember.captain.desc(), Cadre.name, Cadre.id)
    )
    return [(cadre, captain) for cadre, captain in session.execute(query)]


def _in_area(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.units is None else Cadre.unit_id.in_(actor.units)


def _checked(
    session: Session, actor: Actor, data: CadreData, linked: int | None = None
) -> dict[str, Any]:
    require_unit(actor, data.unit_id)
    if not data.name.strip():
        raise GridmapError(Message("The name is missing."))
    refuse_identity_number(f"{data.name} {data.number or ''} {data.phone}")
    if data.kind not in CADRE_KINDS:
        raise GridmapError(Message("There is no kind of cadre {kind}.", kind=data.kind))
    # Who links an account decides whose tasks it sees, and learns which accounts there are.
    if data.user_id != linked:
        require(actor, Action.MANAGE_USERS)
    if data.user_id is not None and session.get(User, data.user_id) is None:
        raise NotFoundError(Message("There is no user with the id {id}.", id=data.user_id))
    return {
        "name": data.name.strip(),
        "phone": data.phone.strip(),
        "kind": data.kind,
        "external_id": data.number,
        "unit_id": data.unit_id,
        "skills": list(data.skills),
        "languages": list(data.languages),
        "user_id": data.user_id,
    }


def _flush(session: Session) -> None:
    """Write, and say in a sentence which rule of the database it breaks."""
    messages = {
        "uq_cadre_source_external_id": Message("Another cadre has this number."),
        "uq_cadre_user_id": Message("Another cadre has this user account."),
        "uq_team_unit_id_name": Message("The unit has a team of this name already."),
        "ex_absence_cadre": Message("The cadre is away on some of these days already."),
        "fk_cadre_unit_id": Message("There is no such unit."),
        "fk_team_unit_id": Message("There is no such unit."),
    }
    try:
        session.flush()
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        if name not in messages:
            raise
        raise ConflictError(messages[name]) from error


def _public(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, list) else value for name, value in values.items()
    }


def _away(absence: Absence) -> dict[str, Any]:
    columns = ("cadre_id", "substitute_id", "starts", "ends", "note")
    return {name: getattr(absence, name) for name in columns}


def _team_state(session: Session, team: Team) -> dict[str, Any]:
    rows = session.execute(
        select(TeamMember.cadre_id, TeamMember.captain)
        .where(TeamMember.team_id == team.id)
        .order_by(TeamMember.cadre_id)
    ).all()
    return {
        "name": team.name,
        "kind": team.kind,
        "unit_id": team.unit_id,
        "members": [row.cadre_id for row in rows],
        "captain_id": next((row.cadre_id for row in rows if row.captain), None),
    }
