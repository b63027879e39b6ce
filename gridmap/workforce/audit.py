"""The audit log: one entry for each change and export, read page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, insert, select, text, tuple_
from sqlalchemy.orm import Session

from gridmap.territory.models import TerritorySettings
from gridmap.workforce.models import AuditEntry
from gridmap.workforce.rights import Action, Actor, require

State = Mapping[str, Any]
#: The place of an entry in the order of pages: its time and id.
Place = tuple[datetime, int]
#: What the name of an account of the operating system begins with; sign-in names hold no space.
OPERATOR = "os "
#: And that of an account of the database, which changed settings by plain SQL.
DATABASE = "sql "


@dataclass(frozen=True)
class Wanted:
    """Which entries a reader looks for; what is left out does not matter.

    Attributes
    ----------
    operator : str or None
        The account of the operating system that used the command line, or of the database that
        plain SQL came from.
    since, until : date or None
        The first day and the last.
    """

    user_id: int | None = None
    operator: str | None = None
    act: str | None = None
    subject: str | None = None
    subject_id: int | None = None
    since: date | None = None
    until: date | None = None


def record(
    session: Session,
    actor: Actor,
    act: str,
    subject: tuple[str, int | None],
    before: State | None = None,
    after: State | None = None,
) -> None:
    """Tell the log of one act, in the transaction of the act itself.

    Parameters
    ----------
    session : Session
    actor : Actor
        Who did it, and from which address.
    act : str
        A word such as ``user.create`` or ``export``.
    subject : tuple
        The table and the id; None where the act has no single row, as an export.
    before, after : mapping or None
        Plain values and dates; never a password or a hash of it.
    """
    session.execute(
        insert(AuditEntry).values(
            user_id=actor.user_id,
            user_name=actor.name,
            act=act,
            subject=subject[0],
            subject_id=subject[1],
            before=_plain(before),
            after=_plain(after),
            address=actor.address,
        )
    )


def say_who(session: Session, actor: Actor) -> None:
    """Tell the database who changes settings in this transaction, before anything is changed.

    Triggers log the change; without this by the account of the database, as for plain SQL.
    """
    who = {"user_id": actor.user_id, "name": actor.name, "address": actor.address}
    session.execute(
        text("SELECT set_config('gridmap.actor', :who, true)"), {"who": json.dumps(who)}
    )


def record_difference(
    session: Session,
    actor: Actor,
    act: str,
    subject: tuple[str, int | None],
    before: State,
    after: State,
) -> bool:
    """Tell the log which values changed; nothing is told when none did.

    Returns
    -------
    bool
        Whether any did.
    """
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        record(
            session,
            actor,
            act,
            subject,
            {name: before.get(name) for name in changed},
            {name: after[name] for name in changed},
        )
    return bool(changed)


def record_assignments(session: Session, actor: Actor, act_id: int, act: str) -> None:
    """Tell the log of every assignment that an act changed, in one statement."""
    session.execute(
        text("""
            INSERT INTO audit_log
                (user_id, user_name, act, subject, subject_id, before, after, address)
            SELECT :user_id, :name, :act, 'assignment', assignment_id, before, after,
                   CAST(:address AS inet)
            FROM assignment_change WHERE act_id = :act_id ORDER BY id
        """),
        {
            "user_id": actor.user_id,
            "name": actor.name,
            "act": act,
            "address": actor.address,
            "act_id": act_id,
        },
    )


def is_kept(session: Session) -> bool:
    """Tell whether the database has a log; that of an early version has none."""
    return session.scalar(text("SELECT to_regclass('audit_log') IS NOT NULL")) is True


def page(
    session: Session,
    actor: Actor,
    wanted: Wanted | None = None,
    *,
    after: Place | None = None,
    limit: int = 50,
) -> tuple[Sequence[AuditEntry], Place | None]:
    """Read entries, the newest first.

    Parameters
    ----------
    session : Session
    actor : Actor
    wanted : Wanted, optional
    after : tuple, optional
        What the page before returned as its end.
    limit : int

    Returns
    -------
    entries : sequence of AuditEntry
    end : tuple or None
        Names the next page; None if there is none.

    Raises
    ------
    ForbiddenError
        If the actor may not read the log.
    """
    require(actor, Action.VIEW_AUDIT)
    wanted = wanted or Wanted()
    order = (AuditEntry.at.desc(), AuditEntry.id.desc())
    query = select(AuditEntry).order_by(*order).limit(limit + 1)
    for column in (AuditEntry.user_id, AuditEntry.act, AuditEntry.subject, AuditEntry.subject_id):
        value = getattr(wanted, column.key)
        if value is not None:
            query = query.where(column == value)
    if wanted.operator is not None:
        query = query.where(_of_operator(wanted.operator))
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= _start(session, wanted.since))
    if wanted.until is not None:
        query = query.where(AuditEntry.at < _start(session, wanted.until + timedelta(days=1)))
    if after is not None:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < tuple_(*after))
    found = session.scalars(query).all()
    entries = found[:limit]
    end = (entries[-1].at, entries[-1].id) if len(found) > limit else None
    return entries, end


def has_operator(session: Session, name: str) -> bool:
    """Tell whether the log names an account of the operating system or the database."""
    return session.scalar(select(AuditEntry.id).where(_of_operator(name)).limit(1)) is not None


def _of_operator(name: str) -> ColumnElement[bool]:
    names = [f"{prefix}{name}" for prefix in (OPERATOR, DATABASE)]
    return and_(AuditEntry.user_id.is_(None), AuditEntry.user_name.in_(names))


def words(session: Session, actor: Actor) -> tuple[list[str], list[str]]:
    """Return the acts and the subjects that occur in the log, jumping from one to the next.

    Raises
    ------
    ForbiddenError
        If the actor may not read the log.
    """
    require(actor, Action.VIEW_AUDIT)
    acts, subjects = (
        session.scalars(
            text(f"""
                WITH RECURSIVE word AS (
                    (SELECT {column} AS value FROM audit_log ORDER BY {column} LIMIT 1)
                    UNION ALL
                    SELECT (SELECT {column} FROM audit_log WHERE {column} > word.value
                            ORDER BY {column} LIMIT 1)
                    FROM word WHERE value IS NOT NULL
                ) SELECT value FROM word WHERE value IS NOT NULL
            """)  # noqa: S608 - Of two columns.
        ).all()
        for column in ("act", "subject")
    )
    return list(acts), list(subjects)


def _start(session: Session, day: date) -> datetime:
    """Return when a day begins in the town."""
    zone = session.scalars(select(TerritorySettings.time_zone)).one()
    return datetime.combine(day, time.min, ZoneInfo(zone))


def _plain(state: State | None) -> dict[str, Any] | None:
    """Return the state as JSON can hold it."""
    if state is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in state.items()
    }
