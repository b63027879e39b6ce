"""Asks for the building of the network, without the libraries that it needs itself."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridmap.jobs import service as jobs
from gridmap.jobs.models import Job
from gridmap.workforce.rights import Action, Actor, require

#: The kind of the job.
KIND = "streets"


def ask_building(session: Session, owner_id: int | None = None) -> Job:
    """Put the building into the queue, unless it waits there already."""
    waiting = select(Job).where(Job.kind == KIND, Job.state == "waiting").order_by(Job.id)
    found = session.scalars(waiting.limit(1)).first()
    return found or jobs.ask(session, KIND, {}, owner_id)


def ask_anew(session: Session, actor: Actor) -> Job:
    """Have the network built on behalf of a person.

    Raises
    ------
    ForbiddenError
        If the actor has no right to it.
    """
    require(actor, Action.PLAN_PATROLS)
    return ask_building(session, actor.user_id)
