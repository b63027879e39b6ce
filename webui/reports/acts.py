"""What is done with a report: add, comment, approve, publish, withdraw, order anew, delete."""

from __future__ import annotations

import re
from datetime import datetime

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import GridmapError
from gridmap.reports.documents import acts, service
from gridmap.reports.documents.queries import find_report
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.language import say
from webui.reports import words
from webui.reports.blueprint import blueprint
from webui.reports.single import page


@blueprint.post("/<int:report_id>/comment")
@needs(Action.WRITE_REPORT)
def comment(report_id: int) -> ResponseReturnValue:
    """Say something about a draft."""
    said, section = request.form.get("text", ""), request.form.get("section", "")
    try:
        with writing() as session:
            acts.comment(session, current_actor(), report_id, said, section)
    except GridmapError as refused:
        return _again(report_id, refused, {"comment": said, "comment_section": section})
    flash(_("The comment is there for everybody who writes reports of the area."), "done")
    return redirect(url_for("reports.show", report_id=report_id, _anchor="comments"))


@blueprint.post("/<int:report_id>/remark")
@needs(Action.WRITE_REPORT)
def remark(report_id: int) -> ResponseReturnValue:
    """Add words to a section, change them, or take them away."""
    form = request.form
    said, section = form.get("text", ""), form.get("section", "")
    try:
        seen = _moment(form.get("seen", ""))
        with writing() as session:
            acts.remark(session, current_actor(), report_id, section, str(get_locale()), said, seen)
    except GridmapError as refused:
        return _again(report_id, refused, {"remark": said, "remark_section": section})
    flash(_("The addition is in the report."), "done")
    return redirect(url_for("reports.show", report_id=report_id))


@blueprint.post("/<int:report_id>/<any(settle, approve, publish, withdraw):act>")
@needs(Action.WRITE_REPORT)
def step(report_id: int, act: acts.Act) -> ResponseReturnValue:
    """Bring a report into its next state."""
    note, edition = request.form.get("note", ""), request.form.get("edition", "")
    seen = int(edition) if re.fullmatch(r"[0-9]{1,9}", edition) else None
    try:
        with writing() as session:
            acts.act_on(session, current_actor(), report_id, act, note, seen)
    except GridmapError as refused:
        return _again(report_id, refused, {"note": note, "act": act})
    flash(say(words.DONE[act]), "done")
    return redirect(url_for("reports.show", report_id=report_id))


@blueprint.post("/<int:report_id>/again")
@needs(Action.WRITE_REPORT)
def again(report_id: int) -> ResponseReturnValue:
    """Order the same report from the data of now."""
    try:
        with writing() as session:
            made = service.ask_again(session, current_actor(), report_id)
    except GridmapError as refused:
        return _again(report_id, refused, {})
    return redirect(url_for("reports.show", report_id=made.id))


@blueprint.post("/<int:report_id>/cancel")
@needs(Action.WRITE_REPORT)
def cancel(report_id: int) -> ResponseReturnValue:
    """End a report that waits or is being made."""
    with writing() as session:
        service.cancel(session, current_actor(), report_id)
    return redirect(url_for("reports.show", report_id=report_id))


@blueprint.get("/<int:report_id>/delete")
@needs(Action.WRITE_REPORT)
def ask_delete(report_id: int) -> ResponseReturnValue:
    """Ask once more."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        row = find_report(session, actor, report_id)
    if not service.may_manage(actor, row):
        abort(403)
    return render_template("reports/delete.html", report=row)


@blueprint.post("/<int:report_id>/delete")
@needs(Action.WRITE_REPORT)
def delete(report_id: int) -> ResponseReturnValue:
    """Throw a draft away."""
    try:
        with writing() as session:
            service.delete(session, current_actor(), report_id)
    except GridmapError as refused:
        return _again(report_id, refused, {})
    flash(_("The report is deleted."), "done")
    return redirect(url_for("reports.index"))


def _again(report_id: int, refused: GridmapError, typed: dict[str, str]) -> ResponseReturnValue:
    """Show the page again with the fault, and with what was typed."""
    if refused.status not in (400, 409):
        raise refused
    return page(report_id, say(refused.message), typed), refused.status


def _moment(given: str) -> datetime | None:
    try:
        return datetime.fromisoformat(given) if given else None
    except ValueError:
        raise GridmapError(Message("The request cannot be understood.")) from None
