"""Users: make, change, deactivate, and give them passwords."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.workforce import audit, passwords
from gridmap.workforce.areas import known_units
from gridmap.workforce.models import User, UserArea
from gridmap.workforce.rights import Action, Actor, Role, require
from gridmap.workforce.sign_in import end_sessions, forget_failures, normal_login


def create_user(
    session: Session,
    actor: Actor,
    login: str,
    display_name: str,
    role: Role,
    *,
    areas: Collection[int] = (),
    password: str | None = None,
    language: str = "zh",
) -> tuple[User, str | None]:
    """Make a user.

    Parameters
    ----------
    session : Session
    actor : Actor
    login : str
        2 to 64 characters without spaces; capital letters do not matter.
    display_name : str
    role : Role
    areas : collection of int
        Ids of units; an administrator needs none.
    password : str, optional
        Without it a one-time password is made, which the user must change.
    language : {"zh", "en"}

    Returns
    -------
    user : User
    one_time : str or None
        The password made, to be shown once; it is stored nowhere.

    Raises
    ------
    ForbiddenError
        If the actor may not manage users.
    ConflictError
        If the name is taken.
    GridmapError
        If a value breaks a rule.
    """
    require(actor, Action.MANAGE_USERS)
    login = normal_login(login)
    if not re.fullmatch(r"[^\s]{2,64}", login):
        raise GridmapError(Message("A sign-in name has 2 to 64 characters and no spaces."))
    if session.scalar(select(User.id).where(User.login == login)) is not None:
        raise ConflictError(Message("The sign-in name {login} is taken.", login=login))
    one_time = None
    if password is None:
        password = one_time = passwords.one_time_password()
    else:
        passwords.check_password(password, login)
    user = User(
        login=login,
        display_name=_named(display_name),
        role=Role(role).value,
        language=_spoken(language),
        password_hash=passwords.hash_password(password),
        must_change_password=one_time is not None,
    )
    _check_areas(session, Role(role), areas)
    session.add(user)
    session.flush()
    _set_areas(session, user, areas)
    audit.record(session, actor, "user.create", ("app_user", user.id), after=_state(user, areas))
    return user, one_time


def change_user(
    session: Session,
    actor: Actor,
    user_id: int,
    *,
    display_name: str | None = None,
    role: Role | None = None,
    areas: Collection[int] | None = None,
    language: str | None = None,
    active: bool | None = None,
) -> User:
    """Change what is given; a user who is deactivated is signed out at once.

    Raises
    ------
    ForbiddenError
        If the actor may not manage users.
    NotFoundError
        If there is no such user.
    ConflictError
        If nobody would be left to administer.
    """
    require(actor, Action.MANAGE_USERS)
    user = _locked(session, user_id)
    former = _state(user, areas_of(session, user.id))
    led = user.active and user.role == Role.ADMINISTRATOR
    if display_name is not None:
        user.display_name = _named(display_name)
    if role is not None:
        user.role = Role(role).value
    if language is not None:
        user.language = _spoken(language)
    if active is not None:
        user.active = active
    now_areas = areas_of(session, user.id) if areas is None else sorted(set(areas))
    _check_areas(session, Role(user.role), now_areas)
    _set_areas(session, user, now_areas)
    session.flush()
    if led:
        _require_administrator(session)
    if not user.active:
        end_sessions(session, user.id)
    audit.record_difference(
        session, actor, "user.change", ("app_user", user.id), former, _state(user, now_areas)
    )
    return user


def reset_password(session: Session, actor: Actor, user_id: int) -> str:
    """Give a user a one-time password, and end his sessions and his lock-out.

    Returns
    -------
    str
        To be shown once.

    Raises
    ------
    ForbiddenError, NotFoundError
        As for `change_user`.
    """
    require(actor, Action.MANAGE_USERS)
    user = _locked(session, user_id)
    one_time = passwords.one_time_password()
    _store_password(session, user, one_time, one_time=True)
    forget_failures(session, user.login)
    audit.record(session, actor, "user.reset_password", ("app_user", user.id))
    return one_time


def set_password(session: Session, actor: Actor, user_id: int, password: str) -> None:
    """Give a user a password that somebody chose, as the command line does.

    Raises
    ------
    ForbiddenError, NotFoundError
        As for `change_user`.
    GridmapError
        If it breaks a rule.
    """
    require(actor, Action.MANAGE_USERS)
    user = _locked(session, user_id)
    passwords.check_password(password, user.login)
    _store_password(session, user, password)
    forget_failures(session, user.login)
    audit.record(session, actor, "user.reset_password", ("app_user", user.id))


def change_password(
    session: Session, actor: Actor, old: str, new: str, *, token: str | None = None
) -> None:
    """Change one's own password; all other sessions end.

    Parameters
    ----------
    session : Session
    actor : Actor
        A user who must change the password may do this and nothing else.
    old, new : str
    token : str, optional
        Of the session that goes on.

    Raises
    ------
    ForbiddenError
        If the old one is wrong.
    GridmapError
        If the new one breaks a rule or is the old one.
    """
    if actor.user_id is None:
        raise ForbiddenError(Message("You do not have the right to do this."))
    user = _locked(session, actor.user_id)
    if not passwords.verify(user.password_hash, old):
        raise ForbiddenError(Message("The present password is wrong."))
    if old == new:
        raise GridmapError(Message("The new password is the present one."))
    passwords.check_password(new, user.login)
    _store_password(session, user, new, but=token)
    audit.record(session, actor, "user.change_password", ("app_user", user.id))


def has_users(session: Session) -> bool:
    """Return whether anybody could sign in at all."""
    return session.scalar(select(User.id).limit(1)) is not None


def find_user(session: Session, login: str) -> User:
    """Return the user with a sign-in name.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    login = normal_login(login)
    user = session.scalars(select(User).where(User.login == login)).one_or_none()
    if user is None:
        raise NotFoundError(Message("There is no user {login}.", login=login))
    return user


