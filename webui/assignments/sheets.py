"""Responsibility sheets, and the template they are made from."""

from __future__ import annotations

from pathlib import Path

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from gridmap.errors import GridmapError
from gridmap.workforce import sheet as sheets
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, needs
from webui.assignments.blueprint import blueprint
from webui.database import writing
from webui.language import say

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@blueprint.get("/sheets/<int:assignment_id>.docx")
@needs(Action.EXPORT)
def sheet(assignment_id: int) -> Response:
    """Answer with the responsibility sheet of an assignment as a Word file."""
    with writing() as session:
        content, code = sheets.make_sheet(
            session, current_actor(), _data_dir(), assignment_id, today(session), str(get_locale())
        )
    return _download(content, f"responsibility-{code}.docx")


@blueprint.get("/template")
@needs(Action.MANAGE_SETTINGS)
def template_page() -> ResponseReturnValue:
    """Show what a template can name, and where to change it."""
    return _page()


@blueprint.get("/template.docx")
@needs(Action.MANAGE_SETTINGS)
def template() -> Response:
    """Answer with the present template."""
    return _download(sheets.read_template(_data_dir(), str(get_locale())), "responsibility.docx")


@blueprint.post("/template")
@needs(Action.MANAGE_SETTINGS)
def change_template() -> ResponseReturnValue:
    """Store an uploaded template, or say what is wrong with it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(gettext("Choose a file.")), 400
    try:
        with writing() as session:
            sheets.store_template(session, current_actor(), _data_dir(), file.read())
    except GridmapError as error:
        return _page(say(error.message)), error.status
    flash(gettext("The template is in use from now on."), "done")
    return redirect(url_for("assignments.template_page"))


@blueprint.post("/template/reset")
@needs(Action.MANAGE_SETTINGS)
def reset_template() -> ResponseReturnValue:
    """Go back to the default template."""
    with writing() as session:
        sheets.remove_template(session, current_actor(), _data_dir())
    flash(gettext("The default template is in use from now on."), "done")
    return redirect(url_for("assignments.template_page"))


def _page(fault: str | None = None) -> str:
    return render_template(
        "assignments/template.html",
        fault=fault,
        own=sheets.template_path(_data_dir()).is_file(),
        example=sheets.EXAMPLE,
    )


def _data_dir() -> Path:
    return Path(current_app.config["DATA_DIR"])


def _download(content: bytes, name: str) -> Response:
    response = Response(content, mimetype=_WORD)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response
