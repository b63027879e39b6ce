"""Notices to rectify: the open ones, giving one, and noting what a re-check found."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.activities.notices import give_notice, recheck, withdraw_notice
from gridmap.reports.activities.queries import PAGE, open_notices, units_below
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.activities.blueprint import blueprint
from webui.activities.choices import known_id
from webui.activities.single import page_of
from webui.asking import day_of, optional_id, page_number
from webui.database import writing
from webui.language import say
from webui.paging import Pages


@blueprint.get("/notices")
@needs(Action.RECORD_ACTIVITY)
def notices_page() -> ResponseReturnValue:
    """List the notices that no re-check found corrected, the longest overdue first."""
    actor = current_actor()
    late = request.args.get("state") == "overdue"
    unit = optional_id(request.args.get("unit"), _("Unit"))
    with writing() as session:
        now = today(session)
        rows, total, overdue = open_notices(
            session,
            actor,
            now,
            overdue=late,
            units=None if unit is None else units_below(session, unit),
            offset=(page_number() - 1) * PAGE,
        )
        units = unit_choices(session, actor)
    return render_template(
        "activities/notices.html",
        rows=rows,
        total=total,
        overdue=overdue,
        late=late,
        unit=unit,
        units=units,
        today=now,
        pages=Pages(overdue if late else total, PAGE),
    )


@blueprint.post("/<int:activity_id>/notices")
@needs(Action.RECORD_ACTIVITY)
def add_notice(activity_id: int) -> ResponseReturnValue:
    """Give a notice to rectify with an inspection."""
    form = request.form
    try:
        with writing() as session:
            due = day_of(form.get("due"))
            give_notice(
                session, current_actor(), known_id(activity_id), form.get("finding", ""), due
            )
    except GridmapError as refused:
        if refused.status in (403, 404):
            raise
        return page_of(activity_id, say(refused.message)), refused.status
    flash(_("The notice is recorded."), "done")
    return redirect(url_for("activities.show", activity_id=activity_id))


@blueprint.post("/<int:activity_id>/notices/<int:notice>/recheck")
@needs(Action.RECORD_ACTIVITY)
def note_recheck(activity_id: int, notice: int) -> ResponseReturnValue:
    """Note whether a re-check found the notice corrected."""
    form = request.form
    try:
        with writing() as session:
            recheck(
                session,
                current_actor(),
                known_id(notice),
                day_of(form.get("day")),
                corrected=form.get("corrected") == "1",
                note=form.get("note", ""),
            )
    except GridmapError as refused:
        if refused.status in (403, 404):
            raise
        return page_of(activity_id, say(refused.message)), refused.status
    flash(_("The re-check is recorded."), "done")
    return redirect(url_for("activities.show", activity_id=activity_id))


@blueprint.post("/<int:activity_id>/notices/<int:notice>/withdraw")
@needs(Action.RECORD_ACTIVITY)
def withdraw(activity_id: int, notice: int) -> ResponseReturnValue:
    """Take back a notice that was given by mistake, once that is confirmed."""
    if request.form.get("sure") != "1":
        return page_of(activity_id)
    with writing() as session:
        withdraw_notice(session, current_actor(), known_id(notice))
    flash(_("The notice is withdrawn."), "done")
    return redirect(url_for("activities.show", activity_id=activity_id))