def get_user(session: Session, actor: Actor, user_id: int) -> User:
    """Return a user.

    Raises
    ------
    ForbiddenError
        If the actor may not manage users.
    NotFoundError
        If there is no such user.
    """
    require(actor, Action.MANAGE_USERS)
    user = session.get(User, user_id)
    if user is None:
        raise NotFoundError(Message("There is no user with the id {id}.", id=user_id))
    return user


def areas_of(session: Session, user_id: int) -> list[int]:
    """Return the ids of the units a user was given, without those below them."""
    query = select(UserArea.unit_id).where(UserArea.user_id == user_id).order_by(UserArea.unit_id)
    return list(session.scalars(query))


def _locked(session: Session, user_id: int) -> User:
    query = select(User).where(User.id == user_id).with_for_update()
    user = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if user is None:
        raise NotFoundError(Message("There is no user with the id {id}.", id=user_id))
    return user


def _store_password(
    session: Session, user: User, password: str, *, one_time: bool = False, but: str | None = None
) -> None:
    user.password_hash = passwords.hash_password(password)
    user.must_change_password = one_time
    session.flush()
    end_sessions(session, user.id, but=but)


def _check_areas(session: Session, role: Role, areas: Collection[int]) -> None:
    if role is not Role.ADMINISTRATOR and not areas:
        raise GridmapError(Message("Choose one unit or more as the area of the user."))
    for unknown in sorted(set(areas) - known_units(session, areas)):
        raise NotFoundError(Message("There is no unit with the id {id}.", id=unknown))


def _set_areas(session: Session, user: User, areas: Collection[int]) -> None:
    session.execute(delete(UserArea).where(UserArea.user_id == user.id))
    rows = [{"user_id": user.id, "unit_id": unit} for unit in sorted(set(areas))]
    if rows:
        session.execute(insert(UserArea), rows)


def _require_administrator(session: Session) -> None:
    # Two administrators who deactivate each other at once wait here, and one is refused.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("gridmap.administrators"))))
    left = select(User.id).where(User.role == Role.ADMINISTRATOR.value, User.active).limit(1)
    if session.scalar(left) is None:
        raise ConflictError(Message("This is the last administrator: make another one first."))


def _named(name: str) -> str:
    if not name.strip():
        raise GridmapError(Message("The name is missing."))
    return name.strip()


def _spoken(language: str) -> str:
    if language not in ("zh", "en"):
        raise GridmapError(Message("There is no language {language}.", language=language))
    return language


def _state(user: User, areas: Collection[int]) -> dict[str, Any]:
    columns = ("login", "display_name", "role", "language", "active")
    return {**{name: getattr(user, name) for name in columns}, "areas": sorted(areas)}
