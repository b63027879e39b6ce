"""Reads for the pages of agencies: lists with what people look for, and the log of requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.orm import Session

from gridmap.exchange.agencies.authentication import read_grant
from gridmap.exchange.agencies.models import ApiAccess
from gridmap.exchange.agencies.service import KeyWish, get_agency, get_key
from gridmap.territory.preferences import territory_settings
from gridmap.workforce.rights import Action, Actor, require

Rows = Sequence[Row[Any]]
#: The place of a request in the order of the log.
Place = tuple[datetime, int]
Outcome = Literal["done", "refused", "failed"]
_OUTCOMES: dict[Outcome, tuple[int, int]] = {
    "done": (100, 399), "refused": (400, 499), "failed": (500, 599)
}  # fmt: skip

# A key's state is worked out in one place.
_STATE = """CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
    WHEN k.expires_at <= now() THEN 'expired'
    WHEN k.expires_at < now() + interval '14 days' THEN 'soon' ELSE 'valid' END"""
_KEYS = f"""
    SELECT k.id, k.agency_id, k.name, k.prefix, k.created_at, k.expires_at, k.revoked_at,
           k.last_used_at, k.rate_per_minute, k.first_day, k.last_day, k.everywhere,
           u.display_name AS created_by, {_STATE} AS state,
           ARRAY(SELECT collection FROM key_layer WHERE key_id = k.id ORDER BY collection)
               AS layers,
           ARRAY(SELECT collection FROM key_layer WHERE key_id = k.id AND write) AS written,
           ARRAY(SELECT n.name FROM key_unit y JOIN unit n ON n.id = y.unit_id
                 WHERE y.key_id = k.id ORDER BY n.code) AS units,
           ARRAY(SELECT coalesce(n.name_en, n.name) FROM key_unit y
                 JOIN unit n ON n.id = y.unit_id WHERE y.key_id = k.id ORDER BY n.code) AS units_en
    FROM api_key k LEFT JOIN app_user u ON u.id = k.created_by
"""


def list_agencies(session: Session, actor: Actor) -> Rows:
    """Return all agencies by name, with their keys in numbers.

    Returns
    -------
    sequence of rows
        ``id``, ``name``, ``contact``, ``smallest_count``, ``valid``, ``keys``, ``last_used_at``,
        ``soon`` (keys that end within two weeks).

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    """
    require(actor, Action.MANAGE_AGENCIES)
    return session.execute(
        text(f"""
            SELECT a.id, a.name, a.contact, a.smallest_count, count(k.id) AS keys,
                   count(*) FILTER (WHERE {_STATE} IN ('valid', 'soon') AND k.id IS NOT NULL)
                       AS valid,
                   count(*) FILTER (WHERE {_STATE} = 'soon') AS soon,
                   max(k.last_used_at) AS last_used_at
            FROM agency a LEFT JOIN api_key k ON k.agency_id = a.id
            GROUP BY a.id ORDER BY a.name
        """)
    ).all()


def list_keys(session: Session, actor: Actor, agency_id: int) -> Rows:
    """Return an agency's keys: those that hold first, the newest first.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such agency.
    """
    get_agency(session, actor, agency_id)
    return session.execute(
        text(f"""
            SELECT * FROM ({_KEYS} WHERE k.agency_id = :agency) AS key
            ORDER BY state IN ('revoked', 'expired'), created_at DESC, id DESC
        """),
        {"agency": agency_id},
    ).all()


def look_at_key(session: Session, actor: Actor, key_id: int) -> Row[Any]:
    """Return one row of `list_keys`.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such key.
    """
    get_key(session, actor, key_id)
    return session.execute(text(f"{_KEYS} WHERE k.id = :key"), {"key": key_id}).one()


def wish_of(session: Session, actor: Actor, key_id: int) -> KeyWish:
    """Return what a key is, as the form that changes it takes it.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such key.
    """
    key = get_key(session, actor, key_id)
    grant = read_grant(session.connection(), key_id)
    units = session.scalars(
        text("SELECT unit_id FROM key_unit WHERE key_id = :key"), {"key": key_id}
    )
    return KeyWish(
        name=key.name,
        layers=grant.layers,
        units=None if key.everywhere else frozenset(units),
        first=key.first_day,
        last=key.last_day,
        rate_per_minute=key.rate_per_minute,
        expires_at=key.expires_at,
    )


@dataclass(frozen=True)
class AccessWish:
    """Which requests a reader looks for; what is left out does not matter."""

    outcome: Outcome | None = None
    since: date | None = None
    until: date | None = None


def list_accesses(
    session: Session,
    actor: Actor,
    key_id: int,
    wanted: AccessWish,
    *,
    after: Place | None = None,
    limit: int = 50,
) -> tuple[Sequence[ApiAccess], Place | None]:
    """Read a key's requests, the newest first.

    Parameters
    ----------
    session : Session
    actor : Actor
    key_id : int
    wanted : AccessWish
    after : tuple, optional
        What the page before returned as its end.
    limit : int

    Returns
    -------
    requests : sequence of ApiAccess
    end : tuple or None
        Names the next page; None if there is none.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such key.
    """
    get_key(session, actor, key_id)
    query = select(ApiAccess).where(ApiAccess.key_id == key_id)
    if wanted.outcome is not None:
        query = query.where(ApiAccess.status.between(*_OUTCOMES[wanted.outcome]))
    zone = ZoneInfo(territory_settings(session).time_zone)
    if wanted.since is not None:
        query = query.where(ApiAccess.at >= datetime.combine(wanted.since, time.min, zone))
    if wanted.until is not None:
        end_of = datetime.combine(wanted.until + timedelta(days=1), time.min, zone)
        query = query.where(ApiAccess.at < end_of)
    if after is not None:
        query = query.where(tuple_(ApiAccess.at, ApiAccess.id) < tuple_(*after))
    found = session.scalars(
        query.order_by(ApiAccess.at.desc(), ApiAccess.id.desc()).limit(limit + 1)
    ).all()
    requests = found[:limit]
    end = (requests[-1].at, requests[-1].id) if len(found) > limit else None
    return requests, end
