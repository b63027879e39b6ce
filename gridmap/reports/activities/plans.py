"""Plans of activities that repeat: make, change and end them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError, refuse_identity_number
from gridmap.reports.activities.kinds import KINDS
from gridmap.reports.activities.models import EVERY, TARGETS, ActivityPlan
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require, require_unit

SUBJECT = "activity_plan"
_LONGEST_NOTE = 500


@dataclass(frozen=True)
class PlanDraft:
    """A plan as somebody tells it; ``place_kind`` only where the target is a kind of place."""

    kind: str
    every: str
    unit_id: int
    target: str
    starts: date
    ends: date | None = None
    place_kind: str | None = None
    note: str = ""


def make_plan(session: Session, actor: Actor, draft: PlanDraft) -> ActivityPlan:
    """Plan an activity that repeats.

    Raises
    ------
    GridmapError
        If something of the draft cannot be used.
    NotFoundError
        If the unit does not lie in the actor's area.
    ConflictError
        If the same is planned already.
    """
    require(actor, Action.MANAGE_REPORTS)
    plan = ActivityPlan(version=1)
    _store(session, plan, _columns(session, actor, draft))
    audit.record(session, actor, "activity_plan.create", (SUBJECT, plan.id), None, _state(plan))
    return plan


def change_plan(
    session: Session, actor: Actor, plan_id: int, version: int, draft: PlanDraft
) -> ActivityPlan:
    """Change a plan; errors as `make_plan`, and `ConflictError` if it was changed since."""
    plan = find_plan(session, actor, plan_id, version)
    before = _state(plan)
    values = _columns(session, actor, draft)
    _store(session, plan, values | {"version": version + 1})
    audit.record_difference(
        session, actor, "activity_plan.change", (SUBJECT, plan.id), before, _state(plan)
    )
    return plan


def delete_plan(session: Session, actor: Actor, plan_id: int, version: int) -> None:
    """Delete a plan, and with it what it made due; the activities stay. Errors as `find_plan`."""
    plan = find_plan(session, actor, plan_id, version)
    before = _state(plan)
    session.delete(plan)
    session.flush()
    audit.record(session, actor, "activity_plan.delete", (SUBJECT, plan_id), before, None)


def find_plan(
    session: Session, actor: Actor, plan_id: int, version: int | None = None
) -> ActivityPlan:
    """Return a plan that the actor may change, locked.

    Parameters
    ----------
    session : Session
    actor : Actor
    plan_id : int
    version : int, optional
        That which the person saw.

    Raises
    ------
    ForbiddenError
        If the actor plans nothing.
    NotFoundError
        If there is none in the actor's area.
    ConflictError
        If it has another version.
    """
    require(actor, Action.MANAGE_REPORTS)
    plan = session.scalars(
        select(ActivityPlan)
        .where(ActivityPlan.id == plan_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if plan is None or not actor.sees_unit(plan.unit_id):
        raise NotFoundError(Message("There is no plan with the number {id}.", id=plan_id))
    if version not in (None, plan.version):
        raise ConflictError(Message("Somebody changed this plan meanwhile. Look at it again."))
    return plan


def _columns(session: Session, actor: Actor, draft: PlanDraft) -> dict[str, Any]:
    if draft.kind not in KINDS or draft.every not in EVERY or draft.target not in TARGETS:
        raise GridmapError(Message("Choose what is planned, how often, and for what."))
    require_unit(actor, draft.unit_id)
    if session.scalar(text("SELECT id FROM unit WHERE id = :id"), {"id": draft.unit_id}) is None:
        raise NotFoundError(Message("There is no unit with the id {id}.", id=draft.unit_id))
    place_kind = draft.place_kind if draft.target == "place" else None
    if draft.target == "place" and not place_kind:
        raise GridmapError(Message("Choose the kind of places."))
    if draft.ends is not None and draft.ends < draft.starts:
        raise GridmapError(Message("The last day lies before the first."))
    if len(draft.note) > _LONGEST_NOTE:
        raise GridmapError(
            Message("The note may have up to {count} characters.", count=_LONGEST_NOTE)
        )
    refuse_identity_number(draft.note)
    return {
        "kind": draft.kind,
        "every": draft.every,
        "unit_id": draft.unit_id,
        "target": draft.target,
        "place_kind": place_kind,
        "starts": draft.starts,
        "ends": draft.ends,
        "note": draft.note.strip(),
    }


def _store(session: Session, plan: ActivityPlan, values: dict[str, Any]) -> None:
    # Beginning a part of a transaction writes what is pending: only then is it changed.
    apart = session.begin_nested()
    try:
        for name, value in values.items():
            setattr(plan, name, value)
        session.add(plan)
        session.flush()
    except IntegrityError as error:
        apart.rollback()
        if "uq_activity_plan_same" not in str(error.orig):
            raise
        raise ConflictError(
            Message("The same is planned already for this unit. Change or end that plan.")
        ) from error
    apart.commit()


def _state(plan: ActivityPlan) -> dict[str, Any]:
    return {
        "kind": plan.kind,
        "how_often": plan.every,
        "unit_id": plan.unit_id,
        "planned_for": plan.target,
        "place_kind": plan.place_kind,
        "starts": plan.starts,
        "ends": plan.ends,
        "note": plan.note,
    }
