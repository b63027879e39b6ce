"""Writes of evaluations: make one, count it, open it for comments, publish it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError, GridmapError, refuse_identity_number
from gridmap.jobs import service as jobs
from gridmap.jobs.models import Job
from gridmap.reports.evaluation.access import find_evaluation, reader_of
from gridmap.reports.evaluation.models import Evaluation, EvaluationComment
from gridmap.reports.evaluation.queries import find_member
from gridmap.reports.evaluation.spans import Kind, span_of
from gridmap.reports.evaluation.weights import current
from gridmap.territory.models import Unit
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require, require_unit

JOB = "evaluation"
SUBJECT = "evaluation"
LONGEST_COMMENT = 1000


def make_evaluation(
    session: Session, actor: Actor, unit_id: int, kind: Kind, day: date
) -> Evaluation:
    """Make the draft of an evaluation; `ask_count` has it counted.

    Parameters
    ----------
    session : Session
    actor : Actor
    unit_id : int
        Whose parts are evaluated.
    kind : {"month", "quarter", "half", "year"}
    day : date
        Any day of the period.

    Raises
    ------
    ForbiddenError
        If the actor may not manage evaluations.
    NotFoundError
        If the unit lies outside the actor's area.
    ConflictError
        If there is one of this unit and period.
    GridmapError
        If the period has not begun.
    """
    require(actor, Action.MANAGE_REPORTS)
    require_unit(actor, unit_id)
    span = span_of(kind, day)
    unit = session.get(Unit, unit_id)
    today: date = session.execute(text("SELECT local_date(now())")).scalar_one()
    if span.first > today or unit is None:
        raise GridmapError(Message("This period cannot be read: choose it again."))
    lock = text("SELECT pg_advisory_xact_lock(hashtext('evaluation of a unit'), hashtext(:unit))")
    session.execute(lock, {"unit": str(unit_id)})
    same = select(Evaluation.id).where(
        Evaluation.unit_id == unit_id, Evaluation.kind == kind, Evaluation.first == span.first
    )
    if session.scalar(same) is not None:
        raise ConflictError(Message("There is an evaluation of this unit and period already."))
    made = Evaluation(
        unit_id=unit_id, kind=kind, first=span.first, last=span.last, made_by=actor.user_id,
        weights_id=current(session).id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(session, actor, "evaluation.create", (SUBJECT, made.id), None, _state(made))
    return made


def ask_count(session: Session, actor: Actor, evaluation_id: int) -> Evaluation:
    """Have an evaluation counted as of now, with the newest weights.

    Raises
    ------
    ForbiddenError, NotFoundError
        If it is not the actor's to manage.
    ConflictError
        If it is published, or being counted.
    """
    evaluation = _own(session, actor, evaluation_id)
    if evaluation.job_id is not None:
        job = session.get(Job, evaluation.job_id)
        if job is not None and job.state in ("waiting", "running"):
            raise ConflictError(Message("It is being counted already."))
    job = jobs.ask(session, JOB, {"evaluation": evaluation.id}, actor.user_id)
    evaluation.job_id = job.id
    audit.record(session, actor, "evaluation.count", (SUBJECT, evaluation.id))
    return evaluation


def open_evaluation(session: Session, actor: Actor, evaluation_id: int) -> Evaluation:
    """Show a draft to those whom it evaluates, who may comment from now on.

    Raises
    ------
    ForbiddenError, NotFoundError, ConflictError
        If it is not the actor's to manage, or not counted.
    """
    evaluation = _own(session, actor, evaluation_id)
    if evaluation.state != "draft" or evaluation.counted_at is None:
        raise ConflictError(Message("Only a draft that is counted can be opened for comments."))
    return _change(session, actor, evaluation, "open")


def publish_evaluation(session: Session, actor: Actor, evaluation_id: int) -> Evaluation:
    """Publish an evaluation with the numbers it has; they are never changed again.

    Raises
    ------
    ForbiddenError, NotFoundError, ConflictError
        If it is not the actor's to manage, was not open for comments, or is not over.
    """
    evaluation = _own(session, actor, evaluation_id)
    if evaluation.state != "open":
        raise ConflictError(Message("Open it for comments before you publish it."))
    if evaluation.counted_at is None or _counted_on(session, evaluation) <= evaluation.last:
        raise ConflictError(
            Message("It was counted before its period was over: count it again first.")
        )
    return _change(session, actor, evaluation, "published")


def remove_evaluation(session: Session, actor: Actor, evaluation_id: int) -> None:
    """Delete an evaluation that is not published, with its comments.

    Raises
    ------
    ForbiddenError, NotFoundError, ConflictError
        As `ask_count`.
    """
    evaluation = _own(session, actor, evaluation_id)
    audit.record(
        session, actor, "evaluation.delete", (SUBJECT, evaluation.id), _state(evaluation), None
    )
    session.delete(evaluation)
    session.flush()


def comment(
    session: Session, actor: Actor, evaluation_id: int, group: str, member_id: int, words: str
) -> EvaluationComment:
    """Say something of a member that the actor may see, as long as comments are open.

    Raises
    ------
    NotFoundError
        If the actor does not see the member.
    ConflictError
        If comments are not open.
    GridmapError
        If nothing is said, or too much, or a number of an identity card.
    """
    reader = reader_of(session, actor)
    evaluation = find_evaluation(session, reader, evaluation_id)
    find_member(session, reader, evaluation.id, group, member_id)
    words = words.strip()
    if evaluation.state != "open":
        raise ConflictError(Message("This evaluation is not open for comments."))
    if not 0 < len(words) <= LONGEST_COMMENT:
        raise GridmapError(
            Message("Write a comment of at most {most} characters.", most=LONGEST_COMMENT)
        )
    refuse_identity_number(words)
    if actor.user_id is None:
        raise ForbiddenError(Message("You do not have the right to do this."))
    made = EvaluationComment(
        evaluation_id=evaluation.id, grp=group, member_id=member_id, user_id=actor.user_id,
        user_name=actor.name, text=words,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _own(session: Session, actor: Actor, evaluation_id: int) -> Evaluation:
    """Return an evaluation of the actor's own area that may still change, and lock it."""
    require(actor, Action.MANAGE_REPORTS)
    evaluation = find_evaluation(session, reader_of(session, actor), evaluation_id)
    if not actor.sees_unit(evaluation.unit_id):
        raise ForbiddenError(Message("You do not have the right to do this."))
    session.refresh(evaluation, with_for_update=True)
    if evaluation.state == "published":
        raise ConflictError(Message("This evaluation is published and stays as it is."))
    return evaluation


def _change(session: Session, actor: Actor, evaluation: Evaluation, state: str) -> Evaluation:
    if evaluation.job_id is not None:
        job = session.get(Job, evaluation.job_id)
        if job is not None and job.state in ("waiting", "running"):
            raise ConflictError(Message("It is being counted already."))
    before = _state(evaluation)
    evaluation.state, evaluation.job_id = state, None
    if state == "open":
        evaluation.opened_at = datetime.now(UTC)
    else:
        evaluation.published_at = datetime.now(UTC)
    session.flush()
    act = {"open": "evaluation.open", "published": "evaluation.publish"}[state]
    audit.record_difference(
        session, actor, act, (SUBJECT, evaluation.id), before, _state(evaluation)
    )
    return evaluation


def _counted_on(session: Session, evaluation: Evaluation) -> date:
    day: date = session.execute(
        text("SELECT local_date(:at)"), {"at": evaluation.counted_at}
    ).scalar_one()
    return day


def _state(evaluation: Evaluation) -> dict[str, object]:
    return {
        "unit_id": evaluation.unit_id,
        "kind": evaluation.kind,
        "first": evaluation.first,
        "last": evaluation.last,
        "version": evaluation.weights_id,
        "state": evaluation.state,
    }
