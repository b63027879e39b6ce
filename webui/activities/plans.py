"""Plans of activities that repeat: list, make, change, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.incidents.cases.lookups import unit_choices
from gridmap.reports.activities.plan_list import PAGE, SORTS, PlanSort, PlansWanted, list_plans
from gridmap.reports.activities.plans import (
    PlanDraft,
    change_plan,
    delete_plan,
    find_plan,
    make_plan,
)
from gridmap.territory.models import Unit
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.activities.blueprint import blueprint
from webui.activities.choices import known_id, read_kind
from webui.asking import day_of, id_of, one_of, optional_day, optional_id, page_number
from webui.database import writing
from webui.language import say
from webui.paging import Pages


@blueprint.get("/plans")
@needs(Action.RECORD_ACTIVITY)
def plans_page() -> ResponseReturnValue:
    """List the plans of the reader's area; filters, order and page are in the address."""
    actor = current_actor()
    wanted = PlansWanted(
        words=request.args.get("q", "")[:100],
        kind=read_kind(),
        unit_id=optional_id(request.args.get("unit"), _("Unit")),
        sort=cast(PlanSort, one_of("sort", SORTS, "state")),
        descending=request.args.get("order") == "desc",
    )
    with writing() as session:
        rows, total = list_plans(session, actor, wanted, page_number())
        units = unit_choices(session, actor)
    return render_template(
        "activities/plans.html",
        rows=rows,
        pages=Pages(total, PAGE),
        wanted=wanted,
        units=units,
        filtered=bool(wanted.words or wanted.kind or wanted.unit_id),
    )


@blueprint.get("/plans/new")
@needs(Action.MANAGE_REPORTS)
def new_plan() -> ResponseReturnValue:
    """Ask what is to repeat."""
    return _form(request.args.to_dict(), None)


@blueprint.post("/plans/new")
@needs(Action.MANAGE_REPORTS)
def add_plan() -> ResponseReturnValue:
    """Make the plan; what was typed is kept when something is wrong."""
    try:
        with writing() as session:
            make_plan(session, current_actor(), _draft())
    except GridmapError as refused:
        return _form(request.form, None, say(refused.message)), refused.status
    flash(_("It is planned."), "done")
    return redirect(url_for("activities.plans_page"))


@blueprint.get("/plans/<int:plan_id>")
@needs(Action.MANAGE_REPORTS)
def edit_plan(plan_id: int) -> ResponseReturnValue:
    """Show the form with the plan."""
    with writing() as session:
        plan = find_plan(session, current_actor(), known_id(plan_id))
    known: dict[str, Any] = {
        "kind": plan.kind, "every": plan.every, "unit": plan.unit_id, "target": plan.target,
        "place_kind": plan.place_kind, "starts": plan.starts, "ends": plan.ends,
        "note": plan.note, "version": plan.version,
    }  # fmt: skip
    told = {key: "" if value is None else str(value) for key, value in known.items()}
    return _form(told, plan_id)


@blueprint.post("/plans/<int:plan_id>")
@needs(Action.MANAGE_REPORTS)
def save_plan(plan_id: int) -> ResponseReturnValue:
    """Change the plan, unless somebody did meanwhile."""
    try:
        with writing() as session:
            version = id_of(request.form.get("version"), _("Version"))
            change_plan(session, current_actor(), known_id(plan_id), version, _draft())
    except GridmapError as refused:
        if refused.status in (403, 404):
            raise
        return _form(request.form, plan_id, say(refused.message)), refused.status
    flash(_("Saved."), "done")
    return redirect(url_for("activities.plans_page"))


@blueprint.post("/plans/<int:plan_id>/delete")
@needs(Action.MANAGE_REPORTS)
def drop_plan(plan_id: int) -> ResponseReturnValue:
    """Delete a plan, once that is confirmed, unless somebody changed it meanwhile."""
    actor, version = current_actor(), id_of(request.form.get("version"), _("Version"))
    if request.form.get("sure") != "1":
        with writing() as session:
            plan = find_plan(session, actor, known_id(plan_id), version)
            unit = session.get_one(Unit, plan.unit_id)
            return render_template("activities/plan_delete.html", plan=plan, unit=unit)
    with writing() as session:
        delete_plan(session, actor, known_id(plan_id), version)
    flash(_("The plan of activities is deleted."), "done")
    return redirect(url_for("activities.plans_page"))


def _draft() -> PlanDraft:
    form = request.form
    return PlanDraft(
        kind=form.get("kind", ""),
        every=form.get("every", ""),
        unit_id=id_of(form.get("unit"), _("Unit")),
        target=form.get("target", ""),
        starts=day_of(form.get("starts")),
        ends=optional_day(form.get("ends")),
        place_kind=form.get("place_kind", "")[:40] or None,
        note=form.get("note", ""),
    )


def _form(known: Mapping[str, str], plan_id: int | None, fault: str | None = None) -> str:
    with writing() as session:
        units = unit_choices(session, current_actor())
        now = today(session)
    return render_template(
        "activities/plan_form.html",
        known=known,
        plan_id=plan_id,
        units=units,
        today=now,
        fault=fault,
    )
