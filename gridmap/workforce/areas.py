"""From a user's areas to what the user may see: the one place where that is decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gridmap.territory.scope import EVERYTHING, Scope
from gridmap.workforce.models import User
from gridmap.workforce.rights import Actor, Role

_UNITS = """
    WITH RECURSIVE below AS (
        SELECT u.id, u.level FROM unit u
        WHERE u.id IN (SELECT unit_id FROM user_area WHERE user_id = :user_id)
        UNION SELECT u.id, u.level FROM unit u JOIN below b ON u.parent_id = b.id
    ) SELECT id, level, (SELECT count(*) FROM unit) AS units FROM below ORDER BY id
"""


def actor_for(session: Session, user: User, address: str | None = None) -> Actor:
    """Return the user as services know him: with rights, communities and units.

    An administrator sees everything, and so does who was given all units there are: that alone
    opens what lies outside every unit. Another user without an area sees nothing.

    Parameters
    ----------
    session : Session
    user : User
    address : str, optional
        Where the request comes from.
    """
    scope, units = EVERYTHING, None
    if user.role != Role.ADMINISTRATOR:
        rows = session.execute(text(_UNITS), {"user_id": user.id}).all()
        if not rows or len(rows) < rows[0].units:
            scope = Scope(tuple(row.id for row in rows if row.level == "community"))
        units = frozenset(row.id for row in rows)
    return Actor(
        user_id=user.id,
        name=user.display_name,
        role=Role(user.role),
        scope=scope,
        units=units,
        login=user.login,
        language=user.language,
        must_change_password=user.must_change_password,
        address=address,
    )


def unit_condition(actor: Actor, unit: str) -> str:
    """Return the SQL condition that a unit lies in the actor's areas; see `unit_params`."""
    return "true" if actor.units is None else f"{unit} = ANY(:units)"


def unit_params(actor: Actor) -> dict[str, list[int]]:
    """Return the values `unit_condition` refers to."""
    return {} if actor.units is None else {"units": sorted(actor.units)}


def known_units(session: Session, unit_ids: Iterable[int]) -> set[int]:
    """Return which of the units exist."""
    rows = session.scalars(
        text("SELECT id FROM unit WHERE id = ANY(:ids)"), {"ids": list(unit_ids)}
    )
    return set(rows)


def names_of(session: Session, unit_ids: Iterable[int]) -> Sequence[Row[Any]]:
    """Return ``name`` and ``name_en`` of units, in the order of their codes."""
    return session.execute(
        text("SELECT name, name_en FROM unit WHERE id = ANY(:ids) ORDER BY code"),
        {"ids": list(unit_ids)},
    ).all()
