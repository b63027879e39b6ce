"""Reports that are made by themselves after each period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, NotFoundError
from gridmap.incidents.statistics import clock
from gridmap.jobs import service as jobs
from gridmap.jobs.models import JobSchedule
from gridmap.reports.documents.models import Report
from gridmap.reports.documents.order import Kind, Order
from gridmap.reports.documents.periods import EVERY, last_whole
from gridmap.reports.documents.service import (
    KIND_AGAIN,
    SUBJECT,
    checked_order,
    new_report,
)
from gridmap.workforce import audit
from gridmap.workforce.areas import actor_for, unit_condition, unit_params
from gridmap.workforce.models import User
from gridmap.workforce.rights import RIGHTS, SYSTEM, Action, Actor, require


def schedule_report(
    session: Session, actor: Actor, kind: Kind, unit_id: int, cell_id: int | None = None
) -> JobSchedule:
    """Have a report made by itself after each period of its kind, about the period just ended.

    Raises
    ------
    ForbiddenError, NotFoundError, ParameterError
        As `service.ask_report`.
    ConflictError
        If this report is scheduled already.
    """
    require(actor, Action.WRITE_REPORT)
    today = clock(session.connection()).today
    order = checked_order(session, actor, Order(kind, unit_id, today, today, cell_id))
    wanted = {"kind": order.kind, "unit": order.unit_id, "cell": order.cell_id}
    # Two who ask at once must not both find none.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('schedules of reports'))"))
    if _same(session, wanted):
        raise ConflictError(Message("This report is scheduled already."))
    made = jobs.schedule(session, KIND_AGAIN, wanted, actor.user_id, EVERY[kind])
    audit.record(session, actor, "report.schedule", (SUBJECT, None), None, _told(made))
    return made


def unschedule_report(session: Session, actor: Actor, schedule_id: int) -> None:
    """No longer have a report made by itself.

    Raises
    ------
    NotFoundError
        If there is no such schedule in the actor's area.
    ForbiddenError
        If it is somebody else's, and the actor manages no reports.
    """
    require(actor, Action.WRITE_REPORT)
    made = session.get(JobSchedule, schedule_id)
    if made is None or made.kind != KIND_AGAIN or not actor.sees_unit(made.parameters["unit"]):
        raise NotFoundError(Message("There is no such schedule."))
    if made.owner_id != actor.user_id and not actor.may(Action.MANAGE_REPORTS):
        raise ForbiddenError(
            Message("This schedule belongs to somebody else: ask its owner or a supervisor.")
        )
    _drop(session, actor, made)


def schedules(session: Session, actor: Actor) -> Sequence[Row[Any]]:
    """List the schedules of reports in the actor's area, the next one first."""
    return session.execute(
        text(f"""
            SELECT s.id, s.parameters ->> 'kind' AS kind, s.every, s.next_at, s.owner_id,
                   u.name AS unit, u.name_en AS unit_en, c.name AS cell, c.code AS cell_code,
                   o.display_name AS owner
            FROM job_schedule s JOIN unit u ON u.id = (s.parameters ->> 'unit')::bigint
            LEFT JOIN cell c ON c.id = (s.parameters ->> 'cell')::bigint
            LEFT JOIN app_user o ON o.id = s.owner_id
            WHERE s.kind = :kind AND {unit_condition(actor, "u.id")}
            ORDER BY s.next_at, u.code, s.id
        """),
        {"kind": KIND_AGAIN, **unit_params(actor)},
    ).all()


def report_of_schedule(
    session: Session, wanted: dict[str, Any], owner_id: int | None, job_id: int
) -> int | None:
    """Make the report of a schedule's job; its period is the one just ended.

    It belongs to whoever scheduled it. The schedule ends where that person no longer works here,
    may no longer write reports, or no longer sees the area, and where the area is gone.

    Returns
    -------
    int or None
        The report, the same each time for a job that is begun anew; None where the schedule ended.
    """
    made = session.scalar(select(Report.id).where(Report.job_id == job_id))
    if made is not None:
        return made
    kind = cast(Kind, wanted["kind"])
    first, last = last_whole(kind, clock(session.connection()).today)
    try:
        actor = _owner(session, owner_id)
        order = checked_order(
            session, actor, Order(kind, wanted["unit"], first, last, wanted["cell"])
        )
    except GridmapError:
        for each in _same(session, wanted):
            _drop(session, SYSTEM, each)
        return None
    report = new_report(order, actor.user_id, job_id=job_id, scheduled=True)
    session.add(report)
    session.flush()
    return report.id


def _owner(session: Session, owner_id: int | None) -> Actor:
    """Return the person whose schedule it is, with the rights and the area of today."""
    if owner_id is None:
        return SYSTEM
    user = session.get(User, owner_id)
    if user is None or not user.active:
        raise ForbiddenError(Message("You do not have the right to do this."))
    actor = actor_for(session, user)
    # A one-time password takes no right from what was asked for before.
    if Action.WRITE_REPORT not in RIGHTS[actor.role]:
        raise ForbiddenError(Message("You do not have the right to do this."))
    return actor


def _same(session: Session, wanted: dict[str, Any]) -> Sequence[JobSchedule]:
    return session.scalars(
        select(JobSchedule).where(JobSchedule.kind == KIND_AGAIN, JobSchedule.parameters == wanted)
    ).all()


def _drop(session: Session, actor: Actor, made: JobSchedule) -> None:
    audit.record(session, actor, "report.unschedule", (SUBJECT, None), _told(made))
    session.delete(made)
    session.flush()


def _told(made: JobSchedule) -> dict[str, Any]:
    return {
        "kind": made.parameters["kind"], "unit_id": made.parameters["unit"],
        "cell_id": made.parameters["cell"], "every": made.every,
    }  # fmt: skip
