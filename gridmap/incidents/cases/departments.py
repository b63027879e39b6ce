"""Departments and the categories of cases they answer for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, refuse_identity_number
from gridmap.incidents.cases.models import Department, DepartmentCategory
from gridmap.incidents.models import Category
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require

#: For each category the departments that answer for it, each with the ``period`` of days: its own,
#: else that of the nearest one above; categories without any are left out.
ANSWERS_FOR = """
    WITH RECURSIVE change AS (
        SELECT day AS first, lead(day) OVER (ORDER BY day) AS after FROM (
            SELECT CAST('-infinity' AS date) AS day
            UNION SELECT starts FROM department_category WHERE starts IS NOT NULL
            UNION SELECT ends FROM department_category WHERE ends IS NOT NULL) AS days
    ), tree AS (
        SELECT k.id AS category_id, d.department_id, c.first, c.after
        FROM category k CROSS JOIN change c
        LEFT JOIN department_category d ON d.category_id = k.id AND d.period @> c.first
        WHERE k.parent_id IS NULL
        UNION ALL
        SELECT k.id, coalesce(d.department_id, tree.department_id), tree.first, tree.after
        FROM category k JOIN tree ON k.parent_id = tree.category_id
        LEFT JOIN department_category d ON d.category_id = k.id AND d.period @> tree.first
    )
    SELECT category_id, department_id, daterange(first, after) AS period
    FROM tree WHERE department_id IS NOT NULL
"""


def departments(session: Session) -> Sequence[Row[Any]]:
    """List the departments, those that are gone last.

    Returns
    -------
    sequence of rows
        ``id``, ``name``, ``name_en``, ``active``, and ``categories``: the ids of those that it has
        now and was given itself.
    """
    return session.execute(
        text("""
            SELECT d.id, d.name, d.name_en, d.active,
                   coalesce((SELECT array_agg(c.category_id ORDER BY k.code)
                             FROM department_category c JOIN category k ON k.id = c.category_id
                             WHERE c.department_id = d.id AND c.ends IS NULL), '{}')
                       AS categories
            FROM department d ORDER BY d.active DESC, d.name
        """)
    ).all()


def find_department(session: Session, department_id: int) -> Department:
    """Return a department.

    Raises
    ------
    NotFoundError
        If there is none with this id.
    """
    found = session.get(Department, min(department_id, (1 << 63) - 1))
    if found is None:
        raise NotFoundError(Message("There is no department with the id {id}.", id=department_id))
    return found


def save_department(
    session: Session,
    actor: Actor,
    department_id: int | None,
    *,
    name: str,
    name_en: str | None = None,
    active: bool = True,
    categories: Collection[int] = (),
) -> Department:
    """Add a department, or change one.

    Parameters
    ----------
    session : Session
    actor : Actor
    department_id : int or None
        None adds one.
    name, name_en : str
    active : bool
        One that is gone answers for nothing any more.
    categories : collection of int
        What it answers for from today on, with all below that no other has; cases that were due
        before stay with who had them. What nobody had before it has always had.

    Raises
    ------
    ForbiddenError
        If the actor may not manage evaluations.
    NotFoundError
        If there is no such department or category.
    ConflictError
        If another one has the name, or one of the categories.
    GridmapError
        If it has no name.
    """
    require(actor, Action.MANAGE_SETTINGS)
    name, english = name.strip(), (name_en or "").strip() or None
    if not name:
        raise GridmapError(Message("A department needs a name."))
    for given in (name, english or ""):
        refuse_identity_number(given)
    wanted = set(categories) if active else set()
    _refuse_taken(session, department_id, name, wanted)
    before = None
    if department_id is None:
        department = Department()
        session.add(department)
    else:
        department = find_department(session, department_id)
        before = _state(session, department)
    department.name, department.name_en, department.active = name, english, active
    session.flush()
    _give(session, department.id, wanted)
    _record(session, actor, department, before)
    return department


def _record(
    session: Session, actor: Actor, department: Department, before: dict[str, Any] | None
) -> None:
    """Tell the log what a department is now, and what of it was changed."""
    after, about = _state(session, department), ("department", department.id)
    if before is None:
        audit.record(session, actor, "department.create", about, None, after)
    else:
        audit.record_difference(session, actor, "department.change", about, before, after)


def _give(session: Session, department_id: int, wanted: set[int]) -> None:
    """Let a department have these categories from today on, and no others."""
    own = "department_id = :id AND ends IS NULL AND NOT category_id = ANY(:wanted)"
    values = {"id": department_id, "wanted": sorted(wanted)}
    for statement in (
        f"DELETE FROM department_category WHERE {own} AND entered_on = local_date(now())",
        f"UPDATE department_category SET ends = local_date(now()) WHERE {own}",
        """
            INSERT INTO department_category (category_id, department_id, starts)
            SELECT category, :id, CASE WHEN EXISTS (
                SELECT FROM department_category p WHERE p.category_id = category
            ) THEN local_date(now()) END
            FROM unnest(CAST(:wanted AS int[])) AS category
            WHERE NOT EXISTS (SELECT FROM department_category c WHERE c.category_id = category
                              AND c.department_id = :id AND c.ends IS NULL)
        """,
    ):
        session.execute(text(statement), values)


def _refuse_taken(
    session: Session, department_id: int | None, name: str, categories: set[int]
) -> None:
    same = session.scalar(select(Department.id).where(Department.name == name))
    if same not in (None, department_id):
        raise ConflictError(Message("There is already a department {name}.", name=name))
    known = session.scalars(select(Category.id).where(Category.id.in_(categories))).all()
    if missing := categories - set(known):
        raise NotFoundError(Message("There is no category with the id {id}.", id=min(missing)))
    taken = session.execute(
        select(Category.name, Department.name)
        .join(DepartmentCategory, DepartmentCategory.category_id == Category.id)
        .join(Department, Department.id == DepartmentCategory.department_id)
        .where(
            Category.id.in_(categories),
            Department.id != (department_id or 0),
            DepartmentCategory.ends.is_(None),
        )
        .order_by(Category.code)
        .limit(1)
    ).one_or_none()
    if taken is not None:
        raise ConflictError(
            Message(
                "{department} answers for {category} already.",
                department=taken[1],
                category=taken[0],
            )
        )


def _state(session: Session, department: Department) -> dict[str, Any]:
    codes = session.scalars(
        select(Category.code)
        .join(DepartmentCategory, DepartmentCategory.category_id == Category.id)
        .where(DepartmentCategory.department_id == department.id, DepartmentCategory.ends.is_(None))
        .order_by(Category.code)
    )
    return {
        "name": department.name,
        "name_en": department.name_en,
        "active": department.active,
        "categories": list(codes),
    }
