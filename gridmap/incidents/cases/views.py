"""Saved views: the lists of cases that a user looks at often."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError, NotFoundError
from gridmap.incidents.cases.filters import Wanted, check, to_json
from gridmap.incidents.cases.models import CaseView
from gridmap.workforce import audit
from gridmap.workforce.rights import Actor

LONGEST = 60


def list_views(session: Session, actor: Actor) -> Sequence[CaseView]:
    """Return the actor's own views by name; `filters.from_json` reads their ``wanted``."""
    return session.scalars(
        select(CaseView).where(CaseView.user_id == actor.user_id).order_by(CaseView.name)
    ).all()


def save_view(session: Session, actor: Actor, name: str, wanted: Wanted) -> int:
    """Save a view under a name, replacing the actor's former view of that name.

    Raises
    ------
    GridmapError
        If the name is empty or long, or the filters mean nothing.
    """
    check(wanted)
    name = name.strip()
    if not name or len(name) > LONGEST or actor.user_id is None:
        raise GridmapError(Message("Give the view a name of up to {count} letters.", count=LONGEST))
    row = insert(CaseView).values(user_id=actor.user_id, name=name, wanted=to_json(wanted))
    view_id = session.scalars(
        row.on_conflict_do_update(
            index_elements=["user_id", "name"], set_={"wanted": row.excluded.wanted}
        ).returning(CaseView.id),
        execution_options={"populate_existing": True},
    ).one()
    after = {"name": name, "wanted": to_json(wanted)}
    audit.record(session, actor, "view.save", ("case_view", view_id), None, after)
    return view_id


def remove_view(session: Session, actor: Actor, view_id: int) -> None:
    """Remove one of the actor's views.

    Raises
    ------
    NotFoundError
        If it is not the actor's own.
    """
    view = session.scalars(
        select(CaseView).where(CaseView.id == view_id, CaseView.user_id == actor.user_id)
    ).one_or_none()
    if view is None:
        raise NotFoundError(Message("There is no such view."))
    before = {"name": view.name, "wanted": view.wanted}
    session.delete(view)
    session.flush()
    audit.record(session, actor, "view.remove", ("case_view", view_id), before)
