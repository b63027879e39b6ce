"""What is done with an evaluation: count it, open it, publish it, delete it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.reports.evaluation import service
from gridmap.reports.evaluation.access import find_evaluation, reader_of
from gridmap.workforce.rights import Action, Actor
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.evaluation.blueprint import blueprint
from webui.language import say


@blueprint.post("/<int:evaluation_id>/count")
@needs(Action.MANAGE_REPORTS)
def count(evaluation_id: int) -> ResponseReturnValue:
    """Have it counted as of now, with the newest weights."""
    return _do(service.ask_count, evaluation_id, None)


@blueprint.post("/<int:evaluation_id>/open")
@needs(Action.MANAGE_REPORTS)
def open_it(evaluation_id: int) -> ResponseReturnValue:
    """Show it to those whom it evaluates."""
    said = _("Those whom it evaluates see it now and may comment.")
    return _do(service.open_evaluation, evaluation_id, said)


@blueprint.post("/<int:evaluation_id>/publish")
@needs(Action.MANAGE_REPORTS)
def publish(evaluation_id: int) -> ResponseReturnValue:
    """Publish it, once that is confirmed."""
    if request.form.get("sure") != "1":
        return _ask(evaluation_id, "evaluation/publish.html")
    said = _("The evaluation is published; its numbers stay as they are.")
    return _do(service.publish_evaluation, evaluation_id, said)


@blueprint.post("/<int:evaluation_id>/delete")
@needs(Action.MANAGE_REPORTS)
def delete(evaluation_id: int) -> ResponseReturnValue:
    """Throw it away, once that is confirmed."""
    if request.form.get("sure") != "1":
        return _ask(evaluation_id, "evaluation/delete.html")
    with writing() as session:
        service.remove_evaluation(session, current_actor(), evaluation_id)
    flash(_("The evaluation is deleted."), "done")
    return redirect(url_for("evaluation.index"))


def _ask(evaluation_id: int, template: str) -> str:
    with reading() as connection, Session(connection) as session:
        evaluation = find_evaluation(session, reader_of(session, current_actor()), evaluation_id)
    return render_template(template, evaluation=evaluation)


def _do(
    act: Callable[[Session, Actor, int], Any], evaluation_id: int, said: str | None
) -> ResponseReturnValue:
    """Do an act and lead back to the evaluation, with a sentence."""
    try:
        with writing() as session:
            act(session, current_actor(), evaluation_id)
    except GridmapError as refused:
        if refused.status != 409:
            raise
        flash(say(refused.message), "fault")
    else:
        if said:
            flash(said, "done")
    return redirect(url_for("evaluation.show", evaluation_id=evaluation_id))
