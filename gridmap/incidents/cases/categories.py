"""Categories of cases: the tree with its deadlines, the town's extensions, and the versions.

Triggers keep a version of a category whenever it changes. A case keeps the version and the
deadlines it was opened with, so that nothing here reaches back to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError
from gridmap.incidents.cases.deadlines import Allowance, parse_allowances, parse_shifts
from gridmap.incidents.cases.models import CaseSettings, CategoryVersion
from gridmap.incidents.cases.workflow import OPEN_STEPS
from gridmap.incidents.models import Category
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

#: The deadline of the case from its opening to its closing, beside those of its steps.
WHOLE = "whole"
STEPS = (*OPEN_STEPS, WHOLE)
Deadlines = Mapping[str, Allowance]

_RULES = """
    WITH RECURSIVE up AS (
        SELECT id, parent_id, deadlines, 1 AS height FROM category WHERE id = :category
        UNION ALL
        SELECT k.id, k.parent_id, k.deadlines, up.height + 1
        FROM category k JOIN up ON k.id = up.parent_id
    ), merged AS (
        SELECT s.deadlines || coalesce((
            SELECT jsonb_object_agg(DISTINCT d.key, (
                SELECT n.deadlines -> d.key FROM up n WHERE n.deadlines ? d.key
                ORDER BY n.height LIMIT 1))
            FROM up, jsonb_each(up.deadlines) d), '{}') AS deadlines
        FROM case_settings s
    )
    SELECT deadlines FROM merged
"""


@dataclass(frozen=True)
class Rules:
    """What a case is opened with: the version of its category and its deadlines."""

    version_id: int
    rules_id: int
    deadlines: Deadlines


def rules_for(session: Session, category_id: int) -> Rules:
    """Return the rules of a category as they are now, kept for cases that refer to them.

    A step without a deadline of its own has that of the nearest category above, in the end the
    town's.
    """
    deadlines = session.execute(text(_RULES), {"category": category_id}).scalar_one()
    kept = session.execute(
        text("""
            WITH wanted AS (SELECT CAST(:deadlines AS jsonb) AS deadlines), added AS (
                INSERT INTO case_rules (deadlines) SELECT deadlines FROM wanted
                WHERE NOT EXISTS (SELECT FROM case_rules JOIN wanted USING (deadlines))
                ON CONFLICT DO NOTHING RETURNING id
            ) SELECT id FROM added UNION ALL SELECT id FROM case_rules JOIN wanted USING (deadlines)
        """),
        {"deadlines": _json(parse_allowances(deadlines))},
    ).scalar()
    if kept is None:
        # Somebody else added the same at this moment; now it can be seen.
        return rules_for(session, category_id)
    version = session.scalars(
        select(CategoryVersion.id)
        .where(CategoryVersion.category_id == category_id)
        .order_by(CategoryVersion.number.desc())
        .limit(1)
    ).one()
    return Rules(version, kept, parse_allowances(deadlines))


def find_category(session: Session, code: str) -> Category:
    """Return a category by its code.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = session.scalars(select(Category).where(Category.code == code)).one_or_none()
    if found is None:
        raise NotFoundError(Message("There is no category {code}.", code=code))
    return found


def tree(session: Session) -> Sequence[Row[Any]]:
    """List all categories, each below its parent, with their own deadlines.

    Returns
    -------
    sequence of rows
        ``id``, ``code``, ``parent_id``, ``name``, ``name_en``, ``deadlines``, ``local``,
        ``active``, ``depth`` (0 at the top), ``version`` and ``leaf``.
    """
    return session.execute(
        text("""
            WITH RECURSIVE down AS (
                SELECT k.*, 0 AS depth, ARRAY[k.code COLLATE "C"] AS path FROM category k
                WHERE k.parent_id IS NULL
                UNION ALL
                SELECT k.*, d.depth + 1, d.path || k.code COLLATE "C"
                FROM category k JOIN down d ON k.parent_id = d.id
            )
            SELECT d.id, d.code, d.parent_id, d.name, d.name_en, d.deadlines, d.local, d.active,
                   d.depth, (SELECT max(v.number) FROM category_version v
                             WHERE v.category_id = d.id) AS version,
                   NOT EXISTS (SELECT FROM category c WHERE c.parent_id = d.id) AS leaf
            FROM down d ORDER BY d.path
        """)
    ).all()


def versions(session: Session, code: str) -> Sequence[CategoryVersion]:
    """List the versions of a category, the newest first.

    Raises
    ------
    NotFoundError
        If there is no such category.
    """
    category = find_category(session, code)
    return session.scalars(
        select(CategoryVersion)
        .where(CategoryVersion.category_id == category.id)
        .order_by(CategoryVersion.number.desc())
    ).all()


