"""Departments and evaluations for the demo town."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridmap.incidents.cases.departments import save_department
from gridmap.incidents.cases.models import Department
from gridmap.incidents.models import Category
from gridmap.incidents.statistics import Span
from gridmap.reports.evaluation.filling import fill
from gridmap.reports.evaluation.models import Evaluation, EvaluationComment
from gridmap.reports.evaluation.spans import Kind, before, span_of
from gridmap.reports.evaluation.weights import current
from gridmap.territory.models import Unit
from gridmap.workforce.models import Cadre, User
from gridmap.workforce.rights import SYSTEM

#: Name, English name, and the codes of the categories.
_DEPARTMENTS = (
    ("派出所", "Police station", ("A", "C4")),
    ("司法所", "Justice office", ("B",)),
    ("综合执法队", "Urban management", ("D",)),
    ("应急消防所", "Emergency and fire office", ("C",)),
    ("便民服务中心", "Service centre", ("E",)),
)
_OF_COMMUNITY = "施工工地多在本社区，按期结案率受工期影响，请在发布前核对延期案件。"
_OF_CADRE = "七月有两周由同事代管，请一并说明。"


def load_evaluations(session: Session, now: datetime, community: str) -> bool:
    """Give the demo town departments and three evaluations, unless it has some.

    The last two whole half-years of the county are published, the second with its change against
    the first; the last whole quarter of one town is open and has comments.

    Parameters
    ----------
    session : Session
        Of a database with the demo town, its staff and its cases.
    now : datetime
        Only periods that are over are evaluated.
    community : str
        The code of a community of that town.
    """
    if session.scalar(select(Evaluation.id).limit(1)) is not None:
        return False
    # What is counted was mostly written in this transaction, and the planner knows nothing of it.
    session.execute(text("ANALYZE"))
    _load_departments(session)
    above = select(Unit.parent_id).where(Unit.code == community).scalar_subquery()
    town = session.scalars(select(Unit).where(Unit.id == above)).one()
    county = town.parent_id
    if county is None:
        raise LookupError("a town lies in no county")
    today = session.execute(text("SELECT local_date(:now)"), {"now": now}).scalar_one()
    half = before("half", span_of("half", today))
    for span in (before("half", half), half):
        _counted(session, county, "half", span, "published", now)
    opened = _counted(
        session, town.id, "quarter", before("quarter", span_of("quarter", today)), "open", now
    )
    _comment(session, opened, community)
    return True


def _load_departments(session: Session) -> None:
    known = {row.code: row.id for row in session.execute(select(Category.code, Category.id))}
    if session.scalar(select(Department.id).limit(1)) is not None:
        return
    for name, english, codes in _DEPARTMENTS:
        categories = [known[code] for code in codes if code in known]
        save_department(session, SYSTEM, None, name=name, name_en=english, categories=categories)


def _counted(
    session: Session, unit_id: int, kind: Kind, span: Span, state: str, now: datetime
) -> Evaluation:
    made = Evaluation(
        unit_id=unit_id, kind=kind, first=span.first, last=span.last,
        weights_id=current(session).id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    fill(session, made)
    made.state, made.opened_at = state, now
    if state == "published":
        made.published_at = now
    session.flush()
    return made


def _comment(session: Session, evaluation: Evaluation, community: str) -> None:
    """Say something of the community, and the cadre something of the own area."""
    member = session.scalar(select(Unit.id).where(Unit.code == community))
    users = {user.login: user for user in session.scalars(select(User))}
    if {"analyst", "cadre"} <= set(users):
        own = session.scalar(select(Cadre.id).where(Cadre.user_id == users["cadre"].id))
        for login, group, about, words in (
            ("analyst", "community", member, _OF_COMMUNITY), ("cadre", "cadre", own, _OF_CADRE),
        ):  # fmt: skip
            session.add(
                EvaluationComment(
                    evaluation_id=evaluation.id, grp=group, member_id=about,
                    user_id=users[login].id, user_name=users[login].display_name, text=words,
                )
            )  # fmt: skip
    session.flush()
