"""What changed since a report was made: its figures counted anew, and records that came late."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError
from gridmap.jobs.models import Job
from gridmap.reports.activities.kinds import KINDS as ACTIVITIES
from gridmap.reports.documents import service
from gridmap.reports.documents.files import document_of
from gridmap.reports.documents.late import late_records
from gridmap.reports.documents.models import Report, ReportComparison
from gridmap.reports.documents.queries import find_report
from gridmap.workforce.rights import Action
from webui.access import current_actor, may_open, needs
from webui.database import reading, writing
from webui.language import named, say
from webui.reports import words
from webui.reports.blueprint import blueprint
from webui.reports.single import link_of
from webui.reports.telling import places_of
from webui.waiting import is_served, state_answer


@blueprint.get("/<int:report_id>/changes")
@needs(Action.WRITE_REPORT)
def changes(report_id: int) -> ResponseReturnValue:
    """Show which figures would be others now, and what came late."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        row = find_report(session, actor, report_id)
        if row.frozen_at is None:
            raise ConflictError(Message("The report is not finished yet."))
        compared, job = _compared(session, report_id)
        document = document_of(session, report_id, str(get_locale()))
        marked = session.scalars(select(Report.data["marks"]).where(Report.id == report_id)).one()
        late = late_records(session, actor, row, marked)
        served = is_served(connection, job.state if job else None)
    asked = {
        "state": url_for("reports.changes_state", report_id=report_id),
        "words": {key: say(word) for key, word in words.SCRIPT.items()},
    }
    return render_template(
        "reports/changes.html",
        report=row,
        document=document,
        compared=compared,
        job=job,
        served=served,
        page=asked,
        places=places_of(document),
        sources={source.key: source for source in document.sources},
        link=link_of(document.sources),
        late=late,
        record_url=_record_url,
        what=_what,
    )


@blueprint.post("/<int:report_id>/changes")
@needs(Action.WRITE_REPORT)
def compare(report_id: int) -> ResponseReturnValue:
    """Have the figures counted anew."""
    with writing() as session:
        service.compare(session, current_actor(), report_id)
    return redirect(url_for("reports.changes", report_id=report_id))


@blueprint.get("/<int:report_id>/changes/state.json")
@needs(Action.WRITE_REPORT)
def changes_state(report_id: int) -> Response:
    """Tell a waiting page how far the counting is."""
    with reading() as connection, Session(connection) as session:
        find_report(session, current_actor(), report_id)
        _, job = _compared(session, report_id)
        return state_answer(
            connection,
            finished=job is not None and job.state == "done",
            state=job.state if job else None,
            progress=job.progress if job else None,
            message=words.step(job.message, job.state) if job else None,
        )


#: The page on which a late record is seen, and what it calls its id.
_PAGES = {
    "case": ("cases.show", "case"),
    "case_changed": ("cases.show", "case"),
    "activity_changed": ("activities.show", "activity_id"),
    "activity": ("activities.show", "activity_id"),
    "value": ("indicators.show", "indicator_id"),
    "correction": ("indicators.history", "indicator_id"),
}


def _record_url(kind: str, row: Any) -> str | None:
    """Return the page on which a late record is seen, where the reader may."""
    if hasattr(row, "how") and not row.here:
        return None
    if kind in ("incident", "incident_changed"):
        if row.day is None:
            return None
        return url_for(
            "map_page.show", z=18, lat=f"{row.lat:.5f}", lon=f"{row.lon:.5f}",
            sel=f"incident:{row.id}", **{"from": row.day, "to": row.day},
        )  # fmt: skip
    endpoint, name = _PAGES[kind]
    return url_for(endpoint, **{name: row.id}) if may_open(endpoint) else None


def _what(kind: str, row: Any) -> str:
    """Say what a late record is, and how it changed."""
    name = say(ACTIVITIES[row.what].title) if kind.startswith("activity") else named(row, "what")
    how = getattr(row, "how", None)
    return name if how is None else gettext("%(what)s: %(how)s", what=name, how=say(words.HOW[how]))


def _compared(session: Session, report_id: int) -> tuple[ReportComparison | None, Job | None]:
    found = session.execute(
        select(ReportComparison, Job)
        .outerjoin(Job, Job.id == ReportComparison.job_id)
        .where(ReportComparison.report_id == report_id)
    ).one_or_none()
    return (found[0], found[1]) if found else (None, None)
