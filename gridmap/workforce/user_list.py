"""Lists of users and of the units that may be their areas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.workforce.rights import Action, Actor, Role, require

#: Users on one page.
PAGE = 50
State = Literal["active", "inactive", "locked", "one_time"]


@dataclass(frozen=True)
class Wanted:
    """Which users a reader looks for; what is left out does not matter.

    Attributes
    ----------
    words : str
        Part of the sign-in name or of the name.
    """

    words: str = ""
    role: Role | None = None
    state: State | None = None


@dataclass(frozen=True)
class Listed:
    """A user as a list shows him; ``areas`` are names of units, ``locked_until`` is a moment."""

    id: int
    login: str
    display_name: str
    role: str
    active: bool
    must_change_password: bool
    signed_in_at: datetime | None
    locked_until: datetime | None
    areas: list[str]
    areas_en: list[str]
    cadre: str | None


@dataclass(frozen=True)
class UnitNode:
    """A unit in the order of codes, with its depth in the tree from 0."""

    id: int
    name: str
    name_en: str | None
    depth: int
    parent_id: int | None


_STATES: dict[State, str] = {
    "active": "u.active",
    "inactive": "NOT u.active",
    "locked": "f.locked_until IS NOT NULL",
    "one_time": "u.active AND u.must_change_password",
}


def find_users(
    session: Session, actor: Actor, wanted: Wanted, page: int = 1
) -> tuple[list[Listed], int]:
    """Read one page of users by sign-in name.

    Parameters
    ----------
    session : Session
    actor : Actor
    wanted : Wanted
    page : int
        The first is 1.

    Returns
    -------
    users : list of Listed
    total : int
        How many there are on all pages.

    Raises
    ------
    ForbiddenError
        If the actor may not manage users.
    """
    require(actor, Action.MANAGE_USERS)
    conditions = ["strpos(lower(u.login || ' ' || u.display_name), lower(:words)) > 0"]
    if wanted.role is not None:
        conditions.append("u.role = :role")
    if wanted.state is not None:
        conditions.append(_STATES[wanted.state])
    rows = session.execute(
        text(f"""
            WITH found AS MATERIALIZED (
                SELECT u.*, f.locked_until FROM app_user u LEFT JOIN sign_in_failure f
                    ON f.login_hash = sha256(convert_to(u.login, 'UTF8'))
                    AND f.locked_until > now()
                WHERE {" AND ".join(conditions)}
            )
            SELECT count(*) OVER () AS total, u.id, u.login, u.display_name, u.role, u.active,
                   u.must_change_password, u.signed_in_at, u.locked_until,
                   ARRAY(SELECT t.name FROM user_area a JOIN unit t ON t.id = a.unit_id
                         WHERE a.user_id = u.id ORDER BY t.code) AS areas,
                   ARRAY(SELECT coalesce(t.name_en, t.name)
                         FROM user_area a JOIN unit t ON t.id = a.unit_id
                         WHERE a.user_id = u.id ORDER BY t.code) AS areas_en,
                   (SELECT name FROM cadre WHERE user_id = u.id) AS cadre
            FROM found u ORDER BY u.login LIMIT :limit OFFSET :offset
        """),  # noqa: S608 - The conditions are constants above.
        {
            "words": wanted.words.strip(),
            "role": wanted.role,
            "limit": PAGE,
            "offset": (page - 1) * PAGE,
        },
    ).all()
    total = int(rows[0].total) if rows else 0
    return [Listed(*row[1:]) for row in rows], total


def unit_tree(session: Session) -> list[UnitNode]:
    """Return all units, each after the one it belongs to."""
    rows = session.execute(
        text("""
            WITH RECURSIVE tree AS (
                SELECT id, name, name_en, 0 AS depth, parent_id, ARRAY[code] AS path
                FROM unit WHERE parent_id IS NULL
                UNION ALL
                SELECT u.id, u.name, u.name_en, depth + 1, u.parent_id, path || u.code
                FROM unit u JOIN tree ON u.parent_id = tree.id
            ) SELECT id, name, name_en, depth, parent_id FROM tree ORDER BY path
        """)
    ).all()
    return [UnitNode(*row) for row in rows]
