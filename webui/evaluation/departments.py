"""Departments and the categories they answer for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from gridmap.errors import GridmapError
from gridmap.incidents.cases import departments as service
from gridmap.incidents.cases.categories import tree
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.asking import id_of
from webui.database import writing
from webui.evaluation.blueprint import blueprint
from webui.language import say


@blueprint.get("/departments")
@needs(Action.VIEW_DASHBOARD)
def departments() -> ResponseReturnValue:
    """List the departments with what they answer for."""
    with writing() as session:
        rows = service.departments(session)
        categories = tree(session)
    return render_template(
        "evaluation/departments.html",
        rows=rows,
        categories={row.id: row for row in categories},
        may_manage=current_actor().may(Action.MANAGE_SETTINGS),
    )


@blueprint.get("/departments/new")
@needs(Action.MANAGE_SETTINGS)
def new_department() -> ResponseReturnValue:
    """Ask for a new department."""
    return _form({"active": "1"}, (), None)


@blueprint.post("/departments/new")
@needs(Action.MANAGE_SETTINGS)
def add_department() -> ResponseReturnValue:
    """Add a department."""
    return _save(None)


@blueprint.get("/departments/<int:department_id>")
@needs(Action.MANAGE_SETTINGS)
def edit_department(department_id: int) -> ResponseReturnValue:
    """Show the form with what is known."""
    with writing() as session:
        known = service.find_department(session, department_id)
        chosen = next(
            row.categories for row in service.departments(session) if row.id == department_id
        )
    given = {
        "name": known.name,
        "name_en": known.name_en or "",
        "active": "1" if known.active else "",
    }
    return _form(given, chosen, department_id)


@blueprint.post("/departments/<int:department_id>")
@needs(Action.MANAGE_SETTINGS)
def change_department(department_id: int) -> ResponseReturnValue:
    """Change a department."""
    return _save(department_id)


def _save(department_id: int | None) -> ResponseReturnValue:
    form = request.form
    chosen: list[int] = []
    try:
        chosen = [id_of(each, _("Category")) for each in form.getlist("category")]
        with writing() as session:
            service.save_department(
                session, current_actor(), department_id, name=form.get("name", "")[:100],
                name_en=form.get("name_en", "")[:100], active=form.get("active") == "1",
                categories=chosen,
            )  # fmt: skip
    except GridmapError as refused:
        if refused.status not in (400, 409):
            raise
        return _form(form, chosen, department_id, say(refused.message)), refused.status
    flash(_("Saved."), "done")
    return redirect(url_for("evaluation.departments"))


def _form(
    given: Mapping[str, Any], chosen: Sequence[int], department_id: int | None,
    fault: str | None = None,
) -> str:  # fmt: skip
    with writing() as session:
        categories = tree(session)
    return render_template(
        "evaluation/department.html",
        given=given,
        chosen=set(chosen),
        department_id=department_id,
        categories=categories,
        fault=fault,
    )
