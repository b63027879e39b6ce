"""Writes of runs: ask for one, name and share it, run it again, schedule and delete it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geodata.messages import N_, Message
from gridmap.errors import (
    ConflictError,
    ForbiddenError,
    GridmapError,
    NotFoundError,
    ParameterError,
)
from gridmap.hotspots.analyses.registry import ANALYSES
from gridmap.hotspots.models import HotspotRun
from gridmap.hotspots.queries import find_run
from gridmap.hotspots.scheduling import next_period
from gridmap.incidents.models import Category
from gridmap.incidents.statistics import clock
from gridmap.jobs import service as jobs
from gridmap.jobs.models import Job, JobSchedule
from gridmap.territory.models import Unit
from gridmap.workforce import audit
from gridmap.workforce.areas import actor_for
from gridmap.workforce.models import User
from gridmap.workforce.rights import RIGHTS, SYSTEM, Action, Actor, Role, require, require_unit

LONGEST_NAME = 80
#: A longer period says little of any time in it, and needs more memory than others leave.
MOST_DAYS = 5_500
#: Runs that one person may have waiting or running.
MOST_WAITING = 5
KIND, KIND_AGAIN = "hotspots", "hotspots_again"
_SUBJECT = "hotspot_run"


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Attributes
    ----------
    unit_id : int or None
        None is all that the person may see.
    parameters : mapping
        As a form sends them; left out are the defaults.
    simple : bool
        Whether the program chose the method.
    """

    analysis: str
    first: date
    last: date
    name: str = ""
    unit_id: int | None = None
    categories: tuple[str, ...] = ()
    parameters: Mapping[str, Any] | None = None
    simple: bool = False


def ask_run(session: Session, actor: Actor, wish: Wish) -> HotspotRun:
    """Put an analysis into the queue.

    Raises
    ------
    ForbiddenError
        If the actor has no right to it.
    GridmapError
        If something cannot be used; the sentence says what.
    ConflictError
        If too many of the actor's runs wait or run already.
    NotFoundError
        If the unit does not exist or lies outside the actor's area.
    """
    require(actor, Action.ANALYSE)
    name = _checked_name(wish.name, optional=True)
    parameters = read_parameters(wish.analysis, wish.parameters or {})
    _check_period(wish.first, wish.last)
    _check_categories(session, wish.categories)
    if wish.unit_id is not None:
        require_unit(actor, wish.unit_id)
        if session.get(Unit, wish.unit_id) is None:
            raise NotFoundError(Message("There is no unit with the id {id}.", id=wish.unit_id))
    _check_waiting(session, actor)
    run = HotspotRun(
        name=name,
        analysis=wish.analysis,
        parameters=parameters.model_dump(mode="json"),
        simple=wish.simple,
        unit_id=wish.unit_id,
        communities=communities_of(session, actor, wish.unit_id),
        first=wish.first,
        last=wish.last,
        categories=list(wish.categories),
        owner_id=actor.user_id,
    )
    session.add(run)
    session.flush()
    run.job_id = jobs.ask(session, KIND, {"run": run.id}, actor.user_id).id
    session.flush()
    audit.record(session, actor, "hotspots.run", (_SUBJECT, run.id), None, _told(run))
    return run


def read_parameters(analysis: str, given: Mapping[str, Any]) -> BaseModel:
    """Read what a form or a former run says.

    Raises
    ------
    GridmapError
        If there is no such analysis.
    ParameterError
        If a value cannot be used; it names the field.
    """
    entry = ANALYSES.get(analysis)
    if entry is None:
        raise GridmapError(Message("Choose a method."))
    known = {name: value for name, value in given.items() if name in entry.parameters.model_fields}
    try:
        return entry.parameters.model_validate(known)
    except ValidationError as refused:
        name = str(refused.errors()[0]["loc"][0])
        field = entry.parameters.model_fields[name]
        raise ParameterError(name, _needed(field, Message(field.title or name))) from refused


def _needed(field: FieldInfo, title: Message) -> Message:
    """Say what a field takes: a choice, or a number within its limits."""
    least = next((each.ge for each in field.metadata if hasattr(each, "ge")), None)
    most = next((each.le for each in field.metadata if hasattr(each, "le")), None)
    if least is None or most is None:
        return Message("Choose a value for {name}.", name=title)
    template = N_("{name} must lie between {least} and {most}.")
    if field.annotation is int:
        template = N_("{name} must be a whole number from {least} to {most}.")
    return Message(template, name=title, least=f"{least:,}", most=f"{most:,}")


