"""Writes of reports: ask for one, cancel it, ask again, have it made by itself, throw it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, ForbiddenError, NotFoundError, ParameterError
from gridmap.incidents.statistics import clock
from gridmap.jobs import service as jobs
from gridmap.jobs.models import Job
from gridmap.reports.documents.models import Report, ReportComparison
from gridmap.reports.documents.order import Kind, Order
from gridmap.reports.documents.periods import check_period
from gridmap.reports.documents.queries import find_report
from gridmap.territory.models import Cell, Unit
from gridmap.workforce import audit
from gridmap.workforce.rights import Action, Actor, require, require_unit

SUBJECT = "report"
KIND, KIND_AGAIN, KIND_FILES = "report", "report_again", "report_files"
KIND_COMPARISON = "report_comparison"
LONGEST_NAME = 80
#: States in which a report can still be changed, and thrown away.
OPEN = ("draft", "commented")
# The class of the advisory locks that let one report be made of an area at a time.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('report of an area'), hashtext(:unit))")


def ask_report(session: Session, actor: Actor, order: Order, name: str = "") -> Report:
    """Put a report into the queue.

    Raises
    ------
    ForbiddenError
        If the actor writes no reports.
    NotFoundError
        If the unit or the cell does not exist or lies outside the actor's area.
    ParameterError
        If something cannot be used; the sentence says what, and the remedy.
    ConflictError
        If a report of this area is being made already.
    """
    require(actor, Action.WRITE_REPORT)
    name = _checked_name(name)
    order = checked_order(session, actor, order)
    check_period(order.first, order.last, clock(session.connection()).today)
    # Who asks for the same area at the same moment waits here, and is then told.
    session.execute(_LOCK, {"unit": str(order.unit_id)})
    _refuse_second(session, order.unit_id)
    report = new_report(order, actor.user_id, name)
    session.add(report)
    session.flush()
    report.job_id = jobs.ask(session, KIND, {"report": report.id}, actor.user_id).id
    session.flush()
    audit.record(session, actor, "report.order", (SUBJECT, report.id), None, told(report))
    return report


def checked_order(session: Session, actor: Actor, order: Order) -> Order:
    """Return an order whose kind and area are sure, a cell sheet's with the cell's community.

    Raises
    ------
    ParameterError, NotFoundError
        As `ask_report`.
    """
    if order.kind not in get_args(Kind):
        raise ParameterError(
            "kind",
            Message("There is no kind of report {kind}. Choose one from the list.",
                    kind=order.kind),
        )  # fmt: skip
    require_unit(actor, order.unit_id)
    if session.get(Unit, order.unit_id) is None:
        raise NotFoundError(Message("There is no unit with the id {id}.", id=order.unit_id))
    if order.kind != "cell_sheet":
        return Order(order.kind, order.unit_id, order.first, order.last)
    if order.cell_id is None:
        raise ParameterError("cell", Message("A cell sheet is about one cell: choose the cell."))
    cell = session.get(Cell, order.cell_id)
    if cell is None or not actor.sees_unit(cell.community_id):
        raise NotFoundError(Message("There is no cell with the id {id}.", id=order.cell_id))
    return Order(order.kind, cell.community_id, order.first, order.last, cell.id)


def new_report(order: Order, owner_id: int | None, name: str = "", **columns: Any) -> Report:
    """Return the row of an order, not yet in the session."""
    return Report(
        kind=order.kind, name=name, unit_id=order.unit_id, cell_id=order.cell_id,
        first=order.first, last=order.last, owner_id=owner_id, **columns,
    )  # fmt: skip


def order_of(report: Any) -> Order:
    """Return what a report was asked to be about."""
    return Order(report.kind, report.unit_id, report.first, report.last, report.cell_id)


def ask_again(session: Session, actor: Actor, report_id: int) -> Report:
    """Ask for the same report from the data of now; the former one stays as it is.

    Raises
    ------
    NotFoundError, ConflictError
        As `ask_report`.
    """
    former = find_report(session, actor, report_id)
    return ask_report(session, actor, order_of(former), former.name)


def may_manage(actor: Actor, report: Any) -> bool:
    """Tell whether a report is the actor's to cancel or delete: own, or of the own area."""
    own = report.owner_id is not None and report.owner_id == actor.user_id
    return actor.may(Action.WRITE_REPORT) and (own or actor.may(Action.MANAGE_REPORTS))


