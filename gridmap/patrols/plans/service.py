"""Writes of plans: ask for one, plan again, make routes of it, throw it away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError
from gridmap.incidents.statistics import clock
from gridmap.jobs import service as jobs
from gridmap.jobs.models import Job
from gridmap.patrols.plans.models import PatrolPlan
from gridmap.patrols.plans.queries import find_plan
from gridmap.patrols.plans.reading import read_ground
from gridmap.patrols.plans.wishes import Keep, Wish
from gridmap.territory.models import Unit
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require, require_unit

KIND = "patrol_plan"
SUBJECT = "patrol_plan"
LONGEST_NAME = 80
#: Plans that one person may have waiting or running.
MOST_WAITING = 3
_FIELDS = {
    "teams": Message("Choose between 1 and 30 teams, each with a time and a place to begin."),
    "break_min": Message("A break takes a third of the shift at most."),
    "musts": Message("At most 60 places must be visited, each for up to 240 minutes."),
    "most_places": Message("Choose between 0 and 300 hot places."),
    "dwell_min": Message("Choose a stay of 1 to 60 minutes."),
    "every_h": Message("Choose a visit every 0.5 to 24 hours."),
    "streets": Message("At most 30 streets can be swept."),
}


def read_wish(given: dict[str, Any]) -> Wish:
    """Read a wish as a form sends it.

    Raises
    ------
    GridmapError
        If something cannot be used; the sentence says what.
    """
    try:
        return Wish.model_validate(given)
    except ValidationError as refused:
        first = refused.errors()[0]
        rests = "break_min" in (*first["loc"], first["msg"].removeprefix("Value error, "))
        field = "break_min" if rests else str(first["loc"][0])
        fallback = Message("The value of {field} cannot be used.", field=field)
        raise GridmapError(_FIELDS.get(field, fallback)) from refused


def ask_plan(
    session: Session, actor: Actor, name: str, unit_id: int, day: date, wish: Wish
) -> PatrolPlan:
    """Put a plan into the queue.

    Raises
    ------
    ForbiddenError
        If the actor plans no patrols.
    NotFoundError
        If something named does not exist or lies outside the actor's area.
    GridmapError
        If the name is too long, nothing is to be visited, or the day is over in the town.
    ConflictError
        If too many plans of the actor wait or run already.
    """
    require(actor, Action.PLAN_PATROLS)
    require_unit(actor, unit_id)
    if session.get(Unit, unit_id) is None:
        raise NotFoundError(Message("There is no unit with the id {id}.", id=unit_id))
    name = name.strip()
    if len(name) > LONGEST_NAME:
        raise GridmapError(Message("A name has at most {most} characters.", most=LONGEST_NAME))
    if not (wish.musts or wish.streets or wish.run_id is not None):
        raise GridmapError(
            Message("There is nothing to visit. Choose hot places, places or streets.")
        )
    if day < clock(session.connection()).today:
        raise GridmapError(Message("{day} is over. A plan is for today or a later day.", day=day))
    _check_waiting(session, actor)
    # Told now and not by the job, where something is missing.
    read_ground(session, actor, wish)
    if wish.yesterday_id is not None:
        find_plan(session, actor, wish.yesterday_id)
    plan = PatrolPlan(
        name=name, unit_id=unit_id, day=day, wish=wish.model_dump(mode="json"),
        owner_id=actor.user_id,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    plan.job_id = jobs.ask(session, KIND, {"plan": plan.id}, actor.user_id).id
    session.flush()
    told = {"name": plan.name, "day": str(plan.day), "unit_id": unit_id}
    audit.record(session, actor, "patrols.plan", (SUBJECT, plan.id), None, told)
    return plan


def plan_again(
    session: Session, actor: Actor, plan_id: int, kept: Sequence[Keep], seed: int | None
) -> PatrolPlan:
    """Ask for the same plan anew, with what a person decided of its visits.

    Raises
    ------
    NotFoundError
        If there is none in the actor's area.
    ConflictError, GridmapError
        As `ask_plan`.
    """
    plan = session.get(PatrolPlan, find_plan(session, actor, plan_id).id)
    assert plan is not None  # noqa: S101 - It was found within this transaction.
    wish = Wish.model_validate(plan.wish)
    # What was left out before stays out.
    former = [keep for keep in wish.kept if keep.act == "out"]
    wish = wish.model_copy(
        update={
            "kept": [*former, *kept],
            "seed": seed,
            "yesterday_id": plan_id if seed is not None else None,
        }
    )
    return ask_plan(session, actor, plan.name, plan.unit_id, plan.day, wish)


def cancel_plan(session: Session, actor: Actor, plan_id: int) -> None:
    """End a plan that waits or runs."""
    require(actor, Action.PLAN_PATROLS)
    row = find_plan(session, actor, plan_id)
    if row.job_id is not None:
        jobs.cancel(session, row.job_id)


def delete_plan(session: Session, actor: Actor, plan_id: int) -> None:
    """Throw a plan away; routes that were made of it stay.

    Raises
    ------
    NotFoundError
        If there is none in the actor's area.
    """
    require(actor, Action.PLAN_PATROLS)
    find_plan(session, actor, plan_id)
    plan = session.get(PatrolPlan, plan_id, with_for_update=True)
    if plan is not None:
        told = {"name": plan.name, "day": str(plan.day)}
        audit.record(session, actor, "patrols.plan_deleted", (SUBJECT, plan.id), told, None)
        session.delete(plan)
        session.flush()


def _check_waiting(session: Session, actor: Actor) -> None:
    waiting = session.scalar(
        select(func.count())
        .select_from(Job)
        .where(
            Job.kind == KIND,
            Job.owner_id.is_not_distinct_from(actor.user_id),
            Job.state.in_(("waiting", "running")),
        )
    )
    if (waiting or 0) >= MOST_WAITING:
        raise ConflictError(
            Message(
                "{count} of your plans wait already. Wait for one, or cancel it.",
                count=MOST_WAITING,
            )
        )