def communities_of(session: Session, actor: Actor, unit_id: int | None) -> list[int] | None:
    """Return the communities that a run looks at; None for all there are."""
    if unit_id is None:
        seen = actor.scope.communities
        return None if seen is None else sorted(seen)
    rows = session.scalars(
        text("""
            WITH RECURSIVE below AS (
                SELECT id, level FROM unit WHERE id = :unit
                UNION SELECT u.id, u.level FROM unit u JOIN below b ON u.parent_id = b.id
            ) SELECT id FROM below WHERE level = 'community' ORDER BY id
        """),
        {"unit": unit_id},
    )
    return list(rows)


def rename(session: Session, actor: Actor, run_id: int, name: str) -> None:
    """Give a run another name.

    Raises
    ------
    GridmapError
        If the name is empty or too long.
    ForbiddenError
        If it is not the actor's own.
    """
    run = _own(session, actor, run_id)
    before, run.name = run.name, _checked_name(name)
    audit.record(
        session, actor, "hotspots.rename", (_SUBJECT, run.id), {"name": before}, {"name": run.name}
    )


def share(session: Session, actor: Actor, run_id: int, *, shared: bool) -> None:
    """Show a run to all who may analyse its whole area, or to nobody else any more."""
    run = _own(session, actor, run_id)
    before, run.shared = run.shared, shared
    audit.record(
        session, actor, "hotspots.share", (_SUBJECT, run.id), {"shared": before}, {"shared": shared}
    )


def keep(session: Session, actor: Actor, run_id: int, *, kept: bool) -> None:
    """Keep a run that a schedule made for good, or no longer."""
    run = _own(session, actor, run_id)
    before, run.kept = run.kept, kept
    audit.record(
        session, actor, "hotspots.keep", (_SUBJECT, run.id), {"kept": before}, {"kept": kept}
    )


def run_again(session: Session, actor: Actor, run_id: int) -> HotspotRun:
    """Ask for a run with the same choices on the data of now; the former one stays.

    Raises
    ------
    ConflictError
        If the unit or a community that it looked at is gone.
    """
    former = find_run(session, actor, run_id)
    communities = _area_again(session, actor, former)
    wish = Wish(
        analysis=former.analysis,
        first=former.first,
        last=former.last,
        name=former.name,
        unit_id=former.unit_id,
        categories=tuple(former.categories),
        parameters=former.parameters,
        simple=former.simple,
    )
    made = ask_run(session, actor, wish)
    made.communities = communities
    session.flush()
    return made


