"""Responsibility sheets, and the template they are made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from sqlalchemy import Row

from gridmap.errors import GridmapError
from gridmap.reports.paper.from_word import html_of_word
from gridmap.workforce import sheet as sheets
from gridmap.workforce.cell_list import today
from gridmap.workforce.rights import Action
from webui.access import current_actor, may_open, needs
from webui.assignments.blueprint import blueprint
from webui.database import writing
from webui.downloads import FILE_TYPES, disposition
from webui.language import say
from webui.numbers import number


@blueprint.get("/<int:assignment_id>/sheet")
@needs(Action.EXPORT)
def sheet(assignment_id: int) -> str:
    """Show the responsibility sheet of an assignment as a page."""
    content, facts = _made(assignment_id, "html")
    return render_template(
        "assignments/sheet.html",
        assignment_id=assignment_id,
        title=_title(facts.code),
        content=html_of_word(content),
        facts=facts,
        num=number,
        # Who may open them finds the records behind the numbers.
        to_cell=may_open("cell_page.show"),
        to_records=may_open("reports.of_area"),
        to_cadre=may_open("staff.show"),
    )


@blueprint.get("/<int:assignment_id>/sheet.<any(docx, pdf):form>")
@needs(Action.EXPORT)
def sheet_file(assignment_id: int, form: Literal["docx", "pdf"]) -> Response:
    """Answer with the responsibility sheet of an assignment as a file."""
    content, facts = _made(assignment_id, form)
    title = _title(facts.code)
    if form == "pdf":
        # What sets PDF takes a second to load, and the pages need it seldom.
        from gridmap.reports.paper.pdf import page_to_pdf

        content = page_to_pdf(html_of_word(content), title, str(get_locale()))
    name = disposition(f"{title}.{form}", f"responsibility-{assignment_id}.{form}")
    return _download(content, form, name)


@blueprint.get("/template")
@needs(Action.MANAGE_SETTINGS)
def template_page() -> ResponseReturnValue:
    """Show what a template can name, and where to change it."""
    return _page()


@blueprint.get("/template.docx")
@needs(Action.MANAGE_SETTINGS)
def template() -> Response:
    """Answer with the present template."""
    content = sheets.read_template(_data_dir(), str(get_locale()))
    return _download(content, "docx", "attachment; filename=responsibility.docx")


@blueprint.post("/template")
@needs(Action.MANAGE_SETTINGS)
def change_template() -> ResponseReturnValue:
    """Store an uploaded template, or say what is wrong with it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(gettext("Choose a file.")), 400
    try:
        content = file.read()
        # The sheet is a page first, so one that can be filled but not shown is of no use.
        html_of_word(sheets.fill_template(content, sheets.EXAMPLE))
        with writing() as session:
            sheets.store_template(session, current_actor(), _data_dir(), content)
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


def _made(assignment_id: int, form: sheets.Form) -> tuple[bytes, Row[Any]]:
    """Return the filled Word file and what it tells."""
    with writing() as session:
        return sheets.make_sheet(
            session,
            current_actor(),
            _data_dir(),
            assignment_id,
            today(session),
            str(get_locale()),
            form,
        )


def _title(code: str) -> str:
    return f"{gettext('Responsibility sheet')} {code}"


def _download(content: bytes, form: str, disposed: str) -> Response:
    response = Response(content, mimetype=FILE_TYPES[form])
    response.headers["Content-Disposition"] = disposed
    return response
