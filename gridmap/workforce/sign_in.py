"""Sign in and out: tries are counted by name, sessions are kept at the server."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.workforce import audit, passwords
from gridmap.workforce.areas import actor_for
from gridmap.workforce.models import SignInFailure, User, UserSession, WorkforceSettings
from gridmap.workforce.rights import Actor, Role

LONGEST_LOCK = timedelta(minutes=15)
# Failures are forgotten after this time without another.
_FORGET = timedelta(hours=24)
# A session's last sight is written at most this often, so that reading pages writes little.
_TOUCH = timedelta(minutes=1)


@dataclass(frozen=True)
class SignIn:
    """What came of a try to sign in.

    Attributes
    ----------
    token : str or None
        The session's token, for the cookie; it is stored nowhere.
    actor : Actor or None
    refusal : Message or None
        Why there is no token.
    expires_at : datetime or None
        When the session ends at the latest.
    """

    token: str | None = None
    actor: Actor | None = None
    refusal: Message | None = None
    expires_at: datetime | None = None


def normal_login(login: str) -> str:
    """Return a sign-in name as it is stored: without outer spaces and capital letters."""
    return unicodedata.normalize("NFKC", login).strip().lower()


def sign_in(
    session: Session,
    login: str,
    password: str,
    *,
    address: str | None = None,
    now: datetime | None = None,
) -> SignIn:
    """Try to sign in.

    A wrong try is no exception, since its count must be committed: whoever calls this commits in
    any case. Tries for one name wait for each other, so that many at once are counted too.

    Parameters
    ----------
    session : Session
    login, password : str
        As typed.
    address : str, optional
    now : datetime, optional
        The time, for tests.

    Returns
    -------
    SignIn
    """
    now = now or datetime.now(UTC)
    login = normal_login(login)
    settings = session.scalars(select(WorkforceSettings)).one()
    failure = _failure(session, login, now)
    if failure.locked_until is not None and failure.locked_until > now:
        minutes = -((now - failure.locked_until) // timedelta(minutes=1))
        return SignIn(
            refusal=Message(
                "Too many wrong tries. Try again in {minutes} minutes.", minutes=minutes
            )
        )
    user = session.scalars(select(User).where(User.login == login, User.active)).one_or_none()
    if not passwords.verify(user.password_hash if user else None, password) or user is None:
        failure.tries += 1
        failure.last_at = now
        over = failure.tries - settings.lock_after
        if over >= 0:
            failure.locked_until = now + min(timedelta(minutes=2 ** min(over, 10)), LONGEST_LOCK)
        if user is not None:
            actor = Actor(None, login, Role.CADRE, address=address)
            audit.record(
                session,
                actor,
                "sign_in.fail",
                ("app_user", user.id),
                after={"tries": failure.tries},
            )
        session.flush()
        return SignIn(refusal=Message("The name or the password is wrong."))
    session.delete(failure)
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    user.signed_in_at = now
    session.execute(delete(UserSession).where(UserSession.expires_at < now))
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=settings.session_hours)
    session.add(
        UserSession(
            token_hash=_hash(token),
            user_id=user.id,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
            address=address,
        )
    )
    session.flush()
    actor = actor_for(session, user, address)
    audit.record(session, actor, "sign_in", ("app_user", user.id))
    return SignIn(token, actor, expires_at=expires_at)


def resume(
    session: Session, token: str, *, address: str | None = None, now: datetime | None = None
) -> Actor | None:
    """Return whose session a token names.

    Parameters
    ----------
    session : Session
        To be committed, for the session's last sight is written.
    token : str
        From the cookie.
    address : str, optional
    now : datetime, optional

    Returns
    -------
    Actor or None
        None if the session does not exist, has ended or was too long idle.
    """
    now = now or datetime.now(UTC)
    found = session.execute(
        select(UserSession, User, select(WorkforceSettings.session_idle_minutes).scalar_subquery())
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == _hash(token), User.active)
    ).one_or_none()
    if found is None:
        return None
    kept, user, idle = found
    if now >= kept.expires_at or now >= kept.seen_at + timedelta(minutes=idle):
        session.delete(kept)
        session.flush()
        return None
    if now >= kept.seen_at + _TOUCH:
        # Two requests of one page must not wait for each other, nor deadlock.
        session.execute(
            text("""
                UPDATE user_session SET seen_at = :now WHERE token_hash IN (
                    SELECT token_hash FROM user_session WHERE token_hash = :hash
                    FOR UPDATE SKIP LOCKED)
            """),
            {"now": now, "hash": kept.token_hash},
        )
    return actor_for(session, user, address)


def sign_out(session: Session, token: str, *, address: str | None = None) -> None:
    """End a session; one that has ended already is no fault, and the log does not tell of it."""
    ended = session.scalar(
        delete(UserSession)
        .where(UserSession.token_hash == _hash(token))
        .returning(UserSession.user_id)
    )
    user = session.get(User, ended) if ended is not None else None
    if user is not None:
        actor = actor_for(session, user, address)
        audit.record(session, actor, "sign_out", ("app_user", user.id))


def end_sessions(session: Session, user_id: int, *, but: str | None = None) -> None:
    """End all sessions of a user, perhaps but the one whose token is given."""
    ended = delete(UserSession).where(UserSession.user_id == user_id)
    if but is not None:
        ended = ended.where(UserSession.token_hash != _hash(but))
    session.execute(ended)


def forget_failures(session: Session, login: str) -> None:
    """Unlock a name."""
    session.execute(delete(SignInFailure).where(SignInFailure.login_hash == _hash(login)))


def _failure(session: Session, login: str, now: datetime) -> SignInFailure:
    """Return the count of a name, locked until the transaction ends."""
    # Made-up names would otherwise fill the table.
    session.execute(
        text("""
            DELETE FROM sign_in_failure WHERE login_hash IN (
                SELECT login_hash FROM sign_in_failure WHERE last_at < :old
                FOR UPDATE SKIP LOCKED)
        """),
        {"old": now - _FORGET},
    )
    session.execute(
        text("""
            INSERT INTO sign_in_failure (login_hash, tries, last_at) VALUES (:hash, 0, :now)
            ON CONFLICT (login_hash) DO UPDATE SET tries = sign_in_failure.tries
        """),
        {"hash": _hash(login), "now": now},
    )
    found = select(SignInFailure).where(SignInFailure.login_hash == _hash(login))
    return session.scalars(found.execution_options(populate_existing=True)).one()


def _hash(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
