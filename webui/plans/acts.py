"""What is done with a plan: change it by hand and plan again, cancel, delete."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gridmap.errors import GridmapError
from gridmap.patrols.plans.queries import find_plan, tours_of
from gridmap.patrols.plans.routes import make_route
from gridmap.patrols.plans.service import cancel_plan, delete_plan, plan_again
from gridmap.patrols.plans.wishes import Keep
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.database import reading, writing
from webui.language import say
from webui.plans.blueprint import blueprint
from webui.plans.visits import decided


@blueprint.post("/<int:plan_id>/again")
@needs(Action.PLAN_PATROLS)
def again(plan_id: int) -> ResponseReturnValue:
    """Plan anew, with what was decided of each visit, or different on purpose."""
    actor = current_actor()
    with reading() as connection, Session(connection) as session:
        find_plan(session, actor, plan_id)
        tours = tours_of(session, plan_id)
    kept: list[Keep] = []
    for tour in tours:
        kept += decided(tour.visits, tour.number, request.form)
    different = request.form.get("different") == "1"
    try:
        with writing() as session:
            seed = plan_id if different else None
            made = plan_again(session, actor, plan_id, kept, seed)
    except GridmapError as refused:
        if refused.status not in (400, 409):
            raise
        flash(say(refused.message), "fault")
        return redirect(url_for("plans.show", plan_id=plan_id))
    return redirect(url_for("plans.show", plan_id=made.id))


@blueprint.post("/<int:plan_id>/route/<int:number>")
@needs(Action.PLAN_PATROLS)
def to_route(plan_id: int, number: int) -> ResponseReturnValue:
    """Store a tour as a route, and lead to it."""
    try:
        with writing() as session:
            route = make_route(session, current_actor(), plan_id, number)
    except GridmapError as refused:
        if refused.status not in (400, 409):
            raise
        flash(say(refused.message), "fault")
        return redirect(url_for("plans.show", plan_id=plan_id))
    return redirect(url_for("patrols.show", route_id=route.id))


@blueprint.post("/<int:plan_id>/cancel")
@needs(Action.PLAN_PATROLS)
def cancel(plan_id: int) -> ResponseReturnValue:
    """End a plan that waits or runs."""
    with writing() as session:
        cancel_plan(session, current_actor(), plan_id)
    return redirect(url_for("plans.show", plan_id=plan_id))


@blueprint.post("/<int:plan_id>/delete")
@needs(Action.PLAN_PATROLS)
def delete(plan_id: int) -> ResponseReturnValue:
    """Throw a plan away, once that is confirmed."""
    if request.form.get("sure") != "1":
        with reading() as connection, Session(connection) as session:
            plan = find_plan(session, current_actor(), plan_id)
        return render_template("plans/delete.html", plan=plan)
    with writing() as session:
        delete_plan(session, current_actor(), plan_id)
    flash(_("The plan is deleted."), "done")
    return redirect(url_for("plans.index"))
