"""Packages as rows: asked for, scheduled, listed, and found for who may have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.exchange.agencies.models import ApiKey, Package, PackageSchedule
from gridmap.exchange.agencies.service import get_key, get_open_key
from gridmap.settings import Settings
from gridmap.territory.preferences import territory_settings
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

Every = Literal["day", "week", "month"]
#: Who asks again so soon is given the package there is.
FRESH = timedelta(minutes=10)


def package_folder(settings: Settings) -> Path:
    """Return where packages lie: beside the database's files, never below the web root."""
    return settings.data_dir / "packages"


def ask_for_package(session: Session, key_id: int, *, fresh: bool = False) -> Package:
    """Ask for a package of all that a key may be given; a process with time makes it.

    Parameters
    ----------
    session : Session
    key_id : int
        Of a key that holds.
    fresh : bool
        Whether a package made in the last minutes will not do.

    Returns
    -------
    Package
        The new one, or the one that is being made already or has just been made.
    """
    # Two requests at once make one package.
    session.execute(select(ApiKey.id).where(ApiKey.id == key_id).with_for_update())
    found = newest_package(session, key_id)
    if found is not None:
        if found.state in ("waiting", "running"):
            return found
        made = found.finished_at if found.state == "done" else None
        if not fresh and made is not None and made > datetime.now(UTC) - FRESH:
            return found
    asked = Package(key_id=key_id)
    session.add(asked)
    session.flush()
    session.refresh(asked)
    return asked


def order_package(session: Session, actor: Actor, key_id: int) -> Package:
    """Ask for a package as an administrator.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such key.
    ConflictError
        If it is revoked.
    """
    get_open_key(session, actor, key_id)
    package = ask_for_package(session, key_id, fresh=True)
    audit.record(session, actor, "package.order", ("api_key", key_id))
    return package


def newest_package(session: Session, key_id: int) -> Package | None:
    """Return a key's newest package that may be given to it, in whatever state."""
    return session.scalars(_given(key_id).order_by(Package.id.desc()).limit(1)).one_or_none()


def find_package(session: Session, key_id: int, package_id: int | None = None) -> Package:
    """Return a package that a key may have; without an id the newest that is done.

    Raises
    ------
    NotFoundError
        If there is none. One made of what the key was once granted is none.
    """
    wanted = _given(key_id).order_by(Package.id.desc()).limit(1)
    if package_id is None:
        wanted = wanted.where(Package.state == "done")
    else:
        wanted = wanted.where(Package.id == package_id)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFoundError(Message("There is no such package. Ask for one first."))
    return found


def list_packages(session: Session, actor: Actor, key_id: int) -> Sequence[Package]:
    """Return a key's last twenty packages, the newest first.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such key.
    """
    get_key(session, actor, key_id)
    wanted = select(Package).where(Package.key_id == key_id).order_by(Package.id.desc()).limit(20)
    return session.scalars(wanted).all()


def look_at_package(session: Session, actor: Actor, package_id: int) -> Package:
    """Return any package.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such package.
    """
    require(actor, Action.MANAGE_AGENCIES)
    package = session.get(Package, package_id)
    if package is None:
        raise NotFoundError(Message("There is no such package. Ask for one first."))
    return package


def schedule_packages(
    session: Session, actor: Actor, key_id: int, every: str | None, hour: int = 3
) -> PackageSchedule | None:
    """Let a key's packages be made by themselves; None ends that.

    Parameters
    ----------
    session : Session
    actor : Actor
    key_id : int
    every : {"day", "week", "month"} or None
        Weeks begin on Monday, months on their first day.
    hour : int
        Of the town's time.

    Raises
    ------
    GridmapError
        If the values cannot be used.
    ForbiddenError, NotFoundError, ConflictError
        As `order_package`.
    """
    get_open_key(session, actor, key_id)
    former = session.get(PackageSchedule, key_id)
    before = None if former is None else {"every": former.every, "hour": former.hour}
    session.execute(delete(PackageSchedule).where(PackageSchedule.key_id == key_id))
    session.expire_all()
    made, after = None, None
    if every is not None:
        if every not in get_args(Every) or not 0 <= hour <= 23:
            raise GridmapError(Message("Choose a day, week or month, and an hour from 0 to 23."))
        zone = ZoneInfo(territory_settings(session).time_zone)
        next_at = next_time(every, hour, datetime.now(zone))
        made = PackageSchedule(key_id=key_id, every=every, hour=hour, next_at=next_at)
        session.add(made)
        after = {"every": every, "hour": hour}
    session.flush()
    if before != after:
        audit.record(session, actor, "package.schedule", ("api_key", key_id), before, after)
    return made


def schedule_of(session: Session, key_id: int) -> PackageSchedule | None:
    """Return when a key's packages are made by themselves."""
    return session.get(PackageSchedule, key_id)


def next_time(every: str, hour: int, now: datetime) -> datetime:
    """Return the next moment of a schedule, in the time zone of ``now``."""
    day = now.date()
    while True:
        moment = datetime.combine(day, time(hour), now.tzinfo)
        if moment > now and _begins(every, day):
            return moment
        day += timedelta(days=1)


def ask_for_scheduled(session: Session) -> int:
    """Ask for every package whose time has come, and return how many these are."""
    zone = ZoneInfo(territory_settings(session).time_zone)
    due = session.scalars(
        select(PackageSchedule)
        .where(PackageSchedule.next_at <= datetime.now(UTC))
        .with_for_update(skip_locked=True)
    ).all()
    for schedule in due:
        schedule.next_at = next_time(schedule.every, schedule.hour, datetime.now(zone))
    session.flush()
    asked = session.execute(
        text("""
            INSERT INTO package (key_id, scheduled) SELECT k.id, true FROM api_key k
            WHERE k.id = ANY(:due) AND k.revoked_at IS NULL
              AND (k.expires_at IS NULL OR k.expires_at > now())
            ON CONFLICT DO NOTHING RETURNING id
        """),
        {"due": [schedule.key_id for schedule in due]},
    )
    return len(asked.all())


def _begins(every: str, day: date) -> bool:
    return (
        every == "day"
        or (every == "week" and day.weekday() == 0)
        or (every == "month" and day.day == 1)
    )


def _given(key_id: int) -> Select[Package]:
    return (
        select(Package)
        .join(ApiKey, ApiKey.id == Package.key_id)
        .where(Package.key_id == key_id)
        .where(Package.version.is_(None) | (Package.version == ApiKey.version))
    )