def add_local(
    session: Session,
    actor: Actor,
    parent_code: str,
    code: str,
    name: str,
    *,
    name_en: str | None = None,
) -> Category:
    """Add a category of the town's own below another.

    Parameters
    ----------
    session : Session
    actor : Actor
    parent_code : str
    code : str
        Begins with the code of its parent, so that others can tell where it belongs.
    name : str
    name_en : str, optional

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    NotFoundError
        If there is no such parent.
    ConflictError
        If the code is used already.
    """
    require(actor, Action.MANAGE_SETTINGS)
    parent = find_category(session, parent_code)
    code, name = code.strip(), name.strip()
    if not code.startswith(parent.code) or code == parent.code:
        raise GridmapError(
            Message(
                "The code of a local category begins with the one above it: {code}…",
                code=parent.code,
            )
        )
    if not name:
        raise GridmapError(Message("A category needs a name."))
    if not re.fullmatch(r"[\w.-]+", code):
        raise GridmapError(Message("A code has letters, digits, dots, hyphens and no spaces."))
    if session.scalar(select(Category.id).where(Category.code == code)) is not None:
        raise ConflictError(Message("There is already a category {code}.", code=code))
    added = Category(
        code=code, parent_id=parent.id, name=name, name_en=_english(name_en), local=True,
        active=True, deadlines={},
    )  # fmt: skip
    session.add(added)
    session.flush()
    audit.record(session, actor, "category.add", ("category", added.id), None, _state(added))
    return added


def change_category(
    session: Session,
    actor: Actor,
    code: str,
    *,
    name: str | None = None,
    name_en: str | None = None,
    deadlines: Deadlines | None = None,
    active: bool | None = None,
) -> Category:
    """Change a category; what is left out stays. Cases opened before keep what they have.

    Parameters
    ----------
    session : Session
    actor : Actor
    code : str
    name, name_en : str, optional
        Only of local categories: the national ones are imported.
    deadlines : mapping, optional
        Its own deadlines by step or `WHOLE`; a step left out follows the category above.
    active : bool, optional
        Whether cases may be opened in it.

    Raises
    ------
    ForbiddenError, NotFoundError
        As for `add_local`.
    ConflictError
        If a national category would be renamed.
    """
    require(actor, Action.MANAGE_SETTINGS)
    category = find_category(session, code)
    before = _state(category)
    renamed = (name is not None and name.strip() != category.name) or (
        name_en is not None and _english(name_en) != category.name_en
    )
    if renamed and not category.local:
        raise ConflictError(
            Message("Category {code} is not the town's own: import its name.", code=code)
        )
    if name is not None and not name.strip():
        raise GridmapError(Message("A category needs a name."))
    category.name = category.name if name is None else name.strip()
    category.name_en = category.name_en if name_en is None else _english(name_en)
    if deadlines is not None:
        category.deadlines = stored_deadlines(deadlines)
    category.active = category.active if active is None else active
    session.flush()
    audit.record_difference(
        session, actor, "category.change", ("category", category.id), before, _state(category)
    )
    return category


def settings(session: Session) -> CaseSettings:
    """Return the town's settings for cases."""
    return session.scalars(select(CaseSettings)).one()


def change_settings(
    session: Session,
    actor: Actor,
    *,
    work_hours: list[list[str]] | None = None,
    deadlines: Deadlines | None = None,
    duplicate_metres: int | None = None,
    duplicate_hours: int | None = None,
) -> CaseSettings:
    """Change the town's settings for cases; what is left out stays, and so do open cases.

    Raises
    ------
    ForbiddenError
        If the actor may not change settings.
    GridmapError
        If a value makes no sense, or a step has no deadline.
    """
    require(actor, Action.MANAGE_SETTINGS)
    audit.say_who(session, actor)
    row = settings(session)
    if work_hours is not None:
        parse_shifts(work_hours)
        row.work_hours = work_hours
    if deadlines is not None:
        for step in STEPS:
            if step not in deadlines:
                raise GridmapError(Message("The town gives every step a deadline."))
        row.deadlines = stored_deadlines(deadlines)
    for name, value in (
        ("duplicate_metres", duplicate_metres),
        ("duplicate_hours", duplicate_hours),
    ):
        if value is not None:
            if not 1 <= value <= 2000:
                raise GridmapError(Message("Give a whole number from 1 to 2000."))
            setattr(row, name, value)
    session.flush()
    return row


def stored_deadlines(deadlines: Deadlines) -> dict[str, dict[str, object]]:
    """Return deadlines as the database keeps them.

    Raises
    ------
    GridmapError
        If a step is unknown or an amount makes no sense.
    """
    for step in deadlines:
        if step not in STEPS:
            raise GridmapError(Message("There is no step {step}.", step=step))
    values: dict[str, dict[str, object]] = {
        str(step): {"amount": value.amount, "unit": value.unit} for step, value in deadlines.items()
    }
    parse_allowances(values)
    return values


def _json(deadlines: Deadlines) -> str:
    return json.dumps(stored_deadlines(deadlines))


def _english(name: str | None) -> str | None:
    return (name or "").strip() or None


def _state(category: Category) -> dict[str, Any]:
    names = ("code", "parent_id", "name", "name_en", "deadlines", "local", "active")
    return {name: getattr(category, name) for name in names}
