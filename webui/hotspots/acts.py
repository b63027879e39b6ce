"""What is done with a run: name, share, repeat, schedule, cancel, delete."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.hotspots import service
from gridmap.hotspots.queries import find_run
from gridmap.incidents.cases.categories import tree
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.hotspots.blueprint import blueprint
from webui.hotspots.choices import category_names, may_change, named
from webui.language import say


@blueprint.post("/<int:run_id>/name")
@needs(Action.ANALYSE)
def rename(run_id: int) -> ResponseReturnValue:
    """Give a run another name."""
    try:
        with writing() as session:
            service.rename(session, current_actor(), run_id, request.form.get("name", ""))
    except GridmapError as refused:
        if refused.status != 400:
            raise
        return _done(run_id, say(refused.message), "fault")
    return _done(run_id, _("The run is renamed."))


@blueprint.post("/<int:run_id>/share")
@needs(Action.ANALYSE)
def share(run_id: int) -> ResponseReturnValue:
    """Show a run to colleagues, or no longer."""
    shared = request.form.get("shared") == "1"
    with writing() as session:
        service.share(session, current_actor(), run_id, shared=shared)
    yes = _("Colleagues who see the whole area now see the run.")
    no = _("Only its owner and the administrators see the run now.")
    return _done(run_id, yes if shared else no)


@blueprint.post("/<int:run_id>/keep")
@needs(Action.ANALYSE)
def keep(run_id: int) -> ResponseReturnValue:
    """Keep a run that a schedule made, or let it be deleted in time."""
    kept = request.form.get("kept") == "1"
    with writing() as session:
        service.keep(session, current_actor(), run_id, kept=kept)
    flash(_("The run is kept for good.") if kept else _("The run will be deleted in time."), "done")
    return redirect(url_for("hotspots.show", run_id=run_id))


@blueprint.post("/<int:run_id>/again")
@needs(Action.ANALYSE)
def run_again(run_id: int) -> ResponseReturnValue:
    """Run the same on the data of now."""
    with writing() as session:
        made = service.run_again(session, current_actor(), run_id)
    return redirect(url_for("hotspots.show", run_id=made.id))


@blueprint.post("/<int:run_id>/schedule")
@needs(Action.ANALYSE)
def schedule(run_id: int) -> ResponseReturnValue:
    """Run the same by itself each month, or no longer."""
    monthly = request.form.get("monthly") == "1"
    with writing() as session:
        act = service.schedule if monthly else service.unschedule
        act(session, current_actor(), run_id)
    yes = _("On the first of each month the same is run for as long a time up to then.")
    return _done(run_id, yes if monthly else _("It is no longer run by itself."))


@blueprint.post("/<int:run_id>/cancel")
@needs(Action.ANALYSE)
def cancel(run_id: int) -> ResponseReturnValue:
    """End a run that is not finished."""
    with writing() as session:
        service.cancel(session, current_actor(), run_id)
    return redirect(url_for("hotspots.show", run_id=run_id))


@blueprint.get("/<int:run_id>/delete")
@needs(Action.ANALYSE)
def ask_delete(run_id: int) -> ResponseReturnValue:
    """Ask once more."""
    with reading() as connection, Session(connection) as session:
        actor = current_actor()
        run = find_run(session, actor, run_id)
        if not may_change(actor, run):
            abort(403)
        name = named(run, category_names(tree(session)))
    return render_template("hotspots/delete.html", run=run, name=name)


@blueprint.post("/<int:run_id>/delete")
@needs(Action.ANALYSE)
def delete(run_id: int) -> ResponseReturnValue:
    """Delete a run."""
    with writing() as session:
        service.delete(session, current_actor(), run_id)
    flash(_("The run is deleted."), "done")
    return redirect(url_for("hotspots.index"))


def _done(run_id: int, sentence: str, kind: str = "done") -> ResponseReturnValue:
    """Go back to the run's page, which says what was done."""
    flash(sentence, kind)
    return redirect(url_for("hotspots.show", run_id=run_id))