def run_scheduled(session: Session, run_id: int, job_id: int) -> int | None:
    """Make the run of a schedule's job: as long a period, up to the end of the last month.

    It belongs to the same person and is as shared as the one it follows. The schedule ends where
    that person no longer works here, may no longer analyse, or no longer sees the whole area.

    Returns
    -------
    int or None
        The run, the same each time for a job that is begun anew; None where the schedule ended.
    """
    former = session.get(HotspotRun, run_id)
    made = session.scalar(select(HotspotRun.id).where(HotspotRun.job_id == job_id))
    if made is not None or former is None:
        return made
    try:
        actor = _owner_of(session, former)
        communities = _area_again(session, actor, find_run(session, actor, run_id))
    except GridmapError:
        _drop_schedule(session, former)
        audit.record(session, SYSTEM, "hotspots.unschedule", (_SUBJECT, run_id), {"every": "month"})
        return None
    first, last = next_period(former.first, former.last, clock(session.connection()).today)
    kept = ("name", "analysis", "parameters", "simple", "unit_id", "categories", "owner_id",
            "shared")  # fmt: skip
    run = HotspotRun(
        **{name: getattr(former, name) for name in kept}, communities=communities, first=first,
        last=last, job_id=job_id, scheduled=True,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run.id


def schedule(session: Session, actor: Actor, run_id: int, former_id: int | None = None) -> None:
    """Have a run made again on the first of each month, in place of a former one if it is given."""
    run = _own(session, actor, run_id)
    if former_id is not None:
        run.shared = _own(session, actor, former_id).shared
        unschedule(session, actor, former_id)
    if run.schedule_id is None:
        made = jobs.schedule(session, KIND_AGAIN, {"run": run.id}, actor.user_id)
        run.schedule_id = made.id
        audit.record(session, actor, "hotspots.schedule", (_SUBJECT, run.id), None,
                     {"every": "month"})  # fmt: skip


def unschedule(session: Session, actor: Actor, run_id: int) -> None:
    """No longer make a run again by itself."""
    run = _own(session, actor, run_id)
    _drop_schedule(session, run)
    audit.record(session, actor, "hotspots.unschedule", (_SUBJECT, run.id), {"every": "month"})


def cancel(session: Session, actor: Actor, run_id: int) -> None:
    """End the job of a run that is not finished."""
    run = _own(session, actor, run_id)
    if run.job_id is not None:
        jobs.cancel(session, run.job_id)
    audit.record(session, actor, "hotspots.cancel", (_SUBJECT, run.id))


def delete(session: Session, actor: Actor, run_id: int) -> None:
    """Delete a run with what it found, its schedule and its job."""
    run = _own(session, actor, run_id)
    before = _told(run)
    _drop_schedule(session, run)
    job = session.get(Job, run.job_id) if run.job_id is not None else None
    if job is not None and job.state in ("waiting", "running"):
        jobs.cancel(session, job.id)
    session.delete(run)
    session.flush()
    audit.record(session, actor, "hotspots.delete", (_SUBJECT, run_id), before)


def _own(session: Session, actor: Actor, run_id: int) -> HotspotRun:
    run = find_run(session, actor, run_id)
    require(actor, Action.ANALYSE)
    if run.owner_id != actor.user_id and actor.role is not Role.ADMINISTRATOR:
        raise ForbiddenError(
            Message("This run belongs to somebody else: run it again to have one of your own.")
        )
    return run


def _owner_of(session: Session, run: HotspotRun) -> Actor:
    """Return the person whose run it is, with the rights and the area of today."""
    if run.owner_id is None:
        return SYSTEM
    user = session.get_one(User, run.owner_id)
    actor = actor_for(session, user)
    # A one-time password takes no right from what was asked for before.
    if not user.active or Action.ANALYSE not in RIGHTS[actor.role]:
        raise ForbiddenError(Message("You do not have the right to do this."))
    return actor


def _area_again(session: Session, actor: Actor, former: HotspotRun) -> list[int] | None:
    """Return the communities of a unit as it is today, or else those that were looked at."""
    if former.unit_id is not None:
        require_unit(actor, former.unit_id)
        return communities_of(session, actor, former.unit_id)
    # A unit that is gone leaves no trace but its communities: what was looked at never widens.
    wanted = former.communities or []
    found = session.scalars(select(Unit.id).where(Unit.id.in_(wanted))).all()
    if former.communities is not None and (not found or set(found) != set(wanted)):
        raise ConflictError(
            Message("The area of this run is no longer there: choose another for a new run.")
        )
    return former.communities


def _drop_schedule(session: Session, run: HotspotRun) -> None:
    found = session.get(JobSchedule, run.schedule_id) if run.schedule_id is not None else None
    run.schedule_id = None
    if found is not None:
        session.flush()
        session.delete(found)


def _checked_name(name: str, *, optional: bool = False) -> str:
    name = " ".join(name.split())
    if (not name and not optional) or len(name) > LONGEST_NAME:
        raise ParameterError(
            "name",
            Message("Give the run a name of up to {count} letters.", count=LONGEST_NAME),
        )
    return name


def _check_period(first: date, last: date) -> None:
    if last < first:
        raise ParameterError(
            "last",
            Message("The last day {last} lies before the first {first}.", first=first, last=last),
        )
    if (last - first).days >= MOST_DAYS:
        raise ParameterError("first", Message("A period has at most {days} days.", days=MOST_DAYS))


def _check_categories(session: Session, codes: tuple[str, ...]) -> None:
    known = set(session.scalars(select(Category.code).where(Category.code.in_(codes))))
    for code in codes:
        if code not in known:
            raise ParameterError("category", Message("There is no category {code}.", code=code))


def _check_waiting(session: Session, actor: Actor) -> None:
    waiting = session.scalar(
        select(func.count(Job.id))
        .where(Job.owner_id == actor.user_id, Job.kind == KIND)
        .where(Job.state.in_(("waiting", "running")))
    )
    if (waiting or 0) >= MOST_WAITING:
        raise ConflictError(
            Message(
                "{count} of your runs wait or run already: let them finish first.", count=waiting
            )
        )


def _told(run: HotspotRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "analysis": run.analysis,
        "unit_id": run.unit_id,
        "first": run.first.isoformat(),
        "last": run.last.isoformat(),
        "categories": list(run.categories),
        "parameters": run.parameters,
    }