def cancel(session: Session, actor: Actor, report_id: int) -> None:
    """End the job of a report that is not finished.

    Raises
    ------
    ForbiddenError
        If it is somebody else's, and the actor manages no reports.
    """
    row = _own(session, actor, report_id)
    if row.job_id is not None and row.frozen_at is None:
        jobs.cancel(session, row.job_id)
        audit.record(session, actor, "report.cancel", (SUBJECT, report_id))


def delete(session: Session, actor: Actor, report_id: int) -> None:
    """Throw a report away that was never approved.

    Raises
    ------
    ForbiddenError
        As `cancel`.
    ConflictError
        If it was approved: what stood is kept, and can be withdrawn.
    """
    row = _own(session, actor, report_id)
    # Somebody else may have approved or deleted it this very moment.
    report = session.get(Report, report_id, with_for_update=True, populate_existing=True)
    if report is None:
        return
    if report.state not in OPEN:
        raise ConflictError(
            Message("A report that was approved is kept for good. Withdraw it instead.")
        )
    if report.job_id is not None:
        jobs.cancel(session, report.job_id)
    session.delete(report)
    session.flush()
    audit.record(session, actor, "report.delete", (SUBJECT, report_id), told(row))


def compare(session: Session, actor: Actor, report_id: int) -> None:
    """Have the figures of a report counted anew, to see what has changed since.

    Raises
    ------
    ConflictError
        If it is not finished.
    """
    require(actor, Action.WRITE_REPORT)
    row = find_report(session, actor, report_id)
    require_unit(actor, row.unit_id)
    if row.frozen_at is None:
        raise ConflictError(Message("The report is not finished yet."))
    session.execute(_LOCK, {"unit": f"comparison {report_id}"})
    found = session.get(ReportComparison, report_id, with_for_update=True)
    if found is None:
        found = ReportComparison(report_id=report_id)
        session.add(found)
    job = None if found.job_id is None else session.get(Job, found.job_id)
    if job is None or job.state not in ("waiting", "running"):
        asked = jobs.ask(session, KIND_COMPARISON, {"report": report_id}, actor.user_id)
        found.job_id = asked.id
        session.flush()


def told(report: Any) -> Mapping[str, Any]:
    """Return what the audit log tells of a report."""
    return {
        "kind": report.kind, "name": report.name, "unit_id": report.unit_id,
        "cell_id": report.cell_id, "first": report.first, "last": report.last,
    }  # fmt: skip


def _own(session: Session, actor: Actor, report_id: int) -> Any:
    row = find_report(session, actor, report_id)
    require(actor, Action.WRITE_REPORT)
    if not may_manage(actor, row):
        raise ForbiddenError(
            Message("This report belongs to somebody else: ask its owner or a supervisor.")
        )
    return row


def _refuse_second(session: Session, unit_id: int) -> None:
    busy = session.scalar(
        select(Report.id)
        .join(Job, Job.id == Report.job_id)
        .where(Report.unit_id == unit_id, Report.frozen_at.is_(None))
        .where(Job.state.in_(("waiting", "running")))
        .limit(1)
    )
    if busy is not None:
        raise ConflictError(
            Message(
                "A report of this area is being made already, and there is one at a time. Wait "
                "until it is finished, or cancel it."
            )
        )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise ParameterError(
            "name", Message("A name has at most {most} characters.", most=LONGEST_NAME)
        )
    return name
